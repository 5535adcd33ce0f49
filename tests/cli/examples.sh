#!/bin/bash
# The examples do what README.md says.
. "$(dirname "$0")/../lib.sh"

# Copies an example here, with its archive.
take() {
	cp -R "$EXAMPLES/$1" .
	"$EXAMPLES/hello/make-systree.sh" "$1" >/dev/null
}

test_archive_has_the_same_bytes_each_time() {
	mkdir one two
	"$EXAMPLES/hello/make-systree.sh" one >/dev/null
	touch -d 2001-01-01 one
	(umask 077 && TZ=Asia/Tokyo "$EXAMPLES/hello/make-systree.sh" two >/dev/null)
	check_same one/systree.tar two/systree.tar
}

test_hello() {
	take hello
	run contractor run --artifacts made hello/hello.yaml
	check_status 0
	check_says_like '^8 passed, 0 failed$'
	check_says_like '^hello 1\.0$'
	check_says_like '^Hei, contractor!$'
	check_file made/hello-1.0.tar.zst
}

test_hello_again() {
	take hello
	run contractor run hello/hello.yaml
	check_status 0
	run contractor run hello/hello.yaml
	check_status 0
	check_says cached
}

test_hello_uses_every_action_that_needs_no_network() {
	for action in empty-workspace create-artifact unpack-artifact create-systree shell copy; do
		grep -q "action: $action\$" "$EXAMPLES/hello/hello.yaml" || fail "no $action"
	done
}

test_hello_in_another_version() {
	take hello
	run contractor run -p version=2.5 --artifacts made hello/hello.yaml
	check_status 0
	check_says_like '^hello 2\.5$'
	check_file made/hello-2.5.tar.zst
}

test_hello_with_a_wrong_greeting() {
	take hello
	sed -i 's/Hei/Moi/' hello/project/src/greetings.txt
	run contractor run hello/hello.yaml
	check_status 1
	check_says "Test"
	check_says "expected: Hei, world!"
	check_says_like '^7 passed, 1 failed$'
}

test_hello_with_a_syntax_error() {
	take hello
	echo 'if' >>hello/project/src/main.sh
	run contractor run hello/hello.yaml
	check_status 1
	check_says "Build"
	check_says "src/main.sh"
}

test_hello_without_its_archive() {
	take hello
	rm hello/systree.tar
	run contractor run hello/hello.yaml
	[ "$status" -ne 0 ] || fail "expected a failure"
	check_says "systree.tar"
}

test_broken() {
	take broken
	run contractor run broken/broken.yaml
	check_status 1
	check_says_like '^wrote book/pancakes\.md$'
	check_says "Write the contents"
	check_says "./tools/contents: not found"
	check_says "127"
}

test_broken_seen_from_inside() {
	take broken
	run contractor run broken/broken.yaml
	check_status 1
	run contractor shell --failed broken/broken.yaml 5 -- head -n 1 tools/contents
	check_status 0
	check_out '#!/bin/bash'
	run contractor shell --failed broken/broken.yaml 5 -- ls /bin/bash
	check_status 1
}

test_broken_mended_in_the_spec() {
	take broken
	run contractor run broken/broken.yaml
	check_status 1
	sed -i 's|\./tools/contents book|sh tools/contents book|' broken/broken.yaml
	run contractor run --artifacts made broken/broken.yaml
	check_status 0
	check_says_like '^found pancakes\.md$'
	check_file made/cookbook.tar.zst
}

test_broken_mended_in_the_source() {
	take broken
	sed -i '1s|/bin/bash|/bin/sh|' broken/cookbook/tools/contents
	run contractor run broken/broken.yaml
	check_status 0
}

run_tests "$@"
