#!/bin/bash
# kill -9 at any moment: of contractor, and of each of its children.
. "$(dirname "$0")/../attack.sh"

# --- what is struck: `prepare_X` brings the store into a state, `command_X` says what runs then

prune() {
	run contractor store prune --to 1
}

prepare_first() {
	run contractor store remove --all
}

command_first() {
	struck=main action=(run --json main.yaml)
}

prepare_fresh() {
	prune
}

command_fresh() {
	struck=main action=(run --json main.yaml)
}

prepare_cached() {
	run contractor run main.yaml
	rm -rf "$CONTRACTOR_STORE/artifacts"
}

command_cached() {
	struck=main action=(run --json main.yaml)
}

prepare_again() {
	run contractor run main.yaml
}

command_again() {
	struck=main action=(run --json --no-cache main.yaml)
}

prepare_copies() {
	prune
}

command_copies() {
	struck=main action=(run --json main.yaml) backend=copy
}

prepare_deep() {
	prune
}

command_deep() {
	struck=deep action=(run --json deep.yaml)
}

prepare_debugger() {
	prune
	printf '%s\n' 'until 3' 'shell -- true' next back continue 'rerun 4' continue >commands
}

command_debugger() {
	struck=main action=(debug --plain -x commands main.yaml)
}

prepare_shell() {
	run contractor run main.yaml
}

command_shell() {
	struck=main action=(shell main.yaml 7 -- sh -c 'rm -r moved; echo gone')
}

prepare_prune() {
	run contractor run deep.yaml
}

command_prune() {
	struck=deep action=(store prune --to 1)
}

prepare_remove() {
	run contractor run deep.yaml
	victim_attempt=$(contractor store list | awk '/Step 3/ { print $1; exit }')
}

command_remove() {
	struck=deep action=(store remove "$victim_attempt")
}

prepare_remove_all() {
	run contractor run main.yaml
}

command_remove_all() {
	struck=main action=(store remove --all)
}

prepare_repair() {
	run contractor run deep.yaml
	find "$CONTRACTOR_STORE/logs" -name '*5.log' -delete
	touch "$CONTRACTOR_STORE/tmp/stray"
}

command_repair() {
	struck=deep action=(store verify --repair)
}

scenes=(first fresh cached again copies deep debugger shell prune remove remove_all repair)

# --- striking

# Runs the prepared command with strike's options; its events go to the file `events`.
strike() {
	status=0
	CONTRACTOR_BACKEND=$backend "$STRIKE" -r struck.report "$@" "$CONTRACTOR" \
		"${action[@]}" >events 2>events.err || status=$?
	command="strike $* contractor ${action[*]}: $(cat struck.report)"
	[ "$status" != 118 ] || fail "something does not end: $(cat events.err)"
	[ "$status" != 119 ] || fail "strike failed: $(cat events.err)"
}

# Brings the store into the state before the scene.
stage_scene() {
	scene=$1 backend=
	"prepare_$scene"
	"command_$scene"
}

# How long the scene is undisturbed, in system calls ($1 is 4) or microseconds (5): in $length.
measure_scene() {
	local field=$1
	shift
	if [ -z "${lengths[$scene]:-}" ]; then
		stage_scene "$scene"
		strike "$@"
		lengths[$scene]=$(cut -d' ' -f "$field" struck.report)
	fi
	length=${lengths[$scene]}
}

# Notes what was reported by a command that keeps what there is; and the store verifies, unless a repair was cut short.
take_down() {
	echo "round $round of the seed $FIRE_SEED, $scene: $command" | tee -a "${FIRE_LOG:-/dev/null}"
	case $scene in
	prune | remove | remove_all) : >passed ;;
	repair) contractor store verify --repair >/dev/null 2>&1 || true ;;
	*) reported events >>passed ;;
	esac
	check_whole
}

# Strikes a scene some times in a row: what follows a kill is killed, too, and at last may do its work. What is left to
# do after a kill is less: so the next comes earlier. A command that had ended before begins anew.
play() {
	local n
	stage_scene "$scene"
	: >passed
	for ((n = 0; n < FIRE_STRIKES; n++)); do
		"$1" $((length * 9 / 10 >> n))
		strike "${aimed[@]}"
		take_down
		if ! grep -q ^killed struck.report; then
			stage_scene "$scene"
			: >passed
		fi
	done
	check_survives "$struck" passed
}

# One scene after the other, each with other moments; the argument is a function that aims.
strike_all() {
	local round
	declare -A lengths=()
	write_specs
	make_reference
	for ((round = 0; round < FIRE_ROUNDS; round++)); do
		scene=${scenes[(FIRE_SEED + round) % ${#scenes[@]}]}
		"measure_$1"
		play "aim_$1"
	done
}

# --- aiming: `measure_X` looks how long a scene is, and `aim_X` chooses one of the first $1 moments

# Any time.
measure_time() {
	measure_scene 5 -t 60000000
}

aim_time() {
	throw "$1"
	aimed=(-t "$chance")
}

measure_child() {
	measure_time
}

aim_child() {
	aim_time "$1"
	throw 4096
	aimed+=(-v "$chance")
}

# One of the command's own system calls.
measure_call() {
	measure_scene 4 -c 1000000000
}

aim_call() {
	throw "$1"
	aimed=(-c $((chance + 1)))
}

# A system call of any of its processes, which dies of it.
measure_any_call() {
	measure_scene 4 -c 1000000000 -a
}

aim_any_call() {
	aim_call "$1"
	aimed+=(-a)
}

test_contractor_at_any_time() {
	strike_all time
}

test_children_at_any_time() {
	strike_all child
}

test_contractor_at_any_call() {
	strike_all call
}

test_children_at_any_call() {
	strike_all any_call
}

run_tests "$@"
