/* Which program makes a step's network stack, and how it is told to (engine/sandbox/stack.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/sandbox/stack.h"

/* Whether the option is there, with the value behind it (NULL: any). */
static bool has_option(const struct strv *argv, const char *option, const char *value)
{
	for (size_t i = 0; i < argv->len; i++) {
		if (!strcmp(argv->items[i], option))
			return !value || (i + 1 < argv->len && !strcmp(argv->items[i + 1], value));
	}
	return false;
}

/* By pasta(1): each of these is a way to the host's loopback, or from it, that is open by default. */
static void pasta_forwards_nothing(void **state)
{
	static const char *const ports[] = {"--tcp-ports", "--udp-ports", "--tcp-ns", "--udp-ns"};
	AUTO_STRV struct strv argv = {0};

	(void)state;
	stack_argv(STACK_PASTA, "/ns/file", &argv);
	assert_string_equal(argv.items[0], "pasta");
	for (size_t i = 0; i < ARRAY_SIZE(ports); i++)
		assert_true(has_option(&argv, ports[i], "none"));
	assert_true(has_option(&argv, "--no-map-gw", NULL));
	assert_true(has_option(&argv, "--netns", "/ns/file"));
	assert_true(has_option(&argv, "--config-net", NULL));
}

/* Init waits for its child, and for what it writes into the pipe. */
static void pasta_can_be_waited_for(void **state)
{
	AUTO_STRV struct strv argv = {0};

	(void)state;
	stack_argv(STACK_PASTA, "/ns/file", &argv);
	assert_true(has_option(&argv, "--foreground", NULL));
	assert_true(has_option(&argv, "--pid", STACK_READY_PATH));
	assert_true(has_option(&argv, "--dns-forward", stack_resolver(STACK_PASTA)));
}

/* By slirp4netns(1). */
static void slirp4netns_is_locked_in(void **state)
{
	AUTO_STRV struct strv argv = {0};

	(void)state;
	stack_argv(STACK_SLIRP4NETNS, "/ns/file", &argv);
	assert_string_equal(argv.items[0], "slirp4netns");
	assert_true(has_option(&argv, "--disable-host-loopback", NULL));
	assert_true(has_option(&argv, "--enable-sandbox", NULL));
	assert_true(has_option(&argv, "--enable-seccomp", NULL));
	assert_true(has_option(&argv, "--configure", NULL));
	assert_int_equal(STACK_READY_FD, 3);
	assert_true(has_option(&argv, "--ready-fd=3", NULL));
	assert_true(has_option(&argv, "--netns-type=path", "/ns/file"));
	assert_true(has_option(&argv, "/ns/file", "tap0"));
	assert_string_equal(stack_resolver(STACK_SLIRP4NETNS), "10.0.2.3");
}

static void the_first_that_can_be_had_is_chosen(void **state)
{
	static const struct {
		bool has_pasta, has_slirp, may_open;
		enum stack by_wish[3]; /* auto, private, host */
	} cases[] = {
		{true, true, true, {STACK_PASTA, STACK_PASTA, STACK_HOST}},
		{false, true, true, {STACK_SLIRP4NETNS, STACK_SLIRP4NETNS, STACK_HOST}},
		{false, false, true, {STACK_HOST, STACK_MISSING, STACK_HOST}},
		{true, true, false, {STACK_HOST, STACK_MISSING, STACK_HOST}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct stack_host host = {
			.has = {[STACK_PASTA] = cases[i].has_pasta,
				[STACK_SLIRP4NETNS] = cases[i].has_slirp},
			.has_device = true,
			.may_open_device = cases[i].may_open,
		};

		for (enum stack_wish wish = STACK_AUTO; wish <= STACK_SHARED; wish++)
			assert_int_equal(stack_choose(wish, &host), cases[i].by_wish[wish]);
	}
}

static void wishes_are_words(void **state)
{
	enum stack_wish wish = STACK_SHARED;

	(void)state;
	assert_true(stack_wish_find("auto", &wish));
	assert_int_equal(wish, STACK_AUTO);
	assert_true(stack_wish_find("private", &wish));
	assert_int_equal(wish, STACK_PRIVATE);
	assert_true(stack_wish_find("host", &wish));
	assert_int_equal(wish, STACK_SHARED);
	assert_false(stack_wish_find("pasta", &wish));
	assert_int_equal(wish, STACK_SHARED);
}

static void put(const char *root, const char *name, mode_t mode)
{
	AUTO_FREE char *path = mem_printf("%s%s", root, name), *dir = path_dirname(path);
	struct err err = {0};
	int fd;

	assert_int_equal(path_make_dirs(dir, 0755, &err), 0);
	fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

/* A device that is only for root is of no use in namespaces where nobody is the host's root. */
static void a_look_finds_programs_and_the_device(void **state)
{
	char root[] = "/tmp/contractor-stack.XXXXXX";
	struct stack_host look;
	struct err err = {0};

	(void)state;
	assert_non_null(mkdtemp(root));
	put(root, "/usr/bin/pasta", 0644);
	put(root, "/usr/local/bin/slirp4netns", 0755);
	stack_look(root, &look);
	assert_false(look.has[STACK_PASTA]);
	assert_true(look.has[STACK_SLIRP4NETNS]);
	assert_false(look.has_device);
	assert_false(look.may_open_device);
	put(root, "/dev/net/tun", 0666);
	stack_look(root, &look);
	assert_true(look.has_device);
	assert_true(look.may_open_device);
	put(root, "/dev/net/tun", geteuid() ? 0000 : 0600);
	stack_look(root, &look);
	assert_true(look.has_device);
	assert_false(look.may_open_device);
	assert_int_equal(path_remove_tree(AT_FDCWD, root, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pasta_forwards_nothing),
		cmocka_unit_test(pasta_can_be_waited_for),
		cmocka_unit_test(slirp4netns_is_locked_in),
		cmocka_unit_test(the_first_that_can_be_had_is_chosen),
		cmocka_unit_test(wishes_are_words),
		cmocka_unit_test(a_look_finds_programs_and_the_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
