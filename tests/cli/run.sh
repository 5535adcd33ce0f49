#!/bin/bash
# contractor run: steps, their environment, what they leave.
. "$(dirname "$0")/../lib.sh"

# A specification with a systree and these shell steps, as a YAML list, after it.
steps() {
	{
		printf 'name: test\nactions:\n'
		printf '  - action: create-systree\n    path: systree.tar\n'
		cat
	} | spec test.yaml
}

# Runs one step with this script and expects that it passes.
run_script() {
	steps <<END
  - action: shell
    shell: |
$(printf '%s\n' "$1" | sed 's/^/      /')
END
	run contractor run test.yaml
}

test_output_of_a_step() {
	run_script 'echo "one  two"'
	check_status 0
	check_says_like '^one  two$'
}

test_both_outputs_of_a_step() {
	run_script 'echo to-out; echo to-err >&2'
	check_status 0
	check_says_like '^to-out$'
	check_says_like '^to-err$'
}

test_steps_run_in_order() {
	steps <<'END'
  - action: shell
    shell: echo first >>log
  - action: shell
    shell: echo second >>log
  - action: shell
    shell: test "$(cat log | tr '\n' ' ')" = "first second "
END
	run contractor run test.yaml
	check_status 0
}

test_systree_keeps_changes() {
	steps <<'END'
  - action: shell
    shell: echo installed >/usr/greeting
  - action: empty-workspace
  - action: shell
    shell: cat /usr/greeting; test -z "$(ls -A)"
END
	run contractor run test.yaml
	check_status 0
	check_says "installed"
}

test_workspace_is_the_directory() {
	run_script 'test "$(pwd)" = /workspace'
	check_status 0
}

test_environment_is_its_own() {
	export LEAKED=secret
	run_script 'env'
	check_status 0
	check_says_not LEAKED
	for line in LANG=C.UTF-8 USER=root TERM=xterm-256color DEBIAN_FRONTEND=noninteractive; do
		check_says_like "^$line\$"
	done
	check_says_like '^SOURCE_DATE_EPOCH=[0-9]+$'
}

test_environment_of_spec_and_step() {
	spec test.yaml <<'END'
name: test
environment:
  ONE: spec
  TWO: spec
actions:
  - action: create-systree
    path: systree.tar
  - action: shell
    environment:
      TWO: step
    shell: echo "$ONE $TWO"
END
	run contractor run test.yaml
	check_status 0
	check_says_like '^spec step$'
}

test_hostname() {
	run_script 'hostname'
	check_status 0
	check_says_like '^builder$'
}

test_standard_input_is_at_its_end() {
	run_script 'cat; echo done'
	check_status 0
	check_says_like '^done$'
}

test_step_has_a_terminal() {
	run_script 'test -t 0 && test -t 1 && test -t 2 && stty size'
	check_status 0
	check_says_like '^24 80$'
}

test_no_network() {
	run_script 'ls /sys/class/net 2>/dev/null || true; tail -n +3 /proc/net/dev | cut -d: -f1'
	check_status 0
	check_says_like '^ *lo$'
	check_says_not eth
}

test_another_interpreter() {
	steps <<'END'
  - action: shell
    interpreter: [/bin/awk, -f]
    shell: BEGIN { print "by awk" }
END
	run contractor run test.yaml
	check_status 0
	check_says_like '^by awk$'
}

test_another_directory() {
	steps <<'END'
  - action: shell
    workdir: /etc
    shell: pwd
END
	run contractor run test.yaml
	check_status 0
	check_says_like '^/etc$'
}

test_script_stops_at_its_first_failure() {
	run_script 'echo before; false; echo behind'
	check_status 1
	check_says before
	check_no_line "behind"
}

test_copy() {
	mkdir -p sources/sub
	echo text >sources/sub/file
	printf '#!/bin/sh\necho tool ran\n' >sources/tool
	chmod 700 sources/tool
	echo no >sources/not.o
	steps <<'END'
  - action: copy
    from: sources
    exclude: ["*.o"]
  - action: shell
    shell: |
      ./tool
      test "$(stat -c '%a %u:%g' tool sub/file | tr '\n' ' ')" = '755 0:0 644 0:0 '
      test ! -e not.o
END
	run contractor run test.yaml
	check_status 0
	check_says_like '^tool ran$'
}

test_copy_to_a_directory() {
	mkdir sources
	echo text >sources/file
	steps <<'END'
  - action: copy
    from: sources
    to: deep/down
  - action: shell
    shell: cat deep/down/file
END
	run contractor run test.yaml
	check_status 0
	check_says_like '^text$'
}

test_copy_from_outside_is_refused() {
	mkdir -p project
	echo private >private
	cd project || exit
	steps <<'END'
  - action: copy
    from: ../private
END
	run contractor run test.yaml
	[ "$status" -eq 1 ] || [ "$status" -eq 2 ] || fail "expected a refusal"
	check_says "../private"
}

