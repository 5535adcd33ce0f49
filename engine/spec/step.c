/* What a spec and its steps answer. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/spec/spec_internal.h"
#include "engine/spec/suggest.h"

const struct field_value *step_field(const struct step *step, const char *name)
{
	const struct field_value *value = field_values_find(step->values, step->n_values, name);

	if (!value)
		abort();
	return value;
}

const char *step_text(const struct step *step, const char *name)
{
	return step_field(step, name)->text;
}

const struct strv *step_list(const struct step *step, const char *name)
{
	return &step_field(step, name)->list;
}

bool step_bool(const struct step *step, const char *name)
{
	const char *text = step_text(step, name);

	return text && !strcmp(text, "true");
}

void step_add_title(const struct step *step, struct buf *out)
{
	struct short_text name = short_text(step->name);

	buf_add_fmt(out, "step %zu '", step->number);
	buf_add_shown(out, name.text, strlen(name.text));
	buf_add_char(out, '\'');
}

const struct strv *step_secrets(const struct step *step)
{
	static const struct strv none = {0};

	return step->schema->sandboxed ? step_list(step, "secrets") : &none;
}

/* Adds how many strings there are, and each. */
static void hash_list(const struct strv *list, struct sha256 *sha)
{
	char count[32];

	snprintf(count, sizeof count, "%zu", list->len);
	sha256_field(sha, count);
	for (size_t i = 0; i < list->len; i++)
		sha256_field(sha, list->items[i]);
}

static int compare_strings(const void *one, const void *other)
{
	return strcmp(*(char *const *)one, *(char *const *)other);
}

/* Adds the variables in the order of their names: that of the file has no effect. */
static void hash_environment(const struct strv *environment, struct sha256 *sha)
{
	AUTO_STRV struct strv sorted = {0};

	strv_extend(&sorted, environment);
	if (sorted.len)
		qsort(sorted.items, sorted.len, sizeof *sorted.items, compare_strings);
	hash_list(&sorted, sha);
}

void step_hash(const struct step *step, struct sha256 *sha)
{
	sha256_field(sha, step->schema->name);
	for (const struct field *field = step->schema->fields; field->name; field++) {
		const struct field_value *value;

		if (field->flags & FIELD_NOT_IN_KEY)
			continue;
		value = step_field(step, field->name);
		sha256_field(sha, field->name);
		sha256_field(sha, value->text);
		if (field->type == FIELD_ENVIRONMENT)
			hash_environment(&value->list, sha);
		else
			hash_list(&value->list, sha);
	}
	hash_environment(&step->environment, sha);
	hash_list(step_secrets(step), sha);
	sha256_field(sha, step->user);
	sha256_field(sha, step->gid);
}

/* The step with this number, or NULL with err set. */
static const struct step *find_number(const struct spec *spec, const char *digits, struct err *err)
{
	unsigned long long number = strtoull(digits, NULL, 10);

	for (size_t i = 0; i < spec->n_steps; i++) {
		if (spec->steps[i].number == number)
			return spec->steps + i;
	}
	err_set(err, ERR_NOT_FOUND, "there is no step %s; the last one is %zu",
		short_text(digits).text, spec->n_steps ? spec->steps[spec->n_steps - 1].number : 0);
	return NULL;
}

/* Says that no step, or more than one, has this name. */
static void report_name(const struct spec *spec, const char *name, size_t found, struct err *err)
{
	AUTO_STRV struct strv candidates = {0};
	AUTO_FREE char *shown = buf_shown(short_text(name).text);
	AUTO_FREE char *listed = NULL;
	AUTO_FREE char *safe = NULL;

	for (size_t i = 0; i < spec->n_steps; i++) {
		if (!found)
			strv_add(&candidates, spec->steps[i].name);
		else if (!strcmp(spec->steps[i].name, name))
			strv_add_fmt(&candidates, "%zu", spec->steps[i].number);
	}
	listed = found ? strv_join(&candidates, ", ") : suggest_text(name, &candidates);
	safe = buf_shown(listed);
	if (found)
		err_set(err, ERR_USAGE, "several steps are called '%s'; give a number: %s", shown,
			safe);
	else
		err_set(err, ERR_NOT_FOUND, "no step is called '%s'%s", shown, safe);
}

const struct step *spec_find_step(const struct spec *spec, const char *which, struct err *err)
{
	const struct step *step = NULL;
	size_t found = 0;

	if (*which && !which[strspn(which, "0123456789")])
		return find_number(spec, which, err);
	for (size_t i = 0; i < spec->n_steps; i++) {
		if (strcmp(spec->steps[i].name, which))
			continue;
		step = spec->steps + i;
		found++;
	}
	if (found == 1)
		return step;
	report_name(spec, which, found, err);
	return NULL;
}

const struct step *spec_step_at_line(const struct spec *spec, size_t line)
{
	const char *text = spec->text.data, *end = text + spec->text.len, *newline;
	const char *begin = text;

	for (size_t i = 1; i < line && begin; i++) {
		begin = memchr(begin, '\n', (size_t)(end - begin));
		begin = begin ? begin + 1 : NULL;
	}
	if (!line || !begin)
		return NULL;
	newline = memchr(begin, '\n', (size_t)(end - begin));
	for (size_t i = 0; i < spec->n_steps; i++) {
		const struct step *step = spec->steps + i;

		if (text + step->begin <= (newline ? newline : end) && text + step->end > begin)
			return step;
	}
	return NULL;
}
