#!/bin/sh
# Installs what is missing on a Debian host: as root, or with sudo. Says which packages
# before it does; where neither is possible, says the command and fails.
#
#	packaging/prepare.sh KIND...
#
# KIND: build (to compile contractor), run (to run it), edit (an editor, for a host without one),
# test (for tests/run.sh), fuzz (for the fuzzing part of it).
set -eu

# KIND PACKAGE...
packages='
build cmake ninja-build gcc libc6-dev pkg-config
build libyaml-dev libarchive-dev libsqlite3-dev libseccomp-dev libssl-dev libjansson-dev libedit-dev
build libvterm-dev libncurses-dev zlib1g-dev
run   bubblewrap uidmap busybox-static
run   debootstrap gpgv debian-archive-keyring git ca-certificates
edit  sensible-utils nano
test  libcmocka-dev clang-format universal-ctags shellcheck faketime jq strace
test  xfsprogs btrfs-progs passt slirp4netns
fuzz  clang
'

say() {
	echo "prepare.sh: $*" >&2
}

# Prints the packages of the kinds, one a line.
packages_of() {
	for kind in "$@"; do
		echo "$packages" | awk -v kind="$kind" '
			$1 == kind { found = 1; for (i = 2; i <= NF; i++) print $i }
			END { exit !found }' || {
			say "unknown kind '$kind'"
			return 2
		}
	done
}

# Keeps those lines of the input whose package is not installed.
keep_missing() {
	while read -r package; do
		status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
		[ "$status" = 'install ok installed' ] || echo "$package"
	done
}

# Prints what must stand before a command to run it as root: nothing for root, sudo where it
# works without a question or somebody is there to answer one. Fails where neither is.
find_privilege() {
	if [ "$(id -u)" -eq 0 ]; then
		return 0
	fi
	command -v sudo >/dev/null || return 1
	if sudo -n true 2>/dev/null || [ -t 0 ]; then
		echo sudo
		return 0
	fi
	return 1
}

wanted=$(packages_of "$@")
if ! command -v dpkg-query >/dev/null; then
	say "not a Debian host; what these packages of Debian hold is needed:"
	echo "$wanted" | sed 's/^/    /' >&2
	exit 0
fi
missing=$(echo "$wanted" | keep_missing | tr '\n' ' ')
[ -n "$missing" ] || exit 0

install="apt-get install -y --no-install-recommends ${missing% }"
if ! privilege=$(find_privilege); then
	say "packages are missing. Run this as root, and try again:"
	echo "    apt-get update && $install" >&2
	exit 1
fi
say "installing: ${missing% }"
# shellcheck disable=SC2086 # both are words
{
	$privilege env DEBIAN_FRONTEND=noninteractive apt-get update -q &&
		$privilege env DEBIAN_FRONTEND=noninteractive $install
} </dev/null >&2 || {
	say "that failed. Mend what apt-get says above, or run this as root:"
	echo "    apt-get update && $install" >&2
	exit 1
}
