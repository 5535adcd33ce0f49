/* follow.h: keeps a terminal on the screen (term.h) abreast of a recording.
 *
 * Each frame feeds the terminal with what is new in the log. A terminal is slow (some MB/s), and a
 * build may print more: when more is new than the budget, and it is plain (below), what would only
 * scroll by is skipped. The screen afterwards is exactly the one that feeding everything gives.
 *
 * Plain is: text, control characters that stay in a line or go to the next one, SGR, EL (CSI K, which
 * compilers print with each colour), and complete OSC strings. All else (cursor addressing) is fed in full; and
 * as long as it leaves behind a mode that plain output depends on (margins, character sets, ...),
 * all that comes is.
 *
 * What a terminal shows also depends on ONLCR of the pty, and on its size: their changes are told
 * with the offset in the log where they happened, and take effect just there.
 *
 * Life cycle: follow_new(); follow_load_times() for a recording that is there, else follow_onlcr() and
 * follow_size() as it happens; follow_frame() each frame; follow_free().
 */
#ifndef UI_FOLLOW_H
#define UI_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/err.h"

struct follow;
struct term;

/* Feeds term, which is as new, from the open file log_fd; both must stay as long. */
struct follow *follow_new(struct term *term, int log_fd);
/* NULL is fine. */
void follow_free(struct follow *follow);

/* From this offset of the log on, ONLCR is set, or not (at first it is not); offsets never go back. */
void follow_onlcr(struct follow *follow, uint64_t offset, bool onlcr);
/* From this offset on, the terminal has this size. */
void follow_size(struct follow *follow, uint64_t offset, int columns, int rows);

/* Takes the size and both changes from NAME.times of a recording (recording.h); lines that are none
 * are left out. */
int follow_load_times(struct follow *follow, int times_fd, struct err *err);

/* Feeds about budget bytes at most. Returns 1 when more is left, 0 when the terminal shows all that the
 * log had when it was called, -1 when the log cannot be read. */
int follow_frame(struct follow *follow, uint64_t budget, struct err *err);

/* Whether the cursor was moved about, or the like: the log's lines do not look then as the terminal
 * does. */
bool follow_is_addressed(const struct follow *follow);

/* How many bytes were skipped. */
uint64_t follow_skipped(const struct follow *follow);

#endif
