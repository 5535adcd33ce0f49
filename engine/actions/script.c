#include "engine/actions/script.h"

#include <string.h>

/* Between single quotes every character but the quote itself stands for itself. */
void script_add_word(struct buf *script, const char *text)
{
	buf_add_char(script, '\'');
	for (;;) {
		size_t length = strcspn(text, "'");

		buf_add(script, text, length);
		if (!text[length])
			break;
		buf_add_str(script, "'\\''");
		text += length + 1;
	}
	buf_add_char(script, '\'');
}

void script_add_words(struct buf *script, const struct strv *texts)
{
	for (size_t i = 0; i < texts->len; i++) {
		buf_add_char(script, ' ');
		script_add_word(script, texts->items[i]);
	}
}
