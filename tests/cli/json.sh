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
	run contractor run --store-size 1T test.yaml
	run contractor store verify --json
	check_status 0
	check_json '.[0] | ."contractor-store-verify" == 1 and .findings == [] and .found == 0 and .left == 0
		and .unchecked == 0'
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

# The names of the events in their order, but those that come as often as they like.
check_events() {
	[ "$(jq -r '.event // "head" | select(IN("step-output", "step-progress", "step-note",
		"step-terminal") | not)' "$out" | tr '\n' ' ')" = "$1 " ] || fail "expected the events: $1"
}

test_run() {
	build
	run contractor run --json --no-cache --until Test test.yaml
	check_status 0
	check_err_empty
	check_events "head step-started step-ended step-started step-ended stopped run-ended"
	check_json '.[0] | ."contractor-events" == 1 and (.version | type == "string")
		and (.spec | startswith("/")) and .name == "test" and .started_ms > 1700000000000
		and (.steps | length == 3)
		and .steps[1] == {number: 2, name: "Compile", action: "shell", line: 5, column: 5}'
	check_json '[.[] | select(.event == "step-output") | .text] | add == "compiled\nto-err\n"'
	check_json '[.[] | select(.event == "step-ended") | .step == .attempt.step
		and .attempt.result == "passed"] == [true, true]'
	check_json '[.[] | select(.event == "step-started") | .attempt_id]
		== [.[] | select(.event == "step-ended") | .attempt.id]'
	check_json '[.[1:][].time_ms] | . == sort and .[0] >= 0'
	check_json '.[-2] | .reason == "step" and .step == 3 and .attempt == null'
	check_json '.[-1] | .status == 0 and .signal == null and .ran == 2 and .cached == 0'
}

test_run_of_a_failure() {
	build
	run contractor run --json test.yaml
	check_status 1
	check_err_has "step 3 'Test' failed: exit status 3"
	check_events "head step-cached step-cached step-started step-ended stopped run-ended"
	check_json '.[-2] | .reason == "failed" and .step == 3 and .error == null
		and .attempt.exit_status == 3 and .attempt.name == "Test"'
	check_json '.[-1] | .status == 1 and .ran == 1 and .cached == 2'
	check_json '.[1].attempt | .number == 1 and .result == "passed"'
	run contractor run --json --from Test test.yaml
	check_status 1
	check_events "head step-started step-ended stopped run-ended"
	run contractor run --json -q test.yaml
	check_json 'all(.[]; .event != "step-output")'
}

# What is no text comes with its bytes; a character in two pieces is text all the same.
test_run_of_any_bytes() {
	need_jq
	spec test.yaml <<'END_OF_SPEC'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - name: "a \"b\" \\ \u202e\x9b"
    action: shell
    shell: |
      printf 'one\377\000two'
      until [ -e go ]; do i=$((i + 1)); [ "$i" != 2000 ] || touch go; done
      printf '\303'
      until [ -e on ]; do i=$((i + 1)); [ "$i" != 4000 ] || touch on; done
      printf '\244end\342\202'
END_OF_SPEC
	run contractor run --json test.yaml
	check_status 0
	check_json '.[0].steps[1].name == "a \"b\" \\ \u202e\u009b"'
	jq -r -j 'select(.event == "step-output") | if has("text") then "t \(.text | @base64)"
		else "b \(.text_base64)" end + "\n"' "$out" |
		while read -r kind bytes; do
			[ "$kind" = b ] || [ "$kind" = t ] || exit 1
			echo "$bytes" | base64 -d
		done >bytes
	printf 'one\377\000two\303\244end\342\202' >expected
	check_same expected bytes
	check_json 'any(.[]; .event == "step-output" and has("text_base64") and (has("text") | not))'
}

