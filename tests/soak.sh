#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Many runs under make -j8, half of them killed by a random signal at a random moment. Never may make
# miss a token, a worker outlive its run, or a result be lost that was announced before the signal.
# RUNS (300), SEED (the time) and SECONDS_AT_MOST (110) bound it.
set -u

runs=${RUNS:-300}
RANDOM=${SEED:=$(date +%s)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL FIRMO_JOBS_FLAGS FIRMO_JOBS_DB
mkdir "$work/tests" && cd "$work" || exit 1
failed=0
killed=0
announced=0

for i in $(seq 20); do
	echo "os.execute('sleep 0.0$((i % 6))') print('ok 1') print('1..1')" >"tests/t${i}_test.lua"
done
# Some leave a process behind that has left their group and session.
echo "os.execute('setsid sleep 30 >/dev/null 2>&1 &')" >tests/t3_test.lua
cat >makefile <<END
.PHONY: test other
all: test other
test:
	+@echo \$\$\$\$ >pid; exec $FIRMO_JOBS --lua=\${LUA} --timeout=20 >out 2>err
other:
	@sleep 0.02
END
export LUA=${LUA:-lua5.4}

live() { # workers that are alive: their ids
	grep -lsaF "SOAK=$work" /proc/[0-9]*/environ 2>/dev/null | while IFS=/ read -r _ _ pid _; do
		grep -qs '^State:.[^Z]' "/proc/$pid/status" && echo "$pid"
	done
}

fail() {
	failed=$((failed + 1))
	echo "run $run ($what, seed $SEED): $*"
}

check_store() { # all that was announced is recorded
	sed -n 's/^ *\(PASS\|FAIL\|ERROR\|TIMEOUT\|LIMIT\|SKIP\) \[[^]]*\] \([^ ]*\).*/\2/p' out | sort >told
	sqlite3 .firmo-jobs/history.db "SELECT path FROM result JOIN file ON file = file.id
		WHERE run > $last" | sort >stored
	announced=$((announced + $(wc -l <told)))
	[ -z "$(comm -23 told stored)" ] || fail "announced and lost: $(comm -23 told stored | tr '\n' ' ')"
}

for run in $(seq "$runs"); do
	[ "$SECONDS" -lt "${SECONDS_AT_MOST:-110}" ] || {
		echo "stopped after $((run - 1)) runs: the time is up"
		break
	}
	what="not killed"
	last=$(sqlite3 .firmo-jobs/history.db 'SELECT max(id) FROM run' 2>/dev/null)
	last=${last:-0}
	rm -f pid out
	SOAK=$work make -s -j8 >make.log 2>&1 & # every process of the run has SOAK in its environment
	make=$!
	if [ $((run % 2)) -eq 0 ]; then
		signals=(INT TERM HUP KILL KILL SEGV ABRT)
		signal=${signals[RANDOM % ${#signals[@]}]}
		what="SIG$signal"
		sleep "0.0$((RANDOM % 10))$((RANDOM % 10))"
		if [ -s pid ] && kill -"$signal" "$(cat pid)" 2>/dev/null; then killed=$((killed + 1)); fi
	fi
	wait $make
	grep -q INTERNAL make.log && fail "$(grep INTERNAL make.log)"
	for _ in $(seq 200); do
		[ -n "$(live)" ] || break
		sleep 0.01
	done
	alive=$(live)
	[ -z "$alive" ] || fail "alive: $alive"
	[ ! -e .firmo-jobs/history.db ] || check_store
done

echo "$killed runs killed, $announced results announced; seed $SEED"
echo "$((run - failed)) passed, $failed failed"
[ "$failed" -eq 0 ]
