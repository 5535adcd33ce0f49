#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/store/store_internal.h"

int store_unusable(struct err *err)
{
	size_t length = strlen(err->text);

	err->code = ERR_HOST;
	snprintf(err->text + length, sizeof err->text - length,
		 "; name another place with --store or CONTRACTOR_STORE");
	return -1;
}

/* What was removed has no names left, or lacks the file that every store has. */
void store_explain(const struct store *store, struct err *err)
{
	struct stat status;

	if (fstat(store->fd, &status) == 0 && status.st_nlink &&
	    faccessat(store->fd, "version", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return;
	err_set(err, ERR_HOST,
		"the store %s was removed, or taken away, while it was in use; begin again, or "
		"name "
		"another place with --store or CONTRACTOR_STORE",
		store->path);
}

bool store_exists(const char *path)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_STRV struct strv names = {0};
	struct err ignored;

	if (fd < 0)
		return errno != ENOENT;
	return store_list(fd, &names, &ignored) < 0 || names.len;
}

/* Makes the directory, and the one it is in when that is missing too; what is above has to be
 * there, or a name with a slip of the pen (or a disk not mounted) would make a tree. */
static int make_dir(const char *path, struct err *err)
{
	AUTO_FREE char *parent = path_dirname(path);

	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return 0;
	/* Another process may be making both at this moment. */
	if (errno == ENOENT && (mkdir(parent, 0700) == 0 || errno == EEXIST) &&
	    (mkdir(path, 0700) == 0 || errno == EEXIST))
		return 0;
	err_sys(err, "cannot make the store %s", path);
	return store_unusable(err);
}

/* Fails unless the directory is the caller's. */
static int check_owner(int fd, const char *path, struct err *err)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return err_sys(err, "cannot look at the store %s", path);
	if (status.st_uid == geteuid())
		return 0;
	err_set(err, ERR_HOST, "the store %s belongs to user %u, not to you (user %u)", path,
		status.st_uid, geteuid());
	return store_unusable(err);
}

/* Fails unless it is the caller's alone. */
static int check_closed(int fd, const char *path, struct err *err)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return err_sys(err, "cannot look at the store %s", path);
	if (!(status.st_mode & 077))
		return 0;
	return err_set(err, ERR_HOST,
		       "the store %s is open to others (mode %04o); do `chmod 700 %s`, or "
		       "name another place with --store",
		       path, status.st_mode & 07777, path);
}

