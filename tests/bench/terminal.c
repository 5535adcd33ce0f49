/* terminal.c: output that moves the cursor about, as full-screen programs and progress displays print it,
 * on a terminal: ours, or bare libvterm.
 *
 *	terminal ours|bare COLUMNS ROWS MEGABYTES
 *	terminal print COLUMNS ROWS MEGABYTES	prints it
 *
 * A megabyte is made once, and fed as often as asked for: making it must not count. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vterm.h>

#include "engine/base/buf.h"
#include "ui/term.h"

enum { WRITE = 4096, MEGABYTE = 1 << 20 };

/* One row of a display: its place, a colour, text, and the rest of the row erased. */
static void add_row(struct buf *output, int columns, int rows, uint32_t number)
{
	int row = (int)(number * 7 % (uint32_t)rows), column = (int)(number % 5);

	buf_add_fmt(output, "\033[%d;%dH\033[%d;%dm%6u \033[38;5;%um", row + 1, column + 1,
		    (int)(number % 2), 30 + (int)(number % 8), number, number % 256);
	for (int i = column + 7; i < columns - 10; i++)
		buf_add_char(output, (char)('a' + (i + (int)number) % 26));
	buf_add_str(output, number % 9 ? "\033[0m\033[K" : "\033[m\r\n\033[2A\033[1@\033[2C");
}

/* A whole number of writes of that. */
static void make_output(struct buf *output, int columns, int rows)
{
	for (uint32_t number = 0; output->len < MEGABYTE; number++)
		add_row(output, columns, rows, number);
	buf_truncate(output, MEGABYTE);
}

static void run_ours(const struct buf *output, int columns, int rows, int count)
{
	struct term *term = term_new(columns, rows, NULL);
	int first, last;

	for (int i = 0; i < count; i++) {
		for (size_t at = 0; at < output->len; at += WRITE)
			term_feed(term, output->data + at, WRITE);
	}
	term_take_damage(term, &first, &last);
	term_free(term);
}

static void run_bare(const struct buf *output, int columns, int rows, int count)
{
	VTerm *vterm = vterm_new(rows, columns);
	VTermScreen *screen;

	vterm_set_utf8(vterm, 1);
	screen = vterm_obtain_screen(vterm);
	vterm_screen_set_damage_merge(screen, VTERM_DAMAGE_SCROLL);
	vterm_screen_enable_altscreen(screen, 1);
	vterm_screen_reset(screen, 1);
	for (int i = 0; i < count; i++) {
		for (size_t at = 0; at < output->len; at += WRITE)
			vterm_input_write(vterm, output->data + at, WRITE);
	}
	vterm_screen_flush_damage(screen);
	vterm_free(vterm);
}

static void print(const struct buf *output, int columns, int rows, int count)
{
	(void)columns;
	(void)rows;
	for (int i = 0; i < count; i++)
		fwrite(output->data, 1, output->len, stdout);
}

static const struct {
	const char *name;
	void (*run)(const struct buf *output, int columns, int rows, int count);
} modes[] = {{"ours", run_ours}, {"bare", run_bare}, {"print", print}};

int main(int argc, char **argv)
{
	AUTO_BUF struct buf output = BUF_INIT;
	int columns, rows, count;

	if (argc != 5) {
		fprintf(stderr, "usage: terminal ours|bare|print COLUMNS ROWS MEGABYTES\n");
		return 2;
	}
	columns = atoi(argv[2]);
	rows = atoi(argv[3]);
	count = atoi(argv[4]);
	make_output(&output, columns, rows);
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		if (strcmp(argv[1], modes[i].name) == 0)
			modes[i].run(&output, columns, rows, count);
	}
	return 0;
}
