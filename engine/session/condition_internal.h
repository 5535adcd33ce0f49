/* condition_internal.h: what the files condition*.c share. */
#ifndef ENGINE_SESSION_CONDITION_INTERNAL_H
#define ENGINE_SESSION_CONDITION_INTERNAL_H

#include <regex.h>

#include "engine/session/condition.h"

enum condition_fact { FACT_EXIT, FACT_DURATION, FACT_HITS };

enum comparison {
	COMPARE_EQUAL,
	COMPARE_UNEQUAL,
	COMPARE_LESS,
	COMPARE_LESS_EQUAL,
	COMPARE_GREATER,
	COMPARE_GREATER_EQUAL,
};

enum instruction_code {
	CODE_COMPARE, /* pushes how the fact compares with value */
	CODE_MATCHED, /* pushes whether the pattern has matched */
	CODE_NOT,     /* negates the last one pushed */
	CODE_AND,     /* joins the last two pushed */
	CODE_OR,
};

/* One instruction of a condition, which is kept in postfix order. */
struct instruction {
	enum instruction_code code;
	enum condition_fact fact;
	enum comparison comparison;
	int64_t value;
	size_t pattern;
};

struct pattern {
	regex_t regex;
	bool matched;
};

/* The lines of an output that comes in pieces. Begins as zeroes. */
struct output_lines {
	enum {
		LINES_TEXT,
		LINES_ESCAPE, /* behind ESC */
		LINES_CSI,    /* behind ESC [ */
		LINES_STRING, /* in OSC, DCS, ...: up to BEL or ESC \ */
	} state;
	bool escape;   /* in a string: the last byte was ESC */
	bool returned; /* a carriage return ended a line: a newline behind it ends nothing */
	size_t length;
	char text[CONDITION_LINE_MAX + 1];
};

struct condition {
	char *text;
	struct instruction *code;
	size_t n_code, code_capacity;
	struct pattern *patterns[CONDITION_PATTERNS_MAX];
	size_t n_patterns, n_matched;
	bool needs_outcome;
	struct output_lines lines;
};

/* condition_lines.c: calls take(data, line) for each line that ends in these bytes. */
void output_lines_feed(struct output_lines *lines, const char *bytes, size_t length,
		       void (*take)(void *data, const char *line), void *data);

/* condition_pattern.c: the compiled expression, or NULL with err set to what is wrong with it. */
struct pattern *pattern_new(const char *expression, struct err *err);
void pattern_free(struct pattern *pattern);

#endif
