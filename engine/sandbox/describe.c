/* describe.c: a policy in words, for the person who wants to know what a step may do. */
#include <inttypes.h>
#include <linux/capability.h>
#include <string.h>

#include "engine/base/mem.h"
#include "engine/sandbox/policy.h"
#include "engine/sandbox/policy_internal.h"
#include "engine/sandbox/seccomp_internal.h"

static const char *const capability_names[] = {
	[CAP_CHOWN] = "chown",
	[CAP_DAC_OVERRIDE] = "dac_override",
	[CAP_DAC_READ_SEARCH] = "dac_read_search",
	[CAP_FOWNER] = "fowner",
	[CAP_FSETID] = "fsetid",
	[CAP_KILL] = "kill",
	[CAP_SETGID] = "setgid",
	[CAP_SETUID] = "setuid",
	[CAP_SETPCAP] = "setpcap",
	[CAP_NET_BIND_SERVICE] = "net_bind_service",
	[CAP_NET_ADMIN] = "net_admin",
	[CAP_NET_RAW] = "net_raw",
	[CAP_SYS_CHROOT] = "sys_chroot",
	[CAP_SYS_PTRACE] = "sys_ptrace",
	[CAP_SYS_ADMIN] = "sys_admin",
	[CAP_MKNOD] = "mknod",
	[CAP_AUDIT_WRITE] = "audit_write",
	[CAP_SETFCAP] = "setfcap",
};

/* Each switch of a policy: what it means while it is on, and what a step may do while it is off. */
static const struct protection {
	size_t offset;
	const char *words, *permitted;
} protections[] = {
	{offsetof(struct sandbox_policy, inner_userns),
	 "a user namespace without rights over the mounts", "change the mounts"},
	{offsetof(struct sandbox_policy, unshare_network), "no network", "use a network"},
	{offsetof(struct sandbox_policy, unshare_pid), "processes of its own",
	 "see processes of others"},
	{offsetof(struct sandbox_policy, unshare_ipc), "IPC of its own", "use the IPC of others"},
	{offsetof(struct sandbox_policy, unshare_uts), "a host name of its own",
	 "see the host's name"},
	{offsetof(struct sandbox_policy, unshare_cgroup), "no view of the host's cgroups",
	 "see the host's cgroups"},
	{offsetof(struct sandbox_policy, mask_paths), "secrets of the kernel in /proc hidden",
	 "read secrets of the kernel in /proc"},
	{offsetof(struct sandbox_policy, read_only_paths), "kernel settings in /proc read-only",
	 "write to kernel settings in /proc"},
	{offsetof(struct sandbox_policy, read_only_root), "a read-only root",
	 "write to its root file system: what it changes there is kept in its snapshot"},
	{offsetof(struct sandbox_policy, minimal_dev), "a /dev of its own, without devices",
	 "use the host's devices"},
	{offsetof(struct sandbox_policy, private_tmp), "a /tmp of its own",
	 "use a /tmp that others use, too"},
	{offsetof(struct sandbox_policy, drop_capabilities), "other capabilities dropped",
	 "use all capabilities"},
	{offsetof(struct sandbox_policy, no_new_privs), "no new privileges (set-uid has no effect)",
	 "gain privileges by set-uid programs"},
	{offsetof(struct sandbox_policy, seccomp), "system calls filtered", "use all system calls"},
	{offsetof(struct sandbox_policy, session), "a session of its own",
	 "use the session of who started it"},
	{offsetof(struct sandbox_policy, clear_environment), "environment cleared",
	 "see the environment of who started it"},
	{offsetof(struct sandbox_policy, clear_groups), "supplementary groups cleared",
	 "use supplementary groups"},
	{offsetof(struct sandbox_policy, close_descriptors), "descriptors closed",
	 "use descriptors that were left open"},
	{offsetof(struct sandbox_policy, die_with_parent), "ends when contractor ends",
	 "go on when contractor has ended"},
};

void policy_describe_capabilities(uint64_t capabilities, struct buf *out)
{
	const char *separator = "";

	for (unsigned i = 0; i < 64; i++) {
		if (!(capabilities >> i & 1))
			continue;
		buf_add_str(out, separator);
		if (i < ARRAY_SIZE(capability_names) && capability_names[i])
			buf_add_str(out, capability_names[i]);
		else
			buf_add_fmt(out, "capability %u", i);
		separator = " ";
	}
	if (!capabilities)
		buf_add_str(out, "none");
}

static void describe_who(const struct sandbox_policy *policy, struct buf *out)
{
	AUTO_FREE char *user = buf_shown(policy->user), *workdir = buf_shown(policy->workdir);

	buf_add_fmt(out, "%s, as %s in %s\n", sandbox_kind_name(policy->kind), user, workdir);
	buf_add_str(out, "capabilities of root: ");
	policy_describe_capabilities(policy->capabilities, out);
	buf_add_str(out, "\ncapabilities of other users: none\n");
}

