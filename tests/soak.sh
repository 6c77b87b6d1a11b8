#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Many runs under make -j8, half of them killed by a random signal at a random moment. Never may make
# miss a token, a worker outlive its run, a suite with a failing file pass, the history be damaged, or a
# result be lost that was announced before the signal. Each run is one of a kind that chance takes: one
# client of the jobserver or two beside each other, --share-tokens, --changed, --failed, a disk that is full.
# SOAK_SECONDS (110), RUNS (300; as many as there is time for with SOAK_SECONDS) and SEED (the time) bound it;
# MAKES names the makes, all of which take their turn ("make" and, where there is one, "gmake").
set -u

runs=${RUNS:-$([ -n "${SOAK_SECONDS:-}" ] && echo 1000000 || echo 300)}
RANDOM=${SEED:=$(date +%s)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL FIRMO_JOBS_FLAGS FIRMO_JOBS_DB
read -ra makes <<<"${MAKES:-make}"
mkdir "$work/tests" && cd "$work" || exit 1
failed=0
killed=0
announced=0

for i in $(seq 20); do
	echo "os.execute('sleep 0.0$((i % 6))') print('ok 1') print('1..1')" >"tests/t${i}_test.lua"
done
# Some leave a process behind that has left their group and session, one fails, one uses make itself.
echo "os.execute('setsid sleep 30 >/dev/null 2>&1 &')" >tests/t3_test.lua
echo "print('bad') os.exit(1)" >tests/t7_test.lua
echo "os.execute('make -s -f inner.mk -j3 >/dev/null 2>&1')" >tests/t11_test.lua
printf 'all: x y z\nx y z:\n\t@sleep 0.01\n' >inner.mk
# A project of its own, with another history.
mkdir beside && cp -r tests inner.mk beside && echo '{}' >beside/firmo-jobs.json
cat >makefile <<'END'
.PHONY: all first second other
all: $(CLIENTS) other
first:
	+@echo $$$$ >pid; $(LIMIT) exec $(FIRMO_JOBS) --lua=$(LUA) --timeout=20 $(FLAGS) >out 2>err
second:
	+@cd beside; exec $(FIRMO_JOBS) --lua=$(LUA) --timeout=20 >out 2>err
other:
	@sleep 0.02
END
export LUA=${LUA:-lua5.4} FIRMO_JOBS CLIENTS LIMIT FLAGS

live() { # workers that are alive: their ids
	grep -lsaF "SOAK=$work" /proc/[0-9]*/environ 2>/dev/null | while IFS=/ read -r _ _ pid _; do
		grep -qs '^State:.[^Z]' "/proc/$pid/status" && echo "$pid"
	done
}

fail() {
	failed=$((failed + 1))
	echo "run $run ($kind, $what, seed $SEED): $*"
}

last_run() { # in a folder
	local last
	last=$(sqlite3 "$1/.firmo-jobs/history.db" 'SELECT max(id) FROM run' 2>/dev/null)
	echo "${last:-0}"
}

check_store() { # FOLDER LAST-RUN: all that was announced there is recorded, unless that is told
	local told="$1/told" stored="$1/stored"
	grep -q 'history' "$1/err" && return
	sed -n '/(cached/d; s/^ *\(PASS\|FAIL\|ERROR\|TIMEOUT\|LIMIT\|SKIP\) \[[^]]*\] \([^ ]*\).*/\2/p' "$1/out" | sort >"$told"
	sqlite3 "$1/.firmo-jobs/history.db" "SELECT path FROM result JOIN file ON file = file.id
		WHERE run > $2" | sort >"$stored"
	announced=$((announced + $(wc -l <"$told")))
	[ -z "$(comm -23 "$told" "$stored")" ] ||
		fail "announced and lost: $(comm -23 "$told" "$stored" | tr '\n' ' ')"
}

check_soundness() { # FOLDER
	"$FIRMO_JOBS" --check --db="$1/.firmo-jobs/history.db" >"$1/checked" 2>&1 ||
		fail "the history is not sound: $(cat "$1/checked")"
	[ -z "$(ls "$1"/.firmo-jobs/*.corrupt-* 2>/dev/null)" ] || fail "a history was set aside"
}

# Sets what the next run is.
choose() {
	make=${makes[run % ${#makes[@]}]}
	CLIENTS=first FLAGS='' LIMIT=''
	case $((RANDOM % 8)) in
	0 | 1) kind=two CLIENTS='first second' ;;
	2) kind=share FLAGS=--share-tokens ;;
	3) kind=changed FLAGS=--changed ;;
	4) kind=failed FLAGS=--failed ;;
	5) kind=full LIMIT="ulimit -f $((RANDOM % 300));" ;;
	6) kind=retries FLAGS='--retries=1 --report=json:r.json' ;;
	*) kind=plain ;;
	esac
	kind="$make, $kind"
}

kill_it() {
	local signals=(INT TERM HUP QUIT KILL KILL SEGV ABRT)
	local signal=${signals[RANDOM % ${#signals[@]}]}
	what="SIG$signal"
	sleep "0.$((RANDOM % 3))$((RANDOM % 10))"
	if [ -s pid ] && kill -"$signal" "$(cat pid)" 2>/dev/null; then killed=$((killed + 1)); fi
}

for run in $(seq "$runs"); do
	[ "$SECONDS" -lt "${SOAK_SECONDS:-110}" ] || {
		run=$((run - 1))
		echo "stopped after $run runs: the time is up"
		break
	}
	choose
	what="not killed"
	last=$(last_run .)
	last_beside=$(last_run beside)
	rm -f pid out err beside/out beside/err
	SOAK=$work "$make" -s -j8 >make.log 2>&1 & # every process of the run has SOAK in its environment
	job=$!
	[ $((run % 2)) -ne 0 ] || kill_it
	wait "$job" && fail "a suite with a failing file has passed"
	grep -q INTERNAL make.log && fail "$(grep INTERNAL make.log)"
	for _ in $(seq 200); do
		[ -n "$(live)" ] || break
		sleep 0.01
	done
	alive=$(live)
	[ -z "$alive" ] || fail "alive: $alive"
	[ ! -s .firmo-jobs/history.db ] || check_store . "$last"
	[ ! -e beside/out ] || check_store beside "$last_beside"
	[ $((run % 20)) -ne 0 ] || check_soundness .
done
check_soundness .

echo "$killed runs killed, $announced results announced; seed $SEED"
echo "$((run - failed)) passed, $failed failed"
[ "$failed" -eq 0 ]
