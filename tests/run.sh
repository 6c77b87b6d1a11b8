#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs test programs (cmocka) and .bats files, all as TAP; shows what failed and ends with the line
# "N passed, N failed". A program that dies without a plan counts as one failure.
set -u

log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
passed=0
failed=0

run_one() {
	case $1 in
	*.bats) bats --tap "$1" ;;
	*) CMOCKA_MESSAGE_OUTPUT=TAP "$1" ;;
	esac
}

# Tests that make processes of their own must not inherit the jobserver of the make that runs us.
unset MAKEFLAGS MFLAGS MAKELEVEL

[ $# -gt 0 ] || echo "there is no such test" >&2
for file in "$@"; do
	run_one "$file" >"$log" 2>&1 </dev/null
	status=$?
	ok=$(grep -c '^ok ' "$log")
	bad=$(grep -c '^not ok ' "$log")
	[ "$status" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
	passed=$((passed + ok))
	failed=$((failed + bad))
	printf '%-40s %3d passed, %d failed\n' "${file##*/}" "$ok" "$bad"
	[ "$bad" -eq 0 ] || grep -v '^ok ' "$log"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ $((passed + failed)) -gt 0 ]
