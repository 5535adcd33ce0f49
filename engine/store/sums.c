#include "engine/store/sums.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/process/message.h"
#include "engine/store/archive_internal.h"
#include "engine/store/archive_walk.h"
#include "engine/store/store_internal.h"
#include "engine/store/tree_scan.h"

enum { XATTRS_MAX = 65536 };

static void add_number(struct sha256 *sha, uint64_t number)
{
	sha256_add(sha, &number, sizeof number);
}

/* Adds the names and values of a directory's attributes, in one order; those that are not for us have none. */
static int add_xattrs(struct sha256 *sha, int fd, struct err *err)
{
	AUTO_FREE char *list = mem_resize(NULL, XATTRS_MAX, 2);
	char *value = list + XATTRS_MAX;
	ssize_t length = flistxattr(fd, list, XATTRS_MAX);
	AUTO_STRV struct strv names = {0};

	if (length < 0 && errno == EIO)
		return err_sys(err, "cannot read attributes");
	for (char *name = list; length > 0 && name < list + length; name += strlen(name) + 1)
		strv_add(&names, name);
	archive_sort_names(&names);
	for (size_t i = 0; i < names.len; i++) {
		ssize_t size = fgetxattr(fd, names.items[i], value, XATTRS_MAX);

		if (size < 0 && errno == EIO)
			return err_sys(err, "cannot read attributes");
		sha256_field(sha, names.items[i]);
		sha256_field_bytes(sha, value, size < 0 ? 0 : (size_t)size);
	}
	return 0;
}

/* Adds what an entry is like. */
static int add_entry(struct sha256 *sha, const struct tree_entry *entry, struct err *err)
{
	const struct stat *status = &entry->status;
	AUTO_FREE char *link = NULL;
	bool is_file = S_ISREG(status->st_mode) || S_ISLNK(status->st_mode);

	sha256_field(sha, entry->path);
	add_number(sha, status->st_mode);
	add_number(sha, status->st_uid);
	add_number(sha, status->st_gid);
	add_number(sha, is_file ? (uint64_t)status->st_size : 0);
	add_number(sha, status->st_rdev);
	add_number(sha, (uint64_t)status->st_mtim.tv_sec);
	add_number(sha, (uint64_t)status->st_mtim.tv_nsec);
	if (entry->dir_fd >= 0 && add_xattrs(sha, entry->dir_fd, err) < 0)
		return -1;
	if (!S_ISLNK(status->st_mode))
		return 0;
	link = tree_entry_link(entry, err);
	if (!link)
		return -1;
	sha256_field(sha, link);
	return 0;
}

/* Goes through a tree; a failure leaves the layer without a digest. */
static int sum_tree(struct tree_walk *walk, struct sha256 *sha, uint64_t *bytes, struct err *err)
{
	struct tree_entry entry;
	int more;

	while ((more = tree_walk_next(walk, &entry, err)) > 0) {
		*bytes += tree_scan_bytes(&entry.status);
		if (add_entry(sha, &entry, err) < 0)
			return -1;
	}
	return more;
}

/* Adds one of the layer's trees, if it is there: 1, or 0, or -1. */
static int sum_part(int layers_fd, const char *name, struct sha256 *sha, uint64_t *bytes,
		    struct err *err)
{
	struct stat status;
	struct tree_walk *walk;
	int result;

	if (fstatat(layers_fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys(err, "cannot look at layers/%s", name);
	walk = tree_walk_new(layers_fd, name, NULL, NULL, err);
	if (!walk)
		return -1;
	tree_walk_take_all(walk);
	sha256_field(sha, name);
	result = sum_tree(walk, sha, bytes, err);
	tree_walk_free(walk);
	return result < 0 ? -1 : 1;
}

/* The trees of a layer, and nothing that may stray beside them. */
static void sum_layer(int layers_fd, const char *id, struct sums *sums)
{
	static const char *const parts[] = {"/systree", "/workspace", "/tmp"};
	struct sha256 *sha = sha256_new();
	struct err err = {0};
	int found = 0;

	for (size_t i = 0; i < ARRAY_SIZE(parts) && found >= 0; i++) {
		struct store_name name = store_name_of(id, parts[i]);
		int part = sum_part(layers_fd, name.text, sha, &sums->bytes, &err);

		found = part < 0 ? -1 : found + part;
	}
	sums->layer_errno = found < 0 ? err.sys_errno : 0;
	if (found > 0)
		sha256_finish(sha, sums->layer);
	else
		sha256_free(sha);
}

static void sum_logs(int logs_fd, const char *id, struct sums *sums)
{
	static const char *const suffixes[] = {".log", ".times"};
	char digests[ARRAY_SIZE(suffixes)][SHA256_HEX_SIZE];
	struct err err;
	struct sha256 *sha;

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		AUTO_CLOSE int fd = recording_open_file(logs_fd, id, suffixes[i]);

		sums->logs_errno = fd < 0 ? errno : 0;
		if (fd >= 0 && store_digest_fd(fd, NULL, NULL, digests[i], &err) < 0)
			sums->logs_errno = err.sys_errno;
		if (sums->logs_errno)
			return;
		sums->bytes += store_file_bytes(logs_fd, store_name_of(id, suffixes[i]).text);
	}
	sha = sha256_new();
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		sha256_field(sha, digests[i]);
	sha256_finish(sha, sums->logs);
}

struct sums *sums_of_logs(const int64_t *numbers, size_t count, int logs_fd)
{
	struct sums *sums = mem_new((count + 1) * sizeof *sums);
	char id[8];

