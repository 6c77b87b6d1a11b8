#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What a run says: text, progress, JSON, JUnit and TAP; and what it does where it cannot.

load common
load fixtures/report

ESC=$'\033'

# A project with a file of each outcome that needs no waiting.
mixed_project() {
	plain good "print('quiet please')"
	plain bad "print('heard before') error('it is broken')"
	plain left_out "os.exit(77)"
	busted_test several "describe('group', function()" "it('works', function() end)" \
		"it('fails', function() assert.are.equal(1, 2) end)" \
		"it('raises', function() error('thrown') end)" "pending('later')" "end)"
	luaunit_test unit "TestUnit = {}" "function TestUnit:testGood() end" \
		"function TestUnit:testSkipped() lu.skip('not now') end"
	test_file tests/lines_test.lua "print('1..2')" "print('ok 1 - first')" "print('not ok 2 - second')"
	busted_test unloadable "describe('never', function()" "it('is reached', function( end)" "end)"
}

# The report is what the schema says, and its figures agree.
check_report() {
	conforms "${1:-report.json}" report
	lua5.4 "$FIXTURES/check_report.lua" "${1:-report.json}"
}

# xpath EXPRESSION [FILE]
xpath() {
	xmllint --nonet --xpath "$1" "${2:-report.xml}"
}

