/* The launcher's plan: written by the engine, taken apart by the launcher's own code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "engine/base/mem.h"
#include "engine/sandbox/policy.h"
#include "engine/sandbox/seccomp.h"

/* Two files of the launcher, which is a program of its own. */
#include "engine/sandbox/launcher/plan.c"
#include "engine/sandbox/launcher/user.c"

static void init_policy(struct sandbox_policy *policy)
{
	sandbox_policy_init(policy, SANDBOX_SHELL);
	strv_add_all(&policy->argv, "make", "-j 2", "", NULL);
	strv_add_all(&policy->environment, "A=1=2", "B=", NULL);
	policy->seccomp = false;
}

/* The plan with its NULs as newlines. Free with free(). */
static char *plan_text(const struct sandbox_policy *policy)
{
	AUTO_BUF struct buf plan = BUF_INIT;
	struct err err;

	assert_int_equal(policy_launch_plan(policy, &plan, &err), 0);
	for (size_t i = 0; i < plan.len; i++) {
		if (!plan.data[i])
			plan.data[i] = '\n';
	}
	return buf_detach(&plan);
}

static void the_whole_plan(void **state)
{
	struct sandbox_policy policy;
	AUTO_FREE char *text = NULL, *limits = NULL, *expected = NULL;

	(void)state;
	init_policy(&policy);
	policy.gid = "7";
	policy.processes = 9;
	policy.core_size = 1;
	text = plan_text(&policy);
	limits = mem_printf("limit=%d 1024 524288\nlimit=%d 9 9\nlimit=%d 1 1\n", RLIMIT_NOFILE,
			    RLIMIT_NPROC, RLIMIT_CORE);
	expected = mem_printf("user=root\ngid=7\nworkdir=/workspace\nargument=make\n"
			      "argument=-j 2\nargument=\nenvironment=A=1=2\nenvironment=B=\n"
			      "terminal=plain\ncolumns=80\nrows=24\ncapabilities=800000fb\n%s"
			      "session=1\nclear-environment=1\nclear-groups=1\n"
			      "close-descriptors=1\nno-new-privileges=1\n",
			      limits);
	assert_string_equal(text, expected);
	sandbox_policy_release(&policy);
}

static void each_protection_is_a_record(void **state)
{
	static const struct {
		size_t offset;
		const char *record;
	} cases[] = {
		{offsetof(struct sandbox_policy, drop_capabilities), "\ncapabilities="},
		{offsetof(struct sandbox_policy, no_new_privs), "\nno-new-privileges=1\n"},
		{offsetof(struct sandbox_policy, session), "\nsession=1\n"},
		{offsetof(struct sandbox_policy, clear_environment), "\nclear-environment=1\n"},
		{offsetof(struct sandbox_policy, clear_groups), "\nclear-groups=1\n"},
		{offsetof(struct sandbox_policy, close_descriptors), "\nclose-descriptors=1\n"},
		{offsetof(struct sandbox_policy, seccomp), "\nfilter="},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sandbox_policy policy;
		AUTO_FREE char *with = NULL, *without = NULL;

		init_policy(&policy);
		policy.seccomp = true;
		with = plan_text(&policy);
		*(bool *)((char *)&policy + cases[i].offset) = false;
		without = plan_text(&policy);
		if (!strstr(with, cases[i].record) || strstr(without, cases[i].record))
			fail_msg("%s does not follow its protection", cases[i].record);
		sandbox_policy_release(&policy);
	}
}

/* The launcher never frees. */
static void forget_plan(struct launch_plan *plan)
{
	free(plan->arguments.items);
	free(plan->environment.items);
	free(plan->own.items);
	for (size_t i = 0; i < plan->n_filters; i++)
		free((void *)(uintptr_t)plan->filters[i].code);
}

static void the_launcher_reads_what_the_engine_wrote(void **state)
{
	const struct sandbox_file file = {"/run/secrets/x", "", 0, 0400, true};
	struct seccomp_cache cache;
	struct sandbox_policy policy;
	AUTO_BUF struct buf text = BUF_INIT;
	struct launch_plan plan;
	const char *reason;
	struct err err;

	(void)state;
	init_policy(&policy);
	seccomp_cache_init(&cache);
	policy.filters = &cache;
	policy.seccomp = policy.interactive = true;
	policy.files = &file;
	policy.n_files = 1;
	assert_int_equal(policy_launch_plan(&policy, &text, &err), 0);
	assert_int_equal(launch_plan_parse(&plan, text.data, text.len, &reason), 0);
	assert_string_equal(plan.user, "root");
	assert_null(plan.gid);
	assert_int_equal(plan.arguments.len, 3);
	assert_string_equal(plan.arguments.items[1], "-j 2");
	assert_null(plan.arguments.items[3]);
	assert_string_equal(plan.environment.items[0], "A=1=2");
	assert_string_equal(plan.own.items[0], "/run/secrets/x");
	assert_string_equal(plan.terminal, "interactive");
	assert_int_equal(plan.columns, 80);
	assert_true(plan.has_capabilities && plan.session && plan.clear_groups);
	assert_int_equal(plan.capabilities, 0x800000fb);
	assert_int_equal(plan.limits[0].hard, 524288);
	assert_int_equal(plan.n_filters, 2);
	assert_int_equal(plan.filters[1].length * sizeof(struct sock_filter), cache.calls[0].len);
	assert_memory_equal(plan.filters[1].code, cache.calls[0].data, cache.calls[0].len);
	forget_plan(&plan);
	seccomp_cache_release(&cache);
	sandbox_policy_release(&policy);
}

