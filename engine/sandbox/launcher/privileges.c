/* privileges.c: what the step's program must not have is given up here. */
#include "engine/sandbox/launcher/launcher.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static void fail(const char *what) __attribute__((noreturn));
static void fail(const char *what)
{
	launch_fail(LAUNCH_EXIT_SETUP, "cannot prepare the sandbox: ", what, ": ", launch_why(),
		    NULL);
}

/* Keyrings are not in a namespace: leave the one that was inherited. Where a host has none, refuses
 * the call or the person's share is used up, the filter still keeps the step from any. */
void launch_join_keyring(void)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS &&
	    errno != EPERM && errno != EACCES && errno != EDQUOT)
		fail("a keyring of its own");
}

void launch_check_no_new_privileges(void)
{
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		launch_fail(LAUNCH_EXIT_SETUP,
			    "cannot prepare the sandbox: no_new_privs is not set", NULL);
}

/* All but 0, 1, 2 and the control socket, whose end tells that the program runs. */
void launch_close_descriptors(void)
{
	if (syscall(SYS_close_range, 3U, LAUNCH_FD_CONTROL - 1U, 0U) < 0 ||
	    syscall(SYS_close_range, LAUNCH_FD_CONTROL + 1U, ~0U, 0U) < 0)
		fail("close_range");
}

void launch_give_files(const struct launch_strings *paths, const struct launch_user *user)
{
	for (size_t i = 0; i < paths->len; i++) {
		if (lchown(paths->items[i], user->uid, user->gid) < 0)
			fail(paths->items[i]);
	}
}

/* No limit can be raised above the hard one in force without a right on the host. */
void launch_set_limits(const struct launch_plan *plan)
{
	for (size_t i = 0; i < plan->n_limits; i++) {
		const struct launch_limit *wanted = &plan->limits[i];
		struct rlimit limit;

		if (getrlimit(wanted->resource, &limit) < 0)
			fail("getrlimit");
		if (wanted->hard < limit.rlim_max)
			limit.rlim_max = wanted->hard;
		limit.rlim_cur = wanted->soft < limit.rlim_max ? wanted->soft : limit.rlim_max;
		if (setrlimit(wanted->resource, &limit) < 0)
			fail("setrlimit");
	}
}

/* Takes what is not in wanted out of the bounding set: the most that root has after exec. */
static void cut_bounding_set(uint64_t wanted)
{
	for (unsigned capability = 0; capability < 64; capability++) {
		if (prctl(PR_CAPBSET_READ, capability, 0, 0, 0) < 0)
			break;
		if (!(wanted >> capability & 1) && prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0)
			fail("the bounding set");
	}
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

/* Permitted and effective as wanted, nothing inheritable (capset(2)). */
static void set_capabilities(uint64_t wanted)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	uint32_t low = (uint32_t)wanted, high = (uint32_t)(wanted >> 32);
	struct __user_cap_data_struct sets[2] = {{low, low, 0}, {high, high, 0}};

	if (syscall(SYS_capset, &header, sets) < 0)
		fail("the capabilities");
}

void launch_become(const struct launch_plan *plan, const struct launch_user *user)
{
	uint64_t wanted = user->uid == 0 ? plan->capabilities : 0;

	if (plan->has_capabilities)
		cut_bounding_set(wanted);
	if (plan->clear_groups && setgroups(0, NULL) < 0 && getgroups(0, NULL) != 0)
		fail("the supplementary groups");
	if (setresgid(user->gid, user->gid, user->gid) < 0)
		fail("the group of the user (is its id mapped?)");
	if (setresuid(user->uid, user->uid, user->uid) < 0)
		fail("the id of the user (is it mapped?)");
	if (plan->has_capabilities)
		set_capabilities(wanted);
}

void launch_load_filters(const struct launch_plan *plan)
{
	for (size_t i = 0; i < plan->n_filters; i++) {
		struct sock_fprog program = {
			.len = plan->filters[i].length,
			.filter = (struct sock_filter *)(uintptr_t)plan->filters[i].code,
		};

		if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0U, &program) < 0)
			fail("the system call filter");
	}
}
