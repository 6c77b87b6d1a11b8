#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Fixtures: what is set up for some files before the first of them runs, once, and torn down at the end.

load common

# fixture MEMBERS: firmo-jobs.json with one fixture, db, of tests/db.
fixture() {
	printf '{"lua": "lua5.4", "fixtures": [{"match": "tests/db/**", "name": "db", %s}]}' "$1" >firmo-jobs.json
}

# A fixture that notes what it does, with two files that need it and one that does not.
simple() {
	test_file tests/db/a_test.lua 'assert(os.getenv("DB") == "x y")'
	test_file tests/db/b_test.lua 'assert(os.getenv("TEXT") == "1\n2")'
	test_file tests/c_test.lua 'assert(not os.getenv("DB"))'
	printf '%s\n' 'echo setup >>log' 'touch up' 'echo "DB=x y" >>"$FIRMO_JOBS_ENV"' \
		'printf "TEXT<<END\n1\n2\nEND\n" >>"$FIRMO_JOBS_ENV"' >setup.sh
	fixture '"setup": "sh setup.sh", "teardown": "echo teardown $DB >>log; rm up"'
}

@test "what is set up is there for its files alone, once, and torn down at the end" {
	simple
	run fj -j2 --report=text --report=json:report.json --report=junit:report.xml --report=html:report.html
	status_is 0
	is "$(<log)" "setup"$'\n'"teardown x y"
	[ ! -e up ]
	has "db: setup"
	has "db: teardown"
	conforms report.json report
	holds "#r.fixtures == 2 and r.fixtures[1].step == 'setup' and not r.fixtures[2].failed and r.fixtures[2].name == 'db'"
	grep -q '<testsuite name="fixture db"' report.xml
	xmllint --noout --schema "$BATS_TEST_DIRNAME/schema/junit.xsd" report.xml
	grep -q 'setup of db' report.html
	run fj --show --report=text --report=json:shown.json --report=junit:shown.xml
	has "db: setup"
	has "db: teardown"
	cmp shown.json report.json
	cmp shown.xml report.xml
	fj --export=copy.db
	fj --db=other.db --import=copy.db
	fj --db=other.db --show --report=json:shown.json
	cmp shown.json report.json
}

@test "it is set up only where one of its files runs" {
	simple
	settle
	run fj
	status_is 0
	rm log
	run fj --changed --report=json:report.json
	status_is 0
	holds "file('tests/db/a_test.lua').cached and #r.fixtures == 0"
	run fj tests/c_test.lua
	run fj --list
	status_is 0
	run fj --print-settings=tests/db/a_test.lua
	run fj --why=tests/db/a_test.lua
	has "would not run"
	run fj --rules
	run fj --advise
	: >tests/db/a_test.lua
	run fj tests/db/a_test.lua
	[ ! -e log ]
}

@test "variables that differ from those of the pass are a reason to run" {
	simple
	test_file tests/db/a_test.lua 'print(os.getenv("DB"))'
	test_file tests/db/b_test.lua 'print(1)'
	# Where nobody sees it being read.
	mkdir .firmo-jobs
	echo DB=1 >.firmo-jobs/values
	fixture '"setup": "cat .firmo-jobs/values >>$FIRMO_JOBS_ENV"'
	settle
	run fj
	status_is 0
	echo DB=2 >.firmo-jobs/values
	echo 'print(2)' >tests/db/b_test.lua
	run fj --changed --report=json:report.json
	status_is 0
	holds "not file('tests/db/a_test.lua').cached and not file('tests/db/b_test.lua').cached and file('tests/c_test.lua').cached and #r.fixtures == 1"
	fixture '"setup": "sh ./setup.sh"'
	run fj --why=tests/db/a_test.lua
	has 'setup of db was cat .firmo-jobs/values >>$FIRMO_JOBS_ENV, is sh ./setup.sh'
}

