#include "engine/actions/action.h"

#include <stdlib.h>
#include <string.h>

#include "engine/actions/actions.h"
#include "engine/actions/secrets.h"
#include "engine/base/mem.h"

const struct action_type *const action_types[] = {
	&action_empty_workspace,
	&action_create_artifact,
	&action_unpack_artifact,
	&action_create_systree,
	&action_debootstrap,
	&action_apt,
	&action_shell,
	&action_copy,
	&action_git,
	NULL,
};

const struct action_schema *const action_schemas[] = {
	&action_empty_workspace.schema,
	&action_create_artifact.schema,
	&action_unpack_artifact.schema,
	&action_create_systree.schema,
	&action_debootstrap.schema,
	&action_apt.schema,
	&action_shell.schema,
	&action_copy.schema,
	&action_git.schema,
	NULL,
};

const struct action_type *action_type_of(const struct step *step)
{
	size_t i = 0;

	while (&action_types[i]->schema != step->schema)
		i++;
	return action_types[i];
}

enum action_effect action_effect_on(const struct step *step, enum tree tree)
{
	const struct action_type *type = action_type_of(step);

	if (type->effect_on)
		return type->effect_on(step, tree);
	return tree == TREE_SYSTREE ? type->systree : type->workspace;
}

/* The kind of sandbox that stands in for a step: what runs in contractor gets a shell step's. */
static enum sandbox_kind kind_of(const struct action_type *type)
{
	if (type->place == ACTION_IN_SYSTREE && type->network)
		return SANDBOX_PACKAGES;
	if (type->place == ACTION_ON_HOST)
		return type == &action_git ? SANDBOX_HOST_GIT : SANDBOX_HOST;
	return SANDBOX_SHELL;
}

/* What root may do is what a host with a single id lets it. */
static void fit_to_host(struct sandbox_policy *policy, struct host *host)
{
	policy->clear_groups = !host_id_map(host)->single;
	policy->filters = host_seccomp_cache(host);
}

/* What a shell step says of its sandbox itself. The host's network is for whom it is allowed to. */
static void add_shell_fields(struct sandbox_policy *policy, const struct action_input *input)
{
	const struct host_settings *settings = host_settings(input->host);

	policy->workdir = step_text(input->step, "workdir");
	if (!strcmp(step_text(input->step, "network"), "host") && settings->allow_network &&
	    !settings->offline)
		policy->unshare_network = false;
}

/* The secrets that the step uses; without their bytes where no value was given, for who only looks. */
static void add_secrets(struct sandbox_policy *policy, const struct action_input *input)
{
	const struct strv *used = step_secrets(input->step);

	for (size_t i = 0; i < used->len; i++) {
		const char *target = strchr(used->items[i], '=') + 1;
		AUTO_FREE char *id =
			mem_strndup(used->items[i], (size_t)(target - 1 - used->items[i]));
		const struct secret *secret = secrets_find(host_settings(input->host)->secrets, id);
		const struct sandbox_file file = {.target = target,
						  .bytes = secret ? secret->bytes : NULL,
						  .length = secret ? secret->length : 0,
						  .mode = 0400,
						  .for_user = true};

		sandbox_policy_add_file(policy, &file);
	}
}

void action_policy(const struct action_input *input, struct sandbox_policy *ret_policy)
{
	const struct step *step = input->step;
	const struct action_type *type = action_type_of(step);

	sandbox_policy_init(ret_policy, kind_of(type));
	ret_policy->systree = type->place != ACTION_ON_HOST;
	ret_policy->workspace = true;
	ret_policy->unshare_network = !type->network;
	ret_policy->stack = host_stack(input->host);
	ret_policy->user = step->user ? step->user : "root";
	ret_policy->gid = step->gid;
	ret_policy->tmp_from_fd = true;
	ret_policy->processes = step->limits.processes;
	ret_policy->file_size = step->limits.file_bytes;
	sandbox_base_environment(&ret_policy->environment, host_source_date_epoch(input->host));
	strv_setenv_all(&ret_policy->environment, &step->environment);
	if (type == &action_shell)
		add_shell_fields(ret_policy, input);
	add_secrets(ret_policy, input);
	fit_to_host(ret_policy, input->host);
}
