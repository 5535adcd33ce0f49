/* bwrap.c: a policy as arguments of bwrap(1), in the order in which bwrap carries them out. */
#include <string.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/sandbox/policy.h"
#include "engine/sandbox/policy_internal.h"

/* Options that are there while a protection is on. The launcher is the first process of the pid
 * namespace, since a step could trace bwrap there, which has no filter. cgroup: only a kernel without any
 * cgroup has no such namespace. The network namespace (unshare_network) is made by init, who
 * sets it up before bwrap starts. */
static const struct switched {
	size_t offset;
	const char *option;
} namespaces[] = {
	{offsetof(struct sandbox_policy, unshare_pid), "--unshare-pid"},
	{offsetof(struct sandbox_policy, unshare_pid), "--as-pid-1"},
	{offsetof(struct sandbox_policy, unshare_ipc), "--unshare-ipc"},
	{offsetof(struct sandbox_policy, unshare_uts), "--unshare-uts"},
	{offsetof(struct sandbox_policy, unshare_cgroup), "--unshare-cgroup-try"},
	{offsetof(struct sandbox_policy, die_with_parent), "--die-with-parent"},
	{offsetof(struct sandbox_policy, clear_environment), "--clearenv"},
};

static void add_fd(struct strv *argv, const char *option, int fd, const char *target)
{
	strv_add(argv, option);
	strv_add_fmt(argv, "%d", fd);
	if (target)
		strv_add(argv, target);
}

static void add_namespaces(const struct sandbox_policy *policy, struct strv *argv)
{
	if (policy->inner_userns)
		add_fd(argv, "--userns2", SANDBOX_FD_USERNS, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++) {
		if (*(const bool *)((const char *)policy + namespaces[i].offset))
			strv_add(argv, namespaces[i].option);
	}
	if (policy->unshare_uts)
		strv_add_all(argv, "--hostname", policy->hostname, NULL);
}

/* A new tmpfs on target; mode in octal digits. */
static void add_tmpfs(const struct sandbox_policy *policy, struct strv *argv, const char *mode,
		      const char *target)
{
	strv_add_all(argv, "--perms", mode, NULL);
	if (policy->tmpfs_size) {
		strv_add(argv, "--size");
		strv_add_fmt(argv, "%llu", (unsigned long long)policy->tmpfs_size);
	}
	strv_add_all(argv, "--tmpfs", target, NULL);
}

/* What stands in existing for path: NULL, or what follows the path: "", "/" or " -> TARGET". */
static const char *find_existing(const struct strv *existing, const char *path)
{
	size_t length = strlen(path);

	for (size_t i = 0; i < existing->len; i++) {
		const char *rest = existing->items[i] + length;

		if (!strncmp(existing->items[i], path, length) &&
		    (!*rest || !strcmp(rest, "/") || !strncmp(rest, " -> ", 4)))
			return rest;
	}
	return NULL;
}

/* A directory is covered by an empty one, a file by a device that cannot be opened there. */
static void add_masked(struct strv *argv, const char *path, const char *kind)
{
	if (*kind == '/')
		strv_add_all(argv, "--perms", "0555", "--tmpfs", path, "--remount-ro", path, NULL);
	else
		strv_add_all(argv, "--ro-bind", "/dev/null", path, NULL);
}

/* A part of the host: what is a link there is the same link here. */
static void add_host_path(struct strv *argv, const char *path, const char *kind)
{
	if (*kind == ' ')
		strv_add_all(argv, "--symlink", kind + strlen(" -> "), path, NULL);
	else
		strv_add_all(argv, "--ro-bind", path, path, NULL);
}

/* Adds what the table's paths of this use need, each that exists. */
static void add_paths(const struct strv *existing, enum sandbox_path_use use, struct strv *argv)
{
	size_t count;
	const struct sandbox_path *paths = sandbox_paths(&count);

	for (size_t i = 0; i < count; i++) {
		const char *path = paths[i].path;
		const char *kind = paths[i].use == use ? find_existing(existing, path) : NULL;

		if (!kind)
			continue;
		if (use == SANDBOX_PATH_MASKED)
			add_masked(argv, path, kind);
		else
			add_host_path(argv, path, kind);
	}
}

