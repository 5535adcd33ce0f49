#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/store/store_internal.h"

struct store_name store_name_of(const char *id, const char *suffix)
{
	struct store_name name;

	snprintf(name.text, sizeof name.text, "%s%s", id, suffix);
	return name;
}

bool store_has_layer(struct store *store, const char *id, enum tree tree)
{
	struct stat status;
	char name[32];

	snprintf(name, sizeof name, "%s/%s", id, tree_name(tree));
	return fstatat(store->layers_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(status.st_mode);
}

bool store_has_chains(struct store *store, const struct state *state)
{
	for (enum tree tree = 0; tree < TREE_COUNT; tree++) {
		const struct strv *chain = &state->chain[tree];

		for (size_t i = 0; i < chain->len; i++) {
			if (!store_has_layer(store, chain->items[i], tree))
				return false;
		}
	}
	return true;
}

/* In this process first: that needs no worker, and suffices for nearly all there is. */
int store_remove_tree(struct store *store, int dir_fd, const char *name)
{
	const struct store_options *options = &store->options;
	struct err ignored;

	if (unlinkat(dir_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT ||
	    path_remove_tree(dir_fd, name, &ignored) == 0)
		return 0;
	if (!options->remove_tree)
		return -1;
	return options->remove_tree(options->data, dir_fd, name, &ignored);
}

int store_drop_files(struct store *store, const char *id)
{
	static const char *const suffixes[] = {".log", ".times"};
	int result = 0;

	if (store_remove_tree(store, store->layers_fd, id) < 0 ||
	    store_remove_tree(store, store->tmp_fd, id) < 0)
		result = -1;
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		struct store_name name = store_name_of(id, suffixes[i]);

		if (unlinkat(store->logs_fd, name.text, 0) < 0 && errno != ENOENT &&
		    store_remove_tree(store, store->logs_fd, name.text) < 0)
			result = -1;
	}
	return result;
}

bool store_in_flight(struct store *store, const char *id)
{
	struct store_name lock = store_name_of(id, ".lock");
	AUTO_CLOSE int fd = lock_file_try(store->tmp_fd, lock.text);

	return fd < 0 && errno == EWOULDBLOCK;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int store_list(int dir_fd, struct strv *ret_names, struct err *err)
{
	int own = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *dir = own < 0 ? NULL : fdopendir(own);
	struct dirent *entry;

	if (!dir) {
		fd_close(&own);
		return err_sys(err, "cannot list a directory of the store");
	}
	while ((errno = 0, entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			strv_add(ret_names, entry->d_name);
	}
	if (errno)
		return err_sys(err, "cannot list a directory of the store");
	if (ret_names->len)
		qsort(ret_names->items, ret_names->len, sizeof *ret_names->items, compare_names);
	return 0;
}
