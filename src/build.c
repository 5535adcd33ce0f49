#include "src/build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/actions/artifact.h"
#include "engine/actions/secrets.h"
#include "engine/actions/source.h"
#include "engine/base/mem.h"
#include "src/config.h"
#include "ui/words.h"

/* Of the formats of `store df`, `list` and `verify`. */
enum { STORE_JSON_VERSION = 1 };

/* How long is waited for the disk without a word. */
enum { SETTLING_MS = 1000 };

/* The wait for the disk. */
struct settling {
	struct program *program;
	struct loop_timer *timer; /* or NULL */
};

static bool artifact_exists(void *data, const char *name)
{
	const struct build *build = data;
	AUTO_FREE char *path = artifact_find(build->artifact_dir, name);

	return path != NULL;
}

int build_load_spec(struct build *build, const char *path, struct spec **ret_spec,
		    struct diagnostics *diagnostics, struct err *err)
{
	if (!build->artifact_dir)
		build->artifact_dir = program_artifact_dir(build->program);
	build->spec_options = (struct spec_options){
		.schemas = action_schemas,
		.parameters = &build->program->options.parameters,
		.artifact_exists = artifact_exists,
		.data = build,
	};
	*ret_spec = NULL;
	return spec_load(path, &build->spec_options, ret_spec, diagnostics, err);
}

/* Prints what is wrong with a specification to standard error. */
static void print_diagnostics(struct program *program, const char *path, const struct spec *spec,
			      const struct diagnostics *diagnostics)
{
	static const struct buf nothing = BUF_INIT;
	AUTO_BUF struct buf text = BUF_INIT;

	diagnostics_format(diagnostics, path, spec ? &spec->text : &nothing, &text);
	console_add(&program->err, text.data, text.len);
	console_flush(&program->err);
}

/* Loads a specification that must be valid. */
static int load_valid(struct build *build, const struct build_wish *wish, struct spec **ret_spec)
{
	const char *path = program_argument(build->program, 0);
	struct diagnostics diagnostics = {0};
	struct spec *spec = NULL;
	struct err err;
	int status = 0;

	if (build_load_spec(build, path, &spec, &diagnostics, &err) < 0) {
		status = program_fail(build->program, &err);
	} else if (!spec || diagnostics.len) {
		print_diagnostics(build->program, path, spec, &diagnostics);
		if (wish->invalid)
			wish->invalid(wish->data, path, &diagnostics);
		err_set(&err, ERR_USAGE, "'%s' is not valid: nothing was done", path);
		status = program_fail(build->program, &err);
	}
	diagnostics_release(&diagnostics);
	if (status)
		spec_free(spec);
	else
		*ret_spec = spec;
	return status;
}

/* The values that --secret gives. */
static int read_secrets(struct build *build, struct err *err)
{
	const struct strv *given = &build->program->options.secrets;

	if (given->len)
		build->secrets = secrets_new();
	for (size_t i = 0; i < given->len; i++) {
		if (secrets_read(build->secrets, given->items[i], err) < 0)
			return -1;
	}
	return 0;
}

static int open_host(struct build *build, bool look_only, bool damaged_ok)
{
	struct host_settings settings;
	struct err err;
	int status;

	program_host_settings(build->program, &settings);
	status = look_only ? 0 : program_network_stack(build->program, &settings.stack);
	if (status)
		return status;
	if (read_secrets(build, &err) < 0)
		return program_fail(build->program, &err);
	settings.secrets = build->secrets;
	settings.read_only = look_only;
	settings.damaged_ok = damaged_ok;
	settings.repair = build->program->options.repair;
	build->loop = loop_new();
	if (host_new(&settings, build->loop, &build->host, &err) < 0)
		return program_fail(build->program, &err);
	return 0;
}

int build_open_store(struct build *build, struct program *program, bool damaged_ok)
{
	build->program = program;
	return open_host(build, true, damaged_ok);
}

