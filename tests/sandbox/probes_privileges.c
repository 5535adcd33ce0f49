/* Who a step is, and what it may do. */
#include "tests/sandbox/probes.h"

#include <linux/capability.h>

#include "engine/base/mem.h"

/* What the design's table gives to root of a step: chown dac_override fowner fsetid kill setgid
 * setuid setfcap; a package step besides setpcap sys_chroot mknod audit_write. */
#define BUILD "00000000800000fb"
#define PACKAGES "00000000a80401fb"
#define NONE "0000000000000000"

#define IS(WHO, STEP, SET, VALUE)                                                              \
	{                                                                                      \
		.name = WHO ": " SET, .command = "inside status " SET " " VALUE, .step = STEP, \
		.off = { OFF(drop_capabilities) }                                              \
	}
#define IS_EMPTY(WHO, STEP, SET)                                                              \
	{                                                                                     \
		.name = WHO ": " SET, .command = "inside status " SET " " NONE, .step = STEP, \
		.off = {OFF(drop_capabilities)}, .weaken = raise_capability                   \
	}
/* Bounding, permitted, effective; inheritable and ambient. */
#define SETS(WHO, STEP, VALUE)                                                 \
	IS(WHO, STEP, "CapBnd", VALUE), IS(WHO, STEP, "CapPrm", VALUE),        \
		IS(WHO, STEP, "CapEff", VALUE), IS_EMPTY(WHO, STEP, "CapInh"), \
		IS_EMPTY(WHO, STEP, "CapAmb")

#define NO_MOUNT(TYPE)                                                                          \
	{                                                                                       \
		.name = "no mount of " TYPE, .command = "inside mount-type " TYPE " /tmp",      \
		.off = {OFF(seccomp), OFF(drop_capabilities), OFF(inner_userns)}, .needs = NULL \
	}

/* The kernel empties both sets when a user namespace is entered. So a capability is raised
 * again, to see that the look would find it. */
static void raise_capability(struct trial *trial)
{
	strv_clear(&trial->policy.argv);
	strv_add_all(&trial->policy.argv, "inside", "raise", "/bin/sh", "-c", trial->command, NULL);
}

static void become_root(struct trial *trial)
{
	trial->policy.user = "root";
}

static void grant_chroot(struct trial *trial)
{
	trial->policy.capabilities |= UINT64_C(1) << CAP_SYS_CHROOT;
}

static void revoke_chroot(struct trial *trial)
{
	trial->policy.capabilities &= ~(UINT64_C(1) << CAP_SYS_CHROOT);
}

/* Neither the kernel's count for the namespace, nor the process's own. */
static void few_processes(struct trial *trial)
{
	trial->policy.processes = trial->options.limits.processes = 40;
}

static void any_processes(struct trial *trial)
{
	trial->policy.processes = trial->options.limits.processes = 0;
}

static void many_files(struct trial *trial)
{
	trial->policy.open_files_soft = 4096;
}

static void core_files(struct trial *trial)
{
	trial->policy.core_size = 1 << 20;
}

static void small_files(struct trial *trial)
{
	trial->policy.file_size = 1 << 20;
}

static void large_files(struct trial *trial)
{
	trial->policy.file_size = 0;
}