@test "a daemon lives until the teardown, and nothing waits for it" {
	test_file tests/db/a_test.lua 'local pid = io.open("daemon"):read("n")' 'assert(os.execute("kill -0 " .. pid))'
	fixture '"setup": "setsid sleep 1000 & echo $! >daemon; sleep 1000 & echo $! >child; env -i setsid sh daemon.sh & until [ -s stray ]; do :; done", "teardown": "kill -0 $(cat daemon) && kill -0 $(cat child) && kill -0 $(cat stray) && touch alive"'
	printf '%s\n' 'sleep 1000 & echo $! $$ >stray' 'wait' >daemon.sh
	# What the command of --gather leaves behind is none of ours.
	printf '%s\n' 'env -i setsid sleep 200 >/dev/null 2>&1 3>&- & echo $! >others' "\"$FIRMO_JOBS\" --join tests/db/a_test.lua" >command.sh
	for words in "" "--gather=sh command.sh"; do
		rm -f alive stray
		run fj ${words:+"$words"}
		status_is 0
		[ -e alive ]
		gone "$(<daemon)"
		gone "$(<child)"
		# Nothing but their descent tells of these.
		for pid in $(<stray); do
			gone "$pid"
		done
	done
	kill "$(<others)"
}

@test "a failed setup leaves its files out, and fails the run" {
	simple
	fixture '"setup": "echo no room; exit 3", "teardown": "touch torn"'
	run fj --report=text --report=json:report.json --report=junit:report.xml --report=tap:report.tap
	status_is 1
	is "$(tail -n1 report.tap)" "Bail out! the setup of db has failed"
	has "db: setup has failed (exit status 3)"
	has "| no room"
	has "the setup of db has failed"
	holds "file('tests/db/a_test.lua').status == 'notrun' and file('tests/db/a_test.lua').reason == 'the setup of db has failed'"
	holds "file('tests/c_test.lua').status == 'pass' and r.fixtures[1].failed and r.fixtures[1].output == 'no room\n' and not r.success"
	grep -q '<error message="exit status 3">no room' report.xml
	[ ! -e torn ]
	# Also where it is all that there was.
	run fj tests/db --report=json:report.json --report=tap:report.tap
	run fj --show --report=text --report=json:shown.json --report=tap:shown.tap
	has "| no room"
	has "; the setup of db has failed"
	cmp shown.json report.json
	cmp shown.tap report.tap
	fj tests/c_test.lua
	run fj --history
	has "3 runs, 3 of them to the end; 2 failed."
	is "$(count "a setup or a teardown has failed")" 2
	run fj --prune=0
	is "$(DB=.firmo-jobs/history.db sql "SELECT count(*) FROM fixture")" 0
}

@test "what a pass has seen of what was set up is no longer there" {
	simple
	test_file tests/db/a_test.lua 'assert(io.open("up"))'
	: >log
	settle
	run fj
	status_is 0
	run fj --why=tests/db/a_test.lua
	has "up: it was there, and is gone"
	run fj --why=tests/db/b_test.lua
	has "would not run"
}

@test "what a setup reads and looks for is an input of its files, and what it makes of it is not" {
	simple
	printf '%s\n' '[ -e up ] && exit 1' 'mkdir made && cat data >made/data' '[ -e kept ]' 'echo $OUTER' '. ./setup.sh' >first.sh
	: >log
	echo 1 >data
	test_file tests/db/a_test.lua 'io.open("written", "w")'
	fixture '"setup": "sh first.sh", "teardown": "rm -r up made"'
	settle
	run fj
	status_is 0
	# One of its files runs, and writes, while all that was set up is there.
	echo 'io.open("written", "w"):write("x")' >tests/db/a_test.lua
	run fj --changed --report=json:report.json
	status_is 0
	holds "not file('tests/db/a_test.lua').cached and file('tests/db/b_test.lua').cached and #r.fixtures == 2"
	run fj --why=tests/db/b_test.lua
	has "would not run"
	OUTER=1 run fj --why=tests/db/b_test.lua
	has OUTER
	local input
	for input in data setup.sh kept; do
		echo "# $input" >>"$input"
		run fj --why=tests/db/b_test.lua
		has "  $input: "
		run fj --why=tests/c_test.lua
		has "would not run"
	done
}

