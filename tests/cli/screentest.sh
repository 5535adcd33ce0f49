#!/bin/bash
# tests/screen/screentest itself: a test that should fail does, and says where and what was on the screen.
. "$(dirname "$0")/../lib.sh"

# Runs the test on standard input.
screentest() {
	{
		echo "# A test"
		cat
	} >it.screen
	run env SCREEN_TIMEOUT=2 TEST_LABEL= TMPDIR="$PWD" \
		"$(dirname "$CONTRACTOR")/tests/screentest" it.screen
}

check_fails() {
	check_status 1
	check_out_has 'not ok screen/it: A test'
	check_out_has "# it.screen:$1"
}

test_passes() {
	screentest <<'END'
size 20x5
run sh -c 'printf "\033[1mbold\033[0m, \033[7mnot"; read x; printf "\033[0m"; exit 3'
wait bold
style bold | bold !reverse
style not | !bold reverse
row 1 b*t
screen <<UP
bold, n*
UP
press Enter
exit 3
restored
END
	check_status 0
	check_out 'ok screen/it: A test'
}

test_text_that_is_not_there() {
	screentest <<'END'
run sh -c 'echo hello; read x'
wait good bye
END
	check_fails '3: wait good bye: not so'
	check_out_has '#  1 |hello'
}

test_text_that_does_not_go() {
	screentest <<'END'
run sh -c 'echo hello; read x'
wait hello
gone hello
END
	check_fails '4: gone hello: not so'
}

test_row_screen_and_style() {
	local statement
	for statement in 'row 1 h*l' 'row 2 hello' 'style hello | bold' 'style hello | fg=red'; do
		screentest <<<"run sh -c 'echo hello; read x'
$statement"
		check_fails "3: $statement"
	done
	screentest <<'END'
run sh -c 'echo hello; read x'
screen <<UP
hello
more
UP
END
	check_fails '3: screen'
}

test_end_of_the_program() {
	screentest <<<"run sh -c 'exit 3'
exit 0"
	check_fails '3: exit 0: it ended with status 3'
	screentest <<<"run sh -c 'exit 3'
wait hello"
	check_fails '3: wait hello: not so, and the program has ended with status 3'
}

test_terminal_left_behind() {
	local left
	for left in '\033[?1049h' '\033[?1000h' '\033[?2004h' '\033[?1h' '\033[?25l' '\033[31m'; do
		screentest <<<"run sh -c 'printf \"$left\"'
exit 0
restored"
		check_fails '4: restored'
	done
	screentest <<<"run sh -c 'stty -echo'
exit 0
restored"
	check_fails '4: restored : the terminal'
}

test_what_is_beside() {
	screentest <<<'sh echo oops; exit 7'
	check_fails '2: sh echo oops; exit 7: it ended with status 7, and said: oops'
	screentest <<<'until false'
	check_fails '2: until false'
}

test_sanitizers() {
	screentest <<<"run sh -c 'echo bad >../sanitizer.1'
exit 0"
	check_status 1
	check_out_has '# bad'
}

test_mistakes() {
	screentest <<<'frobnicate'
	check_fails '2: frobnicate : unknown statement'
	screentest <<<'press n'
	check_fails '2: press n: nothing runs'
	screentest <<<'file x <<END'
	check_status 1
	check_out_has "line 2: there is no line 'END' below it"
}

run_tests "$@"
