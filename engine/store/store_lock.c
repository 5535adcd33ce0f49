#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/interrupt.h"
#include "engine/base/mem.h"
#include "engine/store/store_internal.h"

/* The file `lock` is a map: its byte 0 is held by who sets up the store; byte 1 + pid is held,
 * shared, by each process that has it open; who wants to be alone holds everything from byte 1
 * on, and the length of that range tells its pid as well. So every holder has a name, and a dead
 * one has no lock: these are locks of the open file (F_OFD_SETLK), which nothing else of this
 * process takes away. Far behind them are the parts that store_internal.h names. */
enum {
	SETUP_BYTE = 0,
	FIRST_USER = 1,
	WAIT_MS = 20,
	WAITS_MAX = 50,
	SETUP_WAITS_MAX = 60, /* each as long as those together: a disk may be slow */
};
static const off_t alone_length = (off_t)1 << 40;

int lock_range(int fd, short type, off_t start, off_t length)
{
	struct flock lock = {
		.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};

	return fcntl(fd, F_OFD_SETLK, &lock);
}

int lock_range_soon(int fd, short type, off_t start, off_t length)
{
	const struct timespec pause = {.tv_nsec = WAIT_MS * 1000000L};

	for (int i = 0; i < WAITS_MAX; i++) {
		if (lock_range(fd, type, start, length) == 0)
			return 0;
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return -1;
		nanosleep(&pause, NULL);
	}
	errno = EAGAIN;
	return -1;
}

bool lock_range_is_free(int fd, off_t start, off_t length)
{
	struct flock lock = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = start, .l_len = length};

	return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_UNLCK;
}

/* Who holds something that is in the way of a lock of this type on everything; 0 when nobody does now. What begins with
 * the first user's byte is of one who is, or just was, alone. */
