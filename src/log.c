/* contractor log: what an attempt of a step printed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/store/recording.h"
#include "src/build.h"
#include "src/log_json.h"

/* Asks for the attempt that the user named, which must be of this step. */
static int find_named(const struct build *build, size_t step, const char *text,
		      struct attempt *ret_attempt, struct err *err)
{
	char *end;
	long long number = strtoll(text, &end, 10);
	int found;

	if (*end || number < 1)
		return err_set(err, ERR_USAGE,
			       "'%s' is not the number of an attempt "
			       "(`contractor store list` shows them)",
			       text);
	found = store_get_attempt(host_store(build->host), number, ret_attempt, err);
	if (found <= 0)
		return found;
	if (number != session_step(build->session, step)->attempt &&
	    (ret_attempt->step != (int64_t)step ||
	     strcmp(ret_attempt->spec_path, build->spec->real_path)))
		err_set(err, ERR_USAGE, "attempt %lld is of step %lld of '%s'", number,
			(long long)ret_attempt->step, ret_attempt->spec_path);
	else
		return 1;
	attempt_release(ret_attempt);
	return -1;
}

/* The attempt that the step's state is of; else, when the step has changed since, its newest. */
static int find_newest(const struct build *build, size_t step, struct attempt *ret_attempt,
		       struct err *err)
{
	struct store *store = host_store(build->host);
	int64_t number = session_step(build->session, step)->attempt;
	int found;

	if (number)
		return store_get_attempt(store, number, ret_attempt, err);
	found = store_find_latest_of_step(store, build->spec->real_path, (int64_t)step, ret_attempt,
					  err);
	if (found > 0)
		program_warn(
			build->program,
			"attempt %lld of step %zu is from before the specification, or what it "
			"reads, was changed",
			(long long)ret_attempt->number, step);
	return found;
}

static int find_attempt(const struct build *build, size_t step, struct attempt *ret_attempt,
			struct err *err)
{
	const char *named = program_argument(build->program, 2);
	int found;

	if (session_look(build->session, err) < 0)
		return -1;
	found = named ? find_named(build, step, named, ret_attempt, err)
		      : find_newest(build, step, ret_attempt, err);
	if (!found && named)
		return err_set(err, ERR_NOT_FOUND, "there is no attempt %s", named);
	if (!found)
		return err_set(err, ERR_NOT_FOUND, "step %zu has not run: there is no log of it",
			       step);
	return found < 0 ? -1 : 0;
}

static int print_json(const struct build *build, size_t step, const struct attempt *attempt,
		      struct err *err)
{
	AUTO_CLOSE int fd = build_open_log(build, attempt, err);

	return fd < 0 ? -1 : log_json_print(build, step, attempt, fd, err);
}

/* Writes the console's bytes: what is printed to the stream goes there. */
static ssize_t write_console(void *cookie, const char *bytes, size_t length)
{
	struct console *out = cookie;

	console_add(out, bytes, length);
	console_flush(out);
	errno = out->error;
	return out->error ? 0 : (ssize_t)length;
}

static int print_asciicast(const struct build *build, const struct attempt *attempt,
			   struct err *err)
{
	struct console *out = &build->program->out;
	FILE *file = fopencookie(out, "w", (cookie_io_functions_t){.write = write_console});
	int result;

	if (!file)
		return err_sys(err, "cannot print");
	result = recording_export_asciicast(store_logs_fd(host_store(build->host)), attempt->id,
					    attempt->name, file, err);
	fclose(file);
	return out->error ? 0 : result;
}

static int show(const struct build *build, size_t step, struct err *err)
{
	const struct options *options = &build->program->options;
	struct attempt attempt = {0};
	int result;

	if (find_attempt(build, step, &attempt, err) < 0)
		return -1;
	if (options->asciicast)
		result = print_asciicast(build, &attempt, err);
	else if (options->json)
		result = print_json(build, step, &attempt, err);
	else
		result = build_print_log(build, &attempt, err);
	attempt_release(&attempt);
	return result;
}

int log_command(struct program *program)
{
	const struct build_wish wish = {.look_only = true};
	struct build build = {0};
	size_t step;
	struct err err;
	int status;

	if (program->options.asciicast && program->options.json) {
		err_set(&err, ERR_USAGE, "--asciicast and --json do not go together");
		return program_fail_usage(program, &err);
	}
	status = build_open(&build, program, &wish);
	if (!status)
		status = build_find_step(&build, program_argument(program, 1), &step);
	if (!status && show(&build, step, &err) < 0)
		status = program_fail(program, &err);
	build_release(&build);
	return status;
}
