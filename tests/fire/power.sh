#!/bin/bash
# The power fails: the image of a file system is copied at one moment, while a build is at work in it; the copy is mounted
# as after a start of the machine, and must have all that was durable.
. "$(dirname "$0")/../attack.sh"

: "${DURABLE:=$(dirname "$STRIKE")/durable}"

# --- the disk. All mounts are in a namespace of this test's own, and go with it.

if [ -n "${TEST_DIR:-}" ] && [ -z "${FIRE_NAMESPACE:-}" ] && [ "$(id -u)" = 0 ]; then
	FIRE_NAMESPACE=own exec unshare --mount --propagation private bash "$0" "$@"
fi

# The file system `disk` of type $1 in an image that lies on another file system, which copies files at one
# moment (reflinks): a copy that takes its time would show what never was.
make_disk() {
	[ "$(id -u)" = 0 ] || skip "only root can mount a disk"
	command -v "mkfs.$1" >/dev/null && command -v mkfs.xfs >/dev/null || skip "mkfs.xfs or mkfs.$1 is not installed"
	truncate -s 1G below.img
	mkfs.xfs -q below.img
	mkdir below disk
	mount -o loop below.img below || skip "no disk image can be mounted here"
	truncate -s 400M below/disk.img
	"mkfs.$1" -q below/disk.img >/dev/null 2>&1
	mount -o loop below/disk.img disk
	export CONTRACTOR_STORE=$PWD/disk/store
}

# Brings the journal to the disk again and again, but not what other files have in them.
nudge() {
	until [ -e still ]; do
		dd if=/dev/zero of=disk/nudge bs=1 count=1 conv=fsync status=none
		sleep 0.01
	done
}

# Ends the nudging, and waits for the build.
stop_writers() {
	: >still
	wait
	rm still
}

# The power fails now: `disk` becomes what is on the disk at this moment, and the file `durable` has what was durable
# shortly before. What still writes is waited for, and what it writes is lost.
fail_power() {
	: >durable
	[ ! -e disk/store/version ] || "$DURABLE" "$PWD/disk/store" >durable
	cp --reflink=always below/disk.img below/crashed.img
	stop_writers
	umount disk
	mv below/crashed.img below/disk.img
	mount -o loop below/disk.img disk
}

# Runs a command as after a start of the machine. (Where a file of /proc is covered no step can have its own /proc: so this
# is for commands that run none. What they have found is then final for those that do.)
booted() {
	cat /proc/sys/kernel/random/uuid >boot
	unshare --mount sh -c 'mount --bind boot /proc/sys/kernel/random/boot_id && exec "$@"' sh "$@"
}

# The disk is what a person expects after a crash: $1 was built, from which on it is built once more from its layers.
check_crashed() {
	local name=$1
	echo "$name, round $round of the seed $FIRE_SEED" >>"${FIRE_LOG:-/dev/null}"
	run booted "$CONTRACTOR" store verify
	check_status 0
	if [ -s durable ]; then
		run booted "$DURABLE" "$CONTRACTOR_STORE"
		[ -z "$(comm -23 <(sort durable) <(sort "$out"))" ] ||
			fail "lost: $(comm -23 <(sort durable) <(sort "$out"))"
	fi
	run contractor run $name.yaml
	check_status 0
	check_artifacts "$name"
	throw "$(grep -c ' action:' $name.yaml)"
	run contractor run --no-cache=$((chance + 1)) $name.yaml
	check_status 0
	check_artifacts "$name"
	run contractor store verify
	check_status 0
}

set_up() {
	make_disk "$1"
	write_specs
	make_reference
}

# --- moments

# At any time of builds in a store that is new, that grows, that is pruned.
fail_while_building() {
	local round name length=1500
	for ((round = 0; round < FIRE_ROUNDS; round++)); do
		name=main
		[ $((round % 4)) -ne 3 ] || name=deep
		case $((round % 3)) in
		0) run contractor store remove --all ;;
		1) run contractor store prune --to 1 ;;
		esac
		nudge &
		contractor run $name.yaml >build.out 2>&1 &
		throw $length
		sleep "$(printf %d.%03d $((chance / 1000)) $((chance % 1000)))"
		fail_power
		check_crashed $name
	done
}

test_while_building_on_ext4() {
	set_up ext4
	fail_while_building
}

test_while_building_on_xfs() {
	set_up xfs
	fail_while_building
}

test_while_building_on_btrfs() {
	set_up btrfs
	fail_while_building
}

# What a build that ended with 0 has put into the artifact directory is there.
test_artifacts_that_were_made() {
	local round=0
	set_up ext4
	run contractor run main.yaml
	check_status 0
	fail_power
	check_artifacts main
	check_crashed main
}

# The power fails after a command that reported the steps in the file `passed`: they are there; and the next run ends
# with the status $2.
check_kept_all() {
	fail_power
	run booted "$CONTRACTOR" store verify
	check_status 0
	run contractor run --json "$1.yaml"
	check_status "$2"
	reported_cached "$out" >cached
	check_kept passed cached
}

# Steps that were reported as passed when a command has returned.
test_steps_of_a_build() {
	set_up ext4
	run contractor run --json main.yaml
	check_status 0
	reported "$out" >passed
	check_kept_all main 0
	run contractor run --json --until 4 deep.yaml
	check_status 0
	reported "$out" >passed
	check_kept_all deep 0
}

# Those before a failure, and what the step that failed has printed.
test_steps_before_a_failure() {
	set_up ext4
	{
		cat main.yaml
		printf '  - name: Fails\n    action: shell\n    shell: echo its last words; false\n'
	} | spec failing.yaml
	run contractor run --json failing.yaml
	check_status 1
	reported "$out" >passed
	check_kept_all failing 1
	run contractor log failing.yaml Fails --json
	check_out_has '"number": 15,'
}

# Those of the debugger, which were not reported again by a run.
test_steps_in_the_debugger() {
	set_up ext4
	echo continue >commands
	run contractor debug --plain -x commands main.yaml </dev/null
	check_status 0
	seq "$(grep -c ' action:' main.yaml)" >passed
	check_kept_all main 0
}

# All of it, when it was durable; then attempts are removed, and the journal is written before the index is.
test_removed() {
	local round=0 name
	set_up ext4
	for name in "store prune --to 1" "store remove 2" "store verify --repair"; do
		run contractor run main.yaml
		run contractor run --until 4 deep.yaml
		sync -f disk
		[ "$name" != "store verify --repair" ] || rm disk/store/logs/*.log
		# shellcheck disable=SC2086 # words
		run contractor $name
		dd if=/dev/zero of=disk/nudge bs=1 count=1 conv=fsync status=none
		fail_power
		: >durable
		check_crashed main
	done
}

# A store that was made a moment ago.
test_new_store() {
	local round=0
	set_up ext4
	run contractor store list
	run contractor run --until 1 main.yaml
	dd if=/dev/zero of=disk/nudge bs=1 count=1 conv=fsync status=none
	fail_power
	check_crashed main
}

run_tests "$@"
