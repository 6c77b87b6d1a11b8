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
		# A busy machine looks for left processes more often: a run that never came to the point tells less.
		while
			run audit --no-holders -- "$HELPERS/fault" memory "$((all * part / 100))+" ENOMEM calls "${command[@]}"
			[ "$(<calls)" -lt "$((all * part / 100))" ]
		do
			all=$(<calls)
			await nobody_left
			rm -f report.json
		done
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

@test "where the kernel does not let us wait, a run ends with one line and 3, and leaves nobody" {
	needs_faults
	plain quick "print('fine')"
	plain slow "os.execute('setsid sleep 60 >/dev/null 2>&1 & exec sleep 60')"
	for call in reap wait; do
		run audit --no-holders -- "$HELPERS/fault" "$call" 2+ ENOSYS calls "$LIBRARY" \
			"$FIRMO_JOBS" --lua="$LUA"
		status_is 3
		is "$(count 'firmo-jobs: ')" 1
		has "firmo-jobs: wait for the workers: Function not implemented"
		await nobody_left
	done
	# What was learned before stays, and what still runs then is told: from the wait for the second file on.
	plain slow "print('fine')"
	for nth in 4 5 6 7 8; do
		rm -rf .firmo-jobs
		run failing reap "$nth+" "$FIRMO_JOBS" --lua="$LUA" -j1 --order=path
		status_is 3
		! fj --show --report=json:report.json >/dev/null || break
	done
	is "$(json 'file("quick").status, file("slow").status, file("slow").reason')" \
		"pass notrun the run was stopped while it ran"
	# With files that are served to it, and with none.
	for words in --retries=0 --retries=1; do
		run audit --no-holders -- "$HELPERS/fault" reap 1+ EPERM calls "$LIBRARY" \
			"$FIRMO_JOBS" --lua="$LUA" "$words" --gather=false
		status_is 3
		has "firmo-jobs: wait for the command: Operation not permitted"
		has "audit: ok 3 tokens"
	done
	rm -rf .firmo-jobs
	: >.firmo-jobs
	run failing reap 1+ "$FIRMO_JOBS" --lua="$LUA" --gather=false
	status_is 3
	has "firmo-jobs: wait for the command: Function not implemented"
}

@test "where the kernel does not let us send signals, a file that hangs is given up, and the watchdog ends it" {
	needs_faults
	plain hangs "while true do end"
	plain good "print('fine')"
	echo '{"overrides": [{"match": "hangs_*", "timeout": 0.1}]}' >firmo-jobs.json
	run audit --no-holders -- "$HELPERS/fault" signal 1+ EPERM calls "$LIBRARY" \
		"$FIRMO_JOBS" --lua="$LUA" --grace=0.1
	status_is 1
	has "TIMEOUT"
	has "2 in all, 1 passed, 1 timed out"
	await nobody_left
}

@test "too few file descriptors, or none to spare, are told in one line that says what to do" {
	plain good "print('fine')"
	plain also "print('fine')"
	for most in 8 9 10 11 12 13 14 15 16 17 18 20 24 32; do
		run bash -c 'ulimit -n "$1"; shift; exec "$@"' - "$most" "$FIRMO_JOBS" --lua="$LUA" -j2
		case $status in
		0) has "2 passed" ;;
		3)
			is "$(count 'Too many open files (ulimit -n 256 allows more)')" 1
			hasnt "ERROR"
			;;
		*) fail "with $most descriptors" ;;
		esac
	done
	status_is 0
}

@test "files that may not grow are told, and are no reason to die" {
	plain good "print('fine')"
	plain bad "os.exit(1)"
	for most in 1 8 40 100; do
		run bash -c 'ulimit -f "$1"; shift; exec "$@"' - "$most" "$FIRMO_JOBS" --lua="$LUA" --report=json:report.json
		case $status in
		1) json 'r.failed' >/dev/null || has "write report.json: File too large" ;;
		3) has "File too large" ;;
		*) fail "with $most blocks" ;;
		esac
		rm -rf .firmo-jobs report.json
	done
}

