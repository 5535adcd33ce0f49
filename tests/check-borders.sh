#!/bin/bash
# Checks who includes whom: tests/check-borders.sh [ROOT]
#
# The engine knows no screen: it includes neither curses nor libvterm, ui/ or src/, and neither
# prints nor exits. Its groups stand above each other, and a group includes only itself
# and those above. ui/ includes the engine and itself, libvterm stays in ui/term*.c, curses in
# ui/canvas*.c and ui/keyboard*.c. Includes are written from the root.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

# The groups of engine/, from the top.
groups='base process spec store sandbox actions session'
printing_or_exiting='(^|[^A-Za-z0-9_.>"])(printf|puts|putchar|perror|exit|errx?|warnx?)\(|\<std(out|err)\>'

cd "${1:-$root}" || exit 2
findings=$(mktemp)
trap 'rm -f "$findings"' EXIT
failures=0

# Prints the C files below the given directories that exist.
sources() {
	find "$@" -name '*.[ch]' 2>/dev/null | sort
}

# Prints "FILE:LINE INCLUDED" for each include in the C files below the directories; INCLUDED keeps
# its < or ".
includes() {
	sources "$@" | xargs -r -d '\n' awk '
		/^[ \t]*#[ \t]*include[ \t]*[<"]/ {
			line = $0
			sub(/^[^<"]*/, "", line)
			sub(/[>"][^>"]*$/, "", line)
			print FILENAME ":" FNR " " line
		}'
}

# Prints the groups below the given one.
groups_below() {
	echo "${groups#*"$1"}"
}

forbid() {
	local name=$1
	shift
	"$@" >"$findings"
	report "borders: $name" "$findings" || failures=1
}

engine_without_screen() {
	includes engine | grep -E ' ["<](ui/|src/|[a-z]*curses|vterm|term\.h|panel\.h|menu\.h|form\.h)'
}

ui_without_src() {
	includes ui | grep -E ' "' | grep -v -E ' "(engine|ui)/'
}

vterm_behind_term() {
	includes src ui tests | grep -E ' [<"]vterm' | grep -v -E '^(ui/term[a-z_]*\.c|tests/bench/)'
}

curses_behind_canvas() {
	includes src ui tests | grep -E ' [<"]([a-z]*curses|term\.h|panel\.h|menu\.h|form\.h)' |
		grep -v -E '^ui/(canvas|keyboard)[a-z_]*\.c'
}

groups_include_upwards() {
	local group below
	for group in $groups; do
		for below in $(groups_below "$group"); do
			includes "engine/$group" | grep -F " \"engine/$below/"
		done
	done
}

only_known_groups() {
	local directory
	for directory in engine/*/; do
		[ -d "$directory" ] || continue
		[[ " $groups " == *" $(basename "$directory") "* ]] || echo "$directory"
	done
}

includes_from_root() {
	includes engine ui src | while read -r where included; do
		[[ $included == '"'* ]] || continue
		[ -e "${included#'"'}" ] || echo "$where ${included#'"'}"
	done
}

# Prints the file without its comments, each line at its place.
without_comments() {
	gcc -fpreprocessed -dD -E -x c "$1" 2>/dev/null | grep -v '^# '
}

# The launcher is a program of its own, and base/mem.c ends the program when memory is exhausted.
engine_is_silent() {
	local file
	sources engine | grep -v -e '^engine/sandbox/launcher/' -e '^engine/base/mem\.c$' |
		while read -r file; do
			without_comments "$file" | grep -E "$printing_or_exiting" | sed "s|^|$file: |"
		done
}

# A library that calls a function of its own by name gets ours, where we have one of that name.
symbols_of_libraries() {
	local program=build/contractor library
	[ -e "$program" ] || return 0
	ldd "$program" | awk '/=> \//{ print $3 }' | while read -r library; do
		nm -D --defined-only "$library" | awk '{ sub(/@.*/, "", $3); print $3 }'
	done | sort -u | comm -12 - <(nm --defined-only --extern-only "$program" |
		awk '$2 != "W" { print $3 }' | sort -u) | grep -v '^_'
}

forbid "no function has the name of one of a library" symbols_of_libraries
forbid "the engine knows no screen" engine_without_screen
forbid "the engine neither prints nor exits" engine_is_silent
forbid "every group of the engine has its place" only_known_groups
forbid "a group includes only what stands above it" groups_include_upwards
forbid "the screen includes the engine and itself" ui_without_src
forbid "libvterm stays behind ui/term.h" vterm_behind_term
forbid "curses stays behind ui/canvas.h and ui/keyboard.h" curses_behind_canvas
forbid "includes are written from the root" includes_from_root
exit $failures
