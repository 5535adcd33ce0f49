/* err.h: a failure as a value.
 *
 * A function that can fail takes a `struct err *err` as its last argument, returns
 * -1 (or NULL) and fills it in; on success it leaves it alone. The text is complete:
 * lower case, what failed, on which object, why, and what to do about it. Context is
 * added on the way out with err_in(), so a message reads from the outside in:
 *
 *	if (store_open(path, &store, err) < 0)
 *		return err_in(err, "cannot use the store");
 *
 * Nothing in the engine prints; src/ and ui/ show the text.
 */
#ifndef ENGINE_BASE_ERR_H
#define ENGINE_BASE_ERR_H

#include <stdarg.h>

/* What kind of failure it is; src/ maps it to an exit status. */
enum err_code {
	ERR_NONE = 0,
	ERR_STEP,      /* a step failed, or a check found something: exit 1 */
	ERR_USAGE,     /* wrong arguments or an invalid spec: exit 2 */
	ERR_HOST,      /* this host, or its disk, cannot do it; the text says what to do: exit 3 */
	ERR_FAULT,     /* a fault in contractor or a damaged store: exit 4 */
	ERR_NOT_FOUND, /* the thing named does not exist: exit 2 */
	ERR_UNREAD,    /* it depends on files that take long to be read, and nobody has: exit 1 */
};

enum { ERR_TEXT_SIZE = 1024 };

struct err {
	enum err_code code;
	int sys_errno; /* errno of the failed call, 0 if there was none */
	char text[ERR_TEXT_SIZE];
};

/* Sets err to code and a formatted text; a text too long is cut. Returns -1. */
int err_set(struct err *err, enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Like err_set, followed by ": " and the text of the current errno. The code is
 * ERR_HOST for a full or read-only file system, a file beyond its limit, a disk that
 * fails or is gone, for missing permissions, memory or descriptors, and ERR_FAULT otherwise. Returns -1. */
int err_sys(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Puts a formatted context and ": " before the text of an error already set. Returns -1. */
int err_in(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* As err_set, for callers that have a va_list. */
int err_vset(struct err *err, enum err_code code, const char *fmt, va_list args)
	__attribute__((format(printf, 3, 0)));

/* An analyser sees one file at a time: it is told here what the functions return. */
#if defined(__clang_analyzer__) && !defined(ERR_IS_DEFINED_HERE)
#define err_set(...) (err_set(__VA_ARGS__), -1)
#define err_sys(...) (err_sys(__VA_ARGS__), -1)
#define err_in(...) (err_in(__VA_ARGS__), -1)
#endif

#endif
