/* What the kernel and the programs of a host are found to lack, with a host that lacks it: a directory in the place of "/", and
 * system calls that are refused (engine/session/doctor.h). */
#include "tests/unit/doctor_fixture.h"

#include <grp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "engine/process/id_map.h"

enum { NAMELESS = 65534 };

static const char bwrap_help[] = "#!/bin/sh\n"
				 "[ $1 = --version ] && echo bubblewrap 0.11.0 ||\n"
				 "echo --userns2 --clearenv --perms --size --ro-bind-data";

/* A system call that fails. */
struct refusal {
	int call, number;
};

static int refuse(const void *data)
{
	const struct refusal *refusal = data;
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int result;

	result = seccomp_rule_add(filter, SCMP_ACT_ERRNO((unsigned)refusal->number), refusal->call,
				  0);
	if (result == 0)
		result = seccomp_load(filter);
	seccomp_release(filter);
	errno = -result;
	return result;
}

/* The kernel. */

static void test_kernel_version(void **state)
{
	static const struct {
		const char *release;
		enum doctor_status status;
	} cases[] = {
		{"5.11.0\n", DOCTOR_FINE},
		{"6.1.0-18-amd64\n", DOCTOR_FINE},
		{"10.0", DOCTOR_FINE},
		{"5.10.0-28-amd64\n", DOCTOR_MISSING},
		{"4.19.0-26-amd64\n", DOCTOR_MISSING},
	};
	struct fixture *fixture = *state;

	check_finds(fixture, doctor_check_kernel, DOCTOR_MISSING, "/proc", "mount");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		put(fixture, "/proc/sys/kernel/osrelease", cases[i].release, 0644);
		check_finds(fixture, doctor_check_kernel, cases[i].status, "Linux ",
			    cases[i].status == DOCTOR_FINE ? NULL : "5.11");
	}
}

static void test_kernel_without_call(void **state)
{
	const struct refusal refusal = {SCMP_SYS(fsopen), ENOSYS};

	put(*state, "/proc/sys/kernel/osrelease", "6.1.0\n", 0644);
	check_finds_after((struct spoiled){*state, doctor_check_kernel, refuse, &refusal},
			  DOCTOR_MISSING, "fsopen", "seccomp=unconfined");
}

static void test_seccomp(void **state)
{
	const struct refusal refusal = {SCMP_SYS(seccomp), EINVAL};

	check_finds(*state, doctor_check_seccomp, DOCTOR_FINE, "", NULL);
	check_finds_after((struct spoiled){*state, doctor_check_seccomp, refuse, &refusal},
			  DOCTOR_MISSING, "cannot be filtered", "CONFIG_SECCOMP_FILTER");
}

/* Namespaces. */

static void test_namespaces(void **state)
{
	check_finds(*state, doctor_check_userns, DOCTOR_FINE, "mapped", NULL);
}

/* Each setting that refuses is named, and its own remedy; for root only what holds for root. */
static void test_namespaces_refused_by_setting(void **state)
{
	static const struct {
		const char *path, *value, *name, *remedy;
		bool root_too;
	} cases[] = {
		{"/proc/sys/user/max_user_namespaces", "0\n", "user.max_user_namespaces",
		 "sysctl -w user.max_user_namespaces=15000", true},
		{"/proc/sys/kernel/unprivileged_userns_clone", "0\n",
		 "kernel.unprivileged_userns_clone",
		 "sudo sysctl -w kernel.unprivileged_userns_clone=1", false},
		{"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n",
		 "kernel.apparmor_restrict_unprivileged_userns",
		 "apparmor_parser -r /etc/apparmor.d/contractor", false},
	};
	const struct refusal refusal = {SCMP_SYS(unshare), EPERM};
	struct spoiled spoiled = {*state, doctor_check_userns, refuse, &refusal};

	check_finds_after(spoiled, DOCTOR_MISSING, "user namespace", "container");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool blamed = geteuid() || cases[i].root_too;

		put(*state, cases[i].path, cases[i].value, 0644);
		check_finds_after(spoiled, DOCTOR_MISSING, blamed ? cases[i].name : "permitted",
				  blamed ? cases[i].remedy : "container");
		put(*state, cases[i].path, "7\n", 0644);
	}
	check_finds_after(spoiled, DOCTOR_MISSING, "user namespace", "container");
}

