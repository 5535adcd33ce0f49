/* The configuration in force as YAML, with what each setting is for. */
#include <string.h>

#include "engine/base/mem.h"
#include "ui/config.h"
#include "ui/theme.h"

enum { COMMENT_COLUMN = 38 };

/* Adds a text in double quotes. What buf_add_shown() writes for control characters YAML reads back. */
static void add_yaml_text(struct buf *out, const char *text)
{
	buf_add_char(out, '"');
	while (*text) {
		size_t length = strcspn(text, "\"\\");

		buf_add_shown(out, text, length);
		text += length;
		if (*text) {
			buf_add_char(out, '\\');
			buf_add_char(out, *text++);
		}
	}
	buf_add_char(out, '"');
}

/* Ends a line that began at start with a comment. */
static void add_comment(struct buf *out, size_t start, const char *text)
{
	size_t length = out->len - start;

	if (length < COMMENT_COLUMN)
		buf_add_fmt(out, "%*s", (int)(COMMENT_COLUMN - length), "");
	buf_add_fmt(out, "  # %s\n", text);
}

static void add_themes(const struct config *config, struct buf *out)
{
	AUTO_STRV struct strv names = {0};
	AUTO_FREE char *joined = NULL;

	theme_names(config_dir(config), &names);
	joined = strv_join(&names, ", ");
	buf_add_str(out, "# one of: ");
	buf_add_shown(out, joined, strlen(joined));
	buf_add_str(out, "; or your own, a file themes/NAME.yaml beside this one\n");
}

static void add_setting(const struct config *config, enum config_setting setting, struct buf *out)
{
	const struct config_row *row = config_rows + setting;
	const char *text = config_text(config, setting);

	buf_add_fmt(out, "\n# %s\n", row->help);
	if (row->type == CONFIG_TYPE_THEME)
		add_themes(config, out);
	if (strcmp(text, row->fallback) != 0)
		buf_add_fmt(out, "# default: %s\n", row->fallback);
	buf_add_fmt(out, "%s: ", row->name);
	if (row->type == CONFIG_TYPE_THEME || row->type == CONFIG_TYPE_PREFIX)
		add_yaml_text(out, text);
	else
		buf_add_str(out, text);
	buf_add_char(out, '\n');
}

static void add_key(const struct key *key, enum ui_action action, struct buf *out)
{
	AUTO_BUF struct buf name = BUF_INIT;
	size_t start = out->len;

	key_add_name(key, &name);
	buf_add_str(out, "    ");
	add_yaml_text(out, name.data);
	buf_add_fmt(out, ": %s", ui_actions[action].name);
	add_comment(out, start, ui_actions[action].help);
}

static void add_keys(const struct keymap *keymap, enum ui_context context, struct buf *out)
{
	static const char *const comments[UI_CONTEXTS] = {
		[UI_CONTEXT_GLOBAL] =
			"everywhere, where a place below has nothing else for the key",
		[UI_CONTEXT_STEPS] = "in the list of steps",
		[UI_CONTEXT_TEXT] = "in logs, details and help",
		[UI_CONTEXT_TERMINAL] = "in a terminal pane, behind the prefix key",
	};
	const struct key *key;
	enum ui_action action;
	size_t start = out->len;

	buf_add_fmt(out, "  %s:", ui_context_name(context));
	add_comment(out, start, comments[context]);
	for (size_t i = 0; keymap_next(keymap, context, &i, &key, &action);)
		add_key(key, action, out);
}

void config_print(const struct config *config, struct buf *out)
{
	const char *path = config_path(config);

	buf_add_str(out,
		    "# The configuration in force. What is to be otherwise goes into the file\n# ");
	if (path)
		buf_add_shown(out, path, strlen(path));
	else
		buf_add_str(out, "config.yaml (there is no place for it: HOME is not set)");
	buf_add_str(out, "\n# and what is left out there has its default.\n");
	for (size_t i = 0; i < CONFIG_SETTINGS; i++)
		add_setting(config, (enum config_setting)i, out);
	buf_add_str(
		out,
		"\n# What keys do. \"none\" takes what a key does by default from it.\nkeys:\n");
	for (size_t i = 0; i < UI_CONTEXTS; i++)
		add_keys(config_keymap(config), (enum ui_context)i, out);
}
