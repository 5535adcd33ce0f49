/* Secrets in a session: what is masked and what is seen at once, who gets them, and when one that has no
 * value is said to be missing. */
#include "tests/unit/shell_fixture.h"

#include "engine/actions/secrets.h"

#define VALUE "hunter2-of-the-test"
#define SECRETS "secrets: [key, other]\n"
#define USES_KEY "  secrets: [key]\n"

/* Opens the host anew with VALUE as the secret "key". */
static struct secrets *give_value(struct fixture *fixture)
{
	AUTO_FREE char *path = fixture_path(fixture, "value");
	AUTO_FREE char *setting = mem_printf("id=key,src=%s", path);
	struct secrets *secrets = secrets_new();
	struct err err = {0};

	fixture_write(fixture, "value", VALUE "\n");
	if (secrets_read(secrets, setting, &err) < 0)
		fail_msg("%s", err.text);
	fixture_close_host(fixture);
	fixture->settings.secrets = secrets;
	fixture_open_host(fixture);
	return secrets;
}

/* Opens the host anew without it. */
static void take_value(struct fixture *fixture, struct secrets *secrets)
{
	fixture_close_host(fixture);
	fixture->settings.secrets = NULL;
	fixture_open_host(fixture);
	secrets_free(secrets);
}

static void expect_log(struct fixture *fixture, const char *text)
{
	struct store *store = host_store(fixture->host);
	AUTO_BUF struct buf log = BUF_INIT;
	struct attempt attempt = {0};
	struct err err = {0};
	AUTO_CLOSE int fd = -1;

	assert_int_equal(store_get_attempt(store, fixture->last_attempt, &attempt, &err), 1);
	fd = store_open_log(store, attempt.id);
	assert_int_equal(buf_read_fd(&log, fd, 1 << 20, "the log", &err), 0);
	assert_string_equal(log.data, text);
	attempt_release(&attempt);
}

/* The same step with the value given and without: masking is what hides it. */
static void test_masked_and_not(void **state)
{
	struct fixture *fixture = *state;
	struct secrets *secrets;

	fixture_load(fixture, SECRETS FIXTURE_SPEC FIXTURE_SHELL("echo is " VALUE ", is it"));
	fixture_run(fixture, "continue");
	assert_string_equal(fixture->output.data, "is " VALUE ", is it\n");
	expect_log(fixture, "is " VALUE ", is it\n");
	secrets = give_value(fixture);
	fixture_load(fixture, SECRETS FIXTURE_SPEC FIXTURE_SHELL("echo is " VALUE ", is it"));
	fixture_run(fixture, "rerun 2");
	assert_string_equal(fixture->output.data, "is ***, is it\n");
	expect_log(fixture, "is ***, is it\n");
	take_value(fixture, secrets);
}

/* A prompt is seen although it ends as the value begins, while the step waits; what is typed, and the
 * rest of the value, are masked. */
static void test_prompt(void **state)
{
	struct fixture *fixture = *state;
	struct secrets *secrets = give_value(fixture);
	struct err err = {0};

	fixture->options.interactive = true;
	fixture_load(fixture, SECRETS FIXTURE_SPEC FIXTURE_SHELL("printf 'who? hun'; read x; "
								 "printf 'hunte'; echo; echo $x"));
	fixture_run(fixture, "next");
	fixture_start(fixture, "next");
	fixture_await(fixture, "who? hun");
	assert_int_equal(session_type(fixture->session, VALUE "\n", strlen(VALUE) + 1, &err), 0);
	fixture_finish(fixture);
	assert_null(strstr(fixture->output.data, VALUE));
	expect_log(fixture, "who? hun***\nhunte\n***\n");
	take_value(fixture, secrets);
}

/* What is kept back comes when the step ends. */
static void test_end_of_output(void **state)
{
	struct fixture *fixture = *state;
	struct secrets *secrets = give_value(fixture);

	fixture_load(fixture, SECRETS FIXTURE_SPEC FIXTURE_SHELL("printf hunter2-of-the-tes"));
	fixture_run(fixture, "continue");
	expect_log(fixture, "hunter2-of-the-tes");
	take_value(fixture, secrets);
}

