#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# busted and LuaUnit on each Lua: every test by name, what it said, and what failed around the tests.

load common
load fixtures/report
load fixtures/frameworks

# says NAME NUMBER MESSAGE: a test's whole message.
says() {
	query_is "file('t/$1.lua').tests[$2].message" "$3"
}

# names_of FILE: the full names of its tests, one a line.
names_of() {
	query "(function() local t = {} for i, x in ipairs(file('$1').tests) do
		t[i] = table.concat(x.path, ' ') .. (#x.path > 0 and ' ' or '') .. x.name
	end return table.concat(t, '\n') end)()"
}

# events_of COMMAND...: what the shim says, in the file `events`; what the command prints is in `printed`.
events_of() {
	local init kind=plain
	[[ $* != *busted* ]] || kind=busted
	init=$(realpath "$BATS_TEST_DIRNAME/../../src/framework/lua/init.lua")
	(export FIRMO_JOBS_EVENTS=3 FIRMO_JOBS_SHIM=0,$kind FIRMO_JOBS_PID=$BASHPID LUA_INIT=@$init
		exec "$@" 3>events >printed 2>&1) || true
}

# event TEXT...: a line of events has all of these texts.
event() {
	local lines text
	lines=$(<events)
	for text; do
		lines=$(grep -aF -- "$text" <<<"$lines") || fail "no event has: $* in: $(<events)"
	done
}

# no_event TEXT
no_event() {
	refute grep -qaF -- "$1" events
}

# selected WANTED ARG...: the tests of the only file that ARG... let through, and no others.
selected() {
	run fj --report=json:report.json "${@:2}"
	status_is "$([ -n "$1" ] && echo 0 || echo 4)"
	query_is "tests(r.files[1].path)" "$1"
}

# ---- busted ----

busted_command() {
	"$LUA_NAME" "$(command -v busted)" "$@"
}

busted_results() {
	run_fixtures busted
	query_is "#r.files" 11
	ended pass_spec pass null
	tests_are pass_spec "good>one=pass good>two=pass"

	ended outcomes_spec fail "2 of 6 tests failed"
	tests_are outcomes_spec "calculator>adds=pass calculator>fails=fail calculator>raises=error \
calculator>later=pending calculator>gives up=pending calculator>inside>nests=pass"
	says outcomes_spec 2 $'t/outcomes_spec.lua:6: Expected objects to be equal.
Passed in:\n(number) 3\nExpected:\n(number) 4'
	query_is "file('t/outcomes_spec.lua').tests[2].line" 5
	query_is "file('t/outcomes_spec.lua').tests[2].file" t/outcomes_spec.lua
	says outcomes_spec 3 "t/outcomes_spec.lua:9: broken on purpose"
	test_says outcomes_spec 3 traceback "t/outcomes_spec.lua:9: in "
	says outcomes_spec 4 null
	says outcomes_spec 5 "not on this machine"
	query_is "(function() for _, t in ipairs(file('t/outcomes_spec.lua').tests) do
		if not (t.wall >= 0 and t.wall < 60) then return t.name end end end)()" ""

	ended syntax_spec error "it did not load"
	[[ $(error_of syntax_spec) == "null|2|t/syntax_spec.lua:2: "*"expected near"* ]]
	tests_are syntax_spec ""
	ended toplevel_spec error "it did not load"
	is "$(error_of toplevel_spec)" "null|4|t/toplevel_spec.lua:4: top level is broken"
	has_traceback toplevel_spec 4

	query_is "file('t/exit_spec.lua').exit" 0
	query_is "file('t/exit_spec.lua').status" error
	[[ $(query "file('t/exit_spec.lua').reason") == *os.exit*'"leaver in a hook leaves"'* ]]
	tests_are exit_spec "leaver>stays=pass leaver>in a hook>leaves=error"

	busted_messages
	busted_names
	busted_hooks
}