/* Fails when a directory that is no store yet has files of somebody else in it. */
static int check_foreign(int fd, const char *path, struct err *err)
{
	AUTO_STRV struct strv names = {0};

	if (store_list(fd, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.len; i++) {
		AUTO_FREE char *shown = buf_shown(names.items[i]);

		if (!store_dir_knows(names.items[i]))
			return err_set(err, ERR_USAGE,
				       "%s is not a store, and not empty either (it has %s); name "
				       "a directory that is empty or does not exist",
				       path, shown);
	}
	return 0;
}

/* True for a directory that is no store and has something of somebody else's in it. */
static bool is_foreign(int fd, const char *path, struct err *err)
{
	return faccessat(fd, "version", F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
	       check_foreign(fd, path, err) < 0;
}

bool store_is_foreign(const char *path)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct err ignored;

	return fd >= 0 && is_foreign(fd, path, &ignored);
}

/* Opens the directory itself, never through a link in its last component. */
static int open_dir(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;

	if (fd >= 0)
		return fd;
	if (lstat(path, &status) == 0 && S_ISLNK(status.st_mode))
		return err_set(err, ERR_HOST,
			       "the store %s is a symbolic link; name the directory itself", path);
	err_sys(err, "cannot open the store %s", path);
	return store_unusable(err);
}

int store_dir_open(const char *path, int *ret_fd, char **ret_path, struct err *err)
{
	AUTO_FREE char *clean = path_normalise(path);
	AUTO_CLOSE int fd = -1;
	char name[64], target[4096];
	int version = 0;
	ssize_t length;

	if (make_dir(clean, err) < 0)
		return -1;
	fd = open_dir(clean, err);
	if (fd < 0 || check_owner(fd, clean, err) < 0)
		return -1;
	/* In this order: nobody is to be told to close /tmp to others. */
	if (is_foreign(fd, clean, err) || check_closed(fd, clean, err) < 0)
		return -1;
	/* A garbled one is for later; a newer one must not be touched at all. */
	if (store_version_read(fd, clean, &version, err) < 0 && err->code == ERR_HOST)
		return -1;
	snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	length = readlink(name, target, sizeof target - 1);
	if (length < 0)
		return err_sys(err, "cannot tell where the store %s is", clean);
	*ret_path = mem_strndup(target, (size_t)length);
	*ret_fd = take_fd(&fd);
	return 0;
}

int store_version_read(int fd, const char *path, int *ret_version, struct err *err)
{
	AUTO_CLOSE int file = path_open_beneath(fd, "version", O_RDONLY, 0);
	char text[16], *end;
	ssize_t length;
	long version;

	*ret_version = 0;
	if (file < 0 && errno == ENOENT)
		return 0;
	length = file < 0 ? -1 : read(file, text, sizeof text - 1);
	if (length < 0)
		return err_sys(err, "cannot read %s/version", path);
	text[length] = '\0';
	version = strtol(text, &end, 10);
	if (version < 1 || version > 999999 || strcmp(end, "\n") != 0)
		return err_set(
			err, ERR_FAULT,
			"%s/version is damaged; `contractor store verify --repair` writes it "
			"anew",
			path);
	if (version > STORE_FORMAT)
		return err_set(err, ERR_HOST,
			       "the store %s has format %ld, and this contractor knows those up to "
			       "%d; use a newer contractor, or another store with --store",
			       path, version, STORE_FORMAT);
	*ret_version = (int)version;
	return 0;
}

int store_version_write(struct store *store, struct err *err)
{
	AUTO_CLOSE int fd =
		path_open_beneath(store->fd, "version.part", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || dprintf(fd, "%d\n", STORE_FORMAT) < 0 || fsync(fd) < 0 ||
	    renameat(store->fd, "version.part", store->fd, "version") < 0 || fsync(store->fd) < 0) {
		err_sys(err, "cannot write %s/version", store->path);
		return store_unusable(err);
	}
	return 0;
}

/* Makes one directory below the store and opens it. One of the layers' owner is handed to it:
 * only root can, and only root has layers of another. */
static int open_part(struct store *store, const char *name, bool of_layers, struct err *err)
{
	const struct store_options *options = &store->options;
	bool is_new = mkdirat(store->fd, name, 0700) == 0;
	int fd;

	if (!is_new && errno != EEXIST) {
		err_sys(err, "cannot make %s/%s", store->path, name);
		return store_unusable(err);
	}
	fd = path_open_beneath(store->fd, name, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return err_sys(err, "cannot open %s/%s", store->path, name);
	if (is_new && of_layers && geteuid() == 0 &&
	    fchown(fd, options->layer_uid, options->layer_gid) < 0) {
		err_sys(err, "cannot give %s/%s to user %u", store->path, name, options->layer_uid);
		fd_close(&fd);
	}
	return fd;
}

int store_dir_fill(struct store *store, struct err *err)
{
	const struct {
		const char *name;
		bool of_layers;
		int *fd;
	} parts[] = {
		{"layers", true, &store->layers_fd},
		{"tmp", true, &store->tmp_fd},
		{"logs", false, &store->logs_fd},
		{"blobs", false, &store->blobs_fd},
	};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		*parts[i].fd = open_part(store, parts[i].name, parts[i].of_layers, err);
		if (*parts[i].fd < 0)
			return -1;
	}
	return 0;
}