static void test_shells_have_it(void **state)
{
	struct fixture *fixture = *state;
	struct secrets *secrets = give_value(fixture);
	struct err err = {0};

	fixture_load(fixture, SECRETS FIXTURE_SPEC FIXTURE_SHELL("true") USES_KEY FIXTURE_SHELL(
				      "echo ready; read x; exit 1") USES_KEY FIXTURE_SHELL("true"));
	fixture_run(fixture, "until 3");
	visit_command(fixture, 2, SHELL_BEFORE, "cat /run/secrets/key", VALUE "\n", 0);
	visit_command(fixture, 2, SHELL_AFTER, "stat -c %a /run/secrets/key", "400\n", 0);
	session_interact(fixture->session, true);
	fixture_start(fixture, "next");
	fixture_await(fixture, "ready");
	visit_command(fixture, 3, SHELL_JOIN, "cat /run/secrets/key", VALUE "\n", 0);
	assert_int_equal(session_type(fixture->session, "\n", 1, &err), 0);
	fixture_finish(fixture);
	visit_command(fixture, 3, SHELL_FAILED, "cat /run/secrets/key", VALUE "\n", 0);
	visit_command(fixture, 1, SHELL_AFTER, "ls -A /run/secrets", "", 1);
	take_value(fixture, secrets);
}

#define MISSING "step 3 'shell true' needs the secret 'other': give its value by --secret id=other,"

/* Nothing is run, unless a breakpoint or the end of the command comes first. */
static void test_missing_value(void **state)
{
	static const char spec[] = SECRETS FIXTURE_SPEC FIXTURE_SHELL("echo two")
		FIXTURE_SHELL("true") "  secrets: [other]\n" FIXTURE_SHELL("true");
	struct fixture *fixture = *state;

	fixture_load(fixture, spec);
	fixture_refuse(fixture, "continue", ERR_USAGE, MISSING);
	fixture_refuse(fixture, "until 4", ERR_USAGE, MISSING);
	assert_string_equal(fixture->events.data, "");
	assert_int_equal(session_state(fixture->session), SESSION_STOPPED);
	fixture_run(fixture, "next");
	fixture_start(fixture, "break 3");
	fixture_run(fixture, "continue");
	assert_int_equal(session_position(fixture->session), 3);
	fixture_refuse(fixture, "next", ERR_USAGE, MISSING);
	fixture_refuse(fixture, "rerun 3", ERR_USAGE, MISSING);
	assert_int_equal(session_position(fixture->session), 3);
	visit_refused(fixture, 3, SHELL_BEFORE, ERR_USAGE, MISSING "src=FILE (or env=VARIABLE)");
}

/* A cached step needs none; a step that stands on one that runs is not known to be cached. */
static void test_cached_step_needs_no_value(void **state)
{
	static const char spec[] = SECRETS FIXTURE_SPEC FIXTURE_SHELL("cat /run/secrets/key")
		USES_KEY FIXTURE_SHELL("true");
	struct fixture *fixture = *state;
	struct secrets *secrets = give_value(fixture);

	fixture_load(fixture, spec);
	fixture_run(fixture, "continue");
	expect_log(fixture, "");
	take_value(fixture, secrets);
	fixture_load(fixture, spec);
	fixture_run(fixture, "continue");
	fixture_expect_step(fixture, 2, STEP_CACHED, 0);
	fixture->options.no_cache_from = 1;
	fixture_load(fixture, spec);
	fixture_refuse(fixture, "continue", ERR_USAGE, "step 2 'shell cat /run/secrets/key' needs");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_masked_and_not), FIXTURE_TEST(test_prompt),
		FIXTURE_TEST(test_end_of_output),  FIXTURE_TEST(test_shells_have_it),
		FIXTURE_TEST(test_missing_value),  FIXTURE_TEST(test_cached_step_needs_no_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
