/* An init that is started before its plan is known (engine/sandbox/spare.h, init.h). */
#include "tests/unit/session_fixture.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/mman.h>

#include "engine/process/message.h"
#include "engine/sandbox/init_internal.h"
#include "engine/sandbox/spare.h"

static const struct init_kind kind = {.inner_userns = true, .private_network = true};

static struct spare *start(struct fixture *fixture)
{
	const struct userns *userns;
	struct spare *spare;
	struct err err = {0};

	assert_int_equal(host_userns(fixture->host, &userns, &err), 0);
	assert_int_equal(spare_start(userns, &kind, &spare, &err), 0);
	return spare;
}

/* The number of init, which comes first. */
static pid_t read_pid(int socket)
{
	struct message message;

	fcntl(socket, F_SETFL, 0);
	assert_int_equal(message_receive(socket, &message, 0), 1);
	assert_int_equal(message.type, 'I');
	return (pid_t)atoi(message.body);
}

static void reap(pid_t pid, int wanted)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), wanted);
}

/* One that nobody wants ends, and is reaped. */
static void test_unwanted(void **state)
{
	struct fixture *fixture = *state;

	spare_free(start(fixture), fixture->loop);
	spare_free(NULL, fixture->loop);
	fixture_reap(fixture);
}

/* Only one of the same kind fits. */
static void test_kinds(void **state)
{
	struct fixture *fixture = *state;
	struct spare *spare = start(fixture);
	struct init_kind other = kind;

	assert_false(spare_fits(NULL, &kind));
	assert_true(spare_fits(spare, &kind));
	other.processes = 7;
	assert_false(spare_fits(spare, &other));
	other = kind;
	other.private_network = false;
	assert_false(spare_fits(spare, &other));
	other = kind;
	other.inner_userns = false;
	assert_false(spare_fits(spare, &other));
	spare_free(spare, fixture->loop);
}

/* It dies with the socket, before it has a plan. */
static void test_life_line(void **state)
{
	pid_t spawner, init;
	int socket;

	spare_take(start(*state), &spawner, &socket);
	init = read_pid(socket);
	close(socket);
	reap(spawner, 0);
	reap(init, 1);
}

/* What is no plan is refused, and nothing runs. */
static void test_no_plan(void **state)
{
	struct pollfd polled = {.events = POLLIN};
	struct message message;
	pid_t spawner, init;
	struct err told;

	spare_take(start(*state), &spawner, &polled.fd);
	init = read_pid(polled.fd);
	assert_int_equal(message_send_text(polled.fd, 'p', "no file"), 0);
	assert_int_equal(message_receive(polled.fd, &message, 0), 1);
	assert_int_equal(message.type, 'E');
	message_get_err(&message, &told);
	assert_string_equal(told.text, "init was sent something that is no plan");
	close(polled.fd);
	reap(spawner, 0);
	reap(init, 1);
}

/* The child of ours that is not `but`. */
static pid_t other_child(pid_t but)
{
	AUTO_FCLOSE FILE *file = fopen("/proc/thread-self/children", "re");
	int pid, found = 0;

	assert_non_null(file);
	while (fscanf(file, "%d", &pid) == 1)
		found = pid == but ? found : pid;
	assert_true(found > 0);
	return found;
}

/* One that was killed while it waited is not given a step. */
static void test_killed(void **state)
{
	struct fixture *fixture = *state;
	struct spare *spare = start(fixture);
	siginfo_t info = {0};
	pid_t init;

	/* The spawner ends by itself, and first. */
	assert_int_equal(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), 0);
	init = other_child(info.si_pid);
	assert_true(spare_fits(spare, &kind));
	assert_int_equal(kill(init, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)init, &info, WEXITED | WNOWAIT), 0);
	assert_false(spare_fits(spare, &kind));
	spare_free(spare, fixture->loop);
	fixture_reap(fixture);
}

/* Notes it where the output goes; these steps print nothing. */
static void look_at_spare(struct fixture *fixture, const struct event *event)
{
	if (event->type == EVENT_STEP_STARTED || event->type == EVENT_STOPPED)
		buf_add_fmt(&fixture->output, "%s %zu %d, ", event_name(event->type), event->step,
			    *host_spare(fixture->host) != NULL);
}

