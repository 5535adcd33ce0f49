# Reads the command line into $language and $name.

usage() {
	echo 'usage: hello [--language LANGUAGE] [--version] [NAME]'
}

language=en
name=world

read_options() {
	while [ $# -gt 0 ]; do
		case $1 in
		--help)
			usage
			exit 0
			;;
		--version)
			echo "hello $version"
			exit 0
			;;
		--language)
			language=${2:?'--language needs a value'}
			shift
			;;
		-*)
			usage >&2
			exit 2
			;;
		*)
			name=$1
			;;
		esac
		shift
	done
}
