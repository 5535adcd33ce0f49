/* The launcher and bwrap's arguments, carried out: each test runs a busybox tree in a real sandbox. */
#include "tests/unit/launcher_fixture.h"

static void root_has_exactly_its_capabilities(void **state)
{
	struct sandbox_policy policy;

	init_program(&policy, "grep", "^\\(Cap\\|NoNew\\|Seccomp:\\|Groups\\|SigBlk\\|SigIgn\\)",
		     "/proc/self/status");
	/* chown dac_override fowner fsetid kill setgid setuid: bits 0 1 3 4 5 6 7; setfcap: 31 */
	expect_output(*state, &policy,
		      "Groups:\t \n"
		      "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n"
		      "CapInh:\t0000000000000000\nCapPrm:\t00000000800000fb\n"
		      "CapEff:\t00000000800000fb\nCapBnd:\t00000000800000fb\n"
		      "CapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n");
}

static void another_user_has_no_capability(void **state)
{
	struct fixture *fixture = *state;
	struct sandbox_policy policy;

	if (fixture->map.single)
		skip();
	init_shell(&policy, "id -u; id -g; echo $HOME; grep -c '^Cap.*0000000000000000$' "
			    "/proc/self/status");
	policy.user = "builder";
	expect_output(fixture, &policy, "1000\n1001\n/root\n5\n");
}

static void home_comes_from_passwd_where_it_is_missing(void **state)
{
	struct fixture *fixture = *state;
	struct sandbox_policy policy;

	if (fixture->map.single)
		skip();
	init_shell(&policy, "echo $HOME; id -g");
	strv_clear(&policy.environment);
	policy.user = "1000";
	policy.gid = "20";
	expect_output(fixture, &policy, "/home/b\n20\n");
	init_shell(&policy, "id -u; id -g");
	policy.user = "4321";
	expect_output(fixture, &policy, "4321\n4321\n");
}

static void without_dropping_the_bounding_set_is_full(void **state)
{
	struct sandbox_policy policy;

	init_shell(&policy, "grep CapBnd:.*fff /proc/self/status >/dev/null && echo full");
	policy.drop_capabilities = false;
	expect_output(*state, &policy, "full\n");
}

static void without_the_filter_none_is_loaded(void **state)
{
	struct sandbox_policy policy;

	init_shell(&policy, "grep Seccomp: /proc/self/status");
	policy.seccomp = false;
	expect_output(*state, &policy, "Seccomp:\t0\n");
}

static void only_the_standard_descriptors_are_open(void **state)
{
	struct sandbox_policy policy;

	init_shell(&policy, "n=0; while [ $n -lt 100 ]; do test -e /proc/$$/fd/$n && echo $n; "
			    "n=$((n+1)); done; true");
	expect_output(*state, &policy, "0\n1\n2\n");
	init_shell(&policy, "test -e /proc/$$/fd/14 && echo open");
	policy.close_descriptors = false;
	expect_output(*state, &policy, "open\n");
}

static void the_environment_is_the_plans(void **state)
{
	struct sandbox_policy policy;

	init_program(&policy, "/bin/env", NULL, NULL);
	strv_clear(&policy.environment);
	strv_add_all(&policy.environment, "A=b c", "HOME=/x", NULL);
	expect_output(*state, &policy, "A=b c\nHOME=/x\n");
	init_shell(&policy, "echo $LEAK");
	policy.clear_environment = false;
	expect_output(*state, &policy, "1\n");
}

static void limits_and_umask_are_set(void **state)
{
	struct sandbox_policy policy;

	init_shell(&policy,
		   "ulimit -n; ulimit -c; umask; pwd; grep -o processes.*77 /proc/self/limits");
	policy.open_files_soft = 321;
	policy.processes = 77;
	expect_output(*state, &policy,
		      "321\n0\n0022\n/workspace\nprocesses             77                   77\n");
}

