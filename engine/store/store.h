/* store.h: snapshots, logs and artifacts on disk (design: "The store").
 *
 * Layout below the store's directory (0700, ours, opened once, no links followed):
 *
 *	version       format of the store, a number
 *	store.db      SQLite, WAL: the only index
 *	lock          who has the store open (store_lock.c)
 *	layers/ID/    systree/, workspace/: upper directories of one attempt; tmp/ of a failed one
 *	logs/ID.log   output of an attempt, and ID.times (recording.h)
 *	blobs/DIGEST  the bytes of artifacts, by SHA-256
 *	artifacts/    default artifact directory: NAME.tar.zst, ordinary files
 *	tmp/ID/       an attempt in flight: layer/ (becomes layers/ID), work/
 *	tmp/ID.lock   flocked while it is in flight; without a lock it is a leftover
 *	reserved      a few MiB that are given up when the disk is full
 *	aside/        what a repair took out of the way
 *
 * ID is an attempt's number in base 36, at most 6 characters. layers/, tmp/ and what is below
 * belong to root of the outer user namespace (for an ordinary person that is the person); what
 * this process may not remove there is removed by a function the store is given.
 *
 * Life cycle of an attempt:
 *	1. attempt_begin(): a number, tmp/ID with its lock, and the log.
 *	2. the runner fills tmp/ID/layer/{systree,workspace}.
 *	3. attempt_commit(): renames what is to be kept to layers/ID and records the row; or
 *	   attempt_discard().
 * kill -9 at any moment leaves a store that opens and verifies. Nothing between 1 and 3 waits for
 * the disk: store_make_durable() does.
 */
#ifndef ENGINE_STORE_STORE_H
#define ENGINE_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/statvfs.h>
#include <sys/types.h>

#include "engine/base/err.h"
#include "engine/base/sha256.h"
#include "engine/base/strv.h"
#include "engine/store/chain.h"
#include "engine/store/recording.h"

struct store;
struct sums;

struct store_options {
	/* Owner of layers/ and tmp/: host ids of root in the outer user namespace. */
	uid_t layer_uid;
	gid_t layer_gid;
	/* How ids are mapped ("0 1000 1,1 100000 65535"): recorded once; a store made with
	 * another map is refused by name. NULL: do not check (commands that only read). */
	const char *id_map;
	/* Removes dir_fd/name inside the namespaces. It is called for what path_remove_tree() in
	 * this process may not remove; NULL: such things stay. */
	int (*remove_tree)(void *data, int dir_fd, const char *name, struct err *err);
	/* Makes the sums (sums.h) of these attempts inside the namespaces, and hands each to take();
	 * NULL: this process sees the layers as steps do. */
	int (*sum)(void *data, const int64_t *numbers, size_t count,
		   void (*take)(void *take_data, const struct sums *sums), void *take_data,
		   struct err *err);
	void *data;
	/* For `store verify`: opens a store with a damaged database, too. Then store_verify()
	 * reports it, and with repair sets it aside; everything else fails with ERR_FAULT. */
	bool damaged_ok;
	/* What is of another kind than it must be, a link in the place of a directory, is moved into
	 * aside/, and store_verify() reports it. Without: such a store is refused. */
	bool repair;
};

/* Opens, or makes, the store in path. Refuses one that is a link, belongs to somebody else, is
 * open to others, or has a newer version. Purges unlocked leftovers of tmp/ and attempts that did
 * not survive a crash of the machine. */
int store_open(const char *path, const struct store_options *options, struct store **ret_store,
	       struct err *err);
void store_close(struct store *store);

/* Removes what store_open() found left over and could not remove then: to be called once
 * remove_tree() can reach into the namespaces. What still cannot be removed stays. */
void store_clean(struct store *store);

/* Whether store_open() would find something in path: false when that does not exist or is an empty
 * directory, where it would make a store. */
bool store_exists(const char *path);

/* Whether path is a directory that store_open() would refuse for what is in it. */
bool store_is_foreign(const char *path);

/* $CONTRACTOR_STORE, $XDG_CACHE_HOME/contractor or ~/.cache/contractor. Free with free(). */
char *store_default_path(void);

/* How many bytes must be free on a file system for a step to begin: one in a hundred, but no more than
 * 200 MiB, and some room for the index on the smallest. Pure. */
uint64_t store_floor(const struct statvfs *status);