# Fails unless FILE is what the schema says, and its sums are those of its elements, at each level.
check_junit() {
	local file=${1:-report.xml}
	xmllint --nonet --noout --schema "$BATS_TEST_DIRNAME/schema/junit.xsd" "$file"
	is "$(xpath 'count((/testsuites | //testsuite)[not(@tests = count(.//testcase) and @failures = count(.//failure)
		and @errors = count(.//error) and (not(@skipped) or @skipped = count(.//skipped)))])' "$file")" 0
}

# Fails unless FILE is TAP 14, and prove finds in it what the JSON report says. $tap: its sums.
check_tap() {
	local file=${1:-report.tap} proved wanted=1
	tap=$(/usr/bin/python3 "$FIXTURES/check_tap.py" "$file")
	proved=$(prove --exec cat "$file" 2>&1) && wanted=0
	[[ $proved != *"Parse errors"* ]] || fail "prove says: $proved"
	query_is "r.success and 0 or 1" $wanted
	[[ $tap == *"bailed out" || $proved == *"Tests=${tap%% points*}, "* ]] || fail "prove counts: $proved"
}

# Runs firmo-jobs ARG... with a report for programs in every format, and holds each of them to its rules.
reported() {
	run fj4 --report=json:report.json --report=junit:report.xml --report=tap:report.tap "$@"
	check_report
	check_junit
	check_tap
}

# ---- text ----

@test "text: a line for each file, with its time and what became of it" {
	mixed_project
	run fj4
	status_is 1
	[[ $output =~ (^|$'\n')\ \ \ PASS\ \[\ +[0-9]+\.[0-9]{3}s\]\ tests/good_test.lua ]]
	[[ $output =~ \ \ \ FAIL\ \[\ +[0-9.]+s\]\ tests/bad_test.lua ]]
	[[ $output =~ \ \ \ SKIP\ \[\ +[0-9.]+s\]\ tests/left_out_test.lua\ \(exit\ status\ 77\) ]]
	[[ $output =~ \ \ \ FAIL\ \[\ +[0-9.]+s\]\ tests/several_spec.lua\ \(2\ of\ 4\ tests\ failed\) ]]
	[[ $output =~ \ \ \ PASS\ \[\ +[0-9.]+s\]\ tests/unit_test.lua\ \(2\ tests,\ 1\ skipped\) ]]
	[[ $output =~ \ \ \ FAIL\ \[\ +[0-9.]+s\]\ tests/lines_test.lua\ \(1\ of\ 2\ tests\ failed\) ]]
	[[ $output =~ \ \ ERROR\ \[\ +[0-9.]+s\]\ tests/unloadable_spec.lua\ \(it\ did\ not\ load\) ]]
}

@test "text: a line is there as soon as its file has ended" {
	plain a "io.open('began', 'w'):close()"
	plain b "while not io.open('go') do os.execute('sleep 0.02') end"
	start -j1 --order=path
	await grep -q a_test.lua out
	refute grep -q b_test.lua out
	touch go
	finish
	status_is 0
	has b_test.lua
}

@test "text: a failure has its message, place, traceback and the worker's output" {
	mixed_project
	run fj4 tests/bad_test.lua tests/several_spec.lua tests/lines_test.lua
	status_is 1
	has "tests/bad_test.lua:1: it is broken"
	has "stack traceback:"
	has "in main chunk"
	has "    | heard before"
	has $'  x group fails\n      tests/several_spec.lua:3: Expected objects to be equal.'
	has $'  x group raises\n      tests/several_spec.lua:4: thrown'
	has "x second"
	hasnt "x first"
	hasnt "x group works"
}

@test "text: what a passing file wrote is not shown" {
	mixed_project
	run fj4
	hasnt "quiet please"
}

@test "--no-worker-output leaves out what the worker wrote and nothing else" {
	mixed_project
	run fj4 --no-worker-output
	status_is 1
	hasnt "heard before"
	hasnt "    | "
	has "it is broken"
	has "stack traceback:"
}

@test "-v lists every test" {
	mixed_project
	run fj4 -v
	status_is 1
	[[ $output =~ pass\ +[0-9.]+s\ group\ works ]]
	[[ $output =~ fail\ +[0-9.]+s\ group\ fails ]]
	[[ $output =~ error\ +[0-9.]+s\ group\ raises ]]
	[[ $output =~ pending\ +[0-9.]+s\ group\ later ]]
	[[ $output =~ skip\ +[0-9.]+s\ TestUnit\ testSkipped ]]
	[[ $output =~ pass\ +first ]]
	run fj4
	hasnt "group works"
}

@test "-q shows failures and sums only" {
	mixed_project
	run fj4 -q
	status_is 1
	hasnt PASS
	hasnt SKIP
	hasnt Slowest
	has "it is broken"
	has "Files: 7 in all"
	run fj4 -q tests/good_test.lua
	status_is 0
	is "$(cut -d: -f1 <<<"$output" | xargs)" "Files Tests Time OK"
}

@test "text: the sums" {
	mixed_project
	run fj4
	status_is 1
	has "Files: 7 in all, 2 passed, 3 failed, 1 with an error, 1 skipped"
	[[ $output =~ $'\n'Time:\ \ [0-9.]+s,\ for\ [0-9.]+s\ of\ work\ on\ up\ to\ [0-9]+\ worker ]]
}

@test "text: the sum of the tests counts each of them once" {
	plain good ""
	plain bad "error('no')"
	plain worse "os.exit(1)"
	run fj --report=json:report.json
	status_is 1
	query_is 'counts()' "3 total 1 passed 2 failed 0 skipped 0 pending"
	has "Tests: 3 in all, 1 passed, 2 failed"
	hasnt "errors"
}

@test "text: the end is a line for each failure, for editors too, and the command that runs them again" {
	busted_test several "describe('group', function()" \
		"it('fails', function() assert.are.equal(1, 2) end)" \
		"it('raises', function() error('thrown') end)" "end)"
	plain bad "error('it is broken')"
	plain good "assert(true)"
	plain leaves "os.exit(3)"
	# What becomes of this one call, as the Lua module has it, is not repeated.
	mkfifo input
	exec 7<>input
	run fj --end-with-input --report events:events --progress=none -j2 --order=path --repo=text --exclude='*no such*' \
		-- --verbose <&7 7<&-
	exec 7<&-
	status_is 1
	is "$(grep -E '^[^ :|][^:]*:[0-9]+: ' <<<"$output")" "tests/bad_test.lua:1: it is broken
tests/leaves_test.lua:1: exit status 3
tests/several_spec.lua:2: group fails: Expected objects to be equal. Passed in: (number) 2 Expected: (number) 1
tests/several_spec.lua:3: group raises: thrown"
	again=$(sed -n 's/^To run these again: //p' <<<"$output")
	is "$again" "$FIRMO_JOBS -j2 --order=path '--exclude=*no such*' --failed -- --verbose"
	run bash -c "$again"
	has "Files: 3 in all"
	is "$(sed -n 's/^To run these again: //p' <<<"$output")" "$again"
}

@test "text: failures of one cause stand below it; no command without a history" {
	for i in 1 2 3; do
		plain "t$i" "require 'missing_one'"
	done
	mkdir -p .firmo-jobs/history.db
	run fj -j1
	has "3 failures: module 'missing_one' not found
tests/t1_test.lua:1: the whole file
tests/t2_test.lua:1: the whole file
tests/t3_test.lua:1: the whole file
FAILED: 3 of 3 files"
}

@test "text: the slowest five, the slowest first" {
	for i in 1 2 3 4 5 6 7; do
		plain "t$i" ""
	done
	plain t8 ""
	run fj -j1
	status_is 0
	slowest=$(sed -n '/^Slowest files:$/,/^Files:/p' <<<"$output" | grep 'tests/')
	is "$(wc -l <<<"$slowest")" 5
	is "$(awk '{ print $1 }' <<<"$slowest")" "$(awk '{ print $1 }' <<<"$slowest" | sort -rn)"
	run fj tests/t1_test.lua
	hasnt Slowest
}

# ---- colours and progress ----

@test "no escape codes where nobody asked for them" {
	mixed_project
	plain colours "io.write('$ESC[31mred$ESC[0m$ESC]0;title\\a$ESC[2J') os.exit(1)"
	run fj4 -v
	status_is 1
	hasnt "$ESC"
	has "    | red"
	CLICOLOR=1 TERM=xterm-256color run fj4
	hasnt "$ESC"
}

@test "colours on a terminal, and not with NO_COLOR, --color=never or TERM=dumb" {
	plain good ""
	on_terminal --progress=none
	has "$ESC[32m   PASS$ESC[0m"
	NO_COLOR=1 on_terminal --progress=none
	has PASS
	hasnt "$ESC"
	on_terminal --progress=none --color=never
	hasnt "$ESC"
	NO_COLOR='' on_terminal --progress=none
	has "$ESC[32m"
	run env TERM=dumb script -qec "$FIRMO_JOBS" /dev/null
	has PASS
	hasnt "$ESC"
	CLICOLOR=0 on_terminal --progress=none
	hasnt "$ESC"
	FORCE_COLOR=0 on_terminal --progress=none
	hasnt "$ESC"
	for name in FORCE_COLOR CLICOLOR_FORCE; do
		run env "$name=1" "$FIRMO_JOBS"
		has "$ESC[32m"
		run env "$name=1" NO_COLOR=1 "$FIRMO_JOBS"
		hasnt "$ESC"
	done
}

@test "--color=always: also in a pipe, and beyond NO_COLOR" {
	plain good ""
	plain bad "io.write('$ESC[35mmagenta$ESC[0m$ESC[2J') os.exit(1)"
	NO_COLOR=1 run fj --color=always
	status_is 1
	has "$ESC[32m   PASS$ESC[0m"
	has "$ESC[31m   FAIL$ESC[0m"
	# The worker's colours stay, what would move the cursor does not.
	has "$ESC[35mmagenta"
	hasnt "$ESC[2J"
}

@test "progress: a line on the terminal, erased in the end, never in a log" {
	plain held "while not io.open('go') do os.execute('sleep 0.02') end"
	# stderr is the terminal, stdout a file.
	TERM=xterm script -qefc "$FIRMO_JOBS >log" screen </dev/null >/dev/null 2>&1 3>&- &
	script=$!
	await grep -q '\[0/1\] -* [0-9]*s; tests/held_test.lua [0-9]*s' screen
	touch go
	wait "$script"
	await grep -q PASS log
	refute grep -q "$ESC" log
	refute grep -q $'\r' log
	refute grep -qF '[0/1]' log
	# The last thing drawn is an erased line.
	[[ $(tr -d '\n' <screen) == *$'\r'"$ESC[K"* ]]
}

@test "progress: nothing of it where stderr is no terminal" {
	plain a "os.execute('sleep 0.3')"
	run --separate-stderr fj
	status_is 0
	is "$stderr" ""
	hasnt $'\r'
	# stdout a terminal, stderr a file
	TERM=xterm run script -qec "$FIRMO_JOBS 2>err" /dev/null
	is "$(cat err)" ""
	hasnt "[0/1]"
}

@test "--progress=none keeps a terminal quiet, --progress=bar draws without one" {
	plain held "os.execute('sleep 0.5')"
	on_terminal --progress=none --color=never
	status_is 0
	hasnt "[0/1]"
	hasnt "$ESC"
	rm -f out err
	plain held "while not io.open('go') do os.execute('sleep 0.02') end"
	start --progress=bar
	await grep -q '\[0/1\].* tests/held_test.lua' err
	touch go
	finish
	status_is 0
	hasnt '[0/1]'
}

@test "--progress=plain: whole lines, without a cursor" {
	plain held "while not io.open('go') do os.execute('sleep 0.02') end"
	start --progress=plain
	# Every ten seconds; a busy machine may be late.
	await grep -q '\[0/1\].* tests/held_test.lua [0-9][0-9]*s' err
	touch go
	finish
	status_is 0
	hasnt '[0/1]'
	[[ $errors != *$'\r'* ]]
	[[ $errors != *"$ESC"* ]]
}

# ---- JSON ----

@test "json: every field of the schema, and sums that agree" {
	mixed_project
	plain alone ""
	run fj4 --report=json:report.json
	status_is 1
	check_report
	query_is r.success false
	query_is '#r.files' 8
	query_is "file('tests/several_spec.lua').framework" busted
	query_is "tests('tests/several_spec.lua')" \
		"group>works=pass group>fails=fail group>raises=error group>later=pending"
	query_is "tests('tests/unit_test.lua')" "TestUnit>testGood=pass TestUnit>testSkipped=skip"
	query_is "tests('tests/lines_test.lua')" "first=pass second=fail"
	query_is "file('tests/lines_test.lua').expected" 2
	query_is "file('tests/bad_test.lua').exit" 1
	query_is "file('tests/bad_test.lua').signal" null
	query_is "file('tests/bad_test.lua').output:match('^heard before')" "heard before"
	query_is "file('tests/good_test.lua').output == 'quiet please\n'" true
	query_is "file('tests/left_out_test.lua').status" skip
	query_is "file('tests/unloadable_spec.lua').status" error
	query_is "file('tests/good_test.lua').maxrss > 2^18" true
	query_is "file('tests/good_test.lua').started > 1.6e9" true
	query_is "r.run.id" "$(sql 'SELECT max(id) FROM run')"
	query_is "'firmo-jobs ' .. r.run.version" "$(fj --version)"
}

@test "json: a run that passed, one without history" {
	plain good ""
	run fj --report=json:report.json --db=/dev/null/none
	status_is 0
	check_report
	query_is r.success true
	query_is '#r.errors' 0
	query_is r.run.id null
	query_is 'counts()' "1 total 1 passed 0 failed 0 skipped 0 pending"
}

@test "json to standard output: nothing else is there" {
	mixed_project
	run --separate-stderr fj4 --report=json
	status_is 1
	printf '%s\n' "$output" >report.json
	check_report
	run --separate-stderr fj4 --report=json:-
	printf '%s\n' "$output" >report.json
	check_report
	is "$stderr" ""
}

@test "json: the manual page describes every field of the schema, and no other" {
	local manual=$BATS_TEST_DIRNAME/../../src/cli/firmo-jobs.1
	lua5.4 - "$FIXTURES" <("$FIRMO_JOBS" --print-schema=report) >schema.txt <<-'END'
		local schema = dofile(arg[1] .. "/json.lua").read(arg[2])
		local function list(object)
			for name in pairs(object.properties) do print(name) end
		end
		list(schema)
		for _, name in ipairs({ "run", "error", "test", "file" }) do list(schema["$defs"][name]) end
	END
	sed -n '/^\.Ss JSON/,/^\.Ss JUnit/s/^\.It Va //p' "$manual" | sed 's/ , /\n/g' | sort >manual.txt
	sort schema.txt | diff - manual.txt
}

# ---- JUnit ----

@test "junit: well-formed, and its sums are those of its elements" {
	mixed_project
	run fj4 --report=junit:report.xml
	status_is 1
	check_junit
	is "$(xpath 'count(//testsuite)')" 7
	several='//testsuite[@name="tests/several_spec.lua"]'
	is "$(xpath "string($several/@tests)")" 4
	is "$(xpath "count($several/testcase[@classname='tests/several_spec.lua.group'][@name='fails']/failure)")" 1
	is "$(xpath "count($several/testcase[@name='raises']/error)")" 1
	is "$(xpath "count($several/testcase[@name='later']/skipped)")" 1
	is "$(xpath "count($several/testcase[@name='works']/*)")" 0
	[[ $(xpath "string($several/testcase[@name='raises']/error/@message)") == *thrown* ]]
	[[ $(xpath "string($several/testcase[@name='raises']/error)") == *"stack traceback:"* ]]
	[[ $(xpath 'string(//testsuite[@name="tests/bad_test.lua"]/system-out)') == *"heard before"* ]]
	[[ $(xpath 'string(//testsuite[@name="tests/bad_test.lua"]//error|
		//testsuite[@name="tests/bad_test.lua"]//failure)') == *"it is broken"* ]]
	[[ $(xpath 'string(//testsuite[1]/@timestamp)') =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}$ ]]
	xpath '//testsuite[@name="tests/unloadable_spec.lua"]//error'
}

# Every classname and name of report.xml, a line each.
identities() {
	xmllint --xpath '//testcase' report.xml | grep -o 'classname="[^"]*" name="[^"]*"'
}

@test "junit: every test has a name of its own, the same in every run, and a place" {
	local works="describe('init', function() it('works', function() end) it('works', function() end) end)"
	busted_test one "$works"
	busted_test two "$works" "it('works (2)', function() end)" "it('works', function() end)"
	busted_test three "describe('a b', function() it('c', function() end) end)" \
		"describe('a', function() describe('b', function() it('c', function() error('no') end) end) end)"
	luaunit_test units "TestInit = {}" "function TestInit:testWorks() end"
	test_file tests/lust_test.lua "local lust = require('lust')" "lust.describe('init', function()" \
		"lust.it('works', function() end) lust.it('works', function() end) end)"
	plain tap "print('1..2') print('ok 1 - works') print('ok 2 - works')"
	plain plain "return 1"
	cp tests/one_spec.lua tests/one.lua_spec.lua
	run -1 fj4 -j2 --report=junit:report.xml
	check_junit
	identities | sort >first
	is "$(uniq -d first)" ""
	is "$(wc -l <first)" "$(xpath 'count(//testcase)')"
	is "$(xpath 'count(//testcase[not(@file)])')" 0
	is "$(xpath "string(//testcase[@classname='tests/two_spec.lua'][@name='works (2)']/@line)")" 2
	is "$(xpath "string(//testcase[@classname='tests/three_spec.lua.a b'][@name='c (2)']/error/@message)" | grep -c no)" 1
	run fj4 -j1 --order=random:7 --report=junit:report.xml -- --shuffle
	identities | sort >second
	diff first second
}

@test "junit to standard output" {
	mixed_project
	run --separate-stderr fj4 --report=junit
	status_is 1
	printf '%s\n' "$output" >report.xml
	check_junit
}

# ---- TAP ----

@test "tap: a point for each file, its tests below, and the verdict of prove" {
	mixed_project
	reported
	status_is 1
	is "$tap" "7 points, 4 failed, 1 skipped, 0 todo; 9 points, 4 failed, 1 skipped, 1 todo"
	grep -qxF '    not ok 4 - group later # TODO' report.tap
	grep -qxF '    ok 2 - TestUnit testSkipped # SKIP not now' report.tap
	[[ $(prove --exec cat report.tap 2>&1) == *"Failed 4/7 subtests"* ]]
	rm tests/{bad,lines}_test.lua tests/{several,unloadable}_spec.lua
	reported
	status_is 0
	is "$tap" "3 points, 0 failed, 1 skipped, 0 todo; 2 points, 0 failed, 1 skipped, 0 todo"
	[[ $(prove --exec cat report.tap 2>&1) == *"Result: PASS" ]]
}

@test "tap: what we write we read" {
	mixed_project
	fj4 --report=tap:report.tap >/dev/null || true
	mv tests first
	test_file tests/again_test.lua "-- print('1..2')" "for line in io.lines('report.tap') do print(line) end"
	run fj4 --framework=tap --report=json:report.json
	status_is 1
	query_is 'counts()' "7 total 2 passed 4 failed 1 skipped 0 pending"
}

# ---- every kind of run, in every format ----

@test "all formats: crashes, a deadline, and files that did not start" {
	plain crash "os.execute('kill -SEGV \$PPID')"
	busted_test hang "describe('group', function()" "it('works', function() end)" \
		"it('hangs', function() while true do end end)" "end)"
	plain never ""
	reported -j1 --order=path --timeout=1 --grace=0.2 --max-failures=2
	status_is 1
	has "STOPPED by --max-failures: this report is partial, 1 file was not run"
	query_is "file('tests/crash_test.lua').status" error
	query_is "file('tests/crash_test.lua').signal" 11
	query_is "file('tests/crash_test.lua').exit" null
	query_is "file('tests/crash_test.lua').reason" "killed by SIGSEGV"
	query_is "file('tests/hang_spec.lua').status" timeout
	query_is "file('tests/never_test.lua').status" notrun
	query_is "file('tests/never_test.lua').slot" null
	query_is r.run.stopped --max-failures
	is "${tap%%;*}" "3 points, 2 failed, 1 skipped, 0 todo"
	is "$(xpath 'count(//testsuite[@name="tests/never_test.lua"]/testcase/skipped)')" 1
}

@test "all formats: files that are tried again" {
	mkdir tests
	busted_test flaky "describe('group', function()" "it('works', function() end)" \
		"it('wavers', function() assert.are.equal('2', os.getenv('FIRMO_JOBS_ATTEMPT')) end)" "end)"
	plain bad "error('always')"
	plain good ""
	reported -j1 --order=path --retries=2
	status_is 1
	has "Files: 3 in all, 1 passed, 1 flaky, 1 failed"
	has "  failed in the same way at each of its 3 attempts"
	has "FLAKY tests/flaky_spec.lua: passed at attempt 2"
	has "  attempt 1 failed: 1 of 2 tests failed"
	query_is "file('tests/flaky_spec.lua').flaky" true
	query_is "file('tests/flaky_spec.lua').earlier[1].tests[2].status" fail
	query_is "#file('tests/bad_test.lua').earlier" 2
	query_is "#r.errors" 1
	is "$(xpath 'count(//testcase[@name="wavers"][not(failure)]/flakyFailure)')" 1
	is "$(xpath 'count(//testsuite[@name="tests/bad_test.lua"]/testcase[failure]/rerunFailure)')" 2
	is "$(xpath 'count(//flakyFailure/system-out)')" 1
	rm tests/bad_test.lua
	reported -j1 --retries=2
	status_is 0
	reported -j1 --retries=2 --flaky=fail
	status_is 1
	has "and 1 flaky (--flaky=fail)"
	query_is r.run.flaky_fails true
}

@test "all formats: files that are repeated" {
	plain odd "assert(tonumber(os.getenv('FIRMO_JOBS_ATTEMPT')) % 3 > 0, 'every third time')"
	plain good ""
	reported -j1 --repeat=7
	status_is 1
	has "  failed 2 of 7 times, first at attempt 3, which is shown here"
	has "Runs:  14 of these files, 2 of them failed"
	query_is "file('tests/odd_test.lua').attempts" 7
	query_is "file('tests/odd_test.lua').failures" 2
	query_is "file('tests/odd_test.lua').attempt" 3
	query_is r.run.repeated true
}

@test "all formats: a run that is interrupted" {
	plain a ""
	plain b "io.open('began', 'w'):close()" "while true do end"
	plain c ""
	start --lua="$LUA" -j1 --order=path --report=json:report.json --report=junit:report.xml --report=tap:report.tap
	await test -e began
	kill -INT "$RUNNER"
	finish
	is "$how" "signal 2"
	has "INTERRUPTED: this report is partial, 2 files were not run"
	check_report
	check_junit
	check_tap
	query_is r.run.signal 2
	[[ $tap == "3 points, 0 failed, 2 skipped, "*", bailed out" ]]
	[[ $(prove --exec cat report.tap 2>&1) == *"Bailout called.  Further testing stopped:  interrupted by SIGINT"* ]]
}

@test "all formats: no test is left, and nothing but empty files" {
	plain one ""
	reported --filter=nosuch
	status_is 4
	has "NO TEST MATCHES"
	query_is r.success false
	: >tests/one_test.lua
	reported
	status_is 4
	query_is r.success false
	is "${tap%%;*}" "1 points, 0 failed, 1 skipped, 0 todo"
	[[ $tap == *", bailed out" ]]
}

@test "all formats: --show gives what the run gave" {
	mixed_project
	plain sometimes "assert(os.getenv('FIRMO_JOBS_ATTEMPT') == '2')"
	reported -j1 --retries=1
	mkdir first && mv report.* first
	run fj --show --report=json:report.json --report=junit:report.xml --report=tap:report.tap
	for file in json xml tap; do
		cmp first/report.$file report.$file
	done
}

# ---- GitHub ----

@test "GITHUB_ACTIONS: the text ends with annotations, a file does not" {
	mixed_project
	plain flaky "assert(os.getenv('FIRMO_JOBS_ATTEMPT') == '2')"
	GITHUB_ACTIONS=true run fj4 -j1 --retries=1 --report=text:report.txt
	status_is 1
	is "$(grep '^::' <<<"$output")" "$(tail -n 6 <<<"$output")"
	has "::error file=tests/bad_test.lua,line=1,title=tests/bad_test.lua%3A exit status 1::tests/bad_test.lua:1: it is broken"
	has "::error file=tests/several_spec.lua,line=3,title=tests/several_spec.lua%3A group fails::tests/several_spec.lua:3: Expected objects to be equal.%0APassed in:"
	has "::error file=tests/unloadable_spec.lua,line=2,title=tests/unloadable_spec.lua%3A it did not load::"
	has "::warning file=tests/flaky_test.lua,title=tests/flaky_test.lua%3A flaky::passed at attempt 2"
	refute grep -q '^::' report.txt
	GITHUB_ACTIONS= run fj4
	hasnt "::error"
	GITHUB_ACTIONS=true run fj4 --report=json
	hasnt "::error"
}

# ---- where reports go ----

@test "several reports at once, each to its file, text to the terminal all the same" {
	mixed_project
	run fj4 --report=json:report.json --report=junit:report.xml --report=text:report.txt
	status_is 1
	check_report
	check_junit
	has "Files: 7 in all"
	# The file has the lines in the order of the terminal.
	is "$(cat report.txt)" "$output"
}

@test "a report makes the folders that it needs" {
	plain good ""
	run fj --report=json:a/new/folder/report.json --report=junit:"$PWD/b/c/report.xml"
	status_is 0
	check_report a/new/folder/report.json
	check_junit b/c/report.xml
}

@test "a report is replaced in one step, and nothing is left beside it" {
	plain good ""
	mkdir out
	fj --report=json:out/report.json -q
	exec 9<out/report.json
	before=$(cat out/report.json)
	plain other "error('more')"
	run fj --report=json:out/report.json -q
	status_is 1
	# Who had the old one open still reads all of it.
	is "$(cat <&9)" "$before"
	exec 9<&-
	[ "$(cat out/report.json)" != "$before" ]
	check_report out/report.json
	is "$(files_in out)" "report.json "
}

@test "a report gets the mode of any new file" {
	plain good ""
	(umask 027 && fj -q --report=json:a.json)
	is "$(stat -c %a a.json)" 640
	(umask 022 && fj -q --report=json:b.json)
	is "$(stat -c %a b.json)" 644
}

@test "a report to a link goes where the link leads" {
	# /dev/stdout is such a link: to replace it would be a disaster, for root.
	plain good ""
	echo old >target.json
	ln -s target.json link.json
	run fj --report=json:link.json
	status_is 0
	test -L link.json
	check_report target.json
}

@test "a report to a fifo or a device is written there" {
	plain good ""
	mkfifo pipe
	cat pipe >report.json 3>&- &
	reader=$!
	run fj --report=json:pipe --report=junit:/dev/null
	status_is 0
	wait "$reader"
	check_report
	test -p pipe
	test -c /dev/null
}

@test "two reports cannot both go to standard output" {
	plain good "io.open('ran', 'w'):close()"
	wrong_usage --report=json --report=junit "only one report can go to standard output"
	wrong_usage --report=text --report=json:- "only one report can go to standard output"
	refute test -e ran
	run fj --report=json:a.json --report=junit
	status_is 0
}

@test "a report that cannot be written: 3 after a pass, 1 after a failure, the others are written" {
	plain good ""
	mkdir folder
	run --separate-stderr fj --report=json:folder --report=junit:report.xml
	status_is 3
	one_line folder
	has "1 passed"
	check_junit
	is "$(files_in .)" ".firmo-jobs folder report.xml tests "
	bad 3 "/dev/null" --report=json:/dev/null/report.json
	bad 3 "/dev/full" --report=json:/dev/full
	plain bad "error('no')"
	run --separate-stderr fj --report=json:folder
	status_is 1
	one_line folder
	has "tests/bad_test.lua:1: no"
	# The history has it all the same.
	is "$(sql "SELECT count(*) FROM result")" 5
}

@test "a report that does not fit on the disk leaves the old one whole" {
	unshare -rm true 2>/dev/null || skip "no name space of mounts here"
	plain good "print(('x'):rep(4000))"
	mkdir disk
	export -f fj
	run --separate-stderr unshare -rm bash -c '
		mount -t tmpfs -o size=16k tmpfs disk || exit 99
		echo old >disk/report.json
		head -c 8192 /dev/zero >disk/ballast
		fj --report=json:disk/report.json
		status=$?
		cat disk/report.json
		ls disk
		exit $status'
	[ "$status" -ne 99 ] || skip "no tmpfs can be mounted here"
	status_is 3
	one_line "No space left on device"
	[[ $output == *$'old\nballast\nreport.json' ]]
}

@test "standard output that is full or closed is no success" {
	plain good ""
	run --separate-stderr bash -c '"$FIRMO_JOBS" >/dev/full'
	status_is 3
	one_line "No space left on device"
}

# ---- hostile names and output ----

NAMES=($'new\nline_test.lua' 'quo"te'"'"'s_test.lua' '-dash_test.lua' $'inv\xff\xfealid_test.lua' \
	$'ctl\x01\x1b[31m_test.lua' '&amp;<b>]]>_test.lua' ' blank space _test.lua' $'caf\xc3\xa9_test.lua' \
	'%s%n_test.lua' 'back\slash_test.lua')

hostile_names() {
	local name
	for name in "${NAMES[@]}"; do
		test_file "tests/$name" "$@"
	done
}

@test "hostile names: all run, and a text line each" {
	hostile_names "-- nothing"
	run fj --order=path
	status_is 0
	has "Files: ${#NAMES[@]} in all, ${#NAMES[@]} passed"
	is "$(count PASS)" "${#NAMES[@]}"
	has 'tests/new\nline_test.lua'
	has 'tests/inv\xff\xfealid_test.lua'
	has 'tests/ctl\x01\x1b[31m_test.lua'
	has $'tests/caf\xc3\xa9_test.lua'
	hasnt "$ESC"
	run fj --list
	status_is 0
	is "$(count plain)" "${#NAMES[@]}"
	hasnt "$ESC"
	run fj --history=slowest
	status_is 0
	hasnt "$ESC"
	has 'tests/new\nline_test.lua'
}

@test "hostile names that fail: every report is still what it has to be" {
	hostile_names "error('no')"
	reported
	status_is 1
	query_is '#r.files' "${#NAMES[@]}"
	query_is '#r.errors' "${#NAMES[@]}"
	query_is 'file("tests/new\nline_test.lua").status' fail
	query_is 'file("tests/quo\"te'"\\'"'s_test.lua").status' fail
	query_is 'file("tests/ctl\1\27[31m_test.lua").status' fail
	query_is 'file("tests/inv\u{fffd}\u{fffd}alid_test.lua").status' fail
	query_is 'file("tests/back\\slash_test.lua").status' fail
	is "$(xpath 'count(//testsuite)')" "${#NAMES[@]}"
	is "$(xpath 'count(//testsuite[@name="tests/&amp;<b>]]>_test.lua"])')" 1
	is "$(xpath 'count(//testsuite[contains(@name, "'$'new\nline''")])')" 1
}

@test "hostile names in their own right: a dash in front, named on the command line" {
	test_file ./-dash.lua "io.open('ran', 'w'):close()"
	run fj --framework=plain ./-dash.lua
	status_is 0
	test -e ran
}

@test "hostile output: whole in json, harmless in text, well-formed in junit" {
	plain bad "io.write('a\\0b\\1c\\127d\\255e\\27[2Jf]]>&<g\\r\\nh\\239\\191\\190i\\n') os.exit(1)"
	reported
	status_is 1
	hasnt "$ESC"
	hasnt $'\x01'
	hasnt $'\xff'
	has "]]>&<g"
	query_is 'r.files[1].output == "a\0b\1c\127d\u{fffd}e\27[2Jf]]>&<g\r\nh\u{fffe}i\n"' true
	[[ $(xpath 'string(//system-out)') == *"]]>&<g"* ]]
}

@test "hostile messages and test names in each format" {
	busted_test bad "describe('gr\\0\\255<&\"', function()" \
		"it('te\\nst\\1\\27[31m]]>', function() error('mess\\0\\254\\27[2J<![CDATA[x]]>') end)" "end)"
	luaunit_test bad "TestX = {}" \
		"TestX['test\\2\\253 \"q\" <x>'] = function() error('oh\\3\\252\\27[1m&') end"
	reported -v
	status_is 1
	hasnt "$ESC"
	hasnt $'\x01'
	query_is 'file("tests/bad_spec.lua").tests[1].name' $'te\nst\x01\x1b[31m]]>'
	query_is 'file("tests/bad_spec.lua").tests[1].status' error
	query_is 'file("tests/bad_test.lua").tests[1].name' $'test\x02\xef\xbf\xbd "q" <x>'
	is "$(xpath 'count(//testcase/error)')" 2
}

@test "no string breaks a report" {
	local seed
	mkdir tests
	for seed in 1 2 3; do
		echo "seed $seed"
		lua5.4 "$FIXTURES/nasty.lua" $seed
		reported -v --retries=1
		status_is 1
		hasnt "$ESC"
		refute grep -qP '[\x00-\x08\x0b-\x1f\x7f]' <<<"$output"
		GITHUB_ACTIONS=1 run fj4 --no-worker-output
		[ "$(grep -c '^::error file=tests/' <<<"$output")" -ge 20 ] || fail "annotations are missing"
	done
}

@test "long output: its head and its tail, in every format" {
	plain bad "os.execute('$HELPERS/misbehave flood 3M') os.exit(1)"
	reported
	status_is 1
	has "line 1 "
	has "LAST LINE"
	[ "${#output}" -lt 400000 ]
	query_is "r.files[1].output:find('LAST LINE', 1, true) ~= nil" true
	query_is "#r.files[1].output < 400000" true
}
