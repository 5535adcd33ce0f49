#!/bin/bash
# contractor config: the configuration in force, where it is, and what is wrong with it.
. "$(dirname "$0")/../lib.sh"

# Writes standard input to the configuration file, or to the theme NAME.
configuration() {
	mkdir -p "$HOME/.config/contractor/themes"
	if [ $# -gt 0 ]; then
		cat >"$HOME/.config/contractor/themes/$1.yaml"
	else
		cat >"$HOME/.config/contractor/config.yaml"
	fi
}

test_without_a_file() {
	run contractor config
	check_status 0
	check_err_empty
	check_out_has 'theme: "default"'
	check_out_has '# one of: default, high-contrast, light, mono, projector;'
	check_out_has 'bell: true'
	check_out_has '"F10": next'
	check_no_file "$HOME/.config"
}

test_the_path() {
	run contractor config --path
	check_status 0
	check_out "$HOME/.config/contractor/config.yaml"
	XDG_CONFIG_HOME=/elsewhere run contractor config --path
	check_out "/elsewhere/contractor/config.yaml"
	XDG_CONFIG_HOME=not/absolute run contractor config --path
	check_out "$HOME/.config/contractor/config.yaml"
	HOME='' run contractor config --path
	check_status 3
	check_err_has 'set HOME or XDG_CONFIG_HOME'
	check_out_empty
}

test_a_file() {
	configuration <<'END'
theme: light
bell: false
keys:
  global: {n: none, "Alt-n": next}
END
	run contractor config
	check_status 0
	check_out_has 'theme: "light"'
	check_out_has '# default: default'
	check_out_has 'bell: false'
	check_out_has '"n": none'
	check_out_has '"Alt-n": next'
	check_out_has 'mouse: true'
}

test_what_it_prints_is_a_configuration() {
	configuration <<'END'
prefix: C-a
keys: {text: {"\"": search, "\\": none, " ": page-down}}
END
	run contractor config
	check_status 0
	cp "$out" printed
	configuration <printed
	run contractor config
	check_status 0
	check_same printed "$out"
}

test_the_option_comes_before_the_file() {
	echo 'theme: light' | configuration
	run contractor config --theme mono
	check_status 0
	check_out_has 'theme: "mono"'
	run contractor config --theme=monno
	check_status 2
	check_out_empty
	check_err_has "--theme: unknown theme 'monno' (did you mean 'mono'?)"
}

test_everything_wrong_is_said_at_once() {
	configuration <<'END'
bel: true
keys:
  steps: {Entr: open}
END
	run contractor config
	check_status 2
	check_out_empty
	check_err_has "config.yaml:1:1: error: unknown key 'bel' in the configuration (did you mean 'bell'?)"
	check_err_has "config.yaml:3:11: error: unknown key 'Entr' (did you mean 'Enter'?)"
	check_err_has 'config.yaml is not valid'
}

test_a_theme_of_ones_own() {
	echo 'theme: mine' | configuration
	run contractor config
	check_status 2
	check_err_has "config.yaml:1:8: error: unknown theme 'mine'; known: default,"
	printf 'inherit: light\nroles: {note: {fg: puple}}\n' | configuration mine
	run contractor config
	check_status 2
	check_err_has "themes/mine.yaml:2:20: error: 'fg' must be a colour"
	check_err_has 'mine.yaml is not valid'
	printf 'inherit: light\nroles: {note: {fg: 5}}\n' | configuration mine
	run contractor config
	check_status 0
	check_out_has 'light, mine, mono'
}

# A theme of one's own goes before the program's, and may inherit from that.
test_a_theme_of_the_same_name() {
	printf 'inherit: default\nroles: {nte: {}}\n' | configuration default
	run contractor config
	check_status 2
	check_err_has "themes/default.yaml:2:9: error: unknown key 'nte'"
	printf 'inherit: default\n' | configuration default
	run contractor config
	check_status 0
}

test_a_file_that_cannot_be_read() {
	mkdir -p "$HOME/.config/contractor/config.yaml"
	run contractor config
	check_status 2
	check_err_has 'config.yaml: it is not a file'
	rmdir "$HOME/.config/contractor/config.yaml"
	mkfifo "$HOME/.config/contractor/config.yaml"
	run contractor config
	check_status 2
	check_err_has 'config.yaml: it is not a file'
	rm "$HOME/.config/contractor/config.yaml"
	ln -s config.yaml "$HOME/.config/contractor/config.yaml"
	run contractor config
	check_status 3
	check_err_has 'cannot read'
}

# The other commands do without it.
test_nobody_else_asks_for_it() {
	echo 'bel: true' | configuration
	run contractor version
	check_status 0
	run contractor doctor
	check_says_not config.yaml
}

run_tests "$@"
