#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/store/store_internal.h"

static const uint64_t floor_max = 200 << 20, floor_min = 64 << 10, reserve_size = 4 << 20;

uint64_t store_floor(const struct statvfs *status)
{
	uint64_t floor = (uint64_t)status->f_blocks * status->f_frsize / 100;

	return floor > floor_max ? floor_max : floor < floor_min ? floor_min : floor;
}

/* The bytes that are free for us, and those that should stay free. */
static int measure(struct store *store, uint64_t *ret_free, uint64_t *ret_floor)
{
	struct statvfs status;

	if (fstatvfs(store->fd, &status) < 0)
		return -1;
	*ret_floor = store_floor(&status);
	*ret_free = (uint64_t)status.f_bavail * status.f_frsize;
	return 0;
}

int store_check_space(struct store *store, struct err *err)
{
	uint64_t available, floor;

	if (measure(store, &available, &floor) < 0)
		return err_sys(err, "cannot tell the free space of %s", store->path);
	if (available >= floor)
		return 0;
	err_set(err, ERR_HOST,
		"no space left in %s: %" PRIu64 " KiB needed, %" PRIu64 " KiB free; free some, or "
		"remove attempts with `contractor store remove`",
		store->path, floor >> 10, available >> 10);
	err->sys_errno = ENOSPC;
	return -1;
}

uint64_t store_missing_bytes(struct store *store)
{
	uint64_t available, floor;

	if (measure(store, &available, &floor) < 0 || available >= floor)
		return 0;
	return 2 * floor - available;
}

/* Opens the reserved file, which is made when missing. */
static int open_reserve(struct store *store)
{
	return path_open_beneath(store->fd, "reserved", O_WRONLY | O_CREAT, 0600);
}

void store_reserve(struct store *store)
{
	uint64_t available, floor;
	struct stat status;

	if (fstatat(store->fd, "reserved", &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	    (uint64_t)status.st_size == reserve_size)
		return;
	/* Twice the size: so that making it does not use up what it is for. */
	if (measure(store, &available, &floor) == 0 && available > floor + 2 * reserve_size) {
		AUTO_CLOSE int fd = open_reserve(store);

		if (fd >= 0 && posix_fallocate(fd, 0, (off_t)reserve_size) != 0 &&
		    ftruncate(fd, 0) < 0)
			return;
	}
}

bool store_give_up_reserve(struct store *store, const struct err *err)
{
	AUTO_CLOSE int fd = -1;
	struct stat status;

	if (err->sys_errno != ENOSPC && err->sys_errno != EDQUOT)
		return false;
	fd = path_open_beneath(store->fd, "reserved", O_WRONLY, 0);
	return fd >= 0 && fstat(fd, &status) == 0 && status.st_size && ftruncate(fd, 0) == 0;
}
