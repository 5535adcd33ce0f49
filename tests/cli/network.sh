#!/bin/bash
# Steps with network: a network stack of their own, or the host's. tests/sandbox/ tries what they reach.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../terminal.sh"

# A step with network that tells its network namespace and its resolvers.
network_spec() {
	spec test.yaml <<'END'
name: test
actions:
  - action: create-systree
    path: systree.tar
  - action: shell
    network: host
    shell: |
      echo "in $(readlink /proc/self/ns/net)"
      cat /etc/resolv.conf
END
}

# Runs contractor where /dev/net/tun is as udev makes it; there are hosts without udev.
with_device() {
	if [ "$(id -u)" != 0 ]; then
		"$CONTRACTOR" "$@"
		return
	fi
	# shellcheck disable=SC2016 # for the inner shell
	unshare -m sh -ec '
		mount -t tmpfs -o mode=755 tmpfs /dev/net
		mknod -m 666 /dev/net/tun c 10 200
		exec "$@"' sh "$CONTRACTOR" "$@"
}

# A default route, since pasta takes the address of its interface; a program; and the device.
require_stack() {
	grep -qE '^[^[:space:]]+[[:space:]]00000000' /proc/net/route ||
		skip "this host has no default route"
	command -v pasta >/dev/null || command -v slirp4netns >/dev/null ||
		skip "this host has no pasta or slirp4netns"
	[ "$(id -u)" = 0 ] || { [ -r /dev/net/tun ] && [ -w /dev/net/tun ]; } ||
		skip "this user may not open /dev/net/tun"
}

run_test() {
	run with_device run test.yaml --allow network "$@"
}

test_private_stack() {
	network_spec
	require_stack
	run_test --network-stack private
	check_status 0
	check_says_like '^in net:'
	check_no_line "in $(readlink /proc/self/ns/net)"
	check_says_like '^nameserver (169\.254\.1\.1|10\.0\.2\.3)$'
}

test_auto_is_private_where_it_can_be() {
	network_spec
	require_stack
	run_test
	check_status 0
	check_says_like '^in net:'
	check_no_line "in $(readlink /proc/self/ns/net)"
}

test_host_network() {
	network_spec
	run_test --network-stack host
	check_status 0
	check_says "in $(readlink /proc/self/ns/net)"
}

test_configuration_chooses_and_option_goes_before_it() {
	network_spec
	mkdir -p "$HOME/.config/contractor"
	echo 'network-stack: host' >"$HOME/.config/contractor/config.yaml"
	run_test
	check_status 0
	check_says "in $(readlink /proc/self/ns/net)"
	require_stack
	run_test --network-stack private --no-cache
	check_status 0
	check_no_line "in $(readlink /proc/self/ns/net)"
}

# Of a wrong configuration it is not known what the person wants.
test_wrong_configuration_is_an_error() {
	network_spec
	mkdir -p "$HOME/.config/contractor"
	echo 'network-stack: own' >"$HOME/.config/contractor/config.yaml"
	run_test
	check_status 2
	check_err_has "config.yaml:1:16"
	check_err_has "'network-stack' must be auto, private or host, not 'own'"
}

test_proxy_on_the_loopback_is_out_of_reach() {
	network_spec
	require_stack
	export http_proxy=http://127.0.0.1:3128
	run_test
	check_status 3
	check_err_has "http_proxy is http://127.0.0.1:3128, on this host's loopback"
	check_err_has "--network-stack host"
	run_test --network-stack host
	check_status 0
}

# The programs are made to look empty where root can do it.
test_none_is_installed() {
	network_spec
	[ "$(id -u)" = 0 ] || skip "only root can take parts of the host away"
	# shellcheck disable=SC2016 # for the inner shell
	hide='for path in /usr/bin/pasta /usr/bin/slirp4netns; do
		[ ! -e "$path" ] || mount --bind /dev/null "$path"; done; exec "$@"'
	run unshare -m bash -c "$hide" bash "$CONTRACTOR" run test.yaml --allow network \
		--network-stack private
	check_status 3
	check_err_has "no pasta or slirp4netns"
	check_err_has "--network-stack host"
	run unshare -m bash -c "$hide" bash "$CONTRACTOR" run test.yaml --allow network
	check_status 0
	check_says "in $(readlink /proc/self/ns/net)"
	run unshare -m bash -c "$hide" bash "$CONTRACTOR" doctor
	check_says "neither pasta nor slirp4netns is installed"
}

