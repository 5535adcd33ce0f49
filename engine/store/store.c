#include "engine/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/process/id_map.h"
#include "engine/store/store_internal.h"
#include "engine/store/unread.h"

/* What tells this run of the machine from others; "-" where the kernel does not say. */
static void read_boot_id(char ret_boot[40])
{
	AUTO_CLOSE int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, ret_boot, 36);

	strcpy(length == 36 ? ret_boot + 36 : ret_boot, length == 36 ? "" : "-");
}

/* Compares the id map with the recorded one, or records it. */
static int check_id_map(struct store *store, const char *id_map, struct err *err)
{
	AUTO_RESET sqlite3_stmt *stmt = db_query(store->db, SQL_GET_META, err, "s", "id_map");
	int row = db_step(store->db, stmt, err);

	if (row < 0)
		return -1;
	if (row == 0)
		return db_run(store->db,
			      db_query(store->db, SQL_SET_META, err, "ss", "id_map", id_map), err);
	if (!strcmp(db_text(stmt, 0), id_map))
		return 0;
	if (!id_map_is_description(db_text(stmt, 0)))
		return err_set(
			err, ERR_FAULT,
			"%s/store.db is damaged: what it says of the user ids that the store "
			"was made with is no map of ids; `contractor store verify --repair` "
			"takes it out",
			store->path);
	return err_set(
		err, ERR_HOST,
		"the store %s was made with the user ids mapped as \"%s\", and now they are "
		"mapped as \"%s\"; restore /etc/subuid and /etc/subgid, or use another store "
		"with --store",
		store->path, db_text(stmt, 0), id_map);
}

/* Opens the index; a disk that is full gets back the reserved space first. */
static int open_index(struct store *store, int version, struct err *err)
{
	if (db_open(store->db, version == 0, err) < 0 &&
	    (!store_give_up_reserve(store, err) || db_open(store->db, version == 0, err) < 0))
		return -1;
	if (store->options.id_map)
		return check_id_map(store, store->options.id_map, err);
	return 0;
}

/* The version says that there is an index: so that is brought to the disk before. */
static int finish_new(struct store *store, struct err *err)
{
	return db_checkpoint(store->db, err) < 0 ? -1 : store_version_write(store, err);
}

/* Makes or opens all that is in the directory, while no other process does the same. */
static int set_up(struct store *store, struct err *err)
{
	bool version_known, damaged;
	int version;

	if (store_dir_fill(store, err) < 0)
		return -1;
	version_known = store_version_read(store->fd, store->path, &version, err) == 0;
	if (version_known && open_index(store, version, err) == 0)
		return version ? 0 : finish_new(store, err);
	damaged = store->db->damaged || (!version_known && err->code == ERR_FAULT);
	if (!damaged || !store->options.damaged_ok)
		return -1;
	db_refuse(store->db, err->text);
	return 0;
}

int store_attach(const char *path, const struct store_options *options, struct store **ret_store,
		 struct err *err)
{
	struct store *store = mem_new(sizeof *store);
	AUTO_FREE char *database = NULL;
	int result;

	store->options = *options;
	store->fd = store->layers_fd = store->tmp_fd = store->logs_fd = store->blobs_fd = -1;
	store->lock_fd = -1;
	store->digest_bytes = UINT64_MAX;
	read_boot_id(store->boot);
	if (store_dir_open(path, &store->fd, &store->path, err) < 0 ||
	    store_check_kinds(store, err) < 0 ||
	    store_lock_join(store->fd, store->path, &store->lock_fd, err) < 0) {
		store_close(store);
		return -1;
	}
	database = path_join(store->path, "store.db");
	store->db = db_new(database);
	result = store_lock_setup(store, err);
	if (!result) {
		result = set_up(store, err);
		store_unlock_setup(store);
	}
	store->options.id_map = NULL;
	if (result < 0) {
		store_close(store);
		return -1;
	}
	*ret_store = store;
	return 0;
}

