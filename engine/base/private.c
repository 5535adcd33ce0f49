#include "engine/base/private.h"

#include <stdalign.h>
#include <string.h>
#include <sys/mman.h>

#include "engine/base/mem.h"

/* What stands before the memory that is given out. */
struct header {
	alignas(max_align_t) size_t size; /* of the mapping */
};

void *private_new(size_t size)
{
	size_t whole = sizeof(struct header) + size;
	struct header *header =
		mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (header == MAP_FAILED)
		mem_exhausted();
	madvise(header, whole, MADV_DONTDUMP);
	madvise(header, whole, MADV_WIPEONFORK);
	/* Over the limit it is but swappable. */
	mlock(header, whole);
	header->size = whole;
	return header + 1;
}

void private_free(void *memory)
{
	struct header *header = memory;
	size_t size;

	if (!memory)
		return;
	header--;
	size = header->size;
	explicit_bzero(header, size);
	munmap(header, size);
}
