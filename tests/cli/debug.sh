#!/bin/bash
# contractor debug --plain: commands by a pipe, from a file, and on a terminal.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../terminal.sh"

# A build whose third step fails, with bytes that an edit must not touch.
build() {
	spec test.yaml <<'END'
# Kept as it is.
name: test
parameters:
  greeting: hello
actions:
  - action: create-systree   # odd   spacing
    path: systree.tar
  - name: Compile
    action: shell
    shell: echo ${greeting} compiled; echo compiled >program
  - name: Test
    action: shell
    shell: |
      echo half >report
      echo wrong
      exit 3
  - name: Pack
    action: shell
    shell: echo packed
END
}

# Runs the debugger with standard input as its commands.
debug() {
	run contractor debug --plain "$@" test.yaml
}

# An editor that makes the failing step pass.
make_editor() {
	printf '#!/bin/sh\nsed -i "s/exit 3/exit 0/" "$1"\n' >editor
	chmod +x editor
	export EDITOR="$PWD/editor"
	unset VISUAL
}

test_screen_is_not_there() {
	build
	run contractor test.yaml
	check_status 2
	check_err_has '--plain'
	check_out_empty
}

test_steps_one_by_one() {
	build
	debug <<'END'
next
next
END
	check_status 0
	check_out 'hello compiled'
	check_err_has "before step 3 'Test'"
}

# The editor is what changes a file between two commands.
test_changed_sources_are_noticed() {
	spec test.yaml <<'END'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - name: Sources
    action: copy
    from: src
  - name: Test
    action: shell
    shell: grep good a
END
	mkdir src
	echo bad >src/a
	printf '#!/bin/sh\necho good >"%s"\n' "$PWD/src/a" >editor
	chmod +x editor
	unset VISUAL
	EDITOR="$PWD/editor" debug <<'END'
continue
rerun 3
info step 2
edit 3
rerun 3
info step 2
goto 2
continue
END
	check_status 0
	check_out_has '  state: passed, attempt 2,'
	check_out_has '  state: passed, stale, attempt 2,'
	check_err_has "note: the files of step 2 'Sources' have changed: 'goto 2', then 'continue'"
	check_err_has 'at the end: 3 steps are done'
}

test_failure_is_the_status() {
	build
	debug <<<continue
	check_status 1
	check_err_has "step 3 'Test' failed: exit status 3"
	check_err_has 'test.yaml:11:5'
}

test_stands_at_the_failed_step_after_run() {
	build
	run contractor run test.yaml
	check_status 1
	run contractor store list
	cp "$out" before
	debug <<'END'
log
shell -- cat report
shell --failed -- cat program
END
	check_status 1
	check_out "$(printf 'wrong\nhalf\ncompiled')"
	check_err_has "step 3 'Test' failed: exit status 3"
	run contractor store list
	check_same before "$out"
}

test_the_whole_walk() {
	build
	sed 's/exit 3/exit 0/' test.yaml >expected.yaml
	make_editor
	run contractor run test.yaml
	check_status 1
	debug <<'END'
log
shell failed -- cat report
edit
rerun
write
continue
END
	check_status 0
	check_out "$(printf 'wrong\nhalf\nwrong\nwritten: test.yaml\npacked')"
	check_err_has 'at the end: 4 steps are done'
	check_same expected.yaml test.yaml
	run contractor run test.yaml
	check_status 0
	check_err_has '[3/4] Test: cached'
}

test_edit_that_is_not_written_is_kept() {
	build
	cp test.yaml before.yaml
	make_editor
	debug <<<"edit Test"
	check_status 0
	check_err_has 'edits that are not written'
	check_same before.yaml test.yaml
	debug <<<continue
	check_status 0
	check_err_has 'step 3 is edited, and not written yet'
	check_err_has 'at the end'
}

test_edit_of_a_file_that_changed_is_shown() {
	build
	make_editor
	debug <<<"edit Test"
	sed -i 's/echo half/echo other/' test.yaml
	debug <<<"info step Test"
	check_err_has 'no longer fits the file'
	check_err_has '    exit 0'
	check_out_has 'exit 3'
}

