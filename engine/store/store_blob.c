#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/store/store_internal.h"

/* Fails for what is no digest: it will become a path. */
static int check_digest(const char *digest, struct err *err)
{
	if (sha256_is_hex(digest))
		return 0;
	return err_set(err, ERR_FAULT, "\"%.80s\" is not a digest", digest);
}

/* Keeps a prune from taking the artifact before its attempt is recorded. One that goes on is told to let us in. */
static int hold_blobs(struct store *store, struct err *err)
{
	int result;

	lock_range(store->lock_fd, F_RDLCK, LOCK_BLOBS_WANTED, 1);
	result = lock_range_soon(store->lock_fd, F_RDLCK, LOCK_BLOBS, 1);
	if (result < 0)
		err_sys(err, "cannot begin an artifact in %s", store->path);
	lock_range(store->lock_fd, F_UNLCK, LOCK_BLOBS_WANTED, 1);
	return result;
}

/* The file is locked while its descriptor, or a copy of it, is open: see store_purge_tmp(). */
int blob_begin(struct store *store, char ret_tmp_name[32], int *ret_fd, struct err *err)
{
	char name[32];
	uint64_t random;
	int fd, copy;

	if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
		return err_sys(err, "cannot name a file for an artifact");
	snprintf(name, sizeof name, "blob-%016" PRIx64, random);
	if (hold_blobs(store, err) < 0)
		return -1;
	fd = lock_file_take(store->tmp_fd, name, err);
	if (fd < 0)
		return err_in(err, "cannot begin an artifact in %s", store->path);
	store_hold(store, name, fd);
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (copy < 0) {
		err_sys(err, "cannot begin an artifact in %s", store->path);
		blob_discard(store, name);
		return -1;
	}
	memcpy(ret_tmp_name, name, sizeof name);
	*ret_fd = copy;
	return 0;
}

void blob_discard(struct store *store, const char *tmp_name)
{
	unlinkat(store->tmp_fd, tmp_name, 0);
	store_let_go(store, tmp_name);
}

/* Gives a file its name. A directory of that name can only be damage. */
static int rename_blob(struct store *store, const char *tmp_name, const char *digest)
{
	if (renameat(store->tmp_fd, tmp_name, store->blobs_fd, digest) == 0)
		return 0;
	if (errno != EISDIR || store_remove_tree(store, store->blobs_fd, digest) < 0)
		return -1;
	return renameat(store->tmp_fd, tmp_name, store->blobs_fd, digest);
}

/* Brings the bytes to the disk before they get their name, and the name after. */
static int name_blob(struct store *store, const char *tmp_name, const char *digest, struct err *err)
{
	int fd = store_held_fd(store, tmp_name);

	if (check_digest(digest, err) < 0)
		return -1;
	if (fd < 0)
		return err_set(err, ERR_FAULT, "no artifact named %s was begun", tmp_name);
	if (fsync(fd) < 0 || rename_blob(store, tmp_name, digest) < 0 || fsync(store->blobs_fd) < 0)
		return err_sys(err, "cannot keep an artifact in %s/blobs", store->path);
	return 0;
}

int blob_commit(struct store *store, const char *tmp_name, const char *digest, struct err *err)
{
	int result = name_blob(store, tmp_name, digest, err);

	blob_discard(store, tmp_name);
	return result;
}

/* What has the name of an artifact and is not what it says. */
static int set_damaged(const char *digest, struct err *err)
{
	return err_set(err, ERR_FAULT,
		       "the artifact %s in the store is damaged; `contractor store verify "
		       "--repair` removes it",
		       digest);
}

int blob_open(struct store *store, const char *digest, struct err *err)
{
	AUTO_CLOSE int fd = -1;
	struct stat status;

	if (check_digest(digest, err) < 0)
		return -1;
	fd = path_open_beneath(store->blobs_fd, digest, O_RDONLY, 0);
	if (fd < 0 && errno == ENOENT)
		return err_set(err, ERR_NOT_FOUND, "the store %s has no artifact %s", store->path,
			       digest);
	if (fd < 0 || fstat(fd, &status) < 0)
		return err_sys(err, "cannot open the artifact %s", digest);
	return S_ISREG(status.st_mode) ? take_fd(&fd) : set_damaged(digest, err);
}

/* Copies all bytes, and fails when they are not those of the digest. */
static int copy_checked(int from_fd, int to_fd, const char *digest, struct err *err)
{
	enum { BLOCK = 131072 };
	AUTO_FREE char *block = mem_resize(NULL, BLOCK, 1);
	struct sha256 *sha = sha256_new();
	char copied[SHA256_HEX_SIZE];
	ssize_t got;

	while ((got = read(from_fd, block, BLOCK)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || fd_write_all(to_fd, block, (size_t)got) < 0) {
			sha256_free(sha);
			return err_sys(err, "cannot copy the artifact");
		}
		sha256_add(sha, block, (size_t)got);
	}
	sha256_finish(sha, copied);
	if (!strcmp(copied, digest))
		return 0;
	return set_damaged(digest, err);
}

/* True when the file is there already, and whole. */
static bool has_copy(struct store *store, int dir_fd, const char *file_name, const char *digest)
{
	AUTO_CLOSE int fd = path_open_beneath(dir_fd, file_name, O_RDONLY, 0);
	char found[SHA256_HEX_SIZE];
	struct err ignored;

	return fd >= 0 && store_file_digest(store, fd, found, &ignored) == 0 &&
	       !strcmp(found, digest);
}

/* Fills the file part, which fd is, and gives it its name. */
static int fill_copy(int blob_fd, int dir_fd, int fd, const char *part, const char *digest,
		     const char *file_name, struct err *err)
{
	if (ftruncate(fd, 0) < 0)
		return err_sys(err, "cannot write %s", part);
	if (copy_checked(blob_fd, fd, digest, err) < 0)
		return -1;
	if (fsync(fd) < 0 || renameat(dir_fd, part, dir_fd, file_name) < 0 || fsync(dir_fd) < 0)
		return err_sys(err, "cannot write %s", file_name);
	return 0;
}

/* Writes the copy under a name of its own and renames it. A name left by a process that was killed
 * is taken over. */
static int write_copy(int blob_fd, int dir_fd, const char *digest, const char *file_name,
		      struct err *err)
{
	AUTO_FREE char *part = mem_printf(".%s.part", digest);
	AUTO_CLOSE int fd = lock_file_take(dir_fd, part, err);

	if (fd < 0)
		return -1;
	if (fill_copy(blob_fd, dir_fd, fd, part, digest, file_name, err) == 0)
		return 0;
	unlinkat(dir_fd, part, 0);
	return -1;
}

int store_export_artifact(struct store *store, const char *digest, const char *dir,
			  const char *file_name, struct err *err)
{
	AUTO_CLOSE int blob_fd = -1;
	AUTO_CLOSE int dir_fd = -1;

	if (strchr(file_name, '/') || !path_is_clean_relative(file_name) ||
	    !strcmp(file_name, ".")) {
		AUTO_FREE char *shown = buf_shown(file_name);

		return err_set(err, ERR_USAGE, "\"%s\" is not a name for an artifact's file",
			       shown);
	}
	blob_fd = blob_open(store, digest, err);
	if (blob_fd < 0 || path_make_dirs(dir, 0777, err) < 0)
		return -1;
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return err_sys(err, "cannot open the artifact directory %s", dir);
	if (has_copy(store, dir_fd, file_name, digest))
		return 0;
	if (write_copy(blob_fd, dir_fd, digest, file_name, err) < 0)
		return err_in(err, "cannot put an artifact into %s", dir);
	return 0;
}
