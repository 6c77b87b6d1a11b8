#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs test programs (cmocka) and .bats files, all as TAP, as many at once as there are CPUs; shows
# what failed and ends with the line "N passed, N failed". A program that dies without a plan counts
# as one failure.
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
run_all() { # HOW-MANY FILE...
	at_once=$1
	shift
	[ $# -eq 0 ] || printf '%s\0' "$@" | xargs -0 -n1 -P"$at_once" sh "$0" --one "$logs"
}
# A file that disturbs others says so.
alone=$(grep -l '^# Runs alone: ' "$@" /dev/null 2>/dev/null)
# No test has a name with blanks.
# shellcheck disable=SC2046,SC2086
run_all "$(nproc)" $(printf '%s\n' "$@" | grep -vxF "${alone:-/}")
# shellcheck disable=SC2086
run_all 1 $alone
for file in "$@"; do
	cat "$logs/${file##*/}.log.figures" 2>/dev/null || echo "0 1"
done | awk '{ passed += $1; failed += $2 }
	END { print passed + 0 " passed, " failed + 0 " failed"; exit failed > 0 || passed == 0 }'
