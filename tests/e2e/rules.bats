#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# firmo-jobs.mk below real make: its targets, and above all test-stamps, where make itself decides by
# rules that firmo-jobs has written.

load common

setup() {
	setup_project
	PATH=${FIRMO_JOBS%/*}:$PATH
}

# makefile LINE...: a GNUmakefile of these lines; INCLUDE stands for that of firmo-jobs.mk, and a
# recipe's tab is written as >.
makefile() {
	printf '.RECIPEPREFIX := >\nexport LUA := lua5.4\nFIRMO_FLAGS = --lua=$(LUA)\n' >"${MAKEFILE:-GNUmakefile}"
	printf '%s\n' "${@/#INCLUDE/include \$(shell firmo-jobs --print-mk)}" >>"${MAKEFILE:-GNUmakefile}"
}

# As a user's terminal has it.
make_() {
	env -u FIRMO_JOBS make "$@" 3>&- 4>&- </dev/null
}

stamps() {
	run make_ -j4 test-stamps FIRMO_REPORTS=json:report.json "$@"
}

# runs [NAME...]: make test-stamps passes, and exactly these files run.
runs() {
	stamps
	status_is 0
	is "$(ran)" "$(printf '%s\n' "$@" | sort | xargs)"
}

# A program in front of firmo-jobs that writes down how it is called.
spy() {
	mkdir bin
	printf '#!/bin/sh\necho "$*" >>"%s/calls"\nexec "%s" "$@"\n' "$PWD" "$FIRMO_JOBS" >bin/firmo-jobs
	chmod +x bin/firmo-jobs
	PATH=$PWD/bin:$PATH
}

# called WORD: how often firmo-jobs was called with that option since the last time.
called() {
	grep -c -- " $1" calls || true
}

@test "every target does what it says, beside files of its name and with another's makefile" {
	plain good "assert(true)"
	plain bad "error('it is bad')"
	touch test test-changed test-failed test-list test-history test-report test-stamps
	makefile INCLUDE 'all:' '>@echo mine'
	settle
	run make_
	is "$output" mine
	run make_ -j2 test FIRMO_REPORTS='json:report.json junit:report.xml'
	status_is 2
	has "1 passed, 1 failed"
	is "$(json 'r.run.jobs, #r.files')" "2 2"
	[ -s report.xml ]
	run make_ test-changed FIRMO_REPORTS=json:report.json
	status_is 2
	is "$(ran)" bad
	run make_ test-failed
	status_is 2
	has "1 in all"
	run make_ test-list
	status_is 0
	has "tests/bad_test.lua"
	has "2 files"
	run make_ test-history
	status_is 0
	is "$(grep -c '^  [0-9]' <<<"$output")" 3
	run make_ test-report FIRMO_REPORTS=junit
	status_is 0
	has "<testsuites"
	hasnt good_test
	run make_ test/tests/good_test.lua test/tests
	status_is 2
	is "$(count ' PASS ')" 2
	rm test
	cp -r tests test
	run make_ test/good_test.lua FIRMO_TESTS=tests
	status_is 0
	has " test/good_test.lua"
	# Words with their quotes go where the shell reads them.
	cp tests/good_test.lua 'tests/a b_test.lua'
	run make_ test FIRMO_TESTS="'tests/a b_test.lua' tests/good_test.lua" FIRMO_ARGS="'c d' -v" FIRMO_STATE=state
	status_is 0
	has "tests/a b_test.lua"
	[ -e state/history.db ]
	run make_ -n test test-changed test-stamps FIRMO_STATE=none
	status_is 0
	has "firmo-jobs"
	[ ! -e none ]
}

@test "a prefix keeps all names apart" {
	plain good "assert(true)"
	makefile 'FIRMO_PREFIX := lua' INCLUDE 'test test-stamps:' '>@echo mine'
	run make_ test test-stamps
	is "$output" "mine
mine"
	run make_ lua-stamps
	status_is 0
	has "1 passed"
	run make_ lua lua/tests/good_test.lua lua-list lua-report
	status_is 0
	run make_ -npq lua-stamps
	is "$(grep '^[a-z][^ =]*:' <<<"$output" | grep -v '^lua\|^Makefile\|^GNUmakefile\|^firmo_\|^test\(-stamps\)\?:' || true)" ""
}

# suite NAME LINE...: the test NAME/NAME_test.lua.
suite() {
	test_file "$1/$1_test.lua" "${@:2}"
}

# What ran by the reports of these suites.
ran_in() {
	local name
	for name; do json 'file("").path' "$name.json"; done | xargs
}

@test "several suites in one makefile: each is what it was where its include stands" {
	suite ua "print(_VERSION)" "assert(_VERSION == 'Lua 5.3')"
	suite ub "assert(_VERSION == 'Lua 5.4')" "assert(arg[1] == 'word')"
	suite uc "assert(_VERSION == 'Lua 5.4')" "assert(not arg[1])"
	makefile 'LUA := lua5.3' 'FIRMO_REPORTS = json:$(FIRMO_TESTS).json' 'FIRMO_ARGS =' \
		'FIRMO_PREFIX := ua-test' 'FIRMO_TESTS := ua' 'FIRMO_NEEDS := made' INCLUDE \
		'LUA := lua5.4' \
		'FIRMO_PREFIX := ub-test' 'FIRMO_TESTS := ub' 'FIRMO_ARGS := word' 'FIRMO_NEEDS :=' INCLUDE \
		'define one' 'FIRMO_PREFIX := $(1)-test' 'FIRMO_TESTS := $(1)' 'FIRMO_ARGS :=' \
		'include $$(shell firmo-jobs --print-mk)' endef '$(foreach s,uc,$(eval $(call one,$(s))))' \
		'made: ; @touch made' 'all:'
	run make_ -j ua-test ub-test uc-test
	status_is 0
	is "$(count '1 passed')" 6
	is "$(ran_in ua ub uc)" "ua/ua_test.lua ub/ub_test.lua uc/uc_test.lua"
	[ -e made ]
	rm made ./*.json
	run make_ ub-test uc-test
	[ ! -e made ]
	# Each has rules of its own.
	run make_ -j4 ua-test-stamps ub-test-stamps uc-test-stamps
	status_is 0
	is "$(ran_in ua ub uc)" "ua/ua_test.lua ub/ub_test.lua uc/uc_test.lua"
	run make_ -k ua-test-list ub-test-list uc-test-list ub-test/ub/ub_test.lua uc-test/uc ub-test-failed ua-test-changed
	status_is 0
	is "$(count "plain    u")" 3
	# The command line is for all of them.
	run make_ -k ua-test ub-test FIRMO_TESTS=uc FIRMO_ARGS= FIRMO_REPORTS=
	status_is 2
	is "$(count "uc/uc_test.lua (")" 1
	is "$(count "PASS")" 1
}

@test "a suite's targets may have variables of their own" {
	suite ua "assert(arg[1] == 'a')"
	suite ub "assert(arg[1] == 'b' and arg[2] == 'more')"
	makefile 'FIRMO_PREFIX := ua-test' INCLUDE 'FIRMO_PREFIX := ub-test' INCLUDE \
		'ua-test ua-test-stamps: FIRMO_TESTS := ua' 'ua-test ua-test-stamps: FIRMO_ARGS := a' \
		'ub-all: FIRMO_TESTS := ub' 'ub-all: FIRMO_ARGS = b' 'ub-test ub-test-stamps: FIRMO_ARGS += more' \
		'ub-test-stamps: FIRMO_TESTS = ub' 'ub-all: ub-test' 'ub-test-changed: FIRMO_REPORTS = json:$@.json'
	run make_ -j ua-test ub-all ua-test-stamps
	status_is 0
	is "$(count '1 passed')" 6
	run make_ ub-test-changed FIRMO_TESTS=ub FIRMO_ARGS='b more'
	status_is 0
	[ -s ub-test-changed.json ]
}

@test "two suites of one name are refused in one line" {
	makefile INCLUDE INCLUDE
	run make_ test
	status_is 2
	is "${#lines[@]}" 1
	has "set FIRMO_PREFIX"
	for bad in 'a b' '' a%b a:b a=b a,b "a'b" 'a$$b' 'a\#b' 'a\b' 'a(b' -b '~'; do
		makefile "FIRMO_PREFIX := $bad" INCLUDE
		run make_ test
		status_is 2
		is "${#lines[@]}" 1
		has "one word"
	done
}

@test "no variable is undefined" {
	plain good "assert(true)"
	makefile INCLUDE 'FIRMO_PREFIX := lua' INCLUDE 'all:'
	for target in all {test,lua}{,-changed,-failed,-list,-history,-report,-stamps,/tests/good_test.lua}; do
		run make_ --warn-undefined-variables -j2 "$target"
		status_is 0
		hasnt warning
	done
}

@test "--report in FIRMO_FLAGS is for the runs, and for no other target" {
	plain good "assert(true)"
	makefile INCLUDE
	for target in test-changed test-list test-history test-stamps test-failed test-report test; do
		run make_ "$target" FIRMO_FLAGS='--lua=lua5.4 --report=junit:report.xml --report=json:report.json'
		status_is 0
	done
	is "$(json 'r.passed')" 1
	run make_ -s test-list FIRMO_FLAGS='--lua=lua5.4 --report=json'
	status_is 0
	has "good_test.lua"
	run fj4 --report=tap --no-report --report=json tests
	is "$(json 'r.passed' <(echo "$output"))" 1
}

@test "what is broken in the folder of rules and stamps is made anew" {
	local rules=.firmo-jobs/rules.mk stamps=.firmo-jobs/stamps how
	plain good "assert(true)"
	makefile INCLUDE
	settle
	runs good
	runs
	local -a ways=('echo "garbage (" >$rules' ': >$rules' 'sed -i "1i <<<<<<< HEAD" $rules'
		'rm $rules; mkdir -p $rules/x' 'head -c 100 $rules >cut; mv cut $rules' 'rm $rules; ln -s nowhere $rules'
		'rm $rules; mkfifo $rules' 'chmod 0 $rules $stamps' 'rm -r $stamps; echo x >$stamps'
		'rm -r $stamps; mkfifo $stamps' 'rm -r $stamps; ln -s nowhere $stamps'
		'rm -f $stamps/*; mkdir -p $stamps/tests,good_test.lua/x' 'rm -f $stamps/*; mkfifo $stamps/tests,good_test.lua'
		'rm -f $stamps/*; ln -s / $stamps/tests,good_test.lua')
	for how in "${ways[@]}"; do
		eval "$how"
		runs
		hasnt firmo-jobs:
		[ -f "$rules" ] && [ -f "$stamps/tests,good_test.lua" ] || fail "$how"
	done
	for how in "${ways[@]}"; do
		echo "-- $how" >>tests/good_test.lua
		eval "$how"
		runs good
	done
}

@test "a folder of any name is a root, also from below" {
	local name here=$PWD
	for name in "it's" 'a%b' '%' 'a$b' 'a$(b)' 'a"b' 'a`b' 'a\b' 'a\' 'a*b' 'a[b]' 'a#b' 'a:b' 'a b' ' a  b ' 'a;b' 'a=b' \
		'a|b' 'a&b' '~' -x '$(shell touch X)'; do
		mkdir -p "./$name/sub" "./$name/tests"
		cd "./$name"
		plain good "assert(true)"
		makefile INCLUDE
		cd sub
		run make_ -f ../GNUmakefile -j2 test test-stamps test-changed test/tests/good_test.lua
		status_is 0
		is "$(grep -cx OK <<<"$output")" 4
		is "$(ls -A)" ""
		[ -e ../.firmo-jobs/rules.mk ]
		cd "$here"
	done
	# What make cannot tell apart is told in one line, and how to help.
	cd 'a b/sub'
	run make_ -f "$here/a b/GNUmakefile" test
	status_is 2
	is "${#lines[@]}" 1
	has "set FIRMO_ROOT"
	run make_ -f "$here/a b/GNUmakefile" test test-stamps FIRMO_ROOT="$here/a b" FIRMO_MAKEFILE="$here/a b/GNUmakefile"
	status_is 0
	mkdir -p "$here"/$'a\nb'/sub
	cd "$here"/$'a\nb'/sub
	cp ../../it*/GNUmakefile ..
	run make_ -f ../GNUmakefile test
	status_is 2
	is "${#lines[@]}" 1
	has "newline"
}

@test "make -j4 test-stamps: four at once, no token is missed, and no slot is had twice" {
	meeting 8 4
	makefile INCLUDE
	stamps
	status_is 0
	has "8 passed"
	hasnt "firmo-jobs:"
	hasnt INTERNAL
	hasnt warning
	at_most 4
	is "$(json 'r.run.tokens_peak, r.run.jobs')" "4 4"
	is "$(json '(function() local s = {} for _, f in ipairs(r.files) do s[f.slot] = true end return s[0], s[1], s[2], s[3], s[4] end)()')" \
		"true true true true nil"
	is "$(sql 'select count(*) from run')" 1
}

@test "one report of everything, after failures with and without -k, and of what stands" {
	plain a_good "assert(true)"
	plain b_bad "error('it is bad')"
	plain c_good "assert(true)"
	makefile INCLUDE
	settle
	stamps -k
	status_is 2
	has "2 passed, 1 failed"
	is "$(count "Files:")" 1
	is "$(json '#r.files, r.success')" "3 false"
	is "$(sql 'select count(*), max(files), max(bad) from run')" "1|3|1"
	# What has failed stays so until it passes.
	stamps -k
	status_is 2
	is "$(ran)" b_bad
	is "$(json 'file("a_").cached, file("b_").status')" "true fail"
	# Its own failure ends make: what it has not come to is named, and is no pass.
	echo "-- changed" >>tests/c_good_test.lua
	run make_ -j1 test-stamps FIRMO_REPORTS=json:report.json
	status_is 2
	is "$(json 'file("a_").status, file("b_").status, file("c_").status')" "pass fail notrun"
	has "1 not run"
	has "FAILED: 1 of 3 files; 1 was not run"
	run make_ test-report
	has "b_bad_test.lua"
	plain b_bad "assert(true)"
	settle
	runs b_bad c_good
	runs
	is "$(json '#r.files, r.success')" "3 true"
	is "$(sql 'select count(*) from result where status <> 0')" 7
	# A selection without a test in some of its files is no failure of those.
	luaunit_test units "TestX = {}" "function TestX:test_one() end"
	stamps FIRMO_FLAGS="--lua=lua5.4 --filter=one"
	status_is 0
	is "$(json 'r.passed, #r.files')" "1 4"
	stamps FIRMO_FLAGS="--lua=lua5.4 --filter=two"
	status_is 2
	has "Error 4"
}

# interrupted SIGNAL-NAME NUMBER PID...
interrupted() {
	plain a_quick "assert(true) -- it is the largest, so that it runs first: nothing is known of times yet"
	plain b_hangs "io.open('hangs', 'w'):close() while true do end"
	plain c_last "io.open('last', 'w'):close()"
	makefile INCLUDE
	start_command setsid env -u FIRMO_JOBS make -j1 test-stamps FIRMO_REPORTS=json:report.json \
		FIRMO_FLAGS="--lua=lua5.4 --grace=0.1"
	await test -e hangs
	kill -"$1" -- "${3/PID/$RUNNER}"
	finish
	# make itself may miss its child's end at that moment, and then exits with 2.
	[ "$how" = "signal $2" ] || [ "$how" = "exit 2" ] || fail "$how"
	has "INTERRUPTED"
	has "2 not run"
	is "$(json 'file("a_").status, file("b_").status, file("c_").status, r.run.signal')" "pass notrun notrun $2"
	[ ! -e last ]
	is "$(ls -A "$TMPDIR")" ""
}

@test "Ctrl-C leaves the report of what had ended" {
	interrupted INT 2 -PID
}

@test "a make that is terminated does, too" {
	interrupted TERM 15 PID
}

@test "more files at once than there are file descriptors for" {
	local i
	for ((i = 0; i < 40; i++)); do plain "t$i" "os.execute('sleep 0.2')"; done
	makefile INCLUDE
	ulimit -n 64
	run make_ -j40 test-stamps
	status_is 0
	has "40 passed"
}

# The firmo-jobs above make, make itself, the firmo-jobs that waits, and what runs.
find_processes() {
	await eval 'child ABOVE "$RUNNER" firmo-jobs && child MAKE "$ABOVE" make &&
		child WAITS "$MAKE" firmo-jobs && child WORKER "$ABOVE" "lua*"'
}

hanging() {
	plain b_hangs "io.open('hangs', 'w'):close() while true do end"
	plain c_last "io.open('last', 'w'):close()"
	makefile INCLUDE
	start_command setsid env -u FIRMO_JOBS make "${@:2}" -j1 test-stamps FIRMO_REPORTS=json:report.json \
		FIRMO_FLAGS="--lua=lua5.4 --grace=0.1"
	await test -e hangs
	find_processes
	kill -"$1" "$ABOVE"
	finish
	is "$how" "exit 2"
	await eval 'gone $ABOVE && gone $MAKE && gone $WAITS && gone $WORKER'
	[ ! -e last ]
	await eval '[ -z "$(ls -A "$TMPDIR")" ]'
}

@test "SIGINT, SIGTERM, SIGHUP and SIGQUIT for the firmo-jobs above make alone end everything, with a report" {
	local signal
	for signal in INT TERM HUP QUIT; do
		rm -rf .firmo-jobs hangs
		hanging "$signal" -k
		has INTERRUPTED
		is "$(json 'r.run.signal')" "$(kill -l "$signal")"
	done
}

@test "a firmo-jobs above make that is killed takes make and the files with it, also below -k" {
	hanging KILL
	rm -rf .firmo-jobs hangs
	hanging KILL -k
}

@test "make below it that is killed, or who waits for a file, ends the run" {
	local which
	for which in MAKE WAITS; do
		rm -rf .firmo-jobs hangs
		plain hangs "io.open('hangs', 'w'):close() while true do end"
		makefile INCLUDE
		start_command setsid env -u FIRMO_JOBS make -j1 test-stamps FIRMO_FLAGS="--lua=lua5.4 --grace=0.1"
		await test -e hangs
		find_processes
		kill -KILL "${!which}"
		finish
		is "$how" "exit 2"
		has "NOT RUN: 1 of 1 file"
		await gone "$WORKER"
	done
}

@test "Ctrl-Z does not count into a file's time, nor into that of the run" {
	plain waits "io.open('hangs', 'w'):close() while not io.open('go') do end"
	makefile INCLUDE
	local began=${EPOCHREALTIME/./}
	start_command setsid env -u FIRMO_JOBS make -j1 test-stamps FIRMO_REPORTS=json:report.json \
		FIRMO_FLAGS="--lua=lua5.4 --timeout=4"
	await test -e hangs
	find_processes
	kill -TSTP "$ABOVE"
	await in_state T "$ABOVE"
	await in_state T "$WORKER"
	sleep 4.5
	touch go
	kill -CONT "$ABOVE"
	finish
	is "$how" "exit 0"
	local most="$((${EPOCHREALTIME/./} - began)) / 1e6 - 4.4"
	holds "file('waits').wall < $most and r.elapsed < $most"
}

@test "retries, --fail-fast and reports are for all files of the rules together" {
	plain flaky "if not io.open('tried') then io.open('tried', 'w'):close() error('first') end"
	plain good "assert(true)"
	: >tests/empty_test.lua
	makefile INCLUDE
	stamps FIRMO_FLAGS='--lua=lua5.4 --retries=1'
	status_is 0
	is "$(json 'file("flaky").flaky, file("empty").status, r.passed')" "true skip 2"
	plain bad "error('it is bad')"
	run make_ -k -j1 test-stamps FIRMO_FLAGS='--lua=lua5.4 --fail-fast' FIRMO_ARGS=again
	status_is 2
	has "STOPPED by --fail-fast"
	# Standard output is the report's alone.
	make_ -s -k test-stamps FIRMO_REPORTS=json >report.json 2>/dev/null || true
	is "$(json 'r.success, file("bad").status')" "false fail"
	# What does not fit that is run as ever.
	stamps FIRMO_FLAGS='--lua=lua5.4 --repeat=2' -k
	status_is 2
	is "$(json 'file("bad").status')" fail
}

@test "make -C, make -f from below, and a makefile below that includes the one above" {
	local here=$PWD
	plain good "assert(true)"
	makefile 'FIRMO_MAKEFILE := $(lastword $(MAKEFILE_LIST))' INCLUDE
	mkdir sub
	echo 'include ../GNUmakefile' >sub/GNUmakefile
	cd /
	run make_ -C "$here" test test-stamps
	status_is 0
	cd "$here/sub"
	run make_ -f ../GNUmakefile test test-changed test/tests/good_test.lua test-stamps test-report
	status_is 0
	run make_ test test-stamps
	status_is 0
	cd "$here"
	is "$(sql 'select count(*) from file')" 1
	is "$(find . -name history.db)" ./.firmo-jobs/history.db
	# One that lies below and is used from here is for here.
	MAKEFILE=sub/tests.mk makefile INCLUDE
	run make_ -f sub/tests.mk test test-stamps
	status_is 0
	is "$(find . -name history.db)" ./.firmo-jobs/history.db
	is "$(sql 'select count(*) from file')" 1
	# A folder with a blank.
	mkdir "$BASE/a b"
	cp -r tests GNUmakefile "$BASE/a b"
	run make_ -C "$BASE/a b" test test-stamps
	status_is 0
	cd "$BASE/a b"
	is "$(sql 'select count(*) from file')" 1
}

@test "names that make and shells take for something else" {
	local name n=0
	mkdir data
	for name in 'a b' 'a$b' 'a$(b)' 'a#b' 'a%b' '%' 'a:b' 'a=b' 'a:=b' 'a\b' 'a\ b' 'a\' 'a;b' '~a' 'a*b' 'a?b' 'a[b' '[a]' \
		"a'b" 'a"b' 'a`b' '-a' 'a|b' 'a&' '(a)' '!a' 'a,b' 'a+2Cb' $'\xff' 'ä' 'a\*b'; do
		echo fixture >"data/$name"
		plain "$name" "local name = [=[data/$name]=]" "assert(io.open(name)):close()"
		n=$((n + 1))
	done
	# Not by discovery below tests, where it would begin with a dash.
	cp data/-a ./-a_test.lua && echo 'assert(true)' >./-a_test.lua
	makefile 'FIRMO_TESTS := tests ./-a_test.lua' INCLUDE
	settle
	stamps
	status_is 0
	has "$((n + 1)) passed"
	runs
	hasnt warning
	# Each of them is a prerequisite, or is asked for by firmo-jobs; none that vanishes stops make.
	echo other >'data/a b'
	echo other >'data/a;b'
	echo other >'data/a$b'
	run make_ -j4 test-stamps FIRMO_REPORTS=json:report.json
	status_is 0
	is "$(ran)" 'a b a$b a;b'
	rm -r data
	stamps -k
	status_is 2
	has "$n failed"
	hasnt "No rule"
	mkdir data
	plain $'new\nline' "assert(true)"
	rm tests/[!n]*
	stamps
	status_is 2
	is "$(count 'firmo-jobs: tests/new\nline_test.lua: ')" 1
	has "1 not run"
}

@test "rules come and go with tests and inputs, nothing runs twice, and make does not begin anew for ever" {
	test_file lib/one.lua "return 1"
	plain one "assert(require('lib.one'))"
	plain two "assert(true)"
	plain restless "os.getenv('MAKE_RESTARTS')"
	makefile INCLUDE
	settle
	spy
	runs one restless two
	is "$(called "'\?tests/")" 3
	is "$(called --rules)" 1
	rm calls
	runs
	is "$(called "'\?tests/")" 0
	is "$(called --rules)" 1
	grep -q 'tests,one_test.lua :.* lib/one.lua' .firmo-jobs/rules.mk
	# Rules that are what they were are not written, and a stamp is no younger than what it stands for.
	inode=$(stat -c %i .firmo-jobs/rules.mk)
	runs
	is "$(stat -c %i .firmo-jobs/rules.mk)" "$inode"
	[ $(($(date +%s) - $(stat -c %Y .firmo-jobs/stamps/tests,one_test.lua))) -gt 1800 ]
	# A module of a module, a new test, and one that is gone.
	echo "return require('lib.deep')" >lib/one.lua
	test_file lib/deep.lua "return 1"
	plain new "assert(true)"
	rm tests/two_test.lua
	settle
	runs one new
	is "$(json '#r.files')" 3
	runs
	grep -q 'tests,one_test.lua :.* lib/deep.lua' .firmo-jobs/rules.mk
	# A prerequisite that is gone is the test's business.
	rm lib/deep.lua
	stamps
	status_is 2
	is "$(ran)" one
	hasnt "No rule"
	is "$(sql 'select count(*) from result where status <> 0')" 6
	# Stamps that somebody else made or took away tell nothing.
	test_file lib/deep.lua "return 1"
	settle
	run make_ -t test-stamps
	touch .firmo-jobs/stamps/tests,one_test.lua
	runs one
	rm -r .firmo-jobs/stamps
	runs
	rm .firmo-jobs/rules.mk
	runs
	# What was not run by make stands as well, and the other way round.
	rm .firmo-jobs/*.db*
	fj4 >/dev/null
	runs
	fj4 --changed --report=json:report.json
	is "$(ran)" ""
}

@test "every edit runs exactly the files that it matters to" {
	mkdir -p data other
	test_file lib/deep.lua "return 1"
	test_file lib/near.lua "return require('lib.deep')"
	test_file data/fixture.txt "fixture"
	test_file data/grandchild.txt "grandchild"
	plain modules "assert(require('lib.near') == 1)"
	plain reads "assert(io.open('data/fixture.txt')):close()"
	plain popen "local p = io.popen('sh -c \"cat data/grandchild.txt\"') assert(p:read('a')) p:close()"
	plain lists "local p = io.popen('ls other') assert(p:read('a')) p:close()"
	plain variable "print(os.getenv('MY_VARIABLE'))"
	plain whole "local p = io.popen('env') assert(p:read('a')) p:close()"
	plain path "package.path = './other/?.lua;./lib/?.lua' assert(require('deep') == 1)"
	plain still "assert(true)"
	makefile INCLUDE
	settle
	runs lists modules path popen reads still variable whole
	runs
	# Below any make, the environment is that of the tests.
	run make_ test-changed FIRMO_REPORTS=json:report.json
	is "$(ran)" ""
	touch lib/*.lua data/* tests/*.lua
	OTHER_VARIABLE=1 runs whole
	echo "return 1 -- two requires away" >lib/deep.lua
	echo other >>data/grandchild.txt
	# What was changed just before its file runs is not trusted: that has to be longer ago for certain.
	settle
	MY_VARIABLE=1 runs modules path popen variable whole
	runs variable whole
	runs
	test_file other/deep.lua "return 1 -- shadows lib/deep.lua"
	echo other >data/fixture.txt
	settle
	runs lists path reads
	mv lib/near.lua lib/far.lua
	rm other/deep.lua
	stamps -k
	status_is 2
	is "$(ran)" "lists modules path" # -k is for make alone
	mv lib/far.lua lib/near.lua
	mv tests/still_test.lua tests/renamed_test.lua
	settle
	stamps
	runs
	stamps LUA=lua5.3
	is "$(ran)" "lists modules path popen reads renamed variable whole"
	stamps LUA=lua5.3
	is "$(ran)" ""
	stamps LUA=lua5.3 FIRMO_FLAGS='--lua=lua5.3 --limit=nofile=200'
	is "$(ran)" "lists modules path popen reads renamed variable whole"
}

@test "what a test was seen to load is made before it runs, by the rules of the makefile" {
	mkdir src gen
	echo 'return 1' >src/first.in
	echo 'return 1' >src/second.in
	plain first "assert(require('gen.first'))"
	plain second "assert(require('gen.second'))"
	plain none "assert(true)"
	# One is found by a pattern, one by its name; and a built-in rule would make run from run.sh.
	plain run "assert(io.open('src/run')):close()"
	echo data >src/run
	makefile 'FIRMO_NEEDS := $(firstword $(NEEDS))' INCLUDE 'gen/%.lua: src/%.in' '>cp $< $@' \
		'gen/second.lua: src/second.in' '>cp $< $@' 'all: gen/first.lua gen/second.lua'
	run make_ all
	echo "exit" >src/run.sh
	settle
	runs first none run second
	echo 'return 2' >src/first.in
	runs first
	has "cp src/first.in gen/first.lua"
	# Whether the first has to run again depends on how soon after the change it ran.
	settle
	stamps
	echo 'return 2' >src/second.in
	runs second
	has "cp src/second.in gen/second.lua"
	settle
	stamps
	# Made anew as they were.
	rm gen/*
	runs
	has "cp src/second.in gen/second.lua"
	touch src/run.sh src/first.in
	runs
	is "$(<src/run)" data
	# What no test has been seen to load yet is declared.
	rm -r .firmo-jobs gen/*
	stamps -k
	status_is 2
	rm -r .firmo-jobs gen
	mkdir gen
	run make_ -k test NEEDS=all
	status_is 0
	rm gen/*
	run make_ test-changed NEEDS=all
	status_is 0
}

@test "what goes wrong with rules is told" {
	makefile INCLUDE
	stamps
	status_is 2
	is "$(count 'no test file found')" 1
	has "Error 4"
	plain good "assert(true)"
	run make_ test-stamps FIRMO_NEEDS=missing
	status_is 2
	has "missing"
	# A make that fails in between is no pass.
	stamps FIRMO_ARGS="'"
	status_is 2
	touch blocked
	run fj4 --rules=blocked/rules.mk
	status_is 3
	has "blocked"
	# A history that cannot be used stops nobody.
	stamps
	sql 'PRAGMA user_version=99'
	stamps
	status_is 0
	has "newer firmo-jobs"
	has "1 passed"
}

@test "examples/cmodule: a change of the C source runs the tests that load the module" {
	pkg-config --exists lua5.4 || pkg-config --exists lua-5.4 || skip "no headers of Lua here"
	cp -r "$BATS_TEST_DIRNAME"/../../examples/cmodule/. .
	rm -rf build .firmo-jobs
	settle
	runs frame picture runs
	has "-o build/runs.so"
	sed -i 's/a length is missing/there is no length/' src/runs.c
	run make_ -j4 test-changed FIRMO_REPORTS=json:report.json
	status_is 0
	is "$(ran)" "picture runs"
	# Whether they have to run again depends on how soon after the change they ran.
	settle
	stamps
	# By what was seen, without being told what the tests need.
	sed -i 's/digits cannot be encoded/there are digits/' src/runs.c
	stamps FIRMO_NEEDS=
	status_is 0
	has "-o build/runs.so"
	is "$(ran)" "picture runs"
	settle
	stamps
	echo "// A comment makes the same module." >>src/runs.c
	runs
	has "-o build/runs.so"
	rm -r build
	run make_ test CC="cc -nostdinc" LUA_CFLAGS=
	status_is 2
	has "The headers of Lua are missing"
}
