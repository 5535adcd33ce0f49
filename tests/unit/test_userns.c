/* The outer namespaces, really made: by whoever runs this, and when that is root also by an
 * ordinary user, `contractor-test` or else one without a name (engine/process/userns.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/process/child.h"
#include "engine/process/message.h"
#include "engine/process/userns.h"

enum { NAMELESS = 65534 };
static const char launcher[] = "the launcher";

/* Checks in children return: a longjmp out of a child would run the tests twice. */
#define CHECK(condition)                                                                         \
	do {                                                                                     \
		if (!(condition))                                                                \
			return err_set(err, ERR_FAULT, "line %d: %s (%s)", __LINE__, #condition, \
				       strerror(errno));                                         \
	} while (0)

/* What the children check. */
struct trial {
	char dir[64]; /* 0700, like a store, with layers/ and tmp/ in it */
	struct id_map map;
	bool ordinary; /* give up root first */
	bool single;   /* as if newuidmap were not installed */
	struct userns *userns;
};

static int set_up(void **state)
{
	struct trial *trial = mem_new(sizeof *trial);

	strcpy(trial->dir, "/tmp/contractor-userns.XXXXXX");
	*state = trial;
	return mkdtemp(trial->dir) ? 0 : -1;
}

static int tear_down(void **state)
{
	struct trial *trial = *state;
	struct err err;
	int result = path_remove_tree(AT_FDCWD, trial->dir, &err);

	free(trial);
	return result;
}

/* Runs a check in a child and waits for it; what it found fails the test. */
static void run_in_child(int (*check)(void *data, int socket, struct err *err), void *data)
{
	const struct child_job job = {check, data, NULL, 0};
	struct message message;
	struct err err = {0};
	int socket, got, status;
	pid_t pid;

	assert_int_equal(child_fork(&job, &pid, &socket, &err), 0);
	fcntl(socket, F_SETFL, 0);
	got = message_receive(socket, &message, 0);
	close(socket);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (got == 1) {
		message_get_err(&message, &err);
		fail_msg("%s", err.text);
	}
	assert_int_equal(status, 0);
}

/* Becomes an ordinary user as a login would. */
static int become_ordinary(struct err *err)
{
	const struct passwd *entry = getpwnam("contractor-test");
	uid_t uid = entry ? entry->pw_uid : NAMELESS;
	gid_t gid = entry ? entry->pw_gid : NAMELESS;

	CHECK(setgroups(0, NULL) == 0 && setresgid(gid, gid, gid) == 0);
	CHECK(setresuid(uid, uid, uid) == 0);
	CHECK(prctl(PR_SET_DUMPABLE, 1) == 0);
	return 0;
}

/* Makes name in the trial's directory for the root of the namespace; returns a descriptor. */
static int make_dir(const struct trial *trial, const char *name)
{
	AUTO_FREE char *path = path_join(trial->dir, name);
	uid_t uid = id_map_root_uid(&trial->map);
	gid_t gid = id_map_root_gid(&trial->map);

	if (mkdir(path, 0700) < 0 || (geteuid() == 0 && chown(path, uid, gid) < 0))
		return -1;
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int find_map(struct trial *trial, struct err *err)
{
	const struct id_map_person person = {
		.uid = getuid(), .gid = getgid(), .subuid = "/none", .subgid = "/none"};

	if (trial->single)
		return id_map_plan(&person, &trial->map, err);
	return id_map_find(&trial->map, err);
}

static int make_userns(struct trial *trial, struct err *err)
{
	AUTO_CLOSE int layers = make_dir(trial, "layers"), tmp = make_dir(trial, "tmp");
	const struct userns_options options = {layers, tmp, launcher, sizeof launcher - 1};

	CHECK(layers >= 0 && tmp >= 0);
	return userns_new(&trial->map, &options, &trial->userns, err);
}

/* Reads a whole file into buf. */
static int read_file(const char *path, struct buf *buf, struct err *err)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

	CHECK(fd >= 0);
	return buf_read_fd(buf, fd, 1 << 20, path, err);
}

