#!/bin/sh
# Packs a root file system for the examples' steps: busybox, with a name for each of its
# tools, and the few files and directories that programs expect. Same input, same bytes,
# whoever runs it.
#
#	examples/hello/make-systree.sh [DIRECTORY...]
#
# writes systree.tar into each DIRECTORY, by default the one this script is in.
set -eu
umask 022
LC_ALL=C
export LC_ALL

# Any one date will do, as long as it is always the same.
date='2023-06-10 00:00:00Z'

say() {
	echo "make-systree.sh: $*" >&2
}

# Prints the path of a busybox that needs no libraries, or fails saying what to do.
find_busybox() {
	path=${BUSYBOX:-$(command -v busybox || true)}
	if [ -z "$path" ]; then
		say "busybox is missing: apt-get install busybox-static"
		return 1
	fi
	if ldd "$path" 2>/dev/null | grep -q '=>'; then
		say "$path needs libraries that a step would not have:" \
			"apt-get install busybox-static"
		return 1
	fi
	echo "$path"
}

# Fills the directory $1.
fill_tree() {
	mkdir -p "$1/bin" "$1/usr" "$1/etc" "$1/root" "$1/tmp" "$1/var/tmp" \
		"$1/dev" "$1/proc" "$1/run" "$1/workspace"
	ln -s bin "$1/sbin"
	ln -s ../bin "$1/usr/bin"
	ln -s ../bin "$1/usr/sbin"
	cp "$busybox" "$1/bin/busybox"
	"$busybox" --list | grep -v '^busybox$' | while read -r tool; do
		ln -s busybox "$1/bin/$tool"
	done
	echo 'root:x:0:0:root:/root:/bin/sh' >"$1/etc/passwd"
	echo 'root:x:0:' >"$1/etc/group"
	find "$1" -type d -exec chmod 755 {} +
	chmod 755 "$1/bin/busybox"
	chmod 644 "$1/etc/passwd" "$1/etc/group"
	chmod 1777 "$1/tmp" "$1/var/tmp"
	chmod 700 "$1/root"
}

busybox=$(find_busybox)
here=$(dirname "$0")
[ $# -gt 0 ] || set -- "$here"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

fill_tree "$scratch/tree"
tar --create --file "$scratch/systree.tar" --directory "$scratch/tree" --format=gnu \
	--sort=name --mtime="$date" --owner=0 --group=0 --numeric-owner .
chmod 644 "$scratch/systree.tar"

for directory in "$@"; do
	# By a name of its own and a rename: nobody ever sees half an archive.
	cp "$scratch/systree.tar" "$directory/systree.tar.$$"
	mv "$directory/systree.tar.$$" "$directory/systree.tar"
	echo "made $directory/systree.tar"
done
