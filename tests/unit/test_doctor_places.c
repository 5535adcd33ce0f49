/* What the places and the surroundings of a person are found to lack (engine/session/doctor.h). */
#include "tests/unit/doctor_fixture.h"

#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

/* The store. */

struct small {
	const char *dir, *options;
};

/* In a mount namespace of its own: a small file system on a directory. */
static int mount_small(const void *data)
{
	const struct small *small = data;
	char *map = mem_printf("0 %u 1", geteuid());
	int fd;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return -1;
	fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || fd_write_all(fd, map, strlen(map)) < 0)
		return -1;
	fd_close(&fd);
	free(map);
	return mount("small", small->dir, "tmpfs", 0, small->options);
}

/* A file system in memory with this much room. */
static void check_in_memory(struct fixture *fixture, const char *options, enum doctor_status status,
			    const char *text)
{
	const struct small small = {fixture->root, options};

	check_finds_after((struct spoiled){fixture, doctor_check_store, mount_small, &small},
			  status, text, "--store");
}

static void test_store(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *absent = path_join(fixture->root, "a/b");

	check_in_memory(fixture, "mode=700,size=16m", DOCTOR_DEGRADED, "only 16 MiB");
	check_in_memory(fixture, "mode=700,size=40k", DOCTOR_MISSING, "only with 64 KiB");
	check_in_memory(fixture, "mode=700,size=2g,nr_inodes=100", DOCTOR_DEGRADED, "more files");
	check_in_memory(fixture, "mode=700,size=2g,nr_inodes=30000", DOCTOR_DEGRADED, "in memory");
	fixture->host.store_path = absent;
	check_finds(fixture, doctor_check_store, DOCTOR_FINE, "not made yet", NULL);
	fixture->host.store_size = 5 << 20;
	check_finds(fixture, doctor_check_store, DOCTOR_FINE, "5 MiB (store-size)", NULL);
	fixture->host.store_near = "/proc/self/status";
	check_finds(fixture, doctor_check_store, DOCTOR_MISSING, "/proc/self/status", "--store");
}

/* What a build refuses, too. */
static void test_store_of_others(void **state)
{
	struct fixture *fixture = *state;
	AUTO_FREE char *link = path_join(fixture->root, "link");
	AUTO_FREE char *mine = path_join(fixture->root, "mine");
	AUTO_FREE char *remedy = mem_printf("chmod 700 '%s'", fixture->root);

	assert_int_equal(chmod(fixture->root, 0750), 0);
	check_finds(fixture, doctor_check_store, DOCTOR_MISSING, "mode 0750", remedy);
	assert_int_equal(chmod(fixture->root, 0700), 0);
	check_finds(fixture, doctor_check_store, DOCTOR_FINE, fixture->root, NULL);
	assert_int_equal(symlink("/", link), 0);
	fixture->host.store_path = link;
	check_finds(fixture, doctor_check_store, DOCTOR_MISSING, "symbolic link", "--store");
	fixture->host.store_path = "/proc/self/status";
	check_finds(fixture, doctor_check_store, DOCTOR_MISSING, "not a directory", "--store");
	/* Nobody is told to close a directory that is no store. */
	put(fixture, "/mine/thesis.tex", "", 0644);
	fixture->host.store_path = mine;
	assert_int_equal(chmod(mine, 0755), 0);
	check_finds(fixture, doctor_check_store, DOCTOR_MISSING, "not a store", "--store");
	if (geteuid()) {
		fixture->host.store_path = "/";
		check_finds(fixture, doctor_check_store, DOCTOR_MISSING, "user 0", "--store");
	}
}

static void test_artifacts(void **state)
{
	struct fixture *fixture = *state;
	const struct small small = {fixture->root, "size=16m"};

	check_finds(fixture, doctor_check_artifacts, DOCTOR_FINE, fixture->root, NULL);
	check_finds_after((struct spoiled){fixture, doctor_check_artifacts, mount_small, &small},
			  DOCTOR_DEGRADED, "only 16 MiB", "--artifacts");
	fixture->host.artifacts_near = "/proc/self/status";
	check_finds(fixture, doctor_check_artifacts, DOCTOR_DEGRADED, "/proc/self/status",
		    "--artifacts");
}