#define GOOD "user=root\0workdir=/\0argument=x\0"
#define TEXT(literal)                          \
	{                                      \
		(literal), sizeof(literal) - 1 \
	}

static void a_wrong_plan_is_refused(void **state)
{
	static const struct {
		const char *text;
		size_t length;
	} cases[] = {
		TEXT(""),
		TEXT("workdir=/\0argument=x\0"),
		TEXT("user=root\0argument=x\0"),
		TEXT("user=root\0workdir=here\0argument=x\0"),
		TEXT("user=root\0workdir=/\0"),
		TEXT("user=root\0workdir=/\0argument=\0"),
		TEXT(GOOD "unknown=1\0"),
		TEXT(GOOD "session\0"),
		TEXT(GOOD "session=2\0"),
		TEXT(GOOD "session=1"),
		TEXT(GOOD "columns=-1\0"),
		TEXT(GOOD "columns=70000\0"),
		TEXT(GOOD "rows=24x\0"),
		TEXT(GOOD "capabilities=\0"),
		TEXT(GOOD "capabilities=fg\0"),
		TEXT(GOOD "limit=7 1\0"),
		TEXT(GOOD "limit=7 1 2 3\0"),
		TEXT(GOOD "limit=7 1 99999999999999999999\0"),
		TEXT(GOOD "filter=0\0"),
		TEXT(GOOD "filter=2\0"
			  "12345678"
			  "1234567"),
	};
	struct launch_plan plan;
	const char *reason = NULL;

	(void)state;
	assert_int_equal(launch_plan_parse(&plan, GOOD, sizeof GOOD - 1, &reason), 0);
	forget_plan(&plan);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_FREE char *copy = mem_resize(NULL, cases[i].length + 1, 1);

		memcpy(copy, cases[i].text, cases[i].length);
		reason = NULL;
		if (launch_plan_parse(&plan, copy, cases[i].length, &reason) == 0)
			fail_msg("case %zu was taken", i);
		forget_plan(&plan);
		assert_non_null(reason);
	}
}

#define PASSWD                                         \
	"root:x:0:0:root:/root:/bin/sh\n"              \
	"broken\n"                                     \
	"::::::\n"                                     \
	":x:5:5::/:\n"                                 \
	"far:x:4294967295:1::/:/bin/sh\n"              \
	"sign:x:-1:1::/:/bin/sh\n"                     \
	"short:x:8:8\n"                                \
	"builder:x:1000:1001::/home/builder:/bin/sh\n" \
	"builder:x:0:0::/:/bin/sh\n"                   \
	"odd:x:9:9::relative:/bin/sh\n"                \
	"last:x:77:78:no shell:/h"

static void users_are_found(void **state)
{
	static const struct {
		const char *user, *gid;
		int uid, expected_gid; /* uid -1: not found */
		const char *home;
	} cases[] = {
		{"root", NULL, 0, 0, "/root"},
		{"root", "12", 0, 12, "/root"},
		{"0", NULL, 0, 0, "/root"},
		{"builder", NULL, 1000, 1001, "/home/builder"},
		{"1000", NULL, 1000, 1001, "/home/builder"},
		{"1234", NULL, 1234, 1234, NULL},
		{"odd", NULL, 9, 9, NULL},
		{"last", "5", 77, 5, "/h"},
		{"builde", NULL, -1, 0, NULL},
		{"far", NULL, -1, 0, NULL},
		{"sign", NULL, -1, 0, NULL},
		{"short", NULL, -1, 0, NULL},
		{"broken", NULL, -1, 0, NULL},
		{"", NULL, -1, 0, NULL},
		{"4294967295", NULL, -1, 0, NULL},
		{"builder", "x", -1, 0, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct launch_plan plan = {.user = cases[i].user, .gid = cases[i].gid};
		struct launch_user user = {0};
		const char *reason = launch_find_user(&plan, PASSWD, &user);

		assert_int_equal(reason != NULL, cases[i].uid < 0);
		if (reason)
			continue;
		assert_int_equal(user.uid, cases[i].uid);
		assert_int_equal(user.gid, cases[i].expected_gid);
		assert_int_equal(user.home != NULL, cases[i].home != NULL);
		if (user.home)
			assert_string_equal(user.home, cases[i].home);
		if (strcmp(cases[i].user, "root"))
			free((void *)(uintptr_t)user.home);
	}
}

static void a_tree_without_passwd_has_root_and_numbers(void **state)
{
	struct launch_plan plan = {.user = "root"};
	struct launch_user user;

	(void)state;
	assert_null(launch_find_user(&plan, NULL, &user));
	plan.user = "12";
	assert_null(launch_find_user(&plan, NULL, &user));
	assert_int_equal(user.gid, 12);
	plan.user = "builder";
	assert_non_null(launch_find_user(&plan, NULL, &user));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_whole_plan),
		cmocka_unit_test(each_protection_is_a_record),
		cmocka_unit_test(the_launcher_reads_what_the_engine_wrote),
		cmocka_unit_test(a_wrong_plan_is_refused),
		cmocka_unit_test(users_are_found),
		cmocka_unit_test(a_tree_without_passwd_has_root_and_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
