#!/bin/sh
# SPDX-License-Identifier: MIT
# Public names are true to their files. A public function begins with its file's name ("queue_peek" in
# model/queue.c; its singular or plural will do, "name_is_near" in names.c), with its folder's
# and its file's ("report_json" in report/json.c), or with a type that the file's header defines
# ("test_case_release" in model/result.c). A type of a header is defined nowhere else.
set -eu
cd "$(dirname "$0")/../src"

# shellcheck disable=SC2046 # no file has a blank in its name
awk '
# Given by others: what the preloaded library takes over, the sanitizers, malloc by its usual x; and the
# interface of the library itself.
function is_given(name) {
	return FILENAME ~ /^trace\/preload\// && name ~ /^(exec|__asan_)/ ||
		FILENAME == "base/alloc.c" && name ~ /^x[a-z]/ ||
		FILENAME ~ /^cli\// && name ~ /^(firmo_jobs_|main$)/
}
function begins(name, prefix) {
	return prefix != "" && (name == prefix || index(name, prefix "_") == 1)
}
function is_true(name,    singular, i, n, own) {
	singular = stem
	sub(/s$/, "", singular)
	if (begins(name, stem) || begins(name, singular) || begins(name, stem "s") || begins(name, room "_" stem) || begins(name, rooms))
		return 1
	n = split(types[folder "/" stem ".h"], own, " ")
	for (i = 1; i <= n; i++)
		if (begins(name, own[i]))
			return 1
	return 0
}
FNR == 1 {
	folder = FILENAME
	sub(/\/[^\/]*$/, "", folder)
	stem = substr(FILENAME, length(folder) + 2)
	sub(/\.[ch]$/, "", stem)
	room = folder
	sub(/.*\//, "", room)
	# report_html, of report/html/
	rooms = folder
	if (!gsub(/\//, "_", rooms))
		rooms = ""
	name = ""
}
/^(struct|enum|union) [a-z_0-9]+ \{/ {
	if (FILENAME ~ /\.h$/) {
		types[FILENAME] = types[FILENAME] " " $2
		home[$2] = home[$2] " " FILENAME
	} else
		local[$2] = local[$2] " " FILENAME
}
# A definition, as clang-format leaves it: its name stands in the line that begins in the first column,
# its { in the first column of a later one.
FILENAME ~ /\.c$/ && /^[a-z_][^=;]*\(/ {
	name = $0
	sub(/\(.*/, "", name)
	sub(/.*[ *]/, "", name)
	if (/^static /)
		name = ""
}
/^\{/ && name != "" && !is_given(name) && !is_true(name) {
	print "src/" FILENAME ": " name "() does not begin with the name of its file, or of a type of its header"
}
/^[{}]/ || /;$/ && !/^\t/ { name = "" }
END {
	for (type in home) {
		all = home[type] local[type]
		if (split(all, files, " ") > 1)
			print "defined more than once: " type ", in" all
	}
}' $(find . -name '*.h' | sed 's|^\./||' | sort) $(find . -name '*.c' | sed 's|^\./||' | sort) | sort | grep . >&2 && exit 1
exit 0
