#include "engine/store/claim.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/store/store_internal.h"

/* Each key has a part of the file `lock` (store_lock.c). Its first byte is what is contended for;
 * how many more the holder has locked is the number of its attempt. */
enum { KEY_BITS = 30, NUMBER_BITS = 32 };

/* Two keys in 2^30 share a part: then one step waits for another, and then runs. */
static off_t start_of(const char *key)
{
	char digits[9] = "";

	memcpy(digits, key, sizeof digits - 1);
	return LOCK_CLAIMS +
	       (off_t)((strtoull(digits, NULL, 16) >> (32 - KEY_BITS)) << NUMBER_BITS);
}

int claim_take(struct store *store, const char *key, struct claim *ret_claim, struct err *err)
{
	AUTO_CLOSE int fd = store_lock_open(store, err);
	off_t start = start_of(key);
	int taken = 1;

	if (fd < 0)
		return -1;
	if (lock_range(fd, F_WRLCK, start, 1) < 0) {
		if (errno != EAGAIN && errno != EACCES)
			return err_sys(err, "cannot lock a part of %s/lock", store->path);
		taken = 0;
	}
	*ret_claim = (struct claim){take_fd(&fd), start};
	return taken;
}

bool claim_is_on(const struct claim *claim, const char *key)
{
	return claim->fd >= 0 && claim->start == start_of(key);
}

int claim_wait(const struct claim *claim, pid_t parent, struct err *err)
{
	struct flock lock = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = claim->start, .l_len = 1};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		return err_set(err, ERR_FAULT, "nobody waits for the step any more");
	while (fcntl(claim->fd, F_OFD_SETLKW, &lock) < 0) {
		if (errno != EINTR)
			return err_sys(err, "cannot wait for another contractor");
	}
	return 0;
}

void claim_tell(const struct claim *claim, int64_t number)
{
	if (claim->fd >= 0)
		lock_range(claim->fd, F_WRLCK, claim->start, 1 + (off_t)number);
}

int claim_holder(struct store *store, const struct claim *claim, char ret_id[8], long *ret_pid)
{
	struct flock lock = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = claim->start, .l_len = 1};
	char id[8];

	if (fcntl(claim->fd, F_OFD_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
		return -1;
	if (lock.l_len < 2 || !store_id_format((int64_t)lock.l_len - 1, id))
		return 0;
	memcpy(ret_id, id, sizeof id);
	*ret_pid = lock_file_holder(store->tmp_fd, store_name_of(id, ".lock").text);
	return *ret_pid ? 1 : 0;
}

/* Freed before it is closed: a child that waited may still live for a moment. */
void claim_release(struct claim *claim)
{
	if (claim->fd >= 0)
		lock_range(claim->fd, F_UNLCK, claim->start, (off_t)1 << NUMBER_BITS);
	fd_close(&claim->fd);
}
