# The program itself: everything above this line is a definition.

read_options "$@"

format=$(greeting "$language") || {
	echo "hello: no greeting in the language '$language'" >&2
	exit 1
}

# shellcheck disable=SC2059 # the format comes from the table that was built in
printf "$format\n" "$name"