static long find_holder(int fd, short type)
{
	struct flock lock = {.l_type = type,
			     .l_whence = SEEK_SET,
			     .l_start = FIRST_USER,
			     .l_len = 2 * alone_length};

	if (fcntl(fd, F_OFD_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
		return 0;
	if (lock.l_len > alone_length)
		return (long)(lock.l_len - alone_length);
	if (lock.l_start == FIRST_USER)
		return (long)lock.l_len;
	return (long)(lock.l_start - FIRST_USER);
}

/* Takes a range of users: 0; else who is in the way, or -1 when nothing can be locked. Who has let go before the
 * question is not in the way any more. */
static long take_users(int (*lock)(int, short, off_t, off_t), int fd, short type, off_t start,
		       off_t length)
{
	for (;;) {
		long holder;

		if (lock(fd, type, start, length) == 0)
			return 0;
		if (errno != EAGAIN && errno != EACCES)
			return -1;
		holder = find_holder(fd, type);
		if (holder)
			return holder;
	}
}

static off_t own_byte(void)
{
	return FIRST_USER + (off_t)getpid();
}

static int set_removed(const char *path, struct err *err)
{
	return err_set(err, ERR_HOST, "the store %s was just removed; try again", path);
}

/* Opens the file `lock`, made when missing. */
static int open_lock(int store_fd, const char *path, struct err *err)
{
	int fd = openat(store_fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	if (errno == EROFS)
		return err_set(
			err, ERR_HOST,
			"the store %s is on a file system that can only be read, and whoever "
			"looks at a store takes locks in it; mount it for writing (mount -o "
			"remount,rw), or use a copy of it (cp -a) with --store",
			path);
	if (errno == ENOENT)
		return set_removed(path, err);
	err_sys(err, "cannot open %s/lock", path);
	return store_unusable(err);
}

int store_lock_join(int store_fd, const char *path, int *ret_fd, struct err *err)
{
	AUTO_CLOSE int fd = open_lock(store_fd, path, err);
	struct stat status;
	long holder;

	if (fd < 0)
		return -1;
	holder = take_users(lock_range_soon, fd, F_RDLCK, own_byte(), 1);
	if (holder < 0)
		return err_sys(err, "cannot lock a part of %s/lock", path);
	if (holder)
		return err_set(err, ERR_HOST,
			       "the store %s is being changed by process %ld; try again when it "
			       "has ended",
			       path, holder);
	if (fstat(fd, &status) < 0 || status.st_nlink == 0)
		return set_removed(path, err);
	*ret_fd = take_fd(&fd);
	return 0;
}

int store_lock_open(struct store *store, struct err *err)
{
	int fd = openat(store->fd, "lock", O_RDWR | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? err_sys(err, "cannot open %s/lock", store->path) : fd;
}

/* Who sets it up waits for the disk, which may take its time. */
int store_lock_setup(struct store *store, struct err *err)
{
	for (int i = 0; i < SETUP_WAITS_MAX && !interrupt_is_pending(); i++) {
		if (lock_range_soon(store->lock_fd, F_WRLCK, SETUP_BYTE, 1) == 0)
			return 0;
		if (errno != EAGAIN)
			return err_sys(err, "cannot lock a part of %s/lock", store->path);
	}
	return err_set(err, ERR_HOST,
		       "another process is setting up the store %s and does not end; end it first",
		       store->path);
}

void store_unlock_setup(struct store *store)
{
	lock_range(store->lock_fd, F_UNLCK, SETUP_BYTE, 1);
}

/* Takes the part of the file; else -1, and *ret_other is the process that is in the way, or 0. */
static int take_prune(int fd, short type, long long *ret_other)
{
	int (*lock)(int, short, off_t, off_t) = type == F_WRLCK ? lock_range : lock_range_soon;

	for (;;) {
		struct flock other = {
			.l_type = type, .l_whence = SEEK_SET, .l_start = LOCK_PRUNE, .l_len = 1};

		*ret_other = 0;
		if (lock(fd, type, LOCK_PRUNE, getpid()) == 0)
			return 0;
		if ((errno != EAGAIN && errno != EACCES) || fcntl(fd, F_OFD_GETLK, &other) < 0)
			return -1;
		*ret_other = (long long)other.l_len;
		/* It may have ended meanwhile. */
		if (other.l_type != F_UNLCK)
			return -1;
	}
}

/* How much is locked tells the others the process. A prune may be part of a session, which must not wait. */
int store_lock_prune(struct store *store, short type, int *ret_fd, struct err *err)
{
	AUTO_CLOSE int fd = store_lock_open(store, err);
	long long other;

	if (fd < 0)
		return -1;
	if (take_prune(fd, type, &other) == 0) {
		*ret_fd = take_fd(&fd);
		return 0;
	}
	if (!other)
		return err_sys(err, "cannot lock a part of %s/lock", store->path);
	return err_set(err, ERR_HOST,
		       "the store %s is being pruned or verified by process %lld; try again when "
		       "it has ended",
		       store->path, other);
}

/* Fails when an attempt is in flight in any process. */
static int check_no_drafts(struct store *store, struct err *err)
{
	AUTO_STRV struct strv names = {0};

	if (store_list(store->tmp_fd, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.len; i++) {
		AUTO_CLOSE int fd = lock_file_try(store->tmp_fd, names.items[i]);

		if (fd < 0 && errno == EWOULDBLOCK)
			return err_set(err, ERR_HOST,
				       "the store %s is in use: process %ld works on %s; end it "
				       "first",
				       store->path, lock_file_holder(store->tmp_fd, names.items[i]),
				       names.items[i]);
	}
	return 0;
}

int store_lock_alone(struct store *store, struct err *err)
{
	off_t length = alone_length + (off_t)getpid();
	long holder = take_users(lock_range, store->lock_fd, F_WRLCK, FIRST_USER, length);

	if (holder < 0)
		return err_sys(err, "cannot lock a part of %s/lock", store->path);
	if (holder)
		return err_set(err, ERR_HOST, "the store %s is in use by process %ld; end it first",
			       store->path, holder);
	if (check_no_drafts(store, err) == 0)
		return 0;
	store_unlock_alone(store);
	return -1;
}

/* Back to being one of the users, without a moment of being none. In this order, which find_holder() knows. */
void store_unlock_alone(struct store *store)
{
	off_t own = own_byte(), end = FIRST_USER + alone_length + (off_t)getpid();

	lock_range(store->lock_fd, F_RDLCK, own, 1);
	lock_range(store->lock_fd, F_UNLCK, own + 1, end - own - 1);
	lock_range(store->lock_fd, F_UNLCK, FIRST_USER, own - FIRST_USER);
}

/* True when the name still stands for the open file. */
static bool names_file(int dir_fd, const char *name, int fd)
{
	struct stat named, open_file;

	return fstatat(dir_fd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstat(fd, &open_file) == 0 && named.st_ino == open_file.st_ino &&
	       named.st_dev == open_file.st_dev;
}

int lock_file_take(int dir_fd, const char *name, struct err *err)
{
	for (;;) {
		AUTO_CLOSE int fd =
			openat(dir_fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);

		if (fd < 0)
			return err_sys(err, "cannot make the file %s", name);
		while (flock(fd, LOCK_EX) < 0) {
			if (errno != EINTR)
				return err_sys(err, "cannot lock the file %s", name);
		}
		/* Who held it before may have removed it. */
		if (names_file(dir_fd, name, fd))
			return take_fd(&fd);
	}
}

/* The name is looked at once more behind the lock: between the two, another purge may have removed the file, and its
 * owner made it anew. */
static int try_file(int dir_fd, const char *name, int flags)
{
	for (;;) {
		AUTO_CLOSE int fd = openat(
			dir_fd, name, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0666);

		if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
			return -1;
		if (names_file(dir_fd, name, fd))
			return take_fd(&fd);
	}
}

int lock_file_try(int dir_fd, const char *name)
{
	return try_file(dir_fd, name, O_RDONLY);
}

int lock_file_try_making(int dir_fd, const char *name)
{
	return try_file(dir_fd, name, O_RDWR | O_CREAT);
}

long lock_file_holder(int dir_fd, const char *name)
{
	AUTO_CLOSE int fd =
		openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char text[24] = "";

	if (fd < 0 || read(fd, text, sizeof text - 1) < 0)
		return 0;
	return strtol(text, NULL, 10);
}
