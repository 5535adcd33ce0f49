#!/bin/bash
# `contractor doctor` on hosts that lack something: it names that, what is lost and what mends it.
. "$(dirname "$0")/../lib.sh"

need_root() {
	[ "$(id -u)" = 0 ] || skip "only root can take parts of the host away"
}

# For root: $as is a user who owns what is here.
become_ordinary() {
	[ "$(id -u)" = 0 ] || return 0
	id -u contractor-test >/dev/null 2>&1 || skip "there is no user contractor-test"
	chmod 755 "$TEST_DIR"
	chown -R contractor-test .
	as=contractor-test
}

# Runs a program as $as, if that is set.
as_somebody() {
	run ${as:+setpriv --reuid "$as" --regid "$as" --init-groups env HOME="$PWD"} "$@"
}

# The status of a check, on one line with its name and the text.
check_finds() {
	grep -E "^$1 +$2 +.*${3-}" "$out" >/dev/null || fail "expected $1 $2: ${3-}"
}

test_this_host_serves() {
	run contractor doctor
	check_status 0
	for name in kernel namespaces apparmor ids uidmap bwrap overlayfs seccomp secrets store artifacts; do
		check_finds fine "$name"
	done
	check_no_file "$CONTRACTOR_STORE"
}

test_no_user_namespaces() {
	become_ordinary
	as_somebody bwrap --dev-bind / / --unshare-user --disable-userns "$CONTRACTOR" doctor
	check_status 3
	check_finds missing namespaces "user namespace"
	check_out_has "sysctl -w user.max_user_namespaces="
}

# In a namespace as a container has it, with 65536 ids and more, that allows so many further ones.
with_namespaces() {
	rm -f mapped
	mkfifo mapped
	chmod 755 "$TEST_DIR" .
	cat >outside.sh <<'END'
unshare -U --keep-caps sh -ec 'read -r _ <mapped; exec setpriv --reuid 0 --regid 0 --clear-groups sh -ec "
	echo $1 >/proc/sys/user/max_user_namespaces
	exec \"\$0\" doctor --store /dev/shm/none" "$0"' "$CONTRACTOR" "$1" &
until [ "$(readlink "/proc/$!/ns/user")" != "$(readlink /proc/self/ns/user)" ]; do :; done
echo 0 700000 200000 >"/proc/$!/uid_map"
echo 0 700000 200000 >"/proc/$!/gid_map"
echo go >mapped
wait $!
END
	run sh -e outside.sh "$1"
}

test_max_user_namespaces() {
	need_root
	with_namespaces 0
	check_status 3
	check_finds missing namespaces "user.max_user_namespaces is 0"
	check_out_has "remedy: sysctl -w user.max_user_namespaces=15000"
	with_namespaces 1
	check_status 3
	check_finds missing namespaces "a user namespace in a user namespace"
	check_out_has "remedy: sysctl -w user.max_user_namespaces=15000"
	with_namespaces 100
	check_finds fine namespaces
}

test_no_range_of_ids() {
	need_root
	become_ordinary
	# shellcheck disable=SC2016 # for the inner shell
	run unshare -m sh -ec 'mount --bind /dev/null /etc/subuid
		mount --bind /dev/null /etc/subgid
		exec setpriv --reuid "$1" --regid "$1" --init-groups env HOME="$PWD" "$2" doctor \
			--store "$PWD/store"' \
		sh "$as" "$CONTRACTOR"
	check_status 0
	check_finds degraded ids "apt and debootstrap"
	check_out_has "sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $as"
}

# A file system in memory, as large as $1 says, with the store on it.
on_tmpfs() {
	mkdir -p disk
	# shellcheck disable=SC2016 # for the inner shell
	run unshare -m sh -ec 'mount -t tmpfs -o mode=700,size="$1" none disk
		exec "$2" doctor --store disk' sh "$1" "$CONTRACTOR"
}

test_a_store_in_memory() {
	need_root
	on_tmpfs 2g
	check_status 0
	check_finds fine overlayfs
	check_finds degraded store "in memory"
	on_tmpfs 60m
	check_status 0
	check_finds degraded store "only 59 MiB free|only 60 MiB free"
	on_tmpfs 32k
	check_status 3
	check_finds missing store "a step begins only with 64 KiB"
}

test_an_open_store() {
	mkdir -m 755 store
	run contractor doctor --store store
	check_status 3
	check_finds missing store "mode 0755"
	check_out_has "chmod 700 'store'"
	chmod 700 store
	run contractor doctor --store store
	check_status 0
}

test_artifacts_elsewhere() {
	: >file
	run contractor doctor --artifacts file
	check_status 0
	check_finds degraded artifacts "file is not a directory"
	check_out_has "--artifacts DIR"
}

test_the_configured_size_of_the_store() {
	mkdir -p config/contractor
	echo 'store-size: 3G' >config/contractor/config.yaml
	XDG_CONFIG_HOME=$PWD/config run contractor doctor
	check_status 0
	check_finds fine store "3072 MiB .store-size"
}

# On a terminal of so many columns and rows, of the kind that TERM says.
on_terminal() {
	TERM=$1 run script -qec "stty cols $2 rows $3; '$CONTRACTOR' doctor --json" /dev/null
	check_status 0
}

test_terminals() {
	on_terminal xterm-256color 80 24
	check_out_has "80x24, 256 colours"
	on_terminal xterm-256color 59 24
	check_out_has "the screen needs 60x16"
	on_terminal vt100 80 24
	check_out_has "no colours"
	on_terminal dumb 80 24
	check_out_has "TERM is dumb"
	on_terminal nonsense 80 24
	check_out_has "TERM is nonsense"
	TERM=xterm run contractor doctor
	check_finds degraded terminal "no terminal"
}

test_locales() {
	LC_ALL=C run contractor doctor
	check_finds degraded locale "ANSI_X3.4-1968"
	LC_ALL=C.UTF-8 run contractor doctor
	check_finds fine locale
}

test_an_editor_that_is_not_there() {
	VISUAL=no-such-editor run contractor doctor
	check_status 0
	check_finds degraded editor "no program no-such-editor"
}

test_json_of_a_missing_thing() {
	command -v jq >/dev/null || skip "jq is not installed"
	mkdir -m 755 store
	run contractor doctor --json --store store
	check_status 3
	[ "$(jq -r '.status, (.checks[] | select(.name == "store") | .status, .remedy)' "$out")" = "missing
missing
chmod 700 'store'" ] || fail "wrong JSON"
}

# Where no store can be made the line says why, in words that are about the place.
test_places_where_no_store_can_be_made() {
	: >file
	run contractor doctor --store "$PWD/file/a/b"
	check_finds missing store
	check_out_has "$PWD/file/a/b cannot be made: $PWD/file is not a directory"
	HOME=/proc/nope run env -u CONTRACTOR_STORE "$CONTRACTOR" doctor
	check_finds missing store
	if [ "$(id -u)" = 0 ]; then
		check_out_has "/proc/nope/.cache/contractor: nothing can be kept in /proc, whose file system has no room"
	else
		check_out_has "/proc/nope/.cache/contractor: cannot write to /proc: Permission denied"
	fi
	check_says_not "KiB free"
	check_says_not "store prune"
}

run_tests "$@"
