# shellcheck shell=bash
# shellcheck disable=SC2154 # what run.sh sets
# What the debugger's screen takes, on a terminal that screen.c reads. A part of run.sh.

screen_sizes='80x24 200x50'
# The size of the terminal of a step, whatever the screen's is.
step_size='80 24'
frame_ms=16
# It ends each frame.
frame_end=$'\033[?2026l'
keys_pressed=10

# Files of commands for the debugger, and the file `cursor` for a systree.
prepare_screen() {
	[ ! -e "$scratch/continue" ] || return 0
	echo continue >"$scratch/continue"
	printf 'continue\nquit\n' >"$scratch/continue-and-quit"
	make_systree cursor 300 5000000
	# shellcheck disable=SC2086 # columns and rows
	"$scratch/bin/terminal" print $step_size $terminal_megabytes >"$scratch/cursor/cursor"
	tar -C "$scratch/cursor" -cf "$scratch/cursor.tar" .
}

# Prints what a specification's run on a screen of a size gives: on_screen SIZE NAME COMMANDS ACTION...
on_screen() {
	local size=$1 name=$2 commands=$3
	shift 3
	"$scratch/bin/screen" "$size" "$@" -- \
		"$contractor" -x "$scratch/$commands" "$scratch/$name.yaml"
}

# A step that prints 100 MB of short lines, shown while it runs.
bench_screen_lines() {
	local size own theirs
	prepare_screen
	for size in $screen_sizes; do
		rm -f "$scratch/samples/shown" "$scratch/samples/bare-shown"
		for ((run = 0; run < RUNS; run++)); do
			spec shown small "make_tree --lines $output_bytes; : $size $run screen"
			on_screen "$size" shown continue-and-quit end | sample bare-shown-own 2
			spec shown small "make_tree --lines $output_bytes; : $size $run lines"
			measure -o "$scratch/output" "$contractor" run "$scratch/shown.yaml" |
				sample bare-shown $wall
		done
		own=$(median bare-shown-own) theirs=$(median bare-shown)
		rm "$scratch/samples/bare-shown-own"
		row "100 MB of short lines on $size / through run" "$own ms" "$theirs ms" \
			"$(calculate a/b "$own" "$theirs")" 1.3
	done
}

# A step whose output moves the cursor about, from when it runs until its last word is seen.
bench_screen_cursor() {
	local size own theirs
	prepare_screen
	for size in $screen_sizes; do
		rm -f "$scratch/samples"/bare-cursor*
		for ((run = 0; run < RUNS; run++)); do
			spec cursor cursor "cat /cursor; printf '\\\\033[H%s-%s' all seen; sleep 1000"
			on_screen "$size" cursor continue wait:running wait:all-seen |
				awk '{ before = now; now = $2 } END { print now - before }' |
				sample bare-cursor-own 1
			# shellcheck disable=SC2086
			measure "$scratch/bin/terminal" bare $step_size $terminal_megabytes |
				sample bare-cursor $wall
		done
		own=$(median bare-cursor-own) theirs=$(median bare-cursor)
		row "$terminal_megabytes MB that move the cursor on $size / libvterm" \
			"$own ms" "$theirs ms" "$(calculate a/b "$own" "$theirs")" 1.3
	done
}

# The times that the keys took, of help and back, while a step does something.
press_keys() {
	local size=$1 name=$2 actions=(wait:running watch:500) i
	for ((i = 0; i < keys_pressed; i++)); do
		actions+=(press:?:Help "watch:$((50 + i * 7))" press:q:pause "watch:$((90 + i * 3))")
	done
	on_screen "$size" "$name" continue "${actions[@]}" |
		sed -n 's/^press //p' >"$scratch/samples/$name"
}

worst() {
	sort -n "$scratch/samples/$1" | tail -n 1
}

bench_screen_keys() {
	local size
	prepare_screen
	spec idle small "sleep 1000"
	spec flood small "make_tree --lines 100000000000"
	spec moving cursor "while :; do cat /cursor; done"
	for size in $screen_sizes; do
		press_keys "$size" idle
		for name in flood moving; do
			press_keys "$size" $name
			row "key to frame on $size, $name (worst $(worst $name)) / idle" \
				"$(median $name) ms" "$(median idle) ms" \
				"$(calculate "(a-b)/$frame_ms" "$(median $name)" "$(median idle)")" \
				2 " frames"
		done
	done
}

bench_screen_start() {
	local size own theirs
	prepare_screen
	: >"$scratch/nothing"
	cached_spec many small 199
	ours many >/dev/null
	for size in $screen_sizes; do
		rm -f "$scratch/samples"/bare-start*
		for ((run = 0; run < RUNS; run++)); do
			on_screen "$size" many nothing "wait:$frame_end" | sample bare-start-own 2
			measure "$contractor" list "$scratch/many.yaml" | sample bare-start $wall
		done
		own=$(median bare-start-own) theirs=$(median bare-start)
		row "first frame of 200 steps on $size / list" "$own ms" "$theirs ms" \
			"$(calculate a-b "$own" "$theirs")" 30 " ms"
	done
}

# Resident memory with the log of a step on the screen that printed so many bytes.
memory_after() {
	spec memory small "make_tree --lines $1; printf '%s-%s' all seen; sleep 1000"
	on_screen 200x50 memory continue wait:all-seen watch:500 memory | sed -n 's/^memory //p'
}

bench_screen_memory() {
	local own theirs
	prepare_screen
	theirs=$(memory_after 1000000) own=$(memory_after 1000000000)
	row "memory after a log of 1 GB / 1 MB" "$own KiB" "$theirs KiB" \
		"$(calculate '(a-b)/1024' "$own" "$theirs")" 8 " MiB"
}

# What comes to the person's terminal of output without end; the limit is 60 frames a second, each of
# which draws all of the cells.
bench_screen_bytes() {
	local size bytes frames limit
	prepare_screen
	spec endless small "seq 1 100000000000"
	for size in $screen_sizes; do
		read -r bytes frames < <(on_screen "$size" endless continue wait:running watch:1000 \
			watch:5000 | sed -n 's/^watch //p' | tail -n 1)
		limit=$((60 * ${size%x*} * ${size#*x}))
		row "bytes a second to $size ($((frames / 5)) frames) / all cells" \
			"$((bytes / 5))" "$limit" "$(calculate a/b $((bytes / 5)) "$limit")" 1
	done
}

bench_screen() {
	bench_screen_lines
	bench_screen_cursor
	bench_screen_keys
	bench_screen_start
	bench_screen_memory
	bench_screen_bytes
}
