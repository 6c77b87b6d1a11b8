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
	# What prints `ok 1` and no plan is no TAP.
	ended noplan_test pass null
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

# Rows of: our status, the verdict of prove, a stream. Where they differ, the manual says so.
tap_streams() {
	cat <<-'END'
		pass pass 1..2\nok 1\nok 2\n
		pass pass ok 1\nok 2\n1..2
		pass pass TAP version 13\r\n1..2\r\nok 1\r\nok 2\r\n
		pass fail TAP version 14\n1..1\nok 1\n
		pass fail TAP version 12\n1..1\nok 1\n
		error fail TAP version 99\n1..1\nok 1\n
		error fail 1..1\nTAP version 13\nok 1\n
		error fail ok 1\n
		error fail 1..3\nok 1\nok 2\n
		error fail 1..1\nok 1\nok 2\n
		error fail 1..2\nok 1\nok 7\n
		error fail 1..2\nok 1\nok 1\n
		error fail 1..3\nok 1\nok\nok 2\n
		error fail 1..5\nok 1\nok 2\n1..2\n
		error fail ok 1\n1..2\nok 2\n
		error fail 2..3\nok 2\nok 3\n
		error fail 1..1 loop\nok 1\n
		error fail 1..1\nok 99999999999999999999\n
		error fail 1..0\nok 1\n
		error fail 1..0\nnot ok 1 # SKIP\n
		error pass 1..0 no database\n
		error pass 1..2 todo 2\nok 1\nnot ok 2\n
		skip pass 1..0\n
		skip pass 1..0 # SKIP no database\n
		skip pass 1..0 # no database\n
		pass fail 1..3\nok 2\nok 3\nok 1\n
		pass fail 1..1 # one of them\nok 1\n
		pass pass 1..3\nok\nok 2\nok\n
		fail fail 1..2\nok 1\nnot ok 2\n
		pass pass 1..2\nok 1\nnot ok 2 - x # TODO y\n
		pass pass 1..2\nok 1\nok 2 - x # TODO y\n
		pass pass 1..2\nok 1\nok 2 - x # SKIP y\n
		pass fail 1..2\nok 1\nnot ok 2 - x # SKIP y\n
		fail fail 1..2\nok 1\nnot ok 2 - issue #skipper is open\n
		fail fail 1..2\nok 1\nnot ok 2 - x # todos\n
		fail fail 1..2\nok 1\nnot ok 2 - x # y # TODO\n
		fail fail 1..2\nok 1\nnot ok 2 - x \\# TODO y\n
		fail pass 1..2\nok 1\nnot ok 2 - x \\\\# TODO y\n
		fail pass 1..2\nok 1\nnot ok 2 - GET /a#todo works\n
		fail pass 1..2\nok 1\nnot ok 2 - fix #todo marks\n
		fail pass 1..2\nok 1\nnot ok 2 - x # todo.lua is read\n
		pass fail 1..2\nok 1\nnot ok 2 - issue #7 # TODO y\n
		error fail 1..1\nok 1\nnot ok: x\n
		pass pass 1..1\nok 1\nokay\nnot  ok 2\nOK 3\n
		error fail 1..1\nok 1\nBail out! x\n
		error fail 1..1\n    Bail out! x\nok 1\n
		error pass 1..1\nok 1\nbail out! x\n
		pass pass 1..1\n# Subtest: a\n    1..1\n    ok 1\nok 1 - a\n
		pass pass 1..1\n    1..1\n    not ok 1\nok 1\n
		fail fail 1..1\n    1..1\n    ok 1\nnot ok 1\n
		error fail 1..1\n    1..1\n    ok 1\n
		pass fail TAP version 13\n1..2\nok 1\n  ---\n  a: 1\nok 2\n
		error fail TAP version 13\n1..1\nok 1\n  ---\nnot ok 2\n
		pass pass TAP version 13\n1..1\nok 1\n  ---\n  a: 1\n  ...\n
		error fail TAP version 13\npragma +strict\n1..1\nnoise\nok 1\n
		pass fail TAP version 13\npragma +strict\n\n1..1\nok 1\n
		pass pass TAP version 13\npragma +strict\npragma -strict\n1..1\nnoise\nok 1\n
		pass pass 1..1\nok 1 a\0b \0377\n
		error fail 1..1\0\nok 1\n
		pass fail 1..2\n50%\rok 1\nok 2\n
		error pass 1..1\nok 1\rnot ok 2\n
		error pass 1..1\nok 1\n    not ok 1\n
		pass fail 1..1\n\0033[32mok 1\0033[0m\n
	END
}

@test "tap: streams are judged by the specification, and by prove where the manual names no difference" {
	local ours prove stream i=0
	mkdir t
	while read -r ours prove stream; do
		printf '%b' "$stream" >"t/s$((10 + ++i))_test.lua"
		echo "$ours $prove" >>wanted
	done < <(tap_streams)
	fj --framework=tap --command='cat {}' --order=path --report=json:report.json -q t >/dev/null || true
	json '(function() local t = {} for _, f in ipairs(r.files) do t[#t + 1] = f.path .. " " .. f.status end
		table.sort(t) return table.concat(t, "\n") end)()' | cut -d' ' -f2 >ours
	perl -MTAP::Parser -e 'for my $f (@ARGV) {
		my $p = TAP::Parser->new({exec => ["cat", $f]}); my $bailed;
		while (my $line = $p->next) { $bailed ||= $line->is_bailout }
		print $bailed || $p->has_problems ? "fail\n" : "pass\n" }' t/*.lua 2>/dev/null >proved
	paste -d' ' ours proved >got
	is "$(diff <(tap_streams | paste -d' ' got -) <(tap_streams | paste -d' ' wanted -))" ""
}

@test "tap: a TODO that passes is told" {
	test_file t/todo_test.lua "print('1..1\nok 1 - flies # TODO some day')"
	run fj4 --framework=tap -v --report=json:report.json t
	status_is 0
	[[ $output =~ pass\ +flies:\ passes,\ though\ TODO:\ some\ day ]]
	query_is "r.files[1].tests[1].message" "passes, though TODO: some day"
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
	test_file tests/c_test.lua "require 'Test.More'"
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
	status_is 1
	has "no results of its luaunit tests"
	run fj --command="lua5.4 -E {}" --framework=plain --report=json:report.json
	status_is 0
	query_is "r.files[1].status" pass
	query_is "#r.files[1].tests" 0
	query_is "counts()" "1 total 1 passed 0 failed 0 skipped 0 pending"
}
