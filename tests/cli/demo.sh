#!/bin/bash
# examples/demo.sh, with the program as it is built already.
. "$(dirname "$0")/../lib.sh"

# A repository that needs no set-up: what would install packages and compile only says so.
repository() {
	mkdir -p packaging build tools
	cp -R "$EXAMPLES" examples
	rm -f examples/broken/systree.tar
	cp "$CONTRACTOR" build/contractor
	printf '#!/bin/sh\necho "prepared: $*"\n' >packaging/prepare.sh
	printf '#!/bin/sh\n' >tools/cmake
	chmod +x packaging/prepare.sh tools/cmake
	PATH=$PWD/tools:$PATH
}

# Starts the demo on a terminal; what is typed goes to descriptor 9.
start_on_terminal() {
	mkfifo keys
	TERM=xterm SHELL=/bin/sh script --quiet --return \
		--command "stty rows 24 cols 80; VISUAL=true examples/demo.sh" /dev/null \
		<keys >"$out" 2>"$err" &
	# shellcheck disable=SC2034 # for wait_for
	started=$!
	exec 9>keys
}

test_without_a_terminal() {
	repository
	run examples/demo.sh
	check_status 0
	check_out_has 'prepared: build run'
	check_says 'hello: 9 steps passed, 9 of them cached'
	check_out_has './tools/contents: not found'
	check_out_has 'build/contractor shell --failed build/demo/broken.yaml 5'
	run contractor shell --failed build/demo/broken.yaml 5 -- head -n 1 tools/contents
	check_out '#!/bin/bash'
}

test_on_a_terminal_the_debugger_is_open() {
	repository
	start_on_terminal
	wait_for 'failed in 5/7'
	wait_for 'quit'
	printf q >&9
	finish
	exec 9>&-
	check_status 0
	check_out_has 'README.md walks through the failure'
}

test_again_after_the_copy_was_edited() {
	repository
	run examples/demo.sh
	sed -i 's|\./tools/contents book|sh tools/contents book|' build/demo/broken.yaml
	run contractor run build/demo/broken.yaml
	check_status 0
	run contractor debug --plain build/demo/broken.yaml -x /dev/stdin <<<'break 6'
	run examples/demo.sh
	check_status 0
	check_out_has './tools/contents: not found'
	check_same build/demo/broken.yaml examples/broken/broken.yaml
	run contractor debug --plain build/demo/broken.yaml -x /dev/stdin <<<'info breakpoints'
	check_says 'no breakpoints'
}

test_the_repository_stays_as_it_was() {
	repository
	cp -R examples before
	run examples/demo.sh
	check_status 0
	rm examples/hello/systree.tar
	rm -f before/hello/systree.tar
	run diff -r before examples
	check_status 0
}

run_tests "$@"
