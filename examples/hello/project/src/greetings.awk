# Turns the table of greetings into a shell function: greeting LANGUAGE prints the format
# for that language, and fails when there is none.
BEGIN {
	FS = "\t"
	print "greeting() {"
	print "\tcase $1 in"
}

/^#/ || NF == 0 {
	next
}

NF != 2 || $2 !~ /%s/ {
	print FILENAME ":" NR ": expected a language, a tab and a text with %s" >"/dev/stderr"
	bad = 1
	exit 1
}

{
	gsub(/'/, "'\\\\''", $2)
	printf "\t%s) echo '%s' ;;\n", $1, $2
}

END {
	if (bad)
		exit 1
	print "\t*) return 1 ;;"
	print "\tesac"
	print "}"
}
