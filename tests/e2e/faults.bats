#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Calls that fail: memory first of all. `make faults` tries as many as one likes.

load common

LIBRARY=${HELPERS:-}/../faults/memory.so

# failing CALL NTH COMMAND...: NTH+ is that call and all that follow; 0 counts them, in the file calls.
failing() {
	local call=$1 nth=$2 error
	error=$("$HELPERS/fault" --list | sed -n "s/^$call \([A-Z]*\).*/\1/p")
	shift 2
	"$HELPERS/fault" "$call" "$nth" "$error" "$PWD/calls" "$LIBRARY" "$@"
}

needs_faults() {
	[ -z "${SAN:-}" ] || skip "a sanitizer has the memory in its own hands"
	[ -e "$LIBRARY" ] || skip "no preload library with this libc"
	failing write 0 true || skip "seccomp may not answer here"
}

nobody_left() {
	[ -z "$(grep -lsaF "FIRMO_JOBS_WORKER=" /proc/[0-9]*/environ | while IFS=/ read -r _ _ pid _; do
		grep -qsaF "E2E_PROJECT=$E2E_PROJECT" "/proc/$pid/environ" && ! gone "$pid" && echo "$pid"
	done)" ]
}

@test "no call that fails costs a token, leaves a worker, breaks a report or the history, or makes a pass" {
	needs_faults
	COUNT=40 SEED=1 run /usr/bin/python3 "$BATS_TEST_DIRNAME/../faults.py"
	has ", 0 that did harm"
	status_is 0
}

@test "where memory runs out, a run ends with one line and 3; tokens are back, workers gone" {
	needs_faults
	for i in 1 2 3 4; do
		plain "t$i" "print('on its way') os.execute('setsid sleep 60 >/dev/null 2>&1 &')"
	done
	# How many there are differs a little from run to run, and the first one makes the history.
	fj4 >/dev/null
	command=("$LIBRARY" "$FIRMO_JOBS" --lua="$LUA" --report=json:report.json)
	audit -- "$HELPERS/fault" memory 0 ENOMEM calls "${command[@]}" >/dev/null
	all=$(<calls)
	rm report.json
	for part in 10 30 45 60 75; do
		run audit --no-holders -- "$HELPERS/fault" memory "$((all * part / 100))+" ENOMEM calls "${command[@]}"
		status_is 3
		is "$(count 'firmo-jobs: ')" 1
		has "firmo-jobs: out of memory"
		has "audit: ok 3 tokens"
		await nobody_left
		is "$(ls "$TMPDIR")" ""
		[ "$(ls report.json* 2>/dev/null)" = "" ] || json 'r.success'
	done
}

@test "where memory runs out in the middle of an answer or a report, it is no whole one, and the old one stays" {
	needs_faults
	plain good "print('fine')"
	plain bad "os.exit(1)"
	fj4 --report=json:report.json >/dev/null || true
	cp report.json before.json
	failing memory 0 "$FIRMO_JOBS" --show --report=json >whole.json
	all=$(<calls)
	for back in 2 10 40 100; do
		run failing memory "$((all - back))" "$FIRMO_JOBS" --show --report=json
		status_is 3
		has "firmo-jobs: out of memory"
		run failing memory "$((all - back))" "$FIRMO_JOBS" --show --report=json:report.json
		is "$(ls report.json*)" report.json
		[ "$status" -eq 0 ] || cmp report.json before.json
	done
}

@test "--failed with a history that cannot be read runs every file" {
	needs_faults
	plain good "print('fine')"
	plain bad "os.exit(1)"
	fj4 >/dev/null || true
	run failing size 1+ "$FIRMO_JOBS" --lua="$LUA" --failed
	status_is 1
	has "going on without history"
	has "2 in all, 1 passed, 1 failed"
}
