/* shell_fixture.h: what the tests of shells share: one shell, what it prints, and how it ends. */
#ifndef TESTS_UNIT_SHELL_FIXTURE_H
#define TESTS_UNIT_SHELL_FIXTURE_H

#include "tests/unit/session_fixture.h"

#include "engine/session/shell.h"

/* A shell and what came of it. */
struct visit {
	struct fixture *fixture;
	struct shell_options options;
	struct strv command;
	struct shell *shell;
	struct buf output;
	int out[2]; /* a pipe for its standard output, or -1 */
	bool ended;
	struct run_result result;
};

static inline void visit_output(void *data, const char *bytes, size_t length)
{
	struct visit *visit = data;

	buf_add(&visit->output, bytes, length);
}

static inline void visit_ended(void *data, const struct run_result *result)
{
	struct visit *visit = data;

	assert_false(visit->ended);
	visit->ended = true;
	visit->result = *result;
}

static inline void visit_init(struct visit *visit, struct fixture *fixture, size_t step,
			      enum shell_where where)
{
	*visit = (struct visit){
		.fixture = fixture,
		.out = {-1, -1},
		.options = {.step = step,
			    .where = where,
			    .columns = 80,
			    .rows = 24,
			    .stdio = {-1, -1, -1},
			    .callbacks = {.output = visit_output,
					  .ended = visit_ended,
					  .data = visit}},
	};
	visit->options.command = &visit->command;
	buf_init(&visit->output);
}

static inline void visit_start(struct visit *visit)
{
	struct err err = {0};

	if (!visit->options.terminal) {
		assert_int_equal(pipe2(visit->out, O_CLOEXEC), 0);
		visit->options.stdio[1] = visit->out[1];
	}
	if (shell_start(visit->fixture->session, &visit->options, &visit->shell, &err) < 0)
		fail_msg("%s", err.text);
	fd_close(&visit->out[1]);
}

/* Turns the loop until the shell has ended, and reads what it wrote into its pipe. */
static inline void visit_finish(struct visit *visit)
{
	struct err err = {0};

	while (!visit->ended)
		loop_turn(visit->fixture->loop, -1);
	if (visit->out[0] >= 0)
		assert_int_equal(
			buf_read_fd(&visit->output, visit->out[0], 1 << 20, "the pipe", &err), 0);
}

static inline void visit_release(struct visit *visit)
{
	shell_free(visit->shell);
	strv_release(&visit->command);
	buf_release(&visit->output);
	fd_close(&visit->out[0]);
	/* Else the step's processes are there. */
	if (session_state(visit->fixture->session) == SESSION_STOPPED)
		fixture_reap(visit->fixture);
}

/* Runs a command by `sh -c` on pipes and expects what it prints and its exit status. */
static inline void visit_command(struct fixture *fixture, size_t step, enum shell_where where,
				 const char *script, const char *output, int status)
{
	struct visit visit;

	visit_init(&visit, fixture, step, where);
	strv_add_all(&visit.command, "sh", "-c", script, NULL);
	visit_start(&visit);
	visit_finish(&visit);
	assert_string_equal(visit.output.data, output);
	assert_int_equal(visit.result.end, RUN_EXITED);
	assert_int_equal(visit.result.exit_status, status);
	visit_release(&visit);
}

static inline void visit_refused(struct fixture *fixture, size_t step, enum shell_where where,
				 enum err_code code, const char *text)
{
	struct visit visit;
	struct err err = {0};

	visit_init(&visit, fixture, step, where);
	assert_int_equal(shell_start(fixture->session, &visit.options, &visit.shell, &err), -1);
	assert_string_equal(err.text, text);
	assert_int_equal(err.code, code);
	visit_release(&visit);
}

static inline void visit_await(struct visit *visit, const char *text)
{
	int64_t deadline = loop_now_ms() + FIXTURE_PATIENCE_MS;

	while (!strstr(visit->output.data, text)) {
		if (visit->ended || loop_now_ms() > deadline)
			fail_msg("no %s: %s", text, visit->output.data);
		loop_turn(visit->fixture->loop, 1000);
	}
}

/* Starts one on a terminal of its own, and waits for its prompt. */
static inline void visit_on_terminal(struct visit *visit, struct fixture *fixture, size_t step,
				     enum shell_where where, const char *prompt)
{
	visit_init(visit, fixture, step, where);
	visit->options.terminal = true;
	visit_start(visit);
	visit_await(visit, prompt);
}

static inline void visit_type(struct visit *visit, const char *text)
{
	assert_true(runner_write(shell_runner(visit->shell), text, strlen(text)));
}

#endif
