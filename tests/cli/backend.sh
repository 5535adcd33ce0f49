#!/bin/bash
# Overlays, and copies of trees where there can be none: the same results either way.
. "$(dirname "$0")/../lib.sh"

copied="the trees are copied for each step"

write_spec() {
	spec test.yaml <<'END'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - name: Nothing
    action: shell
    shell: cat /etc/passwd >/dev/null 2>&1 || true
  - name: Fill
    action: shell
    shell: |
      mkdir -p a/b
      echo one >a/b/file
      ln a/b/file a/link
      echo x >/in-the-systree
  - name: Replace
    action: shell
    shell: |
      rm -r a/b
      mkdir a/b
      echo new >a/b/new
      chmod 4751 a/link
  - name: Pack
    action: create-artifact
    artifact: packed
  - name: Fail
    action: shell
    shell: |
      echo half >kept
      echo report >/tmp/report
      exit 3
END
}

# Builds anew, with copies as it must say, or without; and looks at what the failed step has left.
check_build() {
	run contractor run test.yaml
	check_status 1
	check_says "step 6"
	check_says_not ": cached"
	if [ "$1" = copies ]; then check_says "$copied"; else check_says_not "$copied"; fi
	check_failed_tree
}

check_failed_tree() {
	run contractor shell --failed test.yaml 6 -- sh -c \
		'cat kept /tmp/report a/b/new a/link /in-the-systree; ls a/b; stat -c %a a/link'
	check_status 0
	check_out "$(printf '%s\n' half report new one x new 4751)"
}

# All that passed is taken from the cache.
check_all_cached() {
	run contractor run test.yaml
	check_status 1
	for step in 1 2 3 4 5; do
		grep -qE "^\[$step/6\] .*: cached" "$out" "$err" || fail "step $step ran again"
	done
}

check_whole() {
	run contractor store verify
	check_status 0
}

test_copies_give_the_same_keys() {
	write_spec
	CONTRACTOR_BACKEND=copy check_build copies
	check_all_cached
	check_failed_tree
	check_whole
}

test_overlays_serve_copies() {
	write_spec
	check_build overlays
	export CONTRACTOR_BACKEND=copy
	check_all_cached
	check_failed_tree
	check_whole
}

test_same_artifact() {
	write_spec
	CONTRACTOR_STORE=$PWD/one check_build overlays
	CONTRACTOR_BACKEND=copy CONTRACTOR_STORE=$PWD/two check_build copies
	check_file one/blobs/*
	check_same one/blobs/* two/blobs/*
}

test_it_is_said_once() {
	write_spec
	CONTRACTOR_BACKEND=copy run contractor run test.yaml
	[ "$(cat "$out" "$err" | grep -cF "$copied")" = 1 ] || fail "expected it once"
}

# What a systree lacks for the time of a step is not there afterwards, and its times are as before.
test_nothing_is_left_in_the_systree() {
	mkdir tree
	"$EXAMPLES/hello/make-systree.sh" . >/dev/null
	tar xf systree.tar -C tree
	rm -rf tree/workspace tree/proc tree/run
	touch -d 2001-02-03 tree
	tar cf systree.tar -C tree .
	cat >test.yaml <<'END'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - action: shell
    shell: chmod 700 /usr
END
	export CONTRACTOR_BACKEND=copy
	run contractor run test.yaml
	check_status 0
	layer=$CONTRACTOR_STORE/layers/2/systree
	for name in workspace proc run; do
		check_no_file "$layer/$name"
	done
	[ "$(stat -c %Y "$layer")" = "$(date -d 2001-02-03 +%s)" ] || fail "its time has changed"
}

# A mode is a change, of whatever kind the file is. busybox makes the socket, where it thinks its log is.
test_changed_socket() {
	spec test.yaml <<'END'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - action: shell
    shell: |
      ln -s /workspace/socket /dev/log
      busybox syslogd -n &
      until [ -S socket ]; do :; done
      chmod 600 socket
      kill $!
  - action: shell
    shell: chmod 640 socket
END
	for CONTRACTOR_BACKEND in "" copy; do
		export CONTRACTOR_BACKEND
		run contractor run test.yaml --no-cache
		check_status 0
		run contractor shell test.yaml 3 -- stat -c %a socket
		check_status 0
		check_out 640
	done
}

test_unknown_backend() {
	write_spec
	CONTRACTOR_BACKEND=tape run contractor run test.yaml
	check_status 2
	check_err_has "CONTRACTOR_BACKEND is 'tape'"
}

test_doctor_says_which() {
	run contractor doctor
	check_out_has "an overlay was mounted"
	CONTRACTOR_BACKEND=copy run contractor doctor
	check_out_has "trees are copied for each step"
	check_out_has "unset CONTRACTOR_BACKEND"
}

# The kernel refuses an upper directory on an overlay: nothing is forced here.
overlay_store() {
	[ "$(id -u)" = 0 ] || skip "only root can mount an overlay under a store"
	mkdir lower upper work mounted
	mount -t overlay -o "lowerdir=$PWD/lower,upperdir=$PWD/upper,workdir=$PWD/work" \
		overlay mounted
	trap 'umount -l "$TEST_DIR/work/mounted"' EXIT
	export CONTRACTOR_STORE=$PWD/mounted/store
}

test_store_on_an_overlay() {
	overlay_store
	write_spec
	check_build copies
	check_all_cached
	check_whole
	run contractor doctor
	check_out_has "keep the store on ext4"
	run contractor store remove --all
	check_status 0
}

test_store_of_an_ordinary_user_on_an_overlay() {
	overlay_store
	id -u contractor-test >/dev/null 2>&1 || skip "there is no user contractor-test"
	write_spec
	cp "$CONTRACTOR" mounted/program
	chmod 755 "$TEST_DIR"
	chown -R contractor-test . mounted
	contractor() {
		HOME=$PWD setpriv --reuid contractor-test --regid contractor-test --init-groups \
			"$PWD/mounted/program" "$@"
	}
	check_build copies
	check_all_cached
	check_whole
	run contractor store remove --all
	check_status 0
}

run_tests "$@"
