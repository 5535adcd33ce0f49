#!/bin/bash
# Prints what the engine takes, as ratios to what the bare kernel and the usual tools take on the
# same machine in the same minute: tests/bench/run.sh [NAME...]
#
# NAME: steps, cached, start, record, output, terminal, screen (or screen_lines, _cursor, _keys, _start,
# _memory, _bytes), pack, unpack; all by default. Builds what it needs, in $BUILD (default:
# build). Every number is the median of $RUNS runs (default 7; of the archives at most 3), ours
# and theirs in turn. "memory" follows from whatever else ran. Nothing here is a
# test: the status is 0 whatever comes out. docs/performance.md has a table to compare with.
# shellcheck disable=SC2154
set -eu
export LC_ALL=C.UTF-8
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
: "${BUILD:=$root/build}"
: "${RUNS:=7}"
steps=60
files_many=30000
bytes_many=500000000
output_bytes=100000000
terminal_megabytes=32
all_names='steps cached start record output terminal screen pack unpack'
parts='screen_lines screen_cursor screen_keys screen_start screen_memory screen_bytes'

# --- set-up

build() {
	cmake -S "$root" -B "$BUILD" -G Ninja >"$scratch/build.log" &&
		cmake --build "$BUILD" --target contractor >>"$scratch/build.log" || {
		tail -n 30 "$scratch/build.log" >&2
		return 1
	}
	contractor=$BUILD/contractor
	compile measure
	compile bare_pty
	compile screen
	compile make_tree -static
	# shellcheck disable=SC2046 # it is a list
	compile bare_steps -I"$root" "$BUILD/libengine.a" \
		$(pkg-config --libs yaml-0.1 libarchive sqlite3 libseccomp libcrypto jansson)
	# shellcheck disable=SC2046
	compile terminal -I"$root" "$BUILD/libui.a" "$BUILD/libengine.a" \
		$(pkg-config --libs vterm)
}

# Compiles a program of this directory.
compile() {
	local name=$1
	shift
	"${CC:-cc}" -std=c11 -D_GNU_SOURCE -O2 -o "$scratch/bin/$name" "$here/$name.c" "$@"
}

# Makes the archive NAME.tar of a systree with so many more files and bytes.
make_systree() {
	mkdir -p "$scratch/$1"
	tar -xf "$scratch/systree.tar" -C "$scratch/$1"
	cp "$scratch/bin/make_tree" "$scratch/$1/bin/make_tree"
	mkdir "$scratch/$1/data"
	"$scratch/bin/make_tree" "$scratch/$1/data" "$2" "$3"
	tar -C "$scratch/$1" -cf "$scratch/$1.tar" .
}

prepare() {
	scratch=$(mktemp -d "${TMPDIR:-/tmp}/contractor-bench.XXXXXX")
	trap clean_up EXIT
	mkdir -p "$scratch/bin" "$scratch/samples" "$scratch/home"
	export HOME=$scratch/home CONTRACTOR_STORE=$scratch/store
	unset XDG_CACHE_HOME SOURCE_DATE_EPOCH
	build
	"$root/examples/hello/make-systree.sh" "$scratch" >/dev/null
	make_systree small 300 5000000
	cached_spec small small 1
	ours small >/dev/null
	cp -a "$scratch/store" "$scratch/bare"
	layer=$(cd "$scratch/bare/layers" && for i in */systree; do echo "${i%/*}"; done)
}

prepare_large() {
	[ ! -e "$scratch/large.tar" ] || return 0
	make_systree large $files_many $bytes_many
	cached_spec large large 1
	ours large >/dev/null
}

clean_up() {
	for store in store bare; do
		rm -rf "$scratch/$store/tmp"/bare.* 2>/dev/null
		"$contractor" store remove --all --store "$scratch/$store" \
			</dev/null >/dev/null 2>&1 || true
	done
	chmod -R u+rwX "$scratch"
	rm -rf "$scratch"
}

# --- measuring

# Writes the specification NAME: a systree, then a step for each script.
spec() {
	local name=$1 systree=$2 script
	shift 2
	{
		printf 'name: %s\nactions:\n  - action: create-systree\n    path: %s.tar\n' \
			"$name" "$systree"
		for script in "$@"; do
			printf '  - action: shell\n    shell: "%s"\n' "$script"
		done
	} >"$scratch/$name.yaml"
}

# The same with so many steps that do nothing.
cached_spec() {
	local i scripts=()
	for ((i = 0; i < $3; i++)); do
		scripts+=(": cached $i")
	done
	spec "$1" "$2" "${scripts[@]}"
}

