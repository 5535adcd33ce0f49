/* Which ids a user namespace gets (engine/process/id_map.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/process/id_map.h"

/* A directory with the files subuid and subgid. */
struct files {
	char dir[64];
	char *subuid, *subgid;
};

static int set_up(void **state)
{
	struct files *files = mem_new(sizeof *files);

	strcpy(files->dir, "/tmp/contractor-ids.XXXXXX");
	if (!mkdtemp(files->dir))
		return -1;
	files->subuid = path_join(files->dir, "subuid");
	files->subgid = path_join(files->dir, "subgid");
	*state = files;
	return 0;
}

static int tear_down(void **state)
{
	struct files *files = *state;
	struct err err;
	int result = path_remove_tree(AT_FDCWD, files->dir, &err);

	free(files->subuid);
	free(files->subgid);
	free(files);
	return result;
}

static void write_file(const char *path, const char *text)
{
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
}

/* The map of uid 1000, gid 1001 or of root, with these lines in the files (NULL: no file). */
static struct id_map plan(const struct files *files, uid_t uid, const char *subuid,
			  const char *subgid)
{
	const struct id_map_person person = {.uid = uid,
					     .gid = uid ? 1001 : 0,
					     .name = uid ? "ada" : "root",
					     .subuid = files->subuid,
					     .subgid = files->subgid,
					     .has_helpers = true};
	struct err err = {0};
	struct id_map map;

	if (subuid)
		write_file(files->subuid, subuid);
	if (subgid)
		write_file(files->subgid, subgid);
	if (id_map_plan(&person, &map, &err) < 0)
		fail_msg("%s", err.text);
	return map;
}

static void check_map(const struct id_map *map, const char *expected)
{
	AUTO_BUF struct buf text = BUF_INIT;

	id_map_describe(map, &text);
	assert_string_equal(text.data, expected);
}

static void test_person_with_range(void **state)
{
	struct id_map map =
		plan(*state, 1000, "bob:100000:65536\nada:165536:65536\n", "ada:300000:65535\n");

	check_map(&map, "0 1000 1,1 165536 65535 / 0 1001 1,1 300000 65535");
	assert_false(map.single);
	assert_true(map.by_helper);
	assert_string_equal(map.single_reason, "");
	assert_string_equal(map.single_remedy, "");
	assert_int_equal(id_map_root_uid(&map), 1000);
	assert_int_equal(id_map_root_gid(&map), 1001);
}

/* subuid(5) allows the number instead of the name; what is no such line says nothing. */
static void test_lines(void **state)
{
	struct id_map map = plan(*state, 1000,
				 "# comment\n\nada\nada:x:y\nada:5\n"
				 "adamant:70000:65536\n" /* somebody else */
				 "10001:80000:65536\n"	 /* likewise */
				 "ada:90000:65534\n"	 /* one too small */
				 "ada:0:65536\n"	 /* has the host's root in it */
				 "1000:200000:65536\n"	 /* this one */
				 "ada:400000:65536",
				 "1000:500000:100000");

	check_map(&map, "0 1000 1,1 200000 65535 / 0 1001 1,1 500000 65535");
}

/* One without the other is of no use. */
static void test_person_without_range(void **state)
{
	const struct files *files = *state;
	struct id_map map = plan(files, 1000, "bob:100000:65536\nada:200000:65536\n",
				 "bob:100000:65536\nzoe:300000:70000\n");

	check_map(&map, "0 1000 1 / 0 1001 1");
	assert_true(map.single);
	assert_false(map.by_helper);
	assert_non_null(strstr(map.single_reason, files->subuid));
	assert_non_null(strstr(map.single_reason, "uid 1000"));
	assert_string_equal(map.single_remedy, "sudo usermod --add-subuids 370000-435535 "
					       "--add-subgids 370000-435535 ada");
}

static void test_person_without_files(void **state)
{
	struct id_map map = plan(*state, 1000, NULL, NULL);

	assert_true(map.single);
	assert_string_equal(map.single_remedy, "sudo usermod --add-subuids 100000-165535 "
					       "--add-subgids 100000-165535 ada");
}

static void test_person_without_helpers(void **state)
{
	const struct files *files = *state;
	const struct id_map_person person = {.uid = 1000,
					     .gid = 1001,
					     .name = "ada",
					     .subuid = files->subuid,
					     .subgid = files->subgid};
	struct id_map map;
	struct err err;

	write_file(files->subuid, "ada:100000:65536\n");
	write_file(files->subgid, "ada:100000:65536\n");
	assert_int_equal(id_map_plan(&person, &map, &err), 0);
	assert_true(map.single);
	check_map(&map, "0 1000 1 / 0 1001 1");
	assert_string_equal(map.single_remedy, "sudo apt install uidmap");
}

/* Root has a range of its own, with or without an entry; never 0. */
static void test_root(void **state)
{
	struct id_map map = plan(*state, 0, NULL, NULL);

	check_map(&map, "0 2047934464 65536 / 0 2047934464 65536");
	assert_false(map.single || map.by_helper);
	map = plan(*state, 0, "root:100000:65536\n", NULL);
	check_map(&map, "0 2047934464 65536 / 0 2047934464 65536");
	map = plan(*state, 0, "root:100000:65536\n", "root:200000:65536\n");
	check_map(&map, "0 100000 65536 / 0 200000 65536");
	map = plan(*state, 0, "root:0:65536\n", "root:0:65536\n");
	check_map(&map, "0 2047934464 65536 / 0 2047934464 65536");
}

