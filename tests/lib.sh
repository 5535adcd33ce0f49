# lib.sh: what the shell tests share (bash).
#
# A test is a function test_NAME in a file tests/GROUP/FILE.sh that begins with
#
#	. "$(dirname "$0")/../lib.sh"
#
# and ends with `run_tests "$@"`. Each test is run by a bash of its own with `set -e`, in an
# empty directory, with an empty home and store, and is stopped after $TEST_TIMEOUT seconds. For
# each a line is printed, "ok NAME", "not ok NAME" (then what it said, after "#") or
# "skip NAME: REASON". One test alone: bash tests/cli/run.sh test_NAME.
#
# A test calls `run COMMAND...`, which never fails, and then the check_... functions, which
# look at the status and at what was printed, and end the test when it is not as it should be.
# `run contractor ...` is the program under test: $CONTRACTOR, by default build/contractor.
#
# shellcheck shell=bash

set -u
umask 022
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
: "${CONTRACTOR:=$root/build/contractor}"
: "${EXAMPLES:=$root/examples}"
: "${TEST_TIMEOUT:=400}"
: "${TEST_LABEL:=}"
export CONTRACTOR EXAMPLES TEST_TIMEOUT TEST_LABEL

# --- ending a test

# Ends the test as failed, with this message and what the last command printed.
fail() {
	echo "$*"
	if [ -n "${command:-}" ]; then
		echo "after: $command"
		echo "status: $status"
		sed 's/^/out: /' "$out" | tail -n 40
		sed 's/^/err: /' "$err" | tail -n 40
		cat "$TEST_DIR"/sanitizer.* 2>/dev/null
	fi
	exit 1
}

# Ends the test as skipped. tests/permitted-skips must have the reason.
skip() {
	echo "$*"
	exit 77
}

# --- running the program

contractor() {
	"$CONTRACTOR" "$@"
}

# Runs a command: its status goes to $status, what it prints to the files $out and $err.
run() {
	command=$*
	status=0
	"$@" >"$out" 2>"$err" || status=$?
	! grep -q 'ERROR: .*Sanitizer\|runtime error:' "$err" || fail "a sanitizer complained"
}

# Starts contractor in the background, with $out and $err as above; $started is its process.
# (A shell starts such processes with interrupts ignored.)
start() {
	command="contractor $*"
	status=running
	env --default-signal=INT,QUIT "$CONTRACTOR" "$@" >"$out" 2>"$err" &
	started=$!
}

# Waits for its end: the status goes to $status.
finish() {
	status=0
	wait "$started" || status=$?
}

# Waits until the started process has printed TEXT.
wait_for() {
	until cat "$out" "$err" | grep -qF -- "$1"; do
		if ! kill -0 "$started" 2>/dev/null; then
			check_says "$1"
			return
		fi
		sleep 0.02
	done
}

# Ends the first `sleep 1000$$` of a step that waits, if there is one, and waits until it is gone.
end_a_sleep() {
	local file process
	for file in /proc/[0-9]*/cmdline; do
		process=${file%/cmdline}
		if grep -qsxz "1000$$" "$file" && kill "${process#/proc/}" 2>/dev/null; then
			while [ -e "$process" ]; do
				sleep 0.02
			done
			return 0
		fi
	done
	return 1
}

# Lets one step that has printed "ready" go on.
let_go() {
	until end_a_sleep; do
		sleep 0.02
	done
}

# Writes standard input to the file NAME, and makes the archive that its `path: systree.tar` means.
spec() {
	cat >"$1"
	[ -e systree.tar ] || "$EXAMPLES/hello/make-systree.sh" . >/dev/null
}

# --- checks

check_status() {
	[ "$status" = "$1" ] || fail "expected the status $1"
}

check_out() {
	printf '%s\n' "$1" | cmp -s - "$out" || fail "expected on standard output just: $1"
}

check_out_has() {
	grep -qF -- "$1" "$out" || fail "expected on standard output: $1"
}

check_err_has() {
	grep -qF -- "$1" "$err" || fail "expected on standard error: $1"
}

check_out_empty() {
	[ ! -s "$out" ] || fail "expected nothing on standard output"
}

check_err_empty() {
	[ ! -s "$err" ] || fail "expected nothing on standard error"
}

# Either of the two has it.
check_says() {
	cat "$out" "$err" | grep -qF -- "$1" || fail "expected: $1"
}

