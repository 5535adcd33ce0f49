#!/bin/bash
# What contractor run says and does when a step fails.
. "$(dirname "$0")/../lib.sh"

# The second step is the one of these lines, called "Compile"; a third says that it ran.
failing() {
	{
		cat <<'END'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - name: Compile
    action: shell
END
		cat
		cat <<'END'
  - name: Behind
    action: shell
    shell: echo the step behind ran
END
	} | spec test.yaml
	run contractor run test.yaml
}

test_summary() {
	failing <<'END'
    shell: |
      i=1
      while [ $i -le 40 ]; do
          echo "line $i of the log"
          i=$((i + 1))
      done
      exit 7
END
	check_status 1
	check_says "Compile"
	check_says "test.yaml:5"
	check_says "7"
	check_says "contractor "
	# Once as it was printed, and once more among the last 20 lines.
	[ "$(cat "$out" "$err" | grep -cxF 'line 20 of the log')" -eq 1 ] || fail "line 20 is old"
	[ "$(cat "$out" "$err" | grep -cF 'line 21 of the log')" -eq 2 ] || fail "line 21 is missing"
	[ "$(cat "$out" "$err" | grep -cF 'line 40 of the log')" -eq 2 ] || fail "line 40 is missing"
}

# Runs the line of the summary that follows "PURPOSE:", as a person would who copies it.
copy_line() {
	line=$(grep -A1 -F "$1:" "$TEST_DIR/said" | tail -n 1)
	run sh -c "PATH=/usr/bin:/bin; $line"
}

test_summary_has_lines_to_copy() {
	failing <<'END'
    shell: echo copied; exit 7
END
	cp "$err" "$TEST_DIR/said"
	copy_line "all that it printed"
	check_out copied
}

test_summary_of_a_program_in_the_path() {
	failing <<'END'
    shell: echo copied; exit 7
END
	run env PATH="$(dirname "$CONTRACTOR"):$PATH" "$(basename "$CONTRACTOR")" run test.yaml
	check_err_has "    contractor log test.yaml 2"
	check_says_not "/contractor log"
}

test_later_steps_do_not_run() {
	failing <<'END'
    shell: "false"
END
	check_status 1
	check_says_not "the step behind ran"
}

test_failure_is_not_cached() {
	failing <<'END'
    shell: |
      echo trying
      false
END
	check_status 1
	run contractor run test.yaml
	check_status 1
	check_says trying
}

test_missing_output() {
	failing <<'END'
    outputs: [out/program]
    shell: mkdir out
END
	check_status 1
	check_says "out/program"
}

test_killed_by_a_signal() {
	failing <<'END'
    shell: kill -SEGV $$
END
	check_status 1
	check_err_has "step 2 'Compile' failed: exit status 139 (SIGSEGV)"
	check_says_not "signal 11"
}

test_time_limit() {
	failing <<'END'
    limits: {time: 3s}
    shell: |
      echo started
      sleep 1000
END
	check_status 1
	check_says started
	check_err_has "step 2 'Compile' timed-out: ran longer than 3 s"
}

test_output_limit() {
	failing <<'END'
    limits: {output: 10K}
    shell: yes
END
	check_status 1
	check_says "10"
}

test_interpreter_that_is_not_there() {
	failing <<'END'
    interpreter: [/bin/no-such-shell]
    shell: echo ran
END
	check_status 1
	check_says "/bin/no-such-shell"
}

test_daemon_left_behind_does_not_hang() {
	spec test.yaml <<'END'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - action: shell
    shell: |
      sleep 1000 &
      setsid sleep 1000 </dev/null &
      echo started both
END
	run contractor run test.yaml
	check_status 0
	check_says "started both"
}

test_mended_step_uses_the_cache_before_it() {
	failing <<'END'
    shell: exit 3
END
	check_status 1
	sed -i 's/exit 3/echo mended/' test.yaml
	run contractor run test.yaml
	check_status 0
	check_says_like '^mended$'
	check_says "the step behind ran"
}

# How a debugger goes on with the new ones is no advice here: the next run takes them by itself.
test_sources_changed_meanwhile() {
	spec test.yaml <<'END'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - action: copy
    from: src
  - name: Test
    action: shell
    shell: echo begun; sleep 1000
END
	mkdir src
	echo old >src/a
	start run test.yaml
	wait_for begun
	echo other >src/a
	kill -INT "$started"
	finish
	check_status 130
	check_says_not 'goto'
}

run_tests "$@"
