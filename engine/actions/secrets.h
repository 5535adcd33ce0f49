/* secrets.h: the values of secrets, which a person gives on the command line.
 *
 * Life cycle: secrets_new(), secrets_read() for each --secret, then they are only looked at (struct
 * host_settings has them); secrets_free().
 *
 * A value is in private memory (private.h), and leaves it in two ways: as a file of a sandbox whose step
 * asks for it (action_policy()), and as what is masked in outputs (masking.h). It is in no key, no
 * environment, no argument, no message. From secrets_new() on this process leaves no core file either:
 * what steps print is in its memory before it is masked.
 */
#ifndef ENGINE_ACTIONS_SECRETS_H
#define ENGINE_ACTIONS_SECRETS_H

#include <stddef.h>

#include "engine/base/err.h"
#include "engine/base/mask.h"
#include "engine/spec/spec.h"

/* A value has at most so many bytes; and at least MASK_LENGTH_MIN, as it could not be masked else. */
enum { SECRET_SIZE_MAX = 64 << 10 };

struct secrets;

struct secret {
	char *id;
	char *bytes; /* may have NULs */
	size_t length;
};

struct secrets *secrets_new(void);
/* NULL is fine, here and below: then there are none. */
void secrets_free(struct secrets *secrets);

/* Takes "id=ID,src=FILE" or "id=ID,env=VARIABLE". A file must be a regular one or a pipe; a variable is
 * taken out of the environment, and its value cleared there. */
int secrets_read(struct secrets *secrets, const char *setting, struct err *err);

/* The secret with this id, or NULL. */
const struct secret *secrets_find(const struct secrets *secrets, const char *id);

/* What is to be masked in outputs; NULL: nothing. */
struct mask_texts *secrets_texts(const struct secrets *secrets);

/* Fails with ERR_USAGE when there is a value for a secret that the spec does not declare. */
int secrets_check_spec(const struct secrets *secrets, const struct spec *spec, struct err *err);
/* Fails with ERR_USAGE when there is none for a secret that the step uses. */
int secrets_check_step(const struct secrets *secrets, const struct step *step, struct err *err);

#endif
