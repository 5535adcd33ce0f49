#!/bin/sh
# tests/run.sh PROGRAM: runs it with the arguments of each case and compares what it prints.
program=$1
passed=0
failed=0

while IFS='|' read -r arguments expected; do
	case $arguments in
	'#'*) continue ;;
	esac
	expected=${expected# }
	# shellcheck disable=SC2086 # the arguments are words
	printed=$("$program" $arguments 2>&1)
	if [ "$printed" = "$expected" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "hello $arguments"
		echo "    expected: $expected"
		echo "    printed:  $printed"
	fi
done <"$(dirname "$0")/cases.txt"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
