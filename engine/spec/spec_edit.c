#include "engine/spec/spec_edit.h"

#include <string.h>

#include "engine/base/mem.h"
#include "engine/spec/yaml_tree.h"

/* A step's text in the file. */
struct place {
	const char *text;
	size_t begin, end;
	bool dashed;	/* it begins with "- "; else it is in [] */
	size_t dash;	/* the column of the dash, from 0 */
	size_t content; /* the byte behind the dash and its blanks, perhaps the line's end */
	size_t indent;	/* the columns that lines after the first have in front */
	bool crlf;	/* the file's lines end in "\r\n" */
};

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

/* How many spaces are in front of the first line from at on that is no blank and no comment. */
static size_t first_indent(const char *text, size_t at, size_t end)
{
	size_t line = at;

	for (; at < end; at++) {
		if (text[at] == '#')
			at += strcspn(text + at, "\n");
		if (text[at] == '\n')
			line = at + 1;
		else if (!strchr(" \r", text[at]))
			break;
	}
	return at < end ? at - line : 0;
}

/* Whether the line at at has no more than an anchor and a comment: what it belongs to begins in
 * another line. */
static bool is_only_anchor(const char *text, size_t at, size_t end)
{
	if (at < end && text[at] == '&') {
		while (at < end && !strchr(" \t\r\n", text[at]))
			at++;
		while (at < end && is_blank(text[at]))
			at++;
	}
	return at == end || strchr("#\r\n", text[at]);
}

/* Whether the lines of the file end in "\r\n": its first one says so. */
static bool uses_crlf(const struct buf *text)
{
	const char *newline = memchr(text->data, '\n', text->len);

	return newline && newline > text->data && newline[-1] == '\r';
}

/* Finds how a step stands in the file. */
static struct place find_place(const struct spec *spec, const struct step *step)
{
	struct place place = {
		.text = spec->text.data,
		.begin = step->begin,
		.end = step->end,
		.content = step->begin,
		.crlf = uses_crlf(&spec->text),
	};
	size_t line = step->begin;

	while (line && place.text[line - 1] != '\n')
		line--;
	place.dash = step->begin - line;
	place.dashed =
		place.text[step->begin] == '-' &&
		(step->begin + 1 == step->end || strchr(" \t\r\n", place.text[step->begin + 1]));
	if (!place.dashed)
		return place;
	for (place.content++; place.content < place.end && is_blank(place.text[place.content]);)
		place.content++;
	place.indent = place.dash + (place.content - place.begin);
	if (is_only_anchor(place.text, place.content, place.end)) {
		size_t rest = strcspn(place.text + place.content, "\n");

		place.indent = first_indent(place.text, place.content + rest, place.end);
	}
	return place;
}

/* Adds the line at at without up to indent spaces in front and without its end; returns the
 * byte behind it. */
static size_t add_line(struct buf *out, const struct place *place, size_t at, size_t indent)
{
	const char *newline = memchr(place->text + at, '\n', place->end - at);
	size_t next = newline ? (size_t)(newline - place->text) + 1 : place->end;
	size_t end = newline ? next - 1 : next;

	if (end > at && place->text[end - 1] == '\r')
		end--;
	for (; indent && at < end && place->text[at] == ' '; indent--)
		at++;
	buf_add(out, place->text + at, end - at);
	buf_add_char(out, '\n');
	return next;
}

void spec_edit_text(const struct spec *spec, const struct step *step, struct buf *ret_text)
{
	struct place place = find_place(spec, step);
	size_t at = place.content;

	buf_clear(ret_text);
	if (place.dashed && at < place.end && strchr("\r\n", place.text[at])) {
		while (place.text[at] != '\n' && at + 1 < place.end)
			at++;
		at++;
	} else if (at < place.end) {
		at = add_line(ret_text, &place, at, 0);
	}
	while (at < place.end)
		at = add_line(ret_text, &place, at, place.indent);
}

