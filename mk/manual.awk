# SPDX-License-Identifier: MIT
# awk -f manual.awk OPTIONS PAGE: the page, with a table of its options below each ".Ss" that is a headline
# of --help=all. OPTIONS is src/cli/options.c as the preprocessor gives it, with the rows of all options: so
# no program has to be run that was built for another machine.

function fail(what) {
	print "manual.awk: " what > "/dev/stderr"
	failed = 1
	exit 1
}

# The value behind .NAME = in a row: adjacent strings as one, without quotes. "": none.
function value(row, name, text) {
	if (!match(row, "\\." name " = (\"([^\"\\\\]|\\\\.)*\"[ \n]*)+"))
		return ""
	text = substr(row, RSTART, RLENGTH)
	sub(/^[^"]*"/, "", text)
	sub(/"[ \n]*$/, "", text)
	gsub(/"[ \n]+"/, "", text)
	gsub(/\\"/, "\"", text)
	return text
}

# A line of text, in which roff finds nothing of its own.
function plain(text) {
	gsub(/\\/, "\\e", text)
	gsub(/-/, "\\-", text)
	return text ~ /^[.']/ ? "\\&" text : text
}

function item(row, argument, letter) {
	argument = value(row, "argument")
	if (match(row, /\.letter = '.'/))
		letter = "Fl " substr(row, RSTART + RLENGTH - 2, 1) (argument && argument !~ /^\[/ ? " Ar " argument : "") " , "
	if (argument)
		argument = argument ~ /^\[/ ? " Ns Ar \"" argument "\"" : " Ns = Ns Ar " argument
	return ".It " letter "Fl -" value(row, "name") argument "\n"
}

function read_rows(text, rows, n, i, headline) {
	if (!match(text, /struct option_row rows\[\] = \{/))
		fail("there are no rows of options")
	text = substr(text, RSTART + RLENGTH)
	text = substr(text, 1, index(text, "};"))
	n = split(text, rows, /\.type = /)
	for (i = 2; i <= n; i++)
		if (rows[i] ~ /^OPTION_HEADLINE/) {
			headline = value(rows[i], "help")
			missing[headline] = 1
		} else if (rows[i] ~ /^OPTION_HELP/)
			table[headline] = table[headline] plain(value(rows[i], "help")) "\n"
		else
			table[headline] = table[headline] item(rows[i]) plain(value(rows[i], "help")) "\n"
}

FNR == NR {
	options = options $0 "\n"
	next
}

FNR == 1 {
	read_rows(options)
}

{
	print
}

/^\.Ss / && substr($0, 5) in table {
	printf ".Bl -tag -width \"-t SEC, --timeout=SEC\" -compact\n%s.El\n.Pp\n", table[substr($0, 5)]
	delete missing[substr($0, 5)]
}

END {
	for (headline in missing)
		if (!failed)
			fail("the page has no \".Ss " headline "\"")
}
