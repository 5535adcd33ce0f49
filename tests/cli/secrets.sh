#!/bin/bash
# Secrets: a step finds their values, and nobody else does. Each test makes a value of its own, which is in
# no file but the one that is given.
. "$(dirname "$0")/../lib.sh"

# A value that nothing else has: in $value, and in the file value.
make_value() {
	value=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
	printf '%s\n' "$value" >value
}

# A build of a systree and one step, whose keys are standard input, without a value in it.
build() {
	{
		cat <<'END'
name: test
secrets: [key, other]
actions:
  - action: create-systree
    path: systree.tar
  - name: Use
    action: shell
END
		sed 's/^/    /'
	} >test.yaml
	[ -e systree.tar ] || "$EXAMPLES/hello/make-systree.sh" . >/dev/null
	make_value
}

# Fails when the value is in one of these files, or below one of these directories.
check_nowhere() {
	! grep -rqsF -- "$value" "$@" || fail "the value is in $(grep -rlsF -- "$value" "$@")"
}

check_masked() {
	check_nowhere "$out" "$err" "$CONTRACTOR_STORE"
}

run_with_value() {
	run contractor run --secret id=key,src=value "$@" test.yaml
}

# --- what a step finds

test_step_finds_the_bytes() {
	build <<'END'
secrets: [key, {id: other, target: /run/deep/er/file}]
shell: |
  cp /run/secrets/key a
  cp /run/deep/er/file b
END
	printf 'a\0b\r\n\n\xff and no newline' >bytes
	run contractor run --secret id=key,src=bytes --secret id=other,src=value \
		--keep-workspace kept test.yaml
	check_status 0
	check_same bytes kept/a
	check_same value kept/b
}

test_only_the_steps_user_can_read_it() {
	build <<'END'
secrets: [key]
user: 1000
shell: |
  stat -c '%a %u %s' /run/secrets/key
  stat -c '%a %u' /run/secrets
  wc -c </run/secrets/key
  ! { echo x >/run/secrets/new; } 2>/dev/null
END
	run_with_value
	check_status 0
	check_out "$(printf '400 1000 33\n755 0\n33')"
}

test_step_that_does_not_ask_finds_nothing() {
	build <<'END'
shell: ls -A /run
END
	run_with_value
	check_status 0
	check_says_not secrets
}

test_files_pipes_links_and_variables() {
	build <<'END'
secrets: [key]
shell: cp /run/secrets/key a
END
	ln -s value link
	mkfifo fifo
	cat value >fifo &
	for source in link fifo; do
		run contractor run --no-cache --secret id=key,src=$source --keep-workspace "kept-$source" \
			test.yaml
		check_status 0
		check_same value "kept-$source/a"
	done
	run contractor run --no-cache --secret id=key,src=<(cat value) --keep-workspace kept test.yaml
	check_status 0
	check_same value kept/a
	export KEY="$value"
	run contractor run --no-cache --secret id=key,env=KEY --keep-workspace kept-variable test.yaml
	check_status 0
	printf %s "$value" | cmp - kept-variable/a || fail "the variable came out different"
}

# --- where the value must not be

# The process is told by a file that it has got so far; then it waits.
waiting_build() {
	build <<'END'
secrets: [key]
shell: |
  cat /run/secrets/key
  echo also in a file >/tmp/kept
  echo ready
  sleep 1000 || true
  exit 1
END
}

test_running_step() {
	waiting_build
	ulimit -c "$(ulimit -H -c)"
	# As a person's shell has it; the process that is replaced is not looked at.
	(
		export KEY="$value"
		exec env --default-signal=INT,QUIT "$CONTRACTOR" run --secret id=key,env=KEY test.yaml
	) >"$out" 2>"$err" &
	started=$!
	wait_for ready
	check_nowhere /proc/[0-9]*/cmdline /proc/[0-9]*/environ
	[ -n "$(tr -d '\0' <"/proc/$started/cmdline")" ] || fail "the process is not there"
	grep -q '^Max core file size  *[01]  ' "/proc/$started/limits" || fail "it may leave a core file"
	kill "$started"
	finish
	check_status 143
	check_masked
}

