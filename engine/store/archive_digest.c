#include <stdio.h>

#include "engine/base/mem.h"
#include "engine/store/archive_internal.h"
#include "engine/store/archive_walk.h"

/* What archive_tree_digest() goes on with. */
struct tree_digest {
	struct sha256 *sha;
	int (*file_digest)(void *data, int fd, char ret[SHA256_HEX_SIZE], struct err *err);
	void *data;
};

static int add_file(const struct tree_digest *digest, const struct tree_entry *entry,
		    struct err *err)
{
	AUTO_CLOSE int fd = tree_entry_open(entry, err);
	char hex[SHA256_HEX_SIZE];

	if (fd < 0 || digest->file_digest(digest->data, fd, hex, err) < 0 ||
	    tree_entry_check_unchanged(entry, fd, err) < 0)
		return -1;
	sha256_field(digest->sha, hex);
	return 0;
}

static int add_link(const struct tree_digest *digest, const struct tree_entry *entry,
		    struct err *err)
{
	AUTO_FREE char *target = tree_entry_link(entry, err);

	if (!target)
		return -1;
	sha256_field(digest->sha, target);
	return 0;
}

/* Adds name, kind and mode, and what the entry holds. */
static int add_entry(const struct tree_digest *digest, const struct tree_entry *entry,
		     struct err *err)
{
	unsigned mode = entry->status.st_mode;
	char text[24];

	snprintf(text, sizeof text, "%o", (mode & S_IFMT) | archive_flat_mode(mode));
	if (S_ISLNK(mode))
		snprintf(text, sizeof text, "%o", (unsigned)S_IFLNK);
	sha256_field(digest->sha, entry->path);
	sha256_field(digest->sha, text);
	if (S_ISREG(mode))
		return add_file(digest, entry, err);
	return S_ISLNK(mode) ? add_link(digest, entry, err) : 0;
}

int archive_tree_digest(int dir_fd, const char *name, const struct strv *exclude,
			int (*file_digest)(void *data, int fd, char ret[SHA256_HEX_SIZE],
					   struct err *err),
			void *data, char ret_digest[SHA256_HEX_SIZE], struct err *err)
{
	struct tree_digest digest = {.file_digest = file_digest, .data = data};
	struct tree_walk *walk = tree_walk_new(dir_fd, name, NULL, exclude, err);
	struct tree_entry entry;
	int more = -1;

	if (!walk)
		return -1;
	digest.sha = sha256_new();
	while ((more = tree_walk_next(walk, &entry, err)) > 0) {
		if (add_entry(&digest, &entry, err) < 0) {
			more = -1;
			break;
		}
	}
	tree_walk_free(walk);
	if (more < 0) {
		sha256_free(digest.sha);
		return -1;
	}
	sha256_finish(digest.sha, ret_digest);
	return 0;
}
