/* store_verify_internal.h: one run of store_verify(). */
#ifndef ENGINE_STORE_STORE_VERIFY_INTERNAL_H
#define ENGINE_STORE_STORE_VERIFY_INTERNAL_H

#include "engine/store/store_internal.h"

struct verify {
	struct store *store;
	bool repair;
	void (*report)(void *data, const char *line); /* may be NULL */
	void *data;
	int findings;
	struct number_list doomed;	    /* attempts and orphans to remove */
	struct strv sound_blobs, bad_blobs; /* digests looked at */
	struct strv unread;		    /* what could not be read */
};

/* Reports and counts a finding; remedy is what repair does about it. */
void verify_find(struct verify *verify, const char *remedy, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Reports a line that is no finding. */
void verify_tell(struct verify *verify, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Whether errno, of a failed call, is about reading rather than about what is there. That is reported, and nothing is
 * removed for it: the disk may read it the next time. */
bool verify_unreadable(struct verify *verify, int number, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* store_verify_rows.c: has each row what it names? */
int verify_rows(struct verify *verify, struct err *err);
/* store_verify_sums.c: is it what was recorded? Those already doomed are not looked at. */
int verify_sums(struct verify *verify, struct err *err);
/* store_verify_disk.c: has everything on the disk its row? */
int verify_disk(struct verify *verify, struct err *err);

#endif
