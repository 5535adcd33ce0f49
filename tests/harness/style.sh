#!/bin/bash
# tests/check-style.sh finds what is too long, not laid out, or not in the code map.
. "$(dirname "$0")/../lib.sh"

# Prints a function of that many lines, braces included.
function_of() {
	printf 'void f(void)\n{\n'
	yes $'\t;' | head -n $(($1 - 3))
	printf '}\n'
}

check_tree() {
	cp "$root/.clang-format" .
	run "$root/tests/check-style.sh" .
}

test_function_at_the_limit() {
	command -v ctags >/dev/null || skip "ctags is not installed"
	mkdir engine
	function_of 60 >engine/x.c
	check_tree
	check_out_has "ok style: no function over 60 lines"
	check_says_not "engine/x.c:1"
}

test_function_over_the_limit() {
	command -v ctags >/dev/null || skip "ctags is not installed"
	mkdir engine
	function_of 61 >engine/x.c
	check_tree
	check_status 1
	check_out_has "engine/x.c:1: f() has 61 lines, at most 60"
}

test_file_at_the_limit() {
	mkdir ui
	yes '' | head -n 600 >ui/x.h
	check_tree
	check_out_has "ok style: no file over 600 lines"
}

test_file_over_the_limit() {
	mkdir ui
	yes '' | head -n 601 >ui/x.h
	check_tree
	check_status 1
	check_out_has "ui/x.h: 601 lines, at most 600"
}

test_wrong_layout() {
	clang-format --version 2>/dev/null | grep -q 'version 14' ||
		skip "clang-format 14 is not installed"
	mkdir src
	echo 'int  x;' >src/x.c
	check_tree
	check_status 1
	check_out_has "not ok style: layout"
}

# A code map with these rows: names of files, or of directories with a slash.
code_map() {
	printf '| `%s` | what it is |\n' "$@" >HACKING.md
}

test_code_map() {
	mkdir -p ui engine/base
	touch ui/x.c ui/x.h ui/y.S engine/base/z.h
	code_map engine/base/ z.h ui/ 'x.[ch]' y.S tests/ run.sh
	check_tree
	check_out_has "ok style: the code map has each file once"
}

test_code_map_without_a_file() {
	mkdir ui
	touch ui/x.c ui/x.h
	code_map ui/ x.c
	check_tree
	check_status 1
	check_out_has "# ui/x.h: not in HACKING.md"
	check_says_not "ui/x.c:"
}

test_code_map_with_a_file_that_is_gone() {
	mkdir ui
	touch ui/x.c
	code_map ui/ 'x.[ch]'
	check_tree
	check_status 1
	check_out_has "# ui/x.h: HACKING.md has it, and it is gone"
}

test_code_map_with_a_file_twice() {
	mkdir ui
	touch ui/x.c
	code_map ui/ x.c x.c
	check_tree
	check_status 1
	check_out_has "# ui/x.c: twice in HACKING.md"
}

# A table of threats that names a probe, a scene, a test and a file.
threats() {
	mkdir -p docs tests/sandbox tests/cli
	echo '	{.name = "no mount",' >tests/sandbox/probes_x.c
	echo '	{"daemons end", scene_daemons},' >tests/sandbox/scenes.c
	echo 'test_there() {' >tests/cli/x.sh
	cat >docs/threats.md <<END
| | threat | protection | test | mutation |
| A1 | x | y | \`probe: $1\`, \`scene: $2\`, \`tests/cli/x.sh\`: $3; \`$4\` | z |
END
}

test_threats() {
	threats 'no mount' 'daemons end' test_there tests/cli/x.sh
	check_tree
	check_out_has "ok style: every test that docs/threats.md names is there"
}

test_threats_without_their_tests() {
	threats 'no unmount' 'daemons stay' test_gone tests/cli/y.sh
	check_tree
	check_status 1
	check_out_has "docs/threats.md names the probe no unmount, which is not there"
	check_out_has "docs/threats.md names the scene daemons stay, which is not there"
	check_out_has "docs/threats.md names the test tests/cli/x.sh test_gone, which is not there"
	check_out_has "docs/threats.md names the file tests/cli/y.sh, which is not there"
}

run_tests "$@"
