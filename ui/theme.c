#include "ui/theme.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/spec/suggest.h"
#include "ui/theme_files.h"
#include "ui/theme_internal.h"
#include "ui/yaml_file.h"

/* How many themes may inherit from each other. */
enum { DEPTH_MAX = 8 };

static const char *const role_names[THEME_ROLES] = {
	[THEME_TEXT] = "text",
	[THEME_FAINT] = "faint",
	[THEME_STEP_PENDING] = "step.pending",
	[THEME_STEP_CACHED] = "step.cached",
	[THEME_STEP_RUNNING] = "step.running",
	[THEME_STEP_PAUSED] = "step.paused",
	[THEME_STEP_PASSED] = "step.passed",
	[THEME_STEP_FAILED] = "step.failed",
	[THEME_STEP_KILLED] = "step.killed",
	[THEME_STEP_TIMED_OUT] = "step.timed-out",
	[THEME_STEP_OVER_LIMIT] = "step.over-limit",
	[THEME_STEP_EDITED] = "step.edited",
	[THEME_STEP_ADOPTED] = "step.adopted",
	[THEME_STEP_STALE] = "step.stale",
	[THEME_STEP_NUMBER] = "step.number",
	[THEME_STEP_ACTION] = "step.action",
	[THEME_POSITION] = "position",
	[THEME_BREAKPOINT] = "breakpoint",
	[THEME_BREAKPOINT_DISABLED] = "breakpoint.disabled",
	[THEME_PANE_TITLE] = "pane.title",
	[THEME_PANE_TITLE_FOCUSED] = "pane.title.focused",
	[THEME_PANE_BORDER] = "pane.border",
	[THEME_PANE_BORDER_FOCUSED] = "pane.border.focused",
	[THEME_SELECTION] = "selection",
	[THEME_SELECTION_UNFOCUSED] = "selection.unfocused",
	[THEME_TAB] = "tab",
	[THEME_TAB_ACTIVE] = "tab.active",
	[THEME_SCROLLBAR] = "scrollbar",
	[THEME_PREFIX] = "prefix",
	[THEME_STATUS] = "status",
	[THEME_STATUS_RUNNING] = "status.running",
	[THEME_STATUS_FAILED] = "status.failed",
	[THEME_HINT_KEY] = "hint.key",
	[THEME_HINT_TEXT] = "hint.text",
	[THEME_DIALOG] = "dialog",
	[THEME_DIALOG_TITLE] = "dialog.title",
	[THEME_DIALOG_BORDER] = "dialog.border",
	[THEME_INPUT] = "input",
	[THEME_INPUT_PROMPT] = "input.prompt",
	[THEME_COMPLETION] = "completion",
	[THEME_HELP_KEY] = "help.key",
	[THEME_HELP_HEADING] = "help.heading",
	[THEME_SEARCH_MATCH] = "search.match",
	[THEME_SEARCH_CURRENT] = "search.current",
	[THEME_LOG_ERROR] = "log.error",
	[THEME_LOG_STALE] = "log.stale",
	[THEME_LOG_CONTROL] = "log.control",
	[THEME_ERROR] = "error",
	[THEME_WARNING] = "warning",
	[THEME_NOTE] = "note",
};

const char *theme_role_name(enum theme_role role)
{
	return role_names[role];
}

static int compare(const void *one, const void *other)
{
	return strcmp(*(char *const *)one, *(char *const *)other);
}

static const char suffix[] = ".yaml";

/* Whether it can be a theme's name: what a person types, never a path. */
static bool is_name(const char *name)
{
	return *name && *name != '.' && !strchr(name, '/');
}

/* Adds the names of the files NAME.yaml in a directory. */
static void add_names_in(const char *dir_path, struct strv *names)
{
	AUTO_CLOSEDIR DIR *dir = opendir(dir_path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		size_t length = strlen(entry->d_name);
		AUTO_FREE char *name = NULL;

		if (length < sizeof suffix ||
		    strcmp(entry->d_name + length - strlen(suffix), suffix) != 0)
			continue;
		name = mem_strndup(entry->d_name, length - strlen(suffix));
		if (is_name(name) && !strv_contains(names, name))
			strv_add(names, name);
	}
}

void theme_names(const char *config_dir, struct strv *ret_names)
{
	AUTO_FREE char *dir = config_dir ? path_join(config_dir, "themes") : NULL;

	for (struct theme_file file = {0}; theme_file_next(&file);)
		strv_add(ret_names, file.name);
	if (dir)
		add_names_in(dir, ret_names);
	qsort(ret_names->items, ret_names->len, sizeof *ret_names->items, compare);
}

static int refuse_name(const char *config_dir, const char *name, struct err *err)
{
	AUTO_STRV struct strv known = {0};
	AUTO_FREE char *suggestion = NULL;

	theme_names(config_dir, &known);
	suggestion = suggest_text(name, &known);
	return err_set(err, ERR_NOT_FOUND, "unknown theme '%s'%s", short_text(name).text,
		       suggestion);
}

/* The file of a theme. */
struct source {
	struct yaml_file file;
	const char *name;
	bool carried; /* by the program */
};

/* Opens a theme: the person's own, else one that the program carries. */
static int open_theme(const char *config_dir, const char *name, struct source *ret_source,
		      struct err *err)
{
	AUTO_FREE char *path =
		config_dir ? mem_printf("%s/themes/%s%s", config_dir, name, suffix) : NULL;

