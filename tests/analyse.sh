#!/usr/bin/env bash
# Looks for faults without a test for them: all sources with cppcheck and clang-tidy, the unit tests under
# valgrind. By hand, since it takes its time.
#
#	tests/analyse.sh [cppcheck] [clang-tidy] [valgrind]	(default: all three)
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

# Tests of namespaces need system calls that valgrind does not know; they are for the sanitizers alone.
valgrind_knows() {
	! grep -qE 'userns|session_fixture|launcher_fixture|shell_fixture|test_archive.h|doctor_' "$1"
}

valgrind() {
	local status=0 test

	cmake --preset release >/dev/null && cmake --build --preset release >/dev/null || return 1
	for test in tests/unit/test_*.c; do
		test=${test##*/}
		test=${test%.c}
		valgrind_knows "tests/unit/$test.c" || continue
		command valgrind --quiet --error-exitcode=99 --leak-check=full \
			--trace-children=no "build/tests/$test" >"$build.log" 2>&1
		if [ $? -eq 99 ]; then
			echo "valgrind: $test"
			grep '^==' "$build.log" | head -40
			status=1
		fi
	done
	rm -f "$build.log"
	return $status
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
