#!/bin/bash
# Checks what HACKING.md says about size and layout, and its code map: tests/check-style.sh [ROOT]
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh"

function_lines_max=60
file_lines_max=600
clang_format_version=14

cd "${1:-$root}" || exit 2
findings=$(mktemp)
trap 'rm -f "$findings"' EXIT
failures=0

c_files() {
	find engine ui src tests -name '*.[ch]' 2>/dev/null | sort
}

shell_files() {
	find .ci examples packaging tests -name '*.sh' -not -path '*/project/*' 2>/dev/null | sort
	echo .ci/run
}

# Runs a check that prints its findings.
check() {
	local name=$1
	shift
	"$@" >"$findings" 2>&1
	report "style: $name" "$findings" || failures=1
}

# The same, if the tool is there.
check_with() {
	local tool=$1 name=$2
	if command -v "$tool" >/dev/null; then
		shift
		check "$@"
	else
		echo "skip style: $name: $tool is not installed"
	fi
}

long_files() {
	c_files | xargs -r -d '\n' wc -l | awk -v max=$file_lines_max '
		$2 != "total" && $1 > max { print $2 ": " $1 " lines, at most " max }'
}

long_functions() {
	c_files | ctags -x --_xformat='%F %n %e %N' --kinds-C=f -L - |
		awk -v max=$function_lines_max '$3 - $2 + 1 > max {
			print $1 ":" $2 ": " $4 "() has " $3 - $2 + 1 " lines, at most " max }'
}

layout() {
	c_files | xargs -r -d '\n' clang-format --dry-run --Werror 2>&1 | grep 'error:'
}

# One version decides: others lay out some things differently.
check_layout() {
	local version
	version=$(clang-format --version 2>/dev/null | sed 's/.*version \([0-9]*\).*/\1/')
	if [ "$version" = "$clang_format_version" ]; then
		check "layout" layout
	else
		echo "skip style: layout: clang-format $clang_format_version is not installed"
	fi
}

shell_scripts() {
	shell_files | xargs -d '\n' shellcheck --severity=warning --exclude=SC2154 --format=gcc
}

source_files() {
	find engine src ui -name '*.[chS]' 2>/dev/null | LC_ALL=C sort
}

# Prints the files that the code map of HACKING.md names in the same directories.
mapped_files() {
	awk -F'`' '/^\| `/ {
		if ($2 ~ /\/$/) {
			folder = $2
			next
		}
		name = folder $2
		if (sub(/\.\[ch\]$/, "", name))
			print name ".c\n" name ".h"
		else
			print name
	}' HACKING.md | grep -E '^(engine|src|ui)/' | LC_ALL=C sort
}

code_map() {
	LC_ALL=C comm -23 <(source_files) <(mapped_files) | sed 's/$/: not in HACKING.md/'
	LC_ALL=C comm -13 <(source_files) <(mapped_files | uniq) | sed 's/$/: HACKING.md has it, and it is gone/'
	mapped_files | uniq -d | sed 's/$/: twice in HACKING.md/'
}

# Prints what docs/threats.md names as tests: "probe NAME", "scene NAME", "file FILE", "test FILE FUNCTION".
named_tests() {
	awk '/^\| [A-Z]+[0-9]+ / {
		count = split($0, parts, "`")
		for (i = 2; i <= count; i += 2) {
			if (parts[i] ~ /^(probe|scene): /) {
				kind = substr(parts[i], 1, 5)
				print kind " " substr(parts[i], 8)
			} else if (parts[i] ~ /^tests\//) {
				print "file " parts[i]
				words = parts[i + 1]
				sub(/[|;].*/, "", words)
				n = sub(/^: /, "", words) ? split(words, names, /[, ]+/) : 0
				for (k = 1; k <= n; k++)
					if (names[k] != "")
						print "test " parts[i] " " names[k]
			}
		}
	}' docs/threats.md
}

# A name of a probe may be the beginning of several.
threats() {
	local kind what
	named_tests | while read -r kind what; do
		case $kind in
		probe) grep -qF "\"${what%:}" tests/sandbox/probes_*.c ;;
		scene) grep -qF "{\"$what\"," tests/sandbox/scenes.c ;;
		file) [ -f "$what" ] ;;
		test) grep -qw -- "${what#* }" "${what% *}" ;;
		esac || echo "docs/threats.md names the $kind $what, which is not there"
	done
}

check "no file over $file_lines_max lines" long_files
check "the code map has each file once" code_map
[ ! -f docs/threats.md ] || check "every test that docs/threats.md names is there" threats
check_with ctags "no function over $function_lines_max lines" long_functions
check_layout
check_with shellcheck "shell scripts" shell_scripts
exit $failures
