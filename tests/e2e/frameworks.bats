#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# TAP and plain Lua on each Lua: which tests there were, how they ended, and what they said.

load common
load fixtures/report
load fixtures/frameworks

# ---- TAP ----

tap_results() {
	run_fixtures tap
	query_is "#r.files" 13
	ended outcomes_test fail "1 of 5 tests failed"
	tests_are outcomes_test "adds=pass fails=fail skips=skip waits=pending test 5=pass"
	test_says outcomes_test 2 message "expected 4, got 3"
	test_says outcomes_test 3 message "not on this machine"
	test_says outcomes_test 4 message "not written yet"

	ended short_test error "planned 3 tests but ran 2"
	ended long_test error "planned 1 tests but ran 2"
	query_is "file('t/noplan_test.lua').status" error
	[[ $(query "file('t/noplan_test.lua').reason") == *"no TAP plan"* ]]
	ended bail_test error "Bail out! the disk is on fire"
	tests_are bail_test "one=pass"
	ended skipall_test skip "no network here"
	ended todo_test pass null
	tests_are todo_test "one=pass two=pending"
	ended trailing_test pass null
	ended liar_test error "exit status 3, though no test failed"
	ended exit_test error "planned 2 tests but ran 1"
	ended dies_test error "planned 2 tests but ran 1"
	query_is "file('t/yaml_test.lua').tests[1].message" $'message: they differ\ngot: 3'
}

@test "tap: results, directives, plans that are not kept, Bail out" {
	on_each_lua string tap_results
}

@test "tap: what a script said when it died is whole, and not mixed with its standard output" {
	# The runner sleeps while the second half of the line and the results are written.
	test_file speak.sh "printf 'sh: ' >&2" "sleep 0.3" 'kill -STOP $PPID' \
		"printf 'x.lua:3: died between tests\n' >&2" "printf '1..2\nok 1 - one\n'" 'kill -CONT $PPID' "exit 1"
	test_file t/dies_test.lua "print('1..2')"
	run fj --command="sh speak.sh {}" --report=json:report.json t
	status_is 1
	is "$(error_of dies_test)" "null|3|x.lua:3: died between tests"
	LUA_NAME=lua5.4
	run_fixtures tap
	is "$(error_of dies_test)" "null|3|t/dies_test.lua:3: died between tests"
}

@test "tap: what is on standard error is no TAP" {
	LUA_NAME=lua5.4
	run_fixtures tap
	ended noise_test pass null
	tests_are noise_test "real=pass"
	query_is "file('t/noise_test.lua').output:find('more noise', 1, true) ~= nil" true
}

# ---- plain ----

plain_results() {
	run_fixtures plain
	query_is "#r.files" 5
	ended pass_test pass null
	ended exit_test fail "exit status 3"
	ended skip_test skip "exit status 77"
	ended fail_test fail "exit status 1"
	is "$(error_of fail_test)" "null|3|t/fail_test.lua:3: wanted 4, got 3"
	has_traceback fail_test 6
	[[ $(error_of syntax_test) == "null|1|t/syntax_test.lua:1: unexpected symbol near"* ]]
}

@test "plain: exit statuses, messages and tracebacks" {
	on_each_lua string plain_results
}

# ---- which is which ----

@test "the framework is told by what a file requires or calls" {
	test_file tests/a_test.lua "local lu = require 'luaunit' os.exit(lu.LuaUnit.run())"
	test_file tests/b_test.lua "describe('x', function() it('y', function() end) end)"
	test_file tests/c_test.lua "print('1..1') print('ok 1')"
	test_file tests/d_test.lua "-- require 'luaunit'; describe(" "local s = [[require 'busted']] assert(s)"
	test_file tests/e_test.lua "local firmo = require('firmo')"
	test_file tests/f_test.lua "local lust = require('tests.lust')"
	run fj --list
	status_is 0
	for pair in luaunit:a busted:b tap:c plain:d firmo:e lust:f; do
		[[ $output =~ ${pair%:*}\ +tests/${pair#*:}_test.lua ]] || fail "$pair"
	done
}

@test "an interpreter that ignores LUA_INIT gives an honest answer" {
	luaunit_test one "function testOne() end"
	run fj --command="lua5.4 -E {}" --report=json:report.json
	status_is 0
	query_is "r.files[1].status" pass
	query_is "#r.files[1].tests" 0
	query_is "counts()" "1 total 1 passed 0 failed 0 skipped 0 pending"
}
