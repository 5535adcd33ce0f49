#!/bin/bash
# contractor shell SPEC STEP -- COMMAND: a command in the state of a step.
. "$(dirname "$0")/../lib.sh"

# Runs a build whose third step fails, having left something behind.
build() {
	spec test.yaml <<'END'
name: test
environment:
  GREETING: hello
actions:
  - action: create-systree
    path: systree.tar
  - name: Compile
    action: shell
    shell: echo compiled >program
  - name: Test
    action: shell
    shell: |
      echo half >report
      echo left >/tmp/left
      exit 3
END
	run contractor run test.yaml
	check_status 1
}

test_status_is_that_of_the_command() {
	build
	for expected in 0 1 7 125 200; do
		run contractor shell test.yaml 2 -- sh -c "exit $expected"
		check_status $expected
	done
}

test_output_has_the_exact_bytes() {
	build
	run contractor shell test.yaml 2 -- printf 'a\nb\tc'
	check_status 0
	printf 'a\nb\tc' >expected
	check_same expected "$out"
	check_err_empty
}

test_outputs_are_apart() {
	build
	run contractor shell test.yaml 2 -- sh -c 'echo to-out; echo to-err >&2'
	check_out to-out
	check_err_has to-err
}

test_input_is_passed_on() {
	build
	run contractor shell test.yaml 2 -- cat <<<'some words'
	check_status 0
	check_out 'some words'
}

test_arguments_are_not_touched() {
	build
	# shellcheck disable=SC2016
	run contractor shell test.yaml 2 -- printf '%s|' 'a b' '' '$HOME' "it's" '*'
	check_status 0
	printf 'a b||$HOME|it'\''s|*|' >expected
	check_same expected "$out"
}

test_after_a_step() {
	build
	run contractor shell test.yaml 2 -- cat program
	check_status 0
	check_out compiled
	run contractor shell --after test.yaml Compile -- cat program
	check_out compiled
}

test_before_a_step() {
	build
	run contractor shell --before test.yaml 2 -- ls
	check_status 0
	check_out_empty
	run contractor shell --before test.yaml 3 -- ls
	check_out program
}

test_failed_state() {
	build
	run contractor shell --failed test.yaml 3 -- cat report program
	check_status 0
	check_out "$(printf 'half\ncompiled')"
}

test_tmp_of_a_failed_step() {
	build
	run contractor shell --failed test.yaml 3 -- cat /tmp/left
	check_status 0
	check_out left
}

test_failed_state_in_the_next_process() {
	build
	run contractor shell --failed test.yaml 3 -- rm report
	check_status 0
	run contractor shell --failed test.yaml 3 -- cat report
	check_status 0
	check_out half
}

test_changes_are_thrown_away() {
	build
	run contractor shell test.yaml 2 -- sh -c 'echo changed >program; echo x >/new'
	check_status 0
	run contractor shell test.yaml 2 -- sh -c 'cat program; ls /new'
	check_out_has compiled
	[ "$status" -ne 0 ] || fail "/new is still there"
}

test_environment_is_that_of_the_step() {
	build
	export LEAKED=secret
	# shellcheck disable=SC2016
	run contractor shell test.yaml 2 -- sh -c 'echo "$GREETING $(pwd) $(hostname)"; env'
	check_status 0
	check_out_has 'hello /workspace builder'
	check_says_not LEAKED
}

test_no_network() {
	build
	run contractor shell test.yaml 2 -- sh -c 'tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d " "'
	check_status 0
	check_out lo
}

test_step_that_does_not_exist() {
	build
	run contractor shell test.yaml 9 -- true
	check_status 125
	check_err_has "9"
}

test_state_that_does_not_exist() {
	spec test.yaml <<'END'
name: test
actions:
  - action: create-systree
    path: systree.tar
END
	run contractor shell test.yaml 1 -- true
	check_status 125
	check_out_empty
}

test_command_that_does_not_exist() {
	build
	run contractor shell test.yaml 2 -- no-such-command
	check_status 127
	check_err_has no-such-command
}

run_tests "$@"
