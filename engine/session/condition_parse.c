/* Reading a condition, by recursive descent. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/base/utf8.h"
#include "engine/session/condition_internal.h"
#include "engine/spec/diagnostics.h"
#include "engine/spec/units.h"

enum { EXIT_MAX = 255, WORD_MAX = 64 };

static const char spaces[] = " \t\r\n";

struct parser {
	const char *text, *at;
	const char *stop; /* the word that may follow, or NULL */
	size_t depth;
	struct condition *condition;
	struct err *err;
};

/* What a kind of term is made of, behind its name. */
struct term {
	const char *name;
	int (*parse)(struct parser *parser, const struct term *term);
	enum condition_fact fact;
	bool outcome;
	bool (*read)(const char *word, int64_t *ret_value);
	const char *wanted; /* what read() takes */
};

static void skip_space(struct parser *parser)
{
	parser->at += strspn(parser->at, spaces);
}

/* How many letters and digits are next. */
static size_t word_length(const struct parser *parser)
{
	return strspn(parser->at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
}

/* The column of a place in the text, from 1, in characters. */
static size_t column_of(const struct parser *parser, const char *place)
{
	size_t column = 1, used;
	uint32_t code;

	for (const char *p = parser->text; p < place; p += used ? used : 1) {
		used = utf8_decode(p, (size_t)(place - p), &code);
		column++;
	}
	return column;
}

/* Sets the error: what is wrong at a place. */
static int fail_at(struct parser *parser, const char *place, const char *what)
{
	AUTO_FREE char *shown = buf_shown(short_text(parser->text).text);

	return err_set(parser->err, ERR_USAGE, "column %zu of the condition '%s': %s",
		       column_of(parser, place), shown, what);
}

/* The same, where something else was expected than what is next. */
static int expected(struct parser *parser, const char *wanted)
{
	size_t length = word_length(parser);
	AUTO_FREE char *word = mem_strndup(parser->at, length ? length : strlen(parser->at));
	AUTO_FREE char *shown = buf_shown(short_text(word).text);
	AUTO_FREE char *what = *shown ? mem_printf("expected %s, not '%s'", wanted, shown)
				      : mem_printf("expected %s", wanted);

	return fail_at(parser, parser->at, what);
}

/* Takes this mark if it is next. */
static bool take_mark(struct parser *parser, const char *mark)
{
	size_t length = strlen(mark);

	skip_space(parser);
	if (strncmp(parser->at, mark, length) != 0)
		return false;
	parser->at += length;
	return true;
}

static struct instruction *add_instruction(struct parser *parser, enum instruction_code code)
{
	struct condition *condition = parser->condition;
	struct instruction *added;

	condition->code = mem_grow(condition->code, condition->n_code, &condition->code_capacity,
				   sizeof *condition->code);
	added = &condition->code[condition->n_code++];
	*added = (struct instruction){.code = code};
	return added;
}

static bool read_exit(const char *word, int64_t *ret_value)
{
	uint64_t value;

	if (!units_count(word, 0, EXIT_MAX, &value))
		return false;
	*ret_value = (int64_t)value;
	return true;
}

static bool read_hits(const char *word, int64_t *ret_value)
{
	uint64_t value;

	if (!units_count(word, 0, CONDITION_HITS_MAX, &value))
		return false;
	*ret_value = (int64_t)value;
	return true;
}

static bool read_duration(const char *word, int64_t *ret_value)
{
	uint64_t value;

	if (!units_duration(word, &value))
		return false;
	*ret_value = (int64_t)value;
	return true;
}

/* Takes an operator; the longer ones come first. */
static int parse_operator(struct parser *parser, enum comparison *ret_comparison)
{
	static const struct {
		const char *mark;
		enum comparison comparison;
	} operators[] = {
		{"==", COMPARE_EQUAL},	       {"!=", COMPARE_UNEQUAL}, {"<=", COMPARE_LESS_EQUAL},
		{">=", COMPARE_GREATER_EQUAL}, {"<", COMPARE_LESS},	{">", COMPARE_GREATER},
	};

	for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
		if (take_mark(parser, operators[i].mark)) {
			*ret_comparison = operators[i].comparison;
			return 0;
		}
	}
	return expected(parser, "one of == != < <= > >=");
}

/* OP VALUE */
static int parse_comparison(struct parser *parser, const struct term *term)
{
	char word[WORD_MAX] = "";
	struct instruction *added;
	enum comparison comparison = COMPARE_EQUAL;
	int64_t value;
	size_t length;

	if (parse_operator(parser, &comparison) < 0)
		return -1;
	skip_space(parser);
	length = word_length(parser);
	if (length < sizeof word)
		memcpy(word, parser->at, length);
	if (!term->read(word, &value))
		return expected(parser, term->wanted);
	parser->at += length;
	added = add_instruction(parser, CODE_COMPARE);
	added->fact = term->fact;
	added->comparison = comparison;
	added->value = value;
	return 0;
}

/* Takes what is between slashes; "\/" gives a slash, other backslashes stay. */
static int parse_slashes(struct parser *parser, struct buf *expression)
{
	const char *begin = parser->at, *p = begin + 1;

	for (; *p && *p != '/'; p++) {
		if (p[0] == '\\' && p[1] == '/')
			p++;
		else if (p[0] == '\\' && p[1])
			buf_add_char(expression, *p++);
		buf_add_char(expression, *p);
	}
	if (!*p)
		return fail_at(parser, begin, "the regular expression has no '/' at its end");
	if (!expression->len)
		return fail_at(parser, begin, "the regular expression is empty");
	parser->at = p + 1;
	return 0;
}