test_edit_that_is_not_valid() {
	build
	printf '#!/bin/sh\nsed -i "s/^shell:/shel:/" "$1"\n' >editor
	chmod +x editor
	EDITOR=$PWD/editor debug <<'END'
edit Compile
info step Compile
END
	check_err_has 'test.yaml:10:'
	check_err_has 'is not valid'
	check_out_has '    shell: echo'
}

# The editor breaks step 2 the first time, and then shows what it is given.
test_text_that_is_not_valid_is_kept_while_others_are_edited() {
	build
	cat >editor <<'END'
#!/bin/sh
cat "$1" >>seen
grep -q '^name: Compile' "$1" && sed -i 's/^shell:/shel:/' "$1"
grep -q '^name: Test' "$1" && sed -i 's/exit 3/exit 0/' "$1"
exit 0
END
	chmod +x editor
	unset VISUAL
	EDITOR=$PWD/editor debug <<'END'
edit Compile
edit Test
edit Pack
edit Compile
END
	check_err_has 'the text is kept: `edit 2` goes on with it'
	check_err_has 'step 3 is edited'
	check_err_has 'step 4 is as it was'
	check_same <(grep -c '^shel:' seen) <(echo 1)
}

# A file in one's own directory that is of a group which one is not in: a new file cannot be.
test_write_does_not_change_the_owner() {
	[ "$(id -u)" = 0 ] || skip "only root can give a file away"
	id -u contractor-test >/dev/null 2>&1 || skip "there is no user contractor-test"
	build
	make_editor
	chmod 755 "$TEST_DIR"
	chown -R contractor-test:contractor-test .
	chgrp 0 test.yaml
	cp test.yaml before.yaml
	printf 'edit Test\nwrite\n' >commands
	run setpriv --reuid contractor-test --regid contractor-test --init-groups \
		env HOME="$PWD" TMPDIR="$PWD" \
		"$CONTRACTOR" debug --plain --store "$PWD/store" -x commands test.yaml
	check_err_has "test.yaml: it is of user $(id -u contractor-test) and group 0"
	check_err_has "chgrp"
	check_same before.yaml test.yaml
}

test_editor_that_fails() {
	build
	EDITOR=false debug <<'END'
edit Test
END
	check_status 0
	check_err_has 'step 3 is as it was'
}

test_visual_counts_more_than_editor() {
	build
	make_editor
	export VISUAL="$EDITOR"
	export EDITOR=false
	debug <<<"edit Test"
	check_err_has 'step 3 is edited'
}

test_breakpoints_of_all_kinds() {
	build
	debug <<'END'
break 2
break :12 if exit != 0 && output ~ /wrong/
tbreak Pack
break fail
break shell if hits >= 9
info breakpoints
continue
END
	check_out_has "1   kept       enabled   2: step 2 'Compile'; 0 hits"
	check_out_has "2   kept       enabled   :12: step 3 'Test'; if exit != 0 && output ~ /wrong/"
	check_out_has "3   temporary  enabled   Pack: step 4 'Pack'"
	check_out_has '4   kept       enabled   fail: any step that fails'
	check_out_has '5   kept       enabled   shell: steps 2, 3, 4; if hits >= 9'
	check_err_has "breakpoint 1, before step 2 'Compile'"
}

test_breakpoint_stops_on_a_cached_step() {
	build
	debug <<<"until 3"
	debug <<'END'
goto 1
break Compile
continue
END
	check_status 0
	check_err_has "breakpoint 1, before step 2 'Compile'"
	check_out_has 'Compile'
}

test_condition_on_the_output_of_a_cached_step() {
	build
	debug <<<"until 3"
	debug <<'END'
break Compile if output ~ /hello comp/
goto 1
continue
END
	check_status 0
	check_err_has '[2/4] Compile: cached'
	check_err_has "breakpoint 1, before step 3 'Test'"
}

