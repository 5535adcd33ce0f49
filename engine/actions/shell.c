#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/actions/actions.h"
#include "engine/actions/network.h"
#include "engine/actions/reach.h"
#include "engine/actions/run.h"
#include "engine/actions/script.h"
#include "engine/base/mem.h"

static int check_granted(const struct action_run *run, struct err *err)
{
	AUTO_BUF struct buf title = BUF_INIT;

	if (strcmp(step_text(run->input.step, "network"), "host") != 0)
		return 0;
	step_add_title(run->input.step, &title);
	if (!host_settings(run->input.host)->allow_network)
		return err_set(err, ERR_USAGE,
			       "%s asks for the host's network; allow it with --allow network",
			       title.data);
	return action_check_network(run, err);
}

static int start(struct action_run *run, struct err *err)
{
	const struct step *step = run->input.step;
	const char *script = step_text(step, "shell");
	const struct sandbox_file file = {
		.target = SCRIPT_PATH, .bytes = script, .length = strlen(script), .mode = 0444};
	struct network network = {0};
	struct sandbox_policy policy;
	int result;

	if (check_granted(run, err) < 0)
		return -1;
	action_policy(&run->input, &policy);
	if (!policy.unshare_network)
		network_init(&network, "/", environ, &policy);
	sandbox_policy_add_file(&policy, &file);
	strv_extend(&policy.argv, step_list(step, "interpreter"));
	strv_add(&policy.argv, SCRIPT_PATH);
	run->outputs = step_list(step, "outputs");
	result = reach_check(&policy, NULL, err);
	if (!result)
		result = action_run_sandbox(run, &policy, network.tree_files, network.n_tree_files,
					    err);
	network_release(&network);
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
	 .help = "host: network, if the person allows it with --allow network."},
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
