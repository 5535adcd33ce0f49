/* The debugger on the person's terminal: its life, and one turn of the loop. */
#include "ui/screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "ui/job.h"
#include "ui/screen_internal.h"

enum { WORK_US = 1500, FILE_CHECK_MS = 1000, ENDING_MS = 6000 };

/* Between two frames; and so long behind a key as what it does may still come. */
enum { FRAME_MS = 33, TYPING_FRAME_MS = 16, TYPING_MS = 500 };

/* --- small things that all parts need */

void screen_touch(struct screen *screen)
{
	screen->dirty = true;
}

void screen_forget_message(struct screen *screen)
{
	free(take_ptr(&screen->message));
}

void screen_say(struct screen *screen, enum theme_role role, const char *fmt, ...)
{
	char text[ERR_TEXT_SIZE + 256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	screen_forget_message(screen);
	screen->message = mem_strdup(text);
	screen->message_role = role;
	screen_touch(screen);
}

void screen_ask(struct screen *screen, const char *text, void (*yes)(struct screen *screen))
{
	free(screen->question.text);
	screen->question.text = mem_strdup_or_null(text);
	screen->question.yes = yes;
	screen_touch(screen);
}

void screen_bell(struct screen *screen)
{
	if (config_flag(screen->options.config, CONFIG_BELL))
		canvas_bell(screen->canvas);
}

void screen_leave(struct screen *screen)
{
	screen->left = true;
	loop_stop(screen->options.loop, 0);
}

struct cell_style screen_style(const struct screen *screen, enum theme_role role)
{
	return screen->theme.styles[role];
}

const struct step *screen_step(const struct screen *screen, size_t step)
{
	return &session_spec(screen->session)->steps[step - 1];
}

size_t screen_n_steps(const struct screen *screen)
{
	return session_spec(screen->session)->n_steps;
}

int64_t screen_elapsed(const struct screen *screen)
{
	int64_t until = screen->paused_since_ms ? screen->paused_since_ms : loop_now_ms();

	return screen->started_ms ? until - screen->started_ms - screen->paused_ms : 0;
}

/* --- a turn of the loop */

static void on_timer(void *data)
{
	struct screen *screen = data;

	screen->timer = NULL;
	screen_touch(screen);
}

static void wake_in(struct screen *screen, int64_t ms)
{
	if (!screen->timer)
		screen->timer = loop_timer(screen->options.loop, ms, on_timer, screen);
}

/* Takes what is new of the output that is shown, or a part of it. */
static void work(struct screen *screen)
{
	struct err err;
	int more = screen->output ? output_work(screen->output, WORK_US, &err) : 0;

	if (screen->output)
		screen_tell_search(screen);
	if (more < 0)
		screen_say(screen, THEME_ERROR, "%s", err.text);
	screen->behind = more > 0;
}

static void check_file_now_and_then(struct screen *screen)
{
	int64_t now = loop_now_ms();

	if (now - screen->file_checked_ms < FILE_CHECK_MS)
		return;
	screen->file_checked_ms = now;
	screen_check_file(screen);
}

static void draw(struct screen *screen)
{
	check_file_now_and_then(screen);
	work(screen);
	/* Not when a signal says so: none comes where this is not the controlling terminal, as after `su -c`. */
	canvas_measure(screen->canvas);
	screen_draw(screen);
	screen->drawn_ms = loop_now_ms();
	screen->dirty = screen->behind;
	screen->pressed = false;
}

/* How long the next frame has to wait. A key is answered at once; nobody can follow more of what is just
 * printed than 30 frames a second, and each of them takes time from the step. */
static int64_t wait_ms(const struct screen *screen)
{
	int64_t now = loop_now_ms();
	int interval = now - screen->pressed_ms < TYPING_MS ? TYPING_FRAME_MS : FRAME_MS;

	return screen->pressed ? 0 : screen->drawn_ms + interval - now;
}

/* Draws when something has changed and the last frame is long enough ago. Between the frames it goes on
 * with what it is behind with, a little in each turn, so that what comes from a step or the keyboard never waits
 * for it. Sees to it that the loop wakes for all that. */
static void on_sleep(void *data)
{
	struct screen *screen = data;
	int64_t wait;

	screen_take_script_line(screen);
	if (screen->dirty && wait_ms(screen) <= 0)
		draw(screen);
	else if (screen->behind)
		work(screen);
	wait = screen->dirty ? wait_ms(screen) : TICK_MS;
	loop_timer_remove(&screen->timer);
	wake_in(screen, screen->behind || wait < 0 ? 0 : wait);
}

static void on_keys(void *data, unsigned events)
{
	struct screen *screen = data;
	struct key key;

	(void)events;
	screen->pressed = true;
	screen->pressed_ms = loop_now_ms();
	while (!screen->left) {
		switch (keyboard_next(screen->keyboard, &key)) {
		case KEYBOARD_KEY:
			screen_take_key(screen, &key);
			break;
		case KEYBOARD_PASTE:
			screen_take_paste(screen, keyboard_pasted(screen->keyboard));
			break;
		case KEYBOARD_UNKNOWN:
			screen_take_unknown(screen, keyboard_unknown(screen->keyboard));
			break;
		case KEYBOARD_ENDED:
			screen->end.signal_number = SIGHUP;
			screen_leave(screen);
			return;
		case KEYBOARD_NONE:
			return;
		}
	}
}

/* --- signals */

void screen_suspend(struct screen *screen)
{
	canvas_suspend(screen->canvas);
	job_stop();
	canvas_resume(screen->canvas);
	screen_touch(screen);
}

void screen_signal(void *data, int number)
{
	struct screen *screen = data;

	if (number == SIGWINCH) {
		screen_touch(screen);
	} else if (number == SIGTSTP) {
		screen_suspend(screen);
	} else if (number == SIGCONT) {
		canvas_retake(screen->canvas);
		screen_touch(screen);
	} else {
		screen->end.signal_number = number;
		screen_leave(screen);
	}
}

/* --- from the beginning to the end */

struct screen *screen_new(const struct screen_options *options)
{
	struct screen *screen = mem_new(sizeof *screen);

	screen->options = *options;
	screen->selected = 1;
	screen->keymap = config_keymap(options->config);
	screen->theme = *options->theme;
	screen->begun_ms = loop_now_ms();
	buf_init(&screen->printed);
	return screen;
}

static void release_texts(struct screen *screen)
{
	char *const texts[] = {screen->details_of,   screen->pattern,	screen->popup_title,
			       screen->message,	     screen->stop_note, screen->asked_line,
			       screen->question.text};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		free(texts[i]);
	text_view_release(&screen->details);
	text_view_release(&screen->popup_text);
	line_input_release(&screen->line);
	strv_release(&screen->commands);
	strv_release(&screen->patterns);
	buf_release(&screen->printed);
}

void screen_free(struct screen *screen)
{
	if (!screen)
		return;
	release_texts(screen);
	editing_release(&screen->editing);
	scripts_clear(&screen->scripts);
	frame_release(&screen->frame);
	free(screen);
}

static int take_terminal(struct screen *screen, struct err *err)
{
	const struct config *config = screen->options.config;
	const struct canvas_options options = {
		.mouse = config_flag(config, CONFIG_MOUSE),
		.colors = screen->options.colors,
		.escape_ms = (int)config_number(config, CONFIG_ESCAPE_DELAY),
	};

	if (canvas_new(&options, &screen->canvas, err) < 0)
		return -1;
	theme_limit(&screen->theme, canvas_colors(screen->canvas));
	screen->frame.ascii = canvas_is_ascii(screen->canvas);
	screen->keyboard = keyboard_new(screen->canvas);
	screen->keys = loop_watch(screen->options.loop, STDIN_FILENO, LOOP_READ | LOOP_URGENT,
				  on_keys, screen);
	loop_before_sleep(screen->options.loop, on_sleep, screen);
	wake_in(screen, 0);
	return 0;
}

/* Gives the terminal back, and ends what still runs. */
static void give_terminal(struct screen *screen)
{
	while (screen->n_programs)
		screen_close_program(screen, screen->n_programs - 1);
	output_free(take_ptr(&screen->output));
	loop_before_sleep(screen->options.loop, NULL, NULL);
	loop_timer_remove(&screen->timer);
	loop_defer_cancel(screen->options.loop, screen);
	loop_watch_remove(&screen->keys);
	keyboard_free(screen->keyboard);
	canvas_free(screen->canvas);
	screen->canvas = NULL;
}

int screen_run(struct screen *screen, struct screen_end *ret_end, struct err *err)
{
	const char *file = screen->options.command_file;
	int result;

	if (file && scripts_add(&screen->scripts, file, err) < 0)
		return -1;
	if (take_terminal(screen, err) < 0)
		return -1;
	result = screen_open(screen, err);
	if (result == 0)
		loop_run(screen->options.loop);
	/* What runs is ended, and to be found again as it was. */
	loop_watch_remove(&screen->keys);
	if (screen->session)
		session_end_run(screen->session, ENDING_MS);
	give_terminal(screen);
	*ret_end = screen->end;
	return result;
}
