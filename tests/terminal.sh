#!/bin/bash
# What tests that need a terminal share: script(1) makes one. To be sourced behind lib.sh.
# shellcheck disable=SC2154 # out and err are those of lib.sh

# Runs a shell command on a terminal of its own; standard input is what is typed.
on_terminal() {
	TERM=xterm SHELL=/bin/sh script --quiet --return --command "stty rows 24 cols 80; $1" /dev/null
}

# Starts one in the background that reads what is typed from descriptor 9; then wait_for, and
# hang_up when its end has come.
start_on_terminal() {
	mkfifo keys
	on_terminal "$1" <keys >"$out" 2>"$err" &
	# shellcheck disable=SC2034 # for wait_for
	started=$!
	exec 9>keys
}

hang_up() {
	finish
	exec 9>&-
}
