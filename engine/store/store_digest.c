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

int store_digest_fd(int fd, char ret_digest[SHA256_HEX_SIZE], struct err *err)
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
		if (got < 0) {
			sha256_free(sha);
			return err_sys(err, "cannot read a file for its digest");
		}
		sha256_add(sha, block, (size_t)got);
		offset += got;
	}
	sha256_finish(sha, ret_digest);
	return 0;
}

/* The remembered digest of the file: 1, 0 when there is none, -1. */
static int recall(struct store *store, const struct stat *status, char ret_digest[SHA256_HEX_SIZE])
{
	struct err ignored;
	AUTO_RESET sqlite3_stmt *stmt =
		db_query(store->db, SQL_GET_FILE, &ignored, "iiiii", (int64_t)status->st_dev,
			 (int64_t)status->st_ino, (int64_t)status->st_size, to_ns(status->st_mtim),
			 to_ns(status->st_ctim));

	if (db_step(store->db, stmt, &ignored) <= 0 || !sha256_is_hex(db_text(stmt, 0)))
		return 0;
	memcpy(ret_digest, db_text(stmt, 0), SHA256_HEX_SIZE);
	return 1;
}

/* Remembers a digest. It is only a help: that it fails does no harm. */
static void remember(struct store *store, const struct stat *status, const char *digest)
{
	struct err ignored;

	db_run(store->db,
	       db_query(store->db, SQL_SET_FILE, &ignored, "iiiiis", (int64_t)status->st_dev,
			(int64_t)status->st_ino, (int64_t)status->st_size, to_ns(status->st_mtim),
			to_ns(status->st_ctim), digest),
	       &ignored);
}

/* True when the file was the same before and after, and for so long that a later change must give
 * it other times, whatever the clock of the file system counts in. */
static bool is_settled(const struct stat *before, const struct stat *after)
{
	int64_t mtime = to_ns(before->st_mtim), ctime = to_ns(before->st_ctim);
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return before->st_size == after->st_size && mtime == to_ns(after->st_mtim) &&
	       ctime == to_ns(after->st_ctim) &&
	       to_ns(now) - (mtime > ctime ? mtime : ctime) >= settled_ns;
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
		return err_set(err, ERR_STEP, "its files have not been looked at yet");
	store->digest_bytes -= bytes;
	return 0;
}

int store_file_digest(struct store *store, int fd, char ret_digest[SHA256_HEX_SIZE],
		      struct err *err)
{
	struct stat before, after;

	if (fstat(fd, &before) < 0)
		return err_sys(err, "cannot look at a file");
	if (!S_ISREG(before.st_mode))
		return err_set(err, ERR_USAGE, "only a regular file has a digest");
	if (recall(store, &before, ret_digest) > 0)
		return 0;
	if (take_bytes(store, (uint64_t)before.st_size, err) < 0 ||
	    store_digest_fd(fd, ret_digest, err) < 0)
		return -1;
	if (fstat(fd, &after) == 0 && is_settled(&before, &after))
		remember(store, &before, ret_digest);
	return 0;
}
