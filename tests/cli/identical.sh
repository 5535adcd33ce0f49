#!/bin/bash
# Identical inputs give byte-identical artifacts, whoever builds, where and when.
. "$(dirname "$0")/../lib.sh"

# A workspace with all that an archive can hold, filled in an order that differs from run to run.
tree_spec() {
	spec "$1/test.yaml" <<'END'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - action: empty-workspace
  - action: copy
    from: sources
    to: copied
  - action: shell
    shell: |
      umask
      mkdir -p deep/er/directories empty
      for i in $(seq 1 40 | shuf); do
          echo "file $i" >deep/er/file-$i
      done
      name=$(printf 'b\303\251\377')
      printf 'a name in UTF-8, but for one byte' >"$name"
      ln -s /nowhere/to/be/found link
      ln deep/er/file-1 hard
      mkfifo fifo
      chmod 4755 deep/er/file-2
      chmod 0 deep/er/file-3
      chown 1000:1001 deep/er/file-4
      truncate -s 1M sparse
      env | sort >environment
  - action: create-artifact
    artifact: plain
    compression: none
  - action: create-artifact
    artifact: small
    compression: zstd
END
	mv systree.tar "$1/"
	mkdir -p "$1/sources/below"
	echo one >"$1/sources/one"
	echo two >"$1/sources/below/two"
	chmod 700 "$1/sources/one"
	ln -sf one "$1/sources/link"
}

# Builds the tree in the directory $1 by the command that follows, with surroundings of its own.
build_in() {
	local directory=$1
	shift
	mkdir "$directory" "$directory/artifacts"
	tree_spec "$directory"
	chmod 755 "$TEST_DIR" "$TEST_DIR/work" "$directory"
	[ -z "${owner:-}" ] || chown -R "$owner" "$directory"
	run "$@" "$CONTRACTOR" run --store "$PWD/$directory/store" \
		--artifacts "$PWD/$directory/artifacts" "$directory/test.yaml"
	check_status 0
}

# Both artifacts of the directories are the same to the byte.
check_identical() {
	check_same "$1/artifacts/plain.tar" "$2/artifacts/plain.tar"
	check_same "$1/artifacts/small.tar.zst" "$2/artifacts/small.tar.zst"
}

test_another_store_directory_and_time() {
	build_in here
	mkdir "a b:c,d"
	sleep 1.1
	build_in "a b:c,d/there"
	check_identical here "a b:c,d/there"
}

test_another_umask() {
	build_in here
	umask 077
	build_in there
	check_identical here there
}

test_another_locale_and_time_zone() {
	build_in here
	build_in there env LC_ALL=tr_TR.UTF-8 LANG=tr_TR.UTF-8 TZ=Pacific/Kiritimati
	build_in bare env -u LANG LC_ALL=C TZ=UTC
	check_identical here there
	check_identical here bare
}

test_another_environment_and_terminal() {
	build_in here
	build_in there env -i PATH="$PATH" HOME="$HOME" TERM=xterm COLUMNS=40 FOO=bar
	check_identical here there
}

test_another_clock() {
	command -v faketime >/dev/null || skip "faketime is not installed"
	build_in here
	# The other clock is a library that is loaded before a sanitizer's.
	build_in there env NO_FAKE_STAT=1 ASAN_OPTIONS="$ASAN_OPTIONS:verify_asan_link_order=0" \
		faketime "2031-05-05 05:05:05"
	check_identical here there
}

test_another_user() {
	[ "$(id -u)" = 0 ] || skip "only root can become another user"
	id -u contractor-test >/dev/null 2>&1 || skip "there is no user contractor-test"
	build_in here
	owner=contractor-test
	build_in there setpriv --reuid contractor-test --regid contractor-test --init-groups \
		env HOME="$PWD/there"
	check_identical here there
}

# The other way round: what must make a difference does.
test_other_contents_differ() {
	build_in here
	mkdir there there/artifacts
	tree_spec there
	echo three >there/sources/one
	run contractor run --store "$PWD/there/store" --artifacts "$PWD/there/artifacts" there/test.yaml
	check_status 0
	check_different here/artifacts/plain.tar there/artifacts/plain.tar
}

test_source_date_epoch_is_honoured() {
	build_in here env SOURCE_DATE_EPOCH=1000000000
	build_in there
	check_different here/artifacts/plain.tar there/artifacts/plain.tar
	run tar tvf here/artifacts/plain.tar --full-time --utc
	check_says 2001-09-09
	check_says_not 202
}

run_tests "$@"
