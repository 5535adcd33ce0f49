#include "engine/store/unread.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/process/loop.h"
#include "engine/process/message.h"
#include "engine/store/store_internal.h"

enum { TELL_EVERY_MS = 100 };

/* Stamps stand first in the files of a list, and have no gaps. */
static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct file_stamp));
}

static struct unread_file *find(const struct unread *unread, const struct file_stamp *stamp)
{
	if (!unread->sorted)
		return NULL;
	return bsearch(stamp, unread->files, unread->sorted, sizeof *unread->files, compare);
}

bool unread_recall(const struct store *store, const struct file_stamp *stamp,
		   char ret_digest[SHA256_HEX_SIZE])
{
	const struct unread_file *file = find(&store->unread, stamp);

	if (!file || !file->digest[0])
		return false;
	memcpy(ret_digest, file->digest, sizeof file->digest);
	return true;
}

/* A digest for who does not look at it. */
static void no_digest(char ret_digest[SHA256_HEX_SIZE])
{
	memset(ret_digest, '0', SHA256_HEX_SIZE - 1);
	ret_digest[SHA256_HEX_SIZE - 1] = '\0';
}

void unread_note(struct store *store, const struct file_stamp *stamp,
		 char ret_digest[SHA256_HEX_SIZE])
{
	struct unread *unread = &store->unread;

	no_digest(ret_digest);
	if (find(unread, stamp))
		return;
	unread->files =
		mem_grow(unread->files, unread->count, &unread->capacity, sizeof *unread->files);
	unread->files[unread->count++] = (struct unread_file){.stamp = *stamp};
}

/* What was listed and not read is not there any more as it was, or will be listed again. */
void unread_begin(struct store *store)
{
	struct unread *unread = &store->unread;
	size_t kept = 0;

	for (size_t i = 0; i < unread->count; i++) {
		if (unread->files[i].digest[0])
			unread->files[kept++] = unread->files[i];
	}
	unread->count = unread->sorted = kept;
	unread->use = UNREAD_LISTED;
}

/* A file with several names is on the list once. */
static void drop_doubles(struct unread *unread)
{
	size_t kept = 0;

	for (size_t i = 0; i < unread->count; i++) {
		if (!kept || compare(&unread->files[kept - 1], &unread->files[i]) != 0)
			unread->files[kept++] = unread->files[i];
	}
	unread->count = unread->sorted = kept;
}

uint64_t unread_end(struct store *store)
{
	struct unread *unread = &store->unread;
	uint64_t bytes = 0;

	unread->use = UNREAD_TAKEN;
	if (unread->count)
		qsort(unread->files, unread->count, sizeof *unread->files, compare);
	drop_doubles(unread);
	for (size_t i = 0; i < unread->count; i++)
		bytes += unread->files[i].digest[0] ? 0 : (uint64_t)unread->files[i].stamp.size;
	return bytes;
}

void unread_work(struct store *store, int socket)
{
	store->unread.use = UNREAD_TOLD;
	store->unread.socket = socket;
}

static int tell(const struct unread *unread, char type, const char *text, struct err *err)
{
	if (message_send_text(unread->socket, type, text) < 0)
		return err_sys(err, "nobody waits for the digests of files");
	return 0;
}

/* So many more bytes were read. */
static int progress(void *data, size_t bytes, struct err *err)
{
	struct unread *unread = data;
	int64_t now_ms = loop_now_ms();
	char text[24];

	unread->read_bytes += bytes;
	if (now_ms - unread->told_ms < TELL_EVERY_MS)
		return 0;
	unread->told_ms = now_ms;
	snprintf(text, sizeof text, "%" PRIu64, unread->read_bytes);
	return tell(unread, 'P', text, err);
}

int unread_read(struct store *store, int fd, const struct file_stamp *stamp,
		char ret_digest[SHA256_HEX_SIZE], struct err *err)
{
	struct unread *unread = &store->unread;
	struct unread_file *file = find(unread, stamp);
	char text[SHA256_HEX_SIZE + 32];

	no_digest(ret_digest);
	if (!file || file->digest[0])
		return 0;
	if (store_digest_fd(fd, progress, unread, file->digest, err) < 0)
		return -1;
	if (!file_stamp_holds(stamp, fd))
		return 0;
	snprintf(text, sizeof text, "%td %d %s", file - unread->files, file_stamp_is_old(stamp),
		 file->digest);
	return tell(unread, 'R', text, err);
}

/* Another process may keep the index from us for long: that is waited for once, not once a file. */
static void remember(struct store *store, const struct unread_file *file)
{
	if (!store->unread.no_remember)
		store->unread.no_remember =
			!store_remember_digest(store, &file->stamp, file->digest);
}

bool unread_take(struct store *store, const char *text)
{
	struct unread *unread = &store->unread;
	char digest[SHA256_HEX_SIZE + 1];
	size_t number;
	int is_old;

	if (sscanf(text, "%zu %d %65s", &number, &is_old, digest) != 3 ||
	    number >= unread->sorted || !sha256_is_hex(digest))
		return false;
	memcpy(unread->files[number].digest, digest, SHA256_HEX_SIZE);
	if (is_old)
		remember(store, &unread->files[number]);
	return true;
}

void unread_forget(struct store *store)
{
	free(store->unread.files);
	store->unread = (struct unread){0};
}
