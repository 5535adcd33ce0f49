#!/bin/bash
# contractor store: df, list, verify, prune, remove.
. "$(dirname "$0")/../lib.sh"

build() {
	spec test.yaml <<'END'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - name: Compile
    action: shell
    shell: echo compiled >program
  - name: Test
    action: shell
    shell: |
      echo half >report
      exit 3
END
	run contractor run test.yaml
	check_status 1
}

test_df() {
	build
	run contractor store df
	check_status 0
	check_err_empty
	for what in layers logs; do
		check_out_has "$what"
	done
	check_says_like ' 3 attempts, 1 of them failed$'
}

# What there is one of is not called by a plural.
test_df_of_one_step() {
	spec test.yaml <<'END'
name: test
actions:
  - action: create-systree
    path: systree.tar
END
	run contractor run test.yaml
	check_err_has "test: 1 step passed"
	run contractor store df
	check_says_like ' 1 layer, and 0 squashed from them$'
	check_says_like ' 1 attempt, 0 of them failed$'
	run contractor debug --plain test.yaml <<<'info store'
	check_out_has ": 1 attempt, 0 of them failed"
}

test_list() {
	build
	run contractor store list
	check_status 0
	check_out_has Compile
	check_out_has Test
	check_out_has failed
}

# Looking makes nothing.
test_no_store() {
	for what in df list verify; do
		run contractor store $what --store "$PWD/nothing"
		check_status 0
		check_out_empty
		check_err_has "there is no store in '$PWD/nothing'"
		check_no_file nothing
	done
	run contractor store remove 1 --store "$PWD/nothing"
	check_status 2
	check_no_file nothing
	mkdir -m 700 empty
	run contractor store df --store "$PWD/empty"
	check_err_has "there is no store in '$PWD/empty'"
	[ -z "$(ls -A empty)" ] || fail "something was made in it"
}

# What is no store is still told so.
test_something_else_than_a_store() {
	: >file
	run contractor store df --store "$PWD/file"
	check_status 3
	ln -s nowhere link
	run contractor store df --store "$PWD/link"
	check_status 3
	check_err_has "symbolic link"
}

# As a kill leaves it between two lines of code: the first file of the index, and no version.
test_store_that_was_not_finished() {
	mkdir -m 700 store
	: >store/store.db
	: >store/store.db-journal
	run contractor store df --store store
	check_status 0
}

test_prune_by_age() {
	build
	run contractor store prune --older-than 1h
	check_status 0
	check_out_has "0 attempts and 0 artifacts removed"
	find "$CONTRACTOR_STORE/logs" -name '*.log' -exec touch -d '2 hours ago' {} +
	run contractor store prune --older-than 1h --dry-run
	check_status 0
	check_out_has "3 attempts and 0 artifacts would be removed"
	run contractor store prune --older-than 1h
	check_status 0
	check_out_has "3 attempts and 0 artifacts removed"
	run contractor store verify
	check_status 0
	run contractor run test.yaml
	check_status 1
}

# Whoever takes a step from the cache makes it young.
test_prune_spares_what_is_of_use() {
	build
	find "$CONTRACTOR_STORE/logs" -name '*.log' -exec touch -d '2 hours ago' {} +
	run contractor run test.yaml --until 3
	check_status 0
	run contractor store prune --older-than 1h
	check_out_has "1 attempt and 0 artifacts removed"
	run contractor run test.yaml --until 3
	check_says "Compile: cached"
}

test_prune_to_a_size() {
	build
	run contractor store prune --to 1T
	check_out_has "0 attempts and 0 artifacts removed"
	run contractor store prune --to 1
	check_out_has "3 attempts and 0 artifacts removed"
	run contractor store verify
	check_status 0
}

test_prune_says_what_is_missing() {
	build
	run contractor store prune
	check_status 2
	check_err_has "either --to or --older-than is needed"
	run contractor store prune --to much
	check_status 2
	check_err_has "option '--to' must be a size such as 512M or 1.5G (a number of bytes, or with a unit: K, M, G, T), not 'much'"
	run contractor store prune --older-than soon
	check_status 2
	check_err_has "option '--older-than' must be a time such as 90s, 30m or 1h30m (a number of seconds, or with the units d, h, m, s, ms), not 'soon'"
}

