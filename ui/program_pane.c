/* A shell or an editor in a pane. */
#include "ui/program_pane.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "engine/base/mem.h"
#include "ui/host_program.h"
#include "ui/term.h"

struct program_pane {
	char *title, *own_title; /* the latter NULL until the program has set one */
	struct term *term;
	struct shell *shell;	      /* or */
	struct host_program *program; /* one of the two */
	bool is_editor, ended, has_changes;
	bool is_command; /* of which what it printed is wanted */
	int status;
	struct err err;
	size_t back; /* rows that the view is scrolled back */
	struct program_pane_callbacks callbacks;
};

/* --- from and to the program */

static void send_bytes(struct program_pane *pane, const char *bytes, size_t length)
{
	if (pane->ended || !length)
		return;
	if (pane->shell)
		runner_write(shell_runner(pane->shell), bytes, length);
	else if (pane->program)
		host_program_write(pane->program, bytes, length);
}

static void on_reply(void *user, const char *bytes, size_t length)
{
	send_bytes(user, bytes, length);
}

static void on_title(void *user, const char *title)
{
	struct program_pane *pane = user;

	free(pane->own_title);
	pane->own_title = *title ? mem_strdup(title) : NULL;
}

static void on_bell(void *user)
{
	struct program_pane *pane = user;

	pane->callbacks.bell(pane->callbacks.data);
}

static void on_output(void *data, const char *bytes, size_t length)
{
	struct program_pane *pane = data;

	term_feed(pane->term, bytes, length);
	pane->callbacks.changed(pane->callbacks.data);
}

static void end(struct program_pane *pane, int status)
{
	pane->ended = true;
	pane->status = status;
	term_end(pane->term);
	pane->callbacks.ended(pane->callbacks.data, pane);
}

static void on_shell_ended(void *data, const struct run_result *result)
{
	struct program_pane *pane = data;

	if (result->end == RUN_FAILED)
		pane->err = result->err;
	pane->has_changes = pane->shell && shell_keep(pane->shell);
	end(pane, result->end == RUN_FAILED ? -1 : result->exit_status);
}