test_run_that_is_interrupted() {
	need_jq
	spec test.yaml <<'END_OF_SPEC'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - action: shell
    shell: |
      echo begun
      sleep 1000
END_OF_SPEC
	start run --json test.yaml
	wait_for '"text":"begun'
	kill -INT "$started"
	finish
	check_status 130
	check_err_has "stopped by SIGINT"
	check_events "head step-started step-ended step-started step-ended stopped run-ended"
	check_json '.[-3] | .attempt.result == "killed" and .attempt.exit_status == 143'
	check_json '.[-2].reason == "killed"'
	check_json '.[-1] | .status == 130 and .signal == "SIGINT"'
}

# A specification that cannot be used, and one whose name is no text.
test_run_of_a_bad_spec() {
	need_jq
	printf 'name: bad\nactions:\n  - action: shel\n' >$'bad\377.yaml'
	run contractor run --json $'bad\377.yaml'
	check_status 2
	check_err_has "is not valid"
	check_events "head diagnostic error run-ended"
	check_json '.[0] | .spec == "bad\\xff.yaml" and .spec_base64 == "YmFk/y55YW1s" and .name == null
		and .steps == []'
	check_json '.[1].diagnostic | .line == 3 and .column == 13 and .hint == "shell"'
	check_json '.[2].error | .code == "usage" and (.text | test("not valid"))'
	check_json '.[3].status == 2'
	run contractor run --json missing.yaml
	check_status 2
	check_events "head error run-ended"
	run contractor run --json --no-such-option missing.yaml
	check_status 2
	check_out_empty
}

# A step that cannot be run at all.
test_run_with_an_error() {
	need_jq
	spec test.yaml <<'END_OF_SPEC'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - action: copy
    from: missing
END_OF_SPEC
	run contractor run --json test.yaml
	[ "$status" -ne 0 ] || fail "expected a failure"
	check_json '.[-1].status == '"$status"
	check_json '[.[] | select(.event == "stopped")] | length == 1'
	check_json 'any(.[]; (.error.text // .attempt.message // "") | test("missing"))'
}

test_run_that_nobody_reads() {
	build
	run bash -c '"$CONTRACTOR" run --json test.yaml | head -n 1; exit "${PIPESTATUS[0]}"'
	check_status 141
	check_json '.[0]."contractor-events" == 1'
	run contractor store verify
	check_status 0
}

test_list() {
	build
	run contractor list --json test.yaml
	check_status 0
	check_err_empty
	check_json '.[0] | ."contractor-list" == 1 and .name == "test" and (.spec | endswith("/test.yaml"))
		and [.steps[].state] == ["cached", "cached", "failed"]
		and [.steps[].attempt] == [1, 2, 3] and [.steps[].exit_status] == [0, 0, 3]'
	check_json '.[0].steps[1] | .number == 2 and .name == "Compile" and .action == "shell"
		and .line == 5 and .column == 5 and (.key | test("^[0-9a-f]{64}$"))
		and ([.edited, .adopted, .stale] == [false, false, false])
		and .started_ms > 1700000000000 and .duration_ms >= 0'
	run contractor list --json --store "$TEST_DIR/other" test.yaml
	check_json '.[0].steps[2] | .state == "pending" and .key == null and .attempt == null
		and .exit_status == null and .started_ms == null and .duration_ms == null'
}

test_log() {
	build
	run contractor run test.yaml
	run contractor log --json test.yaml Test
	check_status 0
	check_json '.[0] | ."contractor-log" == 1 and .step.number == 3 and .step.name == "Test"
		and .attempt == 4 and [.attempts[].number] == [3, 4] and .bytes == 8 and .lines == 1
		and .text == "testing\n"'
	run contractor log --json test.yaml Test 3
	check_json '.[0].attempt == 3'
	run contractor log --json test.yaml 1
	check_json '.[0] | .bytes == 0 and .lines == 0 and .text == ""'
	run contractor log --json --asciicast test.yaml 1
	check_status 2
	check_out_empty
}

