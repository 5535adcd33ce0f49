#!/bin/bash
# Makes the picture of the screen that README.md shows: tests/picture/make.sh [FILE]
#
# From a real run of examples/broken in an empty store, by the default theme, at 112x29.
# FILE is docs/screen.svg unless given.
set -eu
cd "$(dirname "$0")/../.."
file=$(realpath "${1:-docs/screen.svg}")
contractor=$PWD/build/contractor
picture=$PWD/build/tests/picture
title='The debugger at a step that failed: the steps with their states, what the step printed, its text'

cmake --preset release >/dev/null
cmake --build --preset release --target contractor picture >/dev/null
scratch=$(mktemp -d)
trap '"$contractor" store remove --all --store "$scratch/store" >/dev/null 2>&1; rm -rf "$scratch"' EXIT
cp -R examples/broken "$scratch/"
examples/hello/make-systree.sh "$scratch/broken" >/dev/null
export CONTRACTOR_STORE=$scratch/store XDG_CONFIG_HOME=$scratch LC_ALL=C.UTF-8
unset NO_COLOR

# Steps from the cache, one that has just run, the one that fails, and a breakpoint behind it.
cd "$scratch"
"$contractor" run broken/broken.yaml >/dev/null 2>&1 || [ $? -eq 1 ]
"$picture" 112x29 "$file" "$title" "$contractor" broken/broken.yaml \
	'wait:failed in 5/7' k r 'wait:stopped before 5/7' c 'wait:failed in 5/7' \
	j b 'wait:●' k 'wait:name: Write the contents'
