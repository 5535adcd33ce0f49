#!/bin/bash
# Builds contractor and runs its tests: tests/run.sh [--quick] [NAME...]
#
# Installs what is missing, builds the presets release and development (sanitizers), and
# runs with both: the unit tests (tests/unit/), the tests of the screen (tests/screen/), the probes of the
# sandbox, and the shell tests (tests/cli/, tests/sandbox/, tests/harness/, tests/fire/); besides, checks of
# the sources. As root the shell tests of the release build run as an ordinary user, and the probes and some
# of the screen once more as one. --quick: the release build only, as both users. NAME...: only those whose
# name has one of these in it, as "unit/test_buf", "cli/run", "style", "borders", "fuzz/".
#
# The last line is "N passed, N failed, N skipped"; the status is 0 when none failed. A skip that
# tests/permitted-skips does not list is a failure.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$root" || exit 2

quick=no
wanted=()
# They wait for a third of their time or more.
jobs_max=$(($(nproc) + ($(nproc) + 1) / 2))
unit_timeout=900
script_timeout=1800
test_user=${CONTRACTOR_TEST_USER:-contractor-test}
has_user=no

usage() {
	echo "usage: tests/run.sh [--quick] [NAME...]"
	exit "$1"
}

read_options() {
	while [ $# -gt 0 ]; do
		case $1 in
		--quick) quick=yes ;;
		--help) usage 0 ;;
		-*) usage 2 >&2 ;;
		*) wanted+=("$1") ;;
		esac
		shift
	done
}

