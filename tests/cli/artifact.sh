#!/bin/bash
# contractor artifact: list, get, put, remove.
. "$(dirname "$0")/../lib.sh"

# Makes an artifact called "tree" with one file.
make_artifact() {
	mkdir -p files
	echo text >files/file
	cat >test.yaml <<END
name: test
actions:
  - action: empty-workspace
  - action: copy
    from: files
  - action: create-artifact
    artifact: tree
    compression: ${1:-zstd}
END
	run contractor run test.yaml
	check_status 0
}

test_none() {
	run contractor artifact list
	check_status 0
	check_out_empty
}

test_list() {
	make_artifact
	run contractor artifact list
	check_status 0
	check_out_has tree
	head -n 1 "$out" | grep -q '^NAME  *SIZE  *MADE  *FILE$' || fail "expected a heading"
	check_err_empty
}

test_get() {
	make_artifact none
	run contractor artifact get tree copy.tar
	check_status 0
	tar tf copy.tar | grep -q 'file$' || fail "the file is not in it"
	tar xOf copy.tar --wildcards '*file' | grep -qx text || fail "it has not its content"
}

test_get_compressed() {
	for compression in gzip xz zstd; do
		make_artifact $compression
		run contractor artifact get tree "copy.$compression"
		check_status 0
		check_file "copy.$compression"
	done
	gzip -dc copy.gzip | tar t | grep -q 'file$' || fail "gzip"
	xz -dc copy.xz | tar t | grep -q 'file$' || fail "xz"
}

test_get_does_not_exist() {
	run contractor artifact get nothing copy.tar
	[ "$status" -ne 0 ] || fail "expected a failure"
	check_err_has nothing
	check_no_file copy.tar
}

test_put_and_use() {
	mkdir top
	echo from-outside >top/file
	tar cf given.tar -C top .
	run contractor artifact put given given.tar
	check_status 0
	spec test.yaml <<'END'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - action: unpack-artifact
    artifact: given
  - action: shell
    shell: cat file
END
	run contractor run test.yaml
	check_status 0
	check_says_like '^from-outside$'
}

test_put_a_bad_name() {
	tar cf given.tar -T /dev/null
	for name in ../evil .hidden -dash a/b ''; do
		run contractor artifact put -- "$name" given.tar
		[ "$status" -ne 0 ] || fail "expected a refusal of the name '$name'"
	done
}

test_remove() {
	make_artifact
	run contractor artifact remove tree
	check_status 0
	run contractor artifact list
	check_out_empty
	run contractor artifact remove tree
	[ "$status" -ne 0 ] || fail "expected a failure"
	check_err_has tree
}

test_removed_one_is_put_back_by_a_run() {
	make_artifact
	run contractor artifact remove tree
	run contractor run test.yaml
	check_status 0
	run contractor artifact list
	check_out_has tree
}

test_include_and_exclude() {
	mkdir files
	touch files/a.o files/a.c files/b.c
	cat >test.yaml <<'END'
name: test
actions:
  - action: empty-workspace
  - action: copy
    from: files
  - action: create-artifact
    artifact: sources
    compression: none
    include: ["*.c"]
    exclude: ["b*"]
END
	run contractor run --artifacts made test.yaml
	check_status 0
	tar tf made/sources.tar >names
	grep -q 'a\.c$' names || fail "a.c is not in it"
	! grep -q 'a\.o\|b\.c' names || fail "too much is in it"
}

test_a_pipe_is_no_artifact() {
	mkdir made
	mkfifo made/sources.tar
	run timeout 120 "$CONTRACTOR" artifact get --artifacts made sources -
	check_status 2
	check_err_has "not a regular file"
}

run_tests "$@"
