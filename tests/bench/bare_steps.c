/* bare_steps.c: what the kernel and bwrap alone take for steps: for each SCRIPT in turn an overlay of
 * the tree and one of the workspace, a network namespace, and `bwrap ... /bin/sh -c SCRIPT` with the
 * arguments that contractor gives bwrap. No log, no terminal, no result is kept, nothing is removed.
 *
 *	bare_steps STORE LAYER SCRIPT...
 *
 * STORE is a store of contractor's, LAYER the attempt in it whose systree the steps have. The
 * namespaces of ids are made once, before the first step; the uppers stay in
 * STORE/tmp. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/process/userns.h"
#include "engine/sandbox/policy.h"

#define STEP_DIR USERNS_DIR "/step"

static const char *const trees[] = {"systree", "workspace"};

enum { FD_ABOVE = 100 }; /* descriptors are moved out of the way of those with fixed numbers */

/* What all steps share. */
struct bare {
	char *dir;	  /* where the uppers are */
	struct strv argv; /* of bwrap; the script is its last item */
	char lower[128];
	int inner_fd;
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "bare_steps: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void must(bool ok, const char *what)
{
	if (!ok)
		die(what);
}

static int open_below(const char *store, const char *name)
{
	AUTO_FREE char *path = mem_printf("%s/%s", store, name);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	must(fd >= 0, path);
	return fd;
}

/* Enters the namespaces that contractor makes for a store: the same ids and mounts. */
static void enter(const char *store)
{
	struct userns_options options = {.layers_fd = open_below(store, "layers"),
					 .tmp_fd = open_below(store, "tmp")};
	struct userns *userns;
	struct id_map map;
	struct err err;

	options.launcher = sandbox_launcher_image(&options.launcher_length);
	if (id_map_find(&map, &err) < 0 || userns_new(&map, &options, &userns, &err) < 0 ||
	    userns_enter(userns, &err) < 0) {
		fprintf(stderr, "bare_steps: %s\n", err.text);
		exit(1);
	}
	prctl(PR_SET_DUMPABLE, 1);
	must(unshare(CLONE_NEWNS) == 0, "unshare");
}

static void write_map(pid_t pid, const char *file)
{
	AUTO_FREE char *path = mem_printf("/proc/%d/%s", pid, file);
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);
	char map[] = "0 0 65536";

	must(fd >= 0 && write(fd, map, sizeof map - 1) > 0, path);
}

/* The user namespace of the steps, below the one we are in. */
static int make_inner(void)
{
	AUTO_FREE char *path = NULL;
	int ready[2], go[2], fd;
	char byte;
	pid_t pid;

	must(pipe2(ready, O_CLOEXEC) == 0 && pipe2(go, O_CLOEXEC) == 0, "pipe");
	pid = fork();
	if (pid == 0) {
		must(unshare(CLONE_NEWUSER) == 0, "unshare");
		prctl(PR_SET_DUMPABLE, 1);
		must(write(ready[1], "", 1) == 1 && read(go[0], &byte, 1) == 1, "pipe");
		_exit(0);
	}
	must(read(ready[0], &byte, 1) == 1, "pipe");
	write_map(pid, "uid_map");
	write_map(pid, "gid_map");
	path = mem_printf("/proc/%d/ns/user", pid);
	fd = fcntl(open(path, O_RDONLY | O_CLOEXEC), F_DUPFD_CLOEXEC, FD_ABOVE);
	must(fd >= 0 && write(go[1], "", 1) == 1 && waitpid(pid, NULL, 0) == pid, path);
	return fd;
}

/* The mount points that the systree may lack, and those of the trees. */
static void make_scaffold(void)
{
	static const char *const dirs[] = {"systree",	"workspace",  "empty",
					   "under",	"under/dev",  "under/run",
					   "under/tmp", "under/proc", "under/workspace"};

	must(mount("bare", STEP_DIR, "tmpfs", 0, "mode=0755") == 0, "mount a tmpfs");
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		AUTO_FREE char *path = mem_printf(STEP_DIR "/%s", dirs[i]);

		must(mkdir(path, 0755) == 0, path);
	}
}

