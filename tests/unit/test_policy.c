/* Policies as bwrap's arguments and in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/sandbox/policy.h"

/* A host that has few of the paths. */
static void add_existing(struct strv *existing)
{
	strv_add_all(existing, "/proc/acpi/", "/proc/keys", "/proc/sys/", "/proc/sysrq-trigger",
		     "/usr/", "/bin -> usr/bin", "/sbin/", "/etc/ld.so.cache", NULL);
}

/* The arguments in one line. Free with free(). */
static char *argv_text(const struct sandbox_policy *policy)
{
	AUTO_STRV struct strv existing = {0}, argv = {0};

	add_existing(&existing);
	policy_bwrap_argv(policy, &existing, &argv);
	return strv_join(&argv, " ");
}

static void expect_argv(const struct sandbox_policy *policy, const char *text)
{
	AUTO_FREE char *found = argv_text(policy);

	assert_string_equal(found, text);
}

#define NAMESPACES                                                                 \
	"bwrap --userns2 10 --unshare-pid --as-pid-1 --unshare-ipc --unshare-uts " \
	"--unshare-cgroup-try --die-with-parent --clearenv --hostname builder "
#define PROC                                                                    \
	"--proc /proc --perms 0555 --tmpfs /proc/acpi --remount-ro /proc/acpi " \
	"--ro-bind /dev/null /proc/keys --ro-bind /proc/sys /proc/sys "         \
	"--ro-bind /proc/sysrq-trigger /proc/sysrq-trigger "
#define SIZED " --size 1073741824 --tmpfs "
#define DIRS                                                                                    \
	"--dev /dev --perms 1777" SIZED "/dev/shm --perms 1777" SIZED "/tmp --perms 0755" SIZED \
	"/run --perms 1777 --dir /run/lock --bind-fd 12 /workspace "
#define LAUNCH "--chdir / -- /run/contractor-launcher"
#define LAUNCHER "--perms 0555 --ro-bind-data 13 /run/contractor-launcher "

static void a_step_in_a_systree(void **state)
{
	struct sandbox_policy policy;

	(void)state;
	sandbox_policy_init(&policy, SANDBOX_SHELL);
	expect_argv(&policy, NAMESPACES "--bind-fd 11 / " PROC DIRS LAUNCHER LAUNCH);
	sandbox_policy_init(&policy, SANDBOX_PACKAGES);
	expect_argv(&policy, NAMESPACES "--bind-fd 11 / " PROC DIRS LAUNCHER LAUNCH);
}

static void a_step_with_the_hosts_tools(void **state)
{
	struct sandbox_policy policy;
	const char *text = NAMESPACES
		"--ro-bind /usr /usr --symlink usr/bin /bin --ro-bind /sbin /sbin "
		"--ro-bind /etc/ld.so.cache /etc/ld.so.cache --perms 0700 --dir /root " PROC DIRS
		"--perms 0755 --dir /etc --perms 0644 --ro-bind-data 18 /etc/passwd "
		"--perms 0755 --dir /etc --perms 0644 --ro-bind-data 19 /etc/group "
		"--perms 0755 --dir /etc --perms 0644 --ro-bind-data 20 /etc/nsswitch.conf "
		"--perms 0755 --dir /etc --perms 0644 --ro-bind-data 21 /etc/hosts " LAUNCHER
		"--remount-ro / " LAUNCH;

	(void)state;
	sandbox_policy_init(&policy, SANDBOX_HOST);
	expect_argv(&policy, text);
	sandbox_policy_init(&policy, SANDBOX_HOST_GIT);
	expect_argv(&policy, text);
}

static void directories_files_and_binds(void **state)
{
	const struct sandbox_file files[] = {{"/run/a", "x", 1, 0644, false},
					     {"/run/secrets/b", "y", 1, 0400, true}};
	const struct sandbox_bind bind = {"/usr/bin/busybox", "/run/host/busybox"};
	struct sandbox_policy policy;
	AUTO_FREE char *text = NULL;

	(void)state;
	sandbox_policy_init(&policy, SANDBOX_SHELL);
	policy.files = files;
	policy.n_files = 2;
	policy.binds = &bind;
	policy.n_binds = 1;
	policy.tmp_from_fd = true;
	policy.workspace = false;
	policy.tmpfs_size = 0;
	text = argv_text(&policy);
	assert_non_null(strstr(text,
			       " --bind-fd 16 /tmp --perms 0755 --tmpfs /run --perms 1777 "
			       "--dir /run/lock --ro-bind /usr/bin/busybox /run/host/busybox "
			       "--perms 0755 --dir /run --perms 0644 --ro-bind-data 18 /run/a "
			       "--perms 0755 --dir /run/secrets --perms 0400 --file 19 "
			       "/run/secrets/b " LAUNCHER));
}