test_unpack_an_archive() {
	mkdir -p top/sub
	echo text >top/sub/file
	tar czf archive.tar.gz top
	steps <<'END'
  - action: unpack-artifact
    path: archive.tar.gz
    strip: 1
    to: here
  - action: shell
    shell: cat here/sub/file
END
	run contractor run test.yaml
	check_status 0
	check_says_like '^text$'
}

test_archive_that_is_not_there() {
	steps <<'END'
  - action: unpack-artifact
    path: nowhere.tar
END
	run contractor run test.yaml
	[ "$status" -ne 0 ] || fail "expected a failure"
	check_says "nowhere.tar"
}

test_damaged_archive() {
	head -c 3000 "$(command -v bash)" >bad.tar
	steps <<'END'
  - action: unpack-artifact
    path: bad.tar
END
	run contractor run test.yaml
	check_status 1
	check_says "bad.tar"
}

test_truncated_systree() {
	spec test.yaml <<'END'
name: test
actions:
  - action: create-systree
    path: systree.tar
END
	truncate -s 100000 systree.tar
	run contractor run test.yaml
	check_status 1
	check_says "systree.tar"
}

test_shell_without_a_systree() {
	spec test.yaml <<'END'
name: test
actions:
  - action: shell
    shell: "true"
END
	run contractor run test.yaml
	[ "$status" -eq 1 ] || [ "$status" -eq 2 ] || fail "expected a refusal"
	check_says "systree"
}

test_keep_workspace() {
	run_script 'mkdir made; echo text >made/file'
	run contractor run --keep-workspace kept test.yaml
	check_status 0
	printf 'text\n' | cmp - kept/made/file
}

test_until() {
	steps <<'END'
  - action: shell
    shell: echo step two
  - action: shell
    shell: echo step three
  - action: shell
    shell: echo step four
END
	run contractor run --until 3 test.yaml
	check_status 0
	check_says_like '^step two$'
	check_no_line "step four"
}

test_until_a_name() {
	steps <<'END'
  - action: shell
    name: Compile
    shell: echo step two
  - action: shell
    name: Test
    shell: echo step three
  - action: shell
    name: Pack
    shell: echo step four
END
	run contractor run --until Test test.yaml
	check_status 0
	check_no_line "step four"
	run contractor run --until Tset test.yaml
	check_status 2
	check_err_has Tset
}

test_network_must_be_allowed() {
	steps <<'END'
  - action: shell
    network: host
    shell: echo ran
END
	run contractor run test.yaml
	[ "$status" -ne 0 ] || fail "expected a refusal"
	check_says "--allow network"
	check_no_line "ran"
}

test_store_option_wins() {
	run_script 'true'
	rm -rf other
	run contractor run --store other test.yaml
	check_status 0
	check_file other/store.db
}

test_runs_from_any_directory() {
	run_script 'echo ran'
	mkdir -p elsewhere
	cd elsewhere || exit
	run contractor run --store new ../test.yaml
	check_status 0
	check_says_like '^ran$'
}

test_directory_with_a_blank() {
	mkdir 'a directory'
	cd 'a directory' || exit
	run_script 'echo ran'
	check_status 0
	check_says_like '^ran$'
}

# Where from leads through a link, the message has the link, its target and the place in the file.
test_copy_through_a_link() {
	spec test.yaml <<'END'
name: test
actions:
  - action: empty-workspace
  - action: copy
    from: link/file
END
	mkdir directory
	echo text >directory/file
	ln -s directory link
	run contractor run test.yaml
	check_status 1
	check_err_has "cannot copy 'link/file': 'link' is a symbolic link to 'directory', and links are not followed; name what it leads to"
	check_err_has "test.yaml:4:5: step 2 'copy link/file'"
	sed -i 's|link/file|directory/file/more|' test.yaml
	run contractor run test.yaml
	check_status 1
	check_err_has "cannot copy 'directory/file/more': there is no such file or directory"
	sed -i 's|directory/file/more|link|' test.yaml
	run contractor run test.yaml
	check_status 0
}

# Whoever sets it wants these bytes and no others: a slip is not passed over.
test_source_date_epoch_that_is_none() {
	run_script 'echo "at $SOURCE_DATE_EPOCH"'
	for SOURCE_DATE_EPOCH in yesterday -1 253402300800; do
		export SOURCE_DATE_EPOCH
		run contractor run test.yaml
		check_status 2
		check_err_has "SOURCE_DATE_EPOCH must be a number of seconds since 1970, as \`date +%s\` prints it, at most 253402300799, or not be set; it is '$SOURCE_DATE_EPOCH'"
	done
	SOURCE_DATE_EPOCH=1700000000 run contractor run test.yaml
	check_status 0
	check_says_like '^at 1700000000$'
}

test_context_that_is_not_there() {
	spec test.yaml <<'END'
name: test
actions:
  - action: empty-workspace
  - action: copy
    from: file
END
	echo text >file
	run contractor run --context /nowhere test.yaml
	check_status 2
	check_err_has "cannot find the context directory /nowhere"
}

run_tests "$@"
