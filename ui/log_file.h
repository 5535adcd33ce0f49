/* log_file.h: a window on a file that only grows: its bytes at any offset, read in blocks.
 *
 * Life cycle: log_file_init(); log_file_size() and log_file_get(); log_file_release(). The descriptor
 * stays the caller's.
 */
#ifndef UI_LOG_FILE_H
#define UI_LOG_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "engine/base/err.h"

enum { LOG_WINDOW = 262144 }; /* bytes in memory at a time */

struct log_file {
	int fd;
	char *bytes;	 /* NULL until something is read */
	uint64_t offset; /* of bytes[0] */
	size_t length;
};

void log_file_init(struct log_file *file, int fd);
void log_file_release(struct log_file *file);

/* How large the file is now. */
int log_file_size(const struct log_file *file, uint64_t *ret_size, struct err *err);

/* The bytes from an offset on, at least wanted of them (at most LOG_WINDOW) or those up to the end of
 * the file; perhaps none. A NUL is behind them: some implementations of regexec() look for one, also with
 * REG_STARTEND. Valid until the next call. */
int log_file_get(struct log_file *file, uint64_t offset, size_t wanted, const char **ret_bytes,
		 size_t *ret_length, struct err *err);

#endif