const struct probe privilege_probes[] = {
	SETS("shell step", RIG_ROOT, BUILD),
	SETS("package step", RIG_PACKAGES, PACKAGES),
	SETS("debootstrap step", RIG_HOST, PACKAGES),
	SETS("git step", RIG_GIT, NONE),
	IS("user step", RIG_USER, "CapBnd", NONE),
	/* Changing from root to another id clears these, too. */
	{.name = "user step: CapPrm",
	 .command = "inside status CapPrm " NONE,
	 .step = RIG_USER,
	 .weaken = become_root},
	{.name = "user step: CapEff",
	 .command = "inside status CapEff " NONE,
	 .step = RIG_USER,
	 .weaken = become_root},
	{.name = "user step: ids",
	 .command = "inside status Uid '1000\t1000\t1000\t1000'",
	 .step = RIG_USER,
	 .weaken = become_root},
	/* bwrap always sets it, so no switch of ours takes it away: the host has it off. */
	{.name = "no new privileges", .command = "inside status NoNewPrivs 1", .outside = true},
	/* Three layers, two of which are always there: the overlay is mounted nosuid, and
	 * no_new_privs; the third is the empty bounding set. What is left is to see that the probe
	 * tells root from others. */
	{.name = "a set-user-id file gives nothing",
	 .command = "inside-set-id root",
	 .step = RIG_USER,
	 .weaken = become_root},
	{.name = "the filter is on", .command = "inside status Seccomp 2", .off = {OFF(seccomp)}},
	/* The outer namespace has none either (userns_enter()): the host has. */
	{.name = "no supplementary groups",
	 .command = "inside groups",
	 .needs_range = true,
	 .outside = true},

	/* Two layers: the filter, and max_user_namespaces = 0 in the inner namespace. */
	{.name = "no nested user namespace by unshare",
	 .command = "inside unshare-user",
	 .off = {OFF(seccomp), OFF(inner_userns)}},
	{.name = "no nested user namespace by clone",
	 .command = "inside clone-user",
	 .off = {OFF(seccomp), OFF(inner_userns)}},
	{.name = "no nested user namespace for a user",
	 .command = "inside unshare-user",
	 .step = RIG_USER,
	 .off = {OFF(seccomp), OFF(inner_userns)}},
	{.name = "no further user namespaces are allowed",
	 .command = "[ \"$(cat /proc/sys/user/max_user_namespaces)\" != 0 ]",
	 .off = {OFF(inner_userns)}},
	/* Three layers: the filter, CAP_SYS_ADMIN, and mounts that belong to the outer namespace. */
	{.name = "no mount",
	 .command = "inside mount-tmpfs /tmp",
	 .off = {OFF(seccomp), OFF(drop_capabilities), OFF(inner_userns)}},
	NO_MOUNT("tmpfs"),
	NO_MOUNT("cgroup2"),
	NO_MOUNT("mqueue"),
	NO_MOUNT("devpts"),
	{.name = "no mount by a package step",
	 .command = "inside mount-tmpfs /tmp",
	 .step = RIG_PACKAGES,
	 .off = {OFF(seccomp), OFF(drop_capabilities), OFF(inner_userns)}},
	{.name = "no nested user namespace for a package step",
	 .command = "inside unshare-user",
	 .step = RIG_PACKAGES,
	 .off = {OFF(seccomp), OFF(inner_userns)}},
	/* The overlays are mounted so, and bwrap does the same for what it binds. */
	{.name = "set-user-id bits and devices count nowhere",
	 .command = "inside mount-flags / /proc /tmp /run",
	 .outside = true},
	{.name = "no remount of a read-only path",
	 .command = "inside remount-writable /proc/sys",
	 .off = {OFF(seccomp), OFF(drop_capabilities), OFF(inner_userns)}},
	{.name = "no unmount of a mask",
	 .command = "inside unmount /proc/kallsyms",
	 .off = {OFF(seccomp), OFF(drop_capabilities), OFF(inner_userns)}},
	/* A mount namespace of one's own can be changed: only the filter and the capability. */
	{.name = "no mount in a namespace of one's own",
	 .command = "inside mount-in-new-namespace /tmp",
	 .off = {OFF(seccomp), OFF(drop_capabilities)}},
	/* The UTS namespace belongs to the outer user namespace, as the mounts do. */
	{.name = "no change of the host name",
	 .command = "inside set-hostname other",
	 .off = {OFF(seccomp), OFF(drop_capabilities), OFF(inner_userns)}},

	{.name = "chroot is refused to a shell step",
	 .command = "inside chroot",
	 .weaken = grant_chroot},
	{.name = "chroot is left to a package step",
	 .command = "inside chroot",
	 .step = RIG_PACKAGES,
	 .must_work = true,
	 .weaken = revoke_chroot},

	{.name = "limit of processes, counting all ids",
	 .command = "inside bomb 40",
	 .prepare = few_processes,
	 .weaken = any_processes},
	{.name = "limit of processes of a user step",
	 .command = "inside bomb 40",
	 .step = RIG_USER,
	 .prepare = few_processes,
	 .weaken = any_processes},
	{.name = "limit of open files", .command = "inside open-files 1024", .weaken = many_files},
	{.name = "no core files, and none for the host's handler",
	 .command = "inside limit 4 $CORE $CORE",
	 .weaken = core_files},
	{.name = "limit of a file's size",
	 .command = "inside write big 2000000",
	 .prepare = small_files,
	 .weaken = large_files},
	{.name = NULL},
};
