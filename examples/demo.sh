#!/bin/bash
# Shows contractor at work: examples/demo.sh
#
# Installs what is missing (it says what), builds the program, and runs the two examples: one
# that passes, and is then taken from the cache; and one that fails, with the commands to find
# out why.
set -eu
cd "$(dirname "$0")/.."

contractor=build/contractor
hello=examples/hello/hello.yaml
broken=examples/broken/broken.yaml

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

packaging/prepare.sh build run
build
show examples/hello/make-systree.sh examples/hello examples/broken

say "A build that passes. It runs $(grep -c 'action: ' "$hello") steps."
run_hello
say "The same again: nothing has changed, so nothing runs."
run_hello

say "A build that fails, and the reason is not in its log."
run_broken

cat <<END

==> The tree in which it failed is kept. Go on with:

    $contractor list $broken
    $contractor log $broken 5
    $contractor shell --failed $broken 5

The shell is the step's own: try ./tools/contents, then look at its first line. Then mend
the step in $broken and run it again. README.md tells the whole story.
END