test_no_core_file() {
	waiting_build
	mkdir cores
	ulimit -c "$(ulimit -H -c)"
	(
		cd cores || exit 1
		exec env --default-signal=INT,QUIT "$CONTRACTOR" run --secret id=key,src=../value \
			../test.yaml
	) >"$out" 2>"$err" &
	started=$!
	wait_for ready
	kill -ABRT "$started"
	finish
	[ -z "$(ls -A cores)" ] || fail "there is a core file"
	check_nowhere "$CONTRACTOR_STORE"
}

test_inside_it_is_only_in_its_file() {
	build <<'END'
secrets: [key]
shell: |
  for file in /proc/1/environ /proc/1/cmdline /proc/self/environ /proc/self/cmdline \
      /run/contractor-script /proc/mounts; do
    ! grep -qsFf /run/secrets/key $file || { echo "it is in $file"; exit 1; }
  done
  ulimit -c
END
	run_with_value
	check_status 0
	check_out_has 0
}

test_failed_step() {
	build <<'END'
secrets: [key]
shell: |
  echo left >/tmp/left
  cat /run/secrets/key
  exit 3
END
	run_with_value
	check_status 1
	check_err_has '***'
	check_err_has '--secret id=key,src=value'
	check_masked
	run contractor shell --failed --secret id=key,src=value test.yaml 2 -- cat /tmp/left /run/secrets/key
	check_status 0
	check_out "$(printf 'left\n%s' "$value")"
	check_nowhere "$CONTRACTOR_STORE"
}

test_tree_has_nothing() {
	build <<'END'
secrets: [key]
shell: touch made
END
	run_with_value --keep-workspace kept
	check_status 0
	check_nowhere kept "$CONTRACTOR_STORE"
	run contractor shell --secret id=key,src=value test.yaml 1 -- ls -A /run/secrets
	[ "$status" -ne 0 ] || fail "the state before has the directory"
}

# --- masking

test_output_is_masked() {
	build <<'END'
secrets: [key]
shell: |
  echo "it is $(cat /run/secrets/key), twice: $(cat /run/secrets/key)"
  first=$(cut -c 1-7 /run/secrets/key)
  rest=$(cut -c 8- /run/secrets/key)
  printf %s "$first"
  sleep 0.3
  printf '%s\n' "$rest"
  for byte in $(sed 's/./& /g' /run/secrets/key); do printf %s $byte; done
END
	run_with_value
	check_status 0
	printf 'it is ***, twice: ***\n***\n***' >expected
	check_same expected "$out"
	check_masked
	run contractor log test.yaml 2
	check_same expected "$out"
	run contractor log --json test.yaml 2
	check_out_has '***'
	check_masked
	run contractor log --asciicast test.yaml 2
	check_masked
}

# The same text, when it is nobody's secret: what hides it is the option.
test_without_the_option_it_is_seen() {
	build <<'END'
shell: cat given/value
END
	sed -i 's/^  - name: Use/  - action: copy\n    from: value\n    to: given\n&/' test.yaml
	run contractor run --no-cache test.yaml
	check_status 0
	check_out_has "$value"
	grep -rqsF -- "$value" "$CONTRACTOR_STORE/logs" || fail "the log does not have it"
	run_with_value --no-cache
	check_out_has '***'
	check_says_not "$value"
}

test_lines_and_line_ends() {
	build <<'END'
secrets: [key]
shell: |
  cat /run/secrets/key
  echo
  sed 's/^/> /' /run/secrets/key
  stty onlcr
  cat /run/secrets/key
  sed 's/$/\r/' /run/secrets/key
END
	value=$value-of-the-first-line
	printf '%s\nsecond line\nab\n' "$value" >value
	run_with_value
	check_status 0
	check_says_not second
	check_out_has '> ***'
	check_out_has '> ab'
	check_masked
}

test_events_are_masked() {
	build <<'END'
secrets: [key]
shell: |
  cat /run/secrets/key
  printf '\377'
  cat /run/secrets/key
  exit 1
END
	run_with_value --json
	check_status 1
	check_masked
	check_says_not "$(base64 -w 0 value | cut -c 1-40)"
}

