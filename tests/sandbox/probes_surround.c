/* What leaks into a step, and whom it reaches. */
#include "tests/sandbox/probes.h"

#include "engine/base/mem.h"

/* inside, with the environment that it should have as arguments. */
static void compare_environment(struct trial *trial)
{
	strv_clear(&trial->policy.argv);
	strv_add_all(&trial->policy.argv, "inside", "environment", NULL);
	strv_extend(&trial->policy.argv, &trial->policy.environment);
}

/* To look for keys at all. */
static void allow_keyctl(struct trial *trial)
{
	trial->policy.seccomp = false;
}

const struct probe surround_probes[] = {
	{.name = "no descriptors but 0, 1, 2",
	 .command = "exec inside descriptors",
	 .off = {OFF(close_descriptors)}},
	{.name = "no descriptors but 0, 1, 2 without a terminal",
	 .command = "exec inside descriptors",
	 .plain = true,
	 .off = {OFF(close_descriptors)}},
	{.name = "the environment is what was given",
	 .command = "",
	 .prepare = compare_environment,
	 .alone = true,
	 .off = {OFF(clear_environment)}},
	/* Without a namespace of its own a step would be shown the host's /proc. */
	{.name = "the first process tells no path of the host",
	 .command = "[ \"$(tr '\\0' ' ' </proc/1/cmdline)\" != '/run/contractor-launcher ' ]",
	 .off = {OFF(unshare_pid)}},
	/* The kernel keeps environments from other user namespaces: the host's own can be read. */
	{.name = "no environment of contractor",
	 .command = "cat /proc/1/environ /proc/$HOST_PID/environ 2>&1 | grep -q =",
	 .outside = true},
	/* It has no filter: who could trace it, or write to its memory, would have none either. It is
	 * not dumpable, which CAP_SYS_PTRACE overrides. */
	{.name = "the first process cannot be traced",
	 .command = "inside trace 1",
	 .off = {OFF(drop_capabilities)}},
	{.name = "the first process's memory cannot be written",
	 .command = "inside open-for-writing /proc/1/mem",
	 .off = {OFF(drop_capabilities)}},
	{.name = "the same by a package step",
	 .command = "inside trace 1",
	 .step = RIG_PACKAGES,
	 .off = {OFF(drop_capabilities)}},
	{.name = "the first process's program and directories are out of reach",
	 .command = "readlink /proc/1/exe || ls /proc/1/root/ || ls /proc/1/cwd/",
	 .off = {OFF(drop_capabilities)}},
	{.name = "a terminal of its own, with job control",
	 .command = "exec inside terminal",
	 .must_work = true,
	 .off = {OFF(session)}},
	{.name = "the same for a user step",
	 .command = "exec inside terminal",
	 .step = RIG_USER,
	 .must_work = true,
	 .off = {OFF(session)}},
	/* Every child of contractor leaves its session at once (child_fork()). */
	{.name = "contractor's terminal cannot be opened",
	 .command = "inside open-for-writing /dev/tty",
	 .plain = true,
	 .outside = true},
	{.name = "the host name is builder",
	 .command = "[ \"$(hostname)\" != builder ]",
	 .off = {OFF(unshare_uts)}},

	/* Init has namespaces of these kinds, too, and always. */
	{.name = "user namespace", .command = "inside namespace user $NS_user", .outside = true},
	{.name = "pid namespace", .command = "inside namespace pid $NS_pid", .outside = true},
	{.name = "mount namespace", .command = "inside namespace mnt $NS_mnt", .outside = true},
	{.name = "network namespace",
	 .command = "inside namespace net $NS_net",
	 .off = {OFF(unshare_network)}},
	{.name = "IPC namespace",
	 .command = "inside namespace ipc $NS_ipc",
	 .off = {OFF(unshare_ipc)}},
	{.name = "UTS namespace",
	 .command = "inside namespace uts $NS_uts",
	 .off = {OFF(unshare_uts)}},
	{.name = "cgroup namespace",
	 .command = "inside namespace cgroup $NS_cgroup",
	 .off = {OFF(unshare_cgroup)}},

	{.name = "no System V segment of the host",
	 .command = "inside find-segment $SEGMENT",
	 .off = {OFF(unshare_ipc)}},
	{.name = "no message queue of the host",
	 .command = "inside find-queue $QUEUE",
	 .off = {OFF(unshare_ipc)}},
	/* The filter is off in both runs: it would keep a step from looking. */
	{.name = "no keyring of the host",
	 .command = "inside find-key $KEY",
	 .prepare = allow_keyctl,
	 .outside = true},

	{.name = "no network interface but loopback",
	 .command = "grep : /proc/net/dev | grep -qv '^ *lo:'",
	 .off = {OFF(unshare_network)},
	 .needs = "network interface"},
	{.name = "no listener of the host's loopback",
	 .command = "inside connect $PORT",
	 .off = {OFF(unshare_network)}},
	{.name = "no abstract socket of the host",
	 .command = "inside connect-abstract $ABSTRACT",
	 .off = {OFF(unshare_network)}},
	{.name = "no descriptor can be sent to the host",
	 .command = "inside send-descriptor /workspace/sent $ABSTRACT",
	 .off = {OFF(unshare_network)}},
	{.name = "low ports can be listened on",
	 .command = "inside serve 1",
	 .must_work = true,
	 .off = {OFF(unshare_network)}},
	{.name = "low ports can be listened on by a user",
	 .command = "inside serve 1",
	 .step = RIG_USER,
	 .must_work = true,
	 .off = {OFF(unshare_network)}},

	{.name = "init cannot be seen",
	 .command = "grep -qs contractor-init /proc/[0-9]*/comm",
	 .off = {OFF(unshare_pid)}},
	/* Init has a pid namespace and a /proc of its own, whatever the policy says. */
	{.name = "no process of the host", .command = "[ -d /proc/$HOST_PID ]", .outside = true},
	{.name = "no signal to a process of the host",
	 .command = "inside signal $HOST_PID",
	 .outside = true},
	{.name = NULL},
};
