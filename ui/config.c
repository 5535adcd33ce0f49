#include "ui/config.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/sandbox/stack.h"
#include "engine/spec/suggest.h"
#include "engine/spec/units.h"
#include "ui/theme.h"
#include "ui/yaml_file.h"

const struct config_row config_rows[] = {
	[CONFIG_THEME] = {"theme", CONFIG_TYPE_THEME, "default", 0, 0,
			  "the colours of the screen; also: --theme NAME"},
	[CONFIG_BELL] = {"bell", CONFIG_TYPE_BOOL, "true", 0, 0,
			 "ring the terminal's bell when a build stops"},
	[CONFIG_MOUSE] = {"mouse", CONFIG_TYPE_BOOL, "true", 0, 0,
			  "take the mouse; without it the terminal selects text by itself"},
	[CONFIG_PREFIX] = {"prefix", CONFIG_TYPE_PREFIX, KEYMAP_PREFIX_DEFAULT, 0, 0,
			   "the key that leaves a terminal pane; twice, it goes to the program"},
	[CONFIG_ESCAPE_DELAY] = {"escape-delay", CONFIG_TYPE_DURATION, "50ms", 0, 5000,
				 "how long after Esc the rest of a key may come, at most 5s"},
	[CONFIG_SCROLLBACK] =
		{"scrollback", CONFIG_TYPE_COUNT, "10000", 0, 1000000,
		 "about how many lines a shell's pane remembers; logs are whole anyway"},
	[CONFIG_STEPS_WIDTH] = {"steps-width", CONFIG_TYPE_COUNT, "30", 10, 90,
				"columns of the list of steps, in percent of the screen"},
	[CONFIG_DETAILS_HEIGHT] = {"details-height", CONFIG_TYPE_COUNT, "30", 10, 90,
				   "lines of the details below, in percent of the screen"},
	[CONFIG_STORE_SIZE] = {"store-size", CONFIG_TYPE_SIZE, "none", 0, 0,
			       "what was of no use for longest is removed when the store takes "
			       "more (20G); also: --store-size SIZE"},
	[CONFIG_NETWORK_STACK] = {"network-stack", CONFIG_TYPE_STACK, "auto", 0, 0,
				  "of steps with network: private, host, or auto, which is private "
				  "where it can be; also: --network-stack"},
};

struct config {
	char *dir, *path; /* or NULL */
	char *texts[CONFIG_SETTINGS];
	uint64_t numbers[CONFIG_SETTINGS];
	struct keymap *keymap;
};

char *config_dir_path(void)
{
	const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (base && *base == '/')
		return path_join(base, "contractor");
	return home && *home == '/' ? path_join(home, ".config/contractor") : NULL;
}

struct config *config_new(const char *dir)
{
	struct config *config = mem_new(sizeof *config);
	struct err err;

	config->dir = mem_strdup_or_null(dir);
	config->path = dir ? path_join(dir, "config.yaml") : NULL;
	config->keymap = keymap_new();
	for (size_t i = 0; i < CONFIG_SETTINGS; i++) {
		if (config_set(config, (enum config_setting)i, config_rows[i].fallback, &err) < 0)
			abort(); /* the table is wrong */
	}
	return config;
}

void config_free(struct config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < CONFIG_SETTINGS; i++)
		free(config->texts[i]);
	keymap_free(config->keymap);
	free(config->path);
	free(config->dir);
	free(config);
}

const char *config_path(const struct config *config)
{
	return config->path;
}

const char *config_dir(const struct config *config)
{
	return config->dir;
}

const char *config_text(const struct config *config, enum config_setting setting)
{
	return config->texts[setting];
}

uint64_t config_number(const struct config *config, enum config_setting setting)
{
	return config->numbers[setting];
}

bool config_flag(const struct config *config, enum config_setting setting)
{
	return config->numbers[setting] != 0;
}

const struct keymap *config_keymap(const struct config *config)
{
	return config->keymap;
}

/* --- setting one */

static int set_theme(struct config *config, enum config_setting setting, const char *text,
		     struct err *err)
{
	AUTO_STRV struct strv known = {0};
	AUTO_FREE char *suggestion = NULL;

	(void)setting;
	theme_names(config->dir, &known);
	if (strv_contains(&known, text))
		return 0;
	suggestion = suggest_text(text, &known);
	return err_set(err, ERR_USAGE, "unknown theme '%s'%s", short_text(text).text, suggestion);
}

static int set_prefix(struct config *config, enum config_setting setting, const char *text,
		      struct err *err)
{
	(void)setting;
	return keymap_set_prefix(config->keymap, text, err);
}

static int refuse(enum config_setting setting, const char *wanted, const char *text,
		  struct err *err)
{
	return err_set(err, ERR_USAGE, "'%s' must be %s, not '%s'", config_rows[setting].name,
		       wanted, short_text(text).text);
}

static int set_bool(struct config *config, enum config_setting setting, const char *text,
		    struct err *err)
{
	if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		return refuse(setting, "true or false", text, err);
	config->numbers[setting] = *text == 't';
	return 0;
}

static int set_count(struct config *config, enum config_setting setting, const char *text,
		     struct err *err)
{
	const struct config_row *row = config_rows + setting;
	AUTO_FREE char *wanted = NULL;

	if (units_count(text, row->least, row->most, config->numbers + setting))
		return 0;
	wanted = mem_printf("a whole number from %llu to %llu, without leading zeros",
			    (unsigned long long)row->least, (unsigned long long)row->most);
	return refuse(setting, wanted, text, err);
}

static int set_duration(struct config *config, enum config_setting setting, const char *text,
			struct err *err)
{
	const struct config_row *row = config_rows + setting;
	AUTO_FREE char *wanted = NULL;
	uint64_t ms;

