/* session_fixture.h: what the tests of sessions and actions share: a host with a real store and
 * a real sandbox, a systree made of busybox, a session, and everything it tells.
 *
 * After each test the store must verify, no descriptor may be left open and no child alive.
 */
#ifndef TESTS_UNIT_SESSION_FIXTURE_H
#define TESTS_UNIT_SESSION_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/actions/actions.h"
#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/session/command.h"
#include "engine/session/session.h"
#include "engine/store/archive.h"
#include "tests/unit/session_systree.h"

enum { FIXTURE_PATIENCE_MS = 60000, FIXTURE_ALARM_S = 400 };

/* The first lines of most specs: a systree of busybox, so that step 2 can run something. */
#define FIXTURE_SPEC                 \
	"name: test\n"               \
	"actions:\n"                 \
	"- action: create-systree\n" \
	"  path: systree.tar\n"

/* One step of the shell, its script in one line. */
#define FIXTURE_SHELL(script) "- action: shell\n  shell: " script "\n"

struct fixture {
	char *dir; /* of this test: below $TMPDIR, or /tmp */
	char *store_path, *spec_path, *artifact_dir;
	struct loop *loop;
	struct host_settings settings;
	struct host *host;
	struct strv parameters;
	struct spec_options spec_options;
	struct session_options options; /* for the next session */
	struct session *session;
	struct strv fds; /* open when the test began */

	/* What was told since fixture_forget(). */
	struct buf events; /* one line each, but output, progress and modes */
	struct buf output;
	uint64_t progress;
	int progress_count;
	char stop_text[ERR_TEXT_SIZE];
	struct err stop_err;
	enum stop_reason reason;
	int64_t last_attempt;
	void (*hook)(struct fixture *fixture, const struct event *event);
	int hook_count; /* for the hook's own use */
};

/* --- files of the test */

static inline char *fixture_path(const struct fixture *fixture, const char *name)
{
	return path_join(fixture->dir, name);
}

static inline void fixture_write(const struct fixture *fixture, const char *name, const char *text)
{
	systree_write(fixture->dir, name, text);
}

/* The bytes of a file, or NULL. Free with free(). */
static inline char *fixture_read_at(int dir_fd, const char *name)
{
	AUTO_CLOSE int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct buf text = BUF_INIT;
	struct err err = {0};

	if (fd < 0 || buf_read_fd(&text, fd, 64 << 20, name, &err) < 0) {
		buf_release(&text);
		return NULL;
	}
	return buf_detach(&text);
}

static inline bool fixture_exists(const struct fixture *fixture, const char *name)
{
	AUTO_FREE char *path = fixture_path(fixture, name);
	struct stat status;

	return lstat(path, &status) == 0;
}

/* --- what is told */

static inline void fixture_note_end(struct fixture *fixture, const struct event *event)
{
	buf_add_fmt(&fixture->events, " %s %d", attempt_result_name(event->attempt->result),
		    event->attempt->exit_status);
	fixture->last_attempt = event->attempt->number;
	assert_string_equal(event->attempt_id, event->attempt->id);
}

static inline void fixture_note_stop(struct fixture *fixture, const struct event *event)
{
	buf_add_fmt(&fixture->events, " %s", stop_reason_name(event->reason));
	fixture->reason = event->reason;
	snprintf(fixture->stop_text, sizeof fixture->stop_text, "%s",
		 event->text ? event->text : "");
	fixture->stop_err = event->err ? *event->err : (struct err){0};
	assert_int_equal(session_state(fixture->session), SESSION_STOPPED);
	assert_int_equal(session_position(fixture->session), event->step);
}

/* Notes what happened, but when the step's terminal is there: that is between other events. */
static inline void fixture_event(void *data, const struct event *event)
{
	struct fixture *fixture = data;

	if (event->type == EVENT_STEP_OUTPUT) {
		buf_add(&fixture->output, event->bytes, event->length);
	} else if (event->type == EVENT_STEP_PROGRESS) {
		fixture->progress = event->amount;
		fixture->progress_count++;
	} else if (event->type != EVENT_STEP_TERMINAL) {
		buf_add_fmt(&fixture->events, "%s %zu", event_name(event->type), event->step);
		if (event->type == EVENT_STEP_NOTE)
			buf_add_fmt(&fixture->events, " %s", event->text);
		if (event->type == EVENT_STEP_ENDED || event->type == EVENT_STEP_CACHED)
			fixture_note_end(fixture, event);
		if (event->type == EVENT_STOPPED)
			fixture_note_stop(fixture, event);
		buf_add_char(&fixture->events, '\n');
	}
	if (fixture->hook)
		fixture->hook(fixture, event);
}

static inline void fixture_forget(struct fixture *fixture)
{
	buf_clear(&fixture->events);
	buf_clear(&fixture->output);
	fixture->progress = 0;
	fixture->progress_count = 0;
}

