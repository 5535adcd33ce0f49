#!/bin/bash
# Several contractors on one store: builds of the same and of other specifications, removals, prunes and verifications at
# the same time, and some of them killed.
. "$(dirname "$0")/../attack.sh"

# Goes on with a command until the builds are over; refusals because others are at work, or nothing is there, are no failure.
repeat() {
	local log=$1 ended
	shift
	until [ -e over ]; do
		ended=0
		contractor "$@" >"$log" 2>&1 || ended=$?
		[ $ended = 0 ] || grep -qE 'process [0-9]+|there is no (store|attempt)' "$log" || cp "$log" "$log.failed"
	done
}

# Builds NAME with a kill after $2 milliseconds (0: none) and notes how that ended.
build() {
	local name=$1 after=$2 log=$3 ended=0
	if [ "$after" = 0 ]; then
		contractor run --artifacts "$PWD/$log" "$name.yaml" >"$log.log" 2>&1 || ended=$?
	else
		"$STRIKE" -t "${after}000" "$CONTRACTOR" run "$name.yaml" >"$log.log" 2>&1 || ended=$?
		[ $ended != 137 ] || ended=0
	fi
	echo "round $round of the seed $FIRE_SEED: $name, kill after $after ms: status $ended" >>"${FIRE_LOG:-/dev/null}"
	# Who is alone with the store for a moment lets nobody in.
	if [ $ended = 3 ] && grep -qF 'is being changed by process' "$log.log"; then
		: >"$log.refused"
	elif [ $ended != 0 ]; then
		: >"$log.failed"
	fi
}

# One round: $1 builds, every other one killed if $2 says so, beside the commands of $3 (words, commas between).
go_together() {
	local count=$1 kills=$2 n name specs=(main main deep deep) builders=() others=() words
	rm -rf over build.* other.*
	for words in ${3//,/ }; do
		# shellcheck disable=SC2086 # words
		repeat "other.$words" ${words//_/ } &
		others+=($!)
	done
	for ((n = 0; n < count; n++)); do
		chance=0
		[ "$kills" = no ] || [ $((n % 2)) = 0 ] || throw 1500
		build "${specs[n * 4 / count % 4]}" "$chance" "build.$n" &
		builders+=($!)
	done
	wait "${builders[@]}"
	: >over
	[ ${#others[@]} = 0 ] || wait "${others[@]}"
	! compgen -G '*.failed' >/dev/null || fail "round $round of the seed $FIRE_SEED: $(tail -n 20 ./*.failed build.*.log)"
}

# What came out of each build that was not killed is right, and so is the store.
check_together() {
	local n name
	for ((n = 0; n < $1; n++)); do
		name=main
		[ ! -e "build.$n/deep.tar.zst" ] || name=deep
		[ ! -d "build.$n" ] || check_artifacts $name "$PWD/build.$n"
	done
	: >passed
	check_survives main passed
	check_survives deep passed
}

play() {
	local round count=$1
	write_specs
	make_reference
	for ((round = 0; round < FIRE_ROUNDS; round++)); do
		[ $((round % 2)) = 0 ] || run contractor store prune --to 1
		go_together "$@"
		check_together "$count"
	done
}

test_two() {
	play 2 no ''
}

test_four_with_kills() {
	play 4 yes ''
}

# (Nobody is killed beside a verification: what the dead one has left would rightly be found.)
test_four_beside_everything() {
	play 4 no store_prune_--to_1,store_verify,store_remove_3
}

test_four_beside_removals_with_kills() {
	play 4 yes store_prune_--to_1,store_remove_3
}

run_tests "$@"
