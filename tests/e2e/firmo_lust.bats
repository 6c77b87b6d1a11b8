#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Firmo and lust, or rather stand-ins that behave like them, on each Lua. The real Firmo is for
# `make check-firmo`.

load common
load fixtures/report
load fixtures/frameworks

FOLDER=tests

# in_project NAME ARG...: firmo-jobs ARG... in a new copy of the fixtures NAME.
in_project() {
	rm -rf "$1" report.json
	cp -r "$FIXTURES/$1" .
	run env -C "$1" "$FIRMO_JOBS" --lua="$LUA_NAME" --report="json:$PWD/report.json" "${@:2}"
	lua5.4 "$FIXTURES/check_report.lua" report.json
}

# says NAME NUMBER MESSAGE TRACEBACK-LINE: a test's whole message, and a line of the file in its traceback.
says() {
	query_is "file('tests/$1.lua').tests[$2].message" "$3"
	test_says "$1" "$2" traceback "tests/$1.lua:$4: in "
}

# selected ARG... -- TESTS: the tests of tags_test that --filter and --tag let through, and no others.
selected() {
	in_project "$PROJECT" tests/tags_test.lua "${@:1:$#-2}"
	tests_are tags_test "${*: -1}"
}

# tags_of NUMBER WANTED: of a test of tags_test.
tags_of() {
	query_is "table.concat(file('tests/tags_test.lua').tests[$1].tags, ' ')" "$2"
}

# ---- Firmo ----

firmo_results() {
	in_project firmo
	status_is 1
	query_is "#r.files" 8
	query_is "(function() for _, f in ipairs(r.files) do if f.framework ~= 'firmo' then return f.path end end end)()" ""

	ended outcomes_test fail "4 of 10 tests failed"
	tests_are outcomes_test "calculator>adds=pass calculator>fails=fail calculator>inside>differs=fail \
calculator>waits=pending calculator>is left out=skip calculator>raises a table=fail \
calculator>expects an error=pass calculator>is async=fail out of order>is not run=skip stands alone=pass"
	test_says outcomes_test 2 file tests/outcomes_test.lua
	query_is "file('tests/outcomes_test.lua').tests[2].line" 8
	says outcomes_test 2 "tests/outcomes_test.lua:10: wanted 4, got 3" 10
	query_is "file('tests/outcomes_test.lua').tests[2].traceback" "stack traceback:
	[C]: in function 'error'
	tests/outcomes_test.lua:10: in function 'deep'
	tests/outcomes_test.lua:12: in function <tests/outcomes_test.lua:8>"
	says outcomes_test 3 $'expected { 2, 3 }\nto equal { 2, 4 }\n\tat [2]' 16
	query_is "file('tests/outcomes_test.lua').tests[4].message" "not on this machine"
	query_is "file('tests/outcomes_test.lua').tests[5].message" "Test skipped due to filtering or tagging"
	query_is "file('tests/outcomes_test.lua').tests[5].line" 22
	test_says outcomes_test 6 message $'\nCaused by: a table\'s words'
	says outcomes_test 8 "Async test error in 'is async': tests/outcomes_test.lua:31: deep in async" 31
	query_is "file('tests/outcomes_test.lua').tests[8].traceback:find('async.lua', 1, true)" nil

	ended focus_test pass null
	tests_are focus_test "in focus>runs=pass beside it>does not run=skip beside it>runs as well=pass"
}

@test "firmo: results, messages, tracebacks, skips, focus" {
	on_each_lua string firmo_results
}

firmo_errors() {
	in_project firmo
	ended hooks_test fail "2 of 3 tests failed, 1 error outside of its tests"
	tests_are hooks_test "with a bad before>is charged=fail with a bad before>expects another error=pass \
with a bad after>is charged as well=fail"
	says hooks_test 1 "tests/hooks_test.lua:6: before is broken" 6
	says hooks_test 3 "tests/hooks_test.lua:17: after is broken" 17
	[[ $(error_of hooks_test) == *"expects another error|null|tests/hooks_test.lua:6: before is broken"* ]]

	ended describe_test fail "2 errors outside of its tests"
	tests_are describe_test "around it>runs=pass"
	[[ $(error_of describe_test) == "around it with a bad body|4|tests/describe_test.lua:5: describe is broken
calls it wrongly|9|"*"Invalid arguments to it()"* ]]
	has_traceback describe_test 5

	ended toplevel_test fail "1 error outside of its tests"
	tests_are toplevel_test "comes before=pass"
	is "$(error_of toplevel_test)" "null|3|tests/toplevel_test.lua:3: top level is broken"
	has_traceback toplevel_test 3
	ended syntax_test error "it did not load"
	[[ $(error_of syntax_test) == "null|2|tests/syntax_test.lua:2: "* ]]

	query_is "file('tests/exit_test.lua').status" error
	query_is "file('tests/exit_test.lua').exit" 0
	tests_are exit_test "leaver>stays=pass leaver>leaves=error"
	[[ $(error_of exit_test) == "leaver leaves|5|it called os.exit"* ]]
}

@test "firmo: hooks and blocks that fail, files that do not load, os.exit(0) in mid-test" {
	on_each_lua string firmo_errors
}

firmo_selection() {
	PROJECT=firmo
	selected --tag=db -- "store>writes=pass store>index>finds=pass store>index>sorts #slow=pass \
store>reads=pass store>within>is part of it=pass"
	status_is 0
	selected --tag=nothing,slow -- "store>writes=pass store>index>sorts #slow=pass"
	selected --tag=fast -- "store>index>sorts #slow=pass"
	selected --filter='^store index s' -- "store>index>sorts #slow=pass"
	selected --filter='^%l+ %l+$' --tag=slow -- "store>writes=pass"
	selected tests/tags_test.lua:8 tests/tags_test.lua:15 -- \
		"store>index>finds=pass store>index>sorts #slow=pass store>reads=pass store>within>is part of it=pass"
	selected --tag=db --exclude-tag=fast --exclude-tag=slow -- \
		"store>index>finds=pass store>reads=pass store>within>is part of it=pass"
	selected --filter='store reads$' -- "store>reads=pass store>within>is part of it=pass"
	selected --filter='none left' -- "after it>has none left=fail"
	status_is 1
	selected --tag=has -- ""
	status_is 4
	ended tags_test skip "none of its tests is selected"
}

@test "firmo: --filter and --tag select tests" {
	on_each_lua string firmo_selection
}

firmo_tags() {
	in_project firmo tests/tags_test.lua
	ended tags_test fail "1 of 8 tests failed"
	tags_of 1 ""
	tags_of 2 "slow unit db"
	tags_of 3 "unit db"
	tags_of 4 "unit db fast slow"
	tags_of 5 "unit db"
	tags_of 7 ""
	tags_of 8 ""
	query_is "(function() for _, t in ipairs(file('tests/tags_test.lua').tests) do
		if not (t.own >= 0 and t.own < 60) then return t.name end end end)()" ""
}

@test "firmo: tags of a test, and Firmo's own figure of its time" {
	on_each_lua string firmo_tags
}

# ---- lust ----

lust_results() {
	in_project lust
	status_is 1
	query_is "#r.files" 13
	query_is "(function() for _, f in ipairs(r.files) do if f.framework ~= 'lust' and not f.path:find('syntax') then return f.path end end end)()" ""

	ended outcomes_test fail "2 of 5 tests failed"
	query_is "file('tests/outcomes_test.lua').exit" 0
	tests_are outcomes_test "calculator>adds=pass calculator>fails=fail calculator>inside>raises a table=fail \
calculator>returns something=pass stands alone=pass"
	query_is "file('tests/outcomes_test.lua').tests[2].line" 13
	query_is "file('tests/outcomes_test.lua').tests[2].wall >= 0" true
	says outcomes_test 2 $'tests/outcomes_test.lua:15: expected 3 and 4 to be equal\n\tLHS: 3\n\tRHS: 4' 15
	says outcomes_test 3 "a table's words" 21
	query_is "file('tests/outcomes_test.lua').output:find('something', 1, true) ~= nil" true

	ended pass_test pass null
	tests_are pass_test "good>one=pass two=pass"
	ended skip_test skip "exit status 77"
	ended fork_test fail "1 of 3 tests failed"
	tests_are fork_test "fork>passes=pass fork>fails=fail fork>is left out=skip"
}

@test "lust: results, messages, tracebacks, its end, its descendants" {
	on_each_lua string lust_results
}

lust_errors() {
	in_project lust
	for name in before after; do
		[[ $(query "file('tests/${name}_test.lua').reason") == "it left (exit status 1) before its tests were done"* ]]
	done
	tests_are before_test "with a bad before>came earlier=fail with a bad before>is charged=error"
	says before_test 2 "tests/before_test.lua:9: before is broken" 9
	query_is "file('tests/before_test.lua').tests[2].traceback" "stack traceback:
	[C]: in function 'error'
	tests/before_test.lua:9: in function <tests/before_test.lua:8>"
	tests_are after_test "with a bad after>is charged=error"
	says after_test 1 "tests/after_test.lua:6: after is broken" 6
	is "$(error_of after_test)" "with a bad after is charged|8|tests/after_test.lua:6: after is broken"

	query_is "file('tests/describe_test.lua').status" error
	tests_are describe_test "around it>ran=pass"
	is "$(error_of describe_test)" "around it with a bad body|6|tests/describe_test.lua:7: describe is broken"
	has_traceback describe_test 7
	ended toplevel_test fail "1 of 1 tests failed, 1 error outside of its tests"
	[[ $(error_of toplevel_test) == "null|6|tests/toplevel_test.lua:6: top level is broken"* ]]
	ended unloaded_test error "it did not load"
	has_traceback unloaded_test 3
	ended syntax_test error "it did not load"
	[[ $(error_of syntax_test) == "null|3|tests/syntax_test.lua:3: "* ]]

	query_is "file('tests/exit_test.lua').exit" 0
	tests_are exit_test "leaver>stays=pass leaver>leaves=error"
	[[ $(error_of exit_test) == "leaver leaves|6|it called os.exit"* ]]
	query_is "file('tests/leave_test.lua').status" error
	[[ $(query "file('tests/leave_test.lua').reason") == "it called os.exit"* ]]
}

@test "lust: hooks and blocks that fail, files that do not load, os.exit(0) inside" {
	on_each_lua string lust_errors
}

lust_selection() {
	PROJECT=lust
	selected --tag=slow -- "store #db>writes #slow=pass"
	selected --tag=db --filter=reads -- "store #db>reads=pass store #db>is part of it=pass"
	status_is 0
	selected tests/tags_test.lua:7 --exclude-tag=slow -- "store #db>reads=pass store #db>is part of it=pass"
	selected --filter=nothing -- ""
	ended tags_test skip "none of its tests is selected"
	selected --tag=slow,db --filter=writes -- "store #db>writes #slow=pass"
	tags_of 1 "db slow"
}

@test "lust: --filter and --tag select tests" {
	on_each_lua string lust_selection
}

# ---- a deadline ----

# LuaJIT does not come back from a loop that it has compiled.
hanging() {
	[ "$LUA_NAME" != luajit ] || return 0
	rm -rf both
	cp -r "$FIXTURES/firmo" both
	cp -r "$FIXTURES/lust/." both
	run env -C both "$FIRMO_JOBS" -j3 --lua="$LUA_NAME" --timeout=1 --report="json:$PWD/report.json" hanging
	FOLDER=hanging
	for name in firmo_test expecting_test lust_test; do
		query_is "file('hanging/$name.lua').status" timeout
		[[ $(error_of $name) == "hanger hangs|9|timed out after 1 s"* ]] || fail "$name is not charged"
		[[ $(query "file('hanging/$name.lua').tests[1].traceback") == \
			"stack traceback:"*"hanging/$name.lua:5: in "*spin* ]] || fail "$name: no line of the loop"
	done
	is "$(error_of lust_test)" "hanger hangs|9|timed out after 1 s: hanging/lust_test.lua:10: interrupted!"
}

@test "firmo, lust: a test that hangs is shown with the line it hangs in" {
	on_each_lua string hanging
}

# ---- --failed ----

# three LINE_OF_B LINE_OF_C: a file of three tests.
three() {
	test_file tests/three_test.lua 'package.path = "./?.lua;" .. package.path' 'local lust = require("lib.lust")' \
		'lust.describe("three", function()' 'lust.it("a", function() end)' "$1" "$2" 'end)'
}

# again WANTED ARG...: what --failed runs of it.
again() {
	run fj --lua=lua5.4 --failed --report=json:report.json "${@:2}"
	tests_are three_test "$1"
}

@test "--failed runs the tests that failed, until none of them does" {
	local FOLDER=tests good='function() end)' bad='function() error("no") end)'
	mkdir -p lib
	cp "$FIXTURES/lust/lib/lust.lua" lib
	three "lust.it('b', $bad" "lust.it('c', $bad"
	run fj --lua=lua5.4
	status_is 1
	again "three>b=fail three>c=fail"
	status_is 1
	three "lust.it('b', $good" "lust.it('c', $bad"
	again "three>b=pass three>c=fail"
	again "three>c=fail"
	three "lust.it('b', $good" "lust.it('c', $good"
	again "three>c=pass"
	status_is 0
	run fj --lua=lua5.4 --failed
	has "nothing to run"
	# All of it has not passed yet.
	run fj --lua=lua5.4 --changed --report=json:report.json
	tests_are three_test "three>a=pass three>b=pass three>c=pass"

	# A test that is gone; one that passes otherwise; what fails outside of tests.
	three "lust.it('b', $bad" "lust.it('c', $bad"
	run fj --lua=lua5.4
	three "lust.it('b2', $good" "lust.it('c', $bad"
	again "three>c=fail"
	again "three>a=pass three>b2=pass three>c=fail"
	run fj --lua=lua5.4 --filter=c
	three "lust.it('b2', $good" "lust.it('c', $good"
	run fj --lua=lua5.4 --filter=c
	run fj --lua=lua5.4 --failed
	has "nothing to run"
	three "lust.it('b2', $good" "error('outside')"
	run fj --lua=lua5.4
	three "lust.it('b2', $good" "lust.it('c', $good"
	again "three>a=pass three>b2=pass three>c=pass"
	three "lust.it('b2', $bad" ""
	run fj --lua=lua5.4
	three "lust.it('b3', $bad" ""
	again ""
	ended three_test skip "the tests that failed are not there any more"
	again "three>a=pass three>b3=fail"
}

# ---- --list ----

@test "--list tells programs of the plan, and of the tests that are known" {
	mkdir -p lib
	cp "$FIXTURES/lust/lib/lust.lua" lib
	three "lust.it('b #slow', function() end)" "lust.it('c', function() error('no') end)"
	test_file tests/new_test.lua "return 1"
	run fj --lua=lua5.4 tests/three_test.lua
	run -0 fj --lua=lua5.4 --filter=a tests/three_test.lua
	run -0 fj --lua=lua5.4 -j2 --list --report=json:list.json
	is "$(cat list.json)" "$(fj --lua=lua5.4 -j2 --list --report=json)"
	REPORT=list.json
	query_is "r.schema .. r.workers .. r.unknown .. #r.files" 1212
	query_is "(r.predicted > 0) and r.predicted == r.lower_bound and r.files[1].expected == r.predicted" true
	query_is "file('tests/three_test.lua').last .. #file('tests/three_test.lua').tests" fail3
	query_is "(function() local t = file('tests/three_test.lua').tests[2]
		return t.path[1] .. t.name .. t.tags[1] .. t.file .. t.line .. t.last end)()" \
		"threeb #slowslowtests/three_test.lua5pass"
	query_is "file('tests/new_test.lua').tests" null
	query_is "file('tests/new_test.lua').deadline" 60.0
}
