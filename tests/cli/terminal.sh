#!/bin/bash
# contractor on a terminal: script(1) makes one.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../terminal.sh"

build() {
	spec test.yaml <<'END'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - name: Compile
    action: shell
    shell: |
      printf 'checking... '
      printf '\033]0;owned\007\033[2Jdone\n'
      printf '\033[32mgreen\033[0m\n'
END
}

test_steps_and_their_states() {
	build
	run on_terminal "$CONTRACTOR run test.yaml"
	check_status 0
	check_out_has '✓'
	check_out_has 'Compile  running'
	check_out_has 'Compile  passed'
	run on_terminal "$CONTRACTOR run test.yaml"
	check_out_has 'Compile  cached'
}

test_output_does_not_act_on_the_terminal() {
	build
	run on_terminal "$CONTRACTOR run test.yaml; $CONTRACTOR log test.yaml 2"
	check_status 0
	check_out_has 'checking... done'
	check_out_has $'\033[32mgreen'
	check_says_not owned
	check_says_not $'\033[2J'
}

test_output_is_not_repeated() {
	build
	echo '      exit 3' >>test.yaml
	run on_terminal "$CONTRACTOR run test.yaml"
	check_status 1
	[ "$(grep -c green "$out")" -eq 1 ] || fail "it stands above already"
	run on_terminal "$CONTRACTOR run -q test.yaml"
	check_out_has green
}

test_narrow_terminal() {
	build
	sed -i 's/name: Compile/name: Compile all that there is to compile, and more/' test.yaml
	run on_terminal "stty cols 50; $CONTRACTOR list test.yaml"
	check_status 0
	[ "$(tr -d '\r' <"$out" | wc -L)" -le 60 ] || fail "the lines are too long"
	check_out_has 'Compile…'
}

test_quiet() {
	build
	run on_terminal "$CONTRACTOR run -q test.yaml"
	check_status 0
	check_out_has 'Compile  passed'
	check_says_not green
}

test_without_colours() {
	build
	run on_terminal "NO_COLOR=1 $CONTRACTOR run test.yaml"
	check_out_has green
	check_says_not $'\033[32m'
}

test_locale_without_the_glyphs() {
	build
	run on_terminal "LC_ALL=C $CONTRACTOR run test.yaml"
	check_status 0
	check_out_has '+'
	! grep -q '[^ -~[:cntrl:]]' "$out" || fail "not ASCII"
}

test_terminal_that_can_do_nothing() {
	build
	run on_terminal "TERM=dumb $CONTRACTOR run test.yaml"
	check_status 0
	check_out_has '[2/2] Compile'
	check_says_not $'\033'
}

test_interrupt_by_the_keyboard() {
	spec test.yaml <<'END'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - action: shell
    shell: echo started; sleep 1000
END
	start_on_terminal "$CONTRACTOR run test.yaml"
	wait_for 'started'
	printf '\003' >&9
	hang_up
	check_status 130
}

test_command_has_a_terminal_of_its_own() {
	build
	run contractor run test.yaml
	run on_terminal "$CONTRACTOR shell test.yaml 2 -- sh -c 'stty size; tty; exit 7'"
	check_status 7
	check_out_has '24 80'
	check_out_has '/dev/pts/0'
}

test_what_is_typed_reaches_the_command() {
	build
	run contractor run test.yaml
	start_on_terminal "$CONTRACTOR shell test.yaml 2 -- sh"
	wait_for '/workspace # '
	# shellcheck disable=SC2016
	printf 'echo $((40 + 2)); exit 3\n' >&9
	hang_up
	check_status 3
	check_out_has 42
}

test_terminal_is_given_back_as_it_was() {
	build
	run contractor run test.yaml
	run on_terminal "stty -g; $CONTRACTOR shell test.yaml 2 -- true; stty -g"
	[ "$(grep -aoE '[0-9a-f:]{60,}' "$out" | sort -u | wc -l)" -eq 1 ] ||
		fail "other settings than before"
}

test_terminal_is_never_handed_in() {
	build
	run contractor run test.yaml
	run on_terminal "$CONTRACTOR shell test.yaml 2 -- sh -c 'test -t 2 || echo no terminal' | cat"
	check_status 0
	check_out_has 'no terminal'
}

# The host's bash, in a tree whose start files set a prompt of their own, as Debian's do.
build_with_bash() {
	mkdir host
	# shellcheck disable=SC2046 # a list
	cp --parents -L /bin/bash $(ldd /bin/bash | grep -o '/[^ ]*') host
	spec test.yaml <<'END'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - action: copy
    from: host
  - name: Install
    action: shell
    shell: |
      cp -a * /
      mkdir -p "$HOME"
      echo "PS1='own prompt: '" >"$HOME/.bashrc"
  - name: Last
    action: shell
    shell: echo printed by the last step
END
	run contractor run test.yaml
	check_status 0
}

# A script of one line has no newline at its end.
test_bash_says_where_one_is_and_has_the_script() {
	build_with_bash
	start_on_terminal "$CONTRACTOR shell test.yaml 4"
	wait_for '(after step 4) /workspace # '
	echo 'history; echo "command=<$PROMPT_COMMAND>"' >&9
	wait_for '1  echo printed by the last step'
	wait_for 'command=<>'
	echo "PS1='mine: '" >&9
	wait_for $'\nmine: '
	echo exit >&9
	hang_up
	check_status 0
	check_says_not 'own prompt: '
}

run_tests "$@"
