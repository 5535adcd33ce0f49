/* contractor config: the configuration in force, or where its file is. */
#include "ui/config.h"

#include "engine/base/mem.h"
#include "src/program.h"
#include "ui/theme.h"

/* Prints what is wrong with a file of the person's, and fails. */
static int fail(struct program *program, const struct buf *messages, const struct err *err)
{
	console_add(&program->err, messages->data, messages->len);
	return program_fail(program, err);
}

static int print_path(struct program *program, const struct config *config)
{
	struct err err;

	if (!config_path(config)) {
		err_set(&err, ERR_HOST,
			"there is no place for a configuration: set HOME or XDG_CONFIG_HOME");
		return program_fail(program, &err);
	}
	console_print(&program->out, "%s\n", config_path(config));
	return 0;
}

/* Reads the file and the option, and the theme that they choose, which may be wrong itself. */
static int load(struct program *program, struct config *config, struct buf *messages,
		struct err *err)
{
	const char *theme = program->options.theme;
	struct theme ignored;

	if (config_load(config, messages, err) < 0)
		return -1;
	if (theme && config_set(config, CONFIG_THEME, theme, err) < 0)
		return err_in(err, "--theme");
	return theme_load(config_dir(config), config_text(config, CONFIG_THEME), &ignored, messages,
			  err);
}

int config_command(struct program *program)
{
	AUTO_FREE char *dir = config_dir_path();
	struct config *config = config_new(dir);
	AUTO_BUF struct buf text = BUF_INIT;
	struct err err;
	int status = 0;

	if (program->options.path) {
		status = print_path(program, config);
	} else if (load(program, config, &text, &err) < 0) {
		status = fail(program, &text, &err);
	} else {
		config_print(config, &text);
		console_add(&program->out, text.data, text.len);
	}
	config_free(config);
	return status;
}
