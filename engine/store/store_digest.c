#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/interrupt.h"
#include "engine/base/mem.h"
#include "engine/store/store_internal.h"

static const int64_t second_ns = 1000000000, settled_ns = 2 * second_ns;

static int64_t to_ns(struct timespec time)
{
	return (int64_t)time.tv_sec * second_ns + time.tv_nsec;
}

int store_digest_fd(int fd, int (*progress)(void *data, size_t bytes, struct err *err), void *data,
		    char ret_digest[SHA256_HEX_SIZE], struct err *err)
{
	enum { BLOCK = 131072 };
	AUTO_FREE char *block = mem_resize(NULL, BLOCK, 1);
	struct sha256 *sha = sha256_new();
	off_t offset = 0;
	ssize_t got;

	while ((got = pread(fd, block, BLOCK, offset)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got > 0 && interrupt_is_pending()) {
			errno = EINTR;
			got = -1;
		}
		if (got < 0)
			err_sys(err, "cannot read a file for its digest");
		if (got < 0 || (progress && progress(data, (size_t)got, err) < 0)) {
			sha256_free(sha);
			return -1;
		}
		sha256_add(sha, block, (size_t)got);
		offset += got;
	}
	sha256_finish(sha, ret_digest);
	return 0;
}

/* What the file is told by. */
static struct file_stamp stamp_of(const struct stat *status)
{
	return (struct file_stamp){(int64_t)status->st_dev, (int64_t)status->st_ino,
				   (int64_t)status->st_size, to_ns(status->st_mtim),
				   to_ns(status->st_ctim)};
}

bool file_stamp_holds(const struct file_stamp *stamp, int fd)
{
	struct stat status;
	struct file_stamp now;

	if (fstat(fd, &status) < 0)
		return false;
	now = stamp_of(&status);
	return memcmp(stamp, &now, sizeof now) == 0;
}

bool file_stamp_is_old(const struct file_stamp *stamp)
{
	int64_t mtime = stamp->mtime_ns, ctime = stamp->ctime_ns;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return to_ns(now) - (mtime > ctime ? mtime : ctime) >= settled_ns;
}

/* The remembered digest of the file: 1, or 0 when there is none. */
static int recall(struct store *store, const struct file_stamp *stamp,
		  char ret_digest[SHA256_HEX_SIZE])
{
	struct err ignored;
	AUTO_RESET sqlite3_stmt *stmt =
		db_query(store->db, SQL_GET_FILE, &ignored, "iiiii", stamp->dev, stamp->ino,
			 stamp->size, stamp->mtime_ns, stamp->ctime_ns);

	if (db_step(store->db, stmt, &ignored) <= 0 || !sha256_is_hex(db_text(stmt, 0)))
		return 0;
	memcpy(ret_digest, db_text(stmt, 0), SHA256_HEX_SIZE);
	return 1;
}

bool store_remember_digest(struct store *store, const struct file_stamp *stamp, const char *digest)
{
	struct err ignored;
	sqlite3_stmt *stmt =
		db_query(store->db, SQL_SET_FILE, &ignored, "iiiiis", stamp->dev, stamp->ino,
			 stamp->size, stamp->mtime_ns, stamp->ctime_ns, digest);

	return db_run(store->db, stmt, &ignored) == 0;
}

void store_limit_digests(struct store *store, uint64_t bytes)
{
	store->digest_bytes = bytes;
}

/* Takes the bytes of a file from those that may still be read. */
static int take_bytes(struct store *store, uint64_t bytes, struct err *err)
{
	if (store->digest_bytes == UINT64_MAX)
		return 0;
	if (bytes > store->digest_bytes)
		return err_set(err, ERR_UNREAD, "it has not been read yet");
	store->digest_bytes -= bytes;
	return 0;
}

/* Reads the file, here and now, and remembers its digest if it was the same before and after. */
static int read_now(struct store *store, int fd, const struct file_stamp *stamp,
		    char ret_digest[SHA256_HEX_SIZE], struct err *err)
{
	if (take_bytes(store, (uint64_t)stamp->size, err) < 0 ||
	    store_digest_fd(fd, NULL, NULL, ret_digest, err) < 0)
		return -1;
	if (file_stamp_holds(stamp, fd) && file_stamp_is_old(stamp))
		store_remember_digest(store, stamp, ret_digest);
	return 0;
}

int store_file_digest(struct store *store, int fd, char ret_digest[SHA256_HEX_SIZE],
		      struct err *err)
{
	struct stat status;
	struct file_stamp stamp;

	if (fstat(fd, &status) < 0)
		return err_sys(err, "cannot look at a file");
	if (!S_ISREG(status.st_mode))
		return err_set(err, ERR_USAGE, "only a regular file has a digest");
	stamp = stamp_of(&status);
	/* In the child, which must not ask the index. */
	if (store->unread.use == UNREAD_TOLD)
		return unread_read(store, fd, &stamp, ret_digest, err);
	if (recall(store, &stamp, ret_digest) > 0 || unread_recall(store, &stamp, ret_digest))
		return 0;
	if (store->unread.use == UNREAD_TAKEN)
		return read_now(store, fd, &stamp, ret_digest, err);
	unread_note(store, &stamp, ret_digest);
	return 0;
}
