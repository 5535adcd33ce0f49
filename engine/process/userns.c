#include "engine/process/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/process/child.h"
#include "engine/process/message.h"

enum { DIR_LAYERS, DIR_TMP, DIR_COUNT };
static const char *const dir_names[DIR_COUNT] = {"layers", "tmp"};

struct userns {
	struct id_map map;
	int user_fd, mount_fd;
};

/* What the child that makes the namespaces works with. */
struct maker {
	const struct id_map *map;
	const struct userns_options *options;
	int dir_fds[DIR_COUNT];	 /* the store's directories, opened on the host's side */
	int tree_fds[DIR_COUNT]; /* detached mounts of them; -1: to be made inside by path */
};

static int explain_no_userns(struct err *err)
{
	err_sys(err, "cannot make a user namespace");
	err->code = ERR_HOST;
	snprintf(err->text + strlen(err->text), sizeof err->text - strlen(err->text),
		 "; see `contractor doctor` (kernel.unprivileged_userns_clone, "
		 "user.max_user_namespaces, AppArmor)");
	return -1;
}

static int become_root(const struct id_map *map, struct err *err)
{
	if (!map->single && setgroups(0, NULL) < 0)
		return err_sys(err, "cannot drop the supplementary groups");
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return err_sys(err, "cannot become root of the user namespace");
	return 0;
}

static int clone_tree(int dir_fd, const char *path)
{
	return (int)syscall(SYS_open_tree, dir_fd, path,
			    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
}

/* A detached mount of the directory behind fd, which belongs to another mount namespace: by its
 * path, if that still is the same directory. */
static int clone_by_path(int fd, struct err *err)
{
	char link[64], path[4096];
	struct stat wanted, found;
	ssize_t length;
	int tree;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof path - 1);
	if (length < 0)
		return err_sys(err, "cannot find the path of the store");
	path[length] = '\0';
	tree = clone_tree(AT_FDCWD, path);
	if (tree < 0)
		return err_sys(err, "cannot take %s into the namespaces", path);
	if (fstat(fd, &wanted) < 0 || fstat(tree, &found) < 0 || wanted.st_dev != found.st_dev ||
	    wanted.st_ino != found.st_ino) {
		close(tree);
		return err_set(err, ERR_HOST, "%s was replaced while it was opened", path);
	}
	return tree;
}

static int write_launcher(const struct userns_options *options, struct err *err)
{
	AUTO_CLOSE int fd =
		open(USERNS_DIR "/launcher", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0555);

	if (fd < 0 || fd_write_all(fd, options->launcher, options->launcher_length) < 0)
		return err_sys(err, "cannot write the launcher");
	return 0;
}

/* The mount namespace: private, with the tmpfs and the store's directories. */
static int arrange_mounts(struct maker *maker, struct err *err)
{
	if (unshare(CLONE_NEWNS) < 0)
		return err_sys(err, "cannot make a mount namespace");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_sys(err, "cannot make the mounts private");
	for (int i = 0; i < DIR_COUNT; i++) {
		if (maker->tree_fds[i] < 0)
			maker->tree_fds[i] = clone_by_path(maker->dir_fds[i], err);
		if (maker->tree_fds[i] < 0)
			return -1;
	}
	if (mount("contractor", USERNS_DIR, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") < 0)
		return err_sys(err, "cannot mount a tmpfs");
	for (int i = 0; i < DIR_COUNT; i++) {
		AUTO_FREE char *target = mem_printf(USERNS_DIR "/%s", dir_names[i]);

		if (mkdir(target, 0755) < 0)
			return err_sys(err, "cannot make %s", target);
		if (syscall(SYS_move_mount, maker->tree_fds[i], "", AT_FDCWD, target,
			    MOVE_MOUNT_F_EMPTY_PATH) < 0)
			return err_sys(err, "cannot mount the store's %s", dir_names[i]);
	}
	if (mkdir(USERNS_DIR "/step", 0755) < 0)
		return err_sys(err, "cannot make " USERNS_DIR "/step");
	return write_launcher(maker->options, err);
}

static int send_namespace(int socket, const char *path, struct err *err)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || message_send_fd(socket, 'R', fd) < 0)
		return err_sys(err, "cannot hand over %s", path);
	return 0;
}

