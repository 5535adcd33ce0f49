#!/bin/bash
# Attacks builds and their store, for as long as one likes: tests/fire.sh [NAME [ROUNDS [SEED]]]
#
# NAME: a file of tests/fire/ without its .sh, and maybe ":" and one of its tests (kill, kill:test_...); without it all
# of them. tests/run.sh runs a few rounds of each. $FIRE_LOG, a file, gets a line for each strike.
set -u
name=${1:-}
export FIRE_ROUNDS=${2:-100} FIRE_STRIKES=4 TEST_TIMEOUT=86400
[ $# -lt 3 ] || export FIRE_SEED=$3

scripts=("$(dirname "$0")"/fire/*.sh)
[ -z "$name" ] || scripts=("$(dirname "$0")/fire/${name%%:*}.sh")
tests=()
[[ $name != *:* ]] || tests=("${name#*:}")
failures=0
for script in "${scripts[@]}"; do
	bash "$script" "${tests[@]}" || failures=1
done
exit $failures