static void on_program_ended(void *data, int status)
{
	end(data, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* --- its life */

static struct program_pane *new_pane(const char *title, int columns, int rows,
				     const struct program_pane_callbacks *callbacks)
{
	struct program_pane *pane = mem_new(sizeof *pane);
	const struct term_callbacks term = {on_reply, on_title, on_bell, pane};

	pane->title = mem_strdup(title);
	pane->callbacks = *callbacks;
	pane->term = term_new(columns, rows, &term);
	term_set_answering(pane->term, true);
	return pane;
}

int program_pane_shell(struct session *session, const struct shell_options *options,
		       const char *title, const struct program_pane_callbacks *callbacks,
		       struct program_pane **ret_pane, struct err *err)
{
	struct program_pane *pane = new_pane(title, options->columns, options->rows, callbacks);
	struct shell_options own = *options;

	own.terminal = true;
	pane->is_command = options->command->len > 0;
	own.callbacks =
		(struct run_callbacks){.output = on_output, .ended = on_shell_ended, .data = pane};
	if (shell_start(session, &own, &pane->shell, err) < 0) {
		program_pane_free(pane);
		return -1;
	}
	*ret_pane = pane;
	return 0;
}

int program_pane_editor(struct loop *loop, const char *command, const char *file, const char *title,
			int columns, int rows, const struct program_pane_callbacks *callbacks,
			struct program_pane **ret_pane, struct err *err)
{
	struct program_pane *pane = new_pane(title, columns, rows, callbacks);
	const struct host_program_callbacks program = {on_output, on_program_ended, pane};

	pane->is_editor = true;
	if (host_program_start(loop, command, file, columns, rows, &program, &pane->program, err) <
	    0) {
		program_pane_free(pane);
		return -1;
	}
	*ret_pane = pane;
	return 0;
}

void program_pane_free(struct program_pane *pane)
{
	if (!pane)
		return;
	shell_free(pane->shell);
	host_program_free(pane->program);
	term_free(pane->term);
	free(pane->title);
	free(pane->own_title);
	free(pane);
}

bool program_pane_is_editor(const struct program_pane *pane)
{
	return pane->is_editor;
}

bool program_pane_has_changes(const struct program_pane *pane)
{
	return pane->has_changes;
}

bool program_pane_is_command(const struct program_pane *pane)
{
	return pane->is_command;
}

bool program_pane_has_ended(const struct program_pane *pane)
{
	return pane->ended;
}

int program_pane_status(const struct program_pane *pane)
{
	return pane->status;
}

const struct err *program_pane_error(const struct program_pane *pane)
{
	return &pane->err;
}

const char *program_pane_title(const struct program_pane *pane)
{
	return pane->own_title && !pane->ended ? pane->own_title : pane->title;
}

/* --- what the person does */

static void send_buf(struct program_pane *pane, const struct buf *bytes)
{
	send_bytes(pane, bytes->data, bytes->len);
}

void program_pane_key(struct program_pane *pane, const struct key *key)
{
	AUTO_BUF struct buf bytes = BUF_INIT;

	pane->back = 0;
	term_key(pane->term, key, &bytes);
	send_buf(pane, &bytes);
}

void program_pane_paste(struct program_pane *pane, const char *text, size_t length)
{
	AUTO_BUF struct buf bytes = BUF_INIT;

	pane->back = 0;
	term_paste(pane->term, text, length, &bytes);
	send_buf(pane, &bytes);
}

bool program_pane_mouse(struct program_pane *pane, const struct key *key, int row, int column)
{
	AUTO_BUF struct buf bytes = BUF_INIT;
	struct key_mouse mouse = key->mouse;

	mouse.row = row;
	mouse.column = column;
	if (pane->ended || !term_mouse(pane->term, &mouse, key->modifiers, &bytes))
		return false;
	send_buf(pane, &bytes);
	return true;
}

void program_pane_focus(struct program_pane *pane, bool focused)
{
	AUTO_BUF struct buf bytes = BUF_INIT;

	term_focus(pane->term, focused, &bytes);
	send_buf(pane, &bytes);
}

void program_pane_limit_history(struct program_pane *pane, size_t bytes)
{
	term_limit_history(pane->term, bytes);
}

void program_pane_resize(struct program_pane *pane, int columns, int rows)
{
	if (columns == term_columns(pane->term) && rows == term_rows(pane->term))
		return;
	term_resize(pane->term, columns, rows);
	columns = term_columns(pane->term);
	rows = term_rows(pane->term);
	if (pane->shell && !pane->ended)
		runner_resize(shell_runner(pane->shell), columns, rows);
	else if (pane->program && !pane->ended)
		host_program_resize(pane->program, columns, rows);
}

void program_pane_move(struct program_pane *pane, enum motion motion)
{
	size_t page = (size_t)term_rows(pane->term) / 2 + 1, count = term_history_count(pane->term);
	const size_t by[] = {[MOTION_UP] = 1, [MOTION_PAGE_UP] = page, [MOTION_HOME] = count};
	const size_t forth[] = {[MOTION_DOWN] = 1, [MOTION_PAGE_DOWN] = page, [MOTION_END] = count};

	if (motion == MOTION_UP || motion == MOTION_PAGE_UP || motion == MOTION_HOME)
		pane->back += by[motion];
	else if (motion == MOTION_DOWN || motion == MOTION_PAGE_DOWN || motion == MOTION_END)
		pane->back -= pane->back < forth[motion] ? pane->back : forth[motion];
	pane->back = pane->back > count ? count : pane->back;
}

/* --- drawing */

void program_pane_draw(struct program_pane *pane, struct frame *frame, struct rect rect,
		       struct cell_style blank, bool focused)
{
	int columns = term_columns(pane->term);
	AUTO_FREE struct cell *cells = mem_new((size_t)columns * sizeof *cells);
	size_t history = term_history_count(pane->term);
	struct term_cursor cursor = term_cursor(pane->term);

	pane->back = pane->back > history ? history : pane->back;
	for (int row = 0; row < rect.rows && row < term_rows(pane->term); row++) {
		size_t from_top = history - pane->back + (size_t)row;

		if (from_top < history)
			term_history_row(pane->term, from_top, cells, columns);
		else
			term_row(pane->term, (int)(from_top - history), cells);
		frame_cells(frame, rect, row, cells, columns, blank);
	}
	if (focused && cursor.visible && !pane->back && !pane->ended)
		frame_cursor(frame, rect, cursor.row, cursor.column);
}