/* The check, when a system call is refused that comes after the mapping of ids. A filter takes the
 * powers of newuidmap, too, so where that is needed it is the first to fail. */
static void check_refused_inside(struct fixture *fixture, doctor_check_function *check,
				 const struct refusal *refusal, enum doctor_status status,
				 const char *text, const char *remedy)
{
	const struct spoiled spoiled = {fixture, check, refuse, refusal};
	struct id_map map;
	struct err err;

	assert_int_equal(id_map_find(&map, &err), 0);
	if (map.by_helper)
		check_finds_after(spoiled, DOCTOR_MISSING, "newuidmap refused", "see ");
	else
		check_finds_after(spoiled, status, text, remedy);
}

static void test_namespaces_refused_otherwise(void **state)
{
	const struct refusal limit = {SCMP_SYS(unshare), ENOSPC};
	const struct refusal unknown = {SCMP_SYS(unshare), EINVAL};
	const struct refusal inside = {SCMP_SYS(mount), EACCES};
	struct spoiled spoiled = {*state, doctor_check_userns, refuse, &limit};

	check_finds_after(spoiled, DOCTOR_MISSING, "user namespace", "user.max_user_namespaces");
	spoiled.data = &unknown;
	check_finds_after(spoiled, DOCTOR_MISSING, "user namespace", "CONFIG_USER_NS");
	check_refused_inside(*state, doctor_check_userns, &inside, DOCTOR_MISSING,
			     "cannot mount anything", "apparmor=unconfined");
}

/* A profile with the right of namespaces, by the file that was installed with the program, or else by
 * one that names the program where it is. */
static void test_profile(void **state)
{
	struct fixture *fixture = *state;
	char *remedy = doctor_apparmor_remedy(&fixture->host);

	assert_non_null(strstr(remedy, "profile contractor \"/opt/it/contractor\" "
				       "flags=(unconfined) { userns, }"));
	free(remedy);
	fixture->host.program = "/usr/local/bin/contractor";
	remedy = doctor_apparmor_remedy(&fixture->host);
	assert_non_null(strstr(remedy, "\"/usr/local/bin/contractor\""));
	free(remedy);
	put(fixture, "/usr/local/share/contractor/apparmor/contractor", "", 0644);
	remedy = doctor_apparmor_remedy(&fixture->host);
	assert_string_equal(remedy,
			    "sudo install -m 644 /usr/local/share/contractor/apparmor/contractor "
			    "/etc/apparmor.d/contractor && "
			    "sudo apparmor_parser -r /etc/apparmor.d/contractor");
	free(remedy);
	fixture->host.program = "/opt/o'clock";
	remedy = doctor_apparmor_remedy(&fixture->host);
	assert_non_null(strstr(remedy, "sysctl -w kernel.apparmor_restrict"));
	free(remedy);
}

static void test_apparmor(void **state)
{
	static const char setting[] = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns";
	static const char current[] = "/proc/self/attr/apparmor/current";
	struct fixture *fixture = *state;

	check_finds(fixture, doctor_check_apparmor, DOCTOR_FINE, "not in force", NULL);
	put(fixture, setting, "1\n", 0644);
	check_finds(fixture, doctor_check_apparmor, DOCTOR_FINE, "not in force", NULL);
	put(fixture, "/sys/module/apparmor/parameters/enabled", "Y\n", 0644);
	put(fixture, current, "unconfined\n", 0644);
	if (geteuid())
		check_finds(fixture, doctor_check_apparmor, DOCTOR_DEGRADED, "no profile",
			    "/etc/apparmor.d/contractor");
	put(fixture, current, "contractor (unconfined)\n", 0644);
	check_finds(fixture, doctor_check_apparmor, DOCTOR_FINE, "contractor (unconfined)", NULL);
	put(fixture, setting, "0\n", 0644);
	put(fixture, current, "unconfined\n", 0644);
	check_finds(fixture, doctor_check_apparmor, DOCTOR_FINE, "unconfined", NULL);
	put(fixture, "/etc/apparmor.d/bwrap-userns-restrict", "", 0644);
	check_finds(fixture, doctor_check_apparmor, DOCTOR_DEGRADED, "capabilities",
		    "/etc/apparmor.d/disable/");
	put(fixture, "/etc/apparmor.d/disable/bwrap-userns-restrict", "", 0644);
	check_finds(fixture, doctor_check_apparmor, DOCTOR_FINE, "unconfined", NULL);
}