/* Expects exactly these events since the last look. */
static inline void fixture_expect(struct fixture *fixture, const char *events)
{
	assert_string_equal(fixture->events.data, events);
	fixture_forget(fixture);
}

/* --- host and session */

static inline void fixture_open_host(struct fixture *fixture)
{
	struct err err = {0};

	fixture->settings.store_path = fixture->store_path;
	fixture->settings.artifact_dir = fixture->artifact_dir;
	fixture->settings.context_dir = fixture->dir;
	if (host_new(&fixture->settings, fixture->loop, &fixture->host, &err) < 0)
		fail_msg("%s", err.text);
	fixture->spec_options = (struct spec_options){.schemas = action_schemas,
						      .parameters = &fixture->parameters,
						      .artifact_exists = host_artifact_exists,
						      .data = fixture->host};
}

/* Turns the loop until no child is left. */
static inline void fixture_reap(struct fixture *fixture)
{
	int64_t deadline = loop_now_ms() + FIXTURE_PATIENCE_MS;
	siginfo_t info;

	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0) {
		if (loop_now_ms() > deadline)
			fail_msg("a child is left");
		loop_turn(fixture->loop, 20);
	}
	assert_int_equal(errno, ECHILD);
}

static inline void fixture_report(void *data, const char *line)
{
	(void)data;
	print_error("%s\n", line);
}

static inline void fixture_verify(struct fixture *fixture)
{
	struct err err = {0};
	int findings = 0;

	if (store_verify(host_store(fixture->host), false, fixture_report, NULL, &findings, &err) <
	    0)
		fail_msg("%s", err.text);
	assert_int_equal(findings, 0);
}

/* Ends the session, as when the person quits. */
static inline void fixture_end_session(struct fixture *fixture)
{
	session_free(fixture->session);
	fixture->session = NULL;
	fixture_reap(fixture);
}

static inline void fixture_close_host(struct fixture *fixture)
{
	fixture_end_session(fixture);
	fixture_verify(fixture);
	host_free(fixture->host);
	fixture->host = NULL;
}

/* Reads a spec, which must be valid. */
static inline struct spec *fixture_parse(struct fixture *fixture, const char *text)
{
	struct diagnostics diagnostics = {0};
	struct spec *spec = NULL;
	struct err err = {0};

	if (spec_parse(fixture->spec_path, text, strlen(text), &fixture->spec_options, &spec,
		       &diagnostics, &err) < 0)
		fail_msg("%s", err.text);
	if (diagnostics.len)
		fail_msg("%s\n%s", diagnostics.items[0].text, text);
	diagnostics_release(&diagnostics);
	return spec;
}

/* A new session on a spec with this text. */
static inline void fixture_load(struct fixture *fixture, const char *text)
{
	struct session_options options = fixture->options;
	struct err err = {0};

	fixture_end_session(fixture);
	fixture_write(fixture, path_basename(fixture->spec_path), text);
	options.host = fixture->host;
	options.spec = fixture_parse(fixture, text);
	options.spec_options = &fixture->spec_options;
	options.event = fixture_event;
	options.data = fixture;
	assert_int_equal(session_new(&options, &fixture->session, &err), 0);
	fixture_forget(fixture);
}

/* --- commands */

/* Gives a command that must be accepted. */
static inline void fixture_start(struct fixture *fixture, const char *line)
{
	struct err err = {0};

	if (command_run(fixture->session, line, &err) < 0)
		fail_msg("%s: %s", line, err.text);
}

/* Turns the loop until the session has stopped. */
static inline void fixture_finish(struct fixture *fixture)
{
	while (session_state(fixture->session) != SESSION_STOPPED)
		loop_turn(fixture->loop, -1);
}

static inline void fixture_run(struct fixture *fixture, const char *line)
{
	fixture_start(fixture, line);
	fixture_finish(fixture);
}

/* Gives a command that must be refused with a text that begins like this. */
static inline void fixture_refuse(struct fixture *fixture, const char *line, enum err_code code,
				  const char *text)
{
	struct err err = {0};

	assert_int_equal(command_run(fixture->session, line, &err), -1);
	if (strncmp(err.text, text, strlen(text)) != 0)
		fail_msg("%s: %s", line, err.text);
	assert_int_equal(err.code, code);
}

/* Turns the loop until the steps have printed text. */
static inline void fixture_await(struct fixture *fixture, const char *text)
{
	while (!strstr(fixture->output.data, text)) {
		if (session_state(fixture->session) == SESSION_STOPPED)
			fail_msg("it stopped without printing %s: %s", text, fixture->events.data);
		loop_turn(fixture->loop, -1);
	}
}

static inline void fixture_await_state(struct fixture *fixture, enum session_state state)
{
	while (session_state(fixture->session) != state)
		loop_turn(fixture->loop, -1);
}

/* --- what has come of it */

/* The name below layers/ of a file of the workspace as it is before step, found without any
 * sandbox; NULL when it is not there. Free with free(). */
