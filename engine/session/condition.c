#include "engine/session/condition.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/session/condition_internal.h"

/* Two values wait at each level of parentheses: what stands before a "||", and before a "&&". */
enum { STACK_MAX = 2 * (CONDITION_DEPTH_MAX + 1) + 1 };

void condition_free(struct condition *condition)
{
	if (!condition)
		return;
	for (size_t i = 0; i < condition->n_patterns; i++)
		pattern_free(condition->patterns[i]);
	free(condition->code);
	free(condition->text);
	free(condition);
}

const char *condition_text(const struct condition *condition)
{
	return condition->text;
}

bool condition_needs_outcome(const struct condition *condition)
{
	return condition->needs_outcome;
}

bool condition_needs_output(const struct condition *condition)
{
	return condition->n_patterns > 0;
}

void condition_begin(struct condition *condition)
{
	for (size_t i = 0; i < condition->n_patterns; i++)
		condition->patterns[i]->matched = false;
	condition->n_matched = 0;
	memset(&condition->lines, 0, sizeof condition->lines);
}

/* Tries the patterns that have not matched yet. */
static void match_line(void *data, const char *line)
{
	struct condition *condition = data;

	for (size_t i = 0; i < condition->n_patterns; i++) {
		struct pattern *pattern = condition->patterns[i];

		if (pattern->matched || regexec(&pattern->regex, line, 0, NULL, 0))
			continue;
		pattern->matched = true;
		condition->n_matched++;
	}
}

void condition_feed(struct condition *condition, const char *bytes, size_t length)
{
	if (condition->n_matched < condition->n_patterns)
		output_lines_feed(&condition->lines, bytes, length, match_line, condition);
}

static int64_t value_of(const struct condition_facts *facts, enum condition_fact fact)
{
	if (fact == FACT_EXIT)
		return facts->exit_status;
	return fact == FACT_DURATION ? facts->duration_ms : (int64_t)facts->hits;
}

static bool compare(int64_t left, enum comparison comparison, int64_t right)
{
	switch (comparison) {
	case COMPARE_EQUAL:
		return left == right;
	case COMPARE_UNEQUAL:
		return left != right;
	case COMPARE_LESS:
		return left < right;
	case COMPARE_LESS_EQUAL:
		return left <= right;
	case COMPARE_GREATER:
		return left > right;
	case COMPARE_GREATER_EQUAL:
		return left >= right;
	}
	return false;
}

/* Does one instruction on the values that are stacked up to *top. */
static void execute(const struct condition *condition, const struct instruction *instruction,
		    const struct condition_facts *facts, bool *stack, size_t *top)
{
	switch (instruction->code) {
	case CODE_COMPARE:
		stack[(*top)++] = compare(value_of(facts, instruction->fact),
					  instruction->comparison, instruction->value);
		break;
	case CODE_MATCHED:
		stack[(*top)++] = condition->patterns[instruction->pattern]->matched;
		break;
	case CODE_NOT:
		stack[*top - 1] = !stack[*top - 1];
		break;
	case CODE_AND:
		--*top;
		stack[*top - 1] = stack[*top - 1] && stack[*top];
		break;
	case CODE_OR:
		--*top;
		stack[*top - 1] = stack[*top - 1] || stack[*top];
		break;
	}
}

bool condition_holds(struct condition *condition, const struct condition_facts *facts)
{
	bool stack[STACK_MAX] = {false};
	size_t top = 0;

	if (condition->lines.length)
		match_line(condition, condition->lines.text);
	for (size_t i = 0; i < condition->n_code; i++)
		execute(condition, &condition->code[i], facts, stack, &top);
	return stack[0];
}