test_logging_does_not_stop() {
	build
	debug <<'END'
break Compile log {step} {name} gave {exit}
continue
END
	check_status 1
	check_err_has '2 Compile gave 0'
	check_err_has "step 3 'Test' failed"
}

test_breakpoints_are_kept() {
	build
	debug <<'END'
break 3
break 2
disable 1
END
	debug <<'END'
info breakpoints
continue
END
	check_out_has "1   kept       disabled  3: step 3 'Test'"
	check_err_has "breakpoint 2, before step 2"
	debug <<'END'
delete all
info breakpoints
END
	check_out_has 'there are no breakpoints'
}

test_reverse_continue() {
	build
	debug <<'END'
break 2
until 3
until 3
reverse-continue
reverse-continue
reverse-continue
END
	check_status 0
	check_err_has "before step 1 'create-systree'"
	check_err_has 'this is the first step'
}

test_set_a_parameter() {
	build
	debug <<'END'
next
next
set greeting=bye
env Compile
next
set nobody=1
END
	check_status 0
	check_out_has 'greeting=bye'
	check_out_has 'bye compiled'
	check_err_has 'nobody'
}

test_info() {
	build
	debug <<'END'
until 3
info step 2
info sandbox 2
info attempts 2
info artifacts
info store
END
	check_status 0
	check_out_has 'state: passed'
	check_out_has 'bwrap'
	check_out_has '--bind-fd'
	check_out_has 'no artifacts have been made yet'
	check_out_has 'snapshots:'
}

test_help_has_every_command() {
	build
	debug <<<help
	for name in next continue until back reverse-continue goto rerun pause resume kill break \
		tbreak delete enable disable info shell edit write env set log source help quit; do
		grep -qE "^  $name( |\$)" "$out" || fail "no help for $name"
	done
	# What is not built yet comes last.
	sed -n '/not built yet/,$p' "$out" | grep '^  [a-z]' | grep -v 'not built yet' && fail "in between"
	check_err_has "before step 1"
}

test_wrong_commands_do_not_end_it() {
	build
	debug <<'END'
nonsense
step
pause
next
END
	check_status 0
	check_err_has "there is no command 'nonsense'"
	check_err_has 'not built yet'
	check_err_has 'pause: no step is running'
	check_err_has "before step 2"
}

test_commands_from_a_file() {
	build
	printf '# a comment\n\nnext\n  # another\nbreak 3\ncontinue\n' >commands
	debug -x commands </dev/null
	check_status 0
	check_err_has "breakpoint 1, before step 3"
}

test_mistake_in_a_file() {
	build
	printf 'next\nnonsense\nnext\n' >commands
	debug -x commands <<<"info store"
	check_status 2
	check_err_has "commands:2: there is no command 'nonsense'"
	check_says_not "before step 3"
	check_out_empty
}

test_file_within_a_file() {
	build
	echo 'next' >inner
	printf 'source inner\nsource missing\n' >commands
	debug -x commands </dev/null
	check_status 2
	check_err_has "before step 2"
	check_err_has "commands:2: cannot read 'missing'"
}

test_file_that_calls_itself() {
	build
	echo 'source commands' >commands
	debug -x commands </dev/null
	check_status 2
	check_err_has 'nested too deep'
}

test_options_for_where_to_begin() {
	build
	debug --break Test --until 4 <<<"info breakpoints"
	check_status 0
	check_err_has "breakpoint 1, before step 3"
	check_out_has '1 hit'
	debug --from 2 <<<next
	check_err_has '[2/4] Compile: cached'
}

test_interrupt_without_a_terminal() {
	spec test.yaml <<'END'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - action: shell
    shell: echo started; sleep 1000
END
	echo continue >commands
	start debug --plain -x commands test.yaml
	wait_for started
	kill -INT "$started"
	finish
	check_status 130
}

# --- on a terminal, which script(1) makes

keys() {
	# shellcheck disable=SC2059
	printf "$1" >&9
}