/* A map as the kernel shows it must be the one that was wanted, and leave out the host's 0. */
static int check_kernel_map(const char *path, const struct id_extent *extents, struct err *err)
{
	AUTO_FCLOSE FILE *file = fopen(path, "re");
	unsigned inside, outside, count;
	int i = 0;

	CHECK(file);
	while (fscanf(file, "%u %u %u", &inside, &outside, &count) == 3) {
		CHECK(i < ID_MAP_EXTENTS);
		CHECK(inside == extents[i].inside && outside == extents[i].outside);
		CHECK(count == extents[i].count);
		CHECK(outside > 0 && outside + count > outside);
		i++;
	}
	CHECK(i == (extents[1].count ? 2 : 1));
	return 0;
}

/* Inside: who we are. */
static int check_identity(const struct trial *trial, struct err *err)
{
	CHECK(getuid() == 0 && geteuid() == 0 && getgid() == 0 && getegid() == 0);
	if (check_kernel_map("/proc/self/uid_map", trial->map.uids, err) < 0 ||
	    check_kernel_map("/proc/self/gid_map", trial->map.gids, err) < 0)
		return -1;
	if (trial->map.single)
		CHECK(setgroups(0, NULL) == -1);
	else
		CHECK(getgroups(0, NULL) == 0);
	return 0;
}

/* Inside: the store's directories, the launcher, and a place to mount on. */
static int check_mounts(struct err *err)
{
	AUTO_BUF struct buf text = BUF_INIT;
	struct stat status;

	CHECK(mkdir(USERNS_DIR "/layers/a", 0755) == 0);
	CHECK(mkdir(USERNS_DIR "/tmp/b", 0755) == 0);
	if (read_file(USERNS_DIR "/launcher", &text, err) < 0)
		return -1;
	CHECK(!strcmp(text.data, launcher));
	CHECK(stat(USERNS_DIR "/launcher", &status) == 0);
	CHECK((status.st_mode & 07777) == 0555 && status.st_uid == 0);
	CHECK(rmdir(USERNS_DIR "/step") == 0 && mkdir(USERNS_DIR "/step", 0755) == 0);
	CHECK(mount("test", USERNS_DIR "/step", "tmpfs", 0, NULL) == 0);
	CHECK(mkdir(USERNS_DIR "/step/x", 0755) == 0);
	return 0;
}

/* Inside: nothing of what only the host's root may do or read. */
static int check_powers(struct err *err)
{
	struct stat status;

	CHECK(stat("/proc/sys/kernel/core_pattern", &status) == 0 && status.st_uid != 0);
	CHECK(open("/proc/sys/kernel/core_pattern", O_WRONLY | O_CLOEXEC) == -1);
	CHECK(errno == EACCES || errno == EROFS);
	if (access("/etc/shadow", F_OK) == 0)
		CHECK(open("/etc/shadow", O_RDONLY | O_CLOEXEC) == -1 && errno == EACCES);
	return 0;
}

static int check_inside(void *data, int socket, struct err *err)
{
	struct trial *trial = data;

	(void)socket;
	if (userns_enter(trial->userns, err) < 0)
		return -1;
	if (check_identity(trial, err) < 0 || check_mounts(err) < 0)
		return -1;
	return check_powers(err);
}

/* Runs check_inside() in a child that has only what userns.h says it needs. */
static int visit(struct trial *trial, struct err *err)
{
	const int keep[] = {userns_user_fd(trial->userns), userns_mount_fd(trial->userns)};
	const struct child_job job = {check_inside, trial, keep, ARRAY_SIZE(keep)};
	struct message message;
	int socket, got;
	pid_t pid;

	if (child_fork(&job, &pid, &socket, err) < 0)
		return -1;
	fcntl(socket, F_SETFL, 0);
	got = message_receive(socket, &message, 0);
	close(socket);
	CHECK(waitpid(pid, NULL, 0) == pid);
	if (got == 0)
		return 0;
	message_get_err(&message, err);
	return -1;
}

/* What was made inside lies in the store, and belongs to the namespace's root. */
static int check_made(const struct trial *trial, const char *name, struct err *err)
{
	AUTO_FREE char *path = path_join(trial->dir, name);
	struct stat status;

	CHECK(lstat(path, &status) == 0);
	CHECK(status.st_uid == id_map_root_uid(&trial->map));
	CHECK(status.st_gid == id_map_root_gid(&trial->map));
	return 0;
}

