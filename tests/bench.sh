#!/bin/sh
# SPDX-License-Identifier: MIT
# Times firmo-jobs against what a user would pick instead, in one run, and prints ratios: machines
# are noisy, so single figures mean little. Peers that are not installed are left out.
set -eu

lua=${LUA:-lua5.4}
runs=${RUNS:-10}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL FIRMO_JOBS_FLAGS FIRMO_JOBS_DB
PATH="$(dirname "$FIRMO_JOBS"):$PATH"

trivial() { # FOLDER COUNT
	mkdir -p "$1/tests"
	i=0
	while [ $((i += 1)) -le "$2" ]; do
		echo "assert(1 + 1 == 2) print('ok 1') print('1..1')" >"$1/tests/t${i}_test.lua"
	done
}

time_all() { # the first command is what the others are compared with
	hyperfine -N --warmup 2 --runs "$runs" --export-csv "$work/times.csv" "$@" >/dev/null 2>"$work/err" ||
		cat "$work/err"
	# Columns from the right: a command may hold commas.
	awk -F, 'NR > 1 {
		median = $(NF - 4)
		if (NR == 2) first = median
		name = $0
		for (i = 0; i < 7; i++) sub(/,[^,]*$/, "", name)
		gsub(/"/, "", name)
		printf "  %8.3f s   x %5.2f   %s\n", median, median / first, name
	}' "$work/times.csv"
}

# CPU time, user's and system's, of all processes: what others do on the machine moves it little. The median of
# three; the first command is what the others are compared with.
cpu_all() {
	for command; do
		for _ in 1 2 3; do
			rm -rf .firmo-jobs
			/usr/bin/time -f '%U %S' -o "$work/cpu" sh -c "$command" >/dev/null 2>&1 || true
			awk 'END { print $1 + $2 }' "$work/cpu"
		done | sort -n | sed -n 2p | tr '\n' '\t'
		echo "$command"
	done | awk -F'\t' 'NR == 1 { first = $1 } { printf "  %8.3f s   x %5.2f   %s\n", $1, $1 / first, $2 }'
}

