/* sums.h: what the files of an attempt come to: the space they take, and digests by which later damage
 * is found.
 *
 * They are made in the background, once the attempt is recorded: sums_pending(); in a child
 * sums_of_logs(), which are the person's, and then, inside the outer namespaces, where all of a layer can
 * be read and its owners are seen as by steps, sums_send(), whose messages are for sums_record(). Until
 * then an attempt has none. `store verify` makes them once more and compares.
 *
 * The digest of a layer is of the names, kinds, modes, owners, sizes and modification times of all
 * that is in it, of where its links lead, and of the attributes of its directories, which say to
 * overlayfs what is hidden. It is not of what its files have in them: reading that would cost more than
 * making most layers. That of the logs is of every byte.
 */
#ifndef ENGINE_STORE_SUMS_H
#define ENGINE_STORE_SUMS_H

#include "engine/store/store.h"

struct sums {
	int64_t number; /* of an attempt, or of a squashed layer */
	uint64_t bytes; /* on the disk */
	/* Of logs/ID.log and ID.times, and of layers/ID; "" where there is none or it cannot be read. */
	char logs[SHA256_HEX_SIZE], layer[SHA256_HEX_SIZE];
	int logs_errno,
		layer_errno; /* why it cannot be read; 0: it is not there, or damaged. Not recorded */
};

/* Numbers without sums, not more than a child should take at a time; free(*ret_numbers). */
int sums_pending(struct store *store, int64_t **ret_numbers, size_t *ret_count, struct err *err);

/* Sums of the logs alone, of each number; free(). */
struct sums *sums_of_logs(const int64_t *numbers, size_t count, int logs_fd);
/* Adds that of its layer. */
void sums_add_layer(struct sums *sums, int layers_fd);

/* Adds those of the layers, and sends each as an 'R' message, until nobody listens. */
int sums_send(struct sums *sums, size_t count, const char *layers_dir, int socket, struct err *err);
/* Takes the text of such a message apart; false when it is none. */
bool sums_parse(const char *text, struct sums *ret_sums);

/* How many attempts and squashed layers have none, or none of all their files. */
int sums_missing(struct store *store, int64_t *ret_count, struct err *err);

/* Keeps them; no effect when the attempt is gone. */
int sums_record(struct store *store, const struct sums *sums, struct err *err);
/* Those that were kept: 1, or 0 when there are none, or -1. */
int sums_get(struct store *store, int64_t number, struct sums *ret_sums, struct err *err);

#endif
