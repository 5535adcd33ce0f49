#!/bin/bash
# Stopping contractor run: its status, the step's processes, the store.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../terminal.sh"

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
	run timeout 300 env --ignore-signal=CHLD "$CONTRACTOR" run test.yaml
	check_status 0
	check_out "it ran"
}

# Whether a signal that was sent to process $1 is not taken yet.
is_pending() {
	grep -qs '^ShdPnd:.*[1-9a-f]' "/proc/$1/status"
}

# Whether strace has noted in `calls` that the process $1 has ended, or that it did so with $2. It writes spaces behind a
# number of less than five digits.
has_ended() {
	grep -q "^$1 *+++ ${2:-}" calls
}

# The screen was left, and the disk hangs: another size of the terminal does not end the waiting, SIGTERM does.
test_waiting_for_the_disk() {
	local pid
	[ "$(id -u)" = 0 ] || skip "only root can watch programs with a set-user-id bit"
	command -v strace >/dev/null || skip "strace is not installed"
	spec test.yaml <<'END'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - action: shell
    shell: echo not run
END
	# Leaks are looked for by a watcher, and strace is one.
	export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0"
	start_on_terminal "exec strace -f -o calls -e trace=syncfs -e inject=syncfs:delay_enter=600s \
		$CONTRACTOR --store '$PWD/own store' test.yaml"
	wait_for 'next'
	printf n >&9
	# Before that it would ask whether to end the step.
	until "$CONTRACTOR" store list --store "$PWD/own store" | grep -q passed; do
		sleep 0.1
	done
	printf q >&9
	wait_for 'waiting for the disk'
	pid=$(pgrep -o -f "^$CONTRACTOR --store $PWD/own store")
	kill -WINCH "$pid"
	while is_pending "$pid"; do
		sleep 0.02
	done
	kill -CONT "$pid"
	while is_pending "$pid"; do
		sleep 0.02
	done
	kill -TERM "$pid"
	until has_ended "$pid"; do
		sleep 0.02
	done
	has_ended "$pid" 'exited with 143' || fail "it ended otherwise: $(grep +++ calls)"
	# Which waits for what it holds back, though that is dead.
	kill -KILL "$(pgrep -o -f "^strace .* $PWD/own store")"
	hang_up
}

# A file that would take hours to be looked at for the first time: in the first step, and behind one that has been started.
test_interrupted_while_files_are_looked_at() {
	local signal
	mkdir src
	truncate -s 4T src/huge 2>/dev/null || skip "no file of 4 TiB can be made here"
	spec copy.yaml <<'END'
name: copy
actions:
  - action: create-systree
    path: systree.tar
  - action: copy
    from: src
END
	for signal in INT TERM; do
		start run copy.yaml
		until [ "$(sed -n 's/^rchar: //p' /proc/$started/io)" -gt 300000000 ]; do
			sleep 0.05
		done
		kill -$signal "$started"
		finish
		check_status $((128 + $(kill -l $signal)))
		check_err_has "stopped by SIG$signal"
	done
}

# All steps have passed and the disk hangs: who does not wait is told what was left out. A run that failed says so.
test_interrupted_at_the_end() {
	local pid strace
	[ "$(id -u)" = 0 ] || skip "only root can watch programs with a set-user-id bit"
	command -v strace >/dev/null || skip "strace is not installed"
	export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0"
	for last in true false; do
		spec $last.yaml <<END
name: $last
actions:
  - action: create-systree
    path: systree.tar
  - action: create-artifact
    artifact: what-$last-made
  - action: shell
    shell: $last
END
		env --default-signal=INT strace -f -o calls -e trace=syncfs \
			-e inject=syncfs:delay_enter=600s \
			"$CONTRACTOR" --store "$PWD/own store" run $last.yaml >"$out" 2>"$err" &
		strace=$!
		until "$CONTRACTOR" store list --store "$PWD/own store" | grep -q "shell .*$last.yaml"; do
			sleep 0.1
		done
		# Again until it has ended: who is not waiting yet takes the first as the end of a step.
		pid=$(pgrep -o -P $strace)
		until has_ended "$pid" exited; do
			kill -INT "$pid" 2>/dev/null || :
			sleep 0.1
		done
		has_ended "$pid" 'exited with 130' || fail "it ended otherwise: $(grep +++ calls)"
		# Which waits for what it holds back, though that is dead.
		kill -KILL $strace
		wait $strace 2>/dev/null || :
		check_err_has 'stopped by SIGINT'
		[ $last = false ] || check_err_has 'not handed out; the next run does it: artifact what-true-made'
	done
	check_err_has 'failed: exit status 1'
}

run_tests "$@"
