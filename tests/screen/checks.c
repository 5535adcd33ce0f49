/* The statements that look at something: each waits until it is so, or the time is up. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "tests/screen/screentest.h"
#include "ui/color.h"

/* Whether a text is of a pattern, in which "*" is any text. */
static bool matches(const char *pattern, const char *text)
{
	const char *star = NULL, *from = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = pattern++;
			from = text;
		} else if (*pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star + 1;
			text = ++from;
		} else {
			return false;
		}
	}
	return pattern[strspn(pattern, "*")] == '\0';
}

/* What a check waits for. */
struct wanted {
	struct display *display;
	const char *text;
	int row; /* from 0 */
	bool (*is_so)(struct wanted *wanted);
};

static bool is_so(void *data)
{
	struct wanted *wanted = data;

	return wanted->is_so(wanted);
}

static int wait_for(struct test *test, struct wanted *wanted, struct err *err)
{
	wanted->display = test->display;
	if (display_wait(test->display, test->timeout_ms, is_so, wanted))
		return 0;
	if (test->display->ended)
		return err_set(err, ERR_STEP, "not so, and the program has ended with status %d",
			       test->display->status);
	return err_set(err, ERR_STEP, "not so after %d s", test->timeout_ms / 1000);
}

/* --- texts */

static bool is_there(struct wanted *wanted)
{
	int row, column;

	return display_find(wanted->display, wanted->text, &row, &column);
}

static bool is_gone(struct wanted *wanted)
{
	return !is_there(wanted);
}

static int check_wait(struct test *test, const char *rest, const char *body, struct err *err)
{
	AUTO_FREE char *text = script_text(rest);
	struct wanted wanted = {.text = text, .is_so = is_there};

	(void)body;
	return wait_for(test, &wanted, err);
}

static int check_gone(struct test *test, const char *rest, const char *body, struct err *err)
{
	AUTO_FREE char *text = script_text(rest);
	struct wanted wanted = {.text = text, .is_so = is_gone};

	(void)body;
	return wait_for(test, &wanted, err);
}

/* --- rows */

static bool row_matches(struct wanted *wanted)
{
	AUTO_BUF struct buf row = BUF_INIT;

	if (wanted->row >= term_rows(wanted->display->term))
		return false;
	display_row(wanted->display, wanted->row, &row);
	return matches(wanted->text, row.data);
}

static int check_row(struct test *test, const char *rest, const char *body, struct err *err)
{
	struct wanted wanted = {.is_so = row_matches};
	AUTO_FREE char *text = NULL;
	int number;

	(void)body;
	if (script_next_number(&rest, &number, err) < 0)
		return -1;
	text = script_text(rest);
	wanted.row = number - 1;
	wanted.text = text;
	return wait_for(test, &wanted, err);
}

/* All rows, those left out at the end are empty. */
static bool screen_matches(struct wanted *wanted)
{
	const char *at = wanted->text;

	for (int row = 0; row < term_rows(wanted->display->term); row++) {
		size_t length = strcspn(at, "\n");
		AUTO_FREE char *pattern = mem_strndup(at, length);
		struct wanted line = {wanted->display, pattern, row, NULL};

		if (!row_matches(&line))
			return false;
		at += length + (at[length] == '\n');
	}
	return !*at;
}

static int check_screen(struct test *test, const char *rest, const char *body, struct err *err)
{
	struct wanted wanted = {.text = body, .is_so = screen_matches};

	(void)rest;
	return wait_for(test, &wanted, err);
}

/* --- looks */

static const struct {
	const char *word;
	enum cell_attribute bit;
} attributes[] = {{"bold", CELL_BOLD},		 {"dim", CELL_DIM},	{"italic", CELL_ITALIC},
		  {"underline", CELL_UNDERLINE}, {"blink", CELL_BLINK}, {"reverse", CELL_REVERSE},
		  {"strike", CELL_STRIKE}};

static bool same_color(const struct cell_color *one, const char *text)
{
	struct cell_color other;

	return color_parse(text, &other) && one->type == other.type && one->index == other.index &&
	       one->red == other.red && one->green == other.green && one->blue == other.blue;
}

/* Whether a cell looks as one word says: "bold", "!bold", "fg=red", "bg!=default". */
static bool has_look(const struct cell_style *style, const char *word)
{
	const char *equals = strchr(word, '=');
	bool negated = *word == '!' || (equals && equals > word && equals[-1] == '!');

	if (equals)
		return negated != same_color(*word == 'f' ? &style->fg : &style->bg, equals + 1);
	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++) {
		if (!strcmp(attributes[i].word, word + negated))
			return negated != !!(style->attributes & attributes[i].bit);
	}
	return false;
}

