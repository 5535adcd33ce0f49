#include "ui/problems.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/mem.h"

/* One kind of line. */
struct row {
	const char *name;
	const char *needle; /* is in each such line; looked for first, since it is much quicker */
	const char *line;   /* POSIX extended regular expression */
	const char *unless; /* the same: a line that has it is none; or NULL */
	const char *example, *counterexample;
};

static const struct row rows[] = {
	{"gcc and clang", "error: ", "^[^:]+:[0-9]+(:[0-9]+)?: (fatal |internal compiler )?error: ",
	 NULL, "src/main.c:12:5: error: expected ';' before '}' token",
	 "src/main.c:12:5: warning: error: is no good name"},
	{"a compiler's driver", "error: ",
	 "^([a-z0-9_]+-)*(gcc|g\\+\\+|cc1|cc1plus|clang|clang\\+\\+|collect2|ld|ld\\.lld|lto1)"
	 "(-[0-9.]+)?: (fatal )?error: ",
	 NULL, "x86_64-linux-gnu-gcc-12: fatal error: no input files", "checking gcc error: none"},
	{"linker: undefined", "undefined reference to ", ": undefined reference to ", NULL,
	 "/usr/bin/ld: main.c:(.text+0x9): undefined reference to `f'",
	 "we count each undefined reference to a page"},
	{"linker: defined twice", "multiple definition of ", ": multiple definition of ", NULL,
	 "/usr/bin/ld: b.o:(.data+0x0): multiple definition of `x'; a.o: first defined here",
	 "there is a multiple definition of terms"},
	{"linker: no library", "cannot find ", "(^|/|-)ld(\\.[a-z]+)?: cannot find ", NULL,
	 "/usr/bin/ld: cannot find -lfoo: No such file or directory", "world: cannot find it"},
	{"make", "*** ", "^([^ ]*/)?(g|re|bsd)?make(\\[[0-9]+\\])?: \\*\\*\\* ", NULL,
	 "make[2]: *** [Makefile:10: all] Error 2", "*** make a wish ***"},
	{"make: a Makefile's line", "*** ", "^[^ :]+:[0-9]+: \\*\\*\\* ", NULL,
	 "Makefile:3: *** missing separator.  Stop.", "at 12:30: *** a banner ***"},
	{"ninja", "ninja: ", "^ninja: (error|fatal|build stopped): ", NULL,
	 "ninja: build stopped: subcommand failed.", "ninja: Entering directory `build'"},
	{"ninja: a command", "FAILED: ", "^FAILED: ", NULL, "FAILED: src/main.c.o",
	 "How many FAILED: 0"},
	{"cmake", "CMake Error", "^CMake Error( |:|$)", NULL,
	 "CMake Error at CMakeLists.txt:4 (find_package):", "see CMakeFiles/CMakeError.log"},
	{"meson", "ERROR: ", "^[^ :]+:[0-9]+:[0-9]+: ERROR: ", NULL,
	 "meson.build:7:0: ERROR: Dependency \"foo\" not found", "grep ERROR: of meson.build:7:0"},
	{"configure", "configure: error: ", "^(.*/)?configure: error: ", NULL,
	 "configure: error: no acceptable C compiler found in $PATH",
	 "what to do about configure: error: see below"},
	{"shell", "not found", "^[^: ]+: ((line )?[0-9]+: )?[^:]+: (command )?not found$", NULL,
	 "/bin/sh: 1: frobnicate: not found", "checking for ncurses: not found"},
	{"python", "Traceback ", "^ *Traceback \\(most recent call last\\):", NULL,
	 "Traceback (most recent call last):", "The Traceback (most recent call last): is above"},
	{"rust", "error", "^error(\\[E[0-9]+\\])?: ", NULL,
	 "error[E0425]: cannot find value `x` in this scope", "an error: is what this is not"},
	{"rust: panic", "panicked at ", "^thread '.*' (\\([0-9]+\\) )?panicked at ", NULL,
	 "thread 'main' panicked at src/main.rs:2:5:", "they panicked at the sight"},
	{"go: compiler", ".go:", "^[^ :]+\\.go:[0-9]+:[0-9]+: ", NULL,
	 "./main.go:5:2: undefined: x", "see main.go:5:2: for more"},
	{"go: panic", "panic: ", "^panic: ", NULL, "panic: runtime error: index out of range",
	 "no panic: all is well"},
	{"go: test", "--- FAIL: ", "^ *--- FAIL: ", NULL, "--- FAIL: TestSum (0.00s)",
	 "+++ --- FAIL: of a diff"},
	{"pytest: summary", "::", "^(FAILED|ERROR) [^ ]+::", NULL,
	 "FAILED tests/test_sum.py::test_add - assert 1 == 2",
	 "PASSED tests/test_sum.py::test_FAILED"},
	{"pytest: a test", "::", "^[^ ]+::[^ ]+ (FAILED|ERROR)( |$)", NULL,
	 "tests/test_sum.py::test_add FAILED                    [ 50%]",
	 "tests/test_sum.py::test_add PASSED                    [ 50%]"},
	{"ctest", "***",
	 "^ *[0-9]+/[0-9]+ Test +#[0-9]+: .*\\*\\*\\*(Failed|Exception|Timeout|Not Run)", NULL,
	 " 3/10 Test  #3: unit/sum .........***Failed    0.01 sec",
	 " 3/10 Test  #3: unit/sum .........   Passed    0.01 sec"},
	{"TAP", "not ok", "^ *not ok( |$)", "# *([Tt][Oo][Dd][Oo]|[Ss][Kk][Ii][Pp])",
	 "not ok 3 - adds numbers", "not ok 4 - divides # TODO by zero"},
	{"automake", "FAIL: ", "^FAIL: ", NULL, "FAIL: test-sum.sh", "# FAIL:  0"},
	{"automake: error", "ERROR: ", "^ERROR: ", NULL, "ERROR: test-sum.sh - exited 99",
	 "# ERROR: 0"},
	{"apt and debootstrap", "E: ", "^E: ", NULL, "E: Unable to locate package frobnicate",
	 "W: The key is old, see E: there"},
	{"dpkg", "error", "^dpkg[a-z-]*: ([a-z ]+ )?error[ :,]", NULL,
	 "dpkg: error processing package foo (--configure):", "dpkg: warning: an error: was seen"},
	{"git", "fatal: ", "^fatal: ", NULL,
	 "fatal: unable to access 'https://example.org/': Could not resolve host",
	 "this is not fatal: go on"},
	{"npm", "npm ERR! ", "^npm ERR! ", NULL, "npm ERR! code ELIFECYCLE", "try npm ERR! once"},
	{"npm: since 10", "npm error ", "^npm error ", NULL, "npm error code 1",
	 "read npm error codes"},
	{"maven and gradle", "[ERROR]", "^\\[ERROR\\] ", NULL,
	 "[ERROR] COMPILATION ERROR :", "[INFO] no [ERROR] seen"},
	{"assertion", "Assertion ", ": Assertion `.*' failed\\.$", NULL,
	 "sum: sum.c:9: main: Assertion `x == 1' failed.", "checking Assertion `x' of all"},
	{"crash", "Segmentation fault", "Segmentation fault( \\(core dumped\\))?$", NULL,
	 "Segmentation fault (core dumped)", "Segmentation fault handling is tested next"},
	{"sanitizers", "==ERROR: ", "^==[0-9]+==ERROR: ", NULL,
	 "==42==ERROR: AddressSanitizer: heap-use-after-free", "grep ==ERROR: in the log"},
};

