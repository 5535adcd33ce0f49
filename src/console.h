/* console.h: standard output and standard error, as the program writes to them.
 *
 * What is added waits in memory until console_flush(), which the loop's before-sleep hook calls:
 * a build that prints much costs one write(2) a turn. While nobody reads, a flush waits, but not
 * when a signal of those that the loop has blocked is there to be handled.
 *
 * A failed write is remembered and everything behind it is dropped; console_status() says at the
 * end what that means for the program.
 */
#ifndef SRC_CONSOLE_H
#define SRC_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/buf.h"
#include "engine/base/err.h"
#include "src/plain_filter.h"

struct console {
	int fd;
	bool terminal; /* it is one */
	bool live;     /* and can draw a line anew: not TERM=dumb */
	bool color;
	bool utf8; /* the locale's characters are UTF-8 */
	struct buf pending;
	struct plain_filter filter;
	int error;	     /* errno of the write that failed, or 0 */
	int64_t patience_ms; /* how long a flush waits for a reader; -1: as long as it takes */
};

/* color: "auto", "always", "never". */
void console_init(struct console *console, int fd, const char *color);
void console_release(struct console *console);

/* Adds bytes as they are. */
void console_add(struct console *console, const char *bytes, size_t length);
void console_print(struct console *console, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Begins, or with NULL ends, text in a colour (parameters of SGR), where there are colours. */
void console_color(struct console *console, const char *color);

/* Adds what a step printed: exactly, or, on a terminal, what may pass. */
void console_add_output(struct console *console, const char *bytes, size_t length);
/* Such output is over. */
void console_end_output(struct console *console);

/* Writes what waits. */
void console_flush(struct console *console);

/* Flushes. Returns 0, or -1 when something could not be written; nobody reading any more is
 * ERR_NONE with EPIPE. */
int console_finish(struct console *console, struct err *err);

/* Columns of the terminal; 80 when they are not known. */
int console_columns(const struct console *console);

#endif