/* The child: makes the user namespace, waits for its map, mounts, hands both over. */
static int make_namespaces(void *data, int socket, struct err *err)
{
	struct maker *maker = data;
	struct message message;

	if (unshare(CLONE_NEWUSER) < 0)
		return explain_no_userns(err);
	prctl(PR_SET_DUMPABLE, 1);
	if (message_send_text(socket, 'R', "") < 0 || message_receive(socket, &message, 0) != 1)
		return err_set(err, ERR_FAULT, "the ids of the user namespace were not mapped");
	if (become_root(maker->map, err) < 0 || arrange_mounts(maker, err) < 0)
		return -1;
	if (send_namespace(socket, "/proc/self/ns/user", err) < 0)
		return -1;
	return send_namespace(socket, "/proc/self/ns/mnt", err);
}

static const char maker_name[] = "the child that makes the namespaces";

/* Contractor's side: maps the ids when the child is ready, and receives what it made. */
static int follow_maker(struct userns *userns, pid_t pid, int socket, struct err *err)
{
	AUTO_CLOSE int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int none;

	if (proc_fd < 0)
		return err_sys(err, "cannot open /proc");
	if (message_expect(socket, maker_name, &none, err) < 0 ||
	    id_map_write(&userns->map, proc_fd, pid, err) < 0)
		return -1;
	if (message_send_text(socket, 'R', "") < 0)
		return err_sys(err, "cannot talk to the child that makes the namespaces");
	if (message_expect(socket, maker_name, &userns->user_fd, err) < 0 ||
	    message_expect(socket, maker_name, &userns->mount_fd, err) < 0)
		return -1;
	if (userns->user_fd < 0 || userns->mount_fd < 0)
		return err_set(err, ERR_FAULT, "the namespaces did not arrive");
	return 0;
}

static int run_maker(struct userns *userns, struct maker *maker, struct err *err)
{
	int keep[2 * DIR_COUNT], result, socket;
	size_t n_keep = 0;
	pid_t pid;

	for (int i = 0; i < DIR_COUNT; i++) {
		keep[n_keep++] = maker->dir_fds[i];
		if (maker->tree_fds[i] >= 0)
			keep[n_keep++] = maker->tree_fds[i];
	}
	if (child_fork(&(struct child_job){make_namespaces, maker, keep, n_keep}, &pid, &socket,
		       err) < 0)
		return -1;
	fcntl(socket, F_SETFL, 0);
	result = follow_maker(userns, pid, socket, err);
	close(socket);
	waitpid(pid, NULL, 0);
	return result;
}

int userns_new(const struct id_map *map, const struct userns_options *options,
	       struct userns **ret_userns, struct err *err)
{
	struct userns *userns = mem_new(sizeof *userns);
	struct maker maker = {
		.map = map, .options = options, .dir_fds = {options->layers_fd, options->tmp_fd}};
	int result;

	*userns = (struct userns){.map = *map, .user_fd = -1, .mount_fd = -1};
	for (int i = 0; i < DIR_COUNT; i++)
		maker.tree_fds[i] = geteuid() == 0 ? clone_tree(maker.dir_fds[i], "") : -1;
	result = run_maker(userns, &maker, err);
	for (int i = 0; i < DIR_COUNT; i++)
		fd_close(&maker.tree_fds[i]);
	if (result < 0) {
		userns_free(userns);
		return -1;
	}
	*ret_userns = userns;
	return 0;
}

void userns_free(struct userns *userns)
{
	if (!userns)
		return;
	fd_close(&userns->user_fd);
	fd_close(&userns->mount_fd);
	free(userns);
}

const struct id_map *userns_map(const struct userns *userns)
{
	return &userns->map;
}

int userns_user_fd(const struct userns *userns)
{
	return userns->user_fd;
}

int userns_mount_fd(const struct userns *userns)
{
	return userns->mount_fd;
}

int userns_enter(const struct userns *userns, struct err *err)
{
	if (setns(userns->user_fd, CLONE_NEWUSER) < 0)
		return err_sys(err, "cannot enter the user namespace");
	if (setns(userns->mount_fd, CLONE_NEWNS) < 0)
		return err_sys(err, "cannot enter the mount namespace");
	return become_root(&userns->map, err);
}