# What the program that carries the packets says itself.
test_program_that_fails() {
	network_spec
	[ "$(id -u)" = 0 ] || skip "only root can take parts of the host away"
	printf '#!/bin/sh\nseq 1200 >&2\necho "no such luck" >&2\nexit 1\n' >broken
	chmod 755 broken
	[ -e /usr/bin/pasta ] || skip "this host has no pasta or slirp4netns"
	# shellcheck disable=SC2016 # for the inner shell
	run unshare -m sh -ec '
		mount -t tmpfs -o mode=755 tmpfs /dev/net
		mknod -m 666 /dev/net/tun c 10 200
		mount --bind broken /usr/bin/pasta
		exec "$@"' sh "$CONTRACTOR" run test.yaml --allow network
	check_status 3
	check_err_has "pasta could not give the step a network stack of its own: no such luck"
}

# Prints the processes below one.
processes_below() {
	local child
	for child in $(ps -o pid= --ppid "$1"); do
		echo "$child"
		processes_below "$child"
	done
}

# A step that waits for let_go(), and then fails without network; and another one that has network.
waiting_spec() {
	spec test.yaml <<END
name: test
actions:
  - action: create-systree
    path: systree.tar
  - action: shell
    name: Wait
    network: host
    shell: |
      echo it waits
      sleep 1000$$ || true
      if [ "\$(wc -l </proc/net/route)" = 1 ]; then echo no network; exit 7; fi
  - action: shell
    network: host
    shell: if [ "\$(wc -l </proc/net/route)" -gt 1 ]; then echo network; fi
END
}

# Looks at the processes that were started: $pids are all, $main is contractor, and $carrier the program for the
# network of the step that runs.
look_at_processes() {
	local pid init
	pids=$(processes_below "$started")
	main='' carrier=''
	for pid in $pids; do
		[ -n "$main" ] || [ "$(cat "/proc/$pid/comm")" != contractor ] || main=$pid
	done
	for init in $(ps -o pid= --ppid "$main"); do
		if ps -o comm= --ppid "$init" | grep -q bwrap; then
			carrier=$(carrier_of "$init")
		fi
	done
	[ -n "$carrier" ] || fail "expected a program for the network among: $pids"
}

# The program for the network below an init.
carrier_of() {
	ps -o pid=,comm= --ppid "$1" | sed -n 's/ *\([0-9]*\) \(pasta\|passt\|slirp4netns\).*/\1/p'
}

wait_until_gone() {
	local pid
	for pid in "$@"; do
		while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
	done
}

start_waiting() {
	waiting_spec
	require_stack
	with_device run test.yaml --allow network --network-stack private >"$out" 2>"$err" &
	started=$!
	wait_for "it waits"
	look_at_processes
}

test_nothing_is_left_after_a_kill() {
	start_waiting
	kill -9 "$main"
	# shellcheck disable=SC2086 # numbers
	wait_until_gone $pids
}

test_network_that_ends_is_named_by_the_failure() {
	start_waiting
	kill -9 "$carrier"
	wait_for "ended, and with it the step's network"
	let_go
	finish
	check_status 1
	check_out_has "no network"
	check_says_like "exit status 7; (pasta|slirp4netns) ended, and with it the step's network: it did not"
}

# It was made ready while the first step ran; another one is made in its place.
test_network_that_ends_before_its_step() {
	local init spare
	start_waiting
	for init in $(ps -o pid= --ppid "$main"); do
		spare=$(carrier_of "$init")
		[ "${spare:-$carrier}" = "$carrier" ] || break
	done
	kill -9 "$spare"
	until ps -o stat= -p "$init" | grep -q Z; do sleep 0.02; done
	let_go
	finish
	check_status 0
	check_out_has "network"
	check_says_not "ended"
}

# The person pauses the step: nothing happens to its network, and nothing of it is left when contractor is killed.
test_paused_step_keeps_its_network() {
	waiting_spec
	require_stack
	printf '%s\nwith_device "$@"\n' "$(declare -f with_device)" >device.sh
	start_on_terminal "bash device.sh debug --plain test.yaml --allow network --network-stack private"
	wait_for "(before 1/3"
	echo continue >&9
	wait_for "it waits"
	printf '\003' >&9
	wait_for "is paused"
	look_at_processes
	ps -o stat= -p "$carrier" | grep -q '^[SR]' || fail "expected that its network goes on"
	kill -9 "$main"
	# shellcheck disable=SC2086 # numbers
	wait_until_gone $pids
	hang_up
}

run_tests "$@"
