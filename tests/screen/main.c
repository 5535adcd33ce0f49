/* Runs a test of the screen: screentest FILE.screen
 *
 * The program under test ($CONTRACTOR) is run on a pty, and what it writes is shown by a terminal in
 * memory (ui/term.h). The file says what a person does and sees; its first line, a comment, says
 * what it is a test of. Every check waits until it is so, for $SCREEN_TIMEOUT seconds at most; nothing
 * ever sleeps. Rows and columns are from 1. A text may be put in double quotes. In an empty
 * directory, with an empty home and store, in UTF-8, as an xterm-256color:
 *
 *	size 80x24            the terminal that `run` makes; 80x24 at first
 *	env NAME=VALUE        or NAME alone, to unset it
 *	spec [NAME] <<END     test.yaml, and systree.tar: busybox, as examples/hello/make-systree.sh packs it
 *	file NAME <<END       a file; `program NAME` one that can be run
 *	sh LINE               a line of sh(1), beside the screen; it must succeed. Also with <<END. $ROOT
 *	                      is where the sources are
 *	until LINE            the same, again and again until it succeeds
 *	run [LINE]            `contractor test.yaml`, or this; $MARK is a word that no other test has
 *
 *	switch                from here on a second screen is meant, until `switch` comes again
 *
 *	press n F5 Ctrl-] Up  keys, as ui/key.h writes them; a key right behind Esc is one with Alt
 *	type TEXT             characters as they are; also with <<END
 *	command LINE          a line at ":", and Enter
 *	paste TEXT            as the terminal pastes; also with <<END
 *	click ROW COLUMN      the first button; wheel up|down ROW COLUMN
 *	resize 60x16          the terminal gets another size; storm COUNT: many sizes, at once
 *	signal TERM           to the program; hang-up: the terminal is closed
 *
 *	wait TEXT             it is somewhere on the screen
 *	gone TEXT             it is nowhere
 *	row N PATTERN         the whole row N, where * is any text
 *	screen <<END          the whole screen, row by row, each a pattern
 *	style TEXT | WORDS    how TEXT's first character looks: bold dim italic underline blink reverse
 *	                      strike, fg=red bg=208 fg=#rrggbb; !bold and fg!=default: not so
 *	exit STATUS           the program has ended, with 128 and its number if a signal did it
 *	stopped               it is stopped, as by ^Z
 *	restored              the terminal is as before: its modes, and all that a program can turn on
 *	wrote TEXT            these bytes are in what it has written; wrote-no TEXT: they are not
 *	wrote-less BYTES      so far
 *
 *	also-as-user          tests/run.sh runs it as an ordinary user, too
 *
 * Prints "ok screen/NAME: WHAT (LABEL)", or "not ok ..." with the place and the screen.
 */
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/mem.h"
#include "engine/base/path.h"
#include "tests/screen/screentest.h"

enum { TIMEOUT_S = 60 };

/* --- the surroundings */

static void set_in_directory(const struct test *test, const char *name, const char *below)
{
	AUTO_FREE char *path = mem_printf("%s/%s", test->directory, below);

	setenv(name, path, 1);
}

/* $CONTRACTOR is found first by its name. */
static void set_path(void)
{
	const char *program = getenv("CONTRACTOR");
	AUTO_FREE char *directory = path_dirname(program ? program : "build/contractor");
	AUTO_FREE char *full = realpath(directory, NULL);
	AUTO_FREE char *path = mem_printf("%s:%s", full ? full : directory, getenv("PATH"));

	setenv("PATH", path, 1);
}

static void set_surroundings(const struct test *test)
{
	static const char *const unset[] = {"XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME",
					    "NO_COLOR",	      "VISUAL",		 "EDITOR",
					    "LANG",	      "COLUMNS",	 "LINES"};
	AUTO_FREE char *asan = mem_printf("log_path=%s/sanitizer:exitcode=99", test->directory);
	AUTO_FREE char *ubsan =
		mem_printf("log_path=%s/sanitizer:print_stacktrace=1", test->directory);

	for (size_t i = 0; i < ARRAY_SIZE(unset); i++)
		unsetenv(unset[i]);
	setenv("LC_ALL", "C.UTF-8", 1);
	setenv("TERM", "xterm-256color", 1);
	setenv("ASAN_OPTIONS", asan, 1);
	setenv("UBSAN_OPTIONS", ubsan, 1);
	setenv("MARK", path_basename(test->directory), 1);
	setenv("ROOT", test->root, 1);
	set_in_directory(test, "HOME", "home");
	set_in_directory(test, "CONTRACTOR_STORE", "store");
	set_path();
}

/* Where the sources are: what is in front of tests/ in the test's name. */
static char *find_root(const char *path)
{
	AUTO_FREE char *full = realpath(path, NULL);
	char *tests = full ? strstr(full, "/tests/screen/") : NULL;

	if (!tests)
		return mem_strdup(".");
	return mem_strndup(full, (size_t)(tests - full));
}