test_adopt_what_a_shell_changed() {
	build
	debug <<'END'
continue
shell failed -- sh -c 'echo mine >report'
adopt
shell after 3 -- cat report
continue
END
	check_status 0
	check_err_has '`adopt` takes it as the result of step 3'
	check_out_has 'the result of step 3 is now what the shell left'
	check_out_has mine
	check_out_has packed
	run contractor run test.yaml
	check_status 1
	check_err_has "step 3"
}

test_adopt_without_a_shell() {
	build
	debug <<'END'
next
shell after 1 -- true
adopt
END
	check_err_has 'there is nothing to adopt'
}

test_prompt_says_adopted() {
	build
	start_on_terminal "$CONTRACTOR debug --plain test.yaml"
	wait_for '(before 1/4 create-systree) '
	keys 'next\n'
	wait_for '(before 2/4 Compile) '
	keys 'shell after 1 -- touch made\n'
	wait_for 'as the result of step 1'
	keys 'adopt\n'
	wait_for '(before 2/4 Compile, adopted) '
	keys 'quit\n'
	hang_up
	check_status 0
}

# What is told meanwhile takes neither the prompt away, nor what has been typed.
test_prompt_comes_back() {
	spec test.yaml <<'END'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - name: Large
    action: shell
    shell: head -c 9000000 /dev/zero >large
  - name: Last
    action: shell
    shell: echo last
END
	start_on_terminal "$CONTRACTOR debug --plain --store-size 8M test.yaml"
	wait_for '(before 1/3 create-systree) '
	keys 'until 3\n'
	wait_for '(before 3/3 Last) '
	keys 'info st'
	wait_for '(store-size): '
	until sed '1,/(store-size): /d' "$out" | grep -q '(before 3/3 Last) info st'; do
		kill -0 "$started" || fail "the prompt did not come back"
		sleep 0.05
	done
	keys 'ep\n'
	wait_for 'step 3: Last'
	keys 'quit\n'
	hang_up
	check_status 0
}

test_prompt_says_where_one_is() {
	build
	start_on_terminal "$CONTRACTOR debug --plain test.yaml"
	wait_for '(before 1/4 create-systree) '
	keys 'until 3\n'
	wait_for '(before 3/4 Test) '
	keys 'next\n'
	wait_for '(3/4 Test failed) '
	keys 'back\n'
	wait_for "before step 2 'Compile'"
	keys 'quit\n'
	hang_up
	check_status 0
}

test_suspended_and_continued() {
	build
	start_on_terminal "PS1='job> ' bash --norc --noediting -i"
	wait_for 'job> '
	keys "$CONTRACTOR debug --plain test.yaml\n"
	wait_for '(before 1/4 create-systree) '
	keys '\032'
	wait_for 'Stopped'
	keys 'fg && echo "it said $?"\n'
	keys 'quit\n'
	wait_for 'it said 0'
	keys 'exit\n'
	hang_up
	check_status 0
}

# Without a shell that controls jobs nobody could continue it.
test_suspended_by_nobody() {
	build
	start_on_terminal "exec $CONTRACTOR debug --plain test.yaml"
	wait_for '(before 1/4 create-systree) '
	keys '\032'
	# What is typed before the prompt is back may be thrown away.
	while kill -0 "$started" 2>/dev/null; do
		keys 'quit\n'
		sleep 0.1
	done
	hang_up
	check_status 0
}

test_empty_line_repeats() {
	build
	start_on_terminal "$CONTRACTOR debug --plain test.yaml"
	wait_for '(before 1/4 create-systree) '
	keys 'next\n'
	wait_for '(before 2/4 Compile) '
	keys '\n'
	wait_for '(before 3/4 Test) '
	keys '\004'
	hang_up
	check_status 0
}

test_tabulator_completes() {
	build
	start_on_terminal "$CONTRACTOR debug --plain test.yaml"
	wait_for '(before 1/4 create-systree) '
	keys 'unt\tTes\t\n'
	wait_for '(before 3/4 Test) '
	keys '\004'
	hang_up
	check_status 0
}