@test "a failed teardown fails the run" {
	simple
	fixture '"setup": "sh setup.sh", "teardown": "echo stuck; exit 1"'
	run fj --report=text --report=json:report.json --report=tap:report.tap
	status_is 1
	is "$(tail -n1 report.tap)" "Bail out! the teardown of db has failed"
	has "db: teardown has failed (exit status 1)"
	has "| stuck"
	has "FAILED: 0 of 3 files; the teardown of db has failed"
	holds "r.passed == 3 and r.fixtures[2].failed and not r.success"
}

@test "setups and teardowns have deadlines" {
	simple
	fixture '"setup": "echo $$ >pid; exec sleep 1000", "timeout": 1.5'
	run fj
	status_is 1
	has "it took longer than 1.5 s"
	gone "$(<pid)"
	fixture '"teardown": "echo $$ >pid; trap \"\" TERM; sleep 1000", "timeout": "1.5"'
	run fj
	status_is 1
	has "db: teardown has failed (it took longer than 1.5 s)"
	gone "$(<pid)"
}

@test "what was set up is torn down after Ctrl-C and --run-limit" {
	simple
	test_file tests/db/a_test.lua 'io.open("runs", "w"):close()' 'while true do end'
	start --report=json:report.json tests/db/a_test.lua
	await test -e runs
	kill -INT "$RUNNER"
	finish
	is "$how" "signal 2"
	is "$(<log)" "setup"$'\n'"teardown x y"
	rm log
	run fj --run-limit=3 tests/db/a_test.lua
	status_is 1
	is "$(<log)" "setup"$'\n'"teardown x y"
}

# interrupted PID: Ctrl-C once more, and that process has gone.
interrupted() {
	gone "$1" || { kill -INT "$RUNNER" && return 1; }
}

@test "Ctrl-C ends a setup, and what is not up is not torn down; a second one ends a teardown" {
	simple
	fixture '"setup": "echo $$ >setup.pid; exec sleep 1000", "teardown": "touch torn"'
	start tests/db
	await test -s setup.pid
	kill -INT "$RUNNER"
	finish
	is "$how" "signal 2"
	gone "$(<setup.pid)"
	[ ! -e torn ]
	has "the run was ended"
	fixture '"teardown": "echo $$ >teardown.pid; exec sleep 1000"'
	start tests/c_test.lua tests/db
	await test -s teardown.pid
	# Two signals at once are one.
	await interrupted "$(<teardown.pid)"
	finish
}

# refuses TEXT WHAT: what a setup writes is refused so, and its files do not run.
refuses() {
	printf "$1" >variables
	run fj tests/db
	status_is 1
	has "FIRMO_JOBS_ENV: $2"
	has "2 not run"
}

@test "a bad line of the variables is named" {
	simple
	fixture '"setup": "cat variables >>$FIRMO_JOBS_ENV"'
	refuses 'A=1\nwhat\n' 'line 2: wants NAME=VALUE or NAME<<END: what'
	refuses '1A=2\n' 'line 1: wants NAME=VALUE or NAME<<END: 1A=2'
	refuses 'B=1\nA<<E\nb\n' 'line 2: no line is E, which ends the value'
	refuses 'LD_PRELOAD=x\n' 'LD_PRELOAD: a worker has this variable from firmo-jobs itself'
	{
		printf 'BIG='
		head -c 140000 /dev/zero | tr '\0' x
	} >big
	fixture '"setup": "cat big >>$FIRMO_JOBS_ENV"'
	refuses '' 'BIG: a variable of 140004 bytes is too long for a process'
	fixture '"setup": "rm $FIRMO_JOBS_ENV; . ./variables"'
	refuses 'mkfifo $FIRMO_JOBS_ENV' 'the setup has put something else in the place of this file'
	refuses 'mkdir $FIRMO_JOBS_ENV' 'the setup has put something else in the place of this file'
	refuses '' 'the setup has removed this file'
	fixture '"setup": "cat variables >>$FIRMO_JOBS_ENV"'
	printf 'DB=x y\n\nTEXT<<E F\n1\n2\nE F' >variables
	run fj tests/db
	status_is 0
}

