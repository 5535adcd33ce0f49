/* store_internal.h: what the files of the store share. */
#ifndef ENGINE_STORE_STORE_INTERNAL_H
#define ENGINE_STORE_STORE_INTERNAL_H

#include <stddef.h>

#include "engine/store/store.h"
#include "engine/store/store_db.h"

/* A file below tmp/ whose flock says that somebody is still at work on what it names. */
struct store_held {
	char name[32];
	int fd;
};

/* What tells a file outside from others, and from what it was before. */
struct file_stamp {
	int64_t dev, ino, size, mtime_ns, ctime_ns;
};

struct unread_file {
	struct file_stamp stamp;
	char digest[SHA256_HEX_SIZE]; /* "": not known yet */
};

/* Files outside that are read by a child (unread.h). */
struct unread {
	enum { UNREAD_TAKEN, UNREAD_LISTED, UNREAD_TOLD } use;
	struct unread_file *files;
	size_t count, capacity;
	size_t sorted;	  /* so many of them can be found */
	bool no_remember; /* it failed: not again */
	/* In the child. */
	int socket;
	uint64_t read_bytes;
	int64_t told_ms; /* when it told how many these are */
};

struct store {
	char *path; /* absolute, without links */
	int fd, layers_fd, tmp_fd, logs_fd, blobs_fd, lock_fd;
	struct db *db;
	struct store_options options; /* id_map is not kept */
	char boot[40];		      /* this machine's boot id */
	struct store_held *held;
	size_t held_count, held_capacity;
	uint64_t digest_bytes; /* that store_file_digest() may still read */
	struct unread unread;
	struct strv mended; /* what opening it for a repair took out of the way, as findings */
};

/* A growing list of attempts' numbers. */
struct number_list {
	int64_t *items;
	size_t count, capacity;
};
void number_list_add(struct number_list *list, int64_t number);
void number_list_release(struct number_list *list);
#define AUTO_NUMBERS __attribute__((cleanup(number_list_release)))

/* store.c */
/* Everything of store_open() but the purging. */
int store_attach(const char *path, const struct store_options *options, struct store **ret_store,
		 struct err *err);
/* Keeps the lock of tmp/NAME; the descriptor is the store's now. */
void store_hold(struct store *store, const char *name, int fd);
/* The descriptor of tmp/NAME's lock, or -1. */
int store_held_fd(const struct store *store, const char *name);
/* Closes it. The file is removed before, by who made it. */
void store_let_go(struct store *store, const char *name);

/* store_dir.c: the directory and what is always in it */
/* Opens or makes the directory, checks whose it is, and gives its absolute path. */
int store_dir_open(const char *path, int *ret_fd, char **ret_path, struct err *err);
/* Makes the directories in it and opens them; the store's lock is held. */
int store_dir_fill(struct store *store, struct err *err);
/* Reads the version; 0 when there is none. A newer one is refused; a garbled one is damage. */
int store_version_read(int fd, const char *path, int *ret_version, struct err *err);
int store_version_write(struct store *store, struct err *err);
/* The text to add to what this host cannot do with a store's directory. Returns -1. */
int store_unusable(struct err *err);

/* store_kinds.c */
/* True for the names a store has in its directory. */
bool store_dir_knows(const char *name);
/* Fails when something else has the name of a file or directory of the store; or, for a repair, moves
 * it out of the way. */
int store_check_kinds(struct store *store, struct err *err);
/* Moves what is in the store's directory into aside/. */
int store_set_aside(struct store *store, const char *name, struct err *err);

