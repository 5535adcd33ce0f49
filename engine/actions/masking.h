/* masking.h: the output of a step without the values of secrets, before anybody else sees it.
 *
 * What may be the beginning of a value is kept back until the next output decides, or the step ends. Of
 * a prompt, behind which nothing comes, the last bytes might be such a beginning: up to three of them
 * are given out when nothing has followed for MASKING_PAUSE_MS; longer ones are not.
 */
#ifndef ENGINE_ACTIONS_MASKING_H
#define ENGINE_ACTIONS_MASKING_H

#include <stddef.h>

#include "engine/base/mask.h"
#include "engine/process/loop.h"

enum { MASKING_PAUSE_MS = 100 };

struct masking;

/* Masks the texts, which must outlive it, in what masking_write() is given, and calls output with the
 * rest. Free with masking_free(). */
struct masking *masking_new(struct mask_texts *texts, struct loop *loop,
			    void (*output)(void *data, const char *bytes, size_t length),
			    void *data);
/* NULL is fine; what is kept back is lost. */
void masking_free(struct masking *masking);

void masking_write(struct masking *masking, const char *bytes, size_t length);
/* No more output comes: gives out what was kept back. */
void masking_end(struct masking *masking);

#endif
