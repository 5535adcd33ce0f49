#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/store/store_verify_internal.h"

enum { WAIT_MS = 20, WAITS_MAX = 250 };

/* Reports what should not be in a directory, and removes it. What has gone by itself was being removed. */
static void find_stray(struct verify *verify, int dir_fd, const char *dir, const char *name,
		       const char *why)
{
	bool gone = verify->repair && store_remove_tree(verify->store, dir_fd, name) == 0;

	if (!gone && faccessat(dir_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return;
	verify_find(verify, gone ? "removed" : "cannot be removed", "%s/%s: %s", dir, name, why);
}

/* True for what is to be left alone: files of an attempt that is in flight, those that were
 * recorded since, and those that are being removed. In this order: a commit makes the row before it ends the lock. */
static bool is_accounted(struct verify *verify, int64_t number)
{
	char id[8];

	return store_id_format(number, id) &&
	       (store_in_flight(verify->store, id) || store_row_exists(verify->store, number) ||
		store_is_doomed(verify->store, number));
}

/* Looks for what a recorded layer has beside its trees. A tree that the attempt does not know of means that the row
 * is not the one it was made with: it goes with the tree, so that nothing stands on a layer with a part removed. */
static void verify_layer(struct verify *verify, const struct attempt *attempt)
{
	const bool wanted[] = {attempt->has_layer[TREE_SYSTREE], attempt->has_layer[TREE_WORKSPACE],
			       attempt->has_tmp};
	static const char *const parts[] = {"systree", "workspace", "tmp"};
	AUTO_STRV struct strv names = {0};
	AUTO_CLOSE int fd =
		path_open_beneath(verify->store->layers_fd, attempt->id, O_RDONLY | O_DIRECTORY, 0);
	AUTO_FREE char *dir = mem_printf("layers/%s", attempt->id);
	struct err ignored;

	if (fd < 0 || store_list(fd, &names, &ignored) < 0)
		return;
	for (size_t i = 0; i < names.len; i++) {
		size_t k = 0;

		while (k < ARRAY_SIZE(parts) && strcmp(names.items[i], parts[k]) != 0)
			k++;
		if (k < ARRAY_SIZE(parts) && wanted[k])
			continue;
		find_stray(verify, fd, dir, names.items[i], "not in the index");
		if (k < ARRAY_SIZE(parts))
			number_list_add(&verify->doomed, attempt->number);
	}
}

/* Looks at one name in layers/. An orphan's number is doomed too, so that those go that name it. */
static void verify_layer_name(struct verify *verify, const char *name)
{
	int64_t number = store_id_parse(name, strlen(name));
	struct attempt attempt;
	struct err ignored;

	if (number > 0 && is_accounted(verify, number)) {
		if (store_get_attempt(verify->store, number, &attempt, &ignored) > 0) {
			verify_layer(verify, &attempt);
			attempt_release(&attempt);
		}
		return;
	}
	find_stray(verify, verify->store->layers_fd, "layers", name, "no attempt has this layer");
	if (number > 0)
		number_list_add(&verify->doomed, number);
}

/* Looks at one name in logs/. */
static void verify_log_name(struct verify *verify, const char *name)
{
	const char *dot = strchrnul(name, '.');
	int64_t number = store_id_parse(name, (size_t)(dot - name));

	if ((strcmp(dot, ".log") != 0 && strcmp(dot, ".times") != 0) || number < 0)
		find_stray(verify, verify->store->logs_fd, "logs", name, "not a log");
	else if (!is_accounted(verify, number))
		find_stray(verify, verify->store->logs_fd, "logs", name, "no attempt has this log");
}

/* Looks at one name in blobs/. One that nobody refers to is no damage: it is what is left of a
 * process that was killed before it recorded the attempt. */
static void verify_blob_name(struct verify *verify, const char *name)
{
	if (!sha256_is_hex(name))
		find_stray(verify, verify->store->blobs_fd, "blobs", name, "not an artifact");
}

/* Whether a file is just beginning: who made it locks it as soon as we let it be. It is empty until then. */
static bool is_beginning(const struct store *store, const char *name)
{
	const struct timespec pause = {.tv_nsec = WAIT_MS * 1000000L};
	struct stat status;

	for (int i = 0; i < WAITS_MAX; i++) {
		AUTO_CLOSE int fd = lock_file_try(store->tmp_fd, name);

		if (fd < 0)
			return errno == EWOULDBLOCK || errno == ENOENT;
		if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size)
			return false;
		fd_close(&fd);
		nanosleep(&pause, NULL);
	}
	return false;
}

/* Looks at one name in tmp/: all that no living process holds is a leftover. */
static void verify_tmp_name(struct verify *verify, const char *name)
{
	struct store *store = verify->store;
	int64_t number = store_id_parse(name, strcspn(name, "."));
	char id[8];

	if (number > 0 && store_id_format(number, id) && store_in_flight(store, id))
		return;
	if (!is_beginning(store, name))
		find_stray(verify, store->tmp_fd, "tmp", name, "left over");
}

/* Looks at one name in the store's own directory. What is not ours is moved, never removed. */
static void verify_own_name(struct verify *verify, const char *name)
{
	struct err ignored;
	bool moved;

	if (store_dir_knows(name))
		return;
	moved = verify->repair && store_set_aside(verify->store, name, &ignored) == 0;
	verify_find(verify, moved ? "moved into aside/" : "cannot be moved",
		    "%s: not a file of the store", name);
}

int verify_disk(struct verify *verify, struct err *err)
{
	const struct {
		int fd;
		void (*look)(struct verify *verify, const char *name);
	} places[] = {
		{verify->store->layers_fd, verify_layer_name},
		{verify->store->logs_fd, verify_log_name},
		{verify->store->blobs_fd, verify_blob_name},
		{verify->store->tmp_fd, verify_tmp_name},
		{verify->store->fd, verify_own_name},
	};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		AUTO_STRV struct strv names = {0};

		if (store_list(places[i].fd, &names, err) < 0)
			return -1;
		for (size_t k = 0; k < names.len; k++)
			places[i].look(verify, names.items[k]);
	}
	return 0;
}
