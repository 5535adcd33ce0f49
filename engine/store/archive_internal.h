/* archive_internal.h: what the files of the archive module share.
 *
 * Include this instead of <archive.h>: libarchive's old macros have names of our own enum.
 */
#ifndef ENGINE_STORE_ARCHIVE_INTERNAL_H
#define ENGINE_STORE_ARCHIVE_INTERNAL_H

#include <archive.h>
#undef ARCHIVE_COMPRESSION_NONE
#undef ARCHIVE_COMPRESSION_GZIP
#undef ARCHIVE_COMPRESSION_XZ

#include <locale.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/err.h"
#include "engine/store/archive.h"

enum {
	ARCHIVE_CHUNK = 1 << 20,     /* bytes moved by one call where that is ours to choose */
	ARCHIVE_XATTR_MAX = 1 << 16, /* the kernel's limit for a value and for a list of names */
};

/* Names of the archive's members (any bytes) so that they can be shown: cut in the middle when
 * very long. Free with free(). */
char *archive_shown(const char *name);

/* True for the extended attributes that cross: user.* but user.overlay.*, and
 * security.capability. ACLs, labels and trusted.* belong to a host. */
bool archive_xattr_is_kept(const char *name);

/* What was left out, for people: the first ones by name, then how many more. */
enum { ARCHIVE_NOTES_MAX = 20 };
struct archive_notes {
	struct strv lines;
	size_t count; /* how many there would be */
};
/* Notes that what (of) the entry shown (safe to show) was left out. */
void archive_note(struct archive_notes *notes, const char *what, const char *shown);
/* Appends the notes (to NULL: nowhere), and forgets them. */
void archive_notes_give(struct archive_notes *notes, struct strv *ret_lines);

/* Sorts by bytes. */
void archive_sort_names(struct strv *names);

/* Makes the pipe behind fd hold ARCHIVE_CHUNK bytes; whatever else fd is stays as it is. */
void archive_widen_pipe(int fd);

/* "64 GiB", or bytes when it is no whole number of anything larger. Free with free(). */
char *archive_size_text(uint64_t bytes);

/* -1 when less than floor bytes are free on the file system of fd: writing on would fill it up.
 * Worth a look every ARCHIVE_CHECK_SPACE bytes. */
int archive_check_space(int fd, uint64_t floor, struct err *err);
enum { ARCHIVE_CHECK_SPACE = 32 << 20 };

/* The time (in seconds) as pack writes it. */
int64_t archive_clamped_time(int64_t time_s, int64_t source_date_epoch);

/* The mode that `copy` gives: 0755 for directories and what the owner may execute, else 0644. */
unsigned archive_flat_mode(unsigned mode);

/* The thread's locale while libarchive looks at names. */
struct archive_locale {
	locale_t own, before;
};
/* Enters the named locale; stays in the present one when there is no such. */
struct archive_locale archive_locale_enter(const char *name);
void archive_locale_leave(struct archive_locale *locale);

#endif