	if (!is_name(name))
		return refuse_name(config_dir, name, err);
	*ret_source = (struct source){.name = name};
	if (path && yaml_file_open(path, &ret_source->file, err) == 0)
		return 0;
	if (path && err->code != ERR_NOT_FOUND)
		return -1;
	for (struct theme_file file = {0}; theme_file_next(&file);) {
		if (!strcmp(file.name, name)) {
			yaml_file_parse(name, file.text, strlen(file.text), &ret_source->file);
			ret_source->carried = true;
			return 0;
		}
	}
	return refuse_name(config_dir, name, err);
}

/* Says which roles are neither here nor inherited. */
static void check_complete(struct yaml_file *file, const struct theme_draft *draft)
{
	const struct position begin = {.line = 1, .column = 1};

	bool is_valid = !file->diagnostics.len;

	for (size_t i = 0; i < THEME_ROLES; i++) {
		if (is_valid && !draft->given[i])
			diagnostics_add(&file->diagnostics, begin,
					"the role '%s' is missing; add it, or write \"inherit: "
					"default\"",
					role_names[i]);
	}
}

/* Takes from the inherited theme what the draft has not. */
static void inherit(struct theme_draft *draft, const struct theme_draft *from)
{
	for (size_t i = 0; i < THEME_ROLES; i++) {
		if (draft->given[i])
			continue;
		draft->given[i] = from->given[i];
		draft->theme.styles[i] = from->theme.styles[i];
	}
}

/* One reading of a theme, and of those that it inherits from. */
struct reading {
	const char *config_dir;
	struct buf *messages;
	int depth;
};

static int read_draft(struct reading *reading, struct source *source, struct theme_draft *draft,
		      struct err *err);

/* Opens the theme to inherit from. Those of the program stay as they are, whatever the person has under
 * their names; and a theme of the person's that inherits its own name means the program's. */
static int open_parent(const struct reading *reading, const struct source *source, const char *name,
		       struct source *ret_parent, struct err *err)
{
	bool carried = source->carried || !strcmp(source->name, name);

	return open_theme(carried ? NULL : reading->config_dir, name, ret_parent, err);
}

/* Reads the theme that is inherited from, and takes what lacks. */
static int read_parent(struct reading *reading, struct source *source,
		       const struct yaml_value *name, struct theme_draft *draft, struct err *err)
{
	struct diagnostics *diagnostics = &source->file.diagnostics;
	struct theme_draft inherited = {0};
	struct source parent;
	struct err failure;
	int result;

	if (reading->depth == DEPTH_MAX) {
		diagnostics_add(diagnostics, name->position,
				"'inherit' goes in a circle, or over more than %d themes",
				DEPTH_MAX);
		return 0;
	}
	if (open_parent(reading, source, name->text, &parent, &failure) < 0) {
		diagnostics_add(diagnostics, name->position, "%s", failure.text);
		return 0;
	}
	reading->depth++;
	result = read_draft(reading, &parent, &inherited, err);
	reading->depth--;
	yaml_file_release(&parent.file);
	if (!result)
		inherit(draft, &inherited);
	return result;
}

static int read_draft(struct reading *reading, struct source *source, struct theme_draft *draft,
		      struct err *err)
{
	struct yaml_file *file = &source->file;
	const struct yaml_value *parent = NULL;

	theme_read(file->tree, draft, &file->diagnostics, &parent);
	if (parent && read_parent(reading, source, parent, draft, err) < 0)
		return -1;
	check_complete(file, draft);
	return yaml_file_finish(file, reading->messages, err);
}

/* Gives the roles the colours of `text` that they have not themselves. */
static void fill(struct theme_draft *draft)
{
	const struct cell_style *text = draft->theme.styles + THEME_TEXT;

	for (size_t i = 0; i < THEME_ROLES; i++) {
		if (!(draft->given[i] & THEME_GIVEN_FG))
			draft->theme.styles[i].fg = text->fg;
		if (!(draft->given[i] & THEME_GIVEN_BG))
			draft->theme.styles[i].bg = text->bg;
	}
}

/* Reads an open file, and releases it. */
static int finish(const char *config_dir, struct source *source, struct theme *ret_theme,
		  struct buf *ret_messages, struct err *err)
{
	struct reading reading = {.config_dir = config_dir, .messages = ret_messages};
	struct theme_draft draft = {0};
	int result = read_draft(&reading, source, &draft, err);

	yaml_file_release(&source->file);
	if (result < 0)
		return -1;
	fill(&draft);
	*ret_theme = draft.theme;
	return 0;
}

int theme_load(const char *config_dir, const char *name, struct theme *ret_theme,
	       struct buf *ret_messages, struct err *err)
{
	struct source source;

	if (open_theme(config_dir, name, &source, err) < 0)
		return -1;
	return finish(config_dir, &source, ret_theme, ret_messages, err);
}

int theme_parse(const char *config_dir, const char *path, const void *text, size_t length,
		struct theme *ret_theme, struct buf *ret_messages, struct err *err)
{
	struct source source = {.name = ""};

	yaml_file_parse(path, text, length, &source.file);
	return finish(config_dir, &source, ret_theme, ret_messages, err);
}

struct cell_style theme_over(struct cell_style below, struct cell_style above)
{
	if (above.fg.type != CELL_DEFAULT)
		below.fg = above.fg;
	if (above.bg.type != CELL_DEFAULT)
		below.bg = above.bg;
	below.attributes |= above.attributes;
	return below;
}
