/* contractor config: the configuration in force, or where its file is. */
#include "src/config.h"

#include "engine/base/mem.h"

static int print_path(struct program *program)
{
	AUTO_FREE char *dir = config_dir_path();
	struct config *config = config_new(dir);
	struct err err;
	int status = 0;

	if (config_path(config)) {
		console_print(&program->out, "%s\n", config_path(config));
	} else {
		err_set(&err, ERR_HOST,
			"there is no place for a configuration: set HOME or XDG_CONFIG_HOME");
		status = program_fail(program, &err);
	}
	config_free(config);
	return status;
}

/* Reads the file and the options that go before it. */
static int load_settings(const struct options *options, struct config *config, struct buf *messages,
			 struct err *err)
{
	const struct {
		const char *option, *text;
		enum config_setting setting;
	} given[] = {
		{"--theme", options->theme, CONFIG_THEME},
		{"--store-size", options->store_size, CONFIG_STORE_SIZE},
		{"--network-stack", options->network_stack, CONFIG_NETWORK_STACK},
	};

	if (config_load(config, messages, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(given); i++) {
		if (given[i].text && config_set(config, given[i].setting, given[i].text, err) < 0)
			return err_in(err, "%s", given[i].option);
	}
	return 0;
}

/* The same with the theme that they choose, which may be wrong itself; NULL: that is not wanted. */
static int load(const struct options *options, struct config *config, struct theme *ret_theme,
		struct buf *messages, struct err *err)
{
	if (load_settings(options, config, messages, err) < 0)
		return -1;
	if (!ret_theme)
		return 0;
	return theme_load(config_dir(config), config_text(config, CONFIG_THEME), ret_theme,
			  messages, err);
}

int program_load_config(struct program *program, struct config **ret_config,
			struct theme *ret_theme)
{
	AUTO_FREE char *dir = config_dir_path();
	struct config *config = config_new(dir);
	AUTO_BUF struct buf messages = BUF_INIT;
	struct err err;

	if (load(&program->options, config, ret_theme, &messages, &err) < 0) {
		config_free(config);
		console_add(&program->err, messages.data, messages.len);
		return program_fail(program, &err);
	}
	*ret_config = config;
	return 0;
}

int program_store_size(struct program *program, uint64_t *ret_bytes)
{
	struct config *config = NULL;
	int status = program_load_config(program, &config, NULL);

	if (status)
		return status;
	*ret_bytes = config_number(config, CONFIG_STORE_SIZE);
	config_free(config);
	return 0;
}

int program_network_stack(struct program *program, enum stack_wish *ret_wish)
{
	struct config *config = NULL;
	int status = program_load_config(program, &config, NULL);

	if (status)
		return status;
	*ret_wish = (enum stack_wish)config_number(config, CONFIG_NETWORK_STACK);
	config_free(config);
	return 0;
}

int config_command(struct program *program)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct config *config = NULL;
	struct theme theme;
	int status;

	if (program->options.path)
		return print_path(program);
	status = program_load_config(program, &config, &theme);
	if (status)
		return status;
	config_print(config, &text);
	console_add(&program->out, text.data, text.len);
	config_free(config);
	return 0;
}
