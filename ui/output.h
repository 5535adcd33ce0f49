/* output.h: what an attempt of a step printed, in a pane: as lines that can be scrolled and searched,
 * from its log; or, while its program uses the screen as a terminal, as that terminal.
 *
 * Life cycle: output_open(); for the step that runs output_onlcr() as it is told; each turn of the loop
 * output_work(); output_end() when the step has ended; output_free().
 */
#ifndef UI_OUTPUT_H
#define UI_OUTPUT_H

#include "engine/base/buf.h"
#include "engine/base/err.h"
#include "ui/frame.h"
#include "ui/key.h"
#include "ui/log_view.h"
#include "ui/text_view.h"
#include "ui/theme.h"

struct output;

/* The log of the attempt with this id, in the store's logs/; live: of the step that runs now. */
int output_open(int logs_fd, const char *id, bool live, struct output **ret_output,
		struct err *err);
void output_free(struct output *output);

const char *output_id(const struct output *output);
bool output_is_live(const struct output *output);
/* As follow_onlcr(). */
void output_onlcr(struct output *output, uint64_t offset, bool onlcr);
void output_end(struct output *output);

/* Takes what is new, for about so many microseconds. Returns 1 when there is more to do at once, 0 when
 * all is shown, -1 when the log cannot be read. */
int output_work(struct output *output, int64_t budget_us, struct err *err);

void output_draw(struct output *output, struct frame *frame, struct rect rect,
		 const struct theme *theme, bool typing);

int output_move(struct output *output, enum motion motion, struct err *err);
/* Whether the end is in sight, and stays so. */
bool output_follows(const struct output *output);

/* Search and errors, as in log_view.h; the same pattern again goes on with the search. */
int output_search(struct output *output, const char *pattern, bool forward, struct err *err);
void output_first_error(struct output *output);
void output_stop_search(struct output *output);
enum log_view_search output_searched(const struct output *output);
int output_progress(const struct output *output);

void output_toggle_wrap(struct output *output);

/* Writes the log's bytes to a file. */
int output_save(struct output *output, const char *path, struct err *err);

/* What a key, or a pasted text, is for the program: output_typed() has the bytes; false when there is
 * no program any more. */
bool output_type(struct output *output, const struct key *key);
bool output_paste(struct output *output, const char *text, size_t length);
const struct buf *output_typed(const struct output *output);

#endif