int store_open(const char *path, const struct store_options *options, struct store **ret_store,
	       struct err *err)
{
	struct store *store;

	if (store_attach(path, options, &store, err) < 0)
		return -1;
	store_reserve(store);
	if (store->db->handle && store_purge(store, err) < 0 &&
	    !(options->damaged_ok && store->db->damaged)) {
		store_close(store);
		return -1;
	}
	*ret_store = store;
	return 0;
}

void store_clean(struct store *store)
{
	struct err ignored;

	store_purge_tmp(store);
	store_purge_doomed(store, &ignored);
}

void store_close(struct store *store)
{
	if (!store)
		return;
	db_free(store->db);
	/* Not by closing alone: a child that was just forked has a copy until it comes to close it. */
	if (store->lock_fd >= 0)
		lock_range(store->lock_fd, F_UNLCK, 0, 0);
	for (size_t i = 0; i < store->held_count; i++)
		fd_close(&store->held[i].fd);
	free(store->held);
	unread_forget(store);
	strv_release(&store->mended);
	fd_close(&store->layers_fd);
	fd_close(&store->tmp_fd);
	fd_close(&store->logs_fd);
	fd_close(&store->blobs_fd);
	fd_close(&store->lock_fd);
	fd_close(&store->fd);
	free(store->path);
	free(store);
}

void store_forget_in_child(struct store *store)
{
	for (size_t i = 0; i < store->held_count; i++)
		fd_close(&store->held[i].fd);
	store->held_count = 0;
	fd_close(&store->lock_fd);
	db_forget(store->db);
}

void store_hold(struct store *store, const char *name, int fd)
{
	struct store_held *held;

	store->held = mem_grow(store->held, store->held_count, &store->held_capacity,
			       sizeof *store->held);
	held = &store->held[store->held_count++];
	*held = (struct store_held){.fd = fd};
	snprintf(held->name, sizeof held->name, "%s", name);
}

/* The place of a held name, or NULL. */
static struct store_held *find_held(const struct store *store, const char *name)
{
	for (size_t i = 0; i < store->held_count; i++) {
		if (!strcmp(store->held[i].name, name))
			return &store->held[i];
	}
	return NULL;
}

int store_held_fd(const struct store *store, const char *name)
{
	const struct store_held *held = find_held(store, name);

	return held ? held->fd : -1;
}

void store_let_go(struct store *store, const char *name)
{
	struct store_held *held = find_held(store, name);

	if (!held)
		return;
	fd_close(&held->fd);
	*held = store->held[--store->held_count];
	/* Whatever artifact was made, its attempt is recorded now, or will not be. */
	if (!store->held_count)
		lock_range(store->lock_fd, F_UNLCK, LOCK_BLOBS, 1);
}

/* The person's home directory: the password file's when the environment has none. */
static char *find_home(void)
{
	const char *home = getenv("HOME");
	const struct passwd *entry;

	if (home && home[0] == '/')
		return mem_strdup(home);
	entry = getpwuid(geteuid());
	return mem_strdup(entry && entry->pw_dir ? entry->pw_dir : "/");
}

/* A relative $XDG_CACHE_HOME is ignored, as the XDG base directory specification asks. */
char *store_default_path(void)
{
	const char *path = getenv("CONTRACTOR_STORE"), *cache = getenv("XDG_CACHE_HOME");
	AUTO_FREE char *home = NULL;

	if (path && path[0])
		return mem_strdup(path);
	if (cache && cache[0] == '/')
		return path_join(cache, "contractor");
	home = find_home();
	return path_join(home, ".cache/contractor");
}

const char *store_path(const struct store *store)
{
	return store->path;
}

int store_fd(const struct store *store)
{
	return store->fd;
}

int store_layers_fd(const struct store *store)
{
	return store->layers_fd;
}

int store_tmp_fd(const struct store *store)
{
	return store->tmp_fd;
}

int store_logs_fd(const struct store *store)
{
	return store->logs_fd;
}

int store_blobs_fd(const struct store *store)
{
	return store->blobs_fd;
}