/* Overlays. The store does not exist yet, and must not after the trial. */
static void test_overlay(void **state)
{
	struct fixture *fixture = *state;

	check_finds(fixture, doctor_check_overlay, DOCTOR_FINE, fixture->root, NULL);
	assert_int_equal(rmdir(fixture->root), 0);
	assert_int_equal(mkdir(fixture->root, 0700), 0);
}

static void test_overlay_refused(void **state)
{
	const struct refusal module = {SCMP_SYS(fsopen), ENODEV};
	const struct refusal options = {SCMP_SYS(fsconfig), EINVAL};
	struct fixture *fixture = *state;

	check_refused_inside(fixture, doctor_check_overlay, &module, DOCTOR_DEGRADED,
			     "trees are copied", "modprobe overlay");
	check_refused_inside(fixture, doctor_check_overlay, &options, DOCTOR_DEGRADED,
			     "cannot mount", "--store");
	put(fixture, "/proc/sys/kernel/osrelease", "5.10.1\n", 0644);
	check_refused_inside(fixture, doctor_check_overlay, &options, DOCTOR_DEGRADED,
			     "cannot mount", "5.11");
	fixture->host.store_near = "/proc";
	check_finds(fixture, doctor_check_overlay, DOCTOR_MISSING, "/proc", "--store");
}

/* Ids. */

static int become_nameless(const void *data)
{
	(void)data;
	if (geteuid())
		return 0;
	return setgroups(0, NULL) < 0 || setresgid(NAMELESS, NAMELESS, NAMELESS) < 0 ||
			       setresuid(NAMELESS, NAMELESS, NAMELESS) < 0
		       ? -1
		       : 0;
}

static void test_ids(void **state)
{
	struct fixture *fixture = *state;
	struct id_map map;
	struct err err;

	assert_int_equal(id_map_find(&map, &err), 0);
	if (map.single)
		check_finds(fixture, doctor_check_ids, DOCTOR_DEGRADED, map.single_reason,
			    map.single_remedy);
	else
		check_finds(fixture, doctor_check_ids, DOCTOR_FINE, "0 ", NULL);
	if (geteuid() == 0)
		check_finds_after(
			(struct spoiled){fixture, doctor_check_ids, become_nameless, NULL},
			DOCTOR_DEGRADED, "apt and debootstrap", " ");
}