test_breakpoints_see_the_mask() {
	build <<'END'
secrets: [key]
shell: echo "it is $(cat /run/secrets/key)"
END
	printf '  - action: shell\n    shell: "true"\n' >>test.yaml
	run contractor debug --plain --secret id=key,src=value test.yaml <<END
break 2 if output ~ /$value/
break 2 if output ~ /is [*][*][*]/
continue
END
	check_err_has 'breakpoint 2, before step 3'
}

# --- what is wrong

test_missing_value() {
	build <<'END'
secrets: [key]
shell: "true"
END
	run contractor run test.yaml
	check_status 2
	check_err_has "step 2 'Use' needs the secret 'key': give its value by --secret id=key,src=FILE"
	check_says_not create-systree
	run contractor run --until 2 test.yaml
	check_status 0
	run_with_value
	check_status 0
	# Taken from the cache, and no longer: other values make no difference to that.
	run contractor run test.yaml
	check_status 0
	check_err_has '2 of them cached'
	make_value
	run_with_value
	check_err_has '2 of them cached'
	run contractor run --no-cache test.yaml
	check_status 2
	check_err_has "needs the secret 'key'"
	run contractor shell test.yaml 2 -- true
	check_status 125
	check_err_has "needs the secret 'key'"
}

test_ids_are_part_of_the_key() {
	build <<'END'
secrets: [key]
shell: "true"
END
	run_with_value
	sed -i 's/^    secrets:.*/    secrets: [{id: key, target: \/run\/key}]/' test.yaml
	run_with_value
	check_err_has '1 of them cached'
}

test_wrong_options() {
	build <<'END'
secrets: [key]
shell: "true"
END
	: >empty
	printf 'abc\n' >short
	head -c 65537 /dev/zero >large
	while IFS='|' read -r option text; do
		run contractor run --secret "$option" test.yaml
		check_status 2
		check_err_has "$text"
		check_says_not create-systree
	done <<'END'
id=kye,src=value|--secret gives 'kye', which the specification does not declare (did you mean 'key'?)
key=value|--secret takes id=ID,src=FILE or id=ID,env=VARIABLE, not 'key=value'
id=key|--secret takes id=ID,src=FILE
id=key,src=|--secret takes id=ID,src=FILE
id=key,file=value|--secret takes id=ID,src=FILE
id=,src=value|--secret takes id=ID,src=FILE
id=key,src=nowhere|--secret id=key: cannot read nowhere: No such file or directory
id=key,src=.|--secret id=key: . is neither a regular file nor a pipe
id=key,src=/dev/zero|--secret id=key: /dev/zero is neither a regular file nor a pipe
id=key,src=empty|--secret id=key: the value is empty
id=key,src=short|--secret id=key: the value has fewer than 4 bytes
id=key,src=large|--secret id=key: the value is larger than 65536 bytes
id=key,env=NOT_THERE|--secret id=key: there is no variable NOT_THERE in the environment
END
	run_with_value --secret id=key,src=value
	check_status 2
	check_err_has "--secret gives 'key' twice"
	head -c 65536 large >value
	run_with_value
	check_status 0
}

test_undeclared_is_said_at_its_place() {
	build <<'END'
secrets: [kye]
shell: "true"
END
	run contractor check test.yaml
	check_status 1
	check_says "test.yaml:8:15: error: the secret 'kye' is not declared in 'secrets' at the top (did you mean 'key'?)"
}

# --- the debugger

test_debugger() {
	build <<'END'
secrets: [key]
shell: cat /run/secrets/key
END
	printf '#!/bin/sh\nsed -i s/key/other/g "$1"\n' >editor
	chmod +x editor
	value2=second-$value
	echo "$value2" >value2
	export EDITOR="$PWD/editor"
	unset VISUAL
	run contractor debug --plain --secret id=key,src=value --secret id=other,src=value2 test.yaml <<'END'
continue
info sandbox 2
edit 2
rerun 2
END
	check_status 0
	check_out_has '--file 18 /run/secrets/key'
	check_out_has '***'
	check_masked
	# A step that asks for another one is said not to have it where it has not.
	run contractor debug --plain --secret id=key,src=value test.yaml <<'END'
rerun 2
END
	check_err_has "step 2 'Use' needs the secret 'other'"
	check_nowhere "$CONTRACTOR_STORE"
}

run_tests "$@"
