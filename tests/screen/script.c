/* Reading a test. */
#include "tests/screen/script.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"

enum { SCRIPT_SIZE_MAX = 1 << 20 };

/* Takes a line off the front of *at, without its newline; NULL at the end. Free with free(). */
static char *next_line(const char **at)
{
	size_t length = strcspn(*at, "\n");
	char *line;

	if (!**at)
		return NULL;
	line = mem_strndup(*at, length);
	*at += length + ((*at)[length] == '\n');
	return line;
}

/* The lines up to `end`, each with its newline; NULL when it never comes. */
static char *read_body(const char **at, const char *end, int *line_number)
{
	AUTO_BUF struct buf body = BUF_INIT;

	for (;;) {
		AUTO_FREE char *line = next_line(at);

		if (!line)
			return NULL;
		++*line_number;
		if (!strcmp(line, end))
			return buf_detach(&body);
		buf_add_str(&body, line);
		buf_add_char(&body, '\n');
	}
}

/* Cuts "<<END" off the end of rest; returns END, or NULL. */
static char *take_end_word(char *rest)
{
	char *mark = strstr(rest, "<<");
	char *end;

	if (!mark || !mark[2] || strpbrk(mark, " \t"))
		return NULL;
	end = mem_strdup(mark + 2);
	while (mark > rest && mark[-1] == ' ')
		mark--;
	*mark = '\0';
	return end;
}

static int add_statement(struct script *script, const char *line, const char **at, int *line_number,
			 struct err *err)
{
	struct statement statement = {.line = *line_number};
	const char *rest = line;
	AUTO_FREE char *end = NULL;

	statement.word = script_next_word(&rest);
	statement.rest = mem_strdup(rest);
	end = take_end_word(statement.rest);
	if (end)
		statement.body = read_body(at, end, line_number);
	script->statements = mem_grow(script->statements, script->len, &script->capacity,
				      sizeof *script->statements);
	script->statements[script->len++] = statement;
	if (end && !statement.body)
		return err_set(err, ERR_USAGE, "line %d: there is no line '%s' below it",
			       statement.line, end);
	return 0;
}

static int read_statements(struct script *script, const char *text, struct err *err)
{
	const char *at = text;
	int line_number = 0;

	for (;;) {
		AUTO_FREE char *line = next_line(&at);

		if (!line)
			return 0;
		line_number++;
		if (*line == '#' && !script->title)
			script->title = mem_strdup(line + 1 + (line[1] == ' '));
		if (line[strspn(line, " \t")] == '\0' || *line == '#')
			continue;
		if (add_statement(script, line, &at, &line_number, err) < 0)
			return -1;
	}
}

int script_read(const char *path, struct script *ret_script, struct err *err)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	AUTO_BUF struct buf text = BUF_INIT;

	*ret_script = (struct script){0};
	if (fd < 0)
		return err_sys(err, "cannot open '%s'", path);
	if (buf_read_fd(&text, fd, SCRIPT_SIZE_MAX, path, err) < 0)
		return -1;
	return read_statements(ret_script, text.data, err);
}

void script_release(struct script *script)
{
	for (size_t i = 0; i < script->len; i++) {
		free(script->statements[i].word);
		free(script->statements[i].rest);
		free(script->statements[i].body);
	}
	free(script->statements);
	free(script->title);
}

/* --- the parts of a statement */

char *script_next_word(const char **rest)
{
	const char *start = *rest + strspn(*rest, " \t");
	size_t length = strcspn(start, " \t");
	const char *behind = start + length;

	*rest = behind + strspn(behind, " \t");
	return length ? mem_strndup(start, length) : NULL;
}

int script_next_number(const char **rest, int *ret_number, struct err *err)
{
	AUTO_FREE char *word = script_next_word(rest);
	char *end = NULL;
	long number = word ? strtol(word, &end, 10) : 0;

	if (!word || *end || number < 1 || number > 1000000000)
		return err_set(err, ERR_USAGE, "expected a number, not '%s'", word ? word : "");
	*ret_number = (int)number;
	return 0;
}

int script_size(const char *text, int *ret_columns, int *ret_rows, struct err *err)
{
	if (sscanf(text, "%dx%d", ret_columns, ret_rows) != 2 || *ret_columns < 1 || *ret_rows < 1)
		return err_set(err, ERR_USAGE, "expected a size like 80x24, not '%s'", text);
	return 0;
}

char *script_text(const char *rest)
{
	size_t length = strlen(rest);

	if (length >= 2 && *rest == '"' && rest[length - 1] == '"')
		return mem_strndup(rest + 1, length - 2);
	return mem_strdup(rest);
}