const char *store_path(const struct store *store);
/* For who has failed in some way: when the store is not there any more, that is what err says. */
void store_explain(const struct store *store, struct err *err);
/* Descriptors that belong to the store: its directory, layers/, tmp/, logs/, blobs/. */
int store_fd(const struct store *store);
int store_layers_fd(const struct store *store);
int store_tmp_fd(const struct store *store);
int store_logs_fd(const struct store *store);
int store_blobs_fd(const struct store *store);
/* All descriptors of locks and the database must not be held by long-lived children: call
 * this in a fork()ed child that goes on without exec. */
void store_forget_in_child(struct store *store);

enum attempt_result {
	ATTEMPT_PASSED,
	ATTEMPT_FAILED, /* exit status other than 0, or a missing output */
	ATTEMPT_KILLED, /* by the person, or a signal */
	ATTEMPT_TIMED_OUT,
	ATTEMPT_OVER_LIMIT,
};
const char *attempt_result_name(enum attempt_result result);

/* One recorded run of a step. Strings belong to the attempt. */
struct attempt {
	int64_t number;
	char id[8]; /* number in base 36: layers/ID, logs/ID.log */
	char key[SHA256_HEX_SIZE];
	char spec_path[4096]; /* real path of the spec it was run for */
	int64_t step;	      /* number of the step there */
	char *name;	      /* of the step */
	char *action;
	enum attempt_result result;
	int exit_status; /* of the step's first process; 128 + signal when killed; -1: none */
	char *message;	 /* why it failed, one line, or "" */
	bool adopted;
	int64_t started_ms; /* Unix time */
	int64_t duration_ms;
	bool has_layer[TREE_COUNT]; /* layers/ID/systree, layers/ID/workspace exist */
	bool has_tmp; /* layers/ID/tmp: the step's /tmp, kept when it did not pass; set by
			 attempt_commit() */
	struct state before, after; /* after of a failed attempt: the trees as they were left */
	char *ingredients;	    /* JSON of what the key was made of, for `why` */
	bool durable;
	int64_t bytes; /* its files take on the disk; -1: not known yet */
};
void attempt_release(struct attempt *attempt);

/* The log of the attempt with this id, to be read by whoever closes it; -1 with errno. */
int store_open_log(const struct store *store, const char *id);
/* The same for its times (recording.h). */
int store_open_times(const struct store *store, const char *id);

/* An attempt in flight. */
struct attempt_draft {
	int64_t number;
	char id[8];
	char dir[16]; /* name below tmp/: the same as id */
	int lock_fd;
	struct recording *recording;
};

/* Allocates a number, makes tmp/ID (owned by layer_uid) with layer/ in it and takes its lock;
 * creates logs/ID. Fails with ERR_HOST when the free space is below the floor. */
int attempt_begin(struct store *store, int columns, int rows, struct attempt_draft *ret_draft,
		  struct err *err);

/* Closes the recording, renames tmp/ID/layer to layers/ID when attempt->has_layer says that there
 * is something in it, inserts the row (number and id are taken from the draft), and gives
 * up the draft. On failure nothing is recorded and the draft is discarded. */
int attempt_commit(struct store *store, struct attempt_draft *draft, struct attempt *attempt,
		   struct err *err);

/* Removes everything of a draft. */
void attempt_discard(struct store *store, struct attempt_draft *draft);

/* The newest passed attempt with this key whose layers are there and can be relied on. Returns 1 and fills
 * ret_attempt, 0 when there is none, -1 on failure. */
int store_find_passed(struct store *store, const char *key, struct attempt *ret_attempt,
		      struct err *err);
/* Keeps an attempt, and what it stands on, from being pruned until the store is closed; false when
 * it is gone. What store_find_passed() gives and attempt_commit() records is kept so by itself. */
bool store_use(struct store *store, int64_t number);
/* Notes that the attempt was of use just now: prune.h takes first what was not for longest. */
void store_touch(struct store *store, const struct attempt *attempt);
/* The newest attempt of this key, whatever its result. As above. */
int store_find_latest(struct store *store, const char *key, struct attempt *ret_attempt,
		      struct err *err);
/* The newest attempt of a step of a spec, whatever its key and result. As above. */
int store_find_latest_of_step(struct store *store, const char *spec_path, int64_t step,
			      struct attempt *ret_attempt, struct err *err);