# Whether a test of this name was asked for.
is_wanted() {
	local part
	[ ${#wanted[@]} -gt 0 ] || return 0
	for part in "${wanted[@]}"; do
		[[ $1 != *"$part"* ]] || return 0
	done
	return 1
}

# --- results

# Adds the lines of standard input to the results and shows them; a skip must be permitted.
record() {
	local line
	while IFS= read -r line; do
		if [[ $line == "skip "* ]] && ! is_permitted "${line#skip }"; then
			line="not ok ${line#skip } (a skip that tests/permitted-skips does not list)"
		fi
		printf '%s\n' "$line" | tee -a "$scratch/results"
	done
}

# Whether a skip, "NAME: REASON", is listed.
is_permitted() {
	local pattern
	while IFS= read -r pattern; do
		[[ -z $pattern || $pattern == '#'* ]] && continue
		# shellcheck disable=SC2053 # it is a pattern
		[[ $1 == $pattern ]] && return 0
	done <"$root/tests/permitted-skips"
	return 1
}

count() {
	grep -c "^$1 " "$scratch/results"
}

# --- jobs: commands that print result lines, several at a time

declare -A job_names=()
job_number=0

# Starts a command as the job NAME, as soon as there is room.
job() {
	local name=$1
	shift
	while [ ${#job_names[@]} -ge "$jobs_max" ]; do
		collect_job
	done
	job_number=$((job_number + 1))
	run_job "$name" "$@" </dev/null >"$scratch/job.$job_number" 2>&1 &
	job_names[$!]="$job_number $name"
}

# Runs a command as the job NAME, and notes its seconds: elapsed, of the processors, NAME.
run_job() {
	local name=$1 ended=0 TIMEFORMAT='%R %U %S'
	shift
	{ time "$@" 2>&3 || ended=$?; } 3>&2 2>"$scratch/time.$job_number"
	awk -v name="$name" 'NF == 3 { printf "%.0f %.0f %s\n", $1, $2 + $3, name }' \
		"$scratch/time.$job_number" >>"$scratch/times"
	return $ended
}

# Prints the jobs that took longest: whoever adds tests should know what they cost.
slowest_jobs() {
	local elapsed used name
	sort -rn "$scratch/times" | head -n 10 | while read -r elapsed used name; do
		echo "# $elapsed s, $used s of them at work: $name"
	done
}

# Waits for one job and records what it said. One that failed without saying so, or said
# nothing, is a failure.
collect_job() {
	local process='' ended=0 number name
	wait -n -p process "${!job_names[@]}" || ended=$?
	read -r number name <<<"${job_names[$process]}"
	unset "job_names[$process]"
	if [ $ended -ne 0 ] && ! grep -q '^not ok ' "$scratch/job.$number"; then
		echo "not ok $name: ended with status $ended" >>"$scratch/job.$number"
	elif ! grep -qE '^(ok|not ok|skip) ' "$scratch/job.$number"; then
		echo "not ok $name: no test said anything" >>"$scratch/job.$number"
	fi
	record <"$scratch/job.$number"
}

finish_jobs() {
	while [ ${#job_names[@]} -gt 0 ]; do
		collect_job
	done
}

# --- building

# Configures and builds a preset: one result line. Fails when it does not build.
build() {
	local preset=$1
	is_built "$preset" && return 0
	if { cmake --preset "$preset" && cmake --build --preset "$preset"; } \
		</dev/null >"$scratch/build-$preset" 2>&1; then
		echo "ok build: $preset" | record
		return 0
	fi
	{
		echo "not ok build: $preset"
		tail -n 60 "$scratch/build-$preset" | sed 's/^/# /'
	} | record
	return 1
}

is_built() {
	grep -qs "^ok build: $1$" "$scratch/results"
}

# The directory of a preset, as CMakePresets.json says.
build_directory() {
	case $1 in
	release) echo build ;;
	*) echo "build-$1" ;;
	esac
}

presets() {
	echo release
	[ $quick = yes ] || echo development
}

# --- unit tests

# Turns what cmocka prints (TAP) into result lines, and fails if the plan was not met.
read_tap() {
	awk -v name="$1" -v label="$2" '
		/^1\.\.[0-9]+$/ { planned += substr($0, 4); next }
		/^not ok [0-9]+ # SKIP/ {
			n++
			sub(/^test_/, "", $6)
			print "skip " name ": " $6 " (" label "): skipped by the test"
			next
		}
		/^(not )?ok [0-9]+ - / {
			n++
			result = /^not/ ? "not ok " : "ok "
			sub(/^(not )?ok [0-9]+ - (test_)?/, "")
			print result name ": " $0 " (" label ")"
			next
		}
		{ sub(/^# /, ""); print "# " $0 }
		END {
			if (n != planned || !n)
				print "not ok " name ": " n + 0 " of " planned + 0 " tests ended (" label ")"
		}'
}

run_unit() {
	local program=$1 name=$2 label=$3 directory ended=0
	directory=$(mktemp -d "$scratch/unit.XXXXXX")
	{
		TMPDIR=$directory CMOCKA_MESSAGE_OUTPUT=TAP \
			timeout -k 5 "$unit_timeout" "$program" || ended=$?
	} >"$directory.log" 2>&1
	read_tap "$name" "$label" <"$directory.log"
	rm -rf "$directory"
	return $ended
}

start_unit_tests() {
	local preset=$1 source name
	for source in tests/unit/test_*.c; do
		name=unit/$(basename "$source" .c)
		[ -e "$source" ] && is_wanted "$name" || continue
		job "$name ($preset)" run_unit \
			"$(build_directory "$preset")/tests/$(basename "$source" .c)" "$name" "$preset"
	done
}

# --- shell tests

# Copies what the shell tests need to where an ordinary user can read it: the checkout may be in
# a directory that only root may enter. Once: what runs cannot be written over.
stage() {
	[ -e "$scratch/stage" ] && return
	mkdir -p "$scratch/stage/build" "$scratch/user"
	mkdir -p "$scratch/stage/build/tests"
	cp -a build/contractor "$scratch/stage/build/"
	cp -a build/tests/screentest build/tests/strike "$scratch/stage/build/tests/"
	cp -a examples tests "$scratch/stage/"
	chown -R "$test_user:" "$scratch/stage" "$scratch/user"
	chmod 711 "$scratch"
}

# Makes sure that there is an ordinary user with a range of subordinate ids, or says why not.
prepare_user() {
	local home
	if ! id "$test_user" >/dev/null 2>&1; then
		if [ "${CI:-}" != true ]; then
			echo "skip shell tests as an ordinary user: there is no user $test_user," \
				"and only with CI=true one is made" | record
			return 1
		fi
		useradd --create-home --shell /bin/bash "$test_user" || return 1
	fi
	grep -q "^$test_user:" /etc/subuid || usermod --add-subuids 100000-165535 "$test_user"
	grep -q "^$test_user:" /etc/subgid || usermod --add-subgids 100000-165535 "$test_user"
	home=$(getent passwd "$test_user" | cut -d: -f6)
	[ -d "$home" ]
}

# A job is started with interrupts ignored; what it tests is not to inherit that.
run_script() {
	local script=$1 preset=$2
	env --default-signal=INT,QUIT TEST_LABEL="$(id -un), $preset" TMPDIR="$scratch" \
		CONTRACTOR="$root/$(build_directory "$preset")/contractor" \
		timeout -k 5 "$script_timeout" bash "$script"
}

run_script_as_user() {
	local script=$1
	setpriv --reuid "$test_user" --regid "$test_user" --init-groups --reset-env \
		env --default-signal=INT,QUIT TEST_LABEL="$test_user, release" \
		TMPDIR="$scratch/user" \
		timeout -k 5 "$script_timeout" bash "$scratch/stage/$script"
}

# Prints the wanted scripts of these folders of tests/.
shell_scripts() {
	local group script
	for group in "$@"; do
		for script in "tests/$group"/*.sh; do
			[ -e "$script" ] && is_wanted "${script#tests/}" && echo "$script"
		done
	done
}

# Whether a script is run with sanitizers as root and with the release build as the ordinary user: that is
# all of both, and a third time would tell nothing more.
runs_otherwise() {
	[ $quick = no ] && [ $has_user = yes ] && ! grep -q 'release build alone' "$1"
}

start_shell_tests() {
	local script preset=$1
	for script in $(shell_scripts cli sandbox); do
		[ "$preset" = release ] && runs_otherwise "$script" && continue
		job "${script#tests/} ($preset)" run_script "$script" "$preset"
	done
	# The attacks are about moments, which sanitizers stretch; as another user they are made by hand (tests/fire.sh).
	[ "$preset" = release ] || return 0
	for script in $(shell_scripts fire); do
		job "${script#tests/} ($preset)" run_script "$script" "$preset"
	done
}

start_shell_tests_as_user() {
	local script
	[ $has_user = yes ] && [ -n "$(shell_scripts cli sandbox)" ] || return 0
	stage
	for script in $(shell_scripts cli sandbox); do
		job "${script#tests/} ($test_user)" run_script_as_user "$script"
	done
}

# --- the protections of the sandbox: tests/sandbox/probe.c, which as root becomes the ordinary user, too

run_probe() {
	local preset=$1 place=$2 user=$test_user directory
	directory=$(mktemp -d "$scratch/probe.XXXXXX")
	chmod 711 "$scratch"
	chmod 1777 "$directory"
	# What sanitizers look for is the same for all users.
	[ "$preset" = release ] || user=
	TEST_LABEL=$preset TMPDIR=$directory CONTRACTOR_TEST_USER=$user \
		timeout -k 5 "$script_timeout" "$(build_directory "$preset")/tests/probe" "$place"
}

start_probe() {
	local preset=$1 place places=(--usual-place)
	is_wanted sandbox/probe || return 0
	# Sanitizers make it slow, and what they look for is the same in all places.
	[ "$preset" != release ] || places+=(--copied-trees --joined-shell)
	for place in "${places[@]}"; do
		job "sandbox/probe $place ($preset)" run_probe "$preset" "$place"
	done
}

# --- the screen: tests/screen/screentest runs one file, in which a person works with the debugger

# Prints the wanted ones; with a word, those that have it as a line.
screen_files() {
	local file
	for file in tests/screen/*.screen; do
		is_wanted "${file#tests/}" && grep -qx "${1:-.*}" "$file" && echo "$file"
	done
}

# The archive that their specifications begin with, once for all.
prepare_screen() {
	[ -e "$scratch/screen/systree.tar" ] && return
	mkdir -p "$scratch/screen"
	examples/hello/make-systree.sh "$scratch/screen" >/dev/null
}

run_screen() {
	local file=$1 preset=$2 directory
	directory=$(build_directory "$preset")
	env --default-signal=INT,QUIT,PIPE TEST_LABEL="$(id -un), $preset" TMPDIR="$scratch" \
		SYSTREE="$scratch/screen/systree.tar" CONTRACTOR="$root/$directory/contractor" \
		timeout -k 5 "$script_timeout" "$directory/tests/screentest" "$file"
}

run_screen_as_user() {
	setpriv --reuid "$test_user" --regid "$test_user" --init-groups --reset-env \
		env --default-signal=INT,QUIT,PIPE TEST_LABEL="$test_user, release" \
		TMPDIR="$scratch/user" SYSTREE="$scratch/screen/systree.tar" \
		CONTRACTOR="$scratch/stage/build/contractor" \
		timeout -k 5 "$script_timeout" "$scratch/stage/build/tests/screentest" \
		"$scratch/stage/$1"
}

start_screen_tests() {
	local file preset=$1
	for file in $(screen_files); do
		prepare_screen
		job "${file#tests/} ($preset)" run_screen "$file" "$preset"
	done
}

start_screen_tests_as_user() {
	local file
	[ $has_user = yes ] && [ -n "$(screen_files also-as-user)" ] || return 0
	stage
	for file in $(screen_files also-as-user); do
		job "${file#tests/} ($test_user)" run_screen_as_user "$file"
	done
}

# --- fuzzing: tests/fuzz/fuzz_NAME.c, as often and from the seeds that tests/fuzz/runs says

run_fuzz() {
	local name=$1 directory ended=0 runs
	read -r runs seeds < <(awk -v name="$name" '$1 == name { print $2, $3 }' tests/fuzz/runs)
	directory=$(mktemp -d "$scratch/fuzz.XXXXXX")
	"build-fuzz/fuzz/$name" -runs="${runs:?not in tests/fuzz/runs}" -seed=1 -timeout=20 \
		-artifact_prefix="$directory/" "$directory" "tests/fuzz/seeds/$seeds" \
		>"$directory.log" 2>&1 || ended=$?
	if [ $ended -eq 0 ]; then
		echo "ok fuzz/$name: $runs runs"
	else
		echo "not ok fuzz/$name"
		tail -n 60 "$directory.log" | sed 's/^/# /'
	fi
}

start_fuzzing() {
	local source name names=()
	for source in tests/fuzz/fuzz_*.c; do
		name=$(basename "$source" .c)
		[ -e "$source" ] && is_wanted "fuzz/$name" && names+=("$name")
	done
	[ ${#names[@]} -gt 0 ] && [ $quick = no ] || return 0
	if ! packaging/prepare.sh fuzz; then
		echo "skip fuzz/: clang is not installed" | record
		return 0
	fi
	build fuzz || return 0
	for name in "${names[@]}"; do
		job "fuzz/$name" run_fuzz "$name"
	done
}

# --- all of it

start_source_checks() {
	local script
	is_wanted borders && job borders bash tests/check-borders.sh
	is_wanted style && job style bash tests/check-style.sh
	for script in $(shell_scripts harness); do
		job "${script#tests/}" bash "$script"
	done
}

# Whether something is to be run as the ordinary user besides, and can be.
find_user() {
	[ "$(id -u)" -eq 0 ] || return 1
	is_wanted sandbox/probe || [ -n "$(shell_scripts cli sandbox)" ] ||
		[ -n "$(screen_files also-as-user)" ] || return 1
	prepare_user
}

start_programs() {
	local preset
	find_user && has_user=yes
	for preset in $(presets); do
		build "$preset" || continue
		start_unit_tests "$preset"
		start_shell_tests "$preset"
		start_screen_tests "$preset"
		start_probe "$preset"
	done
	if is_built release; then
		start_shell_tests_as_user
		start_screen_tests_as_user
	fi
	start_fuzzing
}

# Whether anything was asked for that needs a build.
needs_build() {
	local part
	[ ${#wanted[@]} -gt 0 ] || return 0
	for part in "${wanted[@]}"; do
		[[ borders == *"$part"* || style == *"$part"* || $part == harness* ]] || return 0
	done
	return 1
}

# Prints the failures again, where they are found, and the closing line.
summary() {
	local passed failed
	passed=$(count ok)
	failed=$(count 'not ok')
	if [ "$failed" -gt 0 ]; then
		echo
		grep '^not ok ' "$scratch/results"
		echo
	fi
	echo "$passed passed, $failed failed, $(count skip) skipped"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}

# Whether something else than building was done: a name that no test has is a mistake.
check_names() {
	if ! grep -qvE '^(#|ok build: )' "$scratch/results"; then
		echo "not ok no test has one of these in its name: ${wanted[*]}" | record
	fi
}

prepare() {
	scratch=$(mktemp -d "${TMPDIR:-/tmp}/contractor-tests.XXXXXX")
	# Tests of root may become an ordinary user, who must reach what is theirs.
	chmod 711 "$scratch"
	trap 'chmod -R u+rwX "$scratch" 2>/dev/null; rm -rf "$scratch"' EXIT
	trap 'kill "${!job_names[@]}" 2>/dev/null; exit 130' INT TERM
	: >"$scratch/results"
	if ! packaging/prepare.sh build run; then
		echo "not ok set-up: packages are missing" | record
		return 1
	fi
	packaging/prepare.sh test || echo "# without them some checks are left out"
}

read_options "$@"
if prepare; then
	start_source_checks
	if needs_build; then
		start_programs
	fi
	finish_jobs
	check_names
	slowest_jobs
fi
summary
