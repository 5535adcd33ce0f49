/* The host's mirror, from both formats of sources.list(5) (engine/actions/apt_sources.h). */
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

#include "engine/actions/apt_sources.h"
#include "engine/base/mem.h"
#include "engine/base/path.h"

/* A host with apt/ and suites/, which knows the suites of two distributions. */
struct place {
	char path[64];
	char *apt, *suites;
};

static void write_file(const struct place *place, const char *name, const char *text)
{
	AUTO_FREE char *path = path_join(place->path, name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void add_suite(const struct place *place, const char *suite, const char *target)
{
	AUTO_FREE char *path = path_join(place->suites, suite);

	assert_int_equal(symlink(target, path), 0);
}

static int set_up(void **state)
{
	struct place *place = mem_new(sizeof *place);
	AUTO_FREE char *parts = NULL;

	strcpy(place->path, "/tmp/contractor-apt.XXXXXX");
	if (!mkdtemp(place->path))
		return -1;
	place->apt = path_join(place->path, "apt");
	place->suites = path_join(place->path, "suites");
	parts = path_join(place->apt, "sources.list.d");
	if (mkdir(place->apt, 0700) < 0 || mkdir(parts, 0700) < 0 || mkdir(place->suites, 0700) < 0)
		return -1;
	write_file(place, "suites/sid", "");
	write_file(place, "suites/gutsy", "");
	add_suite(place, "bookworm", "sid");
	add_suite(place, "trixie", "sid");
	add_suite(place, "jammy", "gutsy");
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	struct err err = {0};
	int result = path_remove_tree(AT_FDCWD, place->path, &err);

	free(place->apt);
	free(place->suites);
	free(place);
	return result;
}

/* expected may be NULL: there is none. */
static void expect_mirror(const struct place *place, const char *suite, const char *expected)
{
	AUTO_FREE char *mirror = apt_sources_mirror(place->apt, place->suites, suite);

	if (expected)
		assert_non_null(mirror);
	assert_string_equal(mirror ? mirror : "none", expected ? expected : "none");
}

static void expect_of_lines(const struct place *place, const char *text, const char *expected)
{
	write_file(place, "apt/sources.list", text);
	expect_mirror(place, "bookworm", expected);
}

static void a_host_without_apt_has_none(void **state)
{
	struct place *place = *state;
	AUTO_FREE char *nowhere = path_join(place->path, "nowhere");
	AUTO_FREE char *mirror = apt_sources_mirror(nowhere, nowhere, "bookworm");

	assert_null(mirror);
	expect_mirror(place, "bookworm", NULL);
}

static void lines_are_read(void **state)
{
	const struct place *place = *state;

	expect_of_lines(place, "deb http://a.example/debian bookworm main\n",
			"http://a.example/debian");
	expect_of_lines(place, "  deb\thttps://a.example/debian/  bookworm  contrib main # note",
			"https://a.example/debian");
	expect_of_lines(place,
			"deb [ arch=amd64 signed-by=/k ] http://a.example/debian bookworm main\n",
			"http://a.example/debian");
	expect_of_lines(place, "deb [arch=amd64] http://a.example/debian bookworm main\n",
			"http://a.example/debian");
}

static void lines_that_are_no_main_archive_are_left_out(void **state)
{
	static const char *const lines[] = {
		"# deb http://a.example/debian bookworm main\n",
		"deb-src http://a.example/debian bookworm main\n",
		"deb http://a.example/debian bookworm contrib\n",
		"deb http://a.example/debian-security bookworm main\n",
		"deb http://security.a.example/debian bookworm main\n",
		"deb http://me:secret@a.example/debian bookworm main\n",
		"deb http://a.example/$(ARCH)/debian bookworm main\n",
		"deb cdrom:[Debian]/ bookworm main\n",
		"deb file:/srv/debian bookworm main\n",
		"deb mirror+http://a.example/debian bookworm main\n",
		"deb http://a.example/packages ./\n",
		"deb http://a.example/packages trixie main\n",
		"deb http://a.example/debian",
		"deb [arch=amd64\n",
		"deb\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		expect_of_lines(*state, lines[i], NULL);
}

static void the_first_archive_with_the_suite_counts(void **state)
{
	expect_of_lines(*state,
			"deb http://a.example/debian trixie main\n"
			"deb http://b.example/debian bookworm main\n"
			"deb http://c.example/debian bookworm main\n",
			"http://b.example/debian");
}

static void a_strangers_repository_comes_after_the_archive(void **state)
{
	expect_of_lines(*state,
			"deb http://tool.example/apt bookworm main\n"
			"deb http://b.example/debian bookworm main\n",
			"http://b.example/debian");
	expect_of_lines(*state, "deb http://cache.example/remote bookworm main\n",
			"http://cache.example/remote");
}

static void another_suite_of_the_same_distribution_will_do(void **state)
{
	const struct place *place = *state;

	expect_of_lines(place, "deb http://a.example/debian trixie main\n",
			"http://a.example/debian");
	expect_mirror(place, "jammy", NULL);
	expect_mirror(place, "unknown", NULL);
	expect_of_lines(place,
			"deb http://a.example/debian unheard-of main\n"
			"deb http://b.example/debian ../suites/trixie main\n",
			NULL);
}

static void stanzas_are_read(void **state)
{
	const struct place *place = *state;

	write_file(place, "apt/sources.list.d/debian.sources",
		   "# the archive\n"
		   "Types: deb-src\n"
		   "URIs: http://s.example/debian\n"
		   "Suites: bookworm\n"
		   "Components: main\n"
		   "\n"
		   "types: deb-src deb\n"
		   "URIs: cdrom:x\n"
		   "# in between\n"
		   " http://a.example/debian/\n"
		   "Suites:\n"
		   "\tbookworm-updates\n"
		   " bookworm\n"
		   "Signed-By:\n"
		   " -----BEGIN PGP PUBLIC KEY BLOCK-----\n"
		   " .\n"
		   "COMPONENTS: main contrib");
	expect_mirror(place, "bookworm", "http://a.example/debian");
}

static void stanzas_that_are_switched_off_are_left_out(void **state)
{
	const struct place *place = *state;

	write_file(place, "apt/sources.list.d/debian.sources",
		   "Enabled: no\nTypes: deb\nURIs: http://a.example/debian\nSuites: bookworm\n"
		   "Components: main\n"
		   "\t \n"
		   "Types: deb\nURIs: http://b.example/debian\nSuites: bookworm\n"
		   "Components: contrib\n"
		   "\n"
		   "Enabled: yes\nTypes: deb\nURIs: http://c.example/debian\nSuites: bookworm\n"
		   "Components: main\n");
	expect_mirror(place, "bookworm", "http://c.example/debian");
}

static void an_empty_stanza_is_nothing(void **state)
{
	const struct place *place = *state;

	write_file(place, "apt/sources.list.d/debian.sources",
		   "Types: deb\nURIs: http://a.example/debian\nComponents: main\n");
	expect_mirror(place, "bookworm", NULL);
	write_file(place, "apt/sources.list.d/debian.sources", "\n\n: x\n\n");
	expect_mirror(place, "bookworm", NULL);
}

static void files_are_read_in_apts_order(void **state)
{
	const struct place *place = *state;

	for (char letter = 'z'; letter > 'b'; letter--) {
		AUTO_FREE char *name = mem_printf("apt/sources.list.d/%c.list", letter);
		AUTO_FREE char *line =
			mem_printf("deb http://%c.example/debian bookworm main\n", letter);

		write_file(place, name, line);
	}
	expect_mirror(place, "bookworm", "http://c.example/debian");
	write_file(place, "apt/sources.list.d/b.sources",
		   "Types: deb\nURIs: http://b.example/debian\nSuites: bookworm\n"
		   "Components: main\n");
	write_file(place, "apt/sources.list.d/a.list.save",
		   "deb http://a.example/debian bookworm main\n");
	expect_mirror(place, "bookworm", "http://b.example/debian");
	write_file(place, "apt/sources.list", "deb http://z.example/debian bookworm main\n");
	expect_mirror(place, "bookworm", "http://z.example/debian");
}

static void what_is_no_file_is_left_out(void **state)
{
	const struct place *place = *state;
	AUTO_FREE char *fifo = path_join(place->apt, "sources.list.d/a.list");
	AUTO_FREE char *dir = path_join(place->apt, "sources.list.d/b.list");

	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(mkdir(dir, 0700), 0);
	expect_of_lines(place, "deb http://a.example/debian bookworm main\n",
			"http://a.example/debian");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_host_without_apt_has_none),
		TEST(lines_are_read),
		TEST(lines_that_are_no_main_archive_are_left_out),
		TEST(the_first_archive_with_the_suite_counts),
		TEST(a_strangers_repository_comes_after_the_archive),
		TEST(another_suite_of_the_same_distribution_will_do),
		TEST(stanzas_are_read),
		TEST(stanzas_that_are_switched_off_are_left_out),
		TEST(an_empty_stanza_is_nothing),
		TEST(files_are_read_in_apts_order),
		TEST(what_is_no_file_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
