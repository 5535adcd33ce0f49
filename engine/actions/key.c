#include <stdlib.h>
#include <string.h>

#include "engine/actions/action.h"
#include "engine/actions/ingredients.h"
#include "engine/base/mem.h"

/* Changes whenever what a key means changes: older results are then not found any more. */
#define KEY_FORMAT "1"

/* Fields of every action that have ingredients of their own, or none. */
static bool is_counted(const struct field *field)
{
	return !(field->flags & FIELD_NOT_IN_KEY) && field->type != FIELD_ENVIRONMENT &&
	       field->type != FIELD_LIMITS && field->type != FIELD_USER;
}

static void add_fields(struct ingredients *list, const struct step *step)
{
	for (size_t i = 0; i < step->n_values; i++) {
		const struct field_value *value = &step->values[i];

		if (!is_counted(value->field))
			continue;
		if (value->list.len)
			ingredients_add_list(list, value->field->name, &value->list);
		else
			ingredients_add(list, value->field->name, value->text);
	}
}

static void add_trees(struct ingredients *list, const struct action_input *input)
{
	for (enum tree tree = 0; tree < TREE_COUNT; tree++) {
		enum action_effect effect = action_effect_on(input->step, tree);

		if (effect == EFFECT_READS || effect == EFFECT_CHANGES)
			ingredients_add(list, tree_name(tree), input->before->key[tree]);
	}
}

static void add_sandbox(struct ingredients *list, const struct action_input *input)
{
	const struct step *step = input->step;

	if (!step->schema->sandboxed)
		return;
	ingredients_add_list(list, "environment", &step->environment);
	ingredients_add(list, "user", step->user);
	ingredients_add_epoch(list, host_source_date_epoch(input->host));
}

int action_key(const struct action_input *input, char ret_key[SHA256_HEX_SIZE],
	       char **ret_ingredients, struct err *err)
{
	const struct action_type *type = action_type_of(input->step);
	struct ingredients list = {0};
	int result = 0;

	if (ret_ingredients)
		*ret_ingredients = NULL;
	ingredients_add(&list, "format", KEY_FORMAT);
	ingredients_add(&list, "action", type->schema.name);
	add_fields(&list, input->step);
	add_sandbox(&list, input);
	add_trees(&list, input);
	if (type->add_ingredients)
		result = type->add_ingredients(input, &list, err);
	ret_key[0] = '\0';
	if (!result)
		ingredients_key(&list, ret_key);
	if (!result && ret_ingredients)
		*ret_ingredients = ingredients_json(&list);
	ingredients_release(&list);
	return result < 0 ? -1 : 0;
}

/* A tree that the action changes is the attempt's; the others stay. By hand all may be changed. */
void action_apply(const struct step *step, const struct state *before,
		  const struct attempt *attempt, struct state *ret_after)
{
	state_init(ret_after);
	state_copy(ret_after, attempt->adopted ? &attempt->after : before);
	for (enum tree tree = 0; tree < TREE_COUNT; tree++) {
		enum action_effect effect = action_effect_on(step, tree);

		if (effect != EFFECT_CHANGES && effect != EFFECT_STARTS)
			continue;
		memcpy(ret_after->key[tree], attempt->after.key[tree], sizeof ret_after->key[tree]);
		strv_clear(&ret_after->chain[tree]);
		strv_extend(&ret_after->chain[tree], &attempt->after.chain[tree]);
	}
	if (step->schema->makes_artifact) {
		const char *name = step_text(step, "artifact");
		const char *digest = strv_getenv(&attempt->after.artifacts, name);

		if (digest)
			strv_setenv(&ret_after->artifacts, name, digest);
	}
}
