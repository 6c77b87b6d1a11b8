#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs Firmo's own suite (github.com/greggh/firmo, commit ab4ccbc) twice and compares the counts
# with what is known of it. Usage: FIRMO_JOBS=build/firmo-jobs sh tests/firmo.sh CHECKOUT
# Its tests litter /tmp and their folder: they get a copy, and where that can be had a /tmp of their own.
set -eu

checkout=${1:-}
if ! [ -e "$checkout/firmo.lua" ]; then
	echo "usage: make check-firmo FIRMO=a checkout of github.com/greggh/firmo at ab4ccbc" >&2
	exit 2
fi
lua=${LUA:-lua5.4}
work=$(mktemp -d -p "${TMPDIR:-/var/tmp}")
trap 'rm -rf "$work"' EXIT
cp -R "$checkout" "$work/firmo"
cd "$work/firmo"
rm -rf .firmo-jobs
unset MAKEFLAGS MFLAGS MAKELEVEL

fj() {
	if unshare -rm true 2>/dev/null; then
		unshare -rm sh -c 'mount -t tmpfs tmpfs /tmp && exec "$@"' sh "$FIRMO_JOBS" "$@"
	else
		"$FIRMO_JOBS" "$@"
	fi
}

passed=0
failed=0
expect() { # WHAT WANTED GOT
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "$1: expected $2, got $3"
	fi
}

field() { # NAME: a number of the report's head
	sed -n "1s/.*\"$1\":\\([0-9.]*\\).*/\\1/p" "$work/report.json"
}

file_counts() { # FILE: how many of its tests passed and failed
	line=$(grep -F "\"path\":\"tests/$1\"" "$work/report.json" || true)
	echo "$(echo "$line" | grep -o '"status":"pass","wall":' | wc -l)" \
		"$(echo "$line" | grep -o '"status":"\(fail\|error\)","wall":' | wc -l)"
}

failed_tests() { # FILE: their names, a line each
	grep -F "\"path\":\"tests/$1\"" "$work/report.json" |
		grep -o '"name":"[^"]*","status":"\(fail\|error\)","wall":' | cut -d'"' -f4
}

# One test of the watcher fails whenever a second begins between two of its steps, which are 0.1 to
# 0.2 s apart, with any runner: only then does check_for_changes look, and what it returns are names
# where the test wants tables with a path.
watch_race="detects file changes when files are modified"
watch_counts() {
	if [ "$(failed_tests tools/watcher/watch_mode_test.lua)" = "$watch_race" ]; then
		echo "a second began in the middle of a test of the watcher: it failed, as it must" >&2
		echo "17 1"
	else
		echo "18 0"
	fi
}

run() {
	status=0
	fj -j8 --lua="$lua" --no-worker-output --report="json:$work/report.json" \
		tests tests/tools/vendor >"$work/text" 2>&1 || status=$?
}

run
expect "exit status" 1 $status
expect "files" 62 "$(grep -c '^{"path":' "$work/report.json")"
expect "tests" 629 "$(field total)"
expect "skipped tests" 2 "$(field skipped)"
expect "assertions/expect_assertions_test.lua" "25 0" "$(file_counts assertions/expect_assertions_test.lua)"
expect "tools/watcher/watch_mode_test.lua" "$(watch_counts)" "$(file_counts tools/watcher/watch_mode_test.lua)"
expect "discovery/discovery_test.lua" "4 3" "$(file_counts discovery/discovery_test.lua)"
echo "first run: $(field total) tests, $(field passed) passed, $(field failed) failed, $(field elapsed) s"

bound=$(fj -j8 --list tests tests/tools/vendor | sed -n 's/.*lower bound \([0-9.]*\)s.*/\1/p')
run
expect "tests of the second run" 629 "$(field total)"
echo "second run: $(field elapsed) s, lower bound said before: $bound s," \
	"ratio $(awk "BEGIN { printf \"%.3f\", $(field elapsed) / $bound }")"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