bool build_has_store(const struct program *program)
{
	AUTO_FREE char *path = program_store_path(program);

	return store_exists(path);
}

json_t *build_store_document(const struct program *program, const struct host *host,
			     const char *name)
{
	json_t *document = js_document(name, STORE_JSON_VERSION);
	AUTO_FREE char *path = program_store_path(program);

	js_set_text(document, "store", host ? store_path(host_store(host)) : path);
	js_set_bool(document, "exists", host != NULL);
	return document;
}

void build_tell_no_store(struct program *program)
{
	AUTO_FREE char *path = program_store_path(program);

	program_warn(program, "there is no store in '%s': nothing was kept there yet", path);
}

/* The step that an option's value names; without a value: all. 0 when it was not given. */
static int find_option_step(const struct spec *spec, const char *text, size_t all, size_t *ret_step,
			    struct err *err)
{
	const struct step *step;

	*ret_step = text ? all : 0;
	if (!text || !*text)
		return 0;
	step = spec_find_step(spec, text, err);
	if (!step)
		return -1;
	*ret_step = step->number;
	return 0;
}

/* Refuses --refresh=STEP for a step that it does nothing for. */
static int check_refresh(const struct spec *spec, size_t number, struct err *err)
{
	const struct step *step =
		number && number <= spec->n_steps ? &spec->steps[number - 1] : NULL;
	AUTO_BUF struct buf title = BUF_INIT;

	if (!step || action_type_of(step)->network)
		return 0;
	step_add_title(step, &title);
	return err_set(err, ERR_USAGE,
		       "--refresh: %s takes nothing from the network by itself; --no-cache=%zu "
		       "runs again what is from there on",
		       title.data, number);
}

/* Makes the session, which takes the specification over. */
static int open_session(struct build *build, const struct build_wish *wish, struct spec *spec,
			struct err *err)
{
	const struct options *options = &build->program->options;
	struct session_options session = {
		.host = build->host,
		.spec = spec,
		.spec_options = &build->spec_options,
		.event = wish->event,
		.data = wish->data,
		.front = wish->front,
		.front_data = wish->data,
		.store_size = build->store_size,
	};

	if (secrets_check_spec(build->secrets, spec, err) < 0 ||
	    find_option_step(spec, options->no_cache, 1, &session.no_cache_from, err) < 0 ||
	    find_option_step(spec, options->refresh, SIZE_MAX, &session.refresh, err) < 0 ||
	    check_refresh(spec, session.refresh, err) < 0 ||
	    session_new(&session, &build->session, err) < 0)
		return -1;
	build->spec = session_spec(build->session);
	return 0;
}

int build_open(struct build *build, struct program *program, const struct build_wish *wish)
{
	struct spec *spec = NULL;
	struct err err;
	int status;

	build->program = program;
	if (!wish->look_only) {
		status = program_store_size(program, &build->store_size);
		if (status)
			return status;
	}
	status = load_valid(build, wish, &spec);
	if (!status)
		status = open_host(build, wish->look_only, false);
	if (!status && open_session(build, wish, spec, &err) < 0)
		status = program_fail(program, &err);
	if (!build->session)
		spec_free(spec);
	return status;
}

int build_open_host(struct build *build, struct program *program)
{
	int status;

	build->program = program;
	status = program_store_size(program, &build->store_size);
	return status ? status : open_host(build, false, false);
}

int build_open_session(struct build *build, const struct build_wish *wish, struct buf *ret_problems,
		       struct err *err)
{
	static const struct buf nothing = BUF_INIT;
	const char *path = program_argument(build->program, 0);
	struct diagnostics diagnostics = {0};
	struct spec *spec = NULL;
	int opened = build_load_spec(build, path, &spec, &diagnostics, err);

	if (opened == 0 && (!spec || diagnostics.len))
		diagnostics_format(&diagnostics, path, spec ? &spec->text : &nothing, ret_problems);
	else if (opened == 0)
		opened = open_session(build, wish, spec, err) < 0 ? -1 : 1;
	diagnostics_release(&diagnostics);
	if (opened < 1)
		spec_free(spec);
	return opened;
}

