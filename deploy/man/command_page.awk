# The manual page of one command, of what `emrdrop NAME --help` prints:
#
#   awk -v name=NAME -v summary=TEXT -v date=TEXT -v prose=FILE -f command_page.awk HELP
#
# The usage lines become the synopsis; options, exit status and examples are taken as
# they are. The description is FILE, mdoc; where there is none, it is the help's.

function escape(s,    at) {
	gsub(/\\/, "\\e", s)
	while (match(s, /`[^`]*`/)) {
		at = RSTART
		s = substr(s, 1, at - 1) "\\(oq" substr(s, at + 1, RLENGTH - 2) "\\(cq" \
			substr(s, at + RLENGTH)
	}
	sub(/^[.']/, "\\\\\\&&", s)
	return s
}

# A word of a usage line: --option, ARGUMENT..., [ARGUMENT], a|word.
function word(w,    more) {
	if (w ~ /^\[.*\]$/)
		return "Oo " word(substr(w, 2, length(w) - 2)) " Oc"
	if (w ~ /^--/)
		return "Fl Fl " substr(w, 3)
	more = sub(/\.\.\.$/, "", w) ? " ..." : ""
	if (w ~ /^[A-Z|]+$/) {
		gsub(/\|/, " | ", w)
		return "Ar " tolower(w) more
	}
	gsub(/\|/, " | ", w)
	return "Cm " w more
}

# "--row N" in mdoc.
function option(head,    part) {
	return split(head, part, " ") == 1 ? "Fl Fl " substr(head, 3) : \
		"Fl Fl " substr(part[1], 3) " Ar " tolower(part[2])
}

function usage_line(line,    part, n, i) {
	n = split(line, part, " ")
	print ".Nm emrdrop"
	print ".Cm " name
	for (i = 1; i <= options; i++)
		print ".Op " option(head[i])
	for (i = 3; i <= n; i++)
		if (part[i] != "[options]" && (part[i] != "[--json]" || options == 0))
			print "." word(part[i])
}

# Paragraphs, and as they stand those that are indented.
function describe(    i, literal, line) {
	for (i = 1; i <= lines; i++) {
		line = said[i]
		if (!literal && line ~ /^ /) {
			print ".Bd -literal -offset indent"
			literal = 1
		} else if (literal && line == "") {
			print ".Ed"
			literal = 0
		}
		if (line == "" && i < lines)
			print ".Pp"
		else if (line != "")
			print escape(line)
	}
	if (literal)
		print ".Ed"
}

BEGIN { where = "usage" }
/^Exit status:/ { where = "exit"; sub(/^Exit status: */, "") }
/^Examples:$/ { where = "examples"; next }
/^  --/ { where = "options" }
where == "usage" && /^emrdrop / { usage[++usages] = $0; next }
where == "usage" && /^$/ { where = "text"; next }
where == "options" && /^  --/ {
	line = substr($0, 3)
	at = match(line, /  +/)
	head[++options] = substr(line, 1, at - 1)
	text[options] = substr(line, at + RLENGTH)
	next
}
where == "options" && /^      / { sub(/^ */, ""); text[options] = text[options] "\n" $0; next }
where == "options" && !/^$/ { where = "text" }
where == "exit" && /^$/ { where = "text"; next }
where == "exit" { status[++statuses] = $0; next }
where == "examples" { sub(/^  /, ""); example[++examples] = $0; next }
where == "text" && (!/^$/ || (lines > 0 && said[lines] != "")) { said[++lines] = $0 }

END {
	print ".Dd " date
	print ".Dt EMRDROP-" toupper(name) " 1"
	print ".Os"
	print ".Sh NAME"
	print ".Nm emrdrop-" name
	print ".Nd " escape(summary)
	print ".Sh SYNOPSIS"
	for (i = 1; i <= usages; i++)
		usage_line(usage[i])
	print ".Sh DESCRIPTION"
	if ((getline line < prose) > 0)
		do
			print line
		while ((getline line < prose) > 0)
	else
		describe()
	if (options > 0) {
		print ".Sh OPTIONS"
		print ".Bl -tag -width Ds"
		for (i = 1; i <= options; i++) {
			print ".It " option(head[i])
			print escape(toupper(substr(text[i], 1, 1)) substr(text[i], 2)) "."
		}
		print ".El"
	}
	print ".Sh EXIT STATUS"
	for (i = 1; i <= statuses; i++)
		print escape(status[i]) (i == statuses ? "." : "")
	print "All of them are told in"
	print ".Xr emrdrop 1 ."
	print ".Sh EXAMPLES"
	print ".Bd -literal"
	for (i = 1; i <= examples; i++)
		print escape(example[i])
	print ".Ed"
	print ".Sh SEE ALSO"
	print ".Xr emrdrop 1 ,"
	print ".Xr emrdrop.conf 5 ,"
	print ".Xr emrdrop-feeds 7"
}