echo "500 trivial files, two at a time, warm, median of $runs (ratios to xargs, which keeps nothing):"
trivial "$work/small" 500
cd "$work/small"
ls tests/*.lua >files
cat >peer.mk <<EOF
files := \$(wildcard tests/*.lua)
.PHONY: all \$(files)
all: \$(files)
\$(files):
	@$lua \$@ >/dev/null
EOF
printf 'test:\n\t+@firmo-jobs --lua=%s\n' "$lua" >fj.mk
{
	for f in tests/*.lua; do echo "add_test($f $(command -v "$lua") $PWD/$f)"; done
} >CTestTestfile.cmake
set -- "xargs -a files -P2 -n1 $lua" \
	"firmo-jobs -j2 --lua=$lua --report=json:report.json" \
	"firmo-jobs -j2 --lua=$lua --report=json:report.json --no-trace" \
	"make -sf fj.mk -j2 test" \
	"make -sf peer.mk -j2 all"
if command -v ctest >/dev/null; then set -- "$@" "ctest -j2 --output-junit j.xml"; fi
if command -v prove >/dev/null; then set -- "$@" "prove -j2 --state=slow,save --ext .lua --exec $lua tests"; fi
time_all "$@"
if [ -x /usr/bin/time ]; then
	/usr/bin/time -f '  %M KiB resident memory of firmo-jobs at most' \
		firmo-jobs -q -j2 --lua="$lua" 2>&1 >/dev/null | tail -n 1
fi

if [ -x /usr/bin/time ]; then
	echo "CPU time of the same, by new processes and forked ones:"
	cpu_all "xargs -a files -P2 -n1 $lua" "firmo-jobs -j2 --lua=$lua --fork=never" "firmo-jobs -j2 --lua=$lua --fork=always" \
		"firmo-jobs -j2 --lua=$lua --fork=auto"
fi
script=$(command -v busted || true)
if [ -x /usr/bin/time ] && [ -n "$script" ]; then
	echo "CPU time of 500 tiny specs of busted:"
	mkdir -p "$work/busted/spec"
	cd "$work/busted"
	i=0
	while [ $((i += 1)) -le 500 ]; do
		echo "describe('d', function() it('adds', function() assert.equal(2, 1 + 1) end) end)" >"spec/t${i}_spec.lua"
	done
	ls spec/*.lua >files
	cpu_all "xargs -a files -P2 -n1 $lua $script --ignore-lua" "$lua $script --ignore-lua" \
		"firmo-jobs -j2 --lua=$lua --fork=never" "firmo-jobs -j2 --lua=$lua --fork=always" \
		"firmo-jobs -j2 --lua=$lua --fork=auto"
fi
# A checkout of Firmo's, as for `make check-firmo`.
if [ -x /usr/bin/time ] && [ -n "${FIRMO:-}" ]; then
	echo "CPU time of 40 small files of Firmo:"
	mkdir -p "$work/firmo/tests"
	cp -r "$FIRMO"/*.lua "$FIRMO/lib" "$work/firmo"
	cd "$work/firmo"
	for i in $(seq 40); do
		echo "local firmo = require('firmo') firmo.it('adds', function() firmo.expect(1 + 1).to.equal(2) end)" >"tests/t${i}_test.lua"
	done
	cpu_all "firmo-jobs -j2 --lua=$lua --conflicts=ignore --fork=never" \
		"firmo-jobs -j2 --lua=$lua --conflicts=ignore --fork=always"
fi
cd "$work/small"

echo "The same, unchanged since the last run:"
time_all "firmo-jobs -q --changed --lua=$lua"

echo "5,000 trivial files that all run again, two at a time, by firmo-jobs and by make's rules:"
trivial "$work/rules" 5000
cd "$work/rules"
# Another word for each run: no pass stands.
# shellcheck disable=SC2016 # the words of a makefile
printf 'FIRMO_FLAGS := -q --lua=%s\nFIRMO_ARGS = $(shell date +%%s%%N)\ninclude $(shell firmo-jobs --print-mk)\n' "$lua" >rules.mk
all_runs=$runs
runs=2
time_all "make -sf rules.mk -j2 test" "make -sf rules.mk -j2 test-stamps"
runs=$all_runs
awk -F, 'NR == 2 { a = $(NF - 4) } NR == 3 { printf "  %.2f ms more for each file by the rules\n", ($(NF - 4) - a) / 5 }' "$work/times.csv"

echo "Long tail: 40 files of 0.1 s and one of 2 s, its name last, two at a time (ideal 3.0 s):"
mkdir -p "$work/tail/tests"
cd "$work/tail"
for i in $(seq -w 40); do echo 'os.execute("sleep 0.1")' >"tests/a${i}_test.lua"; done
echo 'os.execute("sleep 2")' >tests/z_test.lua
for run in cold warm; do
	firmo-jobs -q -j2 --lua="$lua" | awk -v run="$run" '/^Time/ { sub(",", "", $2); print "  " run ": " $2 }'
done

echo "10,000 files planned (--list):"
trivial "$work/large" 10000
cd "$work/large"
firmo-jobs -q -j2 --lua="$lua" >/dev/null
time_all "firmo-jobs --list"

echo "A history of 1,000,000 results of files with 20 tests each (500 files, 2,000 runs):"
mkdir "$work/past"
cd "$work/past"
"$HELPERS/history" history.db 2000 500 20
echo "  $(($(wc -c <history.db) / 1000000)) bytes a result"
set -- "firmo-jobs --db=history.db --history"
for view in runs slowest failing flaky regressions new tests; do
	set -- "$@" "firmo-jobs --db=history.db --history=$view"
done
time_all "$@" "firmo-jobs --db=history.db --history tests/part02/file002_spec.lua"
