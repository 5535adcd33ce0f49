#!/bin/bash
# tests/check-borders.sh finds each kind of trespass.
. "$(dirname "$0")/../lib.sh"

# Writes FILE with this one line below the tree that is checked, which is otherwise in order.
tree_with() {
	mkdir -p engine/base engine/store ui src "$(dirname "$1")"
	echo '#include "engine/base/err.h"' >engine/store/store.h
	: >engine/base/err.h
	: >ui/term.h
	echo "$2" >"$1"
}

# Expects that the check fails, and says where.
check_finds() {
	run "$root/tests/check-borders.sh" .
	check_status 1
	check_out_has "$1"
}

test_tree_in_order() {
	tree_with src/main.c '#include "ui/term.h"'
	run "$root/tests/check-borders.sh" .
	check_status 0
}

test_engine_includes_curses() {
	tree_with engine/base/buf.c '#include <ncursesw/curses.h>'
	check_finds 'engine/base/buf.c:1 <ncursesw/curses.h'
}

test_engine_includes_vterm() {
	tree_with engine/base/buf.c '#  include <vterm.h>'
	check_finds 'engine/base/buf.c:1 <vterm.h'
}

test_engine_includes_screen() {
	tree_with engine/base/buf.c '#include "ui/term.h"'
	check_finds 'engine/base/buf.c:1 "ui/term.h'
}

test_group_includes_what_stands_below() {
	tree_with engine/base/buf.c '#include "engine/store/store.h"'
	check_finds 'engine/base/buf.c:1 "engine/store/store.h'
}

test_group_without_a_place() {
	tree_with engine/other/buf.c ''
	check_finds 'engine/other'
}

test_engine_prints() {
	tree_with engine/store/store.c 'void f(void) { printf("x"); }'
	check_finds 'engine/store/store.c: void f(void)'
}

test_engine_exits() {
	tree_with engine/store/store.c 'void f(void) { exit(1); }'
	check_finds 'engine/store/store.c: void f(void)'
}

test_engine_may_write_of_printing() {
	tree_with engine/store/store.c '/* no printf() here, but a child may _exit() */'
	run "$root/tests/check-borders.sh" .
	check_status 0
}

test_screen_includes_program() {
	tree_with ui/pane.c '#include "src/main.h"'
	: >src/main.h
	check_finds 'ui/pane.c:1 "src/main.h'
}

test_curses_outside_canvas() {
	tree_with ui/pane.c '#include <curses.h>'
	check_finds 'ui/pane.c:1 <curses.h'
}

test_curses_in_canvas() {
	tree_with ui/canvas_color.c '#include <curses.h>'
	run "$root/tests/check-borders.sh" .
	check_status 0
}

test_vterm_in_term_header() {
	tree_with ui/term_internal.h '#include <vterm.h>'
	check_finds 'ui/term_internal.h:1 <vterm.h'
}

test_vterm_outside_term() {
	tree_with ui/pane.c '#include <vterm.h>'
	check_finds 'ui/pane.c:1 <vterm.h'
}

test_include_from_elsewhere() {
	tree_with engine/base/buf.c '#include "err.h"'
	check_finds 'engine/base/buf.c:1 err.h'
}

run_tests "$@"
