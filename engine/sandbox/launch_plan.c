/* launch_plan.c: a policy as the launcher's plan; its format is in launcher/plan.h. */
#include <assert.h>
#include <inttypes.h>
#include <sys/resource.h>

#include "engine/base/mem.h"
#include "engine/sandbox/launcher/plan.h"
#include "engine/sandbox/policy.h"
#include "engine/sandbox/seccomp.h"

static_assert((int)LAUNCH_FD_PLAN == (int)SANDBOX_FD_PLAN, "one number, two headers");
static_assert((int)LAUNCH_FD_CONTROL == (int)SANDBOX_FD_CONTROL, "one number, two headers");

/* The flags of a plan that are fields of a policy. */
static const struct flag {
	const char *name;
	size_t offset;
} flags[] = {
	{"session", offsetof(struct sandbox_policy, session)},
	{"clear-environment", offsetof(struct sandbox_policy, clear_environment)},
	{"clear-groups", offsetof(struct sandbox_policy, clear_groups)},
	{"close-descriptors", offsetof(struct sandbox_policy, close_descriptors)},
	{"no-new-privileges", offsetof(struct sandbox_policy, no_new_privs)},
};

/* Limits that are fields of a policy. */
static const struct limit {
	int resource;
	size_t soft, hard;
	bool zero_is_none;
} limits[] = {
	{RLIMIT_NOFILE, offsetof(struct sandbox_policy, open_files_soft),
	 offsetof(struct sandbox_policy, open_files_hard), false},
	{RLIMIT_NPROC, offsetof(struct sandbox_policy, processes),
	 offsetof(struct sandbox_policy, processes), true},
	{RLIMIT_FSIZE, offsetof(struct sandbox_policy, file_size),
	 offsetof(struct sandbox_policy, file_size), true},
	{RLIMIT_CORE, offsetof(struct sandbox_policy, core_size),
	 offsetof(struct sandbox_policy, core_size), false},
};

static void add_record(struct buf *plan, const char *name, const char *value)
{
	buf_add_fmt(plan, "%s=%s", name, value);
	buf_add_char(plan, '\0');
}

static void add_records(struct buf *plan, const char *name, const struct strv *values)
{
	for (size_t i = 0; i < values->len; i++)
		add_record(plan, name, values->items[i]);
}

static void add_number(struct buf *plan, const char *name, int number)
{
	buf_add_fmt(plan, "%s=%d", name, number);
	buf_add_char(plan, '\0');
}

static void add_flags(const struct sandbox_policy *policy, struct buf *plan)
{
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		if (*(const bool *)((const char *)policy + flags[i].offset))
			add_record(plan, flags[i].name, "1");
	}
}

static void add_terminal(const struct sandbox_policy *policy, struct buf *plan)
{
	if (!policy->terminal)
		return;
	add_record(plan, "terminal", policy->interactive ? "interactive" : "plain");
	add_number(plan, "columns", policy->columns);
	add_number(plan, "rows", policy->rows);
}

static void add_limits(const struct sandbox_policy *policy, struct buf *plan)
{
	const char *base = (const char *)policy;

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		uint64_t soft = *(const uint64_t *)(base + limits[i].soft);
		uint64_t hard = *(const uint64_t *)(base + limits[i].hard);

		if (!soft && limits[i].zero_is_none)
			continue;
		buf_add_fmt(plan, "limit=%d %" PRIu64 " %" PRIu64, limits[i].resource, soft, hard);
		buf_add_char(plan, '\0');
	}
}

static void add_owned_files(const struct sandbox_policy *policy, struct buf *plan)
{
	for (size_t i = 0; i < policy->n_files; i++) {
		if (policy->files[i].for_user)
			add_record(plan, "own", policy->files[i].target);
	}
}

static void add_filter(struct buf *plan, const struct buf *program)
{
	add_number(plan, "filter", (int)(program->len / sizeof(struct sock_filter)));
	buf_add(plan, program->data, program->len);
}

/* The filters: from the policy's cache, or from one that lives as long as this call. */
static int add_filters(const struct sandbox_policy *policy, struct buf *plan, struct err *err)
{
	struct seccomp_cache own, *cache = policy->filters;
	const struct buf *calls, *arguments;
	int result;

	seccomp_cache_init(&own);
	if (!cache)
		cache = &own;
	result = seccomp_cache_get(cache, policy->capabilities, &calls, &arguments, err);
	if (result == 0) {
		add_filter(plan, arguments);
		add_filter(plan, calls);
	}
	seccomp_cache_release(&own);
	return result;
}

int policy_launch_plan(const struct sandbox_policy *policy, struct buf *ret_plan, struct err *err)
{
	AUTO_BUF struct buf plan = BUF_INIT;

	add_record(&plan, "user", policy->user);
	if (policy->gid)
		add_record(&plan, "gid", policy->gid);
	add_record(&plan, "workdir", policy->workdir);
	add_records(&plan, "argument", &policy->argv);
	add_records(&plan, "environment", &policy->environment);
	add_owned_files(policy, &plan);
	add_terminal(policy, &plan);
	if (policy->drop_capabilities) {
		buf_add_fmt(&plan, "capabilities=%" PRIx64, policy->capabilities);
		buf_add_char(&plan, '\0');
	}
	add_limits(policy, &plan);
	add_flags(policy, &plan);
	if (policy->seccomp && add_filters(policy, &plan, err) < 0)
		return err_in(err, "cannot make the system call filter");
	buf_clear(ret_plan);
	buf_add(ret_plan, plan.data, plan.len);
	return 0;
}