/* A person may well have the group 0; a step must not get it. */
static void test_group_of_root(void **state)
{
	const struct files *files = *state;
	const struct id_map_person person = {.uid = 1000,
					     .name = "ada",
					     .subuid = files->subuid,
					     .subgid = files->subgid,
					     .has_helpers = true};
	struct id_map map;
	struct err err = {0};

	assert_int_equal(id_map_plan(&person, &map, &err), -1);
	assert_int_equal(err.code, ERR_HOST);
	assert_non_null(strstr(err.text, "group 0"));
}

/* Inside, the same ids again: a nested extent lies within one of the outer map. */
static void test_nested(void **state)
{
	struct id_map map = plan(*state, 1000, "ada:100000:65536\n", "ada:100000:65536\n"), nested;

	id_map_nested(&map, &nested);
	check_map(&nested, "0 0 1,1 1 65535 / 0 0 1,1 1 65535");
	assert_false(nested.by_helper);
	map.single = true;
	id_map_nested(&map, &nested);
	assert_true(nested.single);
}

/* For whoever runs this. */
static void test_find(void **state)
{
	struct id_map map;
	struct err err = {0};

	(void)state;
	assert_int_equal(id_map_find(&map, &err), 0);
	if (geteuid())
		assert_int_equal(id_map_root_uid(&map), getuid());
	else
		assert_true(id_map_root_uid(&map) > 0 && !map.single);
	assert_int_equal(map.single, map.single_reason[0] != '\0');
}

/* The child of test_helper_is_quiet(): standard error is what the helper would write to. */
static int ask_helper(int stderr_fd)
{
	const struct id_map map = {
		.uids = {{0, 12345678, 10}}, .gids = {{0, 12345678, 10}}, .by_helper = true};
	AUTO_CLOSE int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct err err = {0};

	dup2(stderr_fd, STDERR_FILENO);
	dup2(stderr_fd, STDOUT_FILENO);
	return id_map_write(&map, proc_fd, getpid(), &err) == -1 && err.code == ERR_HOST ? 0 : 1;
}

/* A helper that refuses (nobody has these ids) must not write over the screen: we say it. */
static void test_helper_is_quiet(void **state)
{
	AUTO_BUF struct buf printed = BUF_INIT;
	struct err err = {0};
	int ends[2], status;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0)
		_exit(ask_helper(ends[1]));
	close(ends[1]);
	assert_int_equal(buf_read_fd(&printed, ends[0], 10000, "the pipe", &err), 0);
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_string_equal(printed.data, "");
}

/* Root of a container: its sandboxes get ids that the container has, never its 0. */
static void test_root_of_container(void **state)
{
	const struct files *files = *state;
	struct id_map_person person = {.name = "root",
				       .subuid = files->subuid,
				       .subgid = files->subgid,
				       .uids_mapped = 65536,
				       .gids_mapped = 100000};
	struct err err = {0};
	struct id_map map;

	assert_int_equal(id_map_plan(&person, &map, &err), 0);
	check_map(&map, "0 1 65535 / 0 1 65536");
	person.uids_mapped = 1000;
	assert_int_equal(id_map_plan(&person, &map, &err), -1);
	assert_int_equal(err.code, ERR_HOST);
	assert_non_null(strstr(err.text, "uids: 1000, "));
}

/* A text of a map is known as one, and no other. */
static void test_description(void **state)
{
	static const char *const right[] = {
		"0 1000 1 / 0 1001 1",
		"0 1000 1,1 165536 65535 / 0 1001 1,1 300000 65535",
		"0 4294967295 1 / 0 0 0",
	};
	static const char *const wrong[] = {
		"",
		"garbage",
		"0 1000 1",
		"0 1000 1 / ",
		"0 1000 1 / 0 1001",
		"0 1000 1 / 0 1001 x",
		"0 1000 1 / 0 1001 1 ",
		"0 1000 1, / 0 1001 1",
		"0 1000 1/0 1001 1",
		"0 -1000 1 / 0 1001 1",
		"0 4294967296 1 / 0 0 1",
		"0 00000000001 1 / 0 0 1",
		"0 1 1,1 2 1,2 3 1 / 0 0 1",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(right); i++)
		assert_true(id_map_is_description(right[i]));
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_false(id_map_is_description(wrong[i]));
}

#define WITH_FILES(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FILES(test_person_with_range),	 WITH_FILES(test_lines),
		WITH_FILES(test_person_without_range),	 WITH_FILES(test_person_without_files),
		WITH_FILES(test_person_without_helpers), WITH_FILES(test_root),
		WITH_FILES(test_group_of_root),		 WITH_FILES(test_nested),
		WITH_FILES(test_root_of_container),	 cmocka_unit_test(test_find),
		cmocka_unit_test(test_helper_is_quiet),	 cmocka_unit_test(test_description),
	};

	return cmocka_run_group_tests_name("id_map", tests, NULL, NULL);
}