check_says_not() {
	! cat "$out" "$err" | grep -qF -- "$1" || fail "not expected: $1"
}

# Either of the two has a line that matches the extended regular expression.
check_says_like() {
	cat "$out" "$err" | grep -qE -- "$1" || fail "expected a line like: $1"
}

# Neither of the two has just this as a line.
check_no_line() {
	! cat "$out" "$err" | grep -qxF -- "$1" || fail "not expected: $1"
}

check_same() {
	cmp -s "$1" "$2" || fail "expected the same bytes in $1 and $2"
}

check_different() {
	! cmp -s "$1" "$2" || fail "expected different bytes in $1 and $2"
}

check_file() {
	[ -f "$1" ] || fail "expected a file $1"
}

check_no_file() {
	[ ! -e "$1" ] || fail "expected no file $1"
}

# --- the harness

# Everything a test finds around it, below its directory.
set_surroundings() {
	out=$TEST_DIR/out
	err=$TEST_DIR/err
	export HOME=$TEST_DIR/home LC_ALL=C.UTF-8 TERM=dumb
	export CONTRACTOR_STORE=$TEST_DIR/store
	export ASAN_OPTIONS=log_path=$TEST_DIR/sanitizer:exitcode=99
	export UBSAN_OPTIONS=log_path=$TEST_DIR/sanitizer:print_stacktrace=1
	unset XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME SOURCE_DATE_EPOCH NO_COLOR
	mkdir -p "$HOME" "$TEST_DIR/work"
	: >"$out"
	: >"$err"
	cd "$TEST_DIR/work" || exit 1
}

# Runs one test in this process.
run_here() {
	set_surroundings
	exec </dev/null
	set -e
	"$1"
	set +e
	if compgen -G "$TEST_DIR/sanitizer.*" >/dev/null; then
		cat "$TEST_DIR"/sanitizer.*
		exit 1
	fi
}

# Removes a test's directory. What steps wrote may belong to other ids, so the stores are removed
# by the program first.
clean_up() {
	local database
	find "$1" -maxdepth 5 -name store.db 2>/dev/null | while read -r database; do
		"$CONTRACTOR" store remove --all --store "$(dirname "$database")" \
			</dev/null >/dev/null 2>&1
	done
	chmod -R u+rwX "$1" 2>/dev/null
	rm -rf "$1" || echo "# could not remove $1"
}

# Runs one test in a process of its own and prints its line.
run_apart() {
	local test=$1 name directory ended=0
	name=$(basename "$(dirname "$script")")/$(basename "$script" .sh)
	name="$name: $(echo "${test#test_}" | tr _ ' ')${TEST_LABEL:+ ($TEST_LABEL)}"
	directory=$(mktemp -d "${TMPDIR:-/tmp}/contractor-test.XXXXXX")
	TEST_DIR=$directory timeout -k 5 "$TEST_TIMEOUT" bash "$script" "$test" \
		</dev/null >"$directory/log" 2>&1 || ended=$?
	case $ended in
	0) echo "ok $name" ;;
	77) echo "skip $name: $(tail -n 1 "$directory/log")" ;;
	*)
		echo "not ok $name"
		[ $ended -lt 124 ] || echo "# ended by a signal or after $TEST_TIMEOUT seconds"
		tail -n 100 "$directory/log" | sed 's/^/# /'
		failures=1
		;;
	esac
	clean_up "$directory"
}

# Runs the tests of the file that called it: all, or those named.
run_tests() {
	local test tests
	if [ -n "${TEST_DIR:-}" ]; then
		run_here "$1"
		exit 0
	fi
	script=$(realpath "$0")
	failures=0
	if [ $# -eq 0 ]; then
		mapfile -t tests < <(sed -n 's/^\(test_[A-Za-z0-9_]*\)() {$/\1/p' "$script")
		set -- "${tests[@]}"
	fi
	for test in "$@"; do
		run_apart "$test"
	done
	exit $failures
}

# --- checks of the sources (tests/check-*.sh)

# Prints the line of a check whose findings are in FILE, one a line: none is good.
report() {
	local name=$1 file=$2
	if [ -s "$file" ]; then
		echo "not ok $name"
		sed 's/^/# /' "$file"
		return 1
	fi
	echo "ok $name"
}
