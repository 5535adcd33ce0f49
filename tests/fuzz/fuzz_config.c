/* Any bytes as a configuration, else as a theme. A configuration that is valid is printed as one that
 * is valid and is printed as the same; a theme that is valid can be shown on every terminal. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ui/config.h"
#include "ui/theme.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads a configuration and prints it; false when it is not valid. */
static bool print(const void *text, size_t length, struct buf *out)
{
	struct config *config = config_new(NULL);
	struct buf messages = BUF_INIT;
	struct err err;
	bool valid = config_read(config, "fuzz.yaml", text, length, &messages, &err) == 0;

	if (valid)
		config_print(config, out);
	if (valid == (messages.len > 0))
		abort();
	buf_release(&messages);
	config_free(config);
	return valid;
}

/* False when it is none. */
static bool check_config(const uint8_t *data, size_t size)
{
	struct buf first = BUF_INIT, second = BUF_INIT;
	bool valid = print(data, size, &first);

	if (valid) {
		if (!print(first.data, first.len, &second) || strcmp(first.data, second.data) != 0)
			abort();
	}
	buf_release(&first);
	buf_release(&second);
	return valid;
}

static void check_theme(const uint8_t *data, size_t size)
{
	static const int colors[] = {THEME_COLORS_256, THEME_COLORS_16, THEME_COLORS_8,
				     THEME_COLORS_NONE};
	struct buf messages = BUF_INIT;
	struct theme theme;
	struct err err;

	if (theme_parse(NULL, "fuzz.yaml", data, size, &theme, &messages, &err) == 0) {
		for (size_t i = 0; i < sizeof colors / sizeof *colors; i++)
			theme_limit(&theme, colors[i]);
		if (theme.styles[THEME_TEXT].fg.type != CELL_DEFAULT)
			abort();
	}
	buf_release(&messages);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!check_config(data, size))
		check_theme(data, size);
	return 0;
}
