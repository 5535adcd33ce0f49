#!/bin/bash
# What the host lacks is said by name, with what mends it; `doctor` says the same.
. "$(dirname "$0")/../lib.sh"

minimal() {
	spec test.yaml <<'END'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - action: shell
    shell: echo it ran
END
}

need_root() {
	[ "$(id -u)" = 0 ] || skip "only root can take parts of the host away"
}

# Runs contractor where the files named before -- look empty and cannot be executed. Run as root,
# since only a mount can hide them; with $as as that user.
without() {
	local hidden=()
	while [ "$1" != -- ]; do
		hidden+=("$1")
		shift
	done
	shift
	# shellcheck disable=SC2016 # for the inner shell
	run unshare -m bash -c '
		n=$1; shift
		while [ "$n" -gt 0 ]; do
			[ ! -e "$1" ] || mount --bind /dev/null "$1" || exit 99
			n=$((n - 1)); shift
		done
		exec "$@"' bash ${#hidden[@]} "${hidden[@]}" ${as:+setpriv --reuid "$as" --regid "$as" \
		--init-groups env HOME="$PWD"} "$CONTRACTOR" "$@"
}

# For root: $as is a user who owns what is here.
become_ordinary() {
	[ "$(id -u)" = 0 ] || return 0
	id -u contractor-test >/dev/null 2>&1 || skip "there is no user contractor-test"
	chmod 755 "$TEST_DIR"
	chown -R contractor-test .
	as=contractor-test
}

# One that is there and cannot be executed is not said to be missing.
test_broken_bwrap() {
	need_root
	minimal
	echo "no program" >bwrap
	chmod 755 bwrap
	# shellcheck disable=SC2016 # for the inner shell
	run unshare -m bash -c 'mount --bind bwrap /usr/bin/bwrap && exec "$@"' bash "$CONTRACTOR" \
		run test.yaml
	check_status 3
	check_err_has "cannot execute /usr/bin/bwrap: Exec format error"
}

test_no_bwrap() {
	need_root
	minimal
	without /usr/bin/bwrap -- run test.yaml
	check_status 3
	check_err_has "bwrap"
	check_err_has "apt install bubblewrap"
	without /usr/bin/bwrap -- doctor
	check_status 3
	check_out_has "apt install bubblewrap"
	run contractor run test.yaml
	check_status 0
	check_out "it ran"
}

# newuidmap is found where distributions have it, whatever PATH says.
test_a_path_without_programs() {
	minimal
	become_ordinary
	run ${as:+setpriv --reuid "$as" --regid "$as" --init-groups} \
		env PATH=/nonexistent HOME="$PWD" "$CONTRACTOR" run --store "$PWD/store" test.yaml
	check_status 0
	check_out "it ran"
}

test_no_newuidmap() {
	need_root
	minimal
	become_ordinary
	without /usr/bin/newuidmap -- doctor --store "$PWD/store"
	check_says "apt install uidmap"
	# One id is enough for steps of one owner.
	without /usr/bin/newuidmap -- run --store "$PWD/store" test.yaml
	check_status 0
	check_out "it ran"
}

# With one id alone a process keeps the person's groups, of which there may be thousands.
test_many_groups_with_one_id() {
	need_root
	become_ordinary
	spec test.yaml <<'END'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - action: shell
    shell: |
      trap "echo it was told; exit 0" TERM
      echo ready
      sleep 1000 & wait
END
	# shellcheck disable=SC2016 # for the inner shell
	env --default-signal=INT unshare -m bash -c '
		mount --bind /dev/null /usr/bin/newuidmap
		exec setpriv --reuid "$1" --regid "$1" --groups "$(seq -s , 5001 7000)" \
			env HOME="$PWD" "$CONTRACTOR" run --store "$PWD/store" test.yaml' \
		bash "$as" >"$out" 2>"$err" &
	started=$!
	wait_for ready
	kill -INT "$started"
	finish
	check_status 130
	check_out_has "it was told"
}

# In a user namespace of its own, where the kernel gives no further ones.
test_no_user_namespaces() {
	minimal
	become_ordinary
	run ${as:+setpriv --reuid "$as" --regid "$as" --init-groups env HOME="$PWD"} \
		bwrap --dev-bind / / --unshare-user --disable-userns \
		"$CONTRACTOR" run --store "$PWD/store" test.yaml
	check_status 3
	check_err_has "user namespace"
	check_err_has "contractor doctor"
}