/* The whole life of the namespaces, from outside. */
static int check_life(void *data, int socket, struct err *err)
{
	AUTO_BUF struct buf before = BUF_INIT, after = BUF_INIT;
	struct trial *trial = data;

	(void)socket;
	if (trial->ordinary && become_ordinary(err) < 0)
		return -1;
	if (find_map(trial, err) < 0 || read_file("/proc/self/mountinfo", &before, err) < 0)
		return -1;
	CHECK(trial->map.single == (trial->map.uids[0].count == 1 && !trial->map.uids[1].count));
	if (make_userns(trial, err) < 0 || visit(trial, err) < 0)
		return -1;
	CHECK(userns_map(trial->userns)->uids[0].outside == id_map_root_uid(&trial->map));
	if (read_file("/proc/self/mountinfo", &after, err) < 0)
		return -1;
	CHECK(!strcmp(before.data, after.data));
	CHECK(access(USERNS_DIR "/step/x", F_OK) == -1);
	if (check_made(trial, "layers/a", err) < 0 || check_made(trial, "tmp/b", err) < 0)
		return -1;
	userns_free(trial->userns);
	CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	return 0;
}

static void test_as_we_are(void **state)
{
	run_in_child(check_life, *state);
}

/* Gives the trial's directory to whom become_ordinary() becomes. */
static void hand_over(struct trial *trial)
{
	const struct passwd *entry = getpwnam("contractor-test");

	trial->ordinary = geteuid() == 0;
	if (trial->ordinary)
		assert_int_equal(chown(trial->dir, entry ? entry->pw_uid : NAMELESS,
				       entry ? entry->pw_gid : NAMELESS),
				 0);
}

static void test_as_ordinary_user(void **state)
{
	hand_over(*state);
	run_in_child(check_life, *state);
}

static void test_with_single_id(void **state)
{
	struct trial *trial = *state;

	hand_over(trial);
	trial->single = true;
	run_in_child(check_life, trial);
}

/* On a host that refuses user namespaces it is said so, with where to look; and no child, no
 * descriptor is left behind. */
static int check_refusal(void *data, int socket, struct err *err)
{
	struct trial *trial = data;
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	struct err found = {0};
	int next, after;

	(void)socket;
	CHECK(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(unshare), 0) == 0);
	CHECK(seccomp_load(filter) == 0);
	seccomp_release(filter);
	next = dup(0);
	close(next);
	CHECK(find_map(trial, err) == 0 && make_userns(trial, &found) == -1);
	CHECK(found.code == ERR_HOST && strstr(found.text, "user namespace"));
	CHECK(strstr(found.text, "contractor doctor"));
	CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	after = dup(0);
	CHECK(after == next);
	return 0;
}

static void test_refused(void **state)
{
	run_in_child(check_refusal, *state);
}

/* A directory that is gone cannot be taken in, and is named. */
static int check_missing_dir(void *data, int socket, struct err *err)
{
	struct trial *trial = data;
	struct err found = {0};
	AUTO_FREE char *path = path_join(trial->dir, "tmp");
	struct userns_options options = {.launcher = launcher, .launcher_length = 1};

	(void)socket;
	if (trial->ordinary && become_ordinary(err) < 0)
		return -1;
	CHECK(find_map(trial, err) == 0);
	options.layers_fd = make_dir(trial, "layers");
	options.tmp_fd = make_dir(trial, "tmp");
	CHECK(options.layers_fd >= 0 && options.tmp_fd >= 0 && rmdir(path) == 0);
	CHECK(userns_new(&trial->map, &options, &trial->userns, &found) == -1);
	CHECK(strstr(found.text, path));
	return 0;
}

static void test_missing_dir(void **state)
{
	hand_over(*state);
	run_in_child(check_missing_dir, *state);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_as_we_are), TEST(test_as_ordinary_user), TEST(test_with_single_id),
		TEST(test_refused),   TEST(test_missing_dir),
	};

	return cmocka_run_group_tests_name("userns", tests, NULL, NULL);
}