/* Whose network it is, if it has one. */
static void describe_network(const struct sandbox_policy *policy, struct buf *out)
{
	buf_add_str(out, "network: ");
	if (policy->unshare_network)
		buf_add_str(out, "none\n");
	else if (policy->stack == STACK_HOST)
		buf_add_str(out, "the host's\n");
	else if (policy->stack == STACK_MISSING)
		buf_add_fmt(out, "one of its own is asked for; %s\n", stack_name(policy->stack));
	else
		buf_add_fmt(out, "one of its own, by %s\n", stack_name(policy->stack));
}

/* Adds the words for the switches that are on, or off, in lines; nothing where there are none. */
static void describe_switches(const struct sandbox_policy *policy, bool on, const char *title,
			      struct buf *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(protections); i++) {
		const struct protection *row = &protections[i];

		if (*(const bool *)((const char *)policy + row->offset) != on)
			continue;
		buf_add_fmt(out, "%s  %s\n", title, on ? row->words : row->permitted);
		title = "";
	}
}

static void describe_protections(const struct sandbox_policy *policy, struct buf *out)
{
	describe_switches(policy, true, "\nprotections:\n", out);
	describe_switches(policy, false, "\nbut it may:\n", out);
}

static void describe_calls(struct buf *out)
{
	size_t allowed = 0;

	while (seccomp_allowed[allowed])
		allowed++;
	buf_add_fmt(out, "\nsystem calls: %zu known ones are allowed; refused by name:\n ",
		    allowed);
	for (const struct seccomp_refusal *call = seccomp_refused; call->name; call++)
		buf_add_fmt(out, " %s", call->name);
	buf_add_str(out, "\nsocket families: unix, inet, inet6, netlink\n");
}

/* Adds text within quotes; escaped: the quotes are $'...', where a backslash has a meaning. */
static void add_within_quotes(struct buf *out, const char *text, bool escaped)
{
	while (*text) {
		size_t plain = strcspn(text, escaped ? "'\\" : "'");

		buf_add_shown(out, text, plain);
		text += plain;
		if (*text && !escaped)
			buf_add_str(out, "'\\''");
		else if (*text)
			buf_add_fmt(out, "\\%c", *text);
		text += *text != '\0';
	}
}

/* Adds text such that a shell takes it as one word, and a terminal as characters. */
static void add_quoted(struct buf *out, const char *text)
{
	AUTO_FREE char *shown = buf_shown(text);
	bool escaped = strcmp(shown, text) != 0;
	size_t plain = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-+=./:,@%");

	if (*text && !text[plain]) {
		buf_add_str(out, text);
		return;
	}
	buf_add_str(out, escaped ? "$'" : "'");
	add_within_quotes(out, text, escaped);
	buf_add_char(out, '\'');
}

/* The bwrap command, an option and its values in each line. */
static void describe_bwrap(const struct sandbox_policy *policy, const struct strv *existing,
			   struct buf *out)
{
	AUTO_STRV struct strv argv = {0};

	policy_bwrap_argv(policy, existing, &argv);
	buf_add_str(out, "\nbwrap command (numbers from 10 on are descriptors):\n");
	for (size_t i = 0; i < argv.len; i++) {
		const char *before = i == 0 ? "  " : argv.items[i][0] == '-' ? " \\\n    " : " ";

		buf_add_str(out, before);
		add_quoted(out, argv.items[i]);
	}
	buf_add_char(out, '\n');
}

/* The launcher's plan, a record in each line, without the filter's instructions. */
static void describe_plan(const struct sandbox_policy *policy, struct buf *out)
{
	struct sandbox_policy without_filter = *policy;
	AUTO_BUF struct buf plan = BUF_INIT;
	struct err err;

	without_filter.seccomp = false;
	buf_add_str(out, "\nthen the launcher, inside:\n");
	if (policy_launch_plan(&without_filter, &plan, &err) < 0)
		return;
	for (size_t i = 0; i < plan.len; i += strlen(plan.data + i) + 1) {
		buf_add_str(out, "  ");
		buf_add_shown(out, plan.data + i, strlen(plan.data + i));
		buf_add_char(out, '\n');
	}
}

void policy_describe(const struct sandbox_policy *policy, const struct strv *existing,
		     struct buf *out)
{
	describe_who(policy, out);
	describe_network(policy, out);
	describe_protections(policy, out);
	if (policy->seccomp)
		describe_calls(out);
	describe_bwrap(policy, existing, out);
	describe_plan(policy, out);
}