static void a_step_has_a_terminal_of_its_own(void **state)
{
	struct sandbox_policy policy;

	init_shell(&policy, "tty; stty size; stty -a | grep -o -E -e '-?opost|-?onlcr'; "
			    "stat -c %u /dev/pts/0; : </dev/tty && echo control");
	policy.terminal = true;
	policy.columns = 91;
	expect_output(*state, &policy, "/dev/pts/0\n24 91\n-opost\nonlcr\n0\ncontrol\n");
}

static void the_terminal_belongs_to_the_user(void **state)
{
	struct fixture *fixture = *state;
	struct sandbox_policy policy;

	if (fixture->map.single)
		skip();
	init_shell(&policy, "tty; stat -c %u /dev/pts/0; : >/dev/stdout && echo writable");
	policy.terminal = policy.interactive = true;
	policy.user = "builder";
	expect_output(fixture, &policy, "/dev/pts/0\r\n1000\r\nwritable\r\n");
}

static void without_a_session_there_is_no_controlling_terminal(void **state)
{
	struct sandbox_policy policy;

	init_shell(&policy, "tty; (: </dev/tty) 2>/dev/null || echo none");
	policy.terminal = true;
	policy.session = false;
	expect_output(*state, &policy, "/dev/pts/0\nnone\n");
}

static void the_kernel_s_files_are_masked(void **state)
{
	struct sandbox_policy policy;

	init_shell(&policy,
		   "(cat /proc/keys || echo masked) 2>/dev/null; "
		   "touch /proc/sys/vm 2>&1 | grep -o Read-only; test -d /sys || echo no sys");
	expect_output(*state, &policy, "masked\nRead-only\nno sys\n");
	init_shell(&policy, "cat /proc/keys >/dev/null && echo open");
	policy.mask_paths = false;
	expect_output(*state, &policy, "open\n");
	init_shell(&policy, "touch /proc/sys/vm 2>&1 | grep -o Read-only; echo end");
	policy.read_only_paths = false;
	expect_output(*state, &policy, "end\n");
}

static void bwraps_arguments_are_hidden(void **state)
{
	struct sandbox_policy policy;

	init_shell(&policy, "tr '\\0' ' ' </proc/1/cmdline");
	expect_output(*state, &policy, "/run/contractor-launcher ");
}

static void directories_have_their_modes(void **state)
{
	struct sandbox_policy policy;

	init_shell(&policy, "stat -c '%a %n' /tmp /run /dev/shm /run/lock; cat /etc/hostname "
			    "2>/dev/null; cat /proc/sys/kernel/hostname");
	expect_output(*state, &policy,
		      "1777 /tmp\n755 /run\n1777 /dev/shm\n1777 /run/lock\nbuilder\n");
}

static void files_are_put_in_place(void **state)
{
	struct fixture *fixture = *state;
	struct sandbox_file files[] = {{"/run/note", "one", 3, 0644, false},
				       {"/run/secrets/id", "two", 3, 0400, true}};
	struct sandbox_policy policy;

	if (fixture->map.single)
		skip();
	init_shell(&policy, "cat /run/note /run/secrets/id; stat -c ' %a %u' /run/secrets/id");
	policy.user = "builder";
	policy.files = files;
	policy.n_files = 2;
	expect_output(fixture, &policy, "onetwo 400 1000\n");
}

static void without_a_systree_the_hosts_programs_are_there(void **state)
{
	struct sandbox_policy policy;

	sandbox_policy_init(&policy, SANDBOX_HOST_GIT);
	policy.terminal = false;
	sandbox_base_environment(&policy.environment, 0);
	strv_add_all(
		&policy.argv, "sh", "-c",
		"id -un; touch /workspace/new; touch /etc/new /new 2>/dev/null || echo refused; "
		"test -e /home -o -e /etc/shadow || echo private; grep CapPrm "
		"/proc/self/status",
		NULL);
	expect_output(*state, &policy, "root\nrefused\nprivate\nCapPrm:\t0000000000000000\n");
}

