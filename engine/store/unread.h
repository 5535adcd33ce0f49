/* unread.h: files outside that take long to be read, and whose digests are therefore made in a child, which must not
 * touch the index.
 *
 * What asks for digests (store_file_digest()) is gone through several times:
 *	1. within store_limit_digests() it fails with ERR_UNREAD;
 *	2. between unread_begin() and unread_end() it gets digests that mean nothing, and what is to be read is listed;
 *	3. in a child, behind unread_work(), the same once more, but what is on the list is read, and told by
 *	   messages: 'R' with a digest, for unread_take(), and 'P' with the number of bytes read so far;
 *	4. here again, where the digests are known now.
 * A file that has changed meanwhile is another file, and may send one back to 1.
 *
 * Digests are taken from the list until unread_forget(): also those of files that have changed so shortly before they
 * were read that they are not remembered. All others are, unless the index cannot be written: after the first failure
 * nothing more is remembered until then.
 */
#ifndef ENGINE_STORE_UNREAD_H
#define ENGINE_STORE_UNREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/store/store.h"

void unread_begin(struct store *store);
/* Returns how many bytes the files on the list have that were not read yet. */
uint64_t unread_end(struct store *store);

/* In the child: from now on store_file_digest() tells what it finds. It fails when nobody listens. */
void unread_work(struct store *store, int socket);

/* Takes the text of an 'R' message; false when it is none. */
bool unread_take(struct store *store, const char *text);

void unread_forget(struct store *store);

#endif