# Runs a specification and prints what measure says.
ours() {
	local name=$1
	shift
	measure "$contractor" run "$@" "$scratch/$name.yaml"
}

measure() {
	"$scratch/bin/measure" "$@" </dev/null 2>"$scratch/errors" || {
		cat "$scratch/errors" >&2
		return 1
	}
}

# Adds to the samples of NAME the field number FIELD of a line of measure's; the line is standard input.
# Ours count for the memory, too.
sample() {
	local line
	read -r line
	echo "$line" | cut -d ' ' -f "$2" >>"$scratch/samples/$1"
	[[ $1 == bare-* ]] || echo "$line" | cut -d ' ' -f 5,6 >>"$scratch/memory"
}

wall=1
first=2
gap=3

median() {
	sort -n "$scratch/samples/$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# Prints a number with the awk expression of these numbers, as a, b, c and d.
calculate() {
	awk -v a="${2-0}" -v b="${3-0}" -v c="${4-0}" -v d="${5-0}" "BEGIN { printf \"%.2f\", $1 }"
}

# One line of the table: what, ours, theirs, what is compared, at most.
row() {
	local verdict=ok
	awk -v value="$4" -v limit="$5" 'BEGIN { exit !(value > limit) }' && verdict=missed
	printf '%-44s %12s %12s %9s %9s  %s\n' "$1" "$2" "$3" "$4${6-}" "$5${6-}" "$verdict"
}

# --- what is measured

# The same scripts for each, which no run before had.
new_scripts() {
	local i
	scripts=()
	for ((i = 0; i < steps; i++)); do
		scripts+=(": run $run step $i")
	done
}

bench_steps() {
	for ((run = 0; run < RUNS; run++)); do
		new_scripts
		spec steps small "${scripts[@]}"
		ours steps | sample steps $wall
		measure "$scratch/bin/bare_steps" "$scratch/bare" "$layer" "${scripts[@]}" |
			sample bare-steps $wall
	done
	local own theirs
	own=$(median steps) theirs=$(median bare-steps)
	row "$steps steps, cold / overlay, bwrap, sh" "$own ms" "$theirs ms" \
		"$(calculate a/b "$own" "$theirs")" 1.5
}

bench_cached() {
	cached_spec cached small $steps
	cached_spec cached-one small 1
	ours cached >/dev/null
	for ((run = 0; run < RUNS; run++)); do
		ours cached | sample cached $wall
		ours cached-one | sample cached-one $wall
		measure "$contractor" version | sample version $wall
	done
	local own one version
	own=$(median cached) one=$(median cached-one) version=$(median version)
	row "$steps steps, cached / contractor version" "$own ms" "$version ms" \
		"$(calculate a-b "$own" "$version")" 40 " ms"
	row "one cached step more" "$own ms" "$one ms" \
		"$(calculate "(a-b)/($steps-1)" "$own" "$one")" 0.5 " ms"
}

bench_start() {
	prepare_large
	for ((run = 0; run < RUNS; run++)); do
		for size in small large; do
			spec start-$size $size ": cached 0" "echo first; : run $run"
			ours start-$size | sample start-$size $first
		done
	done
	local own theirs
	own=$(median start-large) theirs=$(median start-small)
	row "first instruction, 500 MB / 5 MB below it" "$own ms" "$theirs ms" \
		"$(calculate a/b "$own" "$theirs")" 1.2
}

# What runs between the last instruction of a step that wrote so many files and the first of the next.
bench_record() {
	local count write script
	write='mkdir /workspace/d; cd /workspace/d; i=0'
	for ((run = 0; run < RUNS; run++)); do
		for count in 20 20000; do
			script="$write; while [ \$i -lt $count ]; do : >f\$i; i=\$((i+1)); done"
			script="$script; echo end; : $run"
			spec record small "$script" "echo start; : $run"
			ours record | sample record-$count $gap
			measure "$scratch/bin/bare_steps" "$scratch/bare" "$layer" \
				"$script" "echo start" | sample bare-record-$count $gap
		done
	done
	local few many cost
	few=$(median record-20) many=$(median record-20000)
	cost=$(calculate 'a-b' "$(median bare-record-20000)" "$(median bare-record-20)")
	row "to the next step, 20,000 files / 20 files" "$many ms" "$few ms" \
		"$(calculate 'a-b' "$many" "$few")" "$cost" " ms"
}

bench_output() {
	local command=(make_tree --lines "$output_bytes")
	for ((run = 0; run < RUNS; run++)); do
		spec output small "${command[*]}; : $run"
		measure -o "$scratch/output" "$contractor" run "$scratch/output.yaml" |
			sample output $wall
		measure -o "$scratch/bare-output" "$scratch/bin/bare_pty" \
			"$scratch/bin/${command[0]}" "${command[@]:1}" | sample bare-output $wall
		cmp "$scratch/output" "$scratch/bare-output"
	done
	local own theirs
	own=$(median output) theirs=$(median bare-output)
	row "100 MB of short lines, to the disk / a bare pty" "$own ms" "$theirs ms" \
		"$(calculate a/b "$own" "$theirs")" 1.3
}

# Output that moves the cursor about, on the screen's terminal and on libvterm by itself.
bench_terminal() {
	local size own theirs
	for size in '80 24' '200 50'; do
		rm -f "$scratch/samples/terminal" "$scratch/samples/bare-terminal"
		for ((run = 0; run < RUNS; run++)); do
			# shellcheck disable=SC2086 # columns and rows
			measure "$scratch/bin/terminal" bare $size $terminal_megabytes |
				sample bare-terminal $wall
			# shellcheck disable=SC2086
			measure "$scratch/bin/terminal" ours $size $terminal_megabytes |
				cut -d ' ' -f $wall >>"$scratch/samples/terminal"
		done
		own=$(median terminal) theirs=$(median bare-terminal)
		row "$terminal_megabytes MB on a screen of ${size/ /x} / libvterm" "$own ms" "$theirs ms" \
			"$(calculate a/b "$own" "$theirs")" 1.3
	done
}

archive_runs() {
	echo $((RUNS < 3 ? RUNS : 3))
}

bench_pack() {
	prepare_large
	cat >"$scratch/pack.yaml" <<-END
		name: pack
		actions:
		  - action: empty-workspace
		  - action: unpack-artifact
		    path: large.tar
		  - action: create-artifact
		    artifact: packed
	END
	ours pack >/dev/null
	for ((run = 0; run < $(archive_runs); run++)); do
		sync -f "$scratch"
		ours pack --no-cache=3 | sample pack $wall
		sync -f "$scratch"
		measure tar -C "$scratch/large" -I 'zstd -T0' -cf "$scratch/bare.tar.zst" . |
			sample bare-pack $wall
	done
	archive_row pack
}

bench_unpack() {
	prepare_large
	tar -C "$scratch/large" -I 'zstd -T0' -cf "$scratch/packed.tar.zst" .
	cat >"$scratch/unpack.yaml" <<-END
		name: unpack
		actions:
		  - action: create-systree
		    path: packed.tar.zst
	END
	for ((run = 0; run < $(archive_runs); run++)); do
		mkdir "$scratch/unpacked.$run"
		sync -f "$scratch"
		ours unpack --no-cache=1 | sample unpack $wall
		sync -f "$scratch"
		measure tar -C "$scratch/unpacked.$run" -I 'zstd -T0' -xf "$scratch/packed.tar.zst" |
			sample bare-unpack $wall
	done
	archive_row unpack
}

archive_row() {
	local own theirs
	own=$(median "$1") theirs=$(median "bare-$1")
	row "$1 500 MB / tar and zstd -T0" "$own ms" "$theirs ms" \
		"$(calculate a/b "$own" "$theirs")" 1.1
}

# The peak of contractor itself, and that of its workers.
print_memory() {
	local own all
	[ -e "$scratch/memory" ] || return 0
	own=$(cut -d ' ' -f 1 "$scratch/memory" | sort -n | tail -n 1)
	all=$(cut -d ' ' -f 2 "$scratch/memory" | sort -n | tail -n 1)
	row "memory of contractor / its largest child" "$own KiB" "$all KiB" \
		"$(calculate a/1024 "$own")" 32 " MiB"
}

# shellcheck source=tests/bench/screen-rows.sh
. "$here/screen-rows.sh"

# --- main

names=${*:-$all_names}
for name in $names; do
	if [[ " $all_names $parts " != *" $name "* ]]; then
		echo "usage: tests/bench/run.sh [NAME...]; the names are $all_names $parts" >&2
		exit 2
	fi
done
prepare
echo "medians of $RUNS runs; ours / what it is compared with"
echo "times are of the whole process, with all workers and steps; memory is of the process itself"
printf '%-44s %12s %12s %9s %9s\n' what ours theirs ratio 'at most'
for name in $names; do
	"bench_$name"
done
print_memory
