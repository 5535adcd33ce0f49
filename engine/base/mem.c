#include "engine/base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Noreturn void mem_exhausted(void)
{
	static const char message[] = "contractor: out of memory\n";
	ssize_t ignored = write(STDERR_FILENO, message, sizeof message - 1);

	(void)ignored;
	abort();
}

void *mem_new(size_t size)
{
	void *ptr = calloc(1, size ? size : 1);

	if (!ptr)
		mem_exhausted();
	return ptr;
}

void *mem_resize(void *ptr, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size)
		mem_exhausted();
	ptr = realloc(ptr, count && size ? count * size : 1);
	if (!ptr)
		mem_exhausted();
	return ptr;
}

void *mem_grow(void *array, size_t count, size_t *capacity, size_t size)
{
	if (array && count < *capacity)
		return array;
	*capacity = *capacity ? *capacity * 2 : 8;
	return mem_resize(array, *capacity, size);
}

char *mem_strndup(const char *text, size_t length)
{
	char *copy = mem_resize(NULL, length + 1, 1);

	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

char *mem_strdup(const char *text)
{
	return mem_strndup(text, strlen(text));
}

char *mem_strdup_or_null(const char *text)
{
	return text ? mem_strdup(text) : NULL;
}

char *mem_printf(const char *fmt, ...)
{
	va_list args;
	char *text;
	int length;

	va_start(args, fmt);
	length = vasprintf(&text, fmt, args);
	va_end(args);
	if (length < 0)
		mem_exhausted();
	return text;
}

void fd_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

void mem_cleanup_free(void *slot)
{
	free(*(void **)slot);
}

void mem_cleanup_fclose(FILE **slot)
{
	if (*slot)
		fclose(*slot);
}

void mem_cleanup_closedir(void *slot)
{
	DIR *dir = *(DIR **)slot;

	if (dir)
		closedir(dir);
}
