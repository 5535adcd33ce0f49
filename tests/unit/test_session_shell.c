/* Shells in the states of a build: before, after, at a failure; on pipes and on a terminal. */
#include "tests/unit/shell_fixture.h"

#define TWO_STEPS                                                                     \
	FIXTURE_SPEC FIXTURE_SHELL("echo 2 > a")                                      \
		FIXTURE_SHELL("echo 3 >> a; echo kept > /tmp/t; echo tree > /etc/t; " \
			      "exit $FAIL") "  environment: {FAIL: '4'}\n"

static int count_attempt(void *data, const struct attempt *attempt)
{
	(void)attempt;
	++*(int *)data;
	return 0;
}

static int count_attempts(struct fixture *fixture)
{
	struct err err = {0};
	int count = 0;

	assert_int_equal(store_each_attempt(host_store(fixture->host), count_attempt, &count, &err),
			 0);
	return count;
}

/* Each shell sees the trees of its state and no others; its exit status comes back. */
static void test_where(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture, TWO_STEPS);
	fixture_run(fixture, "continue");
	assert_int_equal(fixture->reason, STOP_FAILED);
	visit_command(fixture, 2, SHELL_BEFORE, "ls -A; exit 5", "", 5);
	visit_command(fixture, 2, SHELL_AFTER, "cat a; test ! -e /etc/t", "2\n", 0);
	visit_command(fixture, 3, SHELL_BEFORE, "cat a; kill -9 $$", "2\n", 137);
	visit_command(fixture, 3, SHELL_FAILED, "cat a /etc/t", "2\n3\ntree\n", 0);
}

/* At a failure /tmp is what the step left there, and can be written, too. */
static void test_tmp_of_failure(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture, TWO_STEPS);
	fixture_run(fixture, "continue");
	for (int round = 0; round < 2; round++)
		visit_command(fixture, 3, SHELL_FAILED,
			      "cat /tmp/t; echo new > /tmp/t; touch /tmp/u; ls /tmp; "
			      "stat -c %a /tmp",
			      "kept\nt\nu\n1777\n", 0);
	visit_command(fixture, 3, SHELL_BEFORE, "ls -A /tmp; stat -c %a /tmp", "1777\n", 0);
}

/* What a shell changes is thrown away: in the trees, in the index, in the store's tmp/. */
static void test_changes_are_thrown_away(void **state)
{
	struct fixture *fixture = *state;
	int attempts;

	fixture_load(fixture, TWO_STEPS);
	fixture_run(fixture, "continue");
	attempts = count_attempts(fixture);
	visit_command(fixture, 3, SHELL_FAILED,
		      "echo x > a; echo x > /etc/t; mkdir d; chown 1000 d; chmod 700 d; rm -r /bin",
		      "", 0);
	visit_command(fixture, 3, SHELL_FAILED, "cat a /etc/t; test ! -e d", "2\n3\ntree\n", 0);
	assert_int_equal(count_attempts(fixture), attempts);
	fixture_verify(fixture);
	fixture_expect_step(fixture, 3, STEP_FAILED, 0);
}

/* States that are not there are refused, each with its reason. */
static void test_refused(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture, TWO_STEPS FIXTURE_SHELL("true"));
	fixture_run(fixture, "until 3");
	visit_refused(fixture, 3, SHELL_AFTER, ERR_STEP,
		      "there is no state after step 3: it has not passed; there may be one "
		      "before it, or of its failure");
	visit_refused(fixture, 4, SHELL_BEFORE, ERR_STEP,
		      "there is no state before step 4: a step before it has not passed; "
		      "run the build until there");
	visit_refused(fixture, 2, SHELL_FAILED, ERR_STEP, "step 2 has no attempt that failed");
	visit_refused(fixture, 5, SHELL_BEFORE, ERR_USAGE, "there is no step 5: the build has 4");
	visit_refused(fixture, 0, SHELL_BEFORE, ERR_USAGE, "there is no step 0: the build has 4");
}

/* A later session enters what an earlier one left; also a failure that has passed since. */
static void test_in_a_later_session(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture, TWO_STEPS);
	fixture_run(fixture, "continue");
	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("echo 2 > a") FIXTURE_SHELL("true"));
	visit_command(fixture, 3, SHELL_BEFORE, "cat a", "2\n", 0);
	fixture_run(fixture, "continue");
	assert_int_equal(fixture->reason, STOP_END);
	visit_command(fixture, 3, SHELL_FAILED, "cat a", "2\n3\n", 0);
	visit_command(fixture, 3, SHELL_AFTER, "cat a", "2\n", 0);
}

/* The step's own environment, user and directory. */
static void test_as_the_step(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture,
		     "name: test\nparameters: {version: '7'}\nenvironment: {A: all}\nactions:\n"
		     "- action: create-systree\n  path: systree.tar\n"
		     "- action: shell\n  shell: 'false'\n  user: user\n  workdir: /etc\n"
		     "  environment: {A: own}\n");
	fixture_run(fixture, "continue");
	visit_command(fixture, 2, SHELL_FAILED, "echo $version,$A,$(id -u); pwd",
		      "7,own,1000\n/etc\n", 0);
	visit_command(fixture, 1, SHELL_AFTER, "echo $version,$A,$(id -u); pwd",
		      ",,0\n/workspace\n", 0);
}

