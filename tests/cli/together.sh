#!/bin/bash
# Two contractors on one store at the same time.
. "$(dirname "$0")/../lib.sh"

# A build whose second step prints "ready" and then waits until let_go.
waiting_spec() {
	spec test.yaml <<END
name: test
actions:
  - action: create-systree
    path: systree.tar
  - name: Slow
    action: shell
    shell: |
      echo ready
      { sleep 1000$$ || true; } 2>/dev/null
      echo finished
      $1
END
}

# Starts a build of it, and waits until it is in the step; $first is its process.
start_first() {
	env --default-signal=INT,QUIT "$CONTRACTOR" run test.yaml >first.out 2>first.err &
	first=$!
	until grep -q ready first.out; do
		kill -0 "$first" || fail "the first build ended: $(cat first.err)"
		sleep 0.02
	done
}

# Starts the second one, and waits until it shows what the first one's step has printed.
start_second() {
	start run test.yaml "$@"
	wait_for "step 2 is being run by another contractor (process $first): following it"
	wait_for ready
}

check_whole() {
	run contractor store verify
	check_status 0
}

# The attempts of step 2 that are recorded.
check_attempts() {
	run contractor store list
	[ "$(grep -c Slow "$out")" = "$1" ] || fail "expected $1 attempts"
}

test_work_is_done_once() {
	waiting_spec true
	start_first
	start_second
	let_go
	finish
	check_status 0
	check_says finished
	check_says "Slow: cached"
	wait "$first"
	check_attempts 1
	check_whole
}

# It has been shown as it was printed: not once more with the cached steps.
test_followed_log_is_shown_once() {
	waiting_spec true
	start_first
	start_second --verbose
	let_go
	finish
	check_status 0
	[ "$(grep -cx finished "$out")" = 1 ] || fail "expected it once"
	wait "$first"
}

test_failure_is_not_shared() {
	waiting_spec 'exit 3'
	start_first
	start_second
	let_go
	wait_for "process $first has not passed step 2: running it here"
	let_go
	finish
	check_status 1
	check_says "exit status 3"
	wait "$first" && fail "the first one should have failed"
	check_attempts 2
	check_whole
}

test_first_is_killed() {
	waiting_spec true
	start_first
	start_second
	kill -KILL "$first"
	wait_for "process $first has not passed step 2: running it here"
	# Of the one that was killed, a sleep may still be about.
	until grep -q finished "$out"; do
		end_a_sleep || sleep 0.02
	done
	finish
	check_status 0
	check_attempts 1
	check_whole
}

test_second_is_interrupted() {
	waiting_spec true
	start_first
	start_second
	kill -INT "$started"
	finish
	check_status 130
	let_go
	wait "$first"
	check_attempts 1
	check_whole
}

test_second_is_killed() {
	waiting_spec true
	start_first
	start_second
	kill -KILL "$started"
	finish
	let_go
	wait "$first"
	check_whole
	run contractor run test.yaml
	check_status 0
	check_says "Slow: cached"
}

test_no_cache_does_not_wait() {
	waiting_spec true
	start_first
	start run test.yaml --no-cache=2
	wait_for ready
	check_says_not following
	let_go
	let_go
	finish
	check_status 0
	wait "$first"
	check_whole
}

# Many at once, of a step that takes no time: all pass, whoever ran it.
test_many_at_once() {
	local n pids=()
	spec test.yaml <<'END'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - name: Slow
    action: shell
    shell: echo quick >program
END
	for n in 1 2 3 4 5 6; do
		"$CONTRACTOR" run test.yaml >"many.$n" 2>&1 &
		pids+=($!)
	done
	for n in 1 2 3 4 5 6; do
		wait "${pids[n - 1]}" || fail "$(cat "many.$n")"
	done
	check_attempts 1
	check_whole
}

# What a build has come to is not pruned under it, and what else there is goes.
test_prune_beside_a_build() {
	waiting_spec true
	sed 's/^name: test/name: other/; s/echo ready/echo of another build/; s/sleep/: sleep/' \
		test.yaml >other.yaml
	run contractor run other.yaml
	check_status 0
	start_first
	run contractor store prune --to 1
	check_status 0
	check_out_has "1 attempt and 0 artifacts removed"
	check_out_has "1 attempt stays: it is in use by another contractor"
	check_whole
	let_go
	wait "$first"
	check_whole
	run contractor run test.yaml
	check_status 0
	check_says "Slow: cached"
}

# A shell stands in a state for as long as the person likes.
test_prune_beside_a_shell() {
	waiting_spec true
	sed -i 's/sleep/: sleep/' test.yaml
	run contractor run test.yaml
	check_status 0
	start shell test.yaml 2 -- /bin/sh -c 'echo inside; sleep 1000'"$$"' || true'
	wait_for inside
	run contractor store prune --to 1
	check_out_has "2 attempts stay: they are in use by another contractor"
	let_go
	wait "$started"
	run contractor store prune --to 1
	check_out_has "2 attempts and 0 artifacts removed"
	check_whole
}

# Both at once, again and again: every build passes, and the store stays whole.
test_builds_and_prunes() {
	local n builds prunes
	waiting_spec true
	sed -i 's/sleep/: sleep/' test.yaml
	for n in 1 2 3 4 5; do
		"$CONTRACTOR" run test.yaml >"build.$n" 2>&1 &
		builds=$!
		"$CONTRACTOR" store prune --to 1 >"prune.$n" 2>&1 &
		prunes=$!
		wait "$builds" || fail "$(cat "build.$n")"
		wait "$prunes" || fail "$(cat "prune.$n")"
		check_whole
	done
}

run_tests "$@"
