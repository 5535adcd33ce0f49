#include "engine/store/archive_internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"

char *archive_shown(const char *name)
{
	enum { HEAD = 120, TAIL = 100 };
	struct buf buf = BUF_INIT;
	size_t length = strlen(name);

	if (length <= HEAD + TAIL) {
		buf_add_shown(&buf, name, length);
		return buf_detach(&buf);
	}
	buf_add_shown(&buf, name, HEAD);
	buf_add_str(&buf, "...");
	buf_add_shown(&buf, name + length - TAIL, TAIL);
	return buf_detach(&buf);
}

bool archive_xattr_is_kept(const char *name)
{
	static const char user[] = "user.", overlay[] = "user.overlay.";

	/* A tar header ends an attribute's name at the first "=". */
	if (strchr(name, '='))
		return false;
	if (!strncmp(name, user, sizeof user - 1))
		return strncmp(name, overlay, sizeof overlay - 1) != 0;
	return !strcmp(name, "security.capability");
}

void archive_note(struct archive_notes *notes, const char *what, const char *shown)
{
	if (++notes->count <= ARCHIVE_NOTES_MAX)
		strv_add_fmt(&notes->lines, "left out %s %s", what, shown);
}

void archive_notes_give(struct archive_notes *notes, struct strv *ret_lines)
{
	size_t told = notes->lines.len;

	if (notes->count > told) {
		strv_remove(&notes->lines, --told);
		strv_add_fmt(&notes->lines, "left out %zu more", notes->count - told);
	}
	if (ret_lines)
		strv_extend(ret_lines, &notes->lines);
	strv_release(&notes->lines);
	notes->count = 0;
}

static int compare_names(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

void archive_sort_names(struct strv *names)
{
	if (names->len)
		qsort(names->items, names->len, sizeof *names->items, compare_names);
}

void archive_widen_pipe(int fd)
{
	struct stat status;

	if (!fstat(fd, &status) && S_ISFIFO(status.st_mode))
		fcntl(fd, F_SETPIPE_SZ, ARCHIVE_CHUNK);
}

char *archive_size_text(uint64_t bytes)
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
	size_t unit = 0;

	while (bytes && bytes % 1024 == 0 && unit + 1 < ARRAY_SIZE(units)) {
		bytes /= 1024;
		unit++;
	}
	return bytes == 1 && !unit ? mem_strdup("1 byte")
				   : mem_printf("%llu %s", (unsigned long long)bytes, units[unit]);
}

int archive_check_space(int fd, uint64_t floor, struct err *err)
{
	AUTO_FREE char *size = NULL;
	struct statvfs status;
	uint64_t free_bytes;

	if (fstatvfs(fd, &status) < 0)
		return err_sys(err, "cannot find out the free space");
	free_bytes = (uint64_t)status.f_bavail * status.f_frsize;
	if (free_bytes >= floor)
		return 0;
	size = archive_size_text(floor);
	return err_set(
		err, ERR_HOST,
		"the disk is nearly full: %llu MiB are free and %s must stay free; free some "
		"space and try again",
		(unsigned long long)(free_bytes >> 20), size);
}

int64_t archive_clamped_time(int64_t time_s, int64_t source_date_epoch)
{
	return time_s < source_date_epoch ? time_s : source_date_epoch;
}

unsigned archive_flat_mode(unsigned mode)
{
	return S_ISDIR(mode) || (mode & S_IXUSR) ? 0755 : 0644;
}

struct archive_locale archive_locale_enter(const char *name)
{
	struct archive_locale locale = {.own = newlocale(LC_CTYPE_MASK, name, (locale_t)0)};

	locale.before = locale.own ? uselocale(locale.own) : (locale_t)0;
	return locale;
}

void archive_locale_leave(struct archive_locale *locale)
{
	if (!locale->own)
		return;
	uselocale(locale->before);
	freelocale(locale->own);
	locale->own = (locale_t)0;
}