# What busted and luassert say is kept as it is.
busted_messages() {
	query_is "file('t/messages_spec.lua').tests[1].message:gsub('0x%x+', 'ADDRESS')" \
		$'t/messages_spec.lua:4: Expected objects to be the same.\nPassed in:\n(table: ADDRESS) {
  [1] = \'a\'\n *[2] = {\n   *[deep] = 2 } }\nExpected:\n(table: ADDRESS) {
  [1] = \'a\'\n *[2] = {\n   *[deep] = 1 } }'$'\t2'
	says messages_spec 2 $'t/messages_spec.lua:7: {\n  code = 7\n}'
	says messages_spec 3 "t/messages_spec.lua:10: Nil error"
	says messages_spec 4 "t/messages_spec.lua:13: an object's words"
	query_is "file('t/messages_spec.lua').tests[5].status" error
	says messages_spec 6 $'t/messages_spec.lua:20: Expected objects to be the same.
Passed in:\n(boolean) false\nExpected:\n(boolean) true\nt/messages_spec.lua:19: finally is broken'
	query_is "file('t/messages_spec.lua').tests[6].status" fail
	test_says messages_spec 7 message "t/messages_spec.lua:23: a"
	test_says messages_spec 8 traceback "t/messages_spec.lua:27: in "
	test_says messages_spec 8 traceback "t/messages_spec.lua:29: in "
}

busted_names() {
	ended names_spec pass null
	tests_are names_spec "outer #db>describe>it=pass outer #db>is a #slow-one>#quick=pass \
outer #db>insulate>in insulate=pass outer #db>in>42=pass outer #db>=pass outer #db>"$'two\nlines\t\1\xEF\xBF\xBD'"=pass outer #db>is curried=pass C# is no tag=pass"
	query_is "file('t/names_spec.lua').tests[1].line" 3
}

busted_hooks() {
	ended hooks_spec fail "1 of 5 tests failed, 5 errors outside of its tests"
	tests_are hooks_spec "with a bad before_each>is charged=error with a bad after_each>is named=pass \
with a bad teardown>runs=pass with a bad lazy_teardown>runs=pass beside it>runs=pass"
	says hooks_spec 1 "t/hooks_spec.lua:3: before_each is broken"
	test_says hooks_spec 1 traceback "t/hooks_spec.lua:3: in "
	is "$(error_of hooks_spec)" "with a bad before_each|6|t/hooks_spec.lua:6: so is the next
with a bad after_each is named|12|t/hooks_spec.lua:12: after_each is broken
with a bad teardown|18|t/hooks_spec.lua:18: teardown is broken
with a bad lazy_teardown|24|t/hooks_spec.lua:24: lazy_teardown is broken
with a bad body|30|t/hooks_spec.lua:30: describe is broken
with a bad before_each is charged|8|t/hooks_spec.lua:3: before_each is broken"
	has_traceback hooks_spec 6

	ended setup_spec fail "3 errors outside of its tests"
	is "$(error_of setup_spec)" "strict|10|t/setup_spec.lua:10: setup is broken
strict|31|t/setup_spec.lua:31: teardown is broken as well
lazy|36|t/setup_spec.lua:36: lazy_setup is broken"
	has_traceback setup_spec 10
	query_is "file('t/file_setup_spec.lua').status" fail
	[[ $(error_of file_setup_spec) == "null|2|t/file_setup_spec.lua:2: {" ]]
}

@test "busted: what tests, hooks and files come to, and what they say" {
	on_each_lua busted busted_results
}

# Those below a failed setup are reported, as -l lists them; busted itself is not disturbed by that.
busted_unrun() {
	local name listed
	rm -rf t
	cp -r "$FIXTURES/busted" t
	for name in setup_spec file_setup_spec; do
		run fj --lua="$LUA_NAME" --report=json:report.json "t/$name.lua" -- -o TAP
		listed=$(busted_command -l "t/$name.lua" | sed 's/^\**//; s/^t[^ ]*:[0-9]*: //')
		is "$(names_of "t/$name.lua")" "$listed"
		query_is "file('t/$name.lua').output" "$(busted_command -o TAP "t/$name.lua")"
		query_is "file('t/$name.lua').exit" 1
	done
	tests_are file_setup_spec "has no block=skip in a block>is declared=skip"
	run fj --lua="$LUA_NAME" --report=json:report.json t/setup_spec.lua -- --no-keep-going
	tests_are setup_spec "strict>first=skip strict>waits=skip strict>inside>second=skip \
strict>inside>insulate>third=skip strict>exposed>fourth=skip"
	says setup_spec 5 "never ran: its setup failed"
	query_is "file('t/setup_spec.lua').tests[5].line" 28
	query_is "file('t/setup_spec.lua').tests[5].wall" null
}

