#!/bin/bash
# Chains of many layers: built, cached, entered, and squashed on the way.
. "$(dirname "$0")/../lib.sh"

# A spec of $1 steps that each change the same directory, and take something of an earlier one away.
write_spec() {
	{
		printf 'name: deep\nactions:\n- action: create-systree\n  path: systree.tar\n'
		for step in $(seq 1 "$1"); do
			echo "- action: shell"
			echo "  shell: |"
			echo "    mkdir -p d/sub && echo $step >d/f$step && echo $step >>d/all"
			echo "    rm -rf d/sub && mkdir d/sub && echo $step >d/sub/s$step"
			echo "    ln d/f$step d/l$step && rm -f d/f$((step - 3)) && echo $step >/in-root"
		done
		printf -- '- action: create-artifact\n  artifact: result\n'
	} | spec deep.yaml
}

squashed() {
	contractor store df | sed -n 's/.*and \([0-9]*\) squashed.*/\1/p'
}

# Keeps a shell open at the end of the build until $1 layers are squashed.
squash() {
	mkfifo hold
	contractor shell deep.yaml "$2" -- cat <hold >/dev/null 2>&1 &
	exec 8>hold
	until [ "$(squashed)" -ge "$1" ]; do
		sleep 0.1
	done
	exec 8>&-
	wait
	rm hold
}

check_last_state() {
	run contractor shell deep.yaml "$1" -- sh -c \
		'ls d/sub; cat /in-root; wc -l <d/all; ls d | wc -l; cat d/l1'
	check_status 0
	check_out "$(printf '%s\n' "s$2" "$2" "$2" $(($2 + 3 + 2)) 1)"
}

# Sixty steps: five squashed layers for each tree. The artifact is the same with copies, where there are
# no layers at all.
test_squashed_chain() {
	write_spec 60
	run contractor run deep.yaml
	check_status 0
	squash 10 61
	check_last_state 61 60
	check_last_state 31 30
	run contractor store verify
	check_status 0
	cp "$CONTRACTOR_STORE"/blobs/* before
	run contractor run --no-cache=62 deep.yaml
	check_status 0
	cp "$CONTRACTOR_STORE"/blobs/* after
	check_same before after
	CONTRACTOR_BACKEND=copy CONTRACTOR_STORE=$PWD/copies run contractor run deep.yaml
	check_status 0
	cp copies/blobs/* copied
	check_same before copied
	run contractor run deep.yaml
	check_status 0
	check_says "62 of them cached"
}

# More layers than a page of mount options would name.
test_two_hundred_steps() {
	[[ ${TEST_LABEL:-} != *development ]] || skip "so many steps are run with the release build alone"
	write_spec 200
	ulimit -n 256
	run contractor run -q deep.yaml
	check_status 0
	run contractor run -q deep.yaml
	check_status 0
	check_last_state 201 200
	run contractor store verify
	check_status 0
}

run_tests "$@"
