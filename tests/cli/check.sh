#!/bin/bash
# contractor check: what can be wrong with a specification, and where it is said to be.
. "$(dirname "$0")/../lib.sh"

# Checks the specification on standard input as bad.yaml.
check_spec() {
	cat >bad.yaml
	run contractor check bad.yaml
}

# Expects an error at LINE:COLUMN that has TEXT in it.
check_error_at() {
	check_status 1
	cat "$out" "$err" | grep -F "bad.yaml:$1: error: " | grep -qF -- "$2" ||
		fail "expected at bad.yaml:$1: $2"
}

# Expects an error at some position that has TEXT in it.
check_error() {
	check_status 1
	cat "$out" "$err" | grep -E '^bad\.yaml:[0-9]+:[0-9]+: error: ' | grep -qiF -- "$1" ||
		fail "expected an error with a position: $1"
}

# Expects that FILE was refused by name, without a crash.
check_unreadable() {
	[ "$status" -eq 1 ] || [ "$status" -eq 2 ] || fail "expected the status 1 or 2"
	check_says "$1"
}

test_valid() {
	check_spec <<'END'
name: good
actions:
  - action: empty-workspace
END
	check_status 0
	check_says_not "error"
}

test_examples() {
	run contractor check "$EXAMPLES/hello/hello.yaml" "$EXAMPLES/broken/broken.yaml"
	check_status 0
}

test_unknown_key_has_line_caret_and_suggestion() {
	check_spec <<'END'
name: bad
actions:
  - action: apt
    pakages: [gcc]
END
	check_error_at 4:5 "unknown key 'pakages' in action 'apt' (did you mean 'packages'?)"
	cat "$out" "$err" | grep -A 1 -xF '    pakages: [gcc]' | grep -q '^    ^' ||
		fail "expected the line with a caret below"
}

test_unknown_key_at_the_top() {
	check_spec <<'END'
name: bad
descripton: x
actions:
  - action: empty-workspace
END
	check_error_at 2:1 "descripton"
	check_says "did you mean 'description'?"
}

test_unknown_action() {
	check_spec <<'END'
name: bad
actions:
  - action: shel
    shell: "true"
END
	check_error_at 3:13 "shel"
	check_says "did you mean 'shell'?"
}

test_addresses_that_no_step_can_reach_are_refused_as_run_refuses_them() {
	check_spec <<'END'
name: bad
parameters: {host: "ssh://git@example.org"}
actions:
  - action: git
    url: git@example.org:project.git
  - action: git
    url: ${host}/project.git
  - action: git
    url: https://
  - action: git
    url: git://example.org/project.git
  - action: debootstrap
    suite: bookworm
    mirror: git://example.org/debian
END
	check_error_at 5:10 "'url' must be an address that begins with https://, http:// or git://"
	check_error_at 7:10 ", not 'ssh://git@example.org/project.git'"
	check_error_at 9:10 ", not 'https://'"
	check_error_at 14:13 "'mirror' must be an address that begins with https:// or http://"
	[ "$(grep -c ': error: ' "$out")" = 4 ] || fail "expected four errors"
	mv "$out" checked
	run contractor run bad.yaml
	check_status 2
	grep ' error: ' checked | while read -r line; do
		check_says "$line"
	done
}

test_missing_action() {
	check_spec <<'END'
name: bad
actions:
  - name: nothing
END
	check_error_at 3:5 "action"
}

test_missing_name() {
	check_spec <<'END'
actions:
  - action: empty-workspace
END
	check_error "name"
}

test_missing_actions() {
	check_spec <<'END'
name: bad
END
	check_error "actions"
}

test_missing_required_key() {
	check_spec <<'END'
name: bad
actions:
  - action: debootstrap
END
	check_error_at 3:5 "suite"
}

test_wrong_type() {
	check_spec <<'END'
name: bad
actions:
  - action: apt
    packages: gcc
END
	check_error_at 4:15 "packages"
}

test_boolean_in_other_words() {
	check_spec <<'END'
name: bad
actions:
  - action: apt
    packages: [gcc]
    update: yes
END
	check_error_at 5:13 "update"
}

test_duplicate_key() {
	check_spec <<'END'
name: bad
actions:
  - action: shell
    shell: "true"
    shell: "false"
END
	check_error_at 5:5 "shell"
}

test_unknown_parameter() {
	check_spec <<'END'
name: bad
actions:
  - action: debootstrap
    suite: ${siute}
END
	check_error_at 4:12 "unknown parameter 'siute'"
}

test_parameter_that_must_be_given() {
	check_spec <<'END'
name: bad
parameters:
  suite:
actions:
  - action: debootstrap
    suite: ${suite}
END
	check_error "suite"
	run contractor check -p suite=bookworm bad.yaml
	check_status 0
}

test_parameter_names() {
	for name in PATH HOME LD_PRELOAD 1st a-b; do
		check_spec <<END
name: bad
parameters:
  $name: x
actions:
  - action: empty-workspace
END
		check_error_at 3:3 "$name"
	done
}