static inline char *fixture_file_path(struct fixture *fixture, size_t step, const char *name)
{
	const struct state *state = session_state_before(fixture->session, step);
	int layers_fd = store_layers_fd(host_store(fixture->host));

	assert_non_null(state);
	for (size_t i = state->chain[TREE_WORKSPACE].len; i > 0; i--) {
		AUTO_FREE char *path = mem_printf("%s/workspace/%s",
						  state->chain[TREE_WORKSPACE].items[i - 1], name);
		struct stat status;

		/* What is removed is marked by a device. */
		if (fstatat(layers_fd, path, &status, AT_SYMLINK_NOFOLLOW) == 0)
			return S_ISREG(status.st_mode) ? take_ptr(&path) : NULL;
	}
	return NULL;
}

/* Its content, or NULL. Free with free(). */
static inline char *fixture_file(struct fixture *fixture, size_t step, const char *name)
{
	AUTO_FREE char *path = fixture_file_path(fixture, step, name);

	return path ? fixture_read_at(store_layers_fd(host_store(fixture->host)), path) : NULL;
}

static inline void fixture_expect_file(struct fixture *fixture, size_t step, const char *name,
				       const char *text)
{
	AUTO_FREE char *content = fixture_file(fixture, step, name);

	if (!text) {
		assert_null(content);
		return;
	}
	assert_non_null(content);
	assert_string_equal(content, text);
}

static inline void fixture_expect_step(struct fixture *fixture, size_t step,
				       enum step_result result, unsigned flags)
{
	const struct step_status *status = session_step(fixture->session, step);

	assert_string_equal(step_result_name(status->result), step_result_name(result));
	assert_int_equal(status->flags, flags);
}

/* --- before and after */

/* The open descriptors, each with what it is. */
static inline void fixture_list_fds(struct strv *list)
{
	AUTO_CLOSEDIR DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	while ((entry = readdir(dir))) {
		char target[256];
		ssize_t length = readlinkat(dirfd(dir), entry->d_name, target, sizeof target);

		if (length > 0 && atoi(entry->d_name) != dirfd(dir))
			strv_add_fmt(list, "%s: %.*s", entry->d_name, (int)length, target);
	}
}

static inline void fixture_expect_fds(const struct fixture *fixture)
{
	AUTO_STRV struct strv now = {0};

	fixture_list_fds(&now);
	for (size_t i = 0; i < now.len; i++) {
		if (!strv_contains(&fixture->fds, now.items[i]))
			fail_msg("a descriptor is left open: %s", now.items[i]);
	}
	assert_int_equal(now.len, fixture->fds.len);
}

static inline int fixture_set_up(void **state)
{
	struct fixture *fixture = mem_new(sizeof *fixture);
	const char *parent = getenv("TMPDIR");

	alarm(FIXTURE_ALARM_S);
	*state = fixture;
	fixture->dir = path_join(parent ? parent : "/tmp", "session-XXXXXX");
	assert_non_null(mkdtemp(fixture->dir));
	fixture_list_fds(&fixture->fds);
	fixture->store_path = fixture_path(fixture, "store");
	fixture->spec_path = fixture_path(fixture, "spec.yaml");
	fixture->artifact_dir = fixture_path(fixture, "artifacts");
	buf_init(&fixture->events);
	buf_init(&fixture->output);
	fixture->loop = loop_new();
	systree_make(fixture->dir);
	fixture_open_host(fixture);
	return 0;
}

static inline int fixture_doom(void *data, const struct attempt *attempt)
{
	int64_t *number = data;

	*number = attempt->number;
	return 1;
}

/* Removes what an ordinary person may not: files that belong to other ids of the range. */
static inline void fixture_remove_attempts(struct fixture *fixture)
{
	struct store *store = host_store(fixture->host);
	struct err err = {0};
	int64_t number = 0;
	int removed;

	while (store_each_attempt(store, fixture_doom, &number, &err) > 0) {
		if (store_remove_attempt(store, number, &removed, &err) < 0)
			fail_msg("%s", err.text);
	}
}

static inline void fixture_release(struct fixture *fixture)
{
	strv_release(&fixture->fds);
	strv_release(&fixture->parameters);
	buf_release(&fixture->events);
	buf_release(&fixture->output);
	free(fixture->dir);
	free(fixture->store_path);
	free(fixture->spec_path);
	free(fixture->artifact_dir);
	free(fixture);
}

static inline int fixture_tear_down(void **state)
{
	struct fixture *fixture = *state;
	struct err err = {0};

	fixture_end_session(fixture);
	fixture_verify(fixture);
	if (geteuid() != 0)
		fixture_remove_attempts(fixture);
	host_free(fixture->host);
	loop_free(fixture->loop);
	fixture_expect_fds(fixture);
	if (path_remove_tree(AT_FDCWD, fixture->dir, &err) < 0)
		fail_msg("%s", err.text);
	fixture_release(fixture);
	alarm(0);
	return 0;
}

#define FIXTURE_TEST(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)

#endif
