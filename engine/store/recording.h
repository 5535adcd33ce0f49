/* recording.h: what a step printed, to the byte, and when.
 *
 * Two files a recording. ID.log: the exact bytes, complete. ID.times: text lines
 *
 *	contractor-times 1 COLUMNSxROWS UNIX_TIME_MS
 *	o MILLISECONDS OFFSET      output up to OFFSET had come by then
 *	s MILLISECONDS OFFSET COLUMNSxROWS     the terminal was resized
 *	m MILLISECONDS OFFSET onlcr|-          the slave's ONLCR changed
 *
 * with milliseconds from the start. Output is appended as it comes and is in the kernel
 * when recording_add() returns; "o" lines are at most 100 a second, written behind. An "m" line, and all before it,
 * is in the kernel before the output that it is about.
 * The asciicast v2 export follows https://docs.asciinema.org/manual/asciicast/v2/.
 */
#ifndef ENGINE_STORE_RECORDING_H
#define ENGINE_STORE_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "engine/base/err.h"

struct recording;

/* Creates NAME.log and NAME.times below dir_fd (they must not exist). Free with
 * recording_close(). */
int recording_create(int dir_fd, const char *name, int columns, int rows,
		     struct recording **ret_recording, struct err *err);

/* Appends length bytes that came now_ms (CLOCK_MONOTONIC) */
int recording_add(struct recording *recording, const void *bytes, size_t length, int64_t now_ms,
		  struct err *err);
int recording_resize(struct recording *recording, int columns, int rows, int64_t now_ms,
		     struct err *err);
int recording_mode(struct recording *recording, bool onlcr, int64_t now_ms, struct err *err);

/* Bytes recorded so far. */
uint64_t recording_size(const struct recording *recording);

/* Writes what is pending and closes both files; NULL is fine. The recording is freed even
 * on failure. */
int recording_close(struct recording *recording, struct err *err);

/* Opens NAME and suffix (".log", ".times") for reading, without ever waiting; -1 with errno, which is
 * EUCLEAN when it is not a file. */
int recording_open_file(int dir_fd, const char *name, const char *suffix);

/* Whether NAME.log and NAME.times are files, and the log is as long as the last line of the times
 * says; a log may be longer. When not, errno is that of what could not be read, or 0. */
bool recording_is_whole(int dir_fd, const char *name);

/* Fills block with the bytes of the file from start to end, which are there. */
int recording_read(int fd, char *block, uint64_t start, uint64_t end, struct err *err);

/* Finds the last count lines of the file (a last line without newline counts): where the
 * first of them begins. The file may be larger than memory. */
int recording_tail_offset(int log_fd, size_t count, uint64_t *ret_offset, struct err *err);

/* Writes an asciicast v2 of NAME to out. Invalid UTF-8 becomes U+FFFD; a character cut by
 * a time stamp goes with the later event; LF becomes CR LF while ONLCR was set. */
int recording_export_asciicast(int dir_fd, const char *name, const char *title, FILE *out,
			       struct err *err);

#endif
