#!/bin/bash
# Stopping contractor run: its status, the step's processes, the store.
. "$(dirname "$0")/../lib.sh"

# Starts a build whose second step goes on for ever, and waits until it is there.
start_endless() {
	spec test.yaml <<END
name: test
actions:
  - action: create-systree
    path: systree.tar
  - name: Endless
    action: shell
    shell: |
      echo the step has started
      while :; do sleep 1000$$; done
END
	start run test.yaml
	wait_for "the step has started"
}

# Stops it with this signal and expects this status, and a store that is whole.
check_stopped_by() {
	start_endless
	kill "-$1" "$started"
	finish
	check_status "$2"
	run contractor store verify
	check_status 0
	run contractor list test.yaml
	check_status 0
	check_says_like 'create-systree.*(passed|cached)'
}

test_interrupt() {
	check_stopped_by INT 130
}

test_term() {
	check_stopped_by TERM 143
}

test_hangup() {
	check_stopped_by HUP 129
}

test_kill() {
	check_stopped_by KILL 137
}

test_killed_leaves_no_process() {
	start_endless
	kill -KILL "$started"
	finish
	while grep -qsaE "sleep.?1000$$" /proc/[0-9]*/cmdline; do
		sleep 0.02
	done
	run contractor store verify
	check_status 0
}

test_interrupted_step_is_not_cached() {
	start_endless
	kill -INT "$started"
	finish
	run contractor list test.yaml
	check_status 0
	grep -E 'Endless' "$out" | grep -qE 'passed|cached' && fail "it did not pass"
	sed -i 's/while :.*/echo ended/' test.yaml
	run contractor run test.yaml
	check_status 0
	check_says_like '^ended$'
}

# Who is started with this signal ignored is told of no child's end.
test_ended_children_ignored() {
	spec test.yaml <<'END'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - action: shell
    shell: echo it ran
END
	run timeout 60 env --ignore-signal=CHLD "$CONTRACTOR" run test.yaml
	check_status 0
	check_out "it ran"
}

run_tests "$@"