/* Becomes an ordinary user whom no program can give powers. */
static int forbid_powers(const void *data)
{
	return become_nameless(data) < 0 ? -1 : prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* Programs that map ids need a privilege. */
static void test_uidmap(void **state)
{
	const struct spoiled spoiled = {*state, doctor_check_uidmap, become_nameless, NULL};
	struct fixture *fixture = *state;

	assert_int_equal(chmod(fixture->root, 0755), 0);
	check_finds_after(spoiled, DOCTOR_DEGRADED, "not installed", "apt install uidmap");
	put(fixture, "/usr/bin/newuidmap", "", 0755);
	check_finds_after(spoiled, DOCTOR_DEGRADED, "not installed", "apt install uidmap");
	put(fixture, "/usr/bin/newgidmap", "", 0755);
	check_finds_after(spoiled, DOCTOR_MISSING, "set-user-id", "--reinstall uidmap");
	put(fixture, "/usr/bin/newuidmap", "", 04755);
	check_finds_after(spoiled, DOCTOR_MISSING, "set-user-id", "--reinstall uidmap");
	put(fixture, "/usr/bin/newgidmap", "", 04755);
	check_finds_after(spoiled, DOCTOR_FINE, "newuidmap", "");
	check_finds_after((struct spoiled){fixture, doctor_check_uidmap, forbid_powers, NULL},
			  DOCTOR_MISSING, "no_new_privs", "NoNewPrivileges");
	if (geteuid() == 0)
		check_finds(fixture, doctor_check_uidmap, DOCTOR_FINE, "not needed", NULL);
}

/* Programs. */

static void test_bwrap(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *whole = mem_printf("%s --bind-fd\n", bwrap_help);

	check_finds(fixture, doctor_check_bwrap, DOCTOR_MISSING, "not installed",
		    "apt install bubblewrap");
	put(fixture, "/usr/bin/bwrap", "#!/bin/sh\nexit 1\n", 0755);
	check_finds(fixture, doctor_check_bwrap, DOCTOR_MISSING, "does not run", "--reinstall");
	put(fixture, "/usr/bin/bwrap", bwrap_help, 0755);
	check_finds(fixture, doctor_check_bwrap, DOCTOR_MISSING,
		    "bubblewrap 0.11.0 does not know --bind-fd", "--only-upgrade bubblewrap");
	put(fixture, "/usr/bin/bwrap", whole, 0755);
	check_finds(fixture, doctor_check_bwrap, DOCTOR_FINE, "bubblewrap 0.11.0", NULL);
	assert_null(strstr(fixture->finding.text, "set-user-id"));
	put(fixture, "/usr/bin/bwrap", whole, 04755);
	check_finds(fixture, doctor_check_bwrap, DOCTOR_FINE, "set-user-id", NULL);
}

static void test_tools(void **state)
{
	static const struct {
		doctor_check_function *check;
		const char *lost, *remedy, *program;
	} cases[] = {
		{doctor_check_debootstrap, "debootstrap steps", "apt install debootstrap",
		 "/usr/sbin/debootstrap"},
		{doctor_check_git, "git steps", "apt install git", "/usr/bin/git"},
		{doctor_check_gpgv, "signatures", "apt install gpgv", "/usr/bin/gpgv"},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_FREE char *path = mem_printf("%s%s", fixture->root, cases[i].program);

		check_finds(fixture, cases[i].check, DOCTOR_DEGRADED, cases[i].lost,
			    cases[i].remedy);
		put(fixture, cases[i].program, "", 0644);
		check_finds(fixture, cases[i].check, DOCTOR_DEGRADED, cases[i].lost,
			    cases[i].remedy);
		put(fixture, cases[i].program, "", 0755);
		check_finds(fixture, cases[i].check, DOCTOR_FINE, path, NULL);
		assert_int_equal(unlink(path), 0);
	}
}

/* One that needs a dynamic linker would not run in another tree. */
static void test_busybox(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *path = mem_printf("%s/bin/busybox", fixture->root);

	check_finds(fixture, doctor_check_busybox, DOCTOR_DEGRADED, "no static busybox",
		    "apt install busybox-static");
	put(fixture, "/bin/busybox", "#!/bin/sh\n", 0755);
	check_finds(fixture, doctor_check_busybox, DOCTOR_DEGRADED, "no static busybox",
		    "apt install busybox-static");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/bin/busybox", path), 0);
	check_finds(fixture, doctor_check_busybox, DOCTOR_FINE, path, NULL);
}

/* Core files. */

static int forbid_core_files(const void *data)
{
	const struct rlimit limit = {0, 0};

	(void)data;
	return setrlimit(RLIMIT_CORE, &limit);
}

static void test_core_files(void **state)
{
	static const char pattern[] = "/proc/sys/kernel/core_pattern";
	const struct spoiled spoiled = {*state, doctor_check_core, forbid_core_files, NULL};
	struct fixture *fixture = *state;

	put(fixture, pattern, "core\n", 0644);
	check_finds_after(spoiled, DOCTOR_FINE, "none", "");
	put(fixture, pattern, "|/usr/lib/handler %p\n", 0644);
	check_finds(fixture, doctor_check_core, DOCTOR_FINE, "none", NULL);
	check_finds_after(spoiled, DOCTOR_DEGRADED, "hard limit", "prlimit --core");
	put(fixture, pattern, "@/run/handler\n", 0644);
	check_finds(fixture, doctor_check_core, DOCTOR_DEGRADED, "socket",
		    "kernel.core_pattern=core");
}

/* Memory with values. */

static int lock_little(const void *data)
{
	const struct rlimit limit = {4096, 4096};

	return become_nameless(data) < 0 ? -1 : setrlimit(RLIMIT_MEMLOCK, &limit);
}

static void test_secrets(void **state)
{
	const struct spoiled spoiled = {*state, doctor_check_secrets, lock_little, NULL};
	struct fixture *fixture = *state;

	assert_int_equal(chmod(fixture->root, 0755), 0);
	put(fixture, "/proc/swaps", "Filename Type Size Used Priority\n", 0644);
	check_finds_after(spoiled, DOCTOR_FINE, "no swap", "");
	put(fixture, "/proc/swaps", "Filename Type\n/dev/sda2 partition\n", 0644);
	check_finds_after(spoiled, DOCTOR_DEGRADED, "4 KiB", "prlimit --memlock");
	check_finds(fixture, doctor_check_secrets, DOCTOR_FINE, "may be written to swap", NULL);
}

/* It takes a program, and the device, which in the namespaces nobody opens as root. */
static void test_network(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *device = mem_printf("%s/dev/net/tun", fixture->root);

	check_finds(fixture, doctor_check_network, DOCTOR_DEGRADED, "loopback",
		    "apt install passt");
	put(fixture, "/usr/bin/slirp4netns", "", 0755);
	check_finds(fixture, doctor_check_network, DOCTOR_DEGRADED, "no /dev/net/tun",
		    "modprobe tun");
	put(fixture, "/dev/net/tun", "", geteuid() ? 0000 : 0600);
	check_finds(fixture, doctor_check_network, DOCTOR_DEGRADED, "loopback", "chmod 0666");
	assert_int_equal(unlink(device), 0);
	put(fixture, "/dev/net/tun", "", 0666);
	check_finds(fixture, doctor_check_network, DOCTOR_FINE, "slirp4netns", NULL);
	put(fixture, "/usr/bin/pasta", "", 0755);
	check_finds(fixture, doctor_check_network, DOCTOR_FINE, "pasta", NULL);
}

/* Control groups. */

static void test_cgroups(void **state)
{
	struct fixture *fixture = *state;
	doctor_check_function *check = doctor_check_cgroup;

	check_finds(fixture, check, DOCTOR_DEGRADED, "no unified", "unified_cgroup_hierarchy=1");
	put(fixture, "/proc/self/cgroup", "4:memory:/a\n0::/user/me\n", 0644);
	check_finds(fixture, check, DOCTOR_DEGRADED, "no unified", "unified_cgroup_hierarchy=1");
	put(fixture, "/sys/fs/cgroup/cgroup.controllers", "cpu memory pids\n", 0644);
	check_finds(fixture, check, DOCTOR_DEGRADED, "not delegated", "Delegate=yes");
	put(fixture, "/sys/fs/cgroup/user/me/cgroup.procs", "1\n", 0644);
	put(fixture, "/sys/fs/cgroup/user/me/cgroup.subtree_control", "", 0644);
	put(fixture, "/sys/fs/cgroup/user/me/cgroup.controllers", "cpu pids\n", 0644);
	check_finds(fixture, check, DOCTOR_DEGRADED, "not delegated", "Delegate=yes");
	put(fixture, "/sys/fs/cgroup/user/me/cgroup.controllers", "cpu memory\n", 0644);
	check_finds(fixture, check, DOCTOR_DEGRADED, "other programs", "Delegate=yes");
	put(fixture, "/sys/fs/cgroup/user/me/cgroup.procs", "", 0644);
	check_finds(fixture, check, DOCTOR_FINE, "below /sys/fs/cgroup/user/me", NULL);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_kernel_version),
		TEST(test_kernel_without_call),
		TEST(test_seccomp),
		TEST(test_namespaces),
		TEST(test_namespaces_refused_by_setting),
		TEST(test_namespaces_refused_otherwise),
		TEST(test_profile),
		TEST(test_apparmor),
		TEST(test_overlay),
		TEST(test_overlay_refused),
		TEST(test_ids),
		TEST(test_uidmap),
		TEST(test_bwrap),
		TEST(test_tools),
		TEST(test_busybox),
		TEST(test_core_files),
		TEST(test_secrets),
		TEST(test_network),
		TEST(test_cgroups),
	};

	return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