@test "busted: tests whose setup failed are listed, and are not run" {
	on_each_lua busted busted_unrun
}

busted_events() {
	local busted
	busted=$(command -v busted)
	rm -rf t
	cp -r "$FIXTURES/busted" t
	events_of "$LUA_NAME" "$busted" t/names_spec.lua
	event '"ev":"start"' '"name":"#quick"' '"path":["outer #db","is a #slow-one"]' \
		'"tags":["db","slow-one","quick"]'
	event '"ev":"start"' '"name":"C# is no tag"'
	refute grep -qa 'C# is no tag.*tags' events
	event '"ev":"test"' '"id":1' '"own":'
	no_event '"round"'
	no_event '"seed"'
	no_event '"ev":"shim"'
	[[ $(tail -n 1 <(grep -avF '"ev":"exit"' events)) == *'"ev":"done","tests":8}' ]]

	events_of "$LUA_NAME" "$busted" --repeat=2 --shuffle --seed=7 t/setup_spec.lua t/pass_spec.lua
	event '"ev":"seed"' '"seed":7'
	event '"name":"one"' '"round":1'
	event '"name":"one"' '"round":2'
	event '"status":"skip"' '"name":"second"' '"round":2'
	event '"ev":"error"' 'setup is broken' '"round":2'
	is "$(grep -ac '"ev":"done"' events)" 1

	test_file t/random_spec.lua "describe('drawn', function() randomize() it('a', function() end) end)"
	events_of "$LUA_NAME" "$busted" --seed=11 t/random_spec.lua
	event '"ev":"seed"' '"seed":11'
	test_file t/random_spec.lua "describe('given', function() randomize(5) it('a', function() end) end)"
	events_of "$LUA_NAME" "$busted" t/random_spec.lua
	no_event '"seed"'
	events_of "$LUA_NAME" "$busted" --shuffle-files --seed=12 t/pass_spec.lua
	event '"ev":"seed"' '"seed":12'
	events_of "$LUA_NAME" "$busted" -l t/setup_spec.lua
	no_event '"ev":"test"'
}

@test "busted: tags, its own figures, repeats, the seed of a shuffle" {
	on_each_lua busted busted_events
}

# The same tests are selected, however busted is started.
busted_selection() {
	rm -rf t .busted
	mkdir t
	cp "$FIXTURES/busted/names_spec.lua" t/tags_spec.lua
	cp "$FIXTURES/busted/alone_spec.lua" t/tags_alone.lua
	selected "outer #db>is a #slow-one>#quick=pass" --lua="$LUA_NAME" --tag=quick,fast t
	selected "outer #db>is a #slow-one>#quick=pass" --lua="$LUA_NAME" --tag=slow-one t
	selected "C# is no tag=pass" --lua="$LUA_NAME" --exclude-tag=x,db t/tags_spec.lua
	selected "outer #db>is a #slow-one>#quick=pass outer #db>in>42=pass" --lua="$LUA_NAME" t/tags_spec.lua:5 t/tags_spec.lua:12
	selected "alone>passes #quick=pass" --command="$LUA_NAME {}" "$PWD/t/tags_alone.lua:4"
	selected "" --lua="$LUA_NAME" t/tags_spec.lua:17
	selected "" --lua="$LUA_NAME" --tag=slow t
	ended tags_spec skip "none of its tests is selected"
	selected "outer #db>describe>it=pass" --lua="$LUA_NAME" --filter='^outer .*be it$' t
	selected "outer #db>in>42=pass" --lua="$LUA_NAME" --tag=db --filter='%d' t
	selected "alone>passes #quick=pass" --tag=quick --command="$LUA_NAME {}" t/tags_alone.lua
	selected "outer #db>is a #slow-one>#quick=pass" --tag=quick t -- --lua="$(command -v "$LUA_NAME")"
	# What .busted filters holds as well: busted's own filters would be a union.
	test_file .busted "return { default = { filter = 'insulate', ['filter-out'] = 'quick' } }"
	selected "outer #db>insulate>in insulate=pass" --lua="$LUA_NAME" --tag=db t
	selected "" --lua="$LUA_NAME" --filter=42 t
	selected "" --lua="$LUA_NAME" --tag=quick t
	rm .busted
}

