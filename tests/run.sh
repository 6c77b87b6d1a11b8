#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs test programs (cmocka) and .bats files, all as TAP, the longest first; shows what failed and ends
# with the line "N passed, N failed". A program that dies without a plan counts as one failure.
set -u

# Shows one file in one piece, whoever else shows one; leaves its figures in $2.
run_one() {
	log=$2/${1##*/}.log
	case $1 in
	*.bats) bats --tap "$1" ;;
	*) CMOCKA_MESSAGE_OUTPUT=TAP "$1" ;;
	esac >"$log" 2>&1 </dev/null
	status=$?
	ok=$(grep -c '^ok ' "$log")
	bad=$(grep -c '^not ok ' "$log")
	[ "$status" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
	{
		printf '%-40s %3d passed, %d failed\n' "${1##*/}" "$ok" "$bad"
		[ "$bad" -eq 0 ] || grep -v '^ok ' "$log"
	} >"$log.shown"
	flock "$2" cat "$log.shown"
	echo "$ok $bad" >"$log.figures"
}

if [ "${1-}" = --one ]; then
	run_one "$3" "$2"
	exit 0
fi

# longest_first FILE...: the .bats files by their lines; then the programs, which take a moment each.
longest_first() {
	for file in "$@"; do
		case $file in
		*.bats) echo "$(wc -l <"$file") $file" ;;
		*) echo "0 $file" ;;
		esac
	done | sort -rn | cut -d' ' -f2-
}

# Tests that make processes of their own must not inherit the jobserver of the make that runs us.
unset MAKEFLAGS MFLAGS MAKELEVEL

[ $# -gt 0 ] || {
	echo "there is no such test" >&2
	echo "0 passed, 0 failed"
	exit 1
}
logs=$(mktemp -d) || exit 1
trap 'rm -rf "$logs"' EXIT
trap 'exit 130' INT
# Tests wait for much of their time: three for each CPU keep it busy, two under a sanitizer. What a shell in the background
# ignores is not ignored: a shell could not trap it then.
[ -n "${SAN-}" ] && each=2 || each=3
longest_first "$@" | tr '\n' '\0' |
	env --default-signal=INT,QUIT,PIPE xargs -0 -n1 -P$((each * $(nproc))) sh "$0" --one "$logs"
for file in "$@"; do
	cat "$logs/${file##*/}.log.figures" 2>/dev/null || echo "0 1"
done | awk '{ passed += $1; failed += $2 }
	END { print passed + 0 " passed, " failed + 0 " failed"; exit failed > 0 || passed == 0 }'