static int make_directory(struct test *test, struct err *err)
{
	const char *parent = getenv("TMPDIR");
	AUTO_FREE char *template = mem_printf("%s/screen.XXXXXX", parent ? parent : "/tmp");
	AUTO_FREE char *work = NULL, *home = NULL;

	if (!mkdtemp(template))
		return err_sys(err, "cannot make the directory '%s'", template);
	test->directory = mem_strdup(template);
	work = path_join(test->directory, "work");
	home = path_join(test->directory, "home");
	if (path_make_dirs(work, 0755, err) < 0)
		return -1;
	return path_make_dirs(home, 0755, err);
}

/* What steps wrote may belong to other ids, so the program removes its store. */
static void clean_up(struct test *test)
{
	AUTO_FREE char *line = mem_printf("contractor store remove --all\n"
					  "chmod -R u+rwX '%s'; rm -rf '%s'",
					  test->directory, test->directory);
	AUTO_BUF struct buf output = BUF_INIT;
	struct err err;
	int status;

	if (test_shell(test, line, &status, &output, &err) < 0 || status != 0)
		printf("# cannot remove %s\n", test->directory);
	free(test->directory);
}

/* --- the statements */

static const struct statement_type *find_type(const struct statement_type *types, const char *word)
{
	while (types->word && strcmp(types->word, word) != 0)
		types++;
	return types->word ? types : NULL;
}

static int run_statement(struct test *test, const struct statement *statement, struct err *err)
{
	const struct statement_type *type = find_type(actions, statement->word);

	if (!type)
		type = find_type(checks, statement->word);
	if (!type)
		return err_set(err, ERR_USAGE, "unknown statement");
	if ((type->body == BODY_NONE && statement->body) ||
	    (type->body == BODY_MUST && !statement->body))
		return err_set(err, ERR_USAGE, "%s",
			       statement->body ? "it can have no body" : "expected a body: <<END");
	if (type->on_screen && !test->display)
		return err_set(err, ERR_USAGE, "nothing runs: `run` comes first");
	return type->run(test, statement->rest, statement->body, err);
}

static int run_all(struct test *test, const char *path, const struct script *script,
		   struct err *err)
{
	for (size_t i = 0; i < script->len; i++) {
		const struct statement *statement = script->statements + i;

		if (!strcmp(statement->word, "also-as-user"))
			continue;
		if (run_statement(test, statement, err) < 0)
			return err_in(err, "%s:%d: %s %s", path_basename(path), statement->line,
				      statement->word, statement->rest);
	}
	return 0;
}

/* A sanitizer that complained, of the program or one of its children, is a failure. */
static int check_sanitizers(struct test *test, struct err *err)
{
	AUTO_BUF struct buf output = BUF_INIT;
	int status;

	if (test_shell(test, "cat ../sanitizer.* 2>/dev/null", &status, &output, err) < 0)
		return -1;
	return output.len ? err_set(err, ERR_STEP, "%s", output.data) : 0;
}

/* --- the result */

/* Lines behind "# ". */
static void print_comment(const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		printf("# %.*s\n", (int)length, text);
		text += length + (text[length] == '\n');
	}
}

static void print_result(struct test *test, const char *path, const char *title,
			 const struct err *failure)
{
	const char *label = getenv("TEST_LABEL"), *name = path_basename(path);
	int length = (int)strcspn(name, ".");

	printf("%s screen/%.*s: %s%s%s%s\n", failure ? "not ok" : "ok", length, name,
	       title ? title : "", label && *label ? " (" : "", label ? label : "",
	       label && *label ? ")" : "");
	if (failure) {
		print_comment(failure->text);
		if (test->display)
			display_print(test->display);
	}
}

static int run_test(struct test *test, const char *path, struct err *err)
{
	struct script script = {0};
	int result = script_read(path, &script, err);

	if (result == 0)
		result = make_directory(test, err);
	if (result == 0) {
		set_surroundings(test);
		result = run_all(test, path, &script, err);
	}
	if (result == 0)
		result = check_sanitizers(test, err);
	print_result(test, path, script.title, result < 0 ? err : NULL);
	display_free(take_ptr(&test->display));
	display_free(take_ptr(&test->other));
	if (test->directory)
		clean_up(test);
	script_release(&script);
	return result;
}

int main(int argc, char **argv)
{
	const char *seconds = getenv("SCREEN_TIMEOUT");
	struct test test = {.columns = 80, .rows = 24};
	AUTO_FREE char *root = NULL;
	struct err err;
	int result;

	if (argc != 2) {
		fprintf(stderr, "usage: screentest FILE.screen\n");
		return 2;
	}
	setlocale(LC_ALL, "C.UTF-8");
	signal(SIGPIPE, SIG_IGN);
	root = find_root(argv[1]);
	test.root = root;
	test.timeout_ms = 1000 * (seconds ? atoi(seconds) : TIMEOUT_S);
	test.loop = loop_new();
	result = run_test(&test, argv[1], &err);
	loop_free(test.loop);
	return result < 0;
}
