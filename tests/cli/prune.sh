#!/bin/bash
# The store kept within its size (store-size).
. "$(dirname "$0")/../lib.sh"

# Makes NAME.yaml, whose second step leaves so many MiB.
large_spec() {
	spec "$1.yaml" <<END
name: $1
actions:
  - action: create-systree
    path: systree.tar
  - name: $1
    action: shell
    shell: dd if=/dev/zero of=$1 bs=1M count=$2 2>/dev/null
END
}

# Makes it, and runs it with the options.
build() {
	local name=$1
	large_spec "$1" "$2"
	shift 2
	run contractor run "$name.yaml" "$@"
	check_status 0
}

# The size of the store in KiB.
size() {
	du -sk "$CONTRACTOR_STORE/layers" | cut -f1
}

check_attempts() {
	run contractor store list
	for name in "$@"; do
		check_out_has "$name.yaml"
	done
}

check_no_attempts() {
	run contractor store list
	for name in "$@"; do
		! grep "shell.*$name.yaml" "$out" || fail "expected no attempt of $name"
	done
}

check_whole() {
	run contractor store verify
	check_status 0
}

# What was of no use for longest goes, what the build itself has made stays; and so it is said.
test_within_a_size() {
	build one 6
	build two 6
	build one 6
	build three 6 -v --store-size 16M
	check_err_has "note: the store takes more than 16 MiB (store-size): 1 attempt removed, "
	check_attempts one three
	check_no_attempts two
	[ "$(size)" -lt 16384 ] || fail "the store is larger than it may be"
	check_whole
	run contractor run one.yaml
	check_says "one: cached"
}

test_nothing_goes_by_itself() {
	build one 6
	build two 6
	check_attempts one two
	build three 1 -v --store-size none
	check_says_not store-size
	check_attempts one two three
}

# A size that is smaller than the build: all of it stays, and is cached the next time.
test_smaller_than_the_build() {
	build other 2
	build one 6 --store-size 1M
	check_no_attempts other
	run contractor run -v one.yaml --store-size 1M
	check_status 0
	check_says "one: cached"
	check_err_has ", all of it in use"
	check_whole
}

# What a step of another contractor stands on stays while that runs.
test_beside_another() {
	spec slow.yaml <<END
name: slow
actions:
  - action: create-systree
    path: systree.tar
  - name: first
    action: shell
    shell: dd if=/dev/zero of=big bs=1M count=6 2>/dev/null
  - name: second
    action: shell
    shell: |
      echo ready
      { sleep 1000$$ || true; } 2>/dev/null
      test -s big
END
	start run slow.yaml
	wait_for ready
	large_spec one 6
	"$CONTRACTOR" run one.yaml --store-size 1M || fail "the other build failed"
	let_go
	finish
	check_status 0
	check_whole
	run contractor run slow.yaml
	check_says "first: cached"
}

# The configuration has it, and the option goes before that.
test_configured() {
	mkdir -p "$HOME/.config/contractor"
	echo 'store-size: 8M' >"$HOME/.config/contractor/config.yaml"
	build one 6
	build two 6
	check_no_attempts one
	build three 6 --store-size 100M
	check_attempts two three
	run contractor config
	check_out_has "store-size: 8M"
	echo 'store-size: much' >"$HOME/.config/contractor/config.yaml"
	run contractor run one.yaml
	check_status 2
	check_err_has "'store-size' must be a size such as 512M or 1.5G (a number of bytes, or with a unit: K, M, G, T), or none, not 'much'"
	check_err_has config.yaml:1:13
	run contractor run one.yaml --store-size 0
	check_status 2
}

test_as_json() {
	build one 6
	build two 6 --json --store-size 8M
	check_out_has '"event":"store-pruned"'
	check_out_has '"event":"run-ended"'
}

test_in_the_debugger() {
	build one 6
	build two 6 --store-size 1T
	printf 'continue\ninfo store\n' >commands
	run contractor debug --plain -x commands --store-size 8M two.yaml </dev/null
	check_says "the store takes more than 8 MiB (store-size): 1 attempt removed"
	check_says "at most (store-size): 8 MiB"
	check_says "last pruned: "
	check_no_attempts one
}

# A disk with too little space for a step gets some, where the store has a size.
test_full_disk() {
	[ "$(id -u)" = 0 ] || skip "only root can take parts of the host away"
	cat >session.sh <<'END'
mount -t tmpfs -o size=160m none disk
$CONTRACTOR run one.yaml --store disk/store || exit
dd if=/dev/zero of=disk/filler bs=1k count=$(($(df -k --output=avail disk | tail -n 1) - 200)) status=none
$CONTRACTOR run --no-cache=2 two.yaml --store disk/store
echo "without: $?"
$CONTRACTOR run -v --no-cache=2 two.yaml --store disk/store --store-size 1G
echo "with: $?"
$CONTRACTOR store verify --store disk/store
END
	build one 6
	build two 1
	mkdir disk
	run unshare -m bash session.sh
	check_says "no space left in"
	check_says "without: 3"
	check_says "note: the disk was full: 1 attempt removed"
	check_says "with: 0"
	check_status 0
}

run_tests "$@"
