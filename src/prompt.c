#include "src/prompt.h"

#include <histedit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"

/* END_OF_INPUT, ^D, is what el_gets() leaves as the only character when it is typed first. */
enum { HISTORY_SIZE = 1000, END_OF_INPUT = 4 };

struct prompt {
	struct loop *loop;
	struct prompt_callbacks callbacks;
	EditLine *editor;
	History *history;
	struct loop_watch *watch; /* while it is shown */
	char *text;
};

static struct prompt *prompt_of(EditLine *editor)
{
	struct prompt *prompt = NULL;

	el_get(editor, EL_CLIENTDATA, &prompt);
	return prompt;
}

static char *text_of(EditLine *editor)
{
	return prompt_of(editor)->text;
}

/* Shows the choices below the line. */
static void list_words(const struct strv *words)
{
	fputc('\n', stdout);
	for (size_t i = 0; i < words->len; i++) {
		AUTO_FREE char *shown = buf_shown(words->items[i]);

		printf("%s%s", i ? "  " : "", shown);
	}
	fputc('\n', stdout);
}

/* Puts text in the place of what is before the cursor from begin on. */
static void replace_word(EditLine *editor, const char *begun, const char *text)
{
	size_t characters = mbstowcs(NULL, begun, 0);

	if (characters == (size_t)-1)
		return;
	el_deletestr(editor, (int)characters);
	el_insertstr(editor, text);
}

/* The function of the tabulator key: writes on as far as there is one way only, else lists the
 * ways. */
static unsigned char complete(EditLine *editor, wint_t key)
{
	struct prompt *prompt = prompt_of(editor);
	const LineInfo *info = el_line(editor);
	AUTO_FREE char *line = mem_strndup(info->buffer, (size_t)(info->cursor - info->buffer));
	AUTO_STRV struct strv words = {0};
	AUTO_FREE char *text = NULL;
	size_t begin, common;

	(void)key;
	begin = prompt->callbacks.complete(prompt->callbacks.data, line, &words);
	if (!words.len)
		return CC_REFRESH_BEEP;
	common = strv_common_length(&words);
	if (words.len > 1 && common <= strlen(line + begin)) {
		list_words(&words);
		return CC_REDISPLAY;
	}
	text = mem_printf("%.*s%s", (int)common, words.items[0], words.len == 1 ? " " : "");
	replace_word(editor, line + begin, text);
	return CC_REFRESH;
}

/* Keys as in readline; what the person has set in ~/.editrc counts more. */
static void set_up(struct prompt *prompt)
{
	EditLine *editor = prompt->editor;
	HistEvent event;

	history(prompt->history, &event, H_SETSIZE, HISTORY_SIZE);
	history(prompt->history, &event, H_SETUNIQUE, 1);
	el_set(editor, EL_CLIENTDATA, prompt);
	el_set(editor, EL_PROMPT, text_of);
	el_set(editor, EL_EDITOR, "emacs");
	el_set(editor, EL_SIGNAL, 0);
	el_set(editor, EL_HIST, history, prompt->history);
	/* The names are kept, not copied: el_set() would copy them and lose the copies. */
	el_wset(editor, EL_ADDFN, L"contractor-complete", L"completes the word", complete);
	el_set(editor, EL_BIND, "^I", "contractor-complete", NULL);
	el_set(editor, EL_BIND, "^R", "em-inc-search-prev", NULL);
	el_source(editor, NULL);
}

int prompt_new(struct loop *loop, const struct prompt_callbacks *callbacks,
	       struct prompt **ret_prompt, struct err *err)
{
	struct prompt *prompt = mem_new(sizeof *prompt);

	*prompt = (struct prompt){.loop = loop, .callbacks = *callbacks};
	prompt->editor = el_init("contractor", stdin, stdout, stderr);
	prompt->history = history_init();
	if (!prompt->editor || !prompt->history) {
		prompt_free(prompt);
		return err_set(err, ERR_HOST, "the terminal cannot be used for a prompt");
	}
	set_up(prompt);
	*ret_prompt = prompt;
	return 0;
}

void prompt_free(struct prompt *prompt)
{
	if (!prompt)
		return;
	prompt_hide(prompt);
	if (prompt->editor)
		el_end(prompt->editor);
	if (prompt->history)
		history_end(prompt->history);
	free(prompt->text);
	free(prompt);
}

/* A whole line has been typed: it goes to the history, and to whoever asked for it. */
static void take_line(struct prompt *prompt, const char *text, size_t length)
{
	AUTO_FREE char *line = mem_strndup(text, length);
	HistEvent event;

	prompt_hide(prompt);
	if (line[strspn(line, " \t")])
		history(prompt->history, &event, H_ENTER, line);
	prompt->callbacks.line(prompt->callbacks.data, line);
}

/* Handles one key. */
static void ready(void *data, unsigned events)
{
	struct prompt *prompt = data;
	int count = 0;
	const char *text = el_gets(prompt->editor, &count);

	(void)events;
	if (text && count > 0 && strchr("\r\n", text[count - 1])) {
		take_line(prompt, text, (size_t)count - 1);
	} else if (text && count == 1 && *text == END_OF_INPUT) {
		prompt_hide(prompt);
		prompt->callbacks.line(prompt->callbacks.data, NULL);
	}
}

void prompt_show(struct prompt *prompt, const char *text)
{
	if (prompt->watch)
		return;
	free(prompt->text);
	prompt->text = mem_strdup(text);
	el_set(prompt->editor, EL_UNBUFFERED, 1);
	prompt->watch =
		loop_watch(prompt->loop, STDIN_FILENO, LOOP_READ | LOOP_URGENT, ready, prompt);
}

void prompt_hide(struct prompt *prompt)
{
	if (!prompt->watch)
		return;
	loop_watch_remove(&prompt->watch);
	el_set(prompt->editor, EL_UNBUFFERED, 0);
	fflush(stdout);
}

bool prompt_is_shown(const struct prompt *prompt)
{
	return prompt && prompt->watch;
}

void prompt_redraw(struct prompt *prompt)
{
	el_set(prompt->editor, EL_REFRESH);
	fflush(stdout);
}

void prompt_resize(struct prompt *prompt)
{
	el_resize(prompt->editor);
}