/* store_lock.c */
/* Opens and locks NAME, made when missing; waits. The name stands for the descriptor then. */
int lock_file_take(int dir_fd, const char *name, struct err *err);
/* Locks NAME if it is there and free: the descriptor, or -1 with errno EWOULDBLOCK, ENOENT... */
int lock_file_try(int dir_fd, const char *name);
/* The same, and makes it when it is missing. */
int lock_file_try_making(int dir_fd, const char *name);
/* The pid written in a locked file, or 0. */
long lock_file_holder(int dir_fd, const char *name);
/* Parts of the file `lock`, beside those of store_lock.c. */
#define LOCK_BLOBS ((off_t)1 << 42)	   /* shared: artifacts may be there without an attempt */
#define LOCK_BLOBS_WANTED (LOCK_BLOBS + 1) /* shared: somebody waits for that */
#define LOCK_PRUNE ((off_t)1 << 43)	   /* who prunes; shared: who verifies */
#define LOCK_USES ((off_t)1 << 44)	   /* and an attempt's number. Shared: it is in use */
#define LOCK_CLAIMS ((off_t)1 << 62)	   /* claim.c: who works on a key */
/* A file description of its own of the file `lock`, or -1. */
int store_lock_open(struct store *store, struct err *err);
/* Locks (F_RDLCK, F_WRLCK) or frees (F_UNLCK) a range of it without waiting; -1 with errno. */
int lock_range(int fd, short type, off_t start, off_t length);
/* Whether nobody else has anything of it locked. */
bool lock_range_is_free(int fd, off_t start, off_t length);
/* The same as lock_range(), trying for about a second. */
int lock_range_soon(int fd, short type, off_t start, off_t length);
/* Joins the users of the store: *ret_fd holds the place. */
int store_lock_join(int store_fd, const char *path, int *ret_fd, struct err *err);
/* Waits for, and ends, the time in which only this process sets up the store. */
int store_lock_setup(struct store *store, struct err *err);
void store_unlock_setup(struct store *store);
/* Makes this process the only user, or fails naming another, or a step that is running. */
int store_lock_alone(struct store *store, struct err *err);
void store_unlock_alone(struct store *store);

/* Lets in one prune (F_WRLCK), or any number of verifications (F_RDLCK), until *ret_fd is closed: an open file of its
 * own, so that what this very process does counts, too. Fails naming who is in the way. */
int store_lock_prune(struct store *store, short type, int *ret_fd, struct err *err);

/* store_space.c */
/* Fails with ERR_HOST when there is less free space than a step should start with. */
int store_check_space(struct store *store, struct err *err);
/* Makes the reserved file if there is room for it; gives it up. */
void store_reserve(struct store *store);
/* True when err is about a full disk and there was something to give up: try once more. */
bool store_give_up_reserve(struct store *store, const struct err *err);

/* store_id.c */
enum { STORE_ID_MAX = 6 };
/* The number in base 36; false when it needs more than 6 characters. */
bool store_id_format(int64_t number, char ret_id[8]);
/* The number of an id as store_id_format() writes it, or -1. */
int64_t store_id_parse(const char *id, size_t length);

/* store_row.c: attempts as rows */
/* Reads the row a statement stands on. Fails when the values cannot be ours. */
int store_row_read(struct store *store, sqlite3_stmt *stmt, struct attempt *ret_attempt,
		   struct err *err);
int store_row_insert(struct store *store, const struct attempt *attempt, struct err *err);
/* Steps a statement that gives one row or none: 1 and the attempt, 0, -1. */
int store_row_one(struct store *store, sqlite3_stmt *stmt, struct attempt *ret_attempt,
		  struct err *err);
/* Whether the number is that of an attempt or of a squashed layer. */
bool store_row_exists(struct store *store, int64_t number);
/* store_durable.c: whether the state has a layer of an attempt that a failed sync was for: what stands on that cannot be
 * relied on, even where its own layer came to the disk. */
bool store_stands_on_lost(struct store *store, const struct state *state);
/* Whether it was one, and its files are being removed, or will be by the next start. */
bool store_is_doomed(struct store *store, int64_t number);

/* store_attempt.c: the part of attempt_begin() and attempt_commit() that is about tmp/ID */
/* A draft without a recording; attempt_discard() ends it, too. */
int store_draft_begin(struct store *store, struct attempt_draft *ret_draft, struct err *err);
/* Its lock goes, unless files stay that a later start has to remove. */
void store_draft_end(struct store *store, struct attempt_draft *draft, bool is_clean);

