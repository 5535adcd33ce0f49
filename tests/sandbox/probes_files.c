/* What a step sees of files, and what it can write. */
#include "tests/sandbox/probes.h"

#include "engine/base/mem.h"

#define MASKED                                                                               \
	"/proc/acpi /proc/interrupts /proc/kallsyms /proc/kcore /proc/key-users /proc/keys " \
	"/proc/latency_stats /proc/sched_debug /proc/scsi /proc/timer_list /proc/timer_stats"
#define READ_ONLY "/proc/asound /proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger"
/* Whether there is any name in DIRECTORY besides these. */
#define OTHERS(DIRECTORY, NAMES) "ls -a " DIRECTORY " | grep -qvxE '[.]+|" NAMES "'"

static void bind(struct trial *trial, const char *source, const char *target)
{
	trial->bind = (struct sandbox_bind){source, target};
	trial->policy.binds = &trial->bind;
	trial->policy.n_binds = 1;
}

static void bind_sys(struct trial *trial)
{
	bind(trial, "/sys", "/sys");
}

static void bind_canary(struct trial *trial)
{
	bind(trial, "/etc/passwd", "/run/canary");
}

/* A directory of another mode than 1777. */
static void bind_on_shm(struct trial *trial)
{
	bind(trial, "/", "/dev/shm");
}

/* As the launcher is put in, which is the program of the first process. */
static void add_file(struct trial *trial)
{
	const struct sandbox_file file = {
		.target = "/run/mine", .bytes = "x", .length = 1, .mode = 0644};

	sandbox_policy_add_file(&trial->policy, &file);
}

/* A copy that is the step's. */
static void give_file(struct trial *trial)
{
	struct sandbox_file file = trial->policy.files[trial->policy.n_files - 1];

	file.for_user = true;
	trial->policy.n_files--;
	sandbox_policy_add_file(&trial->policy, &file);
}

static void small_tmpfs(struct trial *trial)
{
	trial->policy.tmpfs_size = 1 << 20;
}

static void large_tmpfs(struct trial *trial)
{
	trial->policy.tmpfs_size = 0;
}

/* A secret as steps have it, but for what is given. */
static void add_secret(struct trial *trial, unsigned mode, bool for_user)
{
	const struct sandbox_file file = {"/run/secrets/probe", "value", 5, mode, for_user};

	sandbox_policy_add_file(&trial->policy, &file);
}

static void secret(struct trial *trial)
{
	add_secret(trial, 0400, true);
}

static void open_secret(struct trial *trial)
{
	add_secret(trial, 0444, true);
}

static void secret_of_nobody(struct trial *trial)
{
	add_secret(trial, 0400, false);
}

const struct probe file_probes[] = {
	{.name = "what tells of the host in /proc is masked",
	 .command = "inside masked /proc " MASKED,
	 .off = {OFF(mask_paths)}},
	{.name = "the same in a debootstrap step",
	 .command = "inside masked /proc " MASKED,
	 .step = RIG_HOST,
	 .off = {OFF(mask_paths)}},
	{.name = "paths in /proc are read-only",
	 .command = "inside writable " READ_ONLY,
	 .off = {OFF(read_only_paths)}},
	/* The kernel asks for CAP_SYS_RESOURCE besides. */
	{.name = "kernel settings cannot be written",
	 .command = "inside open-for-writing /proc/sys/user/max_user_namespaces",
	 .off = {OFF(read_only_paths), OFF(drop_capabilities)}},
	{.name = "no /sys", .command = OTHERS("/sys", ""), .weaken = bind_sys},
	{.name = "few devices",
	 .command = OTHERS("/dev", "core|fd|full|null|ptmx|pts|random|shm|stderr|stdin|stdout|tty|"
				   "urandom|zero"),
	 .plain = true,
	 .off = {OFF(minimal_dev)}},
	{.name = "terminals of its own only",
	 .command = OTHERS("/dev/pts", "ptmx"),
	 .plain = true,
	 .off = {OFF(minimal_dev)}},
	{.name = "POSIX shared memory of its own",
	 .command = "inside find-shared $SHARED",
	 .plain = true,
	 .off = {OFF(minimal_dev)}},
	{.name = "/dev/shm has the mode 1777",
	 .command = "[ $(stat -c %a /dev/shm) = 1777 ]",
	 .must_work = true,
	 .weaken = bind_on_shm},
	{.name = "/tmp has the mode 1777",
	 .command = "[ $(stat -c %a /tmp) = 1777 ]",
	 .must_work = true,
	 .off = {OFF(private_tmp)}},
	/* /tmp of the namespace where trees are mounted has the store in it: all layers. */
	{.name = "no other step's trees", .command = OTHERS("/tmp", ""), .off = {OFF(private_tmp)}},
	{.name = "/run of its own",
	 .command = OTHERS("/run", "contractor-launcher|lock"),
	 .weaken = bind_canary},
	{.name = "no file of the host",
	 .command = "find / -path /proc -prune -o -name ${CANARY##*/} -print -o -name canary "
		    "-print | grep -q .",
	 .weaken = bind_canary},
	{.name = "the way out of chroot ends in the sandbox",
	 .command = "inside break-out /bin/sh -c '[ -e $CANARY ] || [ -e /run/canary ]'",
	 .step = RIG_PACKAGES,
	 .weaken = bind_canary},
	{.name = "what contractor puts in cannot be written",
	 .command = "inside writable /run/contractor-launcher /run/mine",
	 .prepare = add_file,
	 .weaken = give_file},
	{.name = "no private file of the host in a debootstrap step",
	 .command = "[ -e $CANARY ] || [ -e /etc/shadow ] || [ -e /proc/1/root/etc/shadow ]",
	 .step = RIG_HOST,
	 .outside = true},
	{.name = "the root of a debootstrap step is read-only",
	 .command = "inside write /written 4096",
	 .step = RIG_HOST,
	 .off = {OFF(read_only_root)}},
	{.name = "a secret can be read by the step's user",
	 .command = "cat /run/secrets/probe",
	 .step = RIG_USER,
	 .must_work = true,
	 .prepare = secret,
	 .weaken = secret_of_nobody},
	{.name = "a secret can be read by no other user",
	 .command = "inside read-as 1000 /run/secrets/probe",
	 .needs_range = true,
	 .prepare = secret,
	 .weaken = open_secret},
	{.name = "limit of what a tmpfs holds",
	 .command = "inside write /run/big 2000000",
	 .prepare = small_tmpfs,
	 .weaken = large_tmpfs},
	{.name = NULL},
};
