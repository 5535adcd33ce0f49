/* spec_edit.h: the text of a step, replacing it, and writing the file. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "engine/spec/spec_edit.h"
#include "tests/unit/spec_fixture.h"

#define HEAD "name: x\nactions:\n"

/* Checks the text of step number of a valid spec, and the file after it is replaced by text
 * (NULL: only the first). */
static void expect(const char *file, size_t number, const char *shown, const char *text,
		   const char *expected)
{
	AUTO_BUF struct buf found = BUF_INIT;
	struct spec *spec = fixture_parse(file, strlen(file), NULL, &found);
	const struct step *step = spec->steps + number - 1;
	struct err err = {0};

	assert_string_equal(found.data, "");
	spec_edit_text(spec, step, &found);
	assert_string_equal(found.data, shown);
	assert_int_equal(spec_edit_replace(spec, step, shown, strlen(shown), &found, &err), 0);
	assert_string_equal(found.data, file);
	if (text) {
		assert_int_equal(spec_edit_replace(spec, step, text, strlen(text), &found, &err),
				 0);
		assert_string_equal(found.data, expected);
	}
	spec_free(spec);
}

static void test_blocks(void **state)
{
	(void)state;
	expect(HEAD "  # a\n  - action: copy # b\n    from: x\n  # c\n  - action: shell\n"
		    "    shell: |\n      if x\n        y\n\n      z\n\n# d\n",
	       2, "action: shell\nshell: |\n  if x\n    y\n\n  z\n",
	       "# new\naction: apt\n\npackages:\n- x\n",
	       HEAD
	       "  # a\n  - action: copy # b\n    from: x\n  # c\n  - # new\n    action: apt\n\n"
	       "    packages:\n    - x\n\n# d\n");
	expect(HEAD "-   action: copy\n    from: x\n- action: empty-workspace", 1,
	       "action: copy\nfrom: x\n", "action: copy\nfrom: y",
	       HEAD "-   action: copy\n    from: y\n- action: empty-workspace");
	expect(HEAD "- action: empty-workspace", 1, "action: empty-workspace\n",
	       "\n \naction: copy\r\nfrom: y\n", HEAD "- action: copy\n  from: y\n");
	expect(HEAD "-\n     action: copy\n     from: x\n", 1, "action: copy\nfrom: x\n",
	       "action: copy\nfrom: y\n", HEAD "- action: copy\n  from: y\n");
	expect(HEAD "-  # c\n  limits:\n   time: 1\n  action: apt\n  upgrade: true\n", 1,
	       "# c\nlimits:\n time: 1\naction: apt\nupgrade: true\n",
	       "# c\nlimits:\n time: 2\naction: apt\nupgrade: true\n",
	       HEAD "-  # c\n   limits:\n    time: 2\n   action: apt\n   upgrade: true\n");
}

static void test_anchors_and_aliases(void **state)
{
	static const char file[] = HEAD "- &a # c\n  action: copy\n  from: x\n- *a # d\n- &b "
					"{action: copy,\n  from: x}\n";

	(void)state;
	expect(file, 1, "&a # c\naction: copy\nfrom: x\n", "&a\naction: copy\nfrom: y\n",
	       HEAD "- &a\n  action: copy\n  from: y\n- *a # d\n- &b {action: copy,\n  from: x}\n");
	expect(file, 2, "*a # d\n", "action: copy\nfrom: y\n",
	       HEAD "- &a # c\n  action: copy\n  from: x\n- action: copy\n  from: y\n- &b "
		    "{action: copy,\n  from: x}\n");
	expect(file, 3, "&b {action: copy,\nfrom: x}\n", NULL, NULL);
}

static void test_flow(void **state)
{
	static const char file[] =
		"name: x\nactions: [{action: copy, from: \xc3\xa9}, {action: copy,\n from: y},]\n";

	(void)state;
	expect(file, 1, "{action: copy, from: \xc3\xa9}\n", "{action: empty-workspace}\n",
	       "name: x\nactions: [{action: empty-workspace}, {action: copy,\n from: y},]\n");
	expect(file, 2, "{action: copy,\n from: y}\n", "{action: copy,\nfrom: z}",
	       "name: x\nactions: [{action: copy, from: \xc3\xa9}, {action: copy,\nfrom: z},]\n");
}

static void test_line_ends_and_bytes(void **state)
{
	(void)state;
	expect("name: x\r\nactions:\r\n-\r\n  # c\r\n   # d\r\n  action: copy\r\n  from: x\r\n", 1,
	       "# c\n # d\naction: copy\nfrom: x\n",
	       "\xef\xbb\xbf"
	       "action: empty-workspace\n",
	       "name: x\r\nactions:\r\n- action: empty-workspace\r\n");
	expect("\xef\xbb\xbfname: x\r\nactions:\r\n- action: shell\r\n  shell: |\r\n    "
	       "\xc3\xa9\r\n"
	       "# \xc3\xa9\r\n",
	       1, "action: shell\nshell: |\n  \xc3\xa9\n",
	       "action: shell\nshell: |\n  a\n  \xe2\x82\xac\n",
	       "\xef\xbb\xbfname: x\r\nactions:\r\n- action: shell\r\n  shell: |\r\n    a\r\n"
	       "    \xe2\x82\xac\r\n# \xc3\xa9\r\n");
}

/* Checks that a text is refused for the first step of file. */
static void expect_refused(const char *file, const char *text, const char *message)
{
	AUTO_BUF struct buf found = BUF_INIT;
	struct spec *spec = fixture_parse(file, strlen(file), NULL, &found);
	struct err err = {0};

	assert_string_equal(found.data, "");
	assert_int_equal(spec_edit_replace(spec, spec->steps, text, strlen(text), &found, &err),
			 -1);
	assert_string_equal(found.data, "");
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(err.text, message);
	spec_free(spec);
}

