#!/usr/bin/env bash
# Looks for faults without a test for them: all sources with cppcheck and clang-tidy, the unit tests under
# valgrind. By hand, since it takes its time.
#
#	tests/analyse.sh [cppcheck] [clang-tidy] [valgrind]	(default: all three)
#
# VALGRIND_TESTS is a regular expression: only the unit tests that it matches.
set -u
cd "$(dirname "$0")/.." || exit 2

jobs=$(nproc)
build=${TMPDIR:-/tmp}/contractor-analyse.$$
trap 'rm -rf "$build"' EXIT

# What it says without need: it does not know AUTO_CLOSE and AUTO_FREE (the leaks are looked for by
# LeakSanitizer and valgrind), wants casts for NULL in variadic calls, where it is a pointer on Linux, and reentrant
# functions in a program where nothing is called by two threads.
cppcheck() {
	command cppcheck --quiet --error-exitcode=1 --enable=warning,performance,portability \
		--std=c11 --library=posix --library=gnu -I. -j "$jobs" --inline-suppr \
		--suppress={resourceLeak,memleak,memleakOnRealloc,varFuncNullUB,missingInclude} \
		--suppress={readdirCalled,getpwuidCalled,getpwnamCalled,ttynameCalled} \
		--suppress={autoVariables,comparePointers,legacyUninitvar,internalAstError} \
		engine ui src
}

# A build by clang, since clang-tidy reads how it was made.
clang_tidy() {
	CC=clang cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug \
		-DCMAKE_EXPORT_COMPILE_COMMANDS=ON >/dev/null || return 1
	find engine ui src -name '*.c' -print0 |
		xargs -0 -P "$jobs" -n 4 clang-tidy -p "$build" --quiet 2>/dev/null
}

# Whether tests/valgrind/cannot has a line for "PROGRAM" or "PROGRAM TEST", with any reason.
valgrind_cannot() {
	local pattern
	while IFS= read -r pattern; do
		# shellcheck disable=SC2053 # it is a pattern
		[[ $pattern != '#'* && $1 == ${pattern%%: *} ]] && return 0
	done <tests/valgrind/cannot
	return 1
}

# What memcheck found, in any process; and what the program itself has lost, if it came to its end: a child
# that ends by _exit() in the middle of something loses nothing, and a test that fails does not clean up.
valgrind_found() {
	local logs=$1 status=$2
	grep -hP -A 12 '^==\d+== (?!Process terminating|Warning: )[A-Z]' "$logs"/[0-9]*
	[ "$status" -ne 0 ] ||
		grep -E -A 12 'are definitely lost' "$logs/$(cat "$logs/main")"
}

# The tests that failed and are not known to; and whether it was by them that the program failed.
valgrind_failed() {
	local program=$1 logs=$2 status=$3 test
	[ "$status" -eq "$(grep -c '^not ok [1-9]' "$logs/out")" ] || echo "it ended with status $status"
	sed -nE 's/^not ok [0-9]+ - (test_)?([A-Za-z0-9_]+).*/\2/p' "$logs/out" | while read -r test; do
		valgrind_cannot "$program $test" || echo "$test failed"
	done
}

# Runs one program, and says what is wrong.
valgrind_one() {
	local program=$1 logs=$build/$1 status=0 said
	mkdir -p "$logs"
	# shellcheck disable=SC2016 # for the inner shell: its process becomes the program's
	LD_PRELOAD=build/tests/libopenat2.so CMOCKA_MESSAGE_OUTPUT=TAP timeout -k 5 600 \
		sh -c 'echo $$ >"$0/main"; exec valgrind "$@"' "$logs" --quiet --log-file="$logs/%p" \
		--leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=none \
		--suppressions=tests/valgrind/suppressions "build/tests/$program" \
		</dev/null >"$logs/out" 2>&1 || status=$?
	said=$(
		valgrind_found "$logs" "$status"
		valgrind_failed "$program" "$logs" "$status"
	)
	[ -n "$said" ] || return 0
	printf 'valgrind: %s\n%s\n' "$program" "$said"
	return 1
}

# Runs all programs that valgrind can run, several at a time.
valgrind() {
	local test
	if ! { cmake --preset release && cmake --build --preset release; } >/dev/null; then
		echo "valgrind: the release preset does not build"
		return 1
	fi
	export build
	export -f valgrind_one valgrind_cannot valgrind_found valgrind_failed
	for test in tests/unit/test_*.c; do
		test=$(basename "$test" .c)
		valgrind_cannot "$test" || echo "$test"
	done | grep -E "${VALGRIND_TESTS:-.}" | xargs -P "$jobs" -I '{}' bash -c 'valgrind_one {}'
}

[ $# -gt 0 ] || set -- cppcheck clang-tidy valgrind
status=0
for tool in "$@"; do
	case $tool in
	cppcheck) cppcheck || status=1 ;;
	clang-tidy) clang_tidy || status=1 ;;
	valgrind) valgrind || status=1 ;;
	*)
		echo "analyse.sh: unknown tool '$tool'" >&2
		exit 2
		;;
	esac
done
exit $status