# Larger than a piece, with characters across the borders; and bytes.
test_log_of_any_bytes() {
	need_jq
	spec test.yaml <<'END_OF_SPEC'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - action: shell
    shell: |
      printf 'a'
      yes "$(printf '\303\244\342\202\254"\\')" | head -n 40000
      printf 'end'
  - action: shell
    shell: |
      yes "$(printf 'ab\377\303')" | head -n 40000
END_OF_SPEC
	run contractor run test.yaml
	check_status 0
	for step in 2 3; do
		run contractor log test.yaml $step
		cp "$out" expected
		run contractor log --json test.yaml $step
		check_status 0
		check_json '.[0].attempt == '$step
		[ "$(jq .bytes "$out")" = "$(wc -c <expected)" ] || fail "expected the log's size"
		jq -j 'if has("text") then .text else .text_base64 end' "$out" >found
		if [ $step = 3 ]; then
			base64 -d found >decoded && mv decoded found
		fi
		check_same expected found
	done
	check_json '.[0] | .lines == 40000 and (has("text") | not)'
	run contractor log --json test.yaml 2
	check_json '.[0] | .lines == 40001 and (has("text_base64") | not)'
	run bash -c '"$CONTRACTOR" log --json test.yaml 2 | head -n 1; exit "${PIPESTATUS[0]}"'
	check_status 141
}

test_check() {
	need_jq
	printf 'name: good\nactions:\n  - action: empty-workspace\n' >good.yaml
	printf 'name: bad\nactions:\n  - action: empty-workspace\n    nam: x\n' >bad.yaml
	run contractor check --json good.yaml
	check_status 0
	check_json '.[0] | ."contractor-check" == 1 and .valid and (.files | length == 1)
		and .files[0] == {file: "good.yaml", valid: true, name: "good", steps: 1, error: null,
			diagnostics: [], dropped: 0}'
	run contractor check --json bad.yaml good.yaml
	check_status 1
	check_err_empty
	check_json '.[0] | (.valid | not) and [.files[].valid] == [false, true]'
	check_json '.[0].files[0].diagnostics[0] | .file == "bad.yaml" and .line == 4 and .column == 5
		and .offset == 51 and .hint == "name" and (.text | test("nam"))'
	run contractor check --json missing.yaml
	check_status 2
	check_err_has "missing.yaml"
	check_json '.[0].files[0] | .error.code == "not-found" and (.valid | not) and .name == null'
}

test_artifact_list() {
	need_jq
	mkdir artifacts
	run contractor artifact list --json --artifacts artifacts
	check_status 0
	check_json '.[0] | ."contractor-artifact-list" == 1 and .directory == "artifacts" and .artifacts == []'
	printf 12345 >artifacts/tree.tar.zst
	touch -d @1700000000 artifacts/tree.tar.zst
	: >artifacts/$'odd\n\377.tar.gz'
	mkdir artifacts/directory.tar
	run contractor artifact list --json --artifacts artifacts
	check_status 0
	check_json '.[0].artifacts | length == 2 and .[1] == {name: "tree",
		path: "artifacts/tree.tar.zst", bytes: 5, modified_ms: 1700000000000}'
	check_json '.[0].artifacts[0] | .name == "odd\\n\\xff" and .name_base64 == "b2RkCv8="'
}

# Names that mean something to JSON, to a terminal or to neither.
test_names() {
	need_jq
	mkdir $'"\\ \033[2J\377'
	cd $'"\\ \033[2J\377' || return
	build
	run contractor list --json test.yaml
	check_json '.[0] | (.spec | contains("\"\\ \\x1b[2J\\xff/test.yaml"))'
	[ "$(jq -r .spec_base64 "$out" | base64 -d)" = "$(realpath test.yaml)" ] || fail "another path"
}

# On a terminal nothing acts on it.
test_on_a_terminal() {
	need_jq
	spec test.yaml <<'END_OF_SPEC'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - name: Compile
    action: shell
    shell: printf '\302\233\033[2Jdone\n'
END_OF_SPEC
	run env TERM=xterm script --quiet --return --command "$CONTRACTOR run --json test.yaml" /dev/null
	check_status 0
	check_out_has '"text":"\u009B\u001B[2Jdone\n"'
	! grep -q $'\033' "$out" || fail "expected no escape sequences"
	tr -d '\r' <"$out" >lines
	cp lines "$out"
	check_json '.[-1].status == 0'
}

run_tests "$@"
