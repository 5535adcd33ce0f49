/* picture.c: runs the debugger on a terminal in memory, presses keys, and writes what is on its screen as SVG.
 *
 *	picture COLUMNSxROWS FILE TITLE COMMAND SPEC [ACTION...]
 *
 * runs `COMMAND SPEC` (COMMAND is a shell's). ACTION: a key as in a keymap ("n", "Ctrl-]", "F5"), or
 * "wait:TEXT": until the text is on the screen, and nothing was printed for a moment. The picture is
 * made after the last one. Exit status 1: a text did not come within DEADLINE_MS, and the screen is printed.
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/base/utf8.h"
#include "engine/process/loop.h"
#include "tests/picture/svg.h"
#include "ui/host_program.h"
#include "ui/key.h"

enum { DEADLINE_MS = 30000, QUIET_MS = 150 };

struct picture {
	struct loop *loop;
	struct term *term;
	struct host_program *program;
	struct loop_timer *quiet;
	char **actions; /* those that are left; NULL at the end */
};

/* --- what is on the screen */

static void add_row(struct term *term, int row, struct buf *out)
{
	AUTO_FREE struct cell *cells = mem_new((size_t)term_columns(term) * sizeof *cells);
	char bytes[4];

	term_row(term, row, cells);
	for (int i = 0; i < term_columns(term); i++) {
		if (cells[i].width && !cells[i].n_chars)
			buf_add_char(out, ' ');
		for (int k = 0; k < cells[i].n_chars; k++)
			buf_add(out, bytes, utf8_encode(cells[i].chars[k], bytes));
	}
	buf_add_char(out, '\n');
}

static void add_screen(struct term *term, struct buf *out)
{
	for (int row = 0; row < term_rows(term); row++)
		add_row(term, row, out);
}

/* --- the actions */

static void press(struct picture *picture, const char *name)
{
	AUTO_BUF struct buf bytes = BUF_INIT;
	struct key key;
	struct err err;

	if (key_parse(name, &key, &err) < 0) {
		fprintf(stderr, "picture: %s\n", err.text);
		loop_stop(picture->loop, 2);
		return;
	}
	term_key(picture->term, &key, &bytes);
	host_program_write(picture->program, bytes.data, bytes.len);
}

/* Carries out what can be done with the screen as it is now. */
static void go_on(void *data)
{
	struct picture *picture = data;
	AUTO_BUF struct buf screen = BUF_INIT;

	picture->quiet = NULL;
	add_screen(picture->term, &screen);
	for (; *picture->actions; picture->actions++) {
		const char *action = *picture->actions;

		if (strncmp(action, "wait:", 5) != 0)
			press(picture, action);
		else if (!strstr(screen.data, action + 5))
			return;
	}
	loop_stop(picture->loop, 0);
}

static void give_up(void *data)
{
	struct picture *picture = data;
	AUTO_BUF struct buf screen = BUF_INIT;

	add_screen(picture->term, &screen);
	fprintf(stderr, "%spicture: waited in vain: %s\n", screen.data,
		*picture->actions ? *picture->actions : "");
	loop_stop(picture->loop, 1);
}

/* --- the program */

static void on_output(void *data, const char *bytes, size_t length)
{
	struct picture *picture = data;

	term_feed(picture->term, bytes, length);
	loop_timer_remove(&picture->quiet);
	picture->quiet = loop_timer(picture->loop, QUIET_MS, go_on, picture);
}

static void on_reply(void *data, const char *bytes, size_t length)
{
	struct picture *picture = data;

	host_program_write(picture->program, bytes, length);
}

static void on_ended(void *data, int status)
{
	(void)status;
	give_up(data);
}

/* --- from the beginning to the end */

static int write_picture(struct term *term, const char *path, const char *title)
{
	AUTO_FCLOSE FILE *file = fopen(path, "we");
	AUTO_BUF struct buf svg = BUF_INIT;

	svg_add(&svg, term, title);
	if (file && fwrite(svg.data, 1, svg.len, file) == svg.len && fflush(file) == 0)
		return 0;
	perror(path);
	return 2;
}

static int run(char **arguments, int columns, int rows)
{
	struct picture picture = {.loop = loop_new(), .actions = arguments + 6};
	const struct term_callbacks replies = {.reply = on_reply, .user = &picture};
	const struct host_program_callbacks callbacks = {on_output, on_ended, &picture};
	struct loop_timer *deadline = loop_timer(picture.loop, DEADLINE_MS, give_up, &picture);
	struct err err;
	int result = 2;

	picture.term = term_new(columns, rows, &replies);
	term_set_answering(picture.term, true);
	if (host_program_start(picture.loop, arguments[4], arguments[5], columns, rows, &callbacks,
			       &picture.program, &err) < 0)
		fprintf(stderr, "picture: %s\n", err.text);
	else
		result = loop_run(picture.loop);
	if (result == 0)
		result = write_picture(picture.term, arguments[2], arguments[3]);
	loop_timer_remove(&picture.quiet);
	loop_timer_remove(&deadline);
	host_program_free(picture.program);
	term_free(picture.term);
	loop_free(picture.loop);
	return result;
}

int main(int argc, char **argv)
{
	int columns, rows;

	setlocale(LC_CTYPE, "");
	if (argc < 6 || sscanf(argv[1], "%dx%d", &columns, &rows) != 2) {
		fprintf(stderr,
			"usage: picture COLUMNSxROWS FILE TITLE COMMAND SPEC [ACTION...]\n");
		return 2;
	}
	return run(argv, columns, rows);
}
