#!/bin/bash
# --json: what it prints is read by jq(1), which is not our own reader.
. "$(dirname "$0")/../lib.sh"

need_jq() {
	command -v jq >/dev/null || skip "jq is not installed"
}

# What was printed is UTF-8 and JSON, and the filter gives true for it.
check_json() {
	iconv -f UTF-8 -t UTF-8 "$out" >/dev/null 2>&1 || fail "expected UTF-8"
	jq -e . "$out" >/dev/null 2>&1 || fail "expected JSON"
	jq -e -s "$1" "$out" >/dev/null || fail "expected that: $1"
}

build() {
	need_jq
	spec test.yaml <<'END_OF_SPEC'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - name: Compile
    action: shell
    shell: |
      echo compiled
      echo to-err >&2
  - name: Test
    action: shell
    shell: |
      echo testing
      exit 3
END_OF_SPEC
	run contractor run test.yaml
	check_status 1
}

test_store_df() {
	build
	run contractor store df --json
	check_status 0
	check_err_empty
	check_json '.[0] | ."contractor-store-df" == 1 and (.version | type == "string") and .exists
		and .attempts == 3 and .failed == 1 and .layers == 1 and .logs_bytes >= 24
		and .bytes == .layers_bytes + .logs_bytes + .artifacts_bytes + .index_bytes'
	[ "$(jq -r .store "$out")" = "$CONTRACTOR_STORE" ] || fail "it is another store"
}

test_store_list() {
	build
	run contractor store list --json
	check_status 0
	check_json '.[0] | ."contractor-store-list" == 1 and (.attempts | length == 3)'
	check_json '.[0].attempts[1] | .number == 2 and .id == "2" and .step == 2 and .name == "Compile"
		and .action == "shell" and .result == "passed" and .exit_status == 0
		and .message == null and (.key | test("^[0-9a-f]{64}$")) and (.adopted | not)
		and .started_ms > 1700000000000 and .duration_ms >= 0'
	check_json '.[0].attempts[2] | .result == "failed" and .exit_status == 3
		and .message == "exit status 3"'
	check_json '.[0].attempts | all(.spec | endswith("/test.yaml"))'
}

test_store_verify() {
	build
	run contractor store verify --json
	check_status 0
	check_json '.[0] | ."contractor-store-verify" == 1 and .findings == [] and .found == 0 and .left == 0'
	touch "$CONTRACTOR_STORE/logs/zzzz.log" "$CONTRACTOR_STORE"/$'odd\n\377name'
	run contractor store verify --json
	check_status 1
	check_json '.[0] | .found == 2 and .left == 2 and (.findings | length == 2)'
	check_json '.[0].findings | any(test("zzzz.log")) and any(test("odd.*xffname"))'
	run contractor store verify --repair --json
	check_status 0
	check_json '.[0] | .found == 2 and .left == 0 and (.findings | length == 2)'
}

test_no_store() {
	need_jq
	for what in df list verify; do
		run contractor store $what --json
		check_status 0
		check_err_empty
		check_json '.[0].exists == false'
		check_no_file "$CONTRACTOR_STORE"
	done
	run contractor store list --json
	check_json '.[0].attempts == []'
	run contractor store df --json
	check_json '.[0] | .bytes == 0 and .attempts == 0'
}

test_doctor() {
	need_jq
	run contractor doctor --json
	check_status 0
	check_json '.[0] | ."contractor-doctor" == 1 and (.version | type == "string")
		and (.status | IN("fine", "degraded")) and (.checks | length >= 14)
		and all(.checks[]; (.name | length > 0) and (.text | length > 0)
			and (.status == "fine") == (.remedy == null))'
}

run_tests "$@"
