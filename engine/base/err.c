#define ERR_IS_DEFINED_HERE /* see the end of err.h */
#include "engine/base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int err_vset(struct err *err, enum err_code code, const char *fmt, va_list args)
{
	err->code = code;
	err->sys_errno = 0;
	vsnprintf(err->text, sizeof err->text, fmt, args);
	return -1;
}

int err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	err_vset(err, code, fmt, args);
	va_end(args);
	return -1;
}

/* The kind of failure an errno of a system call stands for. */
static enum err_code code_of_errno(int number)
{
	static const int of_host[] = {
		ENOSPC, EDQUOT, EFBIG, EROFS,	EACCES, EPERM,	   ENOMEM, EMFILE,    ENFILE,
		EAGAIN, EIO,	ENXIO, EUCLEAN, ENODEV, EREMOTEIO, ESTALE, ETIMEDOUT,
	};

	for (size_t i = 0; i < sizeof of_host / sizeof *of_host; i++) {
		if (of_host[i] == number)
			return ERR_HOST;
	}
	return ERR_FAULT;
}

int err_sys(struct err *err, const char *fmt, ...)
{
	int number = errno;
	va_list args;
	size_t length;

	va_start(args, fmt);
	err_vset(err, code_of_errno(number), fmt, args);
	va_end(args);
	err->sys_errno = number;
	length = strlen(err->text);
	snprintf(err->text + length, sizeof err->text - length, ": %s", strerror(number));
	return -1;
}

int err_in(struct err *err, const char *fmt, ...)
{
	char inner[ERR_TEXT_SIZE];
	va_list args;
	size_t length;

	memcpy(inner, err->text, sizeof inner);
	va_start(args, fmt);
	vsnprintf(err->text, sizeof err->text, fmt, args);
	va_end(args);
	length = strlen(err->text);
	snprintf(err->text + length, sizeof err->text - length, ": %s", inner);
	return -1;
}
