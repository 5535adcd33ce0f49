#include "tests/sandbox/probes.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "tests/sandbox/report.h"

enum { OPEN = 0, HELD = 1 };

static const struct probe *const tables[] = {privilege_probes, call_probes, file_probes,
					     surround_probes, network_probes};

/* Switches of the policy. With the reason for those that no probe's mutation has off. */
static const struct protection {
	const char *name;
	size_t offset;
	const char *why_not;
} protections[] = {
	{"unshare_network", OFF(unshare_network), NULL},
	{"unshare_ipc", OFF(unshare_ipc), NULL},
	{"unshare_uts", OFF(unshare_uts), NULL},
	{"unshare_cgroup", OFF(unshare_cgroup), NULL},
	{"unshare_pid", OFF(unshare_pid), NULL},
	{"inner_userns", OFF(inner_userns), NULL},
	{"mask_paths", OFF(mask_paths), NULL},
	{"read_only_paths", OFF(read_only_paths), NULL},
	{"read_only_root", OFF(read_only_root), NULL},
	{"drop_capabilities", OFF(drop_capabilities), NULL},
	{"no_new_privs", OFF(no_new_privs), "bwrap sets it always; the field only checks that"},
	{"seccomp", OFF(seccomp), NULL},
	{"session", OFF(session), NULL},
	{"clear_environment", OFF(clear_environment), NULL},
	{"clear_groups", OFF(clear_groups), "the groups are gone in the outer namespace already"},
	{"close_descriptors", OFF(close_descriptors), NULL},
	{"minimal_dev", OFF(minimal_dev), NULL},
	{"private_tmp", OFF(private_tmp), NULL},
	{"die_with_parent", OFF(die_with_parent), "what init starts dies with init's namespace"},
};

static void mutate(const struct probe *probe, struct trial *trial)
{
	for (size_t i = 0; i < PROBE_OFF_MAX && probe->off[i]; i++)
		*(bool *)((char *)&trial->policy + probe->off[i]) = false;
	if (probe->weaken)
		probe->weaken(trial);
}

/* The probe's step, with its mutation or without. */
static void init_step(struct trial *trial, struct rig *rig, const struct probe *probe, bool mutated)
{
	trial_init(trial, rig, probe->step, "/bin/sh", "-c", probe->command, NULL);
	trial->command = probe->command;
	if (stack_is_private(probe->stack)) {
		trial->policy.unshare_network = false;
		trial->policy.stack = probe->stack;
	}
	if (probe->prepare)
		probe->prepare(trial);
	if (mutated)
		mutate(probe, trial);
}

/* Runs it in a shell that joins a step of the same policy. That one has no terminal, so that the
 * shell's is the first. */
static int run_joined(struct trial *trial, const struct probe *probe, bool mutated)
{
	struct trial step;

	init_step(&step, trial->rig, probe, mutated);
	strv_clear(&step.policy.argv);
	strv_add_all(&step.policy.argv, "/bin/sh", "-c", "exec inside hold -", NULL);
	trial_plain(&step);
	trial_start(&step);
	if (!trial_wait_output(&step, "holding")) {
		AUTO_FREE char *told = trial_describe(&step);

		rig_give_up("%s: the step to be joined: %s", probe->name, told);
	}
	trial_join(trial, &step);
	trial_wait_end(trial);
	trial_release(&step);
	return trial->result.end == RUN_EXITED ? trial->result.exit_status : -1;
}

/* Runs the command under the step's policy, with the mutation or without. */
static int run_inside(struct rig *rig, const struct probe *probe, bool mutated, struct buf *notes)
{
	AUTO_FREE char *told = NULL;
	struct trial trial;
	int status;

	init_step(&trial, rig, probe, mutated);
	if (probe->plain)
		trial_plain(&trial);
	status = rig->joins ? run_joined(&trial, probe, mutated) : trial_run(&trial);
	told = trial_describe(&trial);
	buf_add_fmt(notes, "%s: %s\n", mutated ? "mutation" : "policy", told);
	trial_release(&trial);
	return status;
}