/* "TEXT | WORDS": the first cell of TEXT looks like all the words. */
static bool has_style(struct wanted *wanted)
{
	const char *bar = strstr(wanted->text, " | "), *rest = bar + 3;
	AUTO_FREE char *text = mem_strndup(wanted->text, (size_t)(bar - wanted->text));
	struct cell cells[TERM_COLUMNS_MAX];
	int row, column;

	if (!display_find(wanted->display, text, &row, &column))
		return false;
	term_row(wanted->display->term, row, cells);
	while (*rest) {
		AUTO_FREE char *word = script_next_word(&rest);

		if (!has_look(&cells[column].style, word))
			return false;
	}
	return true;
}

static int check_style(struct test *test, const char *rest, const char *body, struct err *err)
{
	struct wanted wanted = {.text = rest, .is_so = has_style};

	(void)body;
	if (!strstr(rest, " | "))
		return err_set(err, ERR_USAGE, "expected TEXT | WORDS");
	return wait_for(test, &wanted, err);
}

/* --- the program */

static bool has_ended(struct wanted *wanted)
{
	return wanted->display->ended;
}

static int check_exit(struct test *test, const char *rest, const char *body, struct err *err)
{
	struct wanted wanted = {.is_so = has_ended};
	const struct display *display = test->display;

	(void)body;
	if (wait_for(test, &wanted, err) < 0)
		return -1;
	if (display->status != atoi(rest))
		return err_set(err, ERR_STEP, "it ended with status %d", display->status);
	return 0;
}

/* Whether a signal has stopped it: proc_pid_stat(5). */
static bool is_stopped(struct wanted *wanted)
{
	AUTO_FREE char *path = mem_printf("/proc/%d/stat", (int)wanted->display->pid);
	AUTO_FCLOSE FILE *file = fopen(path, "re");
	char state = '\0';

	loop_turn(wanted->display->loop, 10);
	return file && fscanf(file, "%*d (%*[^)]) %c", &state) == 1 && state == 'T';
}

static int check_stopped(struct test *test, const char *rest, const char *body, struct err *err)
{
	struct wanted wanted = {.is_so = is_stopped};

	(void)rest;
	(void)body;
	return wait_for(test, &wanted, err);
}

static bool is_restored(struct wanted *wanted)
{
	wanted->text = display_left_behind(wanted->display);
	return !wanted->text;
}

static int check_restored(struct test *test, const char *rest, const char *body, struct err *err)
{
	struct wanted wanted = {.is_so = is_restored};

	(void)rest;
	(void)body;
	if (wait_for(test, &wanted, err) < 0)
		return err_set(err, ERR_STEP, "%s", wanted.text);
	return 0;
}

/* "N": the program has written fewer bytes so far. */
static int check_wrote_less(struct test *test, const char *rest, const char *body, struct err *err)
{
	int most;

	(void)body;
	if (script_next_number(&rest, &most, err) < 0)
		return -1;
	if (test->display->bytes < (uint64_t)most)
		return 0;
	return err_set(err, ERR_STEP, "it has written %llu bytes",
		       (unsigned long long)test->display->bytes);
}

/* Whether these bytes are among the first that the program has written. */
static bool has_written(const struct test *test, const char *rest)
{
	const struct buf *begun = &test->display->begun;
	AUTO_FREE char *text = script_text(rest);

	return memmem(begun->data, begun->len, text, strlen(text));
}

static int check_wrote(struct test *test, const char *rest, const char *body, struct err *err)
{
	(void)body;
	return has_written(test, rest) ? 0 : err_set(err, ERR_STEP, "it has not written that");
}

static int check_wrote_no(struct test *test, const char *rest, const char *body, struct err *err)
{
	(void)body;
	return has_written(test, rest) ? err_set(err, ERR_STEP, "it has written that") : 0;
}

const struct statement_type checks[] = {
	{"wait", check_wait, BODY_NONE, true},
	{"gone", check_gone, BODY_NONE, true},
	{"row", check_row, BODY_NONE, true},
	{"screen", check_screen, BODY_MUST, true},
	{"style", check_style, BODY_NONE, true},
	{"exit", check_exit, BODY_NONE, true},
	{"stopped", check_stopped, BODY_NONE, true},
	{"restored", check_restored, BODY_NONE, true},
	{"wrote", check_wrote, BODY_NONE, true},
	{"wrote-no", check_wrote_no, BODY_NONE, true},
	{"wrote-less", check_wrote_less, BODY_NONE, true},
	{NULL, NULL, BODY_NONE, false},
};
