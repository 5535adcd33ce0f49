/* Which attempts are in use, and when they were of use last. */
#include <fcntl.h>
#include <sys/stat.h>

#include "engine/base/moment.h"
#include "engine/store/store_internal.h"

/* The time is that of the attempt's log, which nothing else changes once it is written: so that
 * noting a use is no change of the index. It is not put back where the clock was: then what is of
 * use now would go before what was not for longest. */
void store_touch(struct store *store, const struct attempt *attempt)
{
	if (store_used_ms(store, attempt) < moment_unix_ms())
		utimensat(store->logs_fd, store_name_of(attempt->id, ".log").text, NULL,
			  AT_SYMLINK_NOFOLLOW);
}

int64_t store_used_ms(struct store *store, const struct attempt *attempt)
{
	struct stat status;

	if (fstatat(store->logs_fd, store_name_of(attempt->id, ".log").text, &status,
		    AT_SYMLINK_NOFOLLOW) < 0)
		return attempt->started_ms;
	return (int64_t)status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1000000;
}

bool store_pin(struct store *store, int64_t number)
{
	return lock_range(store->lock_fd, F_RDLCK, LOCK_USES + (off_t)number, 1) == 0;
}

/* The row is looked for behind the lock: before it, a prune may just have been taking it. */
bool store_use(struct store *store, int64_t number)
{
	return store_pin(store, number) && store_row_exists(store, number);
}
