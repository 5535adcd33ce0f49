#include <stdlib.h>
#include <string.h>

#include "engine/actions/actions.h"
#include "engine/actions/run.h"
#include "engine/base/mem.h"

/* Where the script is inside: a file, so that any interpreter can read it and its messages
 * have line numbers. */
#define SCRIPT_PATH "/run/contractor-script"

static int check_granted(const struct action_run *run, struct err *err)
{
	if (strcmp(step_text(run->input.step, "network"), "host") != 0)
		return 0;
	if (!host_settings(run->input.host)->allow_network)
		return err_set(err, ERR_USAGE,
			       "step %zu (%s) asks for the host's network; allow it with --allow "
			       "network",
			       run->input.step->number, run->input.step->name);
	return action_check_network(run, err);
}

static int start(struct action_run *run, struct err *err)
{
	const struct step *step = run->input.step;
	const char *script = step_text(step, "shell");
	const struct sandbox_file file = {
		.target = SCRIPT_PATH, .bytes = script, .length = strlen(script), .mode = 0444};
	struct sandbox_policy policy;
	int result;

	if (check_granted(run, err) < 0)
		return -1;
	action_policy(&run->input, &policy);
	sandbox_policy_add_file(&policy, &file);
	strv_extend(&policy.argv, step_list(step, "interpreter"));
	strv_add(&policy.argv, SCRIPT_PATH);
	run->outputs = step_list(step, "outputs");
	result = action_run_sandbox(run, &policy, NULL, 0, err);
	sandbox_policy_release(&policy);
	return result;
}

static const struct field fields[] = {
	{.name = "shell",
	 .type = FIELD_SCRIPT,
	 .flags = FIELD_REQUIRED | FIELD_MAIN_LINE,
	 .help = "The script. Nothing is replaced in it; parameters are environment variables."},
	{.name = "interpreter",
	 .type = FIELD_ARGV,
	 .fallback = "[/bin/sh, -e]",
	 .help = "The command that is given the script's file name."},
	{.name = "workdir",
	 .type = FIELD_INSIDE_PATH,
	 .fallback = "/workspace",
	 .help = "The working directory."},
	{.name = "network",
	 .type = FIELD_CHOICE,
	 .choices = "none|host",
	 .fallback = "none",
	 .help = "host: the host's network, if the person allows it with --allow network."},
	{.name = "outputs",
	 .type = FIELD_PATHS,
	 .help = "Files of the workspace that must exist afterwards, else the step failed."},
	{.name = "mounts", .type = FIELD_LATER, .help = "Read-only host paths."},
	{0},
};

const struct action_type action_shell = {
	.schema = {.name = "shell",
		   .help = "Runs a script in the systree, without network, in the workspace.",
		   .fields = fields,
		   .sandboxed = true},
	.place = ACTION_IN_SYSTREE,
	.systree = EFFECT_CHANGES,
	.workspace = EFFECT_CHANGES,
	.start = start,
};
