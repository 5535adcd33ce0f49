#!/bin/bash
# What a second run does again, and what it does not: each run of a step leaves another number.
. "$(dirname "$0")/../lib.sh"

# Two steps that write a number each that no two runs have in common, and an artifact of both.
numbers() {
	spec test.yaml <<'END'
name: test
parameters:
  unused: a
  used: a
actions:
  - action: create-systree
    path: systree.tar
  - action: empty-workspace
  - name: First
    action: shell
    shell: cat /proc/sys/kernel/random/uuid >first
  - name: Second
    action: shell
    environment:
      USED: ${used}
    shell: cat /proc/sys/kernel/random/uuid >second
  - action: create-artifact
    artifact: numbers
END
}

# Runs it with these options more; the numbers are then below the directory $1.
run_numbers() {
	local directory=$1
	shift
	run contractor run --keep-workspace "$directory" "$@" test.yaml
	check_status 0
	check_file "$directory/first"
	check_file "$directory/second"
}

test_nothing_runs_twice() {
	numbers
	run_numbers a
	run_numbers b
	check_same a/first b/first
	check_same a/second b/second
}

test_no_cache() {
	numbers
	run_numbers a
	run_numbers b --no-cache
	check_different a/first b/first
	check_different a/second b/second
}

# What takes nothing from the network is not refreshed in silence, that is, not at all.
test_refresh_of_a_shell_step_is_refused() {
	numbers
	run_numbers a
	run contractor run --refresh=Second test.yaml
	check_status 2
	check_err_has "step 4 'Second' takes nothing from the network by itself; --no-cache=4 runs again"
	run_numbers b --refresh
	check_same a/second b/second
}

test_no_cache_from_a_step() {
	numbers
	run_numbers a
	run_numbers b --no-cache=Second
	check_same a/first b/first
	check_different a/second b/second
}

test_changed_script() {
	numbers
	run_numbers a
	sed -i 's/uuid >second/uuid  >second/' test.yaml
	run_numbers b
	check_same a/first b/first
	check_different a/second b/second
}

test_change_reaches_later_steps() {
	numbers
	run_numbers a
	sed -i 's/uuid >first/uuid  >first/' test.yaml
	run_numbers b
	check_different a/first b/first
	check_different a/second b/second
}

test_labels_and_notes_do_not_count() {
	numbers
	run_numbers a
	sed -i 's/name: First/name: Renamed\n    note: more words/' test.yaml
	run_numbers b
	check_same a/first b/first
	check_same a/second b/second
}

test_changed_environment() {
	numbers
	run_numbers a
	run_numbers b -p used=b
	check_different a/second b/second
}

test_copied_files_count_by_content() {
	mkdir src
	echo one >src/file
	spec test.yaml <<'END'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - action: copy
    from: src
  - action: shell
    shell: |
      cat /proc/sys/kernel/random/uuid >first
      cp first second
END
	run_numbers a
	touch -d 2001-01-01 src/file
	run_numbers b
	check_same a/first b/first
	echo two >src/file
	run_numbers c
	check_different a/first c/first
}

test_kept_by_separate_stores() {
	numbers
	run_numbers a --store one
	run_numbers b --store two
	check_different a/first b/first
}

test_artifact_is_put_back() {
	numbers
	run contractor run --artifacts made test.yaml
	check_status 0
	check_file made/numbers.tar.zst
	cp made/numbers.tar.zst before
	rm made/numbers.tar.zst
	run contractor run --artifacts made test.yaml
	check_status 0
	check_same before made/numbers.tar.zst
	echo changed >made/numbers.tar.zst
	run contractor run --artifacts made test.yaml
	check_status 0
	check_same before made/numbers.tar.zst
}

test_same_bytes_from_separate_stores() {
	spec test.yaml <<'END'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - action: empty-workspace
  - action: shell
    shell: |
      mkdir -p b a
      echo one >b/file
      echo two >a/file
      ln -s a/file link
  - action: create-artifact
    artifact: tree
END
	run contractor run --store one --artifacts first test.yaml
	check_status 0
	mkdir -p elsewhere/below
	cp test.yaml systree.tar elsewhere/below
	cd elsewhere/below || exit
	umask 077
	run env TZ=Pacific/Auckland LC_ALL=C HOME=/ "$CONTRACTOR" run --store ../two \
		--artifacts second test.yaml
	check_status 0
	check_same ../../first/tree.tar.zst second/tree.tar.zst
}

run_tests "$@"