# Root of a container that has one id cannot give its sandboxes ids of their own.
test_root_of_a_small_container() {
	minimal
	run unshare -Ur "$CONTRACTOR" run test.yaml
	check_status 3
	check_err_has "root of this container has too few ids for its sandboxes (uids: 1, gids: "
}

test_a_store_in_a_removed_directory() {
	minimal
	here=$PWD
	mkdir gone
	cd gone || return
	rmdir "$here/gone"
	run contractor run --store store "$here/test.yaml"
	check_status 3
	check_err_has "cannot make the store store: No such file or directory"
}

test_output_that_cannot_be_written() {
	minimal
	run sh -c '"$CONTRACTOR" run test.yaml >&-'
	check_status 3
	check_err_has "cannot write standard output"
}

# An id that has no other processes, and no further ids.
test_the_persons_limit_of_processes() {
	need_root
	spec test.yaml <<'END'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - action: shell
    shell: for i in $(seq 60); do sleep 1000 & done
END
	chmod 755 "$TEST_DIR"
	chown -R $((300000 + $$)) .
	# shellcheck disable=SC2016 # for the inner shell
	run setpriv --reuid $((300000 + $$)) --regid $((300000 + $$)) --clear-groups env \
		HOME="$PWD" bash -c 'ulimit -u 40; exec "$CONTRACTOR" run --store "$PWD/store" test.yaml'
	check_status 1
	check_err_has "failed at this user's limit of 40 processes (\`ulimit -u\`)"
}

test_too_few_open_files() {
	minimal
	run bash -c 'ulimit -n 64; exec "$CONTRACTOR" run test.yaml'
	check_status 3
	check_err_has "open files must be allowed"
	check_err_has "ulimit -Hn"
	run bash -c 'ulimit -Sn 64; exec "$CONTRACTOR" run test.yaml'
	check_status 0
}

# bash counts in 1024 bytes; busybox in the systree has more.
test_a_limit_on_the_size_of_files() {
	minimal
	run bash -c 'ulimit -f 500; exec "$CONTRACTOR" run test.yaml'
	check_status 3
	check_err_has "File too large"
	run contractor store verify
	check_status 0
}

# A step's own limit is 4096 unless it says so. Small hosts allow nobody as many.
test_a_limit_on_processes() {
	minimal
	run bash -c 'ulimit -u 3000; exec "$CONTRACTOR" run test.yaml'
	check_status 0
	check_out "it ran"
}

# As in a container, where the host's low process numbers do not exist.
test_a_pid_namespace_of_its_own() {
	need_root
	minimal
	run unshare -mpf --mount-proc "$CONTRACTOR" run test.yaml
	check_status 0
	check_out "it ran"
}

test_a_store_that_cannot_be_written() {
	minimal
	: >file
	run contractor run --store "$PWD/file" test.yaml
	check_status 3
	check_err_has "$PWD/file"
	mkdir closed
	mkdir closed/store
	if [ "$(id -u)" != 0 ]; then
		chmod 555 closed
		run contractor run --store "$PWD/closed/new/store" test.yaml
		check_status 3
		check_err_has "closed"
		chmod 755 closed
	fi
}

test_a_store_of_somebody_else() {
	need_root
	minimal
	mkdir -m 700 other
	chown 12345 other
	run contractor run --store "$PWD/other" test.yaml
	check_status 3
	check_err_has "$PWD/other"
}

test_a_read_only_store() {
	need_root
	minimal
	mkdir -m 700 store
	# shellcheck disable=SC2016 # for the inner shell
	run unshare -m bash -c 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift &&
		exec "$@"' bash "$PWD/store" "$CONTRACTOR" run --store "$PWD/store" test.yaml
	check_status 3
	check_err_has "$PWD/store"
	check_err_has 'can only be read'
}

# The disk fills up while a step writes: one clear end, a store that verifies, and the same step runs
# when there is room again.
test_a_full_disk() {
	need_root
	spec test.yaml <<'END'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - action: empty-workspace
  - name: Fill
    action: shell
    shell: |
      dd if=/dev/zero of=big bs=1M count=200
END
	cat >inside.sh <<'END'
set -e
mount -t tmpfs -o size="$1" none disk
"$2" run --store disk/store test.yaml && exit 90
"$2" store verify --store disk/store || exit 91
mount -o remount,size=600m disk
"$2" run --store disk/store test.yaml || exit 92
"$2" store verify --store disk/store || exit 93
END
	mkdir disk
	run unshare -m bash inside.sh 110m "$CONTRACTOR"
	check_status 0
	check_says "No space left on device"
}

run_tests "$@"