void build_close_session(struct build *build)
{
	session_free(build->session);
	build->session = NULL;
	build->spec = NULL;
}

void build_release(struct build *build)
{
	session_free(build->session);
	host_free(build->host);
	secrets_free(build->secrets);
	loop_free(build->loop);
	free(build->artifact_dir);
}

int build_find_step(const struct build *build, const char *text, size_t *ret_step)
{
	struct err err;
	const struct step *step = spec_find_step(build->spec, text, &err);

	if (!step)
		return program_fail(build->program, &err);
	*ret_step = step->number;
	return 0;
}

int build_open_log(const struct build *build, const struct attempt *attempt, struct err *err)
{
	int fd = store_open_log(host_store(build->host), attempt->id);

	return fd < 0 ? err_set(err, ERR_FAULT,
				"cannot read the log of attempt %lld: %s; `contractor store verify "
				"--repair` removes attempts that are not whole",
				(long long)attempt->number, strerror(errno))
		      : fd;
}

int build_print_log(const struct build *build, const struct attempt *attempt, struct err *err)
{
	struct console *out = &build->program->out;
	AUTO_CLOSE int fd = build_open_log(build, attempt, err);
	char bytes[1 << 16];
	ssize_t length = 0;

	if (fd < 0)
		return -1;
	while (!out->error && (length = read(fd, bytes, sizeof bytes)) > 0) {
		console_add_output(out, bytes, (size_t)length);
		console_flush(out);
	}
	return length < 0 ? err_sys(err, "cannot read the log") : 0;
}

static void on_settled(void *data)
{
	const struct build *build = data;

	loop_stop(build->loop, 0);
}

/* Says to a person why nothing goes on. */
static void tell_waiting(void *data)
{
	struct settling *settling = data;
	struct console *console = &settling->program->err;

	settling->timer = NULL;
	if (console->terminal) {
		console_print(console, "waiting for the disk (^C: no longer)\n");
		console_flush(console);
	}
}

void build_settle(struct build *build)
{
	struct settling settling = {.program = build->program};

	console_flush(&build->program->out);
	if (!session_settle(build->session, on_settled, build))
		return;
	settling.timer = loop_timer(build->loop, SETTLING_MS, tell_waiting, &settling);
	loop_run(build->loop);
	loop_timer_remove(&settling.timer);
}

void build_tell_unkept(const struct build *build)
{
	const char *line = session_unkept(build->session);

	for (size_t length; *line; line += length + 1) {
		length = strcspn(line, "\n");
		program_warn(build->program, "%.*s", (int)length, line);
	}
}

int build_take_stops(struct build *build, struct err *err)
{
	const struct options *options = &build->program->options;
	struct session *session = build->session;
	const struct step *step;

	for (size_t i = 0; i < options->breaks.len; i++) {
		if (session_add_breakpoint(session, options->breaks.items[i], false, err) < 0)
			return err_in(err, "--break");
	}
	if (options->from) {
		step = spec_find_step(session_spec(session), options->from, err);
		if (!step || session_goto(session, step->number, err) < 0)
			return err_in(err, "--from");
	}
	if (options->until) {
		step = spec_find_step(session_spec(session), options->until, err);
		if (!step || session_until(session, step->number, err) < 0)
			return err_in(err, "--until");
	}
	return 0;
}

void build_add_command(const struct build *build, enum command_id command, const char *words,
		       struct buf *out)
{
	const char *path = program_argument(build->program, 0);
	AUTO_FREE char *word = mem_printf("%s%s", path[0] == '-' ? "./" : "", path);

	add_quoted(out, build->program->name);
	buf_add_fmt(out, "%s%s", words ? " " : "", words ? words : "");
	options_add_carried(&build->program->options, command, out);
	buf_add_char(out, ' ');
	add_quoted(out, word);
}