/* An interactive shell: on a terminal, with a prompt that says where one is, and with what the
 * step ran in its history. */
static void test_interactive(void **state)
{
	struct fixture *fixture = *state;
	struct visit visit;

	fixture_load(fixture, TWO_STEPS);
	fixture_run(fixture, "continue");
	visit_on_terminal(&visit, fixture, 2, SHELL_AFTER, "(after step 2) /workspace # ");
	visit_type(&visit, "echo $((6*7)); tty; cat $HISTFILE a\n");
	visit_await(&visit, "42\r\n/dev/");
	visit_await(&visit, "echo 2 > a");
	visit_type(&visit, "exit 3\n");
	visit_finish(&visit);
	assert_int_equal(visit.result.exit_status, 3);
	visit_release(&visit);
}

/* A shell without a history shows what the step ran, and can run it: a line without an end, and no more than the
 * first lines of a long script. */
static void test_shows_the_script(void **state)
{
	struct fixture *fixture = *state;
	struct visit visit;

	fixture_load(fixture, FIXTURE_SPEC "- action: shell\n  shell: 'echo \\\\n > a; false'\n");
	fixture_run(fixture, "continue");
	visit_init(&visit, fixture, 2, SHELL_FAILED);
	visit.options.terminal = true;
	visit_start(&visit);
	visit_await(&visit, "The script of the step; `(. /run/contractor-history)` runs it:\r\n"
			    "    echo \\\\n > a; false\r\n");
	visit_await(&visit, " # ");
	visit_type(&visit, "rm a; (. /run/contractor-history); wc -l a; exit\n");
	visit_await(&visit, "1 a\r\n");
	visit_finish(&visit);
	visit_release(&visit);
}

/* Of a long script the first lines are shown. */
static void test_shows_a_long_script(void **state)
{
	struct fixture *fixture = *state;
	struct visit visit;

	fixture_load(fixture,
		     FIXTURE_SPEC "- action: shell\n  shell: |\n    : 1\n    : 2\n    : 3\n"
				  "    : 4\n    : 5\n    : 6\n    : 7\n    : 8\n    : 9\n"
				  "    : 10\n    : 11\n    : 12\n");
	fixture_run(fixture, "continue");
	visit_on_terminal(&visit, fixture, 2, SHELL_AFTER, "    : 9\r\n    : 10\r\n    ...\r\n");
	visit_await(&visit, " # ");
	visit_type(&visit, "exit\n");
	visit_finish(&visit);
	visit_release(&visit);
}

/* A step that could not enter its directory can be entered all the same. */
static void test_interactive_without_workdir(void **state)
{
	struct fixture *fixture = *state;
	struct visit visit;

	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("true") "  workdir: /nowhere\n");
	fixture_run(fixture, "continue");
	assert_int_equal(fixture->reason, STOP_FAILED);
	visit_on_terminal(&visit, fixture, 2, SHELL_FAILED, "(failed step 2) /workspace # ");
	shell_free(take_ptr(&visit.shell));
	fixture_reap(fixture);
	fixture_verify(fixture);
	visit_release(&visit);
}

/* Makes broken.tar: a systree whose only shell cannot be executed. */
static void make_broken_systree(struct fixture *fixture)
{
	const struct archive_pack_options options = {.flatten_owner = true};
	AUTO_FREE char *root = fixture_path(fixture, "broken"),
		       *tar = fixture_path(fixture, "broken.tar"),
		       *sh = fixture_path(fixture, "broken/bin/sh");
	AUTO_CLOSE int root_fd = -1, fd = open(tar, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	struct err err = {0};

	fixture_write(fixture, "broken/bin/sh",
		      "\x7f"
		      "ELF no more");
	assert_int_equal(chmod(sh, 0755), 0);
	root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (archive_pack(root_fd, ".", &options, fd, &err) < 0)
		fail_msg("%s", err.text);
}

/* Without a shell that works in the systree, or without a systree at all, there is busybox. */
static void test_no_shell_in_systree(void **state)
{
	static const enum shell_where where[] = {SHELL_BEFORE, SHELL_AFTER};
	struct fixture *fixture = *state;

	make_broken_systree(fixture);
	fixture_load(fixture, "name: test\nactions:\n"
			      "- action: create-systree\n  path: broken.tar\n");
	fixture_run(fixture, "continue");
	for (size_t i = 0; i < ARRAY_SIZE(where); i++) {
		struct visit visit;

		visit_init(&visit, fixture, 1, where[i]);
		visit.options.terminal = true;
		visit_start(&visit);
		visit_await(&visit, " # ");
		visit_type(&visit, "echo $((6*7)); exit 9\n");
		visit_await(&visit, "42\r\n");
		visit_finish(&visit);
		assert_int_equal(visit.result.exit_status, 9);
		visit_release(&visit);
	}
}

/* A command that is not there fails as such. */
static void test_no_command(void **state)
{
	struct fixture *fixture = *state;
	struct visit visit;

	fixture_load(fixture, TWO_STEPS);
	fixture_run(fixture, "next");
	visit_init(&visit, fixture, 2, SHELL_BEFORE);
	strv_add(&visit.command, "nothing-like-it");
	visit_start(&visit);
	visit_finish(&visit);
	assert_int_equal(visit.result.end, RUN_FAILED);
	assert_int_equal(visit.result.exit_status, 127);
	assert_non_null(strstr(visit.result.err.text, "nothing-like-it"));
	visit_release(&visit);
}

/* A person types, and makes the pane another size, before the terminal is there. */
static void test_typed_at_once(void **state)
{
	struct fixture *fixture = *state;
	struct visit visit;

	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("true"));
	fixture_run(fixture, "next");
	visit_init(&visit, fixture, 2, SHELL_BEFORE);
	visit.options.terminal = true;
	visit_start(&visit);
	runner_resize(shell_runner(visit.shell), 71, 19);
	visit_type(&visit, "stty size; exit 3\n");
	visit_finish(&visit);
	assert_non_null(strstr(visit.output.data, "19 71"));
	assert_int_equal(visit.result.exit_status, 3);
	visit_release(&visit);
}