/* Adds text with its lines ended by "\n" alone, without blank lines in front. */
static void add_unix_lines(struct buf *out, const char *text, size_t length)
{
	size_t begin = 0;

	if (length >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		begin = 3;
	for (size_t i = begin; i < length && strchr(" \r\n", text[i]) && text[i]; i++) {
		if (text[i] == '\n')
			begin = i + 1;
	}
	for (size_t i = begin; i < length; i++) {
		if (text[i] != '\r' || i + 1 == length || text[i + 1] != '\n')
			buf_add_char(out, text[i]);
	}
	if (out->len && out->data[out->len - 1] != '\n')
		buf_add_char(out, '\n');
}

/* Checks that a text is YAML for itself: otherwise what follows it in the file could become part
 * of it. In flow style it must be one mapping in braces, or an alias, without anything after it. */
static int check_text(const struct buf *text, bool flow, struct err *err)
{
	struct diagnostics diagnostics = {0};
	bool sound;
	struct yaml_tree *tree = yaml_tree_parse(text->data, text->len, &diagnostics, &sound);
	const struct yaml_value *root = yaml_root(tree);
	int result = 0;

	if (!sound && diagnostics.len)
		result = err_set(err, ERR_USAGE, "line %zu of the step's text: %s",
				 diagnostics.items[diagnostics.len - 1].position.line,
				 diagnostics.items[diagnostics.len - 1].text);
	else if (!root || yaml_is_null(root))
		result = err_set(err, ERR_USAGE, "the step's text is empty");
	else if (flow && (root->position.offset || root->end + 1 != text->len ||
			  (root->kind != YAML_ALIAS && (root->kind != YAML_MAP || !root->flow))))
		result = err_set(err, ERR_USAGE,
				 "this step stands in [ ]: its text must be one mapping in { }");
	yaml_tree_free(tree);
	diagnostics_release(&diagnostics);
	return result;
}

/* Adds the lines of text, each but the first and blank ones behind indent spaces. */
static void add_indented(struct buf *out, const struct buf *text, size_t indent, bool crlf)
{
	for (size_t at = 0; at < text->len;) {
		const char *line = text->data + at;
		const char *newline = memchr(line, '\n', text->len - at);
		size_t length = newline ? (size_t)(newline - line) : text->len - at;

		if (at && length)
			buf_add_fmt(out, "%*s", (int)indent, "");
		buf_add(out, line, length);
		if (newline)
			buf_add_str(out, crlf ? "\r\n" : "\n");
		at += length + (newline != NULL);
	}
}

/* Adds the new text of a step as it stands in the file. */
static void add_step(struct buf *out, const struct place *place, struct buf *text)
{
	size_t blanks = place->content - place->begin;

	if (!place->dashed) {
		buf_truncate(text, text->len - 1);
		add_indented(out, text, 0, place->crlf);
		return;
	}
	if (blanks < 2 || place->content == place->end ||
	    strchr("\r\n", place->text[place->content]))
		buf_add_str(out, "- ");
	else
		buf_add(out, place->text + place->begin, blanks);
	blanks = place->dash + (out->len - place->begin);
	add_indented(out, text, blanks, place->crlf);
}

int spec_edit_replace(const struct spec *spec, const struct step *step, const char *text,
		      size_t length, struct buf *ret_file, struct err *err)
{
	struct place place = find_place(spec, step);
	AUTO_BUF struct buf lines = BUF_INIT;
	AUTO_BUF struct buf before = BUF_INIT;

	add_unix_lines(&lines, text, length);
	spec_edit_text(spec, step, &before);
	if (lines.len == before.len && !memcmp(lines.data, before.data, lines.len)) {
		buf_clear(ret_file);
		buf_add(ret_file, spec->text.data, spec->text.len);
		return 0;
	}
	if (check_text(&lines, !place.dashed, err) < 0)
		return -1;
	buf_clear(ret_file);
	buf_add(ret_file, spec->text.data, place.begin);
	add_step(ret_file, &place, &lines);
	buf_add(ret_file, spec->text.data + place.end, spec->text.len - place.end);
	return 0;
}