@test "without /proc a run works, and the warning names what is missing" {
	unshare -rm true 2>/dev/null || skip "no namespaces here"
	[ -z "${SAN:-}" ] || skip "sanitizers want /proc"
	plain good "print('fine')"
	mkdir none
	run unshare -rm bash -c 'mount --bind none /proc && exec "$@"' - "$FIRMO_JOBS" --lua="$LUA"
	status_is 0
	has "1 passed"
	[ -z "${TRACE_LIBRARY:-}" ] || has "firmo-jobs: /proc is not there: what the files depend on is not learned"
	hasnt "firmo-jobs-trace.so"
	run unshare -rm bash -c 'mount --bind none /proc && exec "$@"' - "$FIRMO_JOBS" --print-mk
	status_is 0
}

@test "a watchdog that may not wait for two things at once serves the run all the same" {
	needs_faults
	meeting 3 2
	run audit --no-holders -- "$HELPERS/fault" all:ppoll 1+ ENOSYS calls "$LIBRARY" "$FIRMO_JOBS" --lua="$LUA"
	status_is 0
	has "audit: ok 3 tokens"
	has "3 passed"
	plain waits "os.execute('echo >here; exec sleep 60')"
	start_command "$HELPERS/jobserver-audit" --no-holders -- "$HELPERS/fault" all:ppoll 1+ ENOSYS calls "$LIBRARY" \
		"$FIRMO_JOBS" --lua="$LUA" tests/waits_test.lua
	await test -e here
	kill -TERM "$RUNNER"
	finish
	status_is 143
	[[ $errors == *"audit: ok 3 tokens"* ]] || fail "tokens are lost"
	await nobody_left
}

@test "where closing many file descriptors at once is refused, those who serve the run hold no foreign one open" {
	needs_faults
	plain waits "os.execute('echo >here; exec sleep 60')"
	exec 9>foreign
	start_command "$HELPERS/fault" all:close 1+ ENOSYS calls "$LIBRARY" bash -c 'echo $$ >runner; exec "$@"' - \
		"$FIRMO_JOBS" --lua="$LUA" -j2
	await test -e here
	servants=$(pgrep -P "$(<runner)" 'jobserver-watch|firmo-jobs-spaw')
	is "$(wc -l <<<"$servants")" 2
	for pid in $servants; do
		is "$(readlink "/proc/$pid/fd/"[0-2] | sort -u)" /dev/null
		# The watchdog holds the locks as long as workers of the run are left.
		[[ $(readlink "/proc/$pid/fd/"* | grep -v '/history\.db-locks$') != *$PWD* ]] || fail "$(ls -l "/proc/$pid/fd")"
	done
	kill -TERM "$(<runner)"
	finish
	await nobody_left
}

switches() { # how often the runner has waited for something
	sed -n 's/^voluntary_ctxt_switches:\t//p' "/proc/$RUNNER/status"
}

@test "where --gather may open nothing more, those below it wait, and it does not spin" {
	needs_faults
	plain good "print('fine')"
	mkfifo go
	start_command "$HELPERS/fault" arrive 0 ENFILE calls "$LIBRARY" "$FIRMO_JOBS" --lua="$LUA" \
		--gather="sh -c 'echo >here; read _ <go; exec $FIRMO_JOBS --join tests/good_test.lua'"
	await test -e here
	# It answers once it waits, with all open that it needs.
	kill -USR1 "$RUNNER"
	await grep -q "of 1 file" err
	local began before free=0
	began=$(date +%s%N)
	before=$(switches)
	while [ -e "/proc/$RUNNER/fd/$free" ]; do
		free=$((free + 1))
	done
	prlimit --pid "$RUNNER" --nofile="$free:1024"
	echo >go
	await eval '[ "$(switches)" -gt $((before + 10)) ]'
	prlimit --pid "$RUNNER" --nofile=1024:1024
	finish
	is "$how" "exit 0"
	grep -q "1 passed" out
	await test -s calls
	# Once in a tenth of a second, and those who are let in.
	[ "$(<calls)" -le $((($(date +%s%N) - began) / 100000000 + 3)) ] || fail "$(<calls) calls of accept"
}
