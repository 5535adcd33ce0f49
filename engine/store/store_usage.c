#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/store/store_internal.h"

/* Directories open at a time; what is deeper than that is not counted. */
enum { DEPTH_MAX = 200 };

/* A stream over the directory name, or NULL when it is none, or not ours to read. */
static DIR *open_stream(int dir_fd, const char *name)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		fd_close(&fd);
	return dir;
}

/* A file with several names counts once, a part for each name. */
uint64_t store_status_bytes(const struct stat *status)
{
	return (uint64_t)status->st_blocks * 512 /
	       (S_ISDIR(status->st_mode) ? 1 : status->st_nlink);
}

uint64_t store_file_bytes(int dir_fd, const char *name)
{
	struct stat status;

	if (fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	return store_status_bytes(&status);
}

uint64_t store_tree_bytes(int dir_fd, const char *name)
{
	uint64_t total = store_file_bytes(dir_fd, name);
	DIR *open_dirs[DEPTH_MAX];
	size_t depth = 0;

	open_dirs[0] = open_stream(dir_fd, name);
	if (open_dirs[0])
		depth = 1;
	while (depth) {
		DIR *dir = open_dirs[depth - 1], *below;
		struct dirent *entry = readdir(dir);

		if (!entry) {
			closedir(dir);
			depth--;
			continue;
		}
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		total += store_file_bytes(dirfd(dir), entry->d_name);
		if (depth == DEPTH_MAX || (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN))
			continue;
		below = open_stream(dirfd(dir), entry->d_name);
		if (below)
			open_dirs[depth++] = below;
	}
	return total;
}

int store_usage(struct store *store, struct store_usage *ret_usage, struct err *err)
{
	AUTO_RESET sqlite3_stmt *stmt = db_query(store->db, SQL_COUNT_ATTEMPTS, err, "");
	struct store_usage usage = {0};
	int row = db_step(store->db, stmt, err);

	if (row <= 0)
		return row < 0 ? -1 : err_set(err, ERR_FAULT, "the attempts cannot be counted");
	usage.attempts = sqlite3_column_int64(stmt, 0);
	usage.layers = sqlite3_column_int64(stmt, 1);
	usage.failed = sqlite3_column_int64(stmt, 2);
	usage.squashed = sqlite3_column_int64(stmt, 3);
	db_reset(&stmt);
	usage.layers_bytes = store_tree_bytes(store->fd, "layers");
	usage.logs_bytes = store_tree_bytes(store->fd, "logs");
	usage.blobs_bytes = store_tree_bytes(store->fd, "blobs");
	usage.database_bytes = store_file_bytes(store->fd, "store.db") +
			       store_file_bytes(store->fd, "store.db-wal") +
			       store_file_bytes(store->fd, "store.db-shm");
	*ret_usage = usage;
	return 0;
}