	for (size_t i = 0; i < count; i++) {
		sums[i].number = numbers[i];
		if (store_id_format(numbers[i], id))
			sum_logs(logs_fd, id, &sums[i]);
	}
	return sums;
}

void sums_add_layer(struct sums *sums, int layers_fd)
{
	char id[8];

	if (store_id_format(sums->number, id))
		sum_layer(layers_fd, id, sums);
}

int sums_send(struct sums *sums, size_t count, const char *layers_dir, int socket, struct err *err)
{
	AUTO_CLOSE int layers_fd = open(layers_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (layers_fd < 0)
		return err_sys(err, "cannot open %s", layers_dir);
	for (size_t i = 0; i < count; i++) {
		AUTO_FREE char *text = NULL;

		sums_add_layer(&sums[i], layers_fd);
		text = mem_printf("%" PRId64 " %" PRIu64 " %d %d %s. %s.", sums[i].number,
				  sums[i].bytes, sums[i].logs_errno, sums[i].layer_errno,
				  sums[i].logs, sums[i].layer);
		if (message_send_text(socket, 'R', text) < 0)
			return err_sys(err, "nobody waits for the digests of the store");
	}
	return 0;
}

/* Takes hex digits, or none, up to a full stop. */
static bool take_digest(const char **text, char ret_digest[SHA256_HEX_SIZE])
{
	size_t length = strcspn(*text, ".");
	char digest[SHA256_HEX_SIZE] = "";

	if (!(*text)[length] || length >= sizeof digest)
		return false;
	memcpy(digest, *text, length);
	if (length && !sha256_is_hex(digest))
		return false;
	memcpy(ret_digest, digest, sizeof digest);
	*text += length + 1;
	return true;
}

bool sums_parse(const char *text, struct sums *ret_sums)
{
	struct sums sums = {0};
	int used = 0;

	if (sscanf(text, "%" SCNd64 " %" SCNu64 " %d %d %n", &sums.number, &sums.bytes,
		   &sums.logs_errno, &sums.layer_errno, &used) != 4)
		return false;
	text += used;
	if (!take_digest(&text, sums.logs) || *text++ != ' ' || !take_digest(&text, sums.layer))
		return false;
	*ret_sums = sums;
	return true;
}

int sums_pending(struct store *store, int64_t **ret_numbers, size_t *ret_count, struct err *err)
{
	return db_numbers(store->db, db_query(store->db, SQL_LIST_UNSUMMED, err, ""), ret_numbers,
			  ret_count, err);
}

int sums_missing(struct store *store, int64_t *ret_count, struct err *err)
{
	AUTO_RESET sqlite3_stmt *stmt = db_query(store->db, SQL_COUNT_UNSUMMED, err, "");

	if (db_step(store->db, stmt, err) < 0)
		return -1;
	*ret_count = sqlite3_column_int64(stmt, 0);
	return 0;
}

int sums_record(struct store *store, const struct sums *sums, struct err *err)
{
	static const enum sql tables[] = {SQL_SET_SUMS, SQL_SET_SQUASH_SUMS};

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		sqlite3_stmt *stmt = db_query(store->db, tables[i], err, "iiss", sums->number,
					      (int64_t)sums->bytes, sums->logs, sums->layer);

		if (db_run(store->db, stmt, err) < 0)
			return -1;
	}
	return 0;
}

int sums_get(struct store *store, int64_t number, struct sums *ret_sums, struct err *err)
{
	AUTO_RESET sqlite3_stmt *stmt = db_query(store->db, SQL_GET_SUMS, err, "i", number);
	int row = db_step(store->db, stmt, err);

	if (row <= 0)
		return row;
	*ret_sums =
		(struct sums){.number = number, .bytes = (uint64_t)sqlite3_column_int64(stmt, 0)};
	snprintf(ret_sums->logs, sizeof ret_sums->logs, "%s", db_text(stmt, 1));
	snprintf(ret_sums->layer, sizeof ret_sums->layer, "%s", db_text(stmt, 2));
	return 1;
}
