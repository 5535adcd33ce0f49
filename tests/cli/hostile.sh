#!/bin/bash
# What a step, or an archive, has planted so that whoever comes next should act outside its tree.
. "$(dirname "$0")/../lib.sh"

# --- archives (POSIX.1-2008, "ustar Interchange Format"), entry by entry, with what no tar would write

# Prints TEXT and NULs up to SIZE bytes.
pad() {
	[ ${#1} -le "$2" ] || fail "'$1' has more than $2 bytes"
	printf '%s' "$1"
	head -c $(($2 - ${#1})) /dev/zero
}

# Prints a header: NAME TYPE LINK SIZE CHECKSUM. All are set-id, and devices 0:0.
header() {
	pad "$1" 100
	pad 0006755 8
	pad 0000000 8
	pad 0000000 8
	pad "$(printf %011o "$4")" 12
	pad 00000000000 12
	pad "$5" 8
	pad "$2" 1
	pad "$3" 100
	printf 'ustar\00000'
	pad '' 64
	pad 0000000 8
	pad 0000000 8
	pad '' 167
}

# Prints an entry: NAME TYPE [LINK [CONTENT]].
entry() {
	local content=${4:-} sum
	sum=$(header "$1" "$2" "${3:-}" ${#content} '        ' | od -An -v -tu1 |
		awk '{ for (i = 1; i <= NF; i++) sum += $i } END { printf "%06o", sum }')
	header "$1" "$2" "${3:-}" ${#content} "$sum"
	[ -z "$content" ] || pad "$content" 512
}

# Writes evil.tar of the entries that standard input has, one a line, as for entry().
evil_archive() {
	local line
	while read -r line; do
		eval "entry $line"
	done >evil.tar
	head -c 1024 /dev/zero >>evil.tar
}

# Something to lose, and that it was not.
make_outside() {
	mkdir -p outside
	echo precious >outside/file
}

check_outside() {
	[ "$(ls -A outside)" = file ] || fail "something is in the directory outside"
	[ "$(cat outside/file)" = precious ] || fail "the file outside was changed"
	check_no_file up
	check_no_file ../up
	run contractor store verify
	check_status 0
}

# Builds with the archive as the systree, and in the workspace: both must fail, for this reason.
check_refused() {
	local action
	for action in create-systree 'unpack-artifact, to: a/b'; do
		spec test.yaml <<END
name: test
actions:
  - {action: create-systree, path: systree.tar}
  - {action: empty-workspace}
  - {action: $action, path: evil.tar}
END
		run contractor run test.yaml
		check_status 1
		check_says "$1"
	done
	check_outside
}

test_archive_with_an_absolute_name() {
	make_outside
	evil_archive <<<"$PWD/outside/new 0 '' x"
	check_refused "its name is absolute"
}

test_archive_with_a_name_upwards() {
	make_outside
	evil_archive <<<"../../../outside/new 0 '' x"
	check_refused 'its name has ".." in it'
	evil_archive <<<"a/../../outside/new 0 '' x"
	check_refused 'its name has ".." in it'
}

test_archive_with_a_name_below_a_link() {
	make_outside
	evil_archive <<END
link 2 $PWD/outside
link/new 0 '' x
END
	check_refused "a link is not followed"
	evil_archive <<'END'
a 5
link 2 a
link/new 0 '' x
END
	check_refused "a link is not followed"
}

test_archive_with_a_name_below_a_chain_of_links() {
	make_outside
	evil_archive <<END
a 5
a/up 2 ..
b 2 a/up/../..$PWD/outside
b/new 0 '' x
END
	check_refused "a link is not followed"
	evil_archive <<'END'
a 5
a/up 2 ..
b 2 a/up/a
b/new 0 '' x
END
	check_refused "a link is not followed"
}

test_archive_with_a_hard_link_out() {
	make_outside
	evil_archive <<<"new 1 $PWD/outside/file"
	check_refused "its name is absolute"
	evil_archive <<END
link 2 $PWD/outside
new 1 link/file
END
	check_refused "is no directory"
	evil_archive <<'END'
a 5
a/file 0 '' x
link 2 a
new 1 link/file
END
	check_refused "is no directory"
}

test_archive_with_two_entries_of_a_name() {
	make_outside
	evil_archive <<END
new 2 $PWD/outside/file
new 0 '' x
END
	spec test.yaml <<'END'
name: test
actions:
  - {action: create-systree, path: systree.tar}
  - {action: empty-workspace}
  - {action: unpack-artifact, path: evil.tar}
  - {action: shell, shell: 'cat new; [ -f new ] && [ ! -L new ]'}
END
	run contractor run test.yaml
	check_status 0
	check_out_has x
	check_outside
}

# Devices, and with them whiteouts, are left out; a FIFO and set-id bits are the tree's own.
test_archive_with_special_files() {
	make_outside
	evil_archive <<'END'
fifo 6
white 3
block 4
set-id 0 '' x
.wh.white 0 '' x
END
	spec test.yaml <<'END'
name: test
actions:
  - {action: create-systree, path: systree.tar}
  - {action: empty-workspace}
  - {action: shell, shell: 'echo lower >white; echo lower >block'}
  - {action: unpack-artifact, path: evil.tar}
  - {action: shell, shell: 'cat white block; [ -p fifo ]; stat -c %a set-id .wh.white'}
END
	run contractor run test.yaml
	check_status 0
	[ "$(grep -c lower "$out")" = 2 ] || fail "a whiteout of the archive hides a file"
	[ "$(grep -c '^6755' "$out")" = 2 ] || fail "expected two files with set-id bits"
	check_says "left out the whiteout white"
	check_says "left out the block device block"
	check_outside
}

# --- what a step leaves in the workspace

# A build whose step plants links to the directory outside and to one of its own, a FIFO, a set-id file and
# odd names, and the actions that follow.
planting_spec() {
	make_outside
	echo text >beside
	spec test.yaml <<END
name: test
actions:
  - {action: create-systree, path: systree.tar}
  - {action: empty-workspace}
  - name: Plant
    action: shell
    shell: |
      ln -s '$PWD/outside' link
      ln -s '$PWD/outside/file' file
      ln -s d near
      ln -s /proc/self/root/etc/passwd magic
      mkfifo fifo
      cp /bin/busybox set-id
      chmod 6755 set-id
      mkdir -- -rf d
      touch -- '--checkpoint-action=exec=touch up' d/inner "\$(printf 'a\\033]0;b\\nc')"
$(cat)
END
}

# Builds on overlays, and on copies: STATUS, what it says, and options.
check_all() {
	local backend
	for backend in '' copy; do
		CONTRACTOR_BACKEND=$backend run contractor run --no-cache test.yaml "${@:3}"
		check_status "$1"
		check_says "$2"
		check_says_not precious
		check_outside
		rm -rf kept
	done
}

# What an action is given as a directory is none, wherever the link leads: ACTION, what it says.
check_no_directory() {
	local link
	for link in link near; do
		planting_spec <<<"  - {${1/LINK/$link}}"
		check_all 1 "${2/LINK/$link}"
	done
}

test_copy_into_a_link() {
	check_no_directory "action: copy, from: beside, to: LINK" \
		"'LINK' in the workspace is not a directory to put files into"
}

test_unpack_below_a_link() {
	check_no_directory "action: unpack-artifact, path: systree.tar, to: LINK/below" \
		"'LINK' in the workspace is not a directory to put files into"
}

test_artifact_of_a_link() {
	check_no_directory "action: create-artifact, artifact: planted, from: LINK" \
		"there is no 'LINK' in the workspace to pack (links are not followed)"
}

# Links are packed as links, the FIFO blocks nobody.
test_artifact_of_all() {
	planting_spec <<'END'
  - {action: create-artifact, artifact: planted}
  - {action: unpack-artifact, artifact: planted, to: again}
  - {action: shell, shell: '[ -L again/link ] && [ -L again/file ] && [ -p again/fifo ]'}
END
	check_all 0 "steps passed"
	run contractor artifact get planted planted.tar.zst
	check_status 0
	run tar --zstd -tvf planted.tar.zst
	check_out_has "link -> $PWD/outside"
}

# The person's copy has neither set-id bits nor what links lead to.
test_kept_workspace() {
	planting_spec </dev/null
	check_all 0 "steps passed" --keep-workspace kept
	run contractor run test.yaml --keep-workspace kept
	check_status 0
	[ -L kept/link ] && [ -L kept/file ] && [ -p kept/fifo ] || fail "expected links and a FIFO"
	[ "$(stat -c %a kept/set-id)" = 755 ] || fail "the person's copy has set-id bits"
	check_outside
}

test_removal() {
	planting_spec <<'END'
  - {action: shell, shell: 'rm link; mv d link; ln -s link d; exit 1'}
END
	check_all 1 "step 4"
	run contractor store prune --to 1
	check_status 0
	check_outside
	run contractor store remove --all
	check_status 0
	check_no_file "$CONTRACTOR_STORE"
	[ "$(cat outside/file)" = precious ] || fail "the file outside was changed"
}

# A process that swaps a directory for a link until it is killed, which is before anybody looks.
test_swapping() {
	planting_spec <<'END'
  - name: Swap
    action: shell
    shell: |
      trap '' HUP TERM
      while :; do mv d e; ln -s ../outside d; rm d; mv e d; done 2>/dev/null &
  - {action: create-artifact, artifact: planted}
END
	check_all 0 "steps passed" --keep-workspace kept
}

# It is gone when the next step runs, not some time later.
test_swapping_is_over() {
	spec test.yaml <<END
name: test
actions:
  - {action: create-systree, path: systree.tar}
  - {action: empty-workspace}
  - action: shell
    shell: |
      trap '' HUP TERM
      mkdir d
      sh -c 'while :; do mv d e; mv e d; done' swap-$$ &
  - {action: shell, shell: 'echo ready; sleep 1000$$ || true'}
END
	start run test.yaml
	wait_for ready
	! pgrep -f "swap-$$" >/dev/null || fail "a process of the step before still runs"
	let_go
	finish
	check_status 0
}

# --- names

# Whatever a store's directory is called: options of mounts end at some of these characters.
test_store_with_a_strange_name() {
	spec test.yaml <<'END'
name: test
actions:
  - {action: create-systree, path: systree.tar}
  - {action: empty-workspace}
  - {action: shell, shell: 'echo one >file'}
  - {action: shell, shell: 'echo two >>file; cat file'}
END
	mkdir $'a:b,c\\d e\nf=%"'
	for CONTRACTOR_BACKEND in '' copy; do
		export CONTRACTOR_BACKEND CONTRACTOR_STORE=$PWD/$'a:b,c\\d e\nf=%"'/store
		run contractor run test.yaml
		check_status 0
		check_out_has two
		run contractor store remove --all
		check_status 0
	done
}

# A value that a program would take for an option, or for more than one word, is no value.
test_values_that_look_like_options() {
	local line
	while read -r line; do
		printf 'name: test\nactions:\n  - {%s}\n' "$line" >test.yaml
		run contractor check test.yaml
		check_status 1
		check_says "must be"
	done <<'END'
action: apt, packages: ["-o=APT::Update::Pre-Invoke::=true"]
action: apt, packages: ["one\ntwo"]
action: git, url: "--upload-pack=true", ref: main
action: git, url: "https://example.org/x", ref: "--output=x"
action: debootstrap, suite: "--variant=x", mirror: "https://example.org"
action: debootstrap, suite: x, mirror: "-x"
action: create-artifact, artifact: "-rf"
action: create-artifact, artifact: "../x"
action: create-artifact, artifact: "a\nb"
action: shell, shell: x, user: "--x"
action: shell, shell: x, workdir: "/a\nb"
END
}

# --- a step that will not end

test_flood_that_ignores_signals() {
	spec test.yaml <<END
name: test
actions:
  - {action: create-systree, path: systree.tar}
  - {action: empty-workspace}
  - {action: shell, shell: 'trap "" TERM INT HUP; echo ready; yes flood-$$'}
END
	start run test.yaml
	wait_for ready
	kill -TERM "$started"
	finish
	check_status 143
	! pgrep -f "flood-$$" >/dev/null || fail "the step still runs"
}

run_tests "$@"