/* Nobody reads what is typed into a command on pipes. */
static void test_no_terminal_to_type_into(void **state)
{
	struct fixture *fixture = *state;
	struct visit visit;

	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("true"));
	fixture_run(fixture, "next");
	visit_init(&visit, fixture, 2, SHELL_BEFORE);
	strv_add(&visit.command, "true");
	visit_start(&visit);
	assert_false(runner_write(shell_runner(visit.shell), "x", 1));
	visit_finish(&visit);
	visit_release(&visit);
}

/* Several shells at once, beside a step that runs, which none of them disturbs. */
static void test_beside_a_running_step(void **state)
{
	struct fixture *fixture = *state;
	struct visit first, second;

	fixture->options.interactive = true;
	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("echo ready; read x; echo $x > a"));
	fixture_run(fixture, "next");
	fixture_start(fixture, "next");
	fixture_await(fixture, "ready");
	visit_init(&first, fixture, 2, SHELL_BEFORE);
	visit_init(&second, fixture, 2, SHELL_BEFORE);
	first.options.terminal = second.options.terminal = true;
	visit_start(&first);
	visit_start(&second);
	visit_await(&first, " # ");
	visit_await(&second, " # ");
	visit_type(&first, "echo 1 > a; cat a; exit 1\n");
	visit_finish(&first);
	visit_type(&second, "ls a; exit 2\n");
	visit_finish(&second);
	assert_non_null(strstr(second.output.data, "No such file"));
	assert_int_equal(first.result.exit_status, 1);
	fixture_expect_step(fixture, 2, STEP_RUNNING, 0);
	assert_int_equal(runner_write(shell_runner(first.shell), "x", 1), 1);
	{
		struct err err = {0};

		assert_int_equal(session_type(fixture->session, "yes\n", 4, &err), 0);
	}
	fixture_finish(fixture);
	fixture_expect_file(fixture, 3, "a", "yes\n");
	visit_release(&first);
	visit_release(&second);
	fixture_forget(fixture);
}

/* A shell that is killed, and one that is freed while it runs. */
static void test_killed_and_freed(void **state)
{
	struct fixture *fixture = *state;
	struct visit visit;

	fixture_load(fixture, TWO_STEPS);
	fixture_run(fixture, "next");
	visit_init(&visit, fixture, 2, SHELL_BEFORE);
	strv_add_all(&visit.command, "sleep", "60", NULL);
	visit_start(&visit);
	runner_kill(shell_runner(visit.shell), 0);
	visit_finish(&visit);
	assert_int_equal(visit.result.end, RUN_KILLED);
	visit_release(&visit);
	visit_init(&visit, fixture, 2, SHELL_BEFORE);
	strv_add_all(&visit.command, "sleep", "60", NULL);
	visit_start(&visit);
	visit_release(&visit);
	assert_false(visit.ended);
	fixture_verify(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_where),
		FIXTURE_TEST(test_tmp_of_failure),
		FIXTURE_TEST(test_changes_are_thrown_away),
		FIXTURE_TEST(test_refused),
		FIXTURE_TEST(test_in_a_later_session),
		FIXTURE_TEST(test_as_the_step),
		FIXTURE_TEST(test_interactive),
		FIXTURE_TEST(test_shows_the_script),
		FIXTURE_TEST(test_shows_a_long_script),
		FIXTURE_TEST(test_interactive_without_workdir),
		FIXTURE_TEST(test_no_shell_in_systree),
		FIXTURE_TEST(test_no_command),
		FIXTURE_TEST(test_typed_at_once),
		FIXTURE_TEST(test_no_terminal_to_type_into),
		FIXTURE_TEST(test_beside_a_running_step),
		FIXTURE_TEST(test_killed_and_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
