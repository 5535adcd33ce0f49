#!/bin/bash
# contractor list and contractor log: what is known of a build afterwards.
. "$(dirname "$0")/../lib.sh"

three_steps() {
	spec test.yaml <<'END'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - name: Compile
    action: shell
    shell: |
      echo compiling
      printf 'no newline'
  - name: Test
    action: shell
    shell: |
      echo testing
      echo to-err >&2
      exit 3
END
}

# The line of `list` that begins with this number.
line_of() {
	grep -E "^ *$1\\b" "$out" || fail "no line for step $1"
}

test_list_before_anything_ran() {
	three_steps
	run contractor list test.yaml
	check_status 0
	check_err_empty
	line_of 1 | grep -q create-systree
	line_of 2 | grep Compile | grep shell | grep -q pending
	line_of 3 | grep Test | grep shell | grep -q pending
}

test_list_after_a_failure() {
	three_steps
	run contractor run test.yaml
	check_status 1
	run contractor list test.yaml
	check_status 0
	line_of 2 | grep -qE 'passed|cached'
	line_of 3 | grep -q failed
}

test_list_after_a_change() {
	three_steps
	run contractor run test.yaml
	sed -i 's/echo compiling/echo Compiling/' test.yaml
	run contractor list test.yaml
	check_status 0
	line_of 1 | grep -qE 'passed|cached'
	line_of 2 | grep -qE 'passed|cached' && fail "its script is another one"
	true
}

test_list_of_an_invalid_spec() {
	echo 'name: bad' >bad.yaml
	run contractor list bad.yaml
	check_status 2
	check_out_empty
}

test_log_has_the_exact_bytes() {
	three_steps
	run contractor run test.yaml
	run contractor log test.yaml 2
	check_status 0
	check_err_empty
	printf 'compiling\nno newline' >expected
	check_same expected "$out"
}

test_log_of_a_failed_step() {
	three_steps
	run contractor run test.yaml
	run contractor log test.yaml Test
	check_status 0
	printf 'testing\nto-err\n' >expected
	check_same expected "$out"
}

test_log_is_complete() {
	spec test.yaml <<'END'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - action: shell
    shell: seq 1 200000
END
	run contractor run test.yaml
	check_status 0
	run contractor log test.yaml 2
	check_status 0
	seq 1 200000 >expected
	check_same expected "$out"
}

test_log_of_a_step_that_did_not_run() {
	three_steps
	run contractor log test.yaml 2
	[ "$status" -ne 0 ] || fail "expected a failure"
	check_out_empty
	check_err_has "2"
}

test_log_of_a_step_that_does_not_exist() {
	three_steps
	run contractor log test.yaml 4
	check_status 2
	check_out_empty
	check_err_has "4"
}

test_ambiguous_name() {
	spec test.yaml <<'END'
name: test
actions:
  - name: Twice
    action: empty-workspace
  - name: Twice
    action: empty-workspace
END
	run contractor log test.yaml Twice
	check_status 2
	check_err_has "Twice"
}

# What was built can be looked at when the sources of a later step are gone.
test_missing_sources() {
	spec test.yaml <<'END'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - name: Say
    action: shell
    shell: echo said
  - action: copy
    from: sources
END
	mkdir sources
	run contractor run test.yaml
	check_status 0
	rmdir sources
	run contractor list test.yaml
	check_status 0
	check_says_like '2.*Say.*cached'
	check_says_like '3.*pending'
	run contractor log test.yaml Say
	check_status 0
	check_out said
	run contractor shell test.yaml Say -- cat /etc/passwd
	check_status 0
}

run_tests "$@"