/* store_files.c: the files of one attempt */
struct store_name {
	char text[32];
};
/* "ID.lock", "ID.log", ... */
struct store_name store_name_of(const char *id, const char *suffix);
/* True when every layer of the chains is there. */
bool store_has_chains(struct store *store, const struct state *state);
bool store_has_layer(struct store *store, const char *id, enum tree tree);
/* Removes dir_fd/name: in this process, or else by the options' function. */
int store_remove_tree(struct store *store, int dir_fd, const char *name);
/* Removes the layers, logs and temporary files of an attempt that has no row. */
int store_drop_files(struct store *store, const char *id);
/* True when an attempt with this id is in flight, here or elsewhere. */
bool store_in_flight(struct store *store, const char *id);
/* The names in a directory but "." and "..", sorted. */
int store_list(int dir_fd, struct strv *ret_names, struct err *err);

/* store_purge.c */
/* Removes what dead processes and a crash of the machine left. Never fails for a leftover. */
int store_purge(struct store *store, struct err *err);
/* Removes what unlocked names of tmp/ stand for. */
void store_purge_tmp(struct store *store);
/* The numbers of attempts that are in the index no more and may have files; free(*ret_numbers). */
int store_list_doomed(struct store *store, int64_t **ret_numbers, size_t *ret_count,
		      struct err *err);
/* Removes the files of attempts whose rows were removed. */
int store_purge_doomed(struct store *store, struct err *err);

/* store_remove.c */
/* Deletes the rows of these attempts and of those that stand on their layers, in one
 * transaction; the files go with store_purge_doomed(). *ret_removed counts the rows. */
int store_doom(struct store *store, const int64_t *numbers, size_t count, int *ret_removed,
	       struct err *err);

/* Removes the blobs no attempt refers to; the store must be this process's alone. Each is told
 * to report, which may be NULL. */
void store_drop_blobs(struct store *store, void (*report)(void *data, const char *digest),
		      void *data);

/* 1 when an attempt refers to the artifact, 0, or -1. */
int store_blob_is_used(struct store *store, const char *digest, struct err *err);

/* store_use.c */
/* Marks an attempt as in use; false while a prune is taking it. */
bool store_pin(struct store *store, int64_t number);
/* When it was of use last, Unix time. */
int64_t store_used_ms(struct store *store, const struct attempt *attempt);

/* store_usage.c: bytes on the disk of a file, and of a directory with all below it; what cannot be
 * read counts as nothing. */
uint64_t store_file_bytes(int dir_fd, const char *name);
uint64_t store_tree_bytes(int dir_fd, const char *name);
uint64_t store_index_bytes(struct store *store);

/* store_digest.c */
/* The digest of all bytes of a file; its offset stays. progress() is told of so many more bytes, and may end it; or NULL. */
int store_digest_fd(int fd, int (*progress)(void *data, size_t bytes, struct err *err), void *data,
		    char ret_digest[SHA256_HEX_SIZE], struct err *err);
/* Whether the file is still the same. */
bool file_stamp_holds(const struct file_stamp *stamp, int fd);
/* Whether it has not changed for so long that a change from now on must give it other times, whatever the clock
 * of the file system counts in. */
bool file_stamp_is_old(const struct file_stamp *stamp);
/* Returns whether it did: it is only a help, and does no harm when it fails. But that may have taken a minute. */
bool store_remember_digest(struct store *store, const struct file_stamp *stamp, const char *digest);

/* unread.c: what store_file_digest() does with a list of unread files: takes a digest from it, adds to it, or, in the
 * child, reads a file that is on it. */
bool unread_recall(const struct store *store, const struct file_stamp *stamp,
		   char ret_digest[SHA256_HEX_SIZE]);
void unread_note(struct store *store, const struct file_stamp *stamp,
		 char ret_digest[SHA256_HEX_SIZE]);
int unread_read(struct store *store, int fd, const struct file_stamp *stamp,
		char ret_digest[SHA256_HEX_SIZE], struct err *err);

#endif
