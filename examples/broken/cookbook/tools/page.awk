# Turns one recipe into a page: its title, how many it serves, what it takes, what to do.
NR == 1 {
	print "# " $0
	next
}

NR == 2 {
	print "\nServes " $0 ".\n"
	next
}

$0 == "" {
	part++
	if (part == 2)
		print ""
	next
}

{
	print (part == 1 ? "- " : "") $0
}
