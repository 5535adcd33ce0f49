#!/bin/bash
# tests/lib.sh itself: a test that should fail does.
. "$(dirname "$0")/../lib.sh"

# Runs a test function with this body, as a file of its own; its line is in $out.
run_test_of() {
	mkdir -p tests/some
	cp "$root/tests/lib.sh" tests/
	{
		echo '. "$(dirname "$0")/../lib.sh"'
		echo "test_it() {"
		echo "$1"
		echo "}"
		echo 'run_tests "$@"'
	} >tests/some/file.sh
	run env -u TEST_DIR TEST_LABEL='' CONTRACTOR=true TMPDIR="$PWD" bash tests/some/file.sh
}

test_passes() {
	run_test_of 'run true; check_status 0'
	check_status 0
	check_out "ok some/file: it"
}

test_fails_by_status() {
	run_test_of 'run false; check_status 0'
	check_status 1
	check_out_has "not ok some/file: it"
	check_out_has "# expected the status 0"
}

test_fails_by_a_command() {
	run_test_of 'false; true'
	check_status 1
	check_out_has "not ok some/file: it"
}

test_fails_by_output() {
	run_test_of 'run echo one; check_out two'
	check_status 1
	check_out_has "# out: one"
}

test_tells_empty_from_a_line() {
	run_test_of 'run echo; check_out_empty'
	check_status 1
}

test_fails_by_a_sanitizer() {
	run_test_of 'run sh -c "echo ==1==ERROR: AddressSanitizer: x >&2"; check_status 0'
	check_status 1
}

test_skips() {
	run_test_of 'skip "no such thing"'
	check_status 0
	check_out "skip some/file: it: no such thing"
}

test_hangs() {
	TEST_TIMEOUT=1 run_test_of 'cat /dev/zero >/dev/null'
	check_status 1
	check_out_has "not ok some/file: it"
}

test_leaves_nothing() {
	run_test_of 'mkdir -p a/b; chmod 0 a'
	run ls
	check_out tests
}

run_tests "$@"
