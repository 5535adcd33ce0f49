#!/bin/bash
# Disks that are full, or fail, at every kind of write: real small disks with more and more room, and single calls that fail.
. "$(dirname "$0")/../attack.sh"

# All mounts are in a namespace of this test's own, and go with it.
if [ -n "${TEST_DIR:-}" ] && [ -z "${FIRE_NAMESPACE:-}" ] && [ "$(id -u)" = 0 ]; then
	FIRE_NAMESPACE=own exec unshare --mount --propagation private bash "$0" "$@"
fi

# The build failed as one does that has no space, or it did not.
check_full() {
	echo "$1: status $status" >>"${FIRE_LOG:-/dev/null}"
	case $status in
	0) check_artifacts "$name" ;;
	1 | 3) check_says_like 'o space left|nearly full|uota exceeded' ;;
	*) fail "round $round of the seed $FIRE_SEED, $1" ;;
	esac
}

# Mounts an empty `disk` with the rest of the command.
mount_disk() {
	[ "$(id -u)" = 0 ] || skip "only root can mount a disk"
	mkdir -p disk
	mount "$@" disk || skip "no disk image can be mounted here"
	export CONTRACTOR_STORE=$PWD/disk/store
}

# With so many KiB free a build is tried; with all of the disk it goes on from there.
fill_and_build() {
	local kib=$1 free
	free=$(df --output=avail -k disk | tail -n 1)
	[ "$free" -le "$kib" ] || head -c "$(((free - kib) * 1024))" /dev/zero >disk/filler
	run contractor run --json $name.yaml
	cp "$out" events
	check_full "$kib KiB free"
	run contractor store verify
	check_status 0
	rm -f disk/filler
	reported events >passed
	check_survives $name passed
}

# More and more room, so that it is one write after the other that finds none, for a build that has come to any of its
# steps: a step begins when 1 % is free, and what unpacks wants to leave 64 MiB.
sweep_sizes() {
	local round name=$1
	write_specs
	make_reference
	for ((round = 0; round < FIRE_ROUNDS; round++)); do
		run contractor store remove --all
		throw 13
		run contractor run --until $((chance + 2)) $name.yaml
		check_status 0
		throw 1000
		fill_and_build $((900 + (round * 1000 + chance) * 4 / FIRE_ROUNDS))
	done
}

test_small_tmpfs() {
	mount_disk -t tmpfs -o size=100m tmpfs
	sweep_sizes main
}

test_small_ext4() {
	truncate -s 120M image
	mkfs.ext4 -q image
	mount_disk -o loop image
	sweep_sizes main
}

test_small_disk_and_layers_that_are_squashed() {
	mount_disk -t tmpfs -o size=100m tmpfs
	sweep_sizes deep
}

test_copies_on_a_small_disk() {
	export CONTRACTOR_BACKEND=copy
	mount_disk -t tmpfs -o size=100m tmpfs
	sweep_sizes main
}

# More and more files.
test_few_inodes() {
	local round name=main
	mount_disk -t tmpfs -o size=100m tmpfs
	write_specs
	make_reference
	for ((round = 0; round < FIRE_ROUNDS; round++)); do
		throw 700
		umount disk
		mount -t tmpfs -o size=100m,nr_inodes=$((round * 700 / FIRE_ROUNDS + chance / FIRE_ROUNDS + 3)) tmpfs disk
		run contractor run --json main.yaml
		cp "$out" events
		check_full "few inodes"
		mount -o remount,nr_inodes=10000 disk
		reported events >passed
		check_survives main passed
	done
}

# One file more each time, for a single step: each of those that its sandbox needs is once the first too many. The
# kernel goes on without one of them, and gives the step trees that it cannot write to.
test_no_inode_for_a_step() {
	local left used
	mount_disk -t tmpfs -o size=100m tmpfs
	spec one.yaml <<'END'
name: one
actions:
  - action: create-systree
    path: systree.tar
  - action: shell
    shell: touch a
END
	run contractor run --until 2 one.yaml
	check_status 0
	for ((left = 0; left < 25; left++)); do
		used=$(df --output=iused disk | tail -n 1)
		mount -o remount,nr_inodes=$((used + left)) disk
		run contractor run one.yaml
		mount -o remount,nr_inodes=10000 disk
		[ $status != 0 ] || return 0
		check_says_like 'o space left'
		check_whole
	done
	fail "25 files more are not enough for a step"
}

# --- single calls that fail

writing=write,pwrite64,writev,pwritev,ftruncate,fallocate,mkdir,mkdirat,rename,renameat,renameat2,linkat,symlinkat
syncing=fsync,fdatasync,syncfs