/* Runs the command as a process of the host, with the tools of the tree. */
static int run_outside(struct rig *rig, const struct probe *probe, struct buf *notes)
{
	AUTO_FREE char *path = mem_printf("%s/tree/bin", rig->dir);
	AUTO_FREE char *shell = path_join(path, "sh");
	AUTO_CLOSE int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		for (size_t i = 0; i < rig->around.len; i++)
			putenv(rig->around.items[i]);
		setenv("PATH", path, 1);
		if (null >= 0 && dup2(null, STDOUT_FILENO) >= 0)
			execl(shell, "sh", "-c", probe->command, (char *)NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	buf_add_fmt(notes, "on the host: status %d\n", WEXITSTATUS(status));
	return WEXITSTATUS(status);
}

static int run_mutation(struct rig *rig, const struct probe *probe, struct buf *notes)
{
	if (probe->outside)
		return run_outside(rig, probe, notes);
	return run_inside(rig, probe, true, notes);
}

/* Whether this host cannot show what the mutation would: then it is told as skipped. */
static bool must_skip(struct rig *rig, const struct probe *probe)
{
	AUTO_BUF struct buf notes = BUF_INIT;

	if (probe->needs && run_outside(rig, probe, &notes) != OPEN) {
		AUTO_FREE char *reason = mem_printf("this host has no %s", probe->needs);

		report_skip(probe->name, reason);
		return true;
	}
	return false;
}

/* Whether a step can have this stack here, for which there must be somewhere to go, too. */
static bool has_stack(enum stack stack)
{
	AUTO_FCLOSE FILE *routes = fopen("/proc/net/route", "re");
	struct stack_host look;
	bool has_route = false;
	char line[256];

	while (routes && fgets(line, sizeof line, routes)) {
		const char *destination = strchr(line, '\t');

		has_route |= destination && !strncmp(destination, "\t00000000\t", 10);
	}
	stack_look("", &look);
	return has_route && look.has[stack] && look.may_open_device;
}

/* Whether such a step cannot be had here: then it is told as skipped. */
static bool is_impossible(const struct rig *rig, const struct probe *probe)
{
	AUTO_FREE char *reason = NULL;

	if ((probe->needs_range || probe->step == RIG_USER) && rig->single_id)
		reason = mem_strdup("this user has no range of subordinate ids");
	else if (stack_is_private(probe->stack) && !has_stack(probe->stack))
		reason = mem_printf("this host has no way to use %s", stack_name(probe->stack));
	if (reason)
		report_skip(probe->name, reason);
	return reason;
}

/* Whether the mutation shows nothing in a shell that joins: it waits for a first process of a pid
 * namespace, which would never come. */
static bool cannot_be_joined(const struct probe *probe)
{
	bool is_off = false;

	for (size_t i = 0; i < PROBE_OFF_MAX; i++)
		is_off |= probe->off[i] == OFF(unshare_pid);
	return is_off || probe->alone;
}

bool probe_run(struct rig *rig, const struct probe *probe)
{
	int wanted = probe->must_work ? OPEN : HELD, before, after;
	AUTO_BUF struct buf notes = BUF_INIT;

	if (is_impossible(rig, probe))
		return true;
	before = run_inside(rig, probe, false, &notes);
	if (before != wanted)
		return report(probe->name, false, notes.data);
	if (rig->joins && cannot_be_joined(probe))
		return report(probe->name, true, "");
	if (must_skip(rig, probe))
		return true;
	after = run_mutation(rig, probe, &notes);
	if (probe->must_work ? after > OPEN : after == OPEN)
		return report(probe->name, true, "");
	return report(probe->name, false, notes.data);
}

static bool is_off_somewhere(size_t offset)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		for (const struct probe *probe = tables[i]; probe->name; probe++) {
			for (size_t k = 0; k < PROBE_OFF_MAX; k++) {
				if (probe->off[k] == offset)
					return true;
			}
		}
	}
	return false;
}

bool probes_cover_policy(void)
{
	AUTO_BUF struct buf missing = BUF_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(protections); i++) {
		if (!protections[i].why_not && !is_off_somewhere(protections[i].offset))
			buf_add_fmt(&missing, "no probe has %s off\n", protections[i].name);
	}
	return report("every switch of the policy has a probe", !missing.len, missing.data);
}
