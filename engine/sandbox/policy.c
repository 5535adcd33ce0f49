#include "engine/sandbox/policy.h"

#include <inttypes.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/sandbox/policy_internal.h"

#define CAP(name) (UINT64_C(1) << CAP_##name)

/* What installing files for others takes: `make install`, chown, su. */
#define CAPABILITIES_BUILD                                                                        \
	(CAP(CHOWN) | CAP(DAC_OVERRIDE) | CAP(FOWNER) | CAP(FSETID) | CAP(SETUID) | CAP(SETGID) | \
	 CAP(KILL) | CAP(SETFCAP))

/* What a package manager and its maintainer scripts need besides. */
#define CAPABILITIES_PACKAGES \
	(CAPABILITIES_BUILD | CAP(SETPCAP) | CAP(SYS_CHROOT) | CAP(MKNOD) | CAP(AUDIT_WRITE))

/* What differs between the kinds; capabilities are those of root. */
static const struct kind {
	const char *name;
	uint64_t capabilities;
	bool systree;
} kinds[SANDBOX_KINDS] = {
	[SANDBOX_SHELL] = {"shell step", CAPABILITIES_BUILD, true},
	[SANDBOX_PACKAGES] = {"package step", CAPABILITIES_PACKAGES, true},
	[SANDBOX_HOST] = {"debootstrap step", CAPABILITIES_PACKAGES, false},
	[SANDBOX_HOST_GIT] = {"git step", 0, false},
};

static const struct sandbox_path paths[] = {
	{"/proc/acpi", SANDBOX_PATH_MASKED},
	{"/proc/interrupts", SANDBOX_PATH_MASKED},
	{"/proc/kallsyms", SANDBOX_PATH_MASKED},
	{"/proc/kcore", SANDBOX_PATH_MASKED},
	{"/proc/key-users", SANDBOX_PATH_MASKED},
	{"/proc/keys", SANDBOX_PATH_MASKED},
	{"/proc/latency_stats", SANDBOX_PATH_MASKED},
	{"/proc/sched_debug", SANDBOX_PATH_MASKED},
	{"/proc/scsi", SANDBOX_PATH_MASKED},
	{"/proc/timer_list", SANDBOX_PATH_MASKED},
	{"/proc/timer_stats", SANDBOX_PATH_MASKED},
	{"/proc/asound", SANDBOX_PATH_READ_ONLY},
	{"/proc/bus", SANDBOX_PATH_READ_ONLY},
	{"/proc/fs", SANDBOX_PATH_READ_ONLY},
	{"/proc/irq", SANDBOX_PATH_READ_ONLY},
	{"/proc/sys", SANDBOX_PATH_READ_ONLY},
	{"/proc/sysrq-trigger", SANDBOX_PATH_READ_ONLY},
	{"/usr", SANDBOX_PATH_HOST},
	{"/bin", SANDBOX_PATH_HOST},
	{"/sbin", SANDBOX_PATH_HOST},
	{"/lib", SANDBOX_PATH_HOST},
	{"/lib32", SANDBOX_PATH_HOST},
	{"/lib64", SANDBOX_PATH_HOST},
	{"/libx32", SANDBOX_PATH_HOST},
	{"/etc/alternatives", SANDBOX_PATH_HOST},
	{"/etc/crypto-policies", SANDBOX_PATH_HOST},
	{"/etc/debootstrap", SANDBOX_PATH_HOST},
	{"/etc/dpkg", SANDBOX_PATH_HOST},
	{"/etc/ld.so.cache", SANDBOX_PATH_HOST},
	{"/etc/ld.so.conf", SANDBOX_PATH_HOST},
	{"/etc/ld.so.conf.d", SANDBOX_PATH_HOST},
	{"/etc/pki/ca-trust/extracted", SANDBOX_PATH_HOST},
	{"/etc/pki/tls/certs", SANDBOX_PATH_HOST},
	{"/etc/ssl/certs", SANDBOX_PATH_HOST},
	{"/etc/ssl/openssl.cnf", SANDBOX_PATH_HOST},
};

#define FILE_OF(path, text)                                   \
	{                                                     \
		(path), (text), sizeof(text) - 1, 0644, false \
	}

static const struct sandbox_file host_files[] = {
	FILE_OF("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"
			       "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"),
	FILE_OF("/etc/group", "root:x:0:\nnogroup:x:65534:\n"),
	FILE_OF("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"),
	FILE_OF("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n127.0.1.1 builder\n"),
};