	if (units_duration(text, &ms) && ms >= row->least && ms <= row->most) {
		config->numbers[setting] = ms;
		return 0;
	}
	wanted =
		mem_printf(UNITS_DURATION_WANTED ", at most %llums", (unsigned long long)row->most);
	return refuse(setting, wanted, text, err);
}

static int set_size(struct config *config, enum config_setting setting, const char *text,
		    struct err *err)
{
	uint64_t bytes = 0;

	if (strcmp(text, "none") != 0 && (!units_size(text, &bytes) || !bytes))
		return refuse(setting, UNITS_SIZE_WANTED ", or none", text, err);
	config->numbers[setting] = bytes;
	return 0;
}

static int set_stack(struct config *config, enum config_setting setting, const char *text,
		     struct err *err)
{
	enum stack_wish wish;

	if (!stack_wish_find(text, &wish))
		return refuse(setting, "auto, private or host", text, err);
	config->numbers[setting] = wish;
	return 0;
}

int config_set(struct config *config, enum config_setting setting, const char *text,
	       struct err *err)
{
	static int (*const setters[])(struct config * config, enum config_setting setting,
				      const char *text, struct err *err) = {
		[CONFIG_TYPE_THEME] = set_theme,   [CONFIG_TYPE_BOOL] = set_bool,
		[CONFIG_TYPE_COUNT] = set_count,   [CONFIG_TYPE_DURATION] = set_duration,
		[CONFIG_TYPE_PREFIX] = set_prefix, [CONFIG_TYPE_SIZE] = set_size,
		[CONFIG_TYPE_STACK] = set_stack,
	};

	if (setters[config_rows[setting].type](config, setting, text, err) < 0)
		return -1;
	free(config->texts[setting]);
	config->texts[setting] = mem_strdup(text);
	return 0;
}

/* --- reading the file */

static void read_key(struct config *config, struct yaml_file *file, enum ui_context context,
		     const struct yaml_value *key, const struct yaml_value *value)
{
	const char *name = yaml_file_text(&file->diagnostics, key->text, value);
	enum ui_action action;
	struct err err;

	if (!name)
		return;
	if (ui_action_find(name, &action, &err) < 0)
		diagnostics_add(&file->diagnostics, value->position, "%s", err.text);
	else if (keymap_bind(config->keymap, context, key->text, action, &err) < 0)
		diagnostics_add(&file->diagnostics, key->position, "%s", err.text);
}

/* Reads the keys of one context. */
static void read_context(struct config *config, struct yaml_file *file,
			 const struct yaml_value *name, const struct yaml_value *map)
{
	const struct yaml_value *key, *value;
	enum ui_context context;
	struct err err;

	if (ui_context_find(name->text, &context, &err) < 0) {
		diagnostics_add(&file->diagnostics, name->position, "%s", err.text);
		return;
	}
	if (!yaml_file_is_map(&file->diagnostics, name->text, map))
		return;
	for (size_t i = 0; yaml_map_next(map, &i, &key, &value);) {
		value = yaml_resolve(value);
		if (value)
			read_key(config, file, context, key, value);
	}
}

static void read_keys(struct config *config, struct yaml_file *file, const struct yaml_value *map)
{
	const struct yaml_value *key, *value;

	if (!yaml_file_is_map(&file->diagnostics, "keys", map))
		return;
	for (size_t i = 0; yaml_map_next(map, &i, &key, &value);) {
		value = yaml_resolve(value);
		if (value)
			read_context(config, file, key, value);
	}
}

static void read_setting(struct config *config, struct yaml_file *file,
			 const struct yaml_value *key, const struct yaml_value *value)
{
	const char *names[CONFIG_SETTINGS + 2] = {[CONFIG_SETTINGS] = "keys"};
	struct err err;
	const char *text;
	size_t i;

	for (i = 0; i < CONFIG_SETTINGS; i++)
		names[i] = config_rows[i].name;
	for (i = 0; names[i] && strcmp(names[i], key->text) != 0;)
		i++;
	if (!names[i]) {
		yaml_file_unknown(&file->diagnostics, key, "the configuration", names);
	} else if (i == CONFIG_SETTINGS) {
		read_keys(config, file, value);
	} else {
		text = yaml_file_text(&file->diagnostics, key->text, value);
		if (text && config_set(config, (enum config_setting)i, text, &err) < 0)
			diagnostics_add(&file->diagnostics, value->position, "%s", err.text);
	}
}

/* Reads an open file, and releases it. */
static int read_file(struct config *config, struct yaml_file *file, struct buf *ret_messages,
		     struct err *err)
{
	const struct yaml_value *root = yaml_resolve(yaml_root(file->tree)), *key, *value;
	int result;

	if (root && !yaml_is_null(root) &&
	    yaml_file_is_map(&file->diagnostics, "the configuration", root)) {
		for (size_t i = 0; yaml_map_next(root, &i, &key, &value);) {
			value = yaml_resolve(value);
			if (value)
				read_setting(config, file, key, value);
		}
	}
	result = yaml_file_finish(file, ret_messages, err);
	yaml_file_release(file);
	return result;
}

int config_load(struct config *config, struct buf *ret_messages, struct err *err)
{
	struct yaml_file file;
	struct err failure;

	if (!config->path)
		return 0;
	if (yaml_file_open(config->path, &file, &failure) < 0) {
		if (failure.code == ERR_NOT_FOUND)
			return 0;
		*err = failure;
		return -1;
	}
	return read_file(config, &file, ret_messages, err);
}

int config_read(struct config *config, const char *path, const void *text, size_t length,
		struct buf *ret_messages, struct err *err)
{
	struct yaml_file file;

	yaml_file_parse(path, text, length, &file);
	return read_file(config, &file, ret_messages, err);
}
