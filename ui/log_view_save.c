/* Writing a log that is looked at: its bytes, or its text as a person sees it. */
#include <errno.h>

#include "ui/log_view_internal.h"

/* Takes all of the log in, so that all lines are known. */
static int scan_all(struct log_view *view, struct err *err)
{
	int more;

	do
		more = log_index_scan(view->index, UINT64_MAX, err);
	while (more > 0);
	return more;
}

static int write_bytes(FILE *out, const char *bytes, size_t length, struct err *err)
{
	errno = 0;
	if (fwrite(bytes, 1, length, out) != length)
		return err_sys(err, "cannot write the log");
	return 0;
}

static int save_bytes(struct log_view *view, FILE *out, struct err *err)
{
	uint64_t size, at = 0;

	if (log_file_size(&view->file, &size, err) < 0)
		return -1;
	while (at < size) {
		const char *bytes;
		size_t length;

		if (log_file_get(&view->file, at, LOG_LINE_MAX, &bytes, &length, err) < 0)
			return -1;
		if (!length)
			return err_set(err, ERR_FAULT, "a log became shorter while it was read");
		if (length > size - at)
			length = (size_t)(size - at);
		if (write_bytes(out, bytes, length, err) < 0)
			return -1;
		at += length;
	}
	return 0;
}

/* Appends the text of a line and a newline. */
static int add_line(struct log_view *view, uint64_t number, struct buf *out, struct err *err)
{
	if (log_view_load(view, number, err) < 0)
		return -1;
	log_line_add_text(&view->line, out);
	buf_add_char(out, '\n');
	return 0;
}

static int save_text(struct log_view *view, FILE *out, struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;

	if (scan_all(view, err) < 0)
		return -1;
	for (uint64_t line = 0; line < log_view_lines(view); line++) {
		buf_clear(&text);
		if (add_line(view, line, &text, err) < 0 ||
		    write_bytes(out, text.data, text.len, err) < 0)
			return -1;
	}
	return 0;
}

int log_view_save(struct log_view *view, bool as_text, FILE *out, struct err *err)
{
	if ((as_text ? save_text(view, out, err) : save_bytes(view, out, err)) < 0)
		return -1;
	errno = 0;
	if (fflush(out) != 0)
		return err_sys(err, "cannot write the log");
	return 0;
}

int log_view_copy(struct log_view *view, uint64_t first, uint64_t count, struct buf *out,
		  struct err *err)
{
	uint64_t lines = log_view_lines(view);

	for (uint64_t line = first; line < lines && line - first < count; line++) {
		if (add_line(view, line, out, err) < 0)
			return -1;
	}
	return 0;
}