test_shell_scripts_are_left_alone() {
	check_spec <<'END'
name: good
actions:
  - action: shell
    shell: echo ${no_parameter}
END
	check_status 0
}

test_artifact_that_nothing_makes() {
	check_spec <<'END'
name: bad
actions:
  - action: create-systree
    artifact: base
END
	check_error_at 4:15 "base"
}

test_artifact_that_is_made_too_late() {
	check_spec <<'END'
name: bad
actions:
  - action: unpack-artifact
    artifact: late
  - action: create-artifact
    artifact: late
END
	check_error_at 4:15 "late"
}

test_both_artifact_and_path() {
	check_spec <<'END'
name: bad
actions:
  - action: create-artifact
    artifact: base
  - action: create-systree
    artifact: base
    path: base.tar
END
	check_error "path"
}

test_path_that_leaves_the_workspace() {
	check_spec <<'END'
name: bad
actions:
  - action: create-artifact
    artifact: all
    from: ../..
END
	check_error_at 5:11 "../.."
}

test_limits() {
	check_spec <<'END'
name: bad
limits:
  time: soon
actions:
  - action: empty-workspace
END
	check_error_at 3:9 "soon"
}

test_everything_in_one_go() {
	check_spec <<'END'
name: bad
colour: red
actions:
  - action: shell
    shel: "true"
  - action: unpack-artifact
    artifact: nothing
END
	check_error_at 2:1 "colour"
	check_error_at 5:5 "shel"
	check_error_at 7:15 "nothing"
	cat "$out" "$err" | grep -oE '^bad\.yaml:[0-9]+' >positions
	sort -c -t : -k 2n positions || fail "expected the errors in the order of the file"
}

test_every_file_is_checked() {
	echo 'name: one' >one.yaml
	echo 'name: two' >two.yaml
	run contractor check one.yaml two.yaml
	check_status 1
	check_says "one.yaml:"
	check_says "two.yaml:"
}

test_column_counts_characters() {
	check_spec <<'END'
name: bad
actions:
  - {action: empty-workspace, name: ähm, wrong: x}
END
	check_error_at 3:42 "wrong"
}

test_not_yaml() {
	check_spec <<'END'
name: [bad
actions: 1
END
	check_error ""
}

test_empty_file() {
	check_spec </dev/null
	check_error ""
}

test_invalid_utf8() {
	printf 'name: b\xffd\nactions: []\n' >bad.yaml
	run contractor check bad.yaml
	check_error "UTF-8"
}

test_nul_character() {
	printf 'name: "b\\0d"\nactions:\n  - action: empty-workspace\n' >bad.yaml
	run contractor check bad.yaml
	check_error_at 1:7 "NUL"
}

test_raw_nul_character() {
	printf 'name: b\000d\nactions:\n  - action: empty-workspace\n' >bad.yaml
	run contractor check bad.yaml
	check_error_at 1:8 "NUL"
}

test_tag() {
	check_spec <<'END'
name: !!str bad
actions:
  - action: empty-workspace
END
	check_error "tag"
}

test_second_document() {
	check_spec <<'END'
name: bad
actions:
  - action: empty-workspace
---
name: again
END
	check_error "document"
}

test_aliases_that_grow() {
	{
		echo 'a0: &a0 [x, x, x, x, x, x, x, x, x, x]'
		for level in 1 2 3 4 5; do
			echo "a$level: &a$level [$(yes "*a$((level - 1)), " | head -n 10 | tr -d '\n')]"
		done
		echo 'name: bad'
		echo 'actions: *a5'
	} >bad.yaml
	run contractor check bad.yaml
	check_error "10000"
}

test_nesting_beyond_the_limit() {
	for depth in 200 100000; do
		{
			printf 'name: bad\nactions: '
			yes '[' | head -n $depth | tr -d '\n'
			yes ']' | head -n $depth | tr -d '\n'
			echo
		} >bad.yaml
		run contractor check bad.yaml
		check_error "32 levels"
	done
}

test_file_over_a_mebibyte() {
	{
		echo 'name: bad'
		yes '# a comment' | head -c 1048577
	} >bad.yaml
	run contractor check bad.yaml
	check_unreadable bad.yaml
}

test_fifo() {
	mkfifo pipe.yaml
	run contractor check pipe.yaml
	check_unreadable pipe.yaml
}

test_directory() {
	mkdir folder.yaml
	run contractor check folder.yaml
	check_unreadable folder.yaml
}

test_device() {
	run contractor check /dev/zero
	check_unreadable /dev/zero
}

test_control_characters_are_not_shown() {
	check_spec <<'END'
name: bad
"\e]0;owned\a": x
actions:
  - action: empty-workspace
END
	check_status 1
	check_says_not $'\033'
	check_says_not $'\a'
}

test_run_with_an_invalid_spec() {
	echo 'name: bad' >bad.yaml
	run contractor run bad.yaml
	check_status 2
	check_err_has "bad.yaml:"
	check_out_empty
}

run_tests "$@"
