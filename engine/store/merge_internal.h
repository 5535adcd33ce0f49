/* merge_internal.h: what the files of the merge module share. */
#ifndef ENGINE_STORE_MERGE_INTERNAL_H
#define ENGINE_STORE_MERGE_INTERNAL_H

#include <sys/stat.h>

#include "engine/base/buf.h"
#include "engine/base/strv.h"
#include "engine/store/archive_links.h"
#include "engine/store/merge.h"

/* A directory that is being merged. */
struct merge_frame {
	int *sources; /* the directories that it consists of, the topmost first; -1: for now closed */
	size_t n_sources, n_own; /* all, and those that are not just looked at */
	int target;
	struct stat status; /* of the topmost one */
	struct strv names;  /* of all, sorted, with duplicates */
	size_t next;
	size_t path_length; /* of its own path */
};

struct merge {
	const struct merge_options *options;
	struct merge_frame *frames;
	size_t count, capacity;
	int root_fd;	 /* the target */
	struct buf path; /* relative to the target, of what is being copied */
	struct link_table links;
	char *buffer;	/* MERGE_BUFFER bytes */
	uint64_t bytes; /* of contents, written so far */
	bool no_clone;	/* FICLONE does not work here */
};

enum { MERGE_BUFFER = 1 << 17 };

/* What a file of ours looks like to overlayfs: a whiteout hides the name in the layers below. */
bool merge_is_whiteout(const struct stat *status);

/* merge_copy.c */
/* Copies the entry name of the directory source_fd, no directory, to merge->path, which is called
 * the same in target_fd. errno tells on failure. */
int merge_copy_entry(struct merge *merge, int source_fd, const char *name,
		     const struct stat *status, int target_fd);
/* Gives the open file or directory the owner, mode and attributes of another, but not its times. */
int merge_copy_attributes(struct merge *merge, int source_fd, const struct stat *status,
			  int target_fd);
/* Sets access and modification time. */
int merge_set_times(int target_fd, const struct stat *status);

#endif
