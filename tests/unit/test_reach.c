/* What a step with a network stack of its own does not reach (engine/actions/reach.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "engine/actions/reach.h"
#include "engine/base/mem.h"

static void the_host_network_has_the_hosts_resolvers(void **state)
{
	AUTO_FREE char *text = reach_resolv_conf("nameserver 127.0.0.53\n", STACK_HOST);

	(void)state;
	assert_string_equal(text, "nameserver 127.0.0.53\n");
}

static void resolvers_are_asked_through_the_stack(void **state)
{
	static const struct {
		enum stack stack;
		const char *text, *wanted;
	} cases[] = {
		/* systemd-resolved; what else is in the file stays. */
		{STACK_PASTA, "search example.org\nnameserver 127.0.0.53\noptions edns0\n",
		 "search example.org\nnameserver 169.254.1.1\noptions edns0\n"},
		{STACK_SLIRP4NETNS, "nameserver\t::1\n", "nameserver 10.0.2.3\n"},
		/* pasta asks the first, and answers of that one come from its own address. */
		{STACK_PASTA, "nameserver 192.0.2.1\nnameserver 192.0.2.2\n",
		 "nameserver 169.254.1.1\nnameserver 192.0.2.2\n"},
		/* Once is enough. */
		{STACK_PASTA, "nameserver 127.0.0.1\nnameserver 127.0.0.53\n",
		 "nameserver 169.254.1.1\n"},
		{STACK_PASTA, "nameserver 2001:db8::1\nnameserver 127.0.0.1\n",
		 "nameserver 2001:db8::1\nnameserver 169.254.1.1\n"},
		{STACK_SLIRP4NETNS, "nameserver 2001:db8::1\nnameserver 192.0.2.1\n",
		 "nameserver 10.0.2.3\nnameserver 192.0.2.1\n"},
		/* resolv.conf(5): without any, the one on this machine. */
		{STACK_PASTA, "", "nameserver 169.254.1.1\n"},
		{STACK_PASTA, "search a", "search a\nnameserver 169.254.1.1\n"},
		/* No line of a resolver. */
		{STACK_PASTA, "# nameserver 127.0.0.1\nnameservers 127.0.0.1\nnameserver",
		 "# nameserver 127.0.0.1\nnameservers 127.0.0.1\nnameserver\n"
		 "nameserver 169.254.1.1\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_FREE char *text = reach_resolv_conf(cases[i].text, cases[i].stack);

		assert_string_equal(text, cases[i].wanted);
	}
}

static void loopback_has_many_names(void **state)
{
	static const char *const on_it[] = {
		"http://127.0.0.1:3128/", "http://127.1/",
		"127.0.0.1:8080",	  "localhost",
		"http://LocalHost:80",	  "http://a.localhost/",
		"http://[::1]:3128",	  "http://u:p@localhost:1/",
		"git://0.0.0.0/x",	  "::1",
		"http://localhost?x",	  "http://[::ffff:127.0.0.1]/",
	};
	static const char *const elsewhere[] = {
		"http://proxy.example:3128/", "http://192.0.2.1/127.0.0.1",
		"http://localhost.example/",  "http://example/localhost",
		"http://127.0.0.1@example/",  "http://[2001:db8::1]:80/",
		"http://notlocalhost/",	      "",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(on_it); i++)
		assert_true(reach_is_loopback(on_it[i]));
	for (size_t i = 0; i < ARRAY_SIZE(elsewhere); i++)
		assert_false(reach_is_loopback(elsewhere[i]));
}

/* A step with network, with this in its environment. */
static int check(enum stack stack, const char *name, const char *value, const char *address,
		 struct err *err)
{
	struct sandbox_policy policy;
	int result;

	sandbox_policy_init(&policy, SANDBOX_PACKAGES);
	policy.unshare_network = false;
	policy.stack = stack;
	if (name)
		strv_setenv(&policy.environment, name, value);
	*err = (struct err){0};
	result = reach_check(&policy, address, err);
	sandbox_policy_release(&policy);
	return result;
}

static void what_is_out_of_reach_is_named(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(check(STACK_PASTA, "http_proxy", "http://127.0.0.1:3128", NULL, &err), -1);
	assert_int_equal(err.code, ERR_HOST);
	assert_non_null(strstr(err.text, "http_proxy is http://127.0.0.1:3128"));
	assert_non_null(strstr(err.text, "--network-stack host"));
	assert_int_equal(check(STACK_PASTA, NULL, NULL, "http://localhost/\033debian", &err), -1);
	assert_non_null(strstr(err.text, "http://localhost/\\x1bdebian"));
	assert_int_equal(check(STACK_SLIRP4NETNS, "ALL_PROXY", "socks5://[::1]:1", NULL, &err), -1);
}

static void what_is_in_reach_passes(void **state)
{
	static const char local[] = "http://127.0.0.1:3128";
	struct err err;

	(void)state;
	assert_int_equal(check(STACK_HOST, "http_proxy", local, local, &err), 0);
	assert_int_equal(check(STACK_PASTA, "no_proxy", "localhost", "http://example/", &err), 0);
	assert_int_equal(check(STACK_PASTA, "http_proxy", "http://proxy:1", NULL, &err), 0);
}

/* What a person asked for, and there is not, is no reason to take the host's. */
static void a_stack_that_is_missing_is_an_error(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(check(STACK_MISSING, NULL, NULL, NULL, &err), -1);
	assert_int_equal(err.code, ERR_HOST);
	assert_non_null(strstr(err.text, "contractor doctor"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_host_network_has_the_hosts_resolvers),
		cmocka_unit_test(resolvers_are_asked_through_the_stack),
		cmocka_unit_test(loopback_has_many_names),
		cmocka_unit_test(what_is_out_of_reach_is_named),
		cmocka_unit_test(what_is_in_reach_passes),
		cmocka_unit_test(a_stack_that_is_missing_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
