/* mem.h: memory that cannot fail, and scope-bound cleanup.
 *
 * Running out of memory ends the program at once (message on standard error,
 * abort): no caller could do better. Cleanup attributes free what a scope owns on
 * every way out; take_ptr() and take_fd() hand it over instead:
 *
 *	AUTO_FREE char *path = path_join(dir, name);
 *	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
 *	...
 *	*ret_fd = take_fd(&fd);
 */
#ifndef ENGINE_BASE_MEM_H
#define ENGINE_BASE_MEM_H

#include <stddef.h>
#include <stdio.h>

/* Zeroed memory for one object of size bytes. Free with free(). */
void *mem_new(size_t size) __attribute__((malloc, returns_nonnull, alloc_size(1)));

/* Room for count elements of size bytes each; ptr may be NULL; new room is not zeroed. */
void *mem_resize(void *ptr, size_t count, size_t size) __attribute__((returns_nonnull));

/* Makes room for one more element in a growing array of *count elements with room
 * for *capacity; returns the array, perhaps moved. Doubles the capacity. */
void *mem_grow(void *array, size_t count, size_t *capacity, size_t size)
	__attribute__((returns_nonnull));

/* Copies of a string, of a string or NULL, and of length bytes plus a NUL. Free with free(). */
char *mem_strdup(const char *text) __attribute__((malloc, returns_nonnull, nonnull));
char *mem_strdup_or_null(const char *text) __attribute__((malloc));
char *mem_strndup(const char *text, size_t length) __attribute__((malloc, returns_nonnull));

/* A formatted string. Free with free(). */
char *mem_printf(const char *fmt, ...)
	__attribute__((malloc, returns_nonnull, format(printf, 1, 2)));

/* Ends the program as the functions above do, for memory that comes from elsewhere. */
_Noreturn void mem_exhausted(void);

/* Closes *fd unless negative, and sets it to -1. errno is kept. */
void fd_close(int *fd);

/* The pointer or descriptor; the variable is emptied, so its cleanup does nothing. */
static inline void *take_ptr_from(void *variable)
{
	void **slot = variable, *value = *slot;

	*slot = NULL;
	return value;
}
#define take_ptr(variable) ((__typeof__(*(variable)))take_ptr_from(variable))

static inline int take_fd(int *fd)
{
	int value = *fd;

	*fd = -1;
	return value;
}

/* What the attributes call; not for use elsewhere. */
void mem_cleanup_free(void *slot);
void mem_cleanup_fclose(FILE **slot);
void mem_cleanup_closedir(void *slot);

#define AUTO_FREE __attribute__((cleanup(mem_cleanup_free)))
#define AUTO_CLOSE __attribute__((cleanup(fd_close)))
#define AUTO_FCLOSE __attribute__((cleanup(mem_cleanup_fclose)))
#define AUTO_CLOSEDIR __attribute__((cleanup(mem_cleanup_closedir)))

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif
