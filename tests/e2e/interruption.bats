#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Runs that are ended, stopped or asked in the middle, by real signals.

load common

# Two files that pass at once, two that wait for ./go and say their process ids, one behind them.
project() {
	local name
	cat >wait.sh <<-'END'
		echo $PPID $$ >"$1.new"
		mv "$1.new" "$1.pids"
		n=12000
		until [ -e go ]; do n=$((n - 1)); [ "$n" -gt 0 ] || exit 1; sleep 0.01; done
	END
	plain a_quick "assert(true)"
	plain b_quick "assert(true)"
	for name in c_slow d_slow; do
		plain $name "assert(os.execute('exec sh wait.sh $name'))"
	done
	plain e_last "io.open('last', 'w'):close()"
	OPTIONS=(--lua="$LUA" --order=path -j2 --report=json:report.json)
}

# Until both wait and what has ended before is announced.
await_middle() {
	await test -e c_slow.pids -a -e d_slow.pids
	await grep -q a_quick out
	await grep -q b_quick out
}

workers_gone() {
	local pid
	for pid in $(cat ./*.pids); do
		gone "$pid" || fail "process $pid is still there"
	done
}

outcomes() {
	sql 'select file.path || " " || result.status from result join file on file.id = result.file where result.status <> 0 order by file.path' |
		tr '\n' ' '
}

# interrupted NAME NUMBER
interrupted() {
	project
	start "${OPTIONS[@]}"
	await_middle
	kill -"$1" "$RUNNER"
	finish
	is "$how" "signal $2"
	status_is $((128 + $2))
	workers_gone
	[ ! -e last ] || fail "another file was started"
	is "$(outcomes)" "tests/a_quick_test.lua 1 tests/b_quick_test.lua 1 "
	is "$(sql 'select signal from run')" "$2"
	has "INTERRUPTED: this report is partial"
	has "2 passed, 3 not run"
	is "$(json 'r.run.signal, r.success, r.total')" "$2 false 2"
	is "$(json 'file("a_").status, file("c_").status, file("e_").status')" "pass notrun notrun"
	is "$(ls -A "$TMPDIR")" ""
}

@test "SIGINT ends the run: a partial report, a store of what had ended, the same signal" {
	interrupted INT 2
}

@test "SIGTERM ends the run in the same way" {
	interrupted TERM 15
}

@test "SIGHUP ends the run in the same way" {
	interrupted HUP 1
}

@test "SIGQUIT ends the run in the same way" {
	ulimit -c 0
	interrupted QUIT 3
}

@test "what was cut short is no failure of the next run" {
	project
	start "${OPTIONS[@]}"
	await_middle
	kill -INT "$RUNNER"
	finish
	run fj4 --failed
	status_is 0
	has "nothing to run"
	run fj4 --history
	status_is 0
	has "interrupted"
}

@test "--report=junit of an interrupted run is whole" {
	project
	start "${OPTIONS[@]}" --report=junit:report.xml
	await_middle
	kill -TERM "$RUNNER"
	finish
	is "$how" "signal 15"
	is "$(tail -n 1 report.xml)" "</testsuites>"
}

# Workers that neither SIGINT nor SIGTERM ends.
deaf_project() {
	plain one "-- run by deaf.sh"
	plain two "-- run by deaf.sh"
	test_file deaf.sh 'name=$(basename $1 _test.lua); "$HELPERS/misbehave" ignore-term & echo $$ $! >$name.new' \
		'trap "" INT TERM; mv $name.new $name.pids; while :; do wait; done'
	start --command="sh deaf.sh {}" -j2 "$@"
	await test -e one.pids -a -e two.pids
}

@test "a second signal ends even workers that ignore SIGTERM at once" {
	deaf_project --grace=1000
	kill -INT "$RUNNER"
	kill -TERM "$RUNNER"
	await test -e how
	finish
	is "$how" "signal 2"
	workers_gone
}

@test "the same signal twice does, too" {
	deaf_project --grace=1000 --timeout=0
	kill -TERM "$RUNNER"
	# The first one is handled when SIGTERM has reached the worker's group.
	await nothing_pending
	kill -TERM "$RUNNER"
	await test -e how
	finish
	is "$how" "signal 15"
	workers_gone
}

# No fatal signal waits in the runner's queue any more.
nothing_pending() {
	local pending
	pending=$(sed -n 's/^ShdPnd:[[:space:]]*//p' "/proc/$RUNNER/status")
	[ $((0x$pending & 0x4000)) -eq 0 ]
}

@test "one signal ends workers that ignore SIGTERM after the grace time" {
	deaf_project --grace=0.1
	kill -HUP "$RUNNER"
	await test -e how
	finish
	is "$how" "signal 1"
	workers_gone
}

@test "a SIGHUP that was ignored from the start stays ignored, as under nohup" {
	project
	start_command env --ignore-signal=HUP "$FIRMO_JOBS" "${OPTIONS[@]}"
	await_middle
	kill -HUP "$RUNNER"
	kill -USR1 "$RUNNER"
	await grep -q running err
	touch go
	finish
	is "$how" "exit 0"
	has "5 passed"
}

@test "a SIGINT that was ignored from the start stays ignored, as in a background job of a script" {
	project
	start_command env --ignore-signal=INT "$FIRMO_JOBS" "${OPTIONS[@]}"
	await_middle
	kill -INT "$RUNNER"
	kill -USR1 "$RUNNER"
	await grep -q running err
	touch go
	finish
	is "$how" "exit 0"
}

announced() {
	sed -n 's/^ *PASS .*\(tests\/[^ ]*\).*/\1/p' out
}

announced_at_least() {
	[ "$(announced | wc -l)" -ge "$1" ]
}

@test "after SIGKILL everything that was announced is in the store" {
	local i path
	for i in {1..60}; do
		plain "quick$i" "assert(true)"
	done
	project
	start --lua="$LUA" --order=path -j3
	await announced_at_least 5
	kill -KILL "$RUNNER"
	finish
	is "$how" "signal 9"
	sql 'select path from file join result on result.file = file.id where result.status = 1' >stored
	for path in $(announced); do
		grep -qxF "$path" stored || fail "$path is not in the store"
	done
	touch go
	run fj4 --history
	status_is 0
	has "it was killed, or goes on"
	run fj4
	status_is 0
}

# ---- Ctrl-Z ----

all_stopped() {
	local pid
	for pid in "$RUNNER" $(cut -d' ' -f1 ./*.pids); do
		in_state T "$pid" || return 1
	done
	# A shell whose child was stopped between vfork and exec waits for that (D).
	for pid in $(cut -d' ' -f2 ./*.pids); do
		in_state TD "$pid" || return 1
	done
}

@test "Ctrl-Z stops the workers and the clocks, fg goes on" {
	project
	local began=${EPOCHREALTIME/./}
	# The clock is stopped if this is longer than the timeout.
	start "${OPTIONS[@]}" --timeout=4
	await_middle
	kill -TSTP "$RUNNER"
	await all_stopped
	sleep 4.5
	all_stopped
	touch go
	kill -CONT "$RUNNER"
	finish
	is "$how" "exit 0"
	has "5 passed"
	hasnt "TIMEOUT"
	[ -e last ]
	workers_gone
	holds "file('c_slow').wall < $((${EPOCHREALTIME/./} - began)) / 1e6 - 4.4"
}

@test "a stopped run can be ended" {
	project
	start "${OPTIONS[@]}"
	await_middle
	kill -TSTP "$RUNNER"
	await all_stopped
	kill -TERM "$RUNNER"
	kill -CONT "$RUNNER"
	await test -e how
	finish
	is "$how" "signal 15"
	workers_gone
}

@test "Ctrl-Z twice" {
	local i
	project
	start "${OPTIONS[@]}"
	await_middle
	for i in 1 2; do
		kill -TSTP "$RUNNER"
		await all_stopped
		kill -CONT "$RUNNER"
		await in_state S "$RUNNER"
	done
	touch go
	finish
	is "$how" "exit 0"
}

# ---- asking ----

@test "SIGUSR1 tells what is running" {
	project
	start "${OPTIONS[@]}"
	await_middle
	kill -USR1 "$RUNNER"
	await grep -q d_slow err
	touch go
	finish
	is "$how" "exit 0"
	[[ $errors == *"2 of 5 files done, 2 running"*"tests/c_slow_test.lua"* ]] || fail "it does not tell"
	[[ $errors != *quick* && $errors != *last* ]] || fail "it tells of others"
}

# ---- stopping after failures ----

failing_project() {
	plain a_good "assert(true)"
	plain b_bad "error('b is bad')"
	plain c_bad "error('c is bad')"
	plain d_good "assert(true)"
	plain e_bad "error('e is bad')"
}

@test "--fail-fast starts nothing after the first failure" {
	failing_project
	run fj4 --order=path -j1 --fail-fast --report=json:report.json
	status_is 1
	has "STOPPED by --fail-fast: this report is partial"
	has "1 passed, 1 failed, 3 not run"
	is "$(json 'file("a_").status, file("b_").status, file("c_").status, file("e_").status')" \
		"pass fail notrun notrun"
	is "$(outcomes)" "tests/a_good_test.lua 1 tests/b_bad_test.lua 2 "
	run fj4 --failed --list
	has b_bad
	hasnt c_bad
}

@test "--fail-fast lets what runs come to its end" {
	plain a_bad "assert(os.execute('sh until.sh b.started'))" "error('a is bad')"
	plain b_good "io.open('b.started', 'w'):close()" "assert(os.execute('sh until.sh a.told'))"
	plain c_good "assert(true)"
	test_file until.sh 'n=6000; until [ -e "$1" ]; do n=$((n - 1)); [ $n -gt 0 ] || exit 1; sleep 0.01; done'
	start --lua="$LUA" --order=path -j2 --fail-fast
	await grep -q 'FAIL .*a_bad' out
	touch a.told
	finish
	is "$how" "exit 1"
	has "1 passed, 1 failed, 1 not run"
}

@test "--fail-fast with nothing that fails is a usual run" {
	plain a_good "assert(true)"
	plain b_good "assert(true)"
	run fj4 --fail-fast
	status_is 0
	has "2 passed"
	hasnt "partial"
}

@test "--max-failures=2 starts nothing after the second failure" {
	failing_project
	run fj4 --order=path -j1 --max-failures=2 --report=json:report.json
	status_is 1
	has "STOPPED by --max-failures: this report is partial"
	has "1 passed, 2 failed, 2 not run"
	is "$(json 'file("c_").status, file("d_").status')" "fail notrun"
}

@test "--run-limit ends what runs, starts nothing more, and says so; the tokens are back" {
	plain a_hangs "os.execute('sleep 60')"
	plain b_never "io.open('ran', 'a'):write('x')"
	run audit -- "$FIRMO_JOBS" --lua="$LUA" -j1 --order=path --run-limit=0.5 --report=text \
		--report=json:report.json
	status_is 1
	has "STOPPED by --run-limit: this report is partial, 2 files were not run"
	has "audit: ok"
	is "$(json 'r.run.stopped, file("a_").status, file("b_").status')" "--run-limit notrun notrun"
	refute test -e ran
}

@test "--run-limit that is not reached, or comes between two rounds, is no failure" {
	plain good "assert(true)"
	run fj4 --run-limit=600
	status_is 0
	hasnt "STOPPED"
	run fj4 --run-limit=0.5 --until-fail
	status_is 0
	hasnt "not run"
}

@test "--max-failures that are not reached: everything runs" {
	failing_project
	run fj4 --max-failures=4
	status_is 1
	has "2 passed, 3 failed"
	hasnt "not run"
	hasnt "partial"
}
