/* doctor_space.c: checks of the places where contractor keeps things, and of their space. */
#include <errno.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/session/doctor_internal.h"
#include "engine/store/store.h"

enum { FILES_LEAST = 20000 };
static const uint64_t space_least = 1ULL << 30;
static const char elsewhere[] = "keep the store elsewhere: --store DIR, or CONTRACTOR_STORE=DIR";

/* A place, and what its file system says. */
struct place {
	const char *path, *near; /* as in struct doctor_host */
	struct statvfs status;
	uint64_t free, floor; /* bytes; a step begins when free is at least floor */
	bool in_memory;
};

int doctor_try_place(const char *path, const char *near, struct err *err)
{
	struct statvfs space;
	struct stat status;

	if (stat(near, &status) == 0 && !S_ISDIR(status.st_mode))
		return err_set(err, ERR_HOST, "%s%s%s is not a directory",
			       strcmp(path, near) ? path : "",
			       strcmp(path, near) ? " cannot be made: " : "", near);
	if (access(near, W_OK | X_OK) < 0 || statvfs(near, &space) < 0)
		return err_set(err, ERR_HOST, "%s: cannot write to %s: %s", path, near,
			       strerror(errno));
	/* The kernel's own file systems have none, whatever the modes of their directories say. */
	if (!space.f_blocks)
		return err_set(err, ERR_HOST,
			       "%s: nothing can be kept in %s, whose file system has no room", path,
			       near);
	return 0;
}

/* Fails when nothing can be kept there. */
static int look(const char *path, const char *near, struct place *ret_place, struct err *err)
{
	struct place place = {.path = path, .near = near};
	struct statfs kind;

	if (doctor_try_place(path, near, err) < 0)
		return -1;
	if (statvfs(near, &place.status) < 0 || statfs(near, &kind) < 0)
		return err_sys(err, "%s: cannot look at %s", path, near);
	place.free = (uint64_t)place.status.f_bavail * place.status.f_frsize;
	place.floor = store_floor(&place.status);
	place.in_memory = kind.f_type == TMPFS_MAGIC || kind.f_type == RAMFS_MAGIC;
	*ret_place = place;
	return 0;
}

/* Whether it is a directory that no build would take for its store: a finding is filled in. */
static bool is_refused(const struct doctor_host *host, struct doctor_finding *finding)
{
	AUTO_FREE char *close_it = mem_printf("chmod 700 '%s'", host->store_path);
	struct stat status;

	if (lstat(host->store_path, &status) < 0)
		return false;
	if (!S_ISDIR(status.st_mode))
		doctor_lacks(finding, DOCTOR_MISSING, elsewhere, "%s is %s, not a directory",
			     host->store_path,
			     S_ISLNK(status.st_mode) ? "a symbolic link" : "something else");
	else if (status.st_uid != geteuid())
		doctor_lacks(finding, DOCTOR_MISSING, elsewhere,
			     "%s belongs to user %u, not to you (user %u)", host->store_path,
			     status.st_uid, geteuid());
	else if (store_is_foreign(host->store_path))
		doctor_lacks(finding, DOCTOR_MISSING, elsewhere,
			     "%s is not a store, and not empty either", host->store_path);
	else if (status.st_mode & 077)
		doctor_lacks(finding, DOCTOR_MISSING, close_it, "%s is open to others (mode %04o)",
			     host->store_path, status.st_mode & 07777);
	else
		return false;
	return true;
}

/* Whether there is too little room: a finding is filled in. */
static bool is_short(const struct place *place, struct doctor_finding *finding)
{
	static const char room[] = "contractor store prune --to 0, or free some space by hand, or "
				   "keep the store elsewhere (--store DIR)";
	uint64_t files = place->status.f_favail;

	if (place->free < place->floor)
		doctor_lacks(finding, DOCTOR_MISSING, room,
			     "%s: %" PRIu64 " KiB free; a step begins only with %" PRIu64 " KiB",
			     place->path, place->free >> 10, place->floor >> 10);
	else if (place->status.f_files && files < FILES_LEAST)
		doctor_lacks(finding, DOCTOR_DEGRADED, room,
			     "%s: room for only %" PRIu64
			     " more files (inodes); a base system has %d",
			     place->path, files, FILES_LEAST);
	else if (place->free < space_least)
		doctor_lacks(finding, DOCTOR_DEGRADED, room,
			     "%s: only %" PRIu64 " MiB free; a base system may not fit",
			     place->path, place->free >> 20);
	else
		return false;
	return true;
}

/* What is said of a store that serves. */
static void describe(const struct doctor_host *host, const struct place *place,
		     struct doctor_finding *finding)
{
	const char *state = strcmp(place->near, place->path) ? ", not made yet" : "";
	AUTO_FREE char *limit = host->store_size
					? mem_printf("; it may take %" PRIu64 " MiB (store-size)",
						     host->store_size >> 20)
					: mem_strdup("");

	if (place->in_memory)
		doctor_lacks(finding, DOCTOR_DEGRADED, elsewhere,
			     "%s%s: a file system in memory, gone when the computer restarts; "
			     "%" PRIu64 " MiB free%s",
			     place->path, state, place->free >> 20, limit);
	else
		doctor_fine(finding,
			    "%s%s, %" PRIu64 " GiB free, of which %" PRIu64 " MiB stay so%s",
			    place->path, state, place->free >> 30, place->floor >> 20, limit);
}

void doctor_check_store(const struct doctor_host *host, struct doctor_finding *finding)
{
	struct place place;
	struct err err;

	if (is_refused(host, finding))
		return;
	if (look(host->store_path, host->store_near, &place, &err) < 0)
		doctor_lacks(finding, DOCTOR_MISSING, elsewhere, "%s", err.text);
	else if (!is_short(&place, finding))
		describe(host, &place, finding);
}

void doctor_check_artifacts(const struct doctor_host *host, struct doctor_finding *finding)
{
	static const char other[] = "name a directory that you may write to: --artifacts DIR";
	struct place place;
	struct err err;

	if (look(host->artifacts_path, host->artifacts_near, &place, &err) < 0)
		doctor_lacks(finding, DOCTOR_DEGRADED, other,
			     "%s; no build can put its artifacts there", err.text);
	else if (place.free < space_least)
		doctor_lacks(finding, DOCTOR_DEGRADED, other,
			     "%s: only %" PRIu64 " MiB free; an archive of a base system may not "
			     "fit",
			     place.path, place.free >> 20);
	else
		doctor_fine(finding, "%s, %" PRIu64 " GiB free", place.path, place.free >> 30);
}