static void test_refused(void **state)
{
	static const char block[] =
		HEAD "- action: empty-workspace\n- action: copy\n  from: \"x\"\n";
	static const char flow[] = "name: x\nactions: [{action: empty-workspace}]\n";
	static const char in_braces[] =
		"this step stands in [ ]: its text must be one mapping in { }";

	(void)state;
	expect_refused(block, "", "the step's text is empty");
	expect_refused(block, "\n# only\n", "the step's text is empty");
	expect_refused(block, "action: shell\nshell: \"x\n",
		       "line 3 of the step's text: found unexpected end of stream (while scanning "
		       "a quoted scalar that begins in line 2)");
	expect_refused(
		block, "action: shell\n\tshell: x\n",
		"line 2 of the step's text: a tab cannot stand here: YAML is indented by blanks");
	expect_refused(
		block, "action: x\n---\naction: y\n",
		"line 2 of the step's text: a second document begins here; only one is read");
	expect_refused(block, "action: \xff\n",
		       "line 1 of the step's text: this is not valid UTF-8");
	expect_refused(flow, "action: copy\nfrom: x\n", in_braces);
	expect_refused(flow, "[a]", in_braces);
	expect_refused(flow, "{action: copy} # }", in_braces);
	expect_refused(flow, " {action: copy}", in_braces);
}

static int enter_directory(void **state)
{
	char *directory = mem_strdup("/tmp/test_spec_edit-XXXXXX");

	*state = directory;
	return mkdtemp(directory) && !chdir(directory) ? 0 : -1;
}

static int leave_directory(void **state)
{
	AUTO_FREE char *directory = *state;
	struct err err;

	return chdir("/") || path_remove_tree(-1, directory, &err);
}

static void write_file(const char *path, const char *text)
{
	AUTO_FCLOSE FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fputs(text, file) >= 0, 1);
}

static void expect_file(const char *path, const char *text)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	AUTO_BUF struct buf found = BUF_INIT;
	struct err err;

	assert_int_equal(buf_read_fd(&found, fd, 1000, path, &err), 0);
	assert_string_equal(found.data, text);
}

static const char old_text[] = HEAD "- action: empty-workspace\n";

/* The spec in the file at path, which is made new. */
static struct spec *load(const char *path)
{
	struct spec_options options = {.schemas = fixture_schemas};
	struct diagnostics diagnostics = {0};
	struct spec *spec;
	struct err err;

	write_file(path, old_text);
	assert_int_equal(spec_load(path, &options, &spec, &diagnostics, &err), 0);
	assert_int_equal(diagnostics.len, 0);
	return spec;
}

static void test_write(void **state)
{
	struct spec *spec;
	struct stat status;
	struct err err;

	(void)state;
	assert_int_equal(mkdir("dir", 0777), 0);
	assert_int_equal(symlink("dir/spec", "link"), 0);
	spec = load("link");
	assert_int_equal(chmod("dir/spec", 0640), 0);
	assert_int_equal(spec_edit_write(spec, "new\n", 4, &err), 0);
	expect_file("dir/spec", "new\n");
	assert_int_equal(lstat("link", &status), 0);
	assert_true(S_ISLNK(status.st_mode));
	assert_int_equal(stat("link", &status), 0);
	assert_int_equal(status.st_mode & 07777, 0640);
	assert_int_equal(unlink("dir/spec"), 0);
	assert_int_equal(rmdir("dir"), 0); /* nothing else was left in it */
	spec_free(spec);
}

static void test_owner_is_kept(void **state)
{
	struct spec *spec = load("owned");
	struct stat status;
	struct err err;

	(void)state;
	if (chown("owned", 12, 34) < 0) {
		spec_free(spec);
		skip();
	}
	assert_int_equal(chmod("owned", 04755), 0);
	assert_int_equal(spec_edit_write(spec, "new\n", 4, &err), 0);
	assert_int_equal(stat("owned", &status), 0);
	assert_int_equal(status.st_uid, 12);
	assert_int_equal(status.st_gid, 34);
	assert_int_equal(status.st_mode & 07777, 04755);
	spec_free(spec);
}

static void test_changed_file(void **state)
{
	struct spec *spec = load("changed");
	struct err err = {0};

	(void)state;
	write_file("changed", HEAD "- action: Empty-workspace\n"); /* as long as before */
	assert_int_equal(spec_edit_write(spec, "new\n", 4, &err), -1);
	assert_int_equal(err.code, ERR_STEP);
	assert_string_equal(err.text, "changed changed on disk since it was read; read it again "
				      "before writing");
	expect_file("changed", HEAD "- action: Empty-workspace\n");
	assert_int_equal(unlink("changed"), 0);
	err.code = ERR_NONE;
	assert_int_equal(spec_edit_write(spec, "new\n", 4, &err), -1);
	assert_int_equal(err.code, ERR_STEP);
	assert_int_equal(access("changed", F_OK), -1);
	assert_int_equal(symlink("/dev/zero", "changed"), 0);
	err.code = ERR_NONE;
	assert_int_equal(spec_edit_write(spec, "new\n", 4, &err), -1);
	assert_int_equal(err.code, ERR_STEP);
	spec_free(spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks),	      cmocka_unit_test(test_anchors_and_aliases),
		cmocka_unit_test(test_flow),	      cmocka_unit_test(test_line_ends_and_bytes),
		cmocka_unit_test(test_refused),	      cmocka_unit_test(test_write),
		cmocka_unit_test(test_owner_is_kept), cmocka_unit_test(test_changed_file),
	};

	return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}