test_history() {
	build
	start_on_terminal "$CONTRACTOR debug --plain test.yaml"
	wait_for '(before 1/4 create-systree) '
	keys 'next\n'
	wait_for '(before 2/4 Compile) '
	keys 'info store\n'
	wait_for 'snapshots:'
	keys '\020\020\n'
	wait_for '(before 3/4 Test) '
	keys '\004'
	hang_up
	check_status 0
}

test_shell_joins_a_paused_step() {
	spec test.yaml <<'END'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - name: Slow
    action: shell
    shell: echo started; sleep 1000
END
	start_on_terminal "exec $CONTRACTOR debug --plain test.yaml"
	wait_for '(before 1/2 create-systree) '
	keys 'continue\n'
	wait_for 'started'
	keys '\003'
	wait_for '(2/2 Slow paused) '
	keys 'shell here\n'
	wait_for '(in step 2) '
	keys 'grep State /proc/2/status; exit 9\n'
	wait_for 'T (stopped)'
	wait_for 'exit status 9'
	keys 'kill\n'
	wait_for '(2/2 Slow killed) '
	keys 'quit\n'
	hang_up
	check_status 1
}

test_interrupt_pauses() {
	spec test.yaml <<'END'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - name: Slow
    action: shell
    shell: echo started; sleep 1000
END
	# The shell that script(1) starts would be interrupted, too.
	start_on_terminal "exec $CONTRACTOR debug --plain test.yaml"
	wait_for '(before 1/2 create-systree) '
	keys 'continue\n'
	wait_for 'started'
	keys '\003'
	wait_for '(2/2 Slow paused) '
	keys 'kill\n'
	wait_for '(2/2 Slow killed) '
	keys 'quit\n'
	hang_up
	check_status 1
}

test_shell_has_the_terminal() {
	build
	start_on_terminal "$CONTRACTOR debug --plain test.yaml"
	wait_for '(before 1/4 create-systree) '
	keys 'next\n'
	wait_for '(before 2/4 Compile) '
	keys 'shell\n'
	wait_for '(before step 2) '
	# shellcheck disable=SC2016
	keys 'echo $((40 + 2)); exit 7\n'
	wait_for 'exit status 7'
	check_says 42
	keys 'next\n'
	wait_for '(before 3/4 Test) '
	keys '\004'
	hang_up
	check_status 0
}

test_quit_asks_when_edits_are_not_written() {
	build
	make_editor
	start_on_terminal "$CONTRACTOR debug --plain test.yaml"
	wait_for '(before 1/4 create-systree) '
	keys 'edit Test\n'
	wait_for 'is edited'
	keys 'quit\n'
	wait_for 'quit all the same?'
	keys 'n\n'
	keys 'next\n'
	wait_for '(before 2/4 Compile) '
	keys 'quit\n'
	keys 'y\n'
	hang_up
	check_status 0
}

test_terminal_is_given_back() {
	build
	start_on_terminal "stty -g; $CONTRACTOR debug --plain test.yaml; stty -g"
	wait_for '(before 1/4 create-systree) '
	keys 'quit\n'
	hang_up
	[ "$(grep -aoE '[0-9a-f:]{60,}' "$out" | sort -u | wc -l)" -eq 1 ] ||
		fail "other settings than before"
}

# Who has gone away is not kept waiting for: here, by an editor.
test_nobody_listens() {
	spec quiet.yaml <<'END'
name: quiet
actions:
  - action: create-systree
    path: systree.tar
  - action: shell
    shell: "true"
END
	printf 'next\nedit 2\nnext\n' >commands
	exec 3> >(true)
	wait $!
	EDITOR='sleep 1000 #' timeout 100 "$CONTRACTOR" debug --plain quiet.yaml <commands >&3 2>&3 || status=$?
	[ "${status:-0}" != 124 ] || fail "it waits for its editor"
}

run_tests "$@"