/* The newest one of them that passed. As above. */
int store_find_passed_of_step(struct store *store, const char *spec_path, int64_t step,
			      struct attempt *ret_attempt, struct err *err);
/* The attempt with this number. As above. */
int store_get_attempt(struct store *store, int64_t number, struct attempt *ret_attempt,
		      struct err *err);
/* Calls each() for all attempts, oldest first, until it returns other than 0. */
int store_each_attempt(struct store *store, int (*each)(void *data, const struct attempt *attempt),
		       void *data, struct err *err);

/* Artifacts by digest. A blob is written to a temporary file (blob_begin), then named. */
int blob_begin(struct store *store, char ret_tmp_name[32], int *ret_fd, struct err *err);
int blob_commit(struct store *store, const char *tmp_name, const char *digest, struct err *err);
void blob_discard(struct store *store, const char *tmp_name);
/* A descriptor for reading, or -1 (ERR_NOT_FOUND when there is none). */
int blob_open(struct store *store, const char *digest, struct err *err);

/* Copies the blob to DIR/FILE_NAME by a temporary file and rename, unless a file of the same digest
 * is already there. dir is made when missing. */
int store_export_artifact(struct store *store, const char *digest, const char *dir,
			  const char *file_name, struct err *err);

/* Digests of files outside, remembered by (device, inode, size, mtime, ctime); a file changed
 * within the last two seconds is not remembered. fd is a regular file, open for reading. */
int store_file_digest(struct store *store, int fd, char ret_digest[SHA256_HEX_SIZE],
		      struct err *err);
/* From now on it reads so many bytes, in all, of files whose digest is not remembered, and fails with ERR_UNREAD
 * for one that is larger than what is left of them (unread.h); UINT64_MAX, as in the beginning: any number. */
void store_limit_digests(struct store *store, uint64_t bytes);

/* Session state: one text a spec (real path) and kind. get returns NULL when there is none;
 * free with free(). Setting NULL removes it. */
char *store_get_session(struct store *store, const char *spec_path, const char *kind);
int store_set_session(struct store *store, const char *spec_path, const char *kind,
		      const char *value, struct err *err);

/* What is recorded becomes durable in three parts: a batch of what is not yet, a sync, which may
 * take seconds and is for a worker child, and the marks in the index, which are not: a child of
 * the process that has the index open must not touch it (sqlite.org/howtocorrupt.html, 2.6). */
struct store_batch;
int store_batch_new(struct store *store, struct store_batch **ret_batch, struct err *err);
void store_batch_free(struct store_batch *batch);
bool store_batch_has(const struct store_batch *batch, int64_t number);
int store_sync_files(int store_fd, struct err *err);
/* Marks the attempts of the batch as durable, or, when the sync failed, as lost: neither they nor what stands on
 * them is found any more as passed. */
int store_batch_finish(struct store *store, const struct store_batch *batch, bool synced,
		       struct err *err);
/* All three at once, for whoever may wait. */
int store_make_durable(const char *path, struct err *err);
/* Whether there are attempts that are not durable yet, or that cannot be told. */
bool store_has_volatile(struct store *store);

/* How many bytes have to be freed before a step may begin, with some to spare; 0: none. */
uint64_t store_missing_bytes(struct store *store);

struct store_usage {
	uint64_t layers_bytes, logs_bytes, blobs_bytes, database_bytes;
	int64_t attempts, layers, failed, squashed;
};
int store_usage(struct store *store, struct store_usage *ret_usage, struct err *err);

/* Compares index and disk: each row has its layer, log and blobs; each of those has its row;
 * nothing else is there. Each finding is one line to report(). With repair what is not
 * whole is removed, which needs the store alone (as store_remove_attempt()); files of somebody
 * else are moved into aside/. *ret_findings counts them (repaired ones too). */
int store_verify(struct store *store, bool repair, void (*report)(void *data, const char *line),
		 void *data, int *ret_findings, struct err *err);

/* Removes an attempt with those that stand on its layers, and artifacts nobody refers to then.
 * Refused, naming the process, while another has the store open or an attempt is in flight. */
int store_remove_attempt(struct store *store, int64_t number, int *ret_removed, struct err *err);
/* Removes everything in the store, and the directory. The store is closed and freed, also on
 * failure. */
int store_remove_all(struct store *store, struct err *err);

#endif