@test "several fixtures of a file, and one that its profile adds" {
	test_file tests/db/a_test.lua 'io.open("seen", "w"):write(os.getenv("A") or "-", os.getenv("B") or "-", os.getenv("C") or "-"):close()'
	cat >firmo-jobs.json <<-'END'
		{"lua": "lua5.4", "fixtures": [
			{"match": ["tests/db/*"], "setup": "echo A=1 >>$FIRMO_JOBS_ENV"},
			{"match": "a_*", "setup": "echo B=2 >>$FIRMO_JOBS_ENV"}],
		 "profiles": {"ci": {"fixtures": [{"match": "*", "setup": "echo C=3 >>$FIRMO_JOBS_ENV"}]}}}
	END
	run fj -j1
	status_is 0
	is "$(<seen)" "12-"
	has "fixtures[1]: setup"
	run fj --profile=ci
	is "$(<seen)" "123"
	is "$(fj --print-settings=tests/db/a_test.lua | sed -n 's/\.match .*//p')" "fixtures[0]"$'\n'"fixtures[1]"
	echo >tests/b_test.lua
	is "$(fj --profile=ci --print-settings=tests/b_test.lua | sed -n 's/\.match .*//p')" "profiles.ci.fixtures[0]"
	fixture '"setup": "true", "timeout": 2'
	run fj --print-settings=tests/db/a_test.lua
	has "fixtures.db.setup  true                     firmo-jobs.json: fixtures[0]"
	has "fixtures.db.timeout 2 "
	has "fixtures.db.teardown - "
}

@test "setups have numbers of their own" {
	test_file tests/a_test.lua 'io.open("slots", "a"):write(os.getenv("FIRMO_JOBS_SLOT"), "\n"):close()'
	echo '{"lua": "lua5.4", "fixtures": [{"match": "*", "setup": "echo $FIRMO_JOBS_SLOT >>slots"},
		{"match": "a_*", "setup": "echo $FIRMO_JOBS_SLOT >>slots"}]}' >firmo-jobs.json
	run fj -j1
	status_is 0
	is "$(sort -u slots | wc -l)" 3
}

@test "setups take slots as workers do" {
	simple
	printf 'all: ; +@"%s"\n' "$FIRMO_JOBS" >makefile
	run make -j2 --no-print-directory
	status_is 0
	hasnt "jobserver tokens"
}

@test "once for all that make schedules" {
	simple
	printf 'FIRMO_JOBS := %s\ninclude %s\n' "$FIRMO_JOBS" "$(fj --print-mk)" >makefile
	run make -j2 test-stamps
	status_is 0
	is "$(<log)" "setup"$'\n'"teardown x y"
	has "db: teardown"
	settle
	run make -j2 test-stamps
	rm log
	run make -j2 test-stamps
	status_is 0
	[ ! -e log ]
}

@test "once for all below --gather, also of those that run their files themselves" {
	simple
	printf '%s\n' 'all: a b c' 'a b: ; +@$(FIRMO_JOBS) tests/db/$@_test.lua' 'c: ; +@$(FIRMO_JOBS) tests/c_test.lua' >makefile
	run fj "--gather=make -s -k -j3"
	status_is 0
	has "3 passed"
	is "$(<log)" "setup"$'\n'"teardown x y"
	# Only the run above knows what the setup has depended on.
	settle
	run fj --why=tests/db/a_test.lua
	has "could not be watched"
	# Another fixture is their own.
	printf '%s\n' 'echo other >>log' >>setup.sh
	sed 's/sh setup.sh/& other/' firmo-jobs.json >other
	printf '%s\n' 'all: ; +@mv other firmo-jobs.json; $(FIRMO_JOBS) tests/db' >makefile
	rm log
	run fj "--gather=make -s"
	is "$(<log)" "setup"$'\n'other$'\n'"teardown x y"
	fixture '"setup": "echo setup >>log; exit 3", "teardown": "echo teardown >>log"'
	printf '%s\n' 'all: a b' 'a b: ; +@$(FIRMO_JOBS) tests/db/$@_test.lua' >makefile
	rm log
	run fj "--gather=make -s -k -j3" --report=json:report.json
	status_is 1
	is "$(<log)" setup
	holds "file('tests/db/a_test.lua').status == 'notrun' and #r.fixtures == 1 and r.fixtures[1].failed"
}

