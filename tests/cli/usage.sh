#!/bin/bash
# Commands, options, help and their exit statuses.
. "$(dirname "$0")/../lib.sh"

subcommands='debug run check list shell log artifact store doctor config version help'

test_version() {
	run contractor version
	check_status 0
	check_out_has "$(sed -n 's/^project(contractor VERSION \([0-9.]*\).*/\1/p' \
		"$root/CMakeLists.txt" 2>/dev/null || echo contractor)"
	check_err_empty
}

test_help() {
	run contractor help
	check_status 0
	check_err_empty
	for subcommand in $subcommands; do
		check_out_has "$subcommand"
	done
}

test_help_option_is_help() {
	run contractor help
	cp "$out" help
	run contractor --help
	check_status 0
	check_same help "$out"
}

test_every_command_has_help() {
	for subcommand in $subcommands; do
		run contractor "$subcommand" --help
		check_status 0
		check_err_empty
		check_out_has "$subcommand"
	done
}

test_no_command() {
	run contractor
	check_status 2
	check_out_empty
}

test_unknown_command() {
	run contractor biuld
	check_status 2
	check_err_has "biuld"
	check_out_empty
}

# Who has begun to say what is meant is shown the help of that.
test_half_a_command() {
	for group in store artifact; do
		run contractor "$group"
		check_status 2
		check_err_has "try 'contractor $group --help'"
		run contractor "$group" nonsense
		check_status 2
		check_err_has "try 'contractor $group --help'"
	done
	run contractor nonsense
	check_status 2
	check_err_has "try 'contractor --help'"
}

test_unknown_option() {
	run contractor run --wrong x.yaml
	check_status 2
	check_err_has "--wrong"
	check_out_empty
}

test_option_without_its_value() {
	run contractor run --store
	check_status 2
	check_err_has "--store"
}

test_missing_spec() {
	run contractor run
	check_status 2
	check_out_empty
}

test_one_spec_too_many() {
	run contractor run one.yaml two.yaml
	check_status 2
}

test_spec_that_does_not_exist() {
	run contractor run nowhere.yaml
	check_status 2
	check_err_has "nowhere.yaml"
	check_out_empty
}

test_two_dashes_end_the_options() {
	run contractor run -- --nowhere.yaml
	check_status 2
	check_err_has "--nowhere.yaml"
	check_says_not "unknown option"
}

test_control_characters_are_not_shown() {
	run contractor run $'no\033[31mwhere.yaml'
	check_status 2
	check_says_not $'\033'
	check_err_has "where.yaml"
}

test_parameter_without_a_value() {
	spec one.yaml <<'END'
name: one
actions:
  - action: empty-workspace
END
	run contractor run -p wrong one.yaml
	check_status 2
	check_err_has "wrong"
}

test_commands_that_are_not_built_yet() {
	for subcommand in diff files cat blame bisect why; do
		run contractor "$subcommand" x.yaml
		[ "$status" -ne 0 ] || fail "expected a failure"
		check_err_has "not built yet"
	done
}

run_tests "$@"