/* Without a systree the root is the tmpfs on which bwrap builds. */
static void add_root(const struct sandbox_policy *policy, const struct strv *existing,
		     struct strv *argv)
{
	if (policy->systree) {
		add_fd(argv, "--bind-fd", SANDBOX_FD_ROOT, "/");
		return;
	}
	add_paths(existing, SANDBOX_PATH_HOST, argv);
	strv_add_all(argv, "--perms", "0700", "--dir", "/root", NULL);
}

static void add_proc(const struct sandbox_policy *policy, const struct strv *existing,
		     struct strv *argv)
{
	strv_add_all(argv, "--proc", "/proc", NULL);
	if (policy->mask_paths)
		add_paths(existing, SANDBOX_PATH_MASKED, argv);
	if (policy->read_only_paths)
		add_paths(existing, SANDBOX_PATH_READ_ONLY, argv);
}

static void add_dev(const struct sandbox_policy *policy, struct strv *argv)
{
	if (!policy->minimal_dev) {
		strv_add_all(argv, "--dev-bind", "/dev", "/dev", NULL);
		return;
	}
	strv_add_all(argv, "--dev", "/dev", NULL);
	add_tmpfs(policy, argv, "1777", "/dev/shm");
}

/* The directories that do not outlive the step, and the one that does. */
static void add_working_dirs(const struct sandbox_policy *policy, struct strv *argv)
{
	if (!policy->private_tmp)
		strv_add_all(argv, "--bind", "/tmp", "/tmp", NULL);
	else if (policy->tmp_from_fd)
		add_fd(argv, "--bind-fd", SANDBOX_FD_TMP, "/tmp");
	else
		add_tmpfs(policy, argv, "1777", "/tmp");
	add_tmpfs(policy, argv, "0755", "/run");
	strv_add_all(argv, "--perms", "1777", "--dir", "/run/lock", NULL);
	if (policy->workspace)
		add_fd(argv, "--bind-fd", SANDBOX_FD_WORKSPACE, "/workspace");
}

static void add_files(const struct sandbox_policy *policy, struct strv *argv)
{
	for (size_t i = 0; i < policy->n_binds; i++)
		strv_add_all(argv, "--ro-bind", policy->binds[i].source, policy->binds[i].target,
			     NULL);
	for (size_t i = 0; i < policy->n_files; i++) {
		const struct sandbox_file *file = &policy->files[i];
		AUTO_FREE char *dir = path_dirname(file->target);

		/* Else bwrap makes a directory that is as closed as the file. */
		strv_add_all(argv, "--perms", "0755", "--dir", dir, NULL);
		strv_add(argv, "--perms");
		strv_add_fmt(argv, "%04o", file->mode);
		add_fd(argv, file->for_user ? "--file" : "--ro-bind-data", SANDBOX_FD_DATA + (int)i,
		       file->target);
	}
	strv_add_all(argv, "--perms", "0555", NULL);
	add_fd(argv, "--ro-bind-data", SANDBOX_FD_LAUNCHER, SANDBOX_LAUNCHER_PATH);
}

void policy_bwrap_argv(const struct sandbox_policy *policy, const struct strv *existing,
		       struct strv *ret_argv)
{
	strv_clear(ret_argv);
	strv_add(ret_argv, "bwrap");
	add_namespaces(policy, ret_argv);
	add_root(policy, existing, ret_argv);
	add_proc(policy, existing, ret_argv);
	add_dev(policy, ret_argv);
	add_working_dirs(policy, ret_argv);
	add_files(policy, ret_argv);
	if (policy->read_only_root)
		strv_add_all(ret_argv, "--remount-ro", "/", NULL);
	strv_add_all(ret_argv, "--chdir", "/", "--", SANDBOX_LAUNCHER_PATH, NULL);
}

void policy_bwrap_hidden(const struct strv *argv, struct buf *ret_args, struct strv *ret_argv)
{
	buf_clear(ret_args);
	strv_clear(ret_argv);
	strv_add(ret_argv, argv->items[0]);
	add_fd(ret_argv, "--args", SANDBOX_FD_ARGS, NULL);
	for (size_t i = 1; i < argv->len; i++) {
		if (i + 2 < argv->len)
			buf_add(ret_args, argv->items[i], strlen(argv->items[i]) + 1);
		else
			strv_add(ret_argv, argv->items[i]);
	}
}
