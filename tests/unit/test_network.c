/* What a step with network is given of the host's settings (engine/actions/network.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/actions/network.h"
#include "engine/base/mem.h"
#include "engine/base/path.h"

/* A host with /etc and /bin. */
struct place {
	char path[64];
	struct sandbox_policy policy;
	struct network network;
};

static char *no_environment[] = {NULL};

static void write_file(const struct place *place, const char *name, const char *text, mode_t mode)
{
	AUTO_FREE char *path = path_join(place->path, name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void make_dir(const struct place *place, const char *name)
{
	AUTO_FREE char *path = path_join(place->path, name);

	assert_int_equal(mkdir(path, 0700), 0);
}

static int set_up(void **state)
{
	struct place *place = mem_new(sizeof *place);

	strcpy(place->path, "/tmp/contractor-network.XXXXXX");
	if (!mkdtemp(place->path))
		return -1;
	make_dir(place, "etc");
	make_dir(place, "bin");
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	struct err err = {0};
	int result = path_remove_tree(AT_FDCWD, place->path, &err);

	network_release(&place->network);
	sandbox_policy_release(&place->policy);
	free(place);
	return result;
}

static void init(struct place *place, enum sandbox_kind kind, char *const *environment)
{
	network_release(&place->network);
	sandbox_policy_release(&place->policy);
	sandbox_policy_init(&place->policy, kind);
	network_init(&place->network, place->path, environment, &place->policy);
}

/* The text of the policy's file at target, of which there must be exactly one; NULL: none. */
static const char *find_file(const struct place *place, const char *target)
{
	const char *text = NULL;

	for (size_t i = 0; i < place->policy.n_files; i++) {
		const struct sandbox_file *file = &place->policy.files[i];

		if (strcmp(file->target, target))
			continue;
		assert_null(text);
		assert_int_equal(file->length, strlen(file->bytes));
		assert_int_equal(file->mode, 0644);
		text = file->bytes;
	}
	return text;
}

static void a_host_root_has_name_resolution(void **state)
{
	struct place *place = *state;

	write_file(place, "etc/resolv.conf", "nameserver 192.0.2.1\n", 0644);
	write_file(place, "etc/hosts", "192.0.2.2 mirror\n", 0644);
	init(place, SANDBOX_HOST, no_environment);
	assert_string_equal(find_file(place, "/etc/resolv.conf"), "nameserver 192.0.2.1\n");
	assert_string_equal(find_file(place, "/etc/hosts"),
			    "192.0.2.2 mirror\n127.0.1.1 builder\n");
	assert_non_null(find_file(place, "/etc/passwd"));
	assert_non_null(find_file(place, "/etc/group"));
	assert_non_null(find_file(place, "/etc/nsswitch.conf"));
	assert_int_equal(place->network.n_tree_files, 0);
}

static void a_systree_gets_a_layer_of_ours(void **state)
{
	struct place *place = *state;
	const struct init_file *files = place->network.tree_files;

	write_file(place, "etc/resolv.conf", "nameserver 192.0.2.1\n", 0644);
	write_file(place, "etc/hosts", "192.0.2.2 mirror", 0644);
	init(place, SANDBOX_PACKAGES, no_environment);
	assert_int_equal(place->policy.n_files, 0);
	assert_int_equal(place->network.n_tree_files, 3);
	assert_string_equal(files[0].name, "etc/resolv.conf");
	assert_string_equal(files[0].text, "nameserver 192.0.2.1\n");
	assert_false(files[0].executable);
	assert_string_equal(files[1].name, "etc/hosts");
	assert_string_equal(files[1].text, "192.0.2.2 mirror\n127.0.1.1 builder\n");
	assert_string_equal(files[2].name, "usr/sbin/policy-rc.d");
	assert_string_equal(files[2].text, "#!/bin/sh\nexit 101\n");
	assert_true(files[2].executable);
}

static void only_packages_have_a_policy_for_services(void **state)
{
	struct place *place = *state;

	init(place, SANDBOX_SHELL, no_environment);
	assert_int_equal(place->network.n_tree_files, 2);
}

static void links_are_followed(void **state)
{
	struct place *place = *state;
	AUTO_FREE char *path = path_join(place->path, "etc/resolv.conf");

	write_file(place, "stub.conf", "nameserver 127.0.0.53\n", 0644);
	assert_int_equal(symlink("../stub.conf", path), 0);
	init(place, SANDBOX_HOST, no_environment);
	assert_string_equal(find_file(place, "/etc/resolv.conf"), "nameserver 127.0.0.53\n");
}

static void a_host_without_settings_still_has_itself(void **state)
{
	struct place *place = *state;
	AUTO_FREE char *fifo = path_join(place->path, "etc/resolv.conf");

	assert_int_equal(mkfifo(fifo, 0600), 0);
	init(place, SANDBOX_HOST, no_environment);
	assert_string_equal(find_file(place, "/etc/resolv.conf"), "");
	assert_string_equal(find_file(place, "/etc/hosts"),
			    "127.0.0.1 localhost\n::1 localhost\n127.0.1.1 builder\n");
}

static void files_that_a_policy_has_stay(void **state)
{
	struct place *place = *state;
	const struct sandbox_file one = {"/run/one", "1", 1, 0644, false};
	const struct sandbox_file two = {"/run/two", "2", 1, 0644, false};

	sandbox_policy_init(&place->policy, SANDBOX_PACKAGES);
	place->policy.files = &one;
	place->policy.n_files = 1;
	network_init(&place->network, place->path, no_environment, &place->policy);
	sandbox_policy_add_file(&place->policy, &two);
	assert_int_equal(place->policy.n_files, 2);
	assert_string_equal(find_file(place, "/run/one"), "1");
	assert_string_equal(find_file(place, "/run/two"), "2");
}

static void proxies_of_the_person_are_passed_on(void **state)
{
	struct place *place = *state;
	char *environment[] = {"http_proxy=http://proxy.example:3128",
			       "HTTPS_PROXY=http://proxy.example:3129",
			       "no_proxy=localhost",
			       "http_proxy_of_mine=x",
			       "SECRET=x",
			       NULL};
	const struct strv *result = &place->policy.environment;

	init(place, SANDBOX_HOST_GIT, environment);
	assert_string_equal(strv_getenv(result, "http_proxy"), "http://proxy.example:3128");
	assert_string_equal(strv_getenv(result, "HTTPS_PROXY"), "http://proxy.example:3129");
	assert_string_equal(strv_getenv(result, "no_proxy"), "localhost");
	assert_int_equal(result->len, 3);
}

static void a_steps_own_proxy_comes_first(void **state)
{
	struct place *place = *state;
	char *environment[] = {"http_proxy=http://proxy.example:3128", NULL};

	sandbox_policy_init(&place->policy, SANDBOX_PACKAGES);
	strv_setenv(&place->policy.environment, "http_proxy", "");
	network_init(&place->network, place->path, environment, &place->policy);
	assert_string_equal(strv_getenv(&place->policy.environment, "http_proxy"), "");
}

static void a_program_is_looked_for(void **state)
{
	struct place *place = *state;
	AUTO_FREE char *path = mem_printf("%s/nowhere:%s/bin", place->path, place->path);
	struct err err = {0};

	write_file(place, "bin/there", "", 0755);
	write_file(place, "bin/plain", "", 0644);
	assert_int_equal(network_require_program(path, "there", &err), 0);
	assert_int_equal(err.code, ERR_NONE);
	assert_int_equal(network_require_program(path, "plain", &err), -1);
	assert_int_equal(network_require_program(path, "debootstrap", &err), -1);
	assert_int_equal(err.code, ERR_HOST);
	assert_non_null(strstr(err.text, "apt install debootstrap"));
}

static void a_single_id_is_not_enough(void **state)
{
	struct id_map map = {
		.single = true, .single_reason = "there is no range", .single_remedy = "get one"};
	struct err err = {0};

	(void)state;
	assert_int_equal(network_require_ids(&map, "apt", &err), -1);
	assert_int_equal(err.code, ERR_HOST);
	assert_non_null(strstr(err.text, "apt"));
	assert_non_null(strstr(err.text, "there is no range"));
	assert_non_null(strstr(err.text, "get one"));
	map.single = false;
	assert_int_equal(network_require_ids(&map, "apt", &err), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_host_root_has_name_resolution),
		TEST(a_systree_gets_a_layer_of_ours),
		TEST(only_packages_have_a_policy_for_services),
		TEST(links_are_followed),
		TEST(a_host_without_settings_still_has_itself),
		TEST(files_that_a_policy_has_stay),
		TEST(proxies_of_the_person_are_passed_on),
		TEST(a_steps_own_proxy_comes_first),
		TEST(a_program_is_looked_for),
		cmocka_unit_test(a_single_id_is_not_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