@test "below make, what a setup leaves behind takes no pass away that stood before it" {
	plain a "print(1)"
	plain b "print(2)"
	echo '{"lua": "lua5.4", "fixtures": [{"match": "*", "name": "db", "setup": "echo x >>left"}]}' >firmo-jobs.json
	printf 'FIRMO_JOBS := %s\ninclude %s\n' "$FIRMO_JOBS" "$(fj --print-mk)" >makefile
	settle
	run make -j2 test-stamps
	rm left
	plain b "print(3)"
	run make -j2 test-stamps FIRMO_REPORTS=json:report.json
	status_is 0
	is "$(ran)" b
}

@test "below make, what stood by other variables of a setup runs as well" {
	plain a "print(1)"
	plain b "print(2)"
	echo '{"lua": "lua5.4", "fixtures": [{"match": "*", "name": "db", "setup": "cat .firmo-jobs/values >>$FIRMO_JOBS_ENV"}]}' >firmo-jobs.json
	# Where nobody sees it being read.
	mkdir .firmo-jobs
	printf 'FIRMO_JOBS := %s\ninclude %s\n' "$FIRMO_JOBS" "$(fj --print-mk)" >makefile
	echo DB=1 >.firmo-jobs/values
	settle
	run make -j2 test-stamps
	echo DB=2 >.firmo-jobs/values
	plain b "print(3)"
	run make -j2 test-stamps FIRMO_REPORTS=json:report.json
	status_is 0
	is "$(ran)" "a b"
	is "$(stat -c %a .firmo-jobs/fixtures/*)" 600
	# What has never run was not asked for.
	plain c "print(4)"
	plain b "print(5)"
	echo DB=4 >.firmo-jobs/values
	run fj "--gather=$FIRMO_JOBS --join tests/b_test.lua" --report=json:report.json
	is "$(ran)" "a b"
	# Where something has failed, make has left the rest to the next time.
	rm tests/c_test.lua
	echo DB=3 >.firmo-jobs/values
	plain b "error('x')"
	run make -j2 test-stamps
	status_is 2
	hasnt "tests/a_test.lua"
}

@test "fixtures that are wrong" {
	plain a 'io.open("ran", "w")'
	local fixture text
	while IFS='|' read -r fixture text; do
		printf '{"fixtures": %s}' "$fixture" >firmo-jobs.json
		wrong_usage "firmo-jobs.json: $text"
	done <<-'END'
		{}|fixtures: wants a list of objects
		[3]|fixtures[0]: wants an object with match, setup and teardown
		[{"setup": "x"}]|fixtures[0]: wants match: a glob
		[{"match": "a"}]|fixtures[0]: wants a setup, a teardown or both
		[{"match": "a", "setup": 3}]|fixtures[0].setup: wants a text
		[{"match": "a", "setup": "x", "timeout": "soon"}]|fixtures[0].timeout: wants seconds
		[{"match": "a", "set-up": "x"}]|fixtures[0].set-up: no such setting; did you mean setup?
		[{"match": "a", "setup": "x", "name": "n"}, {"match": "b", "setup": "x", "name": "n"}]|fixtures[1]: another fixture has this name
	END
	[ ! -e ran ]
	printf '{"fixtures": [{"match": ["*_test.lua", "tests/bd/**"], "setup": "true"}]}' >firmo-jobs.json
	run --separate-stderr fj
	status_is 0
	is "$stderr" "firmo-jobs: firmo-jobs.json: fixtures[0].match: tests/bd/** matches no file"
}

@test "a setup waits where there is no room for one more process" {
	local i list=
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		plain "a$i"
		list+="${list:+, }{\"match\": \"tests/a${i}_*\", \"setup\": \"echo x >>log; sleep 0.3\"}"
	done
	printf '{"lua": "lua5.4", "fixtures": [%s]}' "$list" >firmo-jobs.json
	run bash -c 'ulimit -n 32; exec "$FIRMO_JOBS" -j12'
	status_is 0
	is "$(wc -l <log)" 12
}
