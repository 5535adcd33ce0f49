/* What is always in a store's directory, and what kind of file each of it is. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/base/mem.h"
#include "engine/store/store_internal.h"

/* "aside" has what a repair took out of the way; "caches" is for named caches. Without a kind, it is
 * not looked at: artifacts/ is the person's, who may have put a link there. */
static const struct kind {
	const char *name;
	mode_t kind;
} kinds[] = {
	{"version", S_IFREG},
	{"lock", S_IFREG},
	{"reserved", S_IFREG},
	{"store.db", S_IFREG},
	{"store.db-wal", S_IFREG},
	{"store.db-journal", S_IFREG},
	{"store.db-shm", S_IFREG},
	{"version.part", S_IFREG},
	{"layers", S_IFDIR},
	{"logs", S_IFDIR},
	{"blobs", S_IFDIR},
	{"tmp", S_IFDIR},
	{"aside", 0},
	{"artifacts", 0},
	{"caches", 0},
	{"lost+found", 0},
};

bool store_dir_knows(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!strcmp(name, kinds[i].name))
			return true;
	}
	return false;
}

int store_set_aside(struct store *store, const char *name, struct err *err)
{
	char target[300];

	if (mkdirat(store->fd, "aside", 0700) < 0 && errno != EEXIST)
		return err_sys(err, "cannot make %s/aside", store->path);
	for (int i = 1; i < 10000; i++) {
		snprintf(target, sizeof target, "aside/%.200s.%d", name, i);
		if (renameat2(store->fd, name, store->fd, target, RENAME_NOREPLACE) == 0 ||
		    errno == ENOENT)
			return 0;
		if (errno != EEXIST)
			break;
	}
	return err_sys(err, "cannot move %s out of the way in %s", name, store->path);
}

/* Something of another kind has the name: it is damage, for a repair to take out of the way. */
static int meet_other_kind(struct store *store, const struct kind *kind, struct err *err)
{
	const char *wanted = kind->kind == S_IFDIR ? "directory" : "file";

	if (store->options.repair) {
		strv_add_fmt(&store->mended, "%s: not a %s: moved into aside/", kind->name, wanted);
		return store_set_aside(store, kind->name, err);
	}
	return err_set(err, store->options.damaged_ok ? ERR_STEP : ERR_FAULT,
		       "%s/%s is damaged: it is not a %s; `contractor store verify --repair` moves "
		       "it out of the way",
		       store->path, kind->name, wanted);
}

int store_check_kinds(struct store *store, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct stat status;

		if (!kinds[i].kind ||
		    fstatat(store->fd, kinds[i].name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
		    (status.st_mode & S_IFMT) == kinds[i].kind)
			continue;
		if (meet_other_kind(store, &kinds[i], err) < 0)
			return -1;
	}
	return 0;
}
