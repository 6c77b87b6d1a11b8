# SPDX-License-Identifier: MIT
# No run says OK over a test that failed, was never run, or was never understood: what a worker did
# decides, not what its file looks like.

load common

# Our own code, which sanitizers look at, is the same for each of them.
LUAS=${SAN:+lua5.4}
LUAS=${LUAS:-lua5.1 lua5.3 lua5.4 luajit}

setup() {
	setup_project
	cp "$BATS_TEST_DIRNAME/fixtures/lust/lib/lust.lua" lust.lua
	cp "$("$LUA" -e 'print(package.searchpath("luaunit", package.path))')" units.lua
}

# outcomes LUA [ARG...]: a line for each file of the run: name framework status tests failed
outcomes() {
	run "$FIRMO_JOBS" --lua="$1" -q --report=json:report.json "${@:2}"
	output=$(json '(function() local t = {}
		for _, f in ipairs(r.files) do
			local bad = 0
			for _, c in ipairs(f.tests) do bad = bad + (c.status == "pass" and 0 or 1) end
			t[#t + 1] = ("%s %s %s %d %d"):format(f.path:match("([^/]*)_test.lua$"), f.framework,
				f.status, #f.tests, bad)
		end
		table.sort(t)
		return table.concat(t, "\n")
	end)()')
}

# Asks every Lua for the same outcomes, with watching and without.
outcomes_are() {
	local lua how
	for lua in $LUAS; do
		for how in --color=never --no-trace; do
			rm -rf .firmo-jobs
			outcomes "$lua" "$how"
			[ "$output" = "$1" ] || fail "$lua $how: wanted: $1"
		done
	done
}

@test "a framework is found however it is loaded" {
	test_file h.lua 'return require "lust"'
	test_file unit/framework.lua 'return dofile("units.lua")'
	plain behind 'require("h").it("a", function() error "x" end)'
	plain dofile 'dofile("lust.lua").it("a", function() error "x" end)'
	plain locals 'local l = require "h"; local describe, it = l.describe, l.it' \
		'describe("d", function() it("a", function() error "x" end) end)'
	plain loaded 'local f = io.open("lust.lua"); local s = f:read("*a"); f:close();' \
		'(loadstring or load)(s)().it("a", function() error "x" end)'
	plain pieces 'local f = io.open("lust.lua"); local l = load(function() return f:read(512) end)();' \
		'l.it("a", function() error "x" end)'
	plain preset 'package.loaded.mylib = dofile("units.lua")' \
		'for i = 1, 256 do _G["test" .. i] = function() error "x" end end' \
		'os.exit(require("mylib").LuaUnit.run())'
	plain searcher 'table.insert(package.searchers or package.loaders, 1, function(name)' \
		'	return name == "mine" and loadfile("units.lua") or "no" end)' \
		'function testA() error "x" end os.exit(require("mine").LuaUnit.run())'
	plain vendored 'local lu = require "unit.framework" function testA() error "x" end os.exit(lu.LuaUnit.run())'
	mkdir lib
	cp units.lua lib/luaunit.lua
	plain slash 'local lu = require("lib/luaunit")' \
		'for i = 1, 256 do _G["test" .. i] = function() error "x" end end' 'os.exit(lu.LuaUnit.run() % 256)'
	plain unasked 'local lu = require("lib.luaunit") function testA() error "x" end lu.LuaUnit.run()'
	plain printed 'local lu = dofile("units.lua") local r = lu.LuaUnit.new() r:setOutputType("tap")' \
		'function testA() error "x" end r:runSuite()'
	test_file globals.lua 'local l = require "lust" check, case = l.describe, l.it'
	plain globals 'require "globals" check("d", function() case("a", function() error "x" end) end)'
	plain preload 'package.preload.mine = function() return dofile("lust.lua") end' \
		'require("mine").it("a", function() error "x" end)'
	plain routine 'coroutine.wrap(function() return require "h" end)().it("a", function() error "x" end)'
	plain unhooked 'debug.sethook() require("h").it("a", function() error "x" end)'
	plain loaded_later 'print("hello")' 'local function go() return require "h" end go().it("a", function() error "x" end)'
	outcomes_are 'behind lust fail 1 1
dofile lust fail 1 1
globals lust fail 1 1
loaded lust fail 1 1
loaded_later lust fail 1 1
locals lust fail 1 1
pieces lust fail 1 1
preload lust fail 1 1
preset luaunit fail 256 256
printed luaunit fail 1 1
routine lust fail 1 1
searcher luaunit fail 1 1
slash luaunit fail 256 256
unasked luaunit fail 1 1
unhooked lust fail 1 1
vendored luaunit fail 1 1'
	# The history knows them: each runs once, and is told as before.
	local before=$output
	outcomes lua5.4
	is "$output" "$before"
}

@test "what is printed as TAP is judged as TAP, wherever it was printed from" {
	test_file h.lua 'local n = 0' 'return { plan = function(k) print("1.." .. k) end,' \
		'	ok = function(c) n = n + 1 print((c and "ok " or "not ok ") .. n) end }'
	plain behind 'local t = require "h"; t.plan(1); t.ok(false)'
	plain built 'print(string.format("1..%d", 1)) print(string.format("not ok %d - x", 1))'
	plain good 'local t = require "h"; t.plan(2); t.ok(true); t.ok(true)'
	plain variable 'local plan = "1.." .. 2' 'print(plan) print("ok 1") print("not ok 2")'
	mkdir -p Test lib
	cp h.lua Test/Assertion.lua
	cp h.lua tapered.lua
	cp h.lua lib/tap.lua
	plain assertion 'local t = require "Test.Assertion" t.plan(1) t.ok(false)'
	plain tapered 'local t = require "tapered" t.ok(false) t.plan(1)'
	plain slash 'local t = require "lib/tap" t.plan(1) t.ok(false)'
	plain child 'os.execute("echo 1..1; echo not ok 1")'
	plain routine 'coroutine.wrap(function() local t = require "h" t.plan(1) t.ok(false) end)()'
	plain unended 'io.stdout:setvbuf("full") print("1..1") io.write("not ok 1")'
	plain left 'local t = require "h" t.plan(2) t.ok(true) os.exit(0)'
	plain version 'print("TAP version 13")'
	plain indented 'print("# 1..2") print("  not ok 1 - indented")'
	plain noplan 'print("not ok 1 - x")'
	plain loop 'print("1..10 loop")' 'io.write("1..", 3, " files\n")'
	plain twoplus 'io.write("1..", 3)' 'io.stderr:write("ok 1\n")'
	plain ranges 'for i = 1, 3 do print("1.." .. i) end'
	plain planned 'print("starting") print("1..3")'
	plain subtest 'print("# Subtest: a\n    1..1\n    ok 1") os.exit(0)'
	plain failing 'print("1..1\nok 1\n    not ok 1 - nobody tells")'
	plain dots 'io.stdout:setvbuf("line")' 'for _, line in ipairs { "1..2", "ok 1", "not ok 2" } do' \
		'io.stderr:write(".") print(line) end'
	plain dot 'io.stderr:write(".") print("not ok 1")'
	plain far 'for i = 1, 7e4 do io.stderr:write(".") end print("not ok 1")'
	plain colours 'print("\27[1m1..2\27[0m") print("\27[32mok 1\27[0m") print("\27[31mnot ok 2\27[0m")'
	plain colour 'print("\27[31mnot ok 1\27[0m")'
	plain reset 'print("\27(B\27[mnot ok 1 - fails")'
	plain speaks 'print("a range of 1..3") print("a file is ok 1")'
	plain silent 'print("1..3") os.exit(0)'
	plain words 'print("ok 1 file read")' 'if false then print("not ok at all") end'
	plain errors 'io.stderr:write("1..1\nnot ok 1\n")'
	outcomes_are 'assertion tap fail 1 1
behind tap fail 1 1
built tap fail 1 1
child tap fail 1 1
colour tap error 1 1
colours tap fail 2 1
dot tap error 1 1
dots tap fail 2 1
errors plain pass 0 0
failing tap error 1 0
far tap error 1 1
good tap pass 2 0
indented tap error 0 0
left tap error 1 0
loop plain pass 0 0
noplan tap error 1 1
planned tap error 0 0
ranges plain pass 0 0
reset tap error 1 1
routine tap fail 1 1
silent tap error 0 0
slash tap fail 1 1
speaks plain pass 0 0
subtest tap error 0 0
tapered tap fail 1 1
twoplus plain pass 0 0
unended tap fail 1 1
variable tap fail 2 1
version tap error 0 0
words plain pass 0 0'
}

@test "TAP that did not end is no pass" {
	plain soon 'print("1..2") print("ok 1") io.stdout:flush() os.execute("(read x; echo not ok 2) </dev/null &")'
	plain late 'print("1..1") print("ok 1") io.stdout:flush() os.execute("sleep 60 &")'
	plain quiet 'print("1..1") print("ok 1") io.stdout:flush() os.execute("sleep 60 >/dev/null 2>&1 &")'
	plain errors 'print("1..1") print("ok 1") io.stdout:flush() os.execute("sleep 60 >/dev/null &")'
	plain daemon 'os.execute("sleep 60 &")'
	outcomes_are 'daemon plain pass 0 0
errors tap pass 1 0
late tap error 1 0
quiet tap pass 1 0
soon tap fail 2 1'
}

@test "a file that printed TAP owes some, however it is changed" {
	local lua
	for lua in $LUAS; do
		rm -rf .firmo-jobs stop
		plain a 'if not io.open("stop") then print("1..1") print("ok 1") end'
		plain b 'print("1..1") print("ok 1")'
		outcomes "$lua"
		is "$output" 'a tap pass 1 0
b tap pass 1 0'
		: >stop
		touch tests/a_test.lua
		plain b 'assert(io.open("stop"))' 'print("ok 1")'
		outcomes "$lua"
		is "$output" 'a tap error 0 0
b tap error 1 0'
		# A failure in between, of whatever kind, does not let it be forgotten.
		plain a 'error("no")'
		plain b 'local ='
		outcomes "$lua"
		is "$output" 'a tap error 0 0
b tap error 0 0'
		plain a 'os.exit(0)'
		plain b 'os.exit(77)'
		outcomes "$lua"
		is "$output" 'a tap error 0 0
b tap skip 0 0'
		# Once it is said to be plain, it is.
		run fj --lua="$lua"
		has "it printed TAP"
		run -0 fj --lua="$lua" --framework=plain tests/a_test.lua
		outcomes "$lua"
		is "$output" 'a plain pass 0 0
b tap skip 0 0'
	done
}

@test "a file that printed TAP may have come to another framework" {
	local lua name
	test_file h.lua 'return require "lust"'
	for lua in $LUAS; do
		for name in helped called printing; do
			plain "$name" 'print("1..1") print("ok 1")'
		done
		rm -rf .firmo-jobs
		outcomes "$lua"
		is "$output" 'called tap pass 1 0
helped tap pass 1 0
printing tap pass 1 0'
		plain helped 'require("h").it("a", function() error "x" end)'
		plain called 'for _, n in ipairs { "a" } do describe(n, function() it(n, function() error "x" end) end) end'
		plain printing 'print("1..1") require("h").it("a", function() error "x" end) print("ok 1")'
		outcomes "$lua"
		is "$output" 'called busted fail 1 1
helped lust fail 1 1
printing lust fail 1 1'
	done
}

@test "what a script says of itself is not what the interpreter says of it" {
	local lua
	plain syntax 'local = 3'
	plain said 'io.stderr:write(arg[-1], ": tests/said_test.lua:7: note\n") os.exit(1)'
	plain quoted 'io.stderr:write(arg[-1], ": x.lua:7: unexpected near x\n") print("it ran") os.exit(1)'
	for lua in $LUAS; do
		outcomes "$lua"
		is "$output" 'quoted plain fail 0 0
said plain fail 0 0
syntax plain error 0 0'
	done
}

@test "names of busted's that a file defines are its own, those that it misses are busted's" {
	plain computed 'for _, n in ipairs { "a" } do describe(n, function() it(n, function() end) end) end'
	plain late 'local function each(describe, it) end' 'describe("x", function() it("y", function() end) end)'
	plain only_setup 'setup(function() end)' 'for _, n in ipairs { "q" } do' \
		'describe("x" .. n, function() it(n .. 1, function() end) end) end'
	plain own 'local fails = 0' 'local function it(name, f) if not pcall(f) then fails = fails + 1 end end' \
		'it("a", function() error "x" end)' 'os.exit(fails)'
	plain own_global 'function before_each(f) f() end before_each(function() end)'
	plain string "local s = 'a\\z" "   it(\"x\") describe(\"y\")'" 'assert(s)'
	plain argument 'local function suite(it) it("a", function() end) end suite(function(n, f) f() end)'
	plain field 'local t = { it = function(n, f) f() end } t.it("a", function() end)'
	plain several 'local describe, it = function(n, f) f() end, function(n, f) f() end' \
		'describe("a", function() it("b", function() end) end)'
	plain quoted 'local s = [[ describe("x", function() it("y", function() end) end) ]] --[==[ it("x") ]==] assert(s)'
	outcomes lua5.4
	is "$output" 'argument plain pass 0 0
computed busted pass 1 0
field plain pass 0 0
late busted pass 1 0
only_setup busted pass 1 0
own plain fail 0 0
own_global plain pass 0 0
quoted plain pass 0 0
several plain pass 0 0
string plain pass 0 0'
}

@test "a file of busted's that shows no test is no pass, whatever it looks like" {
	test_file spec/guard_test_spec.lua 'if not no_such then return end' 'describe("d", function() it("a", function() end) end)'
	test_file spec/false_spec.lua 'if false then describe("d", function() it("a", function() end) end) end'
	test_file spec/real_spec.lua 'describe("d", function() it("a", function() end) end)'
	run fj4 --report=json:report.json
	status_is 0
	is "$(json 'file("guard").status, file("false").status, file("real").status')" "skip skip pass"
	# Neither is one that leaves the interpreter as well.
	test_file spec/leaves_spec.lua 'if not no_such then os.exit(0) end' 'describe("d", function() it("a", function() end) end)'
	for round in 1 2; do
		run fj4 --report=json:report.json
		status_is 1
		is "$(json 'file("leaves").status, file("leaves").reason')" \
			"error it called os.exit (exit status 0) before its tests were done"
	done
	rm spec/leaves_spec.lua
	# So it is elsewhere, where the names are missing to the end.
	plain left 'if not pcall(require, "no_such") then return end' 'describe("d", function() it("a", function() error "x" end) end)'
	plain exits 'if not no_such then os.exit(0) end' 'describe("d", function() it("a", function() error "x" end) end)'
	test_file mini.lua 'function it(_, f) f() end'
	plain own 'require "mini"' 'it("a", function() end)'
	local lua how
	for lua in $LUAS; do
		for how in --color=never --no-trace; do
			rm -rf .firmo-jobs
			run fj --lua="$lua" $how --report=json:report.json tests
			is "$(json 'file("left").status, file("exits").status, file("own").status')" "skip error pass"
		done
	done
	rm -r tests
	# Another framework that it loads, or a failure, is seen all the same.
	test_file spec/h.lua 'local l = require "lust"' 'describe, it = l.describe, l.it'
	test_file spec/lust_spec.lua 'require "spec.h"' '_G.describe("d", function() it("a", function() error "x" end) end)'
	run fj4 --report=json:report.json
	status_is 1
	is "$(json 'file("lust_").status')" fail
}

@test "tests that only busted finds are found, whatever a file does without it" {
	plain guarded 'if describe then local d, i = describe, it d("x", function() i("y", function() error "z" end) end) end'
	plain named 'local e = getfenv and getfenv() or _ENV' 'if e["describe"] then e["describe"]("x", function() e["it"]("y", function() error "z" end) end) end'
	plain block 'if describe then describe("x", function() error "y" end) end'
	plain hook 'local d = describe' 'if d then d("x", function() setup(function() error "y" end) it("z", function() end) end) end'
	# A helper that is loaded, and runs them where busted is there; others that define such names are none of it.
	plain helped 'assert(loadfile("helper.lua", "t", _ENV))()(function() error "z" end)'
	plain passed 'require("passed")(_ENV, function() error "z" end)'
	plain owner 'require("harness").it("x", function() end)'
	test_file helper.lua 'return function(f) if describe then describe("x", function() it("y", f) end) end end'
	test_file passed.lua 'return function(e, f) if e["describe"] then e["describe"]("x", function() e["it"]("y", f) end) end end'
	test_file harness.lua 'local M = {} function M.it(_, f) f() end local function describe(_, f) f() end return M'
	plain words 'assert(type("it") == "string") print("describe")'
	test_file spec/computed_test_spec.lua 'local e = getfenv and getfenv() or _ENV' \
		'if e["desc" .. "ribe"] then e["desc" .. "ribe"]("x", function() e["i" .. "t"]("y", function() error "z" end) end) end'
	test_file spec/guard_test_spec.lua 'if not describe then return end' 'require "no_such"' 'describe("d", function() it("x", function() end) end)'
	test_file spec/plain_test_spec.lua 'assert(true)'
	# verdicts LUA HOW: of each file its framework and status.
	verdicts() {
		run "$FIRMO_JOBS" --lua="$1" -q "$2" --report=json:report.json
		json '(function() local t = {} for _, f in ipairs(r.files) do
			t[#t + 1] = f.path:match("([^/_]*)_[^/]*$") .. " " .. f.framework .. " " .. f.status end
			table.sort(t) return table.concat(t, "\n") end)()'
	}
	local how
	for how in --color=never --no-trace; do
		[ "$how" = --no-trace ] || rm -rf .firmo-jobs
		# Without watching it is not seen what a file loads.
		[ "$how" = --no-trace ] && rm tests/helped_test.lua tests/passed_test.lua
		for round in 1 2; do
			is "$how $(verdicts lua5.4 "$how" | grep -v "^helped busted fail\|^passed busted fail")" "$how block busted error
computed busted fail
guard busted error
guarded busted fail
hook busted fail
named busted fail
owner plain pass
plain plain pass
words plain pass"
			[ "$how" = --no-trace ] || is "$(json '#r.files')" 11
		done
	done
}

@test "what loads busted and shows no test to it is no pass, also where busted would look for it" {
	test_file h.lua 'return require "busted.core"'
	test_file spec/helped_test_spec.lua 'require "h"'
	run fj -v --report=json:report.json
	is "$(json 'r.files[1].framework, r.files[1].status')" "busted skip"
	has "read as busted: it loads "
}

@test "another framework's tests beside those of busted's are followed, or it is told that they cannot be" {
	test_file h.lua 'return require "lust"'
	test_file u.lua 'return require "units"'
	test_file tests/top_spec.lua 'require("h").it("a", function() error "x" end)' 'describe("d", function() it("b", function() end) end)'
	test_file tests/block_spec.lua 'describe("d", function() require("h").it("a", function() error "x" end) it("b", function() end) end)'
	test_file tests/units_spec.lua 'local u = require "u"' 'describe("d", function() it("b", function() end) end)' \
		'_G.test1 = function() error "x" end u.LuaUnit.new():runSuite("-o", "nil")'
	test_file tests/subject_spec.lua 'describe("d", function() it("b", function()' \
		'require("h").it("a", function() error "x" end) end) end)'
	test_file tests/subjects_spec.lua 'describe("d", function() it("b", function() _G.test1 = function() error "x" end' \
		'assert(require("u").LuaUnit.new():runSuite("-o", "nil") == 1) end) end)'
	run fj4 --report=json:report.json
	status_is 1
	is "$(json 'file("top").status, file("block").status, file("units").status, file("subject_").status, file("subjects").status')" \
		"error error error pass pass"
	is "$(json 'file("top").reason')" "its tests cannot be followed: lust has tests of its own beside those of busted"
	is "$(json 'file("units").reason')" "its tests cannot be followed: LuaUnit has tests of its own beside those of busted"
}

@test "--framework has the last word, and what was learned is told" {
	test_file h.lua 'return require "lust"'
	plain a 'require("h").it("a", function() error "x" end)'
	run fj4 -v --report=json:report.json
	status_is 1
	has "read as lust: it loads"
	# What a report tells, that of the past tells as well, and that of a copy.
	run fj4 --show -v
	has "read as lust: it loads"
	run -0 fj4 --export=copy.db
	run -0 fj4 --db=other.db --import copy.db
	run fj4 --db=other.db --show -v
	has "read as lust: it loads"
	run fj4 --framework=plain
	status_is 0
	run fj4 --framework=luaunit
	status_is 1
	has "no results of luaunit tests: it loads lust"
	# Whatever is remembered, and whatever passed before as something else.
	sql "UPDATE file SET reading = 65"
	run fj4 --framework=plain --report=json:report.json
	status_is 0
	is "$(json '#file("a").tests')" 0
	plain a 'print("1..1") print("ok 1") os.exit(3)'
	test_file tests/test_help.lua 'return {}'
	plain b 'require "tests.test_help"'
	settle
	run fj4 --report=json:report.json
	status_is 1
	is "$(json 'file("a").framework .. file("help").status')" tapskip
	for lua in $LUAS; do
		for how in --color=never --no-trace --changed; do
			run fj --lua="$lua" --framework=tap "$how" --report=json:report.json
			status_is 1
			is "$(json 'file("a").status .. file("help").status .. file("b").status')" errorerrorerror
			run fj --lua="$lua" --framework=plain "$how" --report=json:report.json
			status_is 1
			is "$(json 'file("a").reason .. file("help").status .. file("b").status')" "exit status 3passpass"
			is "$(json 'file("a").framework .. file("help").framework .. file("b").framework')" plainplainplain
		done
	done
}

@test "whatever a file was before, it is read as often as it takes" {
	local lua how name
	test_file h.lua 'return require "lust"'
	for lua in $LUAS; do
		for how in --color=never --no-trace; do
			rm -rf .firmo-jobs
			for name in helped printing silent; do
				plain "$name" 'it("a", function() end)'
			done
			outcomes "$lua" "$how"
			is "$output" 'helped busted pass 1 0
printing busted pass 1 0
silent busted pass 1 0'
			plain helped 'require("h").it("a", function() error "x" end)'
			plain printing 'print("1..1") print("not ok 1")'
			plain silent 'assert(true)'
			outcomes "$lua" "$how"
			is "$output" 'helped lust fail 1 1
printing tap fail 1 1
silent plain pass 0 0'
		done
	done
}

@test "a file that failed is not saved by another reading of it, in which it did not" {
	local lua once='local f = io.open(arg[0] .. ".there") io.open(arg[0] .. ".there", "w"):close()'
	test_file h.lua 'return function(ok) io.write("1..1\n", ok and "" or "not ", "ok 1\n") os.exit(ok and 0 or 1) end'
	plain printing "$once" 'require("h")(f)'
	plain loading "$once" 'local u = dofile("units.lua")' 'function testA() assert(f) end' 'os.exit(u.LuaUnit.run())'
	for lua in $LUAS; do
		rm -rf .firmo-jobs tests/*.there
		outcomes "$lua"
		is "$output" 'loading plain fail 0 0
printing plain fail 0 0'
	done
	rm tests/*.there
	run fj4 --retries=1
	has "2 flaky"
}

@test "a framework that was remembered wrongly is learned anew" {
	plain a 'assert(true)'
	plain b 'require("lust").it("a", function() end)'
	run fj4
	status_is 0
	for n in 2 3 4 5 6 66 67 68 69 70 127; do
		sql "UPDATE file SET reading = $n"
		outcomes lua5.4
		is "$n: $output" "$n: a plain pass 0 0
b lust pass 1 0"
	done
}

@test "a plain file that was changed into busted's, and leaves before its tests, is no pass" {
	plain a 'assert(true)'
	run -0 fj4
	plain a 'if not pcall(require, "nothing_there") then return end' \
		'describe("x", function() it("y", function() error "z" end) end)'
	run -4 fj4
	has "SKIP"
	run -4 fj4
}

# ---- a pass needs proof ----

@test "a framework's file of whose tests nothing came is an error" {
	plain lust 'require("lust").it("a", function() error "x" end)'
	run fj --command='lua5.4 -E {}'
	status_is 1
	has "no results of its lust tests"
	run fj --command='lua5.4 -E {}' --framework=plain
	status_is 0
	busted_test b 'it("a", function() os.exit(0) end) it("b", function() error "x" end)'
	mkdir bin
	printf '#!/bin/sh\nexport LUA_INIT="x = 1"\nexec lua5.4 %s "$@"\n' "$(command -v busted)" >bin/busted
	chmod +x bin/busted
	PATH=$PWD/bin:$PATH run fj4 tests/b_spec.lua
	status_is 1
	has "called os.exit"
}

@test "the exit status of what nobody could look into is no proof" {
	local lua how
	test_file h.lua 'return require "lust"'
	plain a 'require("h").it("a", function() error "x" end)'
	plain b 'assert(true)'
	test_file tests/c_test.lua 'error "x"'
	# seen COMMAND: of each file the framework and status, by each way to look.
	seen() {
		for how in --color=never --no-trace; do
			rm -rf .firmo-jobs
			run fj --command="$1" -q "$how" --report=json:report.json
			json '(function() local t = {} for _, n in ipairs { "a_t", "b_t", "c_t" } do
				t[#t + 1] = file(n).framework .. " " .. file(n).status end return table.concat(t, ", ") end)()'
		done
	}
	for lua in $LUAS; do
		is "$lua $(seen "$lua {}")" "$lua lust fail, plain pass, plain fail
lust fail, plain pass, plain fail"
		# Neither: an environment that is emptied.
		is "$lua $(seen "env -i $lua {}")" "$lua plain error, plain error, plain fail
plain error, plain error, plain fail"
		# The shim alone, where a script takes the watcher away.
		is "$lua $(seen "env -u LD_PRELOAD $lua {}")" "$lua lust fail, plain pass, plain fail
lust fail, plain pass, plain fail"
		# The watcher alone, where Lua runs in a child: that it is lust's is known, and no more.
		is "$lua $(seen "sh -c '$lua {} || exit 1'")" "$lua lust error, plain pass, plain fail
plain error, plain error, plain fail"
	done
	run fj --command='env -i lua5.4 {}'
	has "--framework=plain takes its exit"
	run fj --command='env -i lua5.4 {}' --framework=plain --exclude='c*'
	status_is 0
}

@test "a pass of a file that nothing has read is none" {
	plain a 'error "x"'
	busted_test b 'it("a", function() error "x" end)'
	test_file helper.lua 'print("hello")'
	local lua how command
	for command in true 'sh -c true' 'lua5.4 helper.lua' 'printf "1..1\nok 1\n"'; do
		run fj --command="$command"
		status_is 1
		has "nothing has read the file"
		rm -rf .firmo-jobs
	done
	run fj --command=true --framework=plain
	status_is 0
	for lua in $LUAS; do
		for how in --color=never --no-trace; do
			rm -rf .firmo-jobs
			LUA_INIT='os.exit(0)' outcomes "$lua" "$how"
			hasnt pass
		done
	done
	# By another name, from another folder, or by another program it is read.
	rm tests/*
	plain c 'assert(true)'
	mkdir links
	ln -s ../tests/c_test.lua links/d_test.lua
	for command in 'lua5.4 {}' 'sh -c "lua5.4 - <{}"' 'sh -c "cat {} | lua5.4 -"' \
		'sh -c "f=\$PWD/{}; cd /; lua5.4 \$f"'; do
		run fj --command="$command" links/d_test.lua tests
		status_is 0
		rm -rf .firmo-jobs
	done
}

@test "the LUA_INIT that a starting script sets is run, and the shim as well" {
	busted_test b 'it("a", function() assert(from_script == 1) end)'
	mkdir bin
	printf '#!/bin/sh\nLUA_INIT="from_script = 1" exec lua5.4 %s "$@"\n' "$(command -v busted)" >bin/busted
	chmod +x bin/busted
	PATH=$PWD/bin:$PATH run fj4
	status_is 0
	has "1 test)"
}

@test "what else is written to the pipe of the events, and events that are lost, are no pass" {
	plain foreign 'local l = require "lust"' \
		'l.it("a", function() local f = io.open("/dev/fd/3", "w") f:write("x") f:close() end)' \
		'l.it("b", function() end)'
	plain forged 'local l = require "lust"' \
		'l.it("a", function() local f = io.open("/dev/fd/3", "w")' \
		'f:write([[{"ev":"plan","tests":50}]], "\n") f:close() end)'
	luaunit_test unit 'function testA() local f = io.open("/dev/fd/3", "w") f:write("x") f:close() end' 'function testB() end'
	plain before 'local f = io.open("/dev/fd/3", "w") f:write("x") f:close()' \
		'local l = require "lust"' 'l.it("a", function() error "x" end)'
	local lua
	for lua in $LUAS; do
		run fj --lua="$lua" --report=json:report.json
		status_is 1
		is "$(json 'file("foreign").status, file("forged").status, file("unit").status, r.success')" 'error error error false'
		is "$(json 'file("before").status ~= "pass"')" true
	done
	busted_test spec 'it("a", function() local f = io.open("/dev/fd/3", "w") f:write("x") f:close() end) it("b", function() end)'
	run fj4 --report=json:report.json tests/spec_spec.lua
	status_is 1
	is "$(json 'file("spec").status')" error
}

@test "a test that takes away what the shim needs is none that passes" {
	local n=0 way
	for way in 'select = nil' 'pcall = nil xpcall = nil' 'string.format = nil string.rep = nil' 'table.concat = nil' \
		'tostring = nil type = nil' 'for k in pairs(debug) do debug[k] = nil end' 'error = nil' 'ipairs = nil pairs = nil' \
		'getmetatable("").__index = nil' 'for k in pairs(package.loaded) do package.loaded[k] = nil end' \
		'for i = 3, 9 do local f = io.open("/proc/self/fd/" .. i, "w") if f then f:write("x") end end'; do
		n=$((n + 1))
		plain "before$n" 'local err = error' "$way" 'dofile("lust.lua").it("b", function() err("x") end)'
		plain "inside$n" 'local l, err = dofile("lust.lua"), error' "l.it('a', function() $way end)" \
			'l.it("b", function() err("x") end)'
		plain "unit$n" 'local u, err = dofile("units.lua"), error' "function test1() $way end" \
			'function test2() err("x") end' 'u.LuaUnit.run()'
	done
	for lua in $LUAS; do
		run fj --lua="$lua" -q --report=json:report.json
		status_is 1
		is "$lua $(json '(function() local t = {} for _, f in ipairs(r.files) do
			if f.status ~= "fail" and f.status ~= "error" then t[#t + 1] = f.path end end
			return table.concat(t, " ") end)()')" "$lua "
	done
}

@test "lust: os.exit is the end only where nothing would have come after it" {
	plain middle 'local l = require "lust"' 'l.it("a", function() end)' 'os.exit(0)' 'l.it("b", function() error "x" end)'
	plain line 'local l = require "lust" l.it("a", function() end) os.exit(0) l.it("b", function() error "x" end)'
	plain loop 'local l = require "lust"' 'for i = 1, 2 do' 'l.it("a", function() end)' 'os.exit(0)' 'end'
	plain helper 'local l = require "lust"' 'l.it("a", function() end)' 'dofile("leave.lua")' 'l.it("b", function() end)'
	test_file leave.lua 'os.exit(0)'
	plain last 'local l = require "lust"' 'l.it("a", function() end)' 'os.exit(l.errors > 0 and 1 or 0)' '-- end'
	plain branch 'local l = require "lust"' 'l.it("a", function() end)' \
		'if l.errors > 0 then' 'os.exit(1)' 'else' 'os.exit(0)' 'end'
	plain routine 'local l = require "lust"' \
		'coroutine.wrap(function() l.it("a", function() end) os.exit(0) end)()' 'l.it("b", function() error "x" end)'
	plain inner 'local l = require "lust"' 'l.it("a", function() end)' \
		'local inner = coroutine.wrap(function() os.exit(0) end)' \
		'local outer = coroutine.wrap(function()' 'inner()' 'l.it("b", function() error "x" end)' 'end)' 'outer()'
	plain deep 'local l = require "lust"' 'l.it("a", function() end)' 'local function leave(n)' \
		'if n == 0 then' 'os.exit(0)' 'else' 'leave(n - 1)' 'end' 'end' 'leave(300)' 'l.it("b", function() error "x" end)'
	plain function 'local l = require "lust"' 'local function finish()' 'os.exit(0)' 'end' \
		'l.it("a", function() end)' 'finish()'
	plain tail 'local l, ok = require "lust", true' 'local function q() return os.exit(0) end' 'l.it("a", function() end)' 'if ok then q() end'
	plain nameless 'local l = require "lust"' 'l.it("a", function() end)' ';(function() os.exit(0) end)()'
	plain module 'local l = require "lust"' 'l.it("a", function() end)' 'if arg then os.exit(0) end' 'return l'
	plain before 'local l, ok = require "lust", true' 'local function q() return os.exit(0) end' 'l.it("a", function() end)' \
		'if ok then q() end' 'return l.it("b", function() error "x" end)'
	outcomes_are 'before lust error 1 0
branch lust pass 1 0
deep lust error 1 0
function lust pass 1 0
helper lust error 1 0
inner lust error 1 0
last lust pass 1 0
line lust error 1 0
loop lust error 1 0
middle lust error 1 0
module lust pass 1 0
nameless lust pass 1 0
routine lust error 1 0
tail lust pass 1 0'
	# Where the main thread is known, it may be the end there, too.
	rm tests/*
	plain routine 'local l = require "lust"' \
		'local co = coroutine.wrap(function() l.it("a", function() end) os.exit(0) end)' 'co()' '-- no more'
	plain nested 'local l = require "lust"' 'l.it("a", function() end)' \
		'local inner = coroutine.create(function() os.exit(0) end)' \
		'local outer = coroutine.wrap(function()' 'coroutine.resume(inner)' 'end)' 'outer()'
	for LUA in lua5.3 lua5.4; do
		outcomes "$LUA"
		is "$output" 'nested lust pass 1 0
routine lust pass 1 0'
	done
}

@test "an exit status that the system cuts to 0 is a failure" {
	local lua how
	plain plain 'os.exit(256)'
	plain closes 'os.exit(-65536, true)'
	plain tap 'print("1..1") print("ok 1") os.exit(512)'
	plain lust 'require("lust").it("a", function() end) os.exit(256)'
	plain units 'local u = dofile("units.lua") function testA() end u.LuaUnit.run() os.exit(256)'
	plain child 'local ok = os.execute("sh -c \"exit 256\"; sh -c \"exit 0\"; lua5.4 -e \"os.exit(256)\"") assert(ok == true or ok == 0)'
	outcomes_are 'child plain pass 0 0
closes plain fail 0 0
lust lust fail 1 0
plain plain fail 0 0
tap tap fail 1 0
units luaunit fail 1 0'
	run fj4
	has "exit status 256, of which the system keeps only 0"
	# Watched it is seen whoever runs it.
	run -1 fj --command='sh -c "exec lua5.4 {}"' --framework=plain tests/plain_test.lua
	run -0 fj4 --framework=plain tests/child_test.lua
}

@test "a framework in the text of the test file itself is none that could be followed" {
	{ echo 'local l = (function()' && cat lust.lua && echo 'end)() l.it("a", function() error "x" end)'; } >own_test.lua
	mkdir tests
	mv own_test.lua tests/
	outcomes_are 'own plain error 0 0'
	run fj --lua=lua5.4
	has "it holds lust itself"
	run -0 fj --lua=lua5.4 --framework=plain
}

@test "a test that overflows the stack or runs out of memory fails, on every Lua" {
	plain lust 'local l = require "lust"' 'local function f() return 1 + f() end' \
		'l.describe("d", function() l.it("a", f) l.it("b", function() end) end)'
	luaunit_test unit 'local function f() return 1 + f() end' 'function testA() f() end' 'function testB() end'
	busted_test spec 'local function f() return 1 + f() end' 'it("a", f) it("b", function() end)'
	local lua
	for lua in $LUAS; do
		run fj --lua="$lua" -q --report=json:report.json tests/lust_test.lua tests/unit_test.lua
		status_is 1
		is "$lua $(json 'file("lust").status, #file("lust").tests, file("lust").tests[1].status, file("lust").tests[2].status')" "$lua fail 2 fail pass"
		# In LuaJIT the function that LuaUnit has called in an error may overflow as well, and then LuaUnit ends by
		# that: how deep the stack is, its compiler decides.
		if [ "$lua" = luajit ] && [ "$(json 'file("unit").status')" = error ]; then
			has "attempt to index local 'err'"
			continue
		fi
		is "$lua $(json 'file("unit").status, #file("unit").tests, file("unit").tests[2].status')" "$lua fail 2 pass"
	done
	run fj4 -q --report=json:report.json tests/spec_spec.lua
	is "$(json 'file("spec").status, #file("spec").tests')" "fail 2"
	plain memory 'local l = require "lust"' \
		'l.it("a", function() local t = {} for i = 1, 1e9 do t[i] = ("x"):rep(1000) .. i end end)' \
		'l.it("b", function() end)'
	for lua in lua5.1 lua5.3 lua5.4; do
		run fj --lua="$lua" -q --limit=as=60M tests/memory_test.lua
		status_is 1
	done
}

@test "a framework that is loaded twice, or beside another one, is followed, or it is told that it cannot be" {
	plain again 'local l = require "lust" package.loaded.lust = nil' 'require("lust").it("a", function() error "x" end)'
	plain both 'local l, u = dofile("lust.lua"), dofile("units.lua")' 'function testA() error "x" end' \
		'l.it("a", function() end)' 'os.exit(u.LuaUnit.run() * 0)'
	plain beside 'local u, l = dofile("units.lua"), dofile("lust.lua")' 'function testA() end' \
		'l.it("a", function() error "x" end)' 'os.exit(u.LuaUnit.run())'
	plain subject 'local u = dofile("units.lua")' \
		'function testA() dofile("lust.lua").it("a", function() error "x" end) end' 'os.exit(u.LuaUnit.run())'
	outcomes_are 'again lust fail 1 1
beside luaunit error 1 0
both lust fail 2 1
subject luaunit pass 1 0'
}

@test "long messages and names arrive shortened, in whole characters" {
	plain lust 'local l = require "lust"' \
		'l.it(("n"):rep(5e6), function() error(("\195\169"):rep(3e6)) end)' 'l.it("b", function() end)'
	# LuaUnit itself takes minutes over a long line of a message.
	luaunit_test unit '_G[("test"):rep(1e6)] = function() error("x") end' 'function testB() end'
	busted_test b 'it(("n"):rep(5e6), function() error(("y"):rep(5e6)) end)'
	local lua
	for lua in $LUAS; do
		run fj --lua="$lua" -q --report=json:report.json tests/lust_test.lua tests/unit_test.lua
		status_is 1
		is "$lua $(json '#file("lust").tests, file("lust").status')" "$lua 2 fail"
		is "$(json '#file("unit").tests, file("unit").status')" "2 fail"
		is "$(json 'file("lust").tests[1].name:match("^nnn") ~= nil, file("lust").tests[1].message:match("bytes in all") ~= nil,
			utf8.len(file("lust").tests[1].message) ~= nil')" "true true true"
	done
	run fj4 -q --report=json:report.json tests/b_spec.lua
	is "$(json '#file("b_").tests, file("b_").status, file("b_").tests[1].message:match("bytes in all") ~= nil')" "1 fail true"
}

@test "luaunit: tests behind a setup that failed are listed" {
	luaunit_test suite 'function setupSuite() error "no" end' 'function testA() end' 'function testB() end'
	luaunit_test class 'TestC = { setupClass = function() error "no" end, testA = function() end }' 'function testB() end'
	local lua
	for lua in $LUAS; do
		run fj --lua="$lua" -q --report=json:report.json
		status_is 1
		is "$lua $(json '#file("suite").tests, #file("class").tests, file("suite").status, file("class").status')" "$lua 2 2 error error"
	done
}

# ---- the shim leaves no trace ----

@test "a test sees the world as it is without firmo-jobs" {
	plain a 'local s = package.searchers or package.loaders' \
		'local function line(...) io.stderr:write(table.concat({ ... }, " "), "\n") end' \
		'line("searchers", #s) for i = 1, #s do line(i, type(s[i]), type(s[i]("none.such"))) end' \
		'local names = {} for k in pairs(package.loaded) do names[#names + 1] = k end table.sort(names)' \
		'line("loaded", unpack and unpack(names) or table.unpack(names))' \
		'names = {} for k in pairs(_G) do names[#names + 1] = tostring(k) end table.sort(names)' \
		'line("globals", unpack and unpack(names) or table.unpack(names))' \
		'line("hook", tostring(debug.gethook()))' \
		'local depth = 1 while debug.getinfo(depth) do depth = depth + 1 end' \
		'if _VERSION ~= "Lua 5.1" or jit then line("depth", depth) end' \
		'for i = -3, 3 do line("arg", i, tostring(arg and arg[i])) end' \
		'line("inspect", require("spec.inspect"), require("test_depth"), dofile("test_depth.lua"))' \
		'line("loadfile", loadfile("test_depth.lua")())' \
		'line("module", tostring(s[2]("module")):match("^%a+"), tostring(require("module")))' \
		'line("random", type(math.random()), tostring(string.rep), tostring(getmetatable("").__index == string))' \
		'for _, f in ipairs { "dofile", "load", "loadfile", "require" } do line(f, type(_G[f])) end' \
		'local names = {} for k in pairs(debug.getregistry()) do if type(k) == "string" then names[#names + 1] = k end end' \
		'table.sort(names) line("registry", unpack and unpack(names) or table.unpack(names))' \
		'local entries = 0 for _ in next, debug.getregistry() do entries = entries + 1 end line("entries", entries)'
	test_file module.lua 'local d = 1 while debug.getinfo(d) do d = d + 1 end' \
		'return (_VERSION ~= "Lua 5.1" or jit) and d or 0'
	mkdir spec
	cp module.lua spec/inspect.lua
	cp module.lua test_depth.lua
	local lua how
	for lua in $LUAS; do
		"$lua" tests/a_test.lua 2>alone
		for how in --color=never --no-trace; do
			run fj --lua="$lua" "$how" --report=json:report.json
			status_is 0
			json 'file("a").output' | sed 's/function: [^ ]*/function/' >watched
			sed -i 's/function: [^ ]*/function/' alone
			is "$lua $how: $(<watched)" "$lua $how: $(<alone)"
		done
	done
}

@test "what is called like a test runs at its own level where another file loads it" {
	test_file depth.lua 'local d = 1 while debug.getinfo(d) do d = d + 1 end' 'return d'
	{ cat depth.lua && echo; } | sed '1a assert(X)' >test_depth.lua
	mkdir tests && mv test_depth.lua tests
	busted_test a 'X = 1' 'describe("a", function() it("is level", function()' \
		'_G.X = 1 package.path = "./tests/?.lua;" .. package.path' \
		'assert.equals(require("depth"), require("test_depth"))' \
		'assert.equals(require("depth"), dofile("tests/test_depth.lua"))' \
		'assert.equals("C", debug.getinfo(dofile).what) end) end)'
	plain b 'X = 1 package.path = "./tests/?.lua;" .. package.path' \
		'assert(require("depth") == require("test_depth"))'
	run fj -v --report=json:report.json --report=text
	status_is 0
	is "$(json 'file("a_spec").status, file("b_test").status')" "pass pass"
	# Its support all the same, which one more run has proven and says nothing else.
	[[ $output == *"(support: loaded by tests/"[ab]_*".lua; alone: exit status 1)"* ]]
	hasnt "read as"
}

@test "a plain file that lies where busted looks is run once more, and not a third time" {
	test_file spec/a_spec.lua 'local f = io.open("runs", "a") f:write("run\n") f:close()'
	settle
	local how
	for how in --color=never --no-trace; do
		rm -rf runs .firmo-jobs
		run -0 fj -v $how
		is "$how $(wc -l <runs)" "$how 2"
		hasnt "read as"
		# It is known from then on.
		run -0 fj $how
		is "$how $(wc -l <runs)" "$how 3"
	done
}