/* A session has one while a step of the same kind is to follow, and at no other time. */
static void test_session(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("'true'") FIXTURE_SHELL("exit 3")
				      FIXTURE_SHELL("'true'"));
	fixture->hook = look_at_spare;
	fixture_run(fixture, "continue");
	assert_string_equal(fixture->output.data, "step-started 1 0, step-started 2 1, "
						  "step-started 3 1, stopped 3 0, ");
	fixture_load(fixture, FIXTURE_SPEC FIXTURE_SHELL("'true'") FIXTURE_SHELL("'false'"));
	fixture_run(fixture, "next");
	fixture_run(fixture, "next");
	fixture_run(fixture, "continue");
	assert_string_equal(fixture->output.data, "stopped 2 0, stopped 3 0, step-started 3 0, "
						  "stopped 3 0, ");
}

/* A step that changes nothing ends before its init does, but not before all is read that it
 * printed: 20000 lines of "x" are 40000 bytes. */
static void test_output_before_next(void **state)
{
	struct fixture *fixture = *state;

	fixture_load(fixture,
		     FIXTURE_SPEC FIXTURE_SHELL("yes x | head -n 20000") FIXTURE_SHELL("'true'"));
	fixture_run(fixture, "continue");
	assert_int_equal(fixture->reason, STOP_END);
	assert_int_equal(fixture->output.len, 40000);
}

/* A plan with something in every field; fds are its descriptors. */
static void fill_plan(struct init_plan *plan, struct strv lists[4], const int fds[2])
{
	static const struct init_file files[] = {{"etc/a", "text\n", false}, {"b", "", true}};

	strv_add_all(&lists[0], "1", "zz", NULL);
	strv_add_all(&lists[2], "out", NULL);
	strv_add_all(&lists[3], "bwrap", "", "--", NULL);
	*plan = (struct init_plan){
		.draft = "4m",
		.access = {TREE_READ, TREE_WRITE},
		.chain = {&lists[0], &lists[1]},
		.files = files,
		.n_files = ARRAY_SIZE(files),
		.outputs = &lists[2],
		.keep_tmp = true,
		.tmp_of = "3",
		.bwrap_argv = &lists[3],
		.sandbox_fds = {{fds[0], 7}, {fds[1], 9}, {-1, -1}},
		.stdio = {-1, fds[0], -1},
		.limits = {12345678901, 2, 3},
		.group_fds = {-1, fds[1]},
	};
}

static void expect_list(const struct strv *list, const struct strv *wanted)
{
	assert_int_equal(list->len, wanted->len);
	for (size_t i = 0; i < wanted->len; i++)
		assert_string_equal(list->items[i], wanted->items[i]);
}

static void expect_same_file(int fd, int wanted)
{
	struct stat a, b;

	assert_int_equal(fstat(fd, &a), 0);
	assert_int_equal(fstat(wanted, &b), 0);
	assert_int_equal(a.st_ino, b.st_ino);
	close(fd);
}

static void expect_plan(const struct init_plan *plan, const struct init_plan *wanted)
{
	assert_string_equal(plan->draft, wanted->draft);
	assert_memory_equal(plan->access, wanted->access, sizeof plan->access);
	expect_list(plan->chain[0], wanted->chain[0]);
	expect_list(plan->chain[1], wanted->chain[1]);
	assert_int_equal(plan->n_files, wanted->n_files);
	for (size_t i = 0; i < wanted->n_files; i++) {
		assert_string_equal(plan->files[i].name, wanted->files[i].name);
		assert_string_equal(plan->files[i].text, wanted->files[i].text);
		assert_int_equal(plan->files[i].executable, wanted->files[i].executable);
	}
	expect_list(plan->outputs, wanted->outputs);
	assert_true(plan->keep_tmp);
	assert_string_equal(plan->tmp_of, wanted->tmp_of);
	expect_list(plan->bwrap_argv, wanted->bwrap_argv);
	assert_memory_equal(&plan->limits, &wanted->limits, sizeof plan->limits);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(plan->sandbox_fds[i][1], wanted->sandbox_fds[i][1]);
		expect_same_file(plan->sandbox_fds[i][0], wanted->sandbox_fds[i][0]);
	}
	assert_int_equal(plan->sandbox_fds[2][0], -1);
	assert_int_equal(plan->stdio[0], -1);
	expect_same_file(plan->stdio[1], wanted->stdio[1]);
	assert_int_equal(plan->stdio[2], -1);
	assert_int_equal(plan->group_fds[0], -1);
	expect_same_file(plan->group_fds[1], wanted->group_fds[1]);
}

static void free_list(const struct strv *list)
{
	struct strv *own = (struct strv *)(uintptr_t)list;

	strv_release(own);
	free(own);
}

