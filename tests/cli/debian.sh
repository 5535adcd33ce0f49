#!/bin/bash
# A real Debian: debootstrap, apt and a step that uses what they installed, with the network.
#
# It takes a minute or two and fetches a whole base system, so tests/run.sh has it once, as root
# with the release build; bash tests/cli/debian.sh runs it as anybody. Without a mirror it is
# skipped, but for CI=true, where it fails.
export TEST_TIMEOUT=600
. "$(dirname "$0")/../lib.sh"

require_first_run() {
	case $TEST_LABEL in
	'' | 'root, release') ;;
	*) skip "a Debian is installed as root with the release build alone" ;;
	esac
}

# Ends the test when the failure is that debootstrap gets nothing from its mirror.
require_mirror() {
	[ "$status" -ne 0 ] && grep -q 'E: Failed getting release file' "$out" "$err" || return 0
	[ "${CI:-}" != true ] || fail "the Debian mirror cannot be reached"
	skip "the Debian mirror cannot be reached"
}

debian_spec() {
	cat >debian.yaml <<'END'
name: debian
actions:
  - action: empty-workspace
  - action: debootstrap
    suite: bookworm
  - action: create-artifact
    artifact: base
    compression: none
  - action: create-systree
    artifact: base
  - action: empty-workspace
  - action: apt
    packages: [hello]
  - action: shell
    shell: |
      hello --greeting="greetings from a package" | tee greeting
END
}

# Every step was taken from the cache.
check_all_cached() {
	run contractor list debian.yaml
	check_status 0
	[ "$(awk 'NR > 1' "$out" | grep -c ' cached ')" = 7 ] || fail "expected 7 cached steps"
}

# What the archive of the base system must not have: it is the host's, or differs each time.
check_base() {
	run tar tf "$CONTRACTOR_STORE/artifacts/base.tar"
	check_status 0
	check_says_like '^(\./)?usr/bin/dpkg$'
	check_says_like '^(\./)?etc/debian_version$'
	for name in etc/resolv.conf etc/hostname var/log/bootstrap.log debootstrap/; do
		check_no_line "$name"
		check_no_line "./$name"
	done
}

# Runs a command in the last state.
inside() {
	run contractor shell debian.yaml 7 -- "$@"
}

# Packages have files of several owners, and what a step with network is given does not stay.
check_systree() {
	inside dpkg-query -W -f '${Status}\n' hello
	check_out "install ok installed"
	inside stat -c '%U %G' /var/lib/apt/lists/partial
	check_out "_apt root"
	inside stat -c '%a %G' /usr/bin/chage
	check_out "2755 shadow"
	inside ls /usr/sbin/policy-rc.d
	check_status 2
	inside sh -c 'ls /var/cache/apt/archives/*.deb'
	check_status 2
	inside cat greeting
	check_out "greetings from a package"
}

# Serves ./forged on $port of this host's loopback, until the test ends: a mirror whose lists nobody has signed.
serve_forged() {
	port=$((20000 + RANDOM % 10000))
	mkdir -p forged/dists/bookworm
	printf '%s\n' 'Origin: Debian' 'Suite: stable' 'Codename: bookworm' 'Components: main' \
		'Architectures: amd64 arm64' "Date: $(date -u -R)" 'SHA256:' >forged/dists/bookworm/Release
	busybox httpd -f -p "127.0.0.1:$port" -h forged &
	# shellcheck disable=SC2064 # this process, not what is the last one then
	trap "kill $!" EXIT
	until busybox wget -q -O /dev/null "http://127.0.0.1:$port/dists/bookworm/Release"; do
		kill -0 $! || fail "busybox httpd does not serve"
	done
}

# What nobody has signed is installed neither by apt nor by debootstrap.
check_forged_packages() {
	serve_forged
	cp debian.yaml apt.yaml
	cat >>apt.yaml <<END
  - action: shell
    shell: |
      rm -r /etc/apt/sources.list*
      echo "deb http://127.0.0.1:$port bookworm main" >/etc/apt/sources.list
  - action: apt
    packages: [cowsay]
END
	run contractor run --network-stack host apt.yaml
	check_status 1
	check_says "The repository 'http://127.0.0.1:$port bookworm Release' is not signed."
	cat >debootstrap.yaml <<END
name: forged
actions:
  - action: empty-workspace
  - action: debootstrap
    suite: bookworm
    mirror: http://127.0.0.1:$port
END
	run contractor run --network-stack host debootstrap.yaml
	check_status 1
	check_says_like "Failed getting release signature file http://127.0.0.1:$port"
}

test_a_debian_of_its_own() {
	require_first_run
	debian_spec
	run contractor run debian.yaml
	require_mirror
	check_status 0
	check_says_like '^greetings from a package$'
	check_base
	check_systree
	run contractor run --offline debian.yaml
	check_status 0
	check_all_cached
	check_forged_packages
	run contractor store verify
	check_status 0
}

# Each specification of examples/debian/ must be valid, and begin so that the store has what
# another one did: the key of a step is made of its action, the parameters and the environment.
test_examples_begin_alike() {
	for name in hello git python cpp; do
		run contractor check "$EXAMPLES/debian/$name.yaml"
		check_status 0
		grep -v '^#' "$EXAMPLES/debian/$name.yaml" |
			sed '/create-systree/,$d; /^name:/d; /^description:/d; /^    note:/,/^$/d; /^$/d' \
				>"$name.beginning"
		grep -q 'action: debootstrap' "$name.beginning" || fail "$name has no debootstrap"
		check_same hello.beginning "$name.beginning"
	done
}

run_tests "$@"