const struct sandbox_path *sandbox_paths(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(paths);
	return paths;
}

const struct sandbox_file *sandbox_host_files(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(host_files);
	return host_files;
}

const char *sandbox_kind_name(enum sandbox_kind kind)
{
	return kinds[kind].name;
}

/* Every protection on. */
static void set_protections(struct sandbox_policy *policy)
{
	policy->unshare_network = true;
	policy->unshare_ipc = policy->unshare_uts = true;
	policy->unshare_cgroup = policy->unshare_pid = true;
	policy->inner_userns = true;
	policy->mask_paths = policy->read_only_paths = true;
	policy->drop_capabilities = true;
	policy->no_new_privs = true;
	policy->seccomp = true;
	policy->session = true;
	policy->clear_environment = true;
	policy->clear_groups = true;
	policy->close_descriptors = true;
	policy->minimal_dev = true;
	policy->private_tmp = true;
	policy->die_with_parent = true;
	policy->open_files_soft = 1024;
	policy->open_files_hard = 524288;
	policy->processes = 4096;
	policy->core_size = 1;
	policy->tmpfs_size = UINT64_C(1) << 30;
}

void sandbox_policy_init(struct sandbox_policy *policy, enum sandbox_kind kind)
{
	*policy = (struct sandbox_policy){
		.kind = kind,
		.workdir = "/workspace",
		.hostname = "builder",
		.user = "root",
		.terminal = true,
		.columns = 80,
		.rows = 24,
		.systree = kinds[kind].systree,
		.workspace = true,
		.read_only_root = !kinds[kind].systree,
		.capabilities = kinds[kind].capabilities,
	};
	if (!kinds[kind].systree)
		policy->files = sandbox_host_files(&policy->n_files);
	set_protections(policy);
}

void sandbox_policy_release(struct sandbox_policy *policy)
{
	strv_release(&policy->argv);
	strv_release(&policy->environment);
	if (policy->files_capacity)
		free((struct sandbox_file *)(uintptr_t)policy->files);
}

void sandbox_policy_add_file(struct sandbox_policy *policy, const struct sandbox_file *file)
{
	size_t count = policy->n_files, at = 0;
	struct sandbox_file *files = (struct sandbox_file *)(uintptr_t)policy->files;

	if (!policy->files_capacity) {
		files = mem_new((count + 1) * sizeof *files);
		for (size_t i = 0; i < count; i++)
			files[i] = policy->files[i];
		policy->files_capacity = count + 1;
	}
	while (at < count && strcmp(files[at].target, file->target) != 0)
		at++;
	files = mem_grow(files, at, &policy->files_capacity, sizeof *files);
	files[at] = *file;
	policy->files = files;
	policy->n_files = at == count ? count + 1 : count;
}

void sandbox_base_environment(struct strv *environment, int64_t source_date_epoch)
{
	AUTO_FREE char *epoch = mem_printf("%" PRId64, source_date_epoch);

	strv_setenv(environment, "PATH",
		    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	strv_setenv(environment, "HOME", "/root");
	strv_setenv(environment, "TERM", "xterm-256color");
	strv_setenv(environment, "LANG", "C.UTF-8");
	strv_setenv(environment, "USER", "root");
	strv_setenv(environment, "DEBIAN_FRONTEND", "noninteractive");
	strv_setenv(environment, "SOURCE_DATE_EPOCH", epoch);
}

/* Adds path in the form that tells what it is; nothing when it does not exist. */
static void add_existing(struct strv *existing, const char *path)
{
	char target[1024];
	struct stat st;
	ssize_t length;

	if (lstat(path, &st) < 0)
		return;
	if (S_ISLNK(st.st_mode)) {
		length = readlink(path, target, sizeof target);
		if (length > 0 && (size_t)length < sizeof target)
			strv_add_fmt(existing, "%s -> %.*s", path, (int)length, target);
	} else {
		strv_add_fmt(existing, "%s%s", path, S_ISDIR(st.st_mode) ? "/" : "");
	}
}

void sandbox_existing_paths(struct strv *ret_paths)
{
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		add_existing(ret_paths, paths[i].path);
}

extern const char sandbox_launcher_start[], sandbox_launcher_end[]; /* launcher_image.S */

const void *sandbox_launcher_image(size_t *ret_length)
{
	*ret_length = (size_t)(sandbox_launcher_end - sandbox_launcher_start);
	return sandbox_launcher_start;
}