/* /REGEX/ */
static int parse_pattern(struct parser *parser)
{
	AUTO_BUF struct buf expression = BUF_INIT;
	struct condition *condition = parser->condition;
	const char *begin;
	struct err why = {0};

	skip_space(parser);
	begin = parser->at;
	if (*begin != '/')
		return expected(parser, "a regular expression between slashes");
	if (condition->n_patterns == CONDITION_PATTERNS_MAX)
		return fail_at(parser, begin, "these are too many regular expressions");
	if (parse_slashes(parser, &expression) < 0)
		return -1;
	condition->patterns[condition->n_patterns] = pattern_new(expression.data, &why);
	if (!condition->patterns[condition->n_patterns]) {
		AUTO_FREE char *what = mem_printf("in the regular expression: %s", why.text);

		return fail_at(parser, begin, what);
	}
	add_instruction(parser, CODE_MATCHED)->pattern = condition->n_patterns++;
	return 0;
}

/* ~ /REGEX/ or !~ /REGEX/ */
static int parse_output(struct parser *parser, const struct term *term)
{
	bool absent = take_mark(parser, "!~");

	(void)term;
	if (!absent && !take_mark(parser, "~"))
		return expected(parser, "~ or !~");
	if (parse_pattern(parser) < 0)
		return -1;
	if (absent)
		add_instruction(parser, CODE_NOT);
	return 0;
}

static const struct term terms[] = {
	{"exit", parse_comparison, FACT_EXIT, true, read_exit, "a number from 0 to 255"},
	{"duration", parse_comparison, FACT_DURATION, true, read_duration, UNITS_DURATION_WANTED},
	{"hits", parse_comparison, FACT_HITS, false, read_hits, "a number"},
	{"output", parse_output, .outcome = true},
	{.name = "changed"},
};

static int parse_term(struct parser *parser)
{
	size_t length = word_length(parser);

	for (size_t i = 0; i < ARRAY_SIZE(terms); i++) {
		const struct term *term = &terms[i];

		if (strlen(term->name) != length || strncmp(parser->at, term->name, length) != 0)
			continue;
		if (!term->parse)
			return fail_at(parser, parser->at, "'changed' is not built yet");
		parser->at += length;
		parser->condition->needs_outcome |= term->outcome;
		return term->parse(parser, term);
	}
	return expected(parser, "exit, duration, hits, output, '!' or '('");
}

static int parse_any(struct parser *parser);

/* A condition in parentheses, behind the first one. */
static int parse_group(struct parser *parser)
{
	if (parser->depth == CONDITION_DEPTH_MAX)
		return fail_at(parser, parser->at - 1, "these are too many parentheses");
	parser->depth++;
	if (parse_any(parser) < 0)
		return -1;
	parser->depth--;
	return take_mark(parser, ")") ? 0 : expected(parser, "'&&', '||' or ')'");
}

static int parse_one(struct parser *parser)
{
	bool negated = false;

	while (take_mark(parser, "!"))
		negated = !negated;
	if ((take_mark(parser, "(") ? parse_group(parser) : parse_term(parser)) < 0)
		return -1;
	if (negated)
		add_instruction(parser, CODE_NOT);
	return 0;
}

/* One or more, all of which must hold. */
static int parse_all(struct parser *parser)
{
	if (parse_one(parser) < 0)
		return -1;
	while (take_mark(parser, "&&")) {
		if (parse_one(parser) < 0)
			return -1;
		add_instruction(parser, CODE_AND);
	}
	return 0;
}

/* One or more, one of which must hold. */
static int parse_any(struct parser *parser)
{
	if (parse_all(parser) < 0)
		return -1;
	while (take_mark(parser, "||")) {
		if (parse_all(parser) < 0)
			return -1;
		add_instruction(parser, CODE_OR);
	}
	return 0;
}

/* Whether the text, or the condition in it, is over. */
static int check_end(struct parser *parser)
{
	size_t length = word_length(parser);
	AUTO_FREE char *wanted = NULL;

	if (!*parser->at)
		return 0;
	if (parser->stop && strlen(parser->stop) == length &&
	    !strncmp(parser->at, parser->stop, length))
		return 0;
	wanted = parser->stop ? mem_printf("'&&', '||' or '%s'", parser->stop)
			      : mem_strdup("'&&' or '||'");
	return expected(parser, wanted);
}

/* Keeps what was read as the condition's text. */
static void keep_text(struct parser *parser, const char *begin)
{
	const char *end = parser->at;

	while (end > begin && strchr(spaces, end[-1]))
		end--;
	parser->condition->text = mem_strndup(begin, (size_t)(end - begin));
}

static int parse(struct parser *parser)
{
	const char *begin;

	skip_space(parser);
	begin = parser->at;
	if (strnlen(begin, CONDITION_TEXT_MAX + 1) > CONDITION_TEXT_MAX)
		return fail_at(parser, begin, "the condition is too long");
	if (parse_any(parser) < 0)
		return -1;
	keep_text(parser, begin);
	return check_end(parser);
}

int condition_parse_until(const char *text, const char *stop, const char **ret_rest,
			  struct condition **ret_condition, struct err *err)
{
	struct parser parser = {.text = text, .at = text, .stop = stop, .err = err};

	parser.condition = mem_new(sizeof *parser.condition);
	if (parse(&parser) < 0) {
		condition_free(parser.condition);
		return -1;
	}
	*ret_condition = parser.condition;
	*ret_rest = parser.at;
	return 0;
}

int condition_parse(const char *text, struct condition **ret_condition, struct err *err)
{
	const char *rest;

	return condition_parse_until(text, NULL, &rest, ret_condition, err);
}