/* Init never frees what it received; here nothing may be left. */
static void free_received(struct init_plan *plan)
{
	for (size_t i = 0; i < plan->n_files; i++) {
		free((char *)(uintptr_t)plan->files[i].name);
		free((char *)(uintptr_t)plan->files[i].text);
	}
	free((struct init_file *)(uintptr_t)plan->files);
	free((char *)(uintptr_t)plan->draft);
	free((char *)(uintptr_t)plan->tmp_of);
	free_list(plan->chain[0]);
	free_list(plan->chain[1]);
	free_list(plan->outputs);
	free_list(plan->bwrap_argv);
}

/* A plan that is on its way: what it is made of, and the sockets between which it is. */
struct sent {
	struct strv lists[4];
	struct init_plan plan;
	int pair[2], fds[2];
};

static void send_plan(struct sent *sent)
{
	struct err err = {0};

	*sent = (struct sent){0};
	assert_int_equal(message_pair(sent->pair, &err), 0);
	sent->fds[0] = memfd_create("a", MFD_CLOEXEC);
	sent->fds[1] = memfd_create("b", MFD_CLOEXEC);
	fill_plan(&sent->plan, sent->lists, sent->fds);
	assert_int_equal(init_plan_send(&sent->plan, sent->pair[0], &err), 0);
}

/* Nobody else has closed one of its descriptors. */
static void release_sent(struct sent *sent)
{
	for (int i = 0; i < 2; i++) {
		assert_int_equal(close(sent->fds[i]), 0);
		assert_true(sent->pair[i] < 0 || close(sent->pair[i]) == 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(sent->lists); i++)
		strv_release(&sent->lists[i]);
}

/* Every field, and the descriptors, arrive as they were sent. */
static void test_plan(void **state)
{
	struct init_plan received = {0};
	struct sent sent;
	struct err err = {0};

	(void)state;
	send_plan(&sent);
	assert_int_equal(init_plan_receive(sent.pair[1], &received, &err), 1);
	expect_plan(&received, &sent.plan);
	free_received(&received);
	fd_close(&sent.pair[0]);
	assert_int_equal(init_plan_receive(sent.pair[1], &received, &err), 0);
	fd_close(&sent.pair[1]);
	release_sent(&sent);
}

/* No number of the sender's is taken for a descriptor, and closed. */
static void expect_no_fds(struct init_plan *plan, size_t from)
{
	assert_int_equal(plan->sandbox_fds[from][0], -1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(plan->stdio[i], -1);
	assert_int_equal(plan->group_fds[0], -1);
	assert_int_equal(plan->group_fds[1], -1);
	init_plan_close(plan);
}

/* Lets this process open so many further descriptors; returns how many it could have before. */
static rlim_t allow_fds(int count)
{
	AUTO_CLOSE int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct rlimit limit;
	rlim_t before;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	before = limit.rlim_cur;
	limit.rlim_cur = (rlim_t)(next + count);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	return before;
}

/* There is room for the plan and for the first of its descriptors. */
static void test_descriptors_that_do_not_arrive(void **state)
{
	struct init_plan received = {0};
	struct sent sent;
	struct rlimit limit;
	struct err err = {0};

	(void)state;
	send_plan(&sent);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = allow_fds(2);
	assert_int_equal(init_plan_receive(sent.pair[1], &received, &err), -1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_non_null(strstr(err.text, "ulimit -n"));
	expect_same_file(received.sandbox_fds[0][0], sent.fds[0]);
	received.sandbox_fds[0][0] = dup(sent.fds[0]);
	expect_no_fds(&received, 1);
	free_received(&received);
	release_sent(&sent);
}

static void test_damaged_plan(void **state)
{
	AUTO_CLOSE int fd = memfd_create("plan", MFD_CLOEXEC);
	struct init_plan received = {0};
	struct err err = {0};
	int pair[2];

	(void)state;
	assert_int_equal(message_pair(pair, &err), 0);
	assert_int_equal(message_send_fd(pair[0], 'p', fd), 0);
	assert_int_equal(init_plan_receive(pair[1], &received, &err), -1);
	assert_string_equal(err.text, "the step's plan is damaged");
	expect_no_fds(&received, 0);
	close(pair[0]);
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_unwanted),
		FIXTURE_TEST(test_kinds),
		FIXTURE_TEST(test_life_line),
		FIXTURE_TEST(test_no_plan),
		FIXTURE_TEST(test_killed),
		FIXTURE_TEST(test_session),
		FIXTURE_TEST(test_output_before_next),
		cmocka_unit_test(test_plan),
		cmocka_unit_test(test_descriptors_that_do_not_arrive),
		cmocka_unit_test(test_damaged_plan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