struct problems {
	struct {
		regex_t line, unless;
	} compiled[ARRAY_SIZE(rows)];
};

/* The expressions are constant: they can be compiled, or the table is wrong. */
static void compile(regex_t *regex, const char *expression)
{
	if (regcomp(regex, expression, REG_EXTENDED) != 0)
		abort();
}

struct problems *problems_new(void)
{
	struct problems *problems = mem_new(sizeof *problems);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		compile(&problems->compiled[i].line, rows[i].line);
		if (rows[i].unless)
			compile(&problems->compiled[i].unless, rows[i].unless);
	}
	return problems;
}

void problems_free(struct problems *problems)
{
	if (!problems)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		regfree(&problems->compiled[i].line);
		if (rows[i].unless)
			regfree(&problems->compiled[i].unless);
	}
	free(problems);
}

/* Whether an expression is in a line. */
static bool matches(const regex_t *regex, const char *line, size_t length, regmatch_t *ret_match)
{
	*ret_match = (regmatch_t){.rm_so = 0, .rm_eo = (regoff_t)length};
	return regexec(regex, line, 1, ret_match, REG_STARTEND) == 0;
}

/* Whether a line is of this row. */
static bool is_problem(const struct problems *problems, size_t row, const char *line, size_t length,
		       regmatch_t *ret_match)
{
	regmatch_t ignored;

	return matches(&problems->compiled[row].line, line, length, ret_match) &&
	       !(rows[row].unless &&
		 matches(&problems->compiled[row].unless, line, length, &ignored));
}

/* Finds the first line of this row; *ret_line is where it begins. */
static bool find_row(const struct problems *problems, size_t row, const char *lines, size_t length,
		     size_t *ret_line, struct log_match *ret_match)
{
	const char *needle = rows[row].needle, *at = lines, *end = lines + length;

	while ((at = memmem(at, (size_t)(end - at), needle, strlen(needle)))) {
		const char *before = memrchr(lines, '\n', (size_t)(at - lines));
		const char *behind = memchr(at, '\n', (size_t)(end - at));
		const char *line = before ? before + 1 : lines;
		regmatch_t match;

		at = behind ? behind : end;
		if (!is_problem(problems, row, line, (size_t)(at - line), &match))
			continue;
		*ret_line = (size_t)(line - lines);
		ret_match->start = *ret_line + (size_t)match.rm_so;
		ret_match->end = *ret_line + (size_t)match.rm_eo;
		return true;
	}
	return false;
}

bool problems_find(const struct problems *problems, const char *lines, size_t length,
		   struct log_match *ret_match)
{
	bool found = false;

	/* Behind the first problem so far nobody need look. */
	for (size_t row = 0; row < ARRAY_SIZE(rows); row++)
		found |= find_row(problems, row, lines, length, &length, ret_match);
	return found;
}

bool problems_examples(size_t row, struct problem_examples *ret_examples)
{
	if (row >= ARRAY_SIZE(rows))
		return false;
	*ret_examples = (struct problem_examples){rows[row].name, rows[row].example,
						  rows[row].counterexample};
	return true;
}
