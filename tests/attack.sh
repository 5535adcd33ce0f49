# attack.sh: what the attacks on builds and their store (tests/fire/) share (bash). Each is a file of tests as tests/lib.sh
# describes them; how often it strikes is $FIRE_ROUNDS times $FIRE_STRIKES, and $FIRE_SEED decides when and whom.
#
# Whatever is done to a build, `check_survives` is asked afterwards: nothing of it is still at work, the store verifies,
# the next run ends with 0 and takes from the cache what had been reported as passed, and its artifacts
# are, to the byte, those of a build that nobody disturbed.
#
# shellcheck shell=bash
# shellcheck disable=SC2034 # some variables are for the attacks
: "${TEST_TIMEOUT:=400}"
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

: "${FIRE_ROUNDS:=2}"
: "${FIRE_SEED:=$((SRANDOM % 1000000))}"
: "${FIRE_STRIKES:=2}"
: "${STRIKE:=$(dirname "$CONTRACTOR")/tests/strike}"
export FIRE_ROUNDS FIRE_SEED FIRE_STRIKES STRIKE

# A number from 0 to $1 - 1, in $chance.
throw() {
	chance=$(((RANDOM << 15 | RANDOM) % $1))
}

# Every kind of step that needs no network.
write_main_spec() {
	mkdir -p files/inner
	seq 5000 >files/numbers
	seq 2000 | sed 's/^/line /' >files/inner/lines
	ln -sf inner/lines files/link
	spec main.yaml <<'END'
name: main
actions:
  - action: create-systree
    path: systree.tar
  - action: copy
    from: files
  - name: Compile
    action: shell
    shell: |
      mkdir -p out/deep/er
      for i in 1 2 3 4 5 6 7 8 9; do cat numbers >out/$i; ln out/$i out/deep/er/$i; done
      echo of the systree >/etc/made
      tail -n 50 inner/lines
  - action: create-artifact
    artifact: first
  - action: empty-workspace
  - action: unpack-artifact
    artifact: first
    to: a/b
  - name: Change
    action: shell
    shell: |
      rm -r a/b/out/deep
      mv a/b/out moved
      chmod 4750 moved/3
      cat /etc/made >a/made
  - action: create-artifact
    artifact: second
    compression: xz
  - action: copy
    from: files
    to: again
  - name: Fill a root file system
    action: shell
    shell: mkdir -p root; cp -a /bin /etc root/; mkdir -p root/workspace
  - action: create-artifact
    artifact: root
    from: root
    compression: none
  - action: create-systree
    artifact: root
  - name: Last
    action: shell
    shell: cat /etc/made >last; ls -lR again moved >>listing || true; rm listing
  - action: create-artifact
    artifact: third
    compression: gzip
END
}

# So many steps that their layers are squashed.
write_deep_spec() {
	local n
	{
		printf 'name: deep\nactions:\n'
		printf '  - action: create-systree\n    path: systree.tar\n'
		for n in $(seq 26); do
			printf '  - name: Step %d\n    action: shell\n' "$n"
			printf '    shell: echo %d >f%d; echo %d >>all; rm -f f%d\n' \
				"$n" "$n" "$n" $((n - 7))
		done
		printf '  - action: create-artifact\n    artifact: deep\n'
	} | spec deep.yaml
}

write_specs() {
	write_main_spec
	write_deep_spec
	RANDOM=$FIRE_SEED
	echo "the seed is $FIRE_SEED"
}

# Builds both undisturbed, in a store of their own: `reference` has what has to come out.
make_reference() {
	local name
	for name in main deep; do
		run contractor run --store "$PWD/quiet" --artifacts "$PWD/reference" $name.yaml
		check_status 0
	done
	run contractor store remove --all --store "$PWD/quiet"
	check_status 0
}

# The numbers of the steps that the events in a file report as passed or cached.
reported() {
	sed -n -e 's/^{"event":"step-cached",.*"step":\([0-9]*\),"attempt":.*/\1/p' \
		-e 's/^{"event":"step-ended",.*"step":\([0-9]*\),"attempt":.*"result":"passed".*/\1/p' "$1" |
		sort -n
}

# Those that the events in a file tell to be cached.
reported_cached() {
	sed -n 's/^{"event":"step-cached",.*"step":\([0-9]*\),"attempt":.*/\1/p' "$1" | sort -n
}

# Each number of the file $1 is also in the file $2.
check_kept() {
	local lost
	lost=$(comm -23 <(sort -u "$1") <(sort "$2") | tr '\n' ' ')
	[ -z "$lost" ] || fail "steps reported as passed have to run again: $lost"
}

# The artifacts of a build that ended with 0 are those of the reference; $2: in this directory.
check_artifacts() {
	local name directory=${2:-$CONTRACTOR_STORE/artifacts}
	case $1 in
	main) set -- first.tar.zst second.tar.xz root.tar third.tar.gz ;;
	deep) set -- deep.tar.zst ;;
	esac
	for name in "$@"; do
		check_same "reference/$name" "$directory/$name"
	done
}

check_whole() {
	run contractor store verify
	check_status 0
}

# Nothing that was in flight is left.
check_no_leftovers() {
	local left
	left=$(find "$CONTRACTOR_STORE/tmp" -mindepth 1; find "$CONTRACTOR_STORE/artifacts" -name '.*')
	[ -z "$left" ] || fail "left over: $left"
}

# After an attack on builds of NAME; the file PASSED has the steps that were reported as passed.
check_survives() {
	local name=$1 passed=$2
	check_whole
	run contractor run --json "$name.yaml"
	check_status 0
	reported_cached "$out" >cached
	check_kept "$passed" cached
	check_artifacts "$name"
	check_no_leftovers
	check_whole
}