static void prepare(struct bare *bare, const char *store)
{
	struct sandbox_policy policy;
	struct strv existing = {0};

	enter(store);
	make_scaffold();
	bare->dir = mem_strdup(USERNS_DIR "/tmp/bare.XXXXXX");
	must(mkdtemp(bare->dir) != NULL, bare->dir);
	bare->inner_fd = make_inner();
	sandbox_policy_init(&policy, SANDBOX_SHELL);
	policy.tmp_from_fd = true;
	sandbox_existing_paths(&existing);
	policy_bwrap_argv(&policy, &existing, &bare->argv);
	free(bare->argv.items[--bare->argv.len]); /* the launcher */
	strv_add_all(&bare->argv, "/bin/sh", "-ec", NULL);
}

/* Makes the directory with this name of a step's. */
static char *make_dir(const struct bare *bare, size_t number, const char *name)
{
	char *path = mem_printf("%s/%zu%s", bare->dir, number, name);

	must(mkdir(path, 0755) == 0, path);
	return path;
}

static void mount_tree(const struct bare *bare, size_t number, int tree)
{
	static const char *const names[][2] = {{"/systree", "/systree-work"},
					       {"/workspace", "/workspace-work"}};
	AUTO_FREE char *upper = make_dir(bare, number, names[tree][0]);
	AUTO_FREE char *work = make_dir(bare, number, names[tree][1]);
	AUTO_FREE char *target = mem_printf(STEP_DIR "/%s", trees[tree]);
	AUTO_FREE char *options =
		mem_printf("lowerdir=%s,upperdir=%s,workdir=%s,userxattr,volatile",
			   tree ? STEP_DIR "/empty" : bare->lower, upper, work);

	must(mount("overlay", target, "overlay", MS_NOSUID | MS_NODEV, options) == 0, options);
}

static void pass(const char *path, int flags, int number)
{
	int fd = open(path, flags | O_CLOEXEC), high = fcntl(fd, F_DUPFD_CLOEXEC, FD_ABOVE);

	close(fd);
	must(high >= 0 && dup2(high, number) == number, path);
}

static _Noreturn void be_step(struct bare *bare, size_t number, const char *script)
{
	AUTO_FREE char *dir = make_dir(bare, number, "");
	AUTO_FREE char *tmp = make_dir(bare, number, "/tmp");
	char *empty[] = {NULL};

	must(unshare(CLONE_NEWNS | CLONE_NEWNET) == 0, "unshare");
	for (int tree = 0; tree < 2; tree++)
		mount_tree(bare, number, tree);
	pass("/dev/null", O_RDONLY, STDIN_FILENO);
	pass(USERNS_DIR "/launcher", O_RDONLY, SANDBOX_FD_LAUNCHER);
	pass(STEP_DIR "/systree", O_PATH, SANDBOX_FD_ROOT);
	pass(STEP_DIR "/workspace", O_PATH, SANDBOX_FD_WORKSPACE);
	pass(tmp, O_PATH, SANDBOX_FD_TMP);
	must(dup2(bare->inner_fd, SANDBOX_FD_USERNS) >= 0, "dup2");
	strv_add(&bare->argv, script);
	execve("/usr/bin/bwrap", strv_argv(&bare->argv), empty);
	die("bwrap");
}

static void run_step(struct bare *bare, size_t number, const char *script)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		be_step(bare, number, script);
	must(pid > 0 && waitpid(pid, &status, 0) == pid, "fork");
	if (status) {
		fprintf(stderr, "bare_steps: step %zu ended with %#x\n", number, (unsigned)status);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	struct bare bare = {0};

	if (argc < 4) {
		fprintf(stderr, "usage: bare_steps STORE LAYER SCRIPT...\n");
		return 2;
	}
	snprintf(bare.lower, sizeof bare.lower, USERNS_DIR "/layers/%s/systree:" STEP_DIR "/under",
		 argv[2]);
	prepare(&bare, argv[1]);
	for (int i = 3; i < argc; i++)
		run_step(&bare, (size_t)i, argv[i]);
	return 0;
}