/* Programs that cannot be executed. */
static void what_is_missing_is_named(void **state)
{
	static const struct {
		const char *program;
		int status;
		const char *part;
	} cases[] = {
		{"/bin/none", 127, "the systree has no /bin/none"},
		{"none", 127, "the systree has no program \"none\" in PATH=/usr/local/sbin:"},
		{"script", 127, "cannot run /bin/script: the systree has no interpreter /opt/none"},
		{"/bin/data", 126, "cannot run /bin/data: it is no program for this machine"},
		{"/bin/adir", 126, "cannot run /bin/adir: it is a directory"},
		{"locked", 126, "cannot run /bin/locked: Permission denied"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sandbox_policy policy;

		init_program(&policy, cases[i].program, NULL, NULL);
		expect_error(*state, &policy, cases[i].status, cases[i].part);
	}
}

static void what_cannot_be_set_up_is_named(void **state)
{
	struct sandbox_policy policy;

	init_shell(&policy, "");
	policy.workdir = "/workspace/none";
	expect_error(*state, &policy, 125,
		     "cannot enter workdir /workspace/none: No such file or directory");
	init_shell(&policy, "");
	policy.user = "nobody";
	expect_error(*state, &policy, 125,
		     "user \"nobody\": the systree's /etc/passwd has no such name");
	init_shell(&policy, "");
	policy.user = "70000000";
	expect_error(*state, &policy, 125, "is its id mapped?");
}

/* Without bwrap nothing sets no_new_privs, and the launcher refuses to go on. */
static void the_launcher_checks_no_new_privileges(void **state)
{
	struct sandbox_policy policy;
	struct outcome outcome = {0};
	struct buf plan = BUF_INIT;
	struct err err;
	int control[2];
	pid_t pid;

	(void)state;
	init_shell(&policy, "");
	policy.seccomp = false;
	assert_int_equal(policy_launch_plan(&policy, &plan, &err), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control), 0);
	pid = fork();
	if (pid == 0) {
		size_t length;
		const void *launcher = sandbox_launcher_image(&length);
		char *argv[] = {(char[]){"launcher"}, NULL};

		dup2(control[1], SANDBOX_FD_CONTROL);
		provide(launcher, length, SANDBOX_FD_LAUNCHER);
		provide(plan.data, plan.len, SANDBOX_FD_PLAN);
		fexecve(SANDBOX_FD_LAUNCHER, argv, argv + 1);
		abort();
	}
	close(control[1]);
	follow_control(control[0], &outcome);
	assert_non_null(strstr(outcome.error, "no_new_privs is not set"));
	close(control[0]);
	waitpid(pid, NULL, 0);
	buf_release(&plan);
	sandbox_policy_release(&policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_has_exactly_its_capabilities),
		cmocka_unit_test(another_user_has_no_capability),
		cmocka_unit_test(home_comes_from_passwd_where_it_is_missing),
		cmocka_unit_test(without_dropping_the_bounding_set_is_full),
		cmocka_unit_test(without_the_filter_none_is_loaded),
		cmocka_unit_test(only_the_standard_descriptors_are_open),
		cmocka_unit_test(the_environment_is_the_plans),
		cmocka_unit_test(limits_and_umask_are_set),
		cmocka_unit_test(a_step_has_a_terminal_of_its_own),
		cmocka_unit_test(the_terminal_belongs_to_the_user),
		cmocka_unit_test(without_a_session_there_is_no_controlling_terminal),
		cmocka_unit_test(the_kernel_s_files_are_masked),
		cmocka_unit_test(bwraps_arguments_are_hidden),
		cmocka_unit_test(directories_have_their_modes),
		cmocka_unit_test(files_are_put_in_place),
		cmocka_unit_test(without_a_systree_the_hosts_programs_are_there),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(what_cannot_be_set_up_is_named),
		cmocka_unit_test(the_launcher_checks_no_new_privileges),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