/* The person's terminal. */

struct screen {
	const char *term;
	unsigned short columns, rows;
};

static int use_terminal(const void *data)
{
	const struct screen *screen = data;
	struct winsize size = {.ws_col = screen->columns, .ws_row = screen->rows};
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	setenv("TERM", screen->term, 1);
	if (!screen->columns)
		return 0;
	if (master < 0 || ioctl(master, TIOCSWINSZ, &size) < 0)
		return -1;
	return dup2(master, STDOUT_FILENO);
}

static void test_terminal(void **state)
{
	static const struct {
		struct screen screen;
		struct doctor_terminal kind;
		enum doctor_status status;
		const char *text, *remedy;
	} cases[] = {
		{{"xterm", 60, 16}, {true, 8}, DOCTOR_FINE, "xterm, 60x16, 8 colours", ""},
		{{"xterm", 0, 0}, {true, 8}, DOCTOR_DEGRADED, "no terminal", "--plain"},
		{{"dumb", 80, 24}, {true, 8}, DOCTOR_DEGRADED, "TERM is dumb", "export TERM"},
		{{"odd", 80, 24}, {false, 0}, DOCTOR_DEGRADED, "TERM is odd", "export TERM"},
		{{"", 80, 24}, {true, 8}, DOCTOR_DEGRADED, "TERM is not set", "export TERM"},
		{{"vt100", 80, 24}, {true, 0}, DOCTOR_DEGRADED, "no colours", "export TERM"},
		{{"xterm", 59, 16}, {true, 8}, DOCTOR_DEGRADED, "59x16", "larger"},
		{{"xterm", 60, 15}, {true, 8}, DOCTOR_DEGRADED, "60x15", "larger"},
	};
	struct fixture *fixture = *state;
	struct spoiled spoiled = {fixture, doctor_check_terminal, use_terminal, NULL};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		fixture->host.terminal = &cases[i].kind;
		spoiled.data = &cases[i].screen;
		check_finds_after(spoiled, cases[i].status, cases[i].text, cases[i].remedy);
	}
}

/* The editor, which may have arguments, and is a path or a name in PATH. */
static void test_editor(void **state)
{
	struct fixture *fixture = *state;

	setenv("PATH", "/nowhere:/usr/bin", 1);
	setenv("VISUAL", "pen --wait", 1);
	check_finds(fixture, doctor_check_editor, DOCTOR_DEGRADED, "no program pen",
		    "export EDITOR");
	put(fixture, "/usr/bin/pen", "", 0755);
	check_finds(fixture, doctor_check_editor, DOCTOR_FINE, "pen --wait", NULL);
	setenv("VISUAL", "/opt/pen", 1);
	check_finds(fixture, doctor_check_editor, DOCTOR_DEGRADED, "no program /opt/pen",
		    "export EDITOR");
	put(fixture, "/opt/pen", "", 0755);
	check_finds(fixture, doctor_check_editor, DOCTOR_FINE, "/opt/pen", NULL);
}

static int use_locale(const void *data)
{
	return setenv("LC_ALL", data, 1);
}

static void test_locale(void **state)
{
	struct spoiled spoiled = {*state, doctor_check_locale, use_locale, "C.UTF-8"};

	check_finds_after(spoiled, DOCTOR_FINE, "UTF-8", "");
	spoiled.data = "C";
	check_finds_after(spoiled, DOCTOR_DEGRADED, "ANSI_X3.4-1968", "C.UTF-8");
	spoiled.data = "xx_XX.nonsense";
	check_finds_after(spoiled, DOCTOR_DEGRADED, "no such locale", "C.UTF-8");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_store),    TEST(test_store_of_others), TEST(test_artifacts),
		TEST(test_terminal), TEST(test_locale),		 TEST(test_editor),
	};

	return cmocka_run_group_tests_name("doctor_places", tests, NULL, NULL);
}
