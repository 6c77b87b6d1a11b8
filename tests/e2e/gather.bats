#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# --gather: several firmo-jobs that make one run.

load common

@test "what is run below --gather is one run with one report, and recorded nowhere else" {
	plain good "assert(true)"
	plain also "assert(true)"
	plain other "assert(true)"
	settle
	fj4 tests/other_test.lua
	run fj4 --gather="sh -c '$FIRMO_JOBS --lua=lua5.4 tests/good_test.lua; $FIRMO_JOBS --lua=lua5.4 tests/also_test.lua;
		FIRMO_JOBS_DB=other.db $FIRMO_JOBS --lua=lua5.4 -q tests/good_test.lua'" --report=json:report.json
	status_is 0
	is "$(ran)" "also good"
	is "$(json 'file("other").cached, #r.files')" "true 3"
	is "$(count 'Files:')" 2
	is "$(DB=other.db sql 'select max(files) from run')" 1
	is "$(sql 'select count(*), max(files) from run')" "2|3"
	# One after the other, as times in the whole run.
	is "$(sql 'select count(*), sum(b.offset > a.offset + a.wall) from result a join result b on b.run = a.run and b.id > a.id')" "1|1"
	run fj --show
	has "3 in all"
}

@test "slots are shared out among those side by side" {
	local i both
	meeting 4 4
	for i in 1 3; do
		both+="$FIRMO_JOBS --lua=lua5.4 -j2 tests/meet${i}_test.lua tests/meet$((i + 1))_test.lua & "
	done
	run fj4 --gather="sh -c '$both wait'" --report=json:report.json
	status_is 0
	is "$(json '(function() local s = {} for _, f in ipairs(r.files) do s[f.slot] = true end return s[0], s[1], s[2], s[3] end)()')" \
		"true true true true"
	is "$(json 'r.run.tokens_peak')" 4
}

@test "what was not run is said so, and the command has its part in the status" {
	plain good "assert(true)"
	run fj4 --gather="sh -c 'exit 3'"
	status_is 1
	has "1 not run"
	has "NOT RUN: 1 of 1 file"
	hasnt FAILED
	settle
	fj4 >/dev/null
	run fj4 --gather=true
	status_is 0
	run fj4 --gather=false
	status_is 3
	has "every file has passed, but"
	run fj4 --gather=no-such-program
	status_is 3
	has "no-such-program"
	for bad in "" " " "'a"; do
		wrong_usage --gather="$bad" "wants a command"
	done
	wrong_usage --gather=true nowhere "nowhere"
}

@test "the report of a run below that was killed shows what it had recorded" {
	plain good "assert(true)"
	run fj4 --gather="sh -c '$FIRMO_JOBS --lua=lua5.4 tests/good_test.lua; kill -KILL \$PPID'"
	status_is 137
	run fj --history
	has "it was killed, or goes on"
	run fj --show
	has "1 in all"
}

@test "what runs below --gather takes part in the jobserver of make, or of cargo" {
	meeting 4 3
	mkfifo f
	exec 7<>f
	printf ab >&7
	local auth="--jobserver-auth=fifo:$PWD/f"
	for flags in "MAKEFLAGS= -j3 $auth" "CARGO_MAKEFLAGS=-j --jobserver-fds=7,7 --jobserver-auth=7,7" \
		"CARGO_MAKEFLAGS=-j $auth"; do
		run env "$flags" "$FIRMO_JOBS" --lua="$LUA" --gather="$FIRMO_JOBS --lua=$LUA"
		status_is 0
		at_most 3
		meet_again
	done
	# On a standard file descriptor it is moved, and the command is told.
	CARGO_MAKEFLAGS='-j --jobserver-auth=0,0' bash -c 'exec 0<>f; exec "$@"' - "$FIRMO_JOBS" --lua="$LUA" \
		--gather="$FIRMO_JOBS --lua=$LUA"
	at_most 3
	is "$(timeout 5 head -c 2 <&7 | grep -o . | sort | tr -d '\n')" ab
	exec 7>&-
}

@test "without a history everybody reports for himself" {
	plain good "assert(true)"
	fj4 >/dev/null
	sql 'PRAGMA user_version=99'
	run fj4 --gather="$FIRMO_JOBS --lua=lua5.4"
	status_is 0
	has "1 passed"
	plain bad "error('it is bad')"
	run fj4 --gather="$FIRMO_JOBS --lua=lua5.4"
	status_is 1
	has "1 failed"
	rm tests/bad_test.lua
	run fj4 --gather="$FIRMO_JOBS --lua=lua5.4" --report=json:report.json
	status_is 3
	has "firmo-jobs: no report is written: without a history nobody knows what ran below --gather"
}

@test "once the command has ended, no file is run in another way" {
	local attempt
	# It prints TAP, of which its text says nothing; what it leaves kills the command, and stays until that is
	# gone.
	plain late "local f = io.open 'runs' if f then io.open('again', 'w'):close() end io.open('runs', 'w'):close()" \
		"io.open('late', 'w'):write(io.open '/proc/self/stat':read 'n'):close()" \
		"os.execute 'read l <late; read c <command; { while kill -0 \$l; do :; done; kill \$c; while kill -0 \$c; do :; done; } 2>/dev/null &'" \
		"print('1..' .. 1) print('ok 1')"
	cat >command.sh <<-'EOF'
		echo $$ >command
		"$FIRMO_JOBS" --lua=lua5.4 --join tests/late_test.lua
		:
	EOF
	# A slow machine may let the time pass in which it can be seen.
	for attempt in 1 2 3 4 5; do
		rm -rf again runs .firmo-jobs
		run fj4 --gather="sh command.sh"
		[ ! -e again ] && break
	done
	refute test -e again
	has "its tests were not seen (it prints TAP): the run was stopped"
}

@test "where the history is lost on the way, what may have stood in it is run" {
	plain good "assert(true)"
	plain other "assert(true)"
	plain loses "print('fine')"
	settle
	# lost HOW COMMAND: the history is there, and lost by a test of the command.
	lost() {
		rm -rf .firmo-jobs
		plain loses "print('fine')"
		fj4 >/dev/null || true
		plain loses "os.execute('$1')"
		run fj4 --gather="$2" --report=json:report.json
	}
	local how one="$FIRMO_JOBS --join tests/loses_test.lua"
	for how in 'rm -rf .firmo-jobs' 'rm .firmo-jobs/*' 'rm -rf .firmo-jobs; : >.firmo-jobs'; do
		lost "$how" "$one"
		status_is 0
		is "$(ran)" "good loses other"
		# A command that has failed may have left them out for that.
		lost "$how" "sh -c '$one; exit 1'"
		status_is 1
		is "$(json 'file("good").status, file("good").reason')" \
			"notrun whether its last pass is still valid is not known: the history was lost"
		plain other "os.exit(1)"
		lost "$how" "$one"
		status_is 1
		has "FAILED: 1 of 3 files"
		plain other "assert(true)"
	done
	# Neither does it help to remove the files as well.
	lost 'rm -rf .firmo-jobs tests' "$one"
	status_is 1
	is "$(json 'file("good").status, file("good").reason')" "error cannot be read: No such file or directory"
}