@test "busted: --filter and --tag, beside busted's own filters" {
	on_each_lua busted busted_selection
}

busted_alone() {
	rm -rf t
	mkdir t
	cp "$FIXTURES/busted/alone_spec.lua" t
	run fj --command="$LUA_NAME {}" --report=json:report.json t
	status_is 1
	ended alone_spec fail "1 of 2 tests failed"
	tests_are alone_spec "alone>passes #quick=pass alone>fails #slow=fail"
	test_says alone_spec 2 traceback "t/alone_spec.lua:6: in "
}

@test "busted: a file that calls busted.runner itself" {
	on_each_lua busted busted_alone
}

# start_fails WANTED ARG...: busted ARG... does not come to its tests, and why; "line|message".
start_fails() {
	run fj --lua="$LUA_NAME" --report=json:report.json t -- "${@:2}"
	status_is 1
	query_is "r.files[1].status" error
	[[ $(query "r.errors[1].line") == "${1%%|*}" && $(query "r.errors[1].message") == ${1#*|} ]] ||
		fail "$*: $(query "r.errors[1].line" "r.errors[1].message")"
}

busted_starts() {
	rm -rf t .busted
	mkdir t
	cp "$FIXTURES/busted/pass_spec.lua" t
	test_file helper.lua "local x" "error('helper is broken')"
	start_fails "2|helper.lua:2: helper is broken" --helper=helper.lua
	test_file helper.lua "local x" "" "x = = 1"
	start_fails "3|helper.lua:3: *near*" --helper=./helper.lua
	start_fails "null|*--nonsense*" --nonsense
	test_file .busted "return {" "default = = 1 }"
	run fj --lua="$LUA_NAME" t
	status_is 2
	has ".busted:2: unexpected symbol near"
	rm .busted

	test_file handler.lua "error('handler is broken')"
	run fj --lua="$LUA_NAME" --report=json:report.json t -- -o ./handler.lua
	status_is 1
	ended pass_spec fail "1 error outside of its tests"
	tests_are pass_spec "good>one=pass good>two=pass"
	is "$(error_of pass_spec)" "null|1|handler.lua:1: handler is broken"

	test_file helper.lua "require('busted').setup(function() error('setup of all') end)"
	run fj --lua="$LUA_NAME" --report=json:report.json t -- --helper=helper.lua
	status_is 1
	tests_are pass_spec "good>one=skip good>two=skip"
	[[ $(error_of pass_spec) == *"helper.lua:1: setup of all" ]]
}

@test "busted: helpers, output handlers, options and .busted that fail" {
	on_each_lua busted busted_starts
}

@test "busted: .busted, and a handler of the user's own, are left in force" {
	busted_test one "describe('d', function() it('works', function() end)" \
		"it('is not wanted #slow', function() error('no') end) end)"
	test_file .busted "return { default = { ['exclude-tags'] = 'slow', output = 'TAP' } }"
	run fj4 --report=json:report.json
	status_is 0
	query_is "tests('tests/one_spec.lua')" "d>works=pass"
	query_is "file('tests/one_spec.lua').output:match('ok 1')" "ok 1"
}

@test "busted: a spec that runs busted again counts its own tests only" {
	test_file inner/in_spec.lua "describe('inner', function() for i = 1, 20 do it('t' .. i, function() end) end end)"
	busted_test outer "describe('outer', function() it('starts another', function()" \
		"assert(os.execute('busted inner >/dev/null'))" "end) end)"
	run fj4 --report=json:report.json
	status_is 0
	query_is "tests('tests/outer_spec.lua')" "outer>starts another=pass"
}

@test "busted: a spec without a test is skipped, not passed" {
	busted_test none "describe('nothing', function() end)"
	run fj4 --report=json:report.json
	query_is "file('tests/none_spec.lua').status" skip
	query_is r.total 0
}

# ---- LuaUnit ----

luaunit_results() {
	run_fixtures luaunit
	query_is "#r.files" 11
	ended pass_test pass null
	tests_are pass_test "TestGood>testOne=pass TestGood>testTwo=pass"

	ended outcomes_test fail "3 of 8 tests failed"
	tests_are outcomes_test "TestCalculator>test of #odd names, 100% of them.=pass TestCalculator>testAdds=pass \
TestCalculator>testFails=fail TestCalculator>testIsDone=pass TestCalculator>testRaises=error \
TestCalculator>testRaisesATable=error TestCalculator>testSkips=skip testAlone=pass"
	says outcomes_test 3 "t/outcomes_test.lua:8: expected: 4, actual: 3"
	query_is "file('t/outcomes_test.lua').tests[3].line" 7
	test_says outcomes_test 3 traceback "t/outcomes_test.lua:8: in "
	says outcomes_test 5 "t/outcomes_test.lua:15: broken on purpose"
	test_says outcomes_test 5 traceback "t/outcomes_test.lua:15: in "
	says outcomes_test 6 "{1, 2}"
	test_says outcomes_test 6 traceback "t/outcomes_test.lua:18: in "
	says outcomes_test 7 "not on this machine"

	ended setup_test fail "3 of 3 tests failed, 1 error outside of its tests"
	says setup_test 1 "t/setup_test.lua:5: setUp is broken"
	says setup_test 2 "t/setup_test.lua:13: failed before"
	says setup_test 3 "t/setup_test.lua:10: tearDown is broken"
	[[ $(error_of setup_test) == *"testFails|10|t/setup_test.lua:10: tearDown is broken"* ]]
	has_traceback setup_test 10

	query_is "file('t/class_test.lua').tests[1].status" pass
	[[ $(query "file('t/class_test.lua').status") =~ ^(fail|error)$ ]]
	[[ $(error_of class_test) == "Test2BadClass|8|t/class_test.lua:8: setupClass is broken"* ]]
	query_is "file('t/suite_test.lua').tests[1].status" pass
	[[ $(query "file('t/suite_test.lua').status") =~ ^(fail|error)$ ]]
	[[ $(error_of suite_test) == "null|4|t/suite_test.lua:4: teardownSuite is broken"* ]]

	ended nested_test pass null
	tests_are nested_test "TestOuter>testRunsAnother=pass testSecond=pass"

	query_is "file('t/many_test.lua').exit" 0
	ended many_test fail "256 of 256 tests failed"
	says many_test 256 "t/many_test.lua:7: failure 256"

	ended toplevel_test error "it did not load"
	is "$(error_of toplevel_test)" "null|2|t/toplevel_test.lua:2: top level is broken"
	[[ $(error_of syntax_test) == "null|2|t/syntax_test.lua:2: "*"expected near"* ]]

	query_is "file('t/exit_test.lua').tests[2].status" error
	query_is "file('t/leave_test.lua').status" error
	query_is "file('t/leave_test.lua').exit" 0
	[[ $(query "file('t/leave_test.lua').reason") == *os.exit*'"TestLeaver test2Leaves" (1 of 3 done)' ]]
	tests_are leave_test "TestLeaver>test1Stays=pass TestLeaver>test2Leaves=error"
}

@test "luaunit: what tests, hooks and files come to, and what they say" {
	on_each_lua luaunit luaunit_results
}

luaunit_events() {
	rm -rf t
	cp -r "$FIXTURES/luaunit" t
	events_of "$LUA_NAME" t/outcomes_test.lua
	event '"ev":"plan"' '"tests":8'
	event '"ev":"start"' '"name":"test of #odd names, 100% of them."' '"tags":["odd"]'
	event '"ev":"test"' '"id":1' '"status":"pass"' '"own":'
	no_event '"ev":"shim"'
	events_of "$LUA_NAME" t/nested_test.lua
	event '"ev":"plan"' '"tests":2'
	is "$(grep -c '"ev":"start"' events)" 2

	# LuaUnit repeats within a test: it has one result.
	luaunit_test again "local n = 0" "function testAgain() n = n + 1 lu.assertNotEquals(n, 3) end"
	run fj --lua="$LUA_NAME" --report=json:report.json tests -- --repeat 5
	status_is 1
	query_is "tests('tests/again_test.lua')" "testAgain=fail"
	[[ $(query "r.errors[1].message") == "iteration 3, "* || $(query "r.errors[1].message") == *": iteration 3, "* ]]
}

@test "luaunit: the plan, tags, its own figures, repeats" {
	on_each_lua luaunit luaunit_events
}

luaunit_selection() {
	local odd="TestCalculator>test of #odd names, 100% of them.=pass"
	rm -rf t
	mkdir t
	cp "$FIXTURES/luaunit/outcomes_test.lua" t
	selected "$odd" --lua="$LUA_NAME" --tag=even,odd t
	selected "TestCalculator>testAdds=pass" --lua="$LUA_NAME" --filter='^TestCalculator testA' t
	selected "TestCalculator>testAdds=pass" --lua="$LUA_NAME" --filter='^TestCalculator%.testA' t
	selected "testAlone=pass" --lua="$LUA_NAME" --filter='^testA' t
	selected "TestCalculator>testAdds=pass" --lua="$LUA_NAME" t/outcomes_test.lua:5
	selected "$odd" --lua="$LUA_NAME" --filter=Calculator --exclude-tag=none --tag=odd t
	selected "$odd" --filter='Calculator' --command="$LUA_NAME {} -p odd" t
	selected "" --filter='Calculator' --command="$LUA_NAME {} -p Alone" t
	ended outcomes_test skip "none of its tests is selected"
	selected "TestCalculator>testAdds=pass" --filter='^Test' --command="$LUA_NAME {} -x odd -x test[FIRS]" t
	cp "$FIXTURES/luaunit/nested_test.lua" t
	selected "TestOuter>testRunsAnother=pass" --lua="$LUA_NAME" --filter='^TestOuter' t/nested_test.lua
}

@test "luaunit: --filter and --tag, beside its own patterns" {
	on_each_lua luaunit luaunit_selection
}

@test "luaunit: a suite that is never run is not a pass" {
	test_file tests/forgot_test.lua "local lu = require('luaunit')" "function testX() lu.fail('no') end"
	run fj4 --report=json:report.json
	status_is 1
	query_is "r.files[1].status" error
}

# ---- both ----

hang() {
	test_file t/hang_spec.lua "describe('patience', function()" "it('has some', function() end)" \
		"it('hangs', function()" "while true do end end) end)"
	test_file t/hang_test.lua "local lu = require('luaunit')" "TestHang = {}" "function TestHang:test1() end" \
		"function TestHang:test2()" "while true do end end" "os.exit(lu.LuaUnit.run())"
	run fj --lua="$LUA_NAME" --timeout=1 --grace=1 --report=json:report.json t
	status_is 1
	ended hang_spec timeout 'timed out after 1 s in "patience hangs" (1 done)'
	tests_are hang_spec "patience>has some=pass patience>hangs=error"
	ended hang_test timeout 'timed out after 1 s in "TestHang test2" (1 of 2 done)'
	tests_are hang_test "TestHang>test1=pass TestHang>test2=error"
	# LuaJIT's compiled loops do not look for signals.
	[ "$LUA_NAME" = luajit ] || test_says hang_spec 2 traceback "t/hang_spec.lua:4: in "
	[ "$LUA_NAME" = luajit ] || test_says hang_test 2 traceback "t/hang_test.lua:5: in "
}

@test "busted and luaunit: a test that hangs is charged, with the traceback of its line" {
	on_each_lua luaunit hang
}

printed_until() {
	mkdir -p t
	test_file t/killed_spec.lua "it('prints', function() print('so far') os.execute('kill -KILL \$PPID') end)"
	run fj --lua="$LUA_NAME" t
	status_is 1
	has "killed by SIGKILL"
	has "| so far"
}

@test "what a worker has printed is not lost when it is killed" {
	on_each_lua busted printed_until
}

@test "what their own reporters say of failures is told once" {
	test_file tests/a_spec.lua "it('breaks', function() print('my words') require 'no.such' end)"
	test_file tests/b_spec.lua "describe('b', function() require 'no.such' end)"
	test_file tests/test_c.lua "local lu = require 'luaunit'" "function test_d() lu.assertEquals(1, 2) end" "print 'my words'" \
		"os.exit(lu.LuaUnit.run())"
	run fj tests
	status_is 1
	is "$(grep -c "my words" <<<"$output")" 2
	is "$(grep -c "no file './no/such.lua'" <<<"$output")" 1
	has "places as above)"
	has "without the summary of busted"
	has "without the summary of luaunit"
	hasnt "seconds,"
	hasnt " / 0 pending"
	hasnt "Failed tests:"
	hasnt "Error ->"
}