/* Each protection: what is in the arguments only with it, and what only without. */
static void each_protection_is_visible(void **state)
{
	static const struct {
		size_t offset;
		const char *with, *without;
	} cases[] = {
		{offsetof(struct sandbox_policy, inner_userns), " --userns2 10 ", NULL},
		{offsetof(struct sandbox_policy, unshare_pid), " --unshare-pid ", NULL},
		{offsetof(struct sandbox_policy, unshare_pid), " --as-pid-1 ", NULL},
		{offsetof(struct sandbox_policy, unshare_ipc), " --unshare-ipc ", NULL},
		{offsetof(struct sandbox_policy, unshare_uts), " --unshare-uts ", NULL},
		{offsetof(struct sandbox_policy, unshare_uts), " --hostname builder ", NULL},
		{offsetof(struct sandbox_policy, unshare_cgroup), " --unshare-cgroup-try ", NULL},
		{offsetof(struct sandbox_policy, die_with_parent), " --die-with-parent ", NULL},
		{offsetof(struct sandbox_policy, clear_environment), " --clearenv ", NULL},
		{offsetof(struct sandbox_policy, mask_paths), " /dev/null /proc/keys ", NULL},
		{offsetof(struct sandbox_policy, mask_paths), " --remount-ro /proc/acpi ", NULL},
		{offsetof(struct sandbox_policy, read_only_paths), " /proc/sys /proc/sys ", NULL},
		{offsetof(struct sandbox_policy, minimal_dev), " --dev /dev ",
		 " --dev-bind /dev /dev "},
		{offsetof(struct sandbox_policy, private_tmp), SIZED "/tmp ", " --bind /tmp /tmp "},
		{offsetof(struct sandbox_policy, systree), " --bind-fd 11 / ", " /usr /usr "},
		{offsetof(struct sandbox_policy, workspace), " --bind-fd 12 /workspace ", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sandbox_policy policy;
		AUTO_FREE char *with = NULL, *without = NULL;

		sandbox_policy_init(&policy, SANDBOX_SHELL);
		with = argv_text(&policy);
		*(bool *)((char *)&policy + cases[i].offset) = false;
		without = argv_text(&policy);
		if (!strstr(with, cases[i].with) || strstr(without, cases[i].with))
			fail_msg("%s does not follow its protection", cases[i].with);
		if (cases[i].without &&
		    (!strstr(without, cases[i].without) || strstr(with, cases[i].without)))
			fail_msg("%s does not follow its protection", cases[i].without);
	}
}

/* The names of decision 4; net_bind_service has no effect and is not among them. */
static void capabilities_by_kind(void **state)
{
	static const struct {
		enum sandbox_kind kind;
		const char *names;
	} cases[] = {
		{SANDBOX_SHELL, "chown dac_override fowner fsetid kill setgid setuid setfcap"},
		{SANDBOX_PACKAGES, "chown dac_override fowner fsetid kill setgid setuid setpcap "
				   "sys_chroot mknod audit_write setfcap"},
		{SANDBOX_HOST, "chown dac_override fowner fsetid kill setgid setuid setpcap "
			       "sys_chroot mknod audit_write setfcap"},
		{SANDBOX_HOST_GIT, "none"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sandbox_policy policy;
		AUTO_BUF struct buf names = BUF_INIT;

		sandbox_policy_init(&policy, cases[i].kind);
		policy_describe_capabilities(policy.capabilities, &names);
		assert_string_equal(names.data, cases[i].names);
	}
}

static void the_base_environment(void **state)
{
	AUTO_STRV struct strv environment = {0};
	AUTO_FREE char *text = NULL;

	(void)state;
	sandbox_base_environment(&environment, 1700000000);
	text = strv_join(&environment, "\n");
	assert_string_equal(text,
			    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
			    "HOME=/root\nTERM=xterm-256color\nLANG=C.UTF-8\nUSER=root\n"
			    "DEBIAN_FRONTEND=noninteractive\nSOURCE_DATE_EPOCH=1700000000");
}

static void the_arguments_can_be_hidden(void **state)
{
	AUTO_STRV struct strv argv = {0}, hidden = {0};
	AUTO_BUF struct buf args = BUF_INIT;
	AUTO_FREE char *text = NULL;

	(void)state;
	strv_add_all(&argv, "bwrap", "--proc", "/proc", "--", "/launch", NULL);
	policy_bwrap_hidden(&argv, &args, &hidden);
	text = strv_join(&hidden, " ");
	assert_string_equal(text, "bwrap --args 17 -- /launch");
	assert_int_equal(args.len, sizeof "--proc\0/proc");
	assert_memory_equal(args.data, "--proc\0/proc", args.len);
}

/* What bwrap would die on is not among them, and what is there is told apart. */
static void existing_paths_are_those_of_this_host(void **state)
{
	AUTO_STRV struct strv existing = {0};

	(void)state;
	sandbox_existing_paths(&existing);
	assert_true(strv_contains(&existing, "/usr/"));
	assert_true(strv_contains(&existing, "/proc/sys/"));
	assert_false(strv_contains(&existing, "/usr"));
	for (size_t i = 0; i < existing.len; i++)
		assert_int_equal(existing.items[i][0], '/');
}

static void a_policy_in_words(void **state)
{
	AUTO_STRV struct strv existing = {0};
	AUTO_BUF struct buf text = BUF_INIT;
	struct sandbox_policy policy;

	(void)state;
	add_existing(&existing);
	sandbox_policy_init(&policy, SANDBOX_SHELL);
	policy.mask_paths = false;
	policy.hostname = "it's\n\\here";
	strv_add_all(&policy.argv, "sh", "-c", "\033[2J", NULL);
	policy_describe(&policy, &existing, &text);
	assert_non_null(strstr(text.data, "shell step, as root in /workspace\n"));
	assert_non_null(strstr(text.data, "\nprotections:\n  a user namespace"));
	assert_non_null(strstr(text.data, "\n  no network\n"));
	assert_null(strstr(text.data, "hidden"));
	assert_non_null(strstr(text.data, "\nbut it may:\n"));
	assert_non_null(strstr(text.data, "\n  read secrets of the kernel in /proc\n"));
	assert_null(strstr(text.data, "use a network"));
	assert_non_null(strstr(text.data, " --hostname $'it\\'s\\n\\\\here' \\\n"));
	assert_non_null(strstr(text.data, " \\\n    --bind-fd 11 / \\\n"));
	assert_non_null(strstr(text.data, "\n  argument=\\x1b[2J\n"));
	assert_non_null(strstr(text.data, "\n  capabilities=800000fb\n"));
	assert_null(strchr(text.data, '\033'));
	sandbox_policy_release(&policy);
}

/* Whose network a step has depends on what the host has: the words say what it came to. */
static void the_network_in_words(void **state)
{
	static const struct {
		bool none;
		enum stack stack;
		const char *words;
	} cases[] = {
		{true, STACK_PASTA, "\nnetwork: none\n"},
		{false, STACK_HOST, "\nnetwork: the host's\n"},
		{false, STACK_PASTA, "\nnetwork: one of its own, by pasta\n"},
		{false, STACK_SLIRP4NETNS, "\nnetwork: one of its own, by slirp4netns\n"},
		{false, STACK_MISSING,
		 "\nnetwork: one of its own is asked for; no network: neither pasta nor "
		 "slirp4netns "
		 "can be used\n"},
	};
	struct strv existing = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_BUF struct buf text = BUF_INIT;
		struct sandbox_policy policy;

		sandbox_policy_init(&policy, SANDBOX_SHELL);
		policy.unshare_network = cases[i].none;
		policy.stack = cases[i].stack;
		policy_describe(&policy, &existing, &text);
		assert_non_null(strstr(text.data, cases[i].words));
		sandbox_policy_release(&policy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_step_in_a_systree),
		cmocka_unit_test(a_step_with_the_hosts_tools),
		cmocka_unit_test(directories_files_and_binds),
		cmocka_unit_test(each_protection_is_visible),
		cmocka_unit_test(capabilities_by_kind),
		cmocka_unit_test(the_base_environment),
		cmocka_unit_test(the_arguments_can_be_hidden),
		cmocka_unit_test(existing_paths_are_those_of_this_host),
		cmocka_unit_test(a_policy_in_words),
		cmocka_unit_test(the_network_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
