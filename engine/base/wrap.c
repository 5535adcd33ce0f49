#include "engine/base/wrap.h"

#include <string.h>

/* How many characters so many bytes of UTF-8 are. */
static size_t characters(const char *text, size_t length)
{
	size_t count = 0;

	for (size_t i = 0; i < length; i++)
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	return count;
}

void wrap_add(struct buf *out, const char *text, size_t column, size_t width)
{
	size_t at = column;

	while (*text) {
		size_t blanks = strspn(text, " ");
		size_t length = strcspn(text + blanks, " ");
		size_t taken = characters(text + blanks, length);

		if (at > column && at + blanks + taken > width) {
			buf_add_fmt(out, "\n%*s", (int)column, "");
			at = column;
		} else {
			buf_add(out, text, blanks);
			at += blanks;
		}
		buf_add(out, text + blanks, length);
		at += taken;
		text += blanks + length;
	}
	buf_add_char(out, '\n');
}