# Lets the calls $1 that contractor (with "$3": and its children, each) makes fail with $2, the Nth one alone or it and
# all that follow.
fail_call() {
	local calls=$1 error=$2 follow=${3:-} after='' status=0
	throw 2
	[ "$chance" = 0 ] || after=+
	# The later a call, the seldomer somebody makes as many.
	throw "${4:-150}"
	when=$((chance + 1))$after
	# shellcheck disable=SC2086 # no word when it is empty
	strace $follow -o calls -e trace="$calls" -e inject="$calls:error=$error:when=$when" \
		"$CONTRACTOR" run --json --store "$CONTRACTOR_STORE" main.yaml >events 2>events.err || status=$?
	command="run with $calls:error=$error:when=$when $follow"
	echo "round $round of the seed $FIRE_SEED: $command: status $status" | tee -a "${FIRE_LOG:-/dev/null}"
	[ $status -lt 128 ] || fail "it crashed: $(cat events.err)"
	[ $status != 4 ] || fail "it took the disk's fault for its own: $(cat events.err)"
}

# The same for some rounds; what was to be synced and was not is lost.
fail_calls() {
	local round
	command -v strace >/dev/null || skip "strace is not installed"
	write_specs
	make_reference
	for ((round = 0; round < FIRE_ROUNDS; round++)); do
		[ $((round % 2)) = 0 ] || run contractor store prune --to 1
		fail_call "$@"
		reported events >passed
		[ "$1" != $syncing ] || : >passed
		check_survives main passed
	done
}

test_no_space_for_contractor() {
	fail_calls $writing ENOSPC
}

test_no_space_for_anybody() {
	fail_calls $writing ENOSPC -f 40
}

test_quota() {
	fail_calls $writing EDQUOT
}

test_errors_of_the_disk() {
	fail_calls $writing EIO
}

test_errors_of_syncing() {
	fail_calls $syncing EIO -f 20
}

# The numbers of the steps that the events in a file tell to be lost.
reported_lost() {
	sed -n 's/^{"event":"store-failed",.* steps* \([0-9, ]*\) cannot be relied on.*/\1/p' "$1" | tr -d , | tr ' ' '\n' |
		sort -n
}

# Results that could not be synced are said, and those run again; what came to the disk before stays.
test_lost_by_syncing() {
	local error
	[ "$(id -u)" = 0 ] || skip "only root can watch programs with a set-user-id bit"
	command -v strace >/dev/null || skip "strace is not installed"
	write_specs
	make_reference
	for error in EIO ENOSPC; do
		run contractor store prune --to 1
		run contractor run --until 5 main.yaml
		check_status 0
		strace -f -o calls -e trace=syncfs -e inject=syncfs:error=$error \
			"$CONTRACTOR" run --json main.yaml >events 2>errors || fail "it failed: $(cat errors)"
		run reported_lost events
		[ "$(cat "$out")" = "$(seq 5 14)" ] || fail "these should have been lost: 5 to 14"
		run contractor run --json --until 12 main.yaml
		check_status 0
		reported_cached "$out" >cached
		[ "$(cat cached)" = "$(seq 4)" ] || fail "these should have been cached: 1 to 4"
	done
	grep -q 'No space left on device: step.*make room on that disk' errors ||
		fail "the reason and the remedy were not said: $(cat errors)"
}

# Verifies, with a repair, while the calls $1 fail (all, or $4) on the file $2 of the store, or on any: then $3 cannot be read.
verify_unread() {
	local calls=$1 only=()
	[ -z "${2:-}" ] || only=(-P "$CONTRACTOR_STORE/$2")
	run strace -f -o calls "${only[@]}" -e trace="$calls" -e inject="$calls:error=EIO${4:-}" \
		"$CONTRACTOR" store verify --repair
	[ "$status" -le 1 ] || fail "it was not verified"
	check_out_has "${3-$2} cannot be read now (Input/output error): left as it is"
	check_says_not removed
}

# What cannot be read while the store is verified is no damage: it is named, and a repair leaves it.
test_errors_of_reading() {
	[ "$(id -u)" = 0 ] || skip "only root can watch programs with a set-user-id bit"
	command -v strace >/dev/null || skip "strace is not installed"
	write_specs
	run contractor run --store-size 1T main.yaml
	check_status 0
	run contractor store list
	cp "$out" attempts
	verify_unread pread64 logs/3.log
	verify_unread pread64 "blobs/$(basename "$(find "$CONTRACTOR_STORE/blobs" -type f -print -quit)")"
	verify_unread newfstatat layers layers/1/systree :when=1
	verify_unread flistxattr '' layers/3
	run contractor store list
	check_same attempts "$out"
	check_whole
	check_out "0 findings"
}

# What could not be read when it was to be summed cannot be compared either: it is said how much that is.
test_never_summed() {
	[ "$(id -u)" = 0 ] || skip "only root can watch programs with a set-user-id bit"
	command -v strace >/dev/null || skip "strace is not installed"
	write_specs
	run strace -f -o calls -e trace=flistxattr -e inject=flistxattr:error=EIO \
		"$CONTRACTOR" run --store-size 1T --until 4 main.yaml
	check_whole
	check_out_has "3 attempts were not compared with what was recorded"
}

run_tests "$@"