# A store that can only be read is not looked at, since that takes locks: what can be done is said. `check` needs none.
test_read_only_file_system() {
	[ "$(id -u)" = 0 ] || skip "only root can take parts of the host away"
	build
	cat >session.sh <<'END'
mount --bind "$CONTRACTOR_STORE" "$CONTRACTOR_STORE"
mount -o remount,bind,ro "$CONTRACTOR_STORE"
for command in "list test.yaml" "log test.yaml 2" "store list" "store df" "run test.yaml" "check test.yaml"; do
	"$CONTRACTOR" $command 2>&1 >/dev/null
	echo "$command: $?"
done
END
	run unshare -m bash session.sh
	[ "$(grep -c "the store $CONTRACTOR_STORE is on a file system that can only be read.*remount,rw" "$out")" = 5 ] ||
		fail "the five that need the store did not say so"
	for command in "list test.yaml" "log test.yaml 2" "store list" "store df" "run test.yaml"; do
		check_out_has "$command: 3"
	done
	check_out_has "check test.yaml: 0"
}

test_whole_store_verifies() {
	build
	run contractor store verify
	check_status 0
}

# Damages the store with the command that follows, and expects that it is found and mended.
check_damage() {
	"$@"
	run contractor store verify
	check_status 1
	run contractor store verify --repair
	run contractor store verify
	check_status 0
	run contractor run test.yaml
	check_status 1
	check_says Test
}

test_missing_log() {
	build
	check_damage find "$CONTRACTOR_STORE/logs" -name '*.log' -delete
}

test_missing_layers() {
	build
	check_damage find "$CONTRACTOR_STORE/layers" -mindepth 1 -maxdepth 1 \
		-exec mv {} "$TEST_DIR" \;
}

test_log_without_a_row() {
	build
	check_damage touch "$CONTRACTOR_STORE/logs/zzzz.log"
}

test_not_a_database() {
	build
	rm -f "$CONTRACTOR_STORE"/store.db-*
	echo 'not a database' >"$CONTRACTOR_STORE/store.db"
	run contractor list test.yaml
	[ "$status" -ne 0 ] || fail "expected a failure"
	[ "$status" -lt 128 ] || fail "it crashed"
	check_err_has "store"
	mv "$CONTRACTOR_STORE" "$TEST_DIR/damaged"
	build
}

test_private() {
	build
	[ "$(stat -c %a "$CONTRACTOR_STORE")" = 700 ] || fail "others may enter it"
}

test_store_open_to_others_is_refused() {
	build
	chmod 755 "$CONTRACTOR_STORE"
	run contractor run test.yaml
	[ "$status" -ne 0 ] || fail "expected a refusal"
	check_err_has "$CONTRACTOR_STORE"
	chmod 700 "$CONTRACTOR_STORE"
}

test_store_that_is_a_link_is_refused() {
	build
	ln -s "$CONTRACTOR_STORE" link
	run contractor run --store link test.yaml
	[ "$status" -ne 0 ] || fail "expected a refusal"
	check_err_has link
	check_says_not compiled
}

test_default_place() {
	unset CONTRACTOR_STORE
	cat >test.yaml <<'END'
name: test
actions:
  - action: empty-workspace
END
	run contractor run test.yaml
	check_status 0
	check_file "$HOME/.cache/contractor/store.db"
	XDG_CACHE_HOME=$TEST_DIR/cache
	export XDG_CACHE_HOME
	run contractor run test.yaml
	check_status 0
	check_file "$TEST_DIR/cache/contractor/store.db"
}

# It is said what has happened, not what failed because of it.
test_store_that_vanishes() {
	spec test.yaml <<END
name: test
actions:
  - action: create-systree
    path: systree.tar
  - action: shell
    shell: |
      echo ready
      { sleep 1000$$ || true; } 2>/dev/null
END
	start run test.yaml
	wait_for ready
	until grep -qsxz "1000$$" /proc/[0-9]*/cmdline; do
		sleep 0.02
	done
	rm -rf "$CONTRACTOR_STORE" 2>/dev/null || true # but for what belongs to other ids
	let_go
	finish
	check_status 3
	check_err_has "the store $CONTRACTOR_STORE was removed, or taken away, while it was in use"
}

test_remove_all() {
	build
	run contractor store remove --all
	check_status 0
	check_no_file "$CONTRACTOR_STORE"
}

test_remove_all_of_nothing() {
	run contractor store remove --all --store "$PWD/nothing"
	check_no_file nothing
}

test_remove_all_spares_other_directories() {
	mkdir precious
	echo text >precious/file
	run contractor store remove --all --store precious
	[ "$status" -ne 0 ] || fail "expected a refusal"
	check_file precious/file
}

test_remove_trees_that_are_hard_to_remove() {
	spec test.yaml <<'END'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - action: shell
    shell: |
      mkdir -p closed/inner
      touch closed/inner/file
      chmod 0 closed/inner closed
      i=0
      while [ $i -lt 300 ]; do mkdir deep; cd deep; i=$((i + 1)); done
END
	run contractor run test.yaml
	check_status 0
	run contractor store remove --all
	check_status 0
	check_no_file "$CONTRACTOR_STORE"
}

run_tests "$@"
