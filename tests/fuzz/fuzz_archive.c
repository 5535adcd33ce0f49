/* Unpacks arbitrary bytes into a directory, with small limits. Nothing may appear beside it. */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/store/archive.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* A directory with "tree" in it, in memory where there is such a place. */
static char *make_area(int *ret_tree)
{
	const char *base = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";
	char *area = mem_printf("%s/fuzz-archive-XXXXXX", base);
	AUTO_FREE char *tree = NULL;

	if (!mkdtemp(area))
		abort();
	tree = path_join(area, "tree");
	if (mkdir(tree, 0700) < 0)
		abort();
	*ret_tree = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return area;
}

/* Ends the program when anything but "tree" is in the area. */
static void check_area(const char *area)
{
	struct stat status;

	/* Of a directory, links count the directories in it; tmpfs counts entries in its size. */
	if (stat(area, &status) < 0 || status.st_nlink != 3 || (status.st_mode & 07777) != 0700)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const struct archive_unpack_options options = {
		.bytes_max = 1 << 16,
		.apparent_max = 1 << 20,
		.entries_max = 64,
		.depth_max = 8,
		.free_space_floor = 1,
	};
	AUTO_CLOSE int in = memfd_create("fuzz", MFD_CLOEXEC), tree = -1;
	AUTO_STRV struct strv notes = {0};
	struct err err = {0};
	AUTO_FREE char *area = make_area(&tree);

	if (fd_write_all(in, bytes, length) < 0 || lseek(in, 0, SEEK_SET) < 0)
		abort();
	if (archive_unpack(in, tree, &options, &notes, &err) < 0 &&
	    (err.code == ERR_NONE || err.code == ERR_USAGE || !err.text[0]))
		abort();
	if (notes.len > 20)
		abort();
	check_area(area);
	if (path_remove_tree(AT_FDCWD, area, &err) < 0)
		abort();
	return 0;
}
