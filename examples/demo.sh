#!/bin/bash
# Shows contractor at work: examples/demo.sh
#
# Installs what is missing (it says what), builds the program, and runs two examples: one that
# passes, and is then taken from the cache; and one that fails. On a terminal it opens the debugger
# at the failure; elsewhere it prints the commands to find out why. What is edited is a copy, in
# build/demo, which each run of the demo makes anew.
set -eu
cd "$(dirname "$0")/.."

contractor=build/contractor
hello=examples/hello/hello.yaml
broken=build/demo/broken.yaml

# A heading, set apart from what the builds print.
say() {
	printf '\n==> %s\n' "$*"
}

# Prints a command and runs it.
show() {
	say "$*"
	"$@"
}

# Builds quietly; the whole output is shown only when it fails.
build() {
	local log
	log=$(mktemp)
	say "building $contractor"
	if ! { cmake --preset release && cmake --build --preset release; } >"$log" 2>&1; then
		cat "$log"
		rm -f "$log"
		return 1
	fi
	rm -f "$log"
}

# Makes the copy, and the root file systems of both examples. What the debugger keeps of a
# specification, it keeps by its real path: in a new directory nothing is left of last time.
prepare_examples() {
	local copy
	say "copying examples/broken to build/demo"
	rm -rf build/demo build/demo.*
	copy=$(mktemp -d build/demo.XXXXXX)
	cp -R examples/broken/. "$copy"
	ln -s "${copy#build/}" build/demo
	show examples/hello/make-systree.sh examples/hello build/demo
}

# Runs the example that must pass. What the host lacks is said by doctor.
run_hello() {
	local status=0
	show "$contractor" run "$hello" || status=$?
	[ $status -ne 3 ] || show "$contractor" doctor
	return $status
}

# Runs the example that must fail in a step, which is the status 1.
run_broken() {
	local status=0
	show "$contractor" run "$broken" || status=$?
	if [ $status -ne 1 ]; then
		say "the example was expected to fail with the status 1, and ended with $status"
		return 1
	fi
}

# Whether `edit` finds an editor: what the person has chosen, else Debian's choice, else vi.
has_editor() {
	[ -z "${VISUAL:-}${EDITOR:-}" ] || return 0
	command -v vi >/dev/null ||
		{ command -v sensible-editor && command -v editor; } >/dev/null
}

# Opens the debugger. That the step still fails when the person leaves is no failure of the demo.
debug_broken() {
	local status=0
	has_editor || packaging/prepare.sh edit || say "without an editor, the key e has no effect"
	show "$contractor" "$broken" || status=$?
	[ $status -le 1 ] || return $status
}

say_how_to_go_on() {
	cat <<END

==> Go on whenever you like:

    $contractor $broken       where you left it
    $contractor run $broken   without a screen
    $contractor YOUR-BUILD.yaml              a build of yours

README.md walks through the failure, key by key. The next run of this demo makes
build/demo anew.
END
}

say_how_to_look() {
	cat <<END

==> The tree in which it failed is kept. Go on with:

    $contractor list $broken
    $contractor log $broken 5
    $contractor shell --failed $broken 5

The shell is the step's own: try ./tools/contents, then look at its first line.
Then mend the step in $broken and run it again. On a terminal,
all of it can be done in the debugger: $contractor $broken.
README.md tells the whole story.
END
}

packaging/prepare.sh build run
build
prepare_examples

say "A build that passes. It runs $(grep -c 'action: ' "$hello") steps."
run_hello
say "The same again: nothing has changed, so nothing runs."
run_hello

say "A build that fails, and the reason is not in its log."
run_broken
if [ -t 0 ] && [ -t 1 ]; then
	debug_broken
	say_how_to_go_on
else
	say_how_to_look
fi
