#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# require "firmo-jobs": runs for programs in Lua, without a module in C.

load common

# host [LUA] <script: a program in Lua with the module, firmo-jobs in its PATH.
host() {
	cat >host.lua
	PATH=$(dirname "$FIRMO_JOBS"):$PATH LUA_PATH="$("$FIRMO_JOBS" --print-lua-path);;" run "${1:-lua5.4}" host.lua
}

suite() {
	luaunit_test unit "TestA = {}" "function TestA:test_one() print('said') end" \
		"function TestA:test_two() error('bad') end"
	plain good ""
}

# Nothing of a run is left: no process (but the shell that tells), no private folder.
nothing_left() {
	await bash -c '[ -z "$(ls -A "$TMPDIR")" ]'
}

@test "a run calls back as things happen, and returns the report, in every Lua that is here" {
	local lua
	suite
	cat >program.lua <<-'END'
		local jobs = require("firmo-jobs")
		local seen = {}
		local function note(...) seen[#seen + 1] = table.concat({ ... }, " ") end
		local r = assert(jobs.run({
			paths = { "tests" }, workers = 2, retries = 1,
			on_start = function(files) note("start", #files) end,
			on_test = function(t, path) note("test", path, t.path[1] or "-", t.name, t.status) end,
			on_file = function(f, retried) note("file", f.path, f.status, tostring(retried)) end,
			on_output = function(text, path) if text:find("said") then note("output", path) end end,
		}))
		table.sort(seen)
		print(table.concat(seen, "\n"))
		print(r.schema, r.passed, r.failed, r.status, #r.files, r.run.jobs, r.errors[1].test)
	END
	for lua in lua5.1 lua5.2 lua5.3 lua5.4 luajit; do
		command -v "$lua" >/dev/null || continue
		host $lua <program.lua
		status_is 0
		is "$output" "file tests/good_test.lua pass false
file tests/unit_test.lua fail false
file tests/unit_test.lua fail true
output tests/unit_test.lua
output tests/unit_test.lua
start 2
test tests/unit_test.lua TestA test_one pass
test tests/unit_test.lua TestA test_one pass
test tests/unit_test.lua TestA test_two error
test tests/unit_test.lua TestA test_two error
1	2	1	1	2	2	TestA test_two"
		nothing_left
		LUA_PATH="$("$FIRMO_JOBS" --print-lua-path);;" run -0 $lua "$BATS_TEST_DIRNAME/../lua/json_test.lua"
	done
}

@test "two runs go on at once, wait for some time and are cancelled; other JSON readers are not needed" {
	mkfifo go
	mkdir two
	plain a "io.open('go'):read('l')"
	test_file two/b_test.lua "io.open('go'):read('l')"
	host <<-'END'
		package.preload.cjson = function() error("none") end
		package.preload.dkjson = package.preload.cjson
		local jobs = require("firmo-jobs")
		local a = assert(jobs.start({ paths = "tests", db = "a.db", lua = "lua5.4" }))
		local b = assert(jobs.start({ paths = "two", db = "b.db", lua = "lua5.4" }))
		print(#a.plan, a.plan[1].path, b.plan[1].path)
		print(a:wait(0.1))
		print(a:running(), b:running(), a:wait(0))
		print(b:cancel(), b:running())
		local r = b:wait()
		print(r.run.signal, r.success, r.files[1].status, a:running())
		local go = assert(io.open("go", "w"))
		go:write("go\n")
		go:close()
		r = assert(a:wait())
		print(r.success, r.files[1].path, a:running(), a:cancel(), a:wait() == r)
	END
	status_is 0
	is "$output" $'1\ttests/a_test.lua\ttwo/b_test.lua
nil\ttimeout
true\ttrue\tnil\ttimeout
true\tfalse
15\tfalse\tnotrun\ttrue
true\ttests/a_test.lua\tfalse\ttrue\ttrue'
	nothing_left
}

@test "a callback that fails cancels the run, and its error is handed on" {
	plain a ""
	plain hangs "io.open(os.getenv('NEVER')):read('l')"
	NEVER=$NEVER host <<-'END'
		local jobs = require("firmo-jobs")
		local mine = {}
		local r, e = jobs.run({ workers = 2, on_file = function() error(mine) end, on_test = 1 and nil })
		print(r, e == mine)
		local run = assert(jobs.start({ on_file = function() error("mine", 0) end }))
		print(run:wait())
		print(run:running(), run:wait())
	END
	status_is 0
	is "$output" $'nil\ttrue
nil\tmine
false\tnil\tmine'
	nothing_left
}

@test "a host that ends, however it does, takes its run with it" {
	plain hangs "io.open('began', 'w'):close()" "io.open(os.getenv('NEVER')):read('l')"
	cat >host.lua <<-'END'
		local run = assert(require("firmo-jobs").start({}))
		while not io.open("began") do run:wait(0.05) end
		if arg[1] == "exit" then os.exit(0) end
		if arg[1] == "drop" then run = nil return end
		io.open("ready", "w"):close()
		run:wait()
	END
	export NEVER
	for how in exit drop INT KILL; do
		rm -f began ready
		PATH=$(dirname "$FIRMO_JOBS"):$PATH LUA_PATH="$("$FIRMO_JOBS" --print-lua-path);;" \
			start_command lua5.4 host.lua "$how"
		case $how in
		INT | KILL)
			await test -e ready
			kill -"$how" "$RUNNER"
			;;
		esac
		finish
		nothing_left
	done
}

@test "what is wrong is told as nil and a message that names it" {
	suite
	printf '#!/bin/sh\necho firmo-jobs 9.9.9\n' >newer
	chmod +x newer
	host <<-'END'
		local jobs = require("firmo-jobs")
		local function wrong(...) print(select(2, ...)) end
		wrong(jobs.run(3))
		wrong(jobs.run({ workers = "8" }))
		wrong(jobs.run({ on_test = {} }))
		wrong(jobs.start({ paths = { 1, {} } }))
		wrong(jobs.start({ fail_fast = 1 }))
		wrong(jobs.run({ 1 }))
		wrong(jobs.run({ timeout = "soon" }))
		wrong(jobs.run({ workrs = 8 }))
		wrong(jobs.run({ list = true }))
		wrong(jobs.run({ no_report = true }))
		wrong(jobs.run({ paths = "nowhere" }))
		wrong(jobs.run({ program = "no-such-program" }))
		wrong(jobs.run({ program = "./newer" }))
		wrong(jobs.run({ folder = "nowhere" }))
		wrong(jobs.history({ view = "all" }))
		wrong(jobs.plan({ order = "none" }))
		local run = assert(jobs.start({}))
		wrong(run:wait("long"))
		run:wait()
	END
	status_is 0
	has "jobs.run: the options have to be a table, not a number
jobs.run: option workers has to be a number, not a string
jobs.run: option on_test has to be a function, not a table
jobs.start: option paths has to be a string or a list of strings, not a table
jobs.start: option fail_fast has to be a boolean, not a number
jobs.run: 1 is no name of an option
--timeout=soon: wants seconds, such as 60 or 0.5; 0 for none; or auto
--workrs=8: no such option"
	has "jobs.run: option list is the module's own
jobs.run: option no_report is the module's own
nowhere: No such file or directory
no-such-program cannot be run: install firmo-jobs, put its folder into PATH, or name it by the option program
./newer is \"firmo-jobs 9.9.9\", this module is for $("$FIRMO_JOBS" --version): install both anew"
	has "--history=all: no such view"
	has "run:wait: the seconds have to be a number, 0 or more"
	nothing_left
}

@test "plans and the past are tables" {
	suite
	ln -s "$FIRMO_JOBS" linked
	host <<-'END'
		local jobs = require("firmo-jobs")
		assert(jobs.run({ paths = "tests" }))
		local p = assert(jobs.plan({ workers = 3, paths = "tests" }))
		print(p.schema, p.workers, #p.files, p.files[1].path, p.files[1].last, p.unknown)
		local h = assert(jobs.history({ view = "failing" }))
		print(h.view, h.schema, #h.files)
		print(assert(jobs.history()).view, assert(jobs.advise()).cpus > 0)
		-- In another folder, by a program that is named from this one.
		p = assert(jobs.plan({ program = "./linked", folder = "tests" }))
		print(#p.files, assert(jobs.run({ program = "./linked", folder = "tests" })).passed)
	END
	status_is 0
	is "$output" $'1\t3\t2\ttests/unit_test.lua\tfail\t0
failing\t1\t1
overview\ttrue
2\t2'
}

@test "--follow prints whole lines as they come, until the end or for a time" {
	printf '{"event":"a"}\n{"event":"b' >events
	fj --follow=0,,events >followed &
	await grep -q a followed
	refute grep -q b followed
	printf '"}\n{"event":"run_end"}\n{"event":"c"}\n' >>events
	wait $!
	is "$(<followed)" $'{"event":"a"}\n{"event":"b"}\n{"event":"run_end"}'
	run fj --follow=14,0,events
	status_is 0
	is "$output" $'{"event":"b"}\n{"event":"run_end"}'
	printf '{"event":"a"}\n' >events
	run fj --follow=0,0.01,events
	status_is 1
	run fj --follow=0,,nowhere
	status_is 3
	has "read nowhere: No such file or directory"
	wrong_usage --follow=events "--follow=events: wants the first byte"
}

@test "--end-with-input ends the run where standard input does" {
	mkfifo input
	plain hangs "io.open('began', 'w'):close()" "io.open(os.getenv('NEVER')):read('l')"
	exec 7<>input
	NEVER=$NEVER start_command sh -c 'exec "$@" <input' sh "$FIRMO_JOBS" --end-with-input 7>&-
	await test -e began
	exec 7>&-
	finish
	is "$how" "signal 15"
	wrong_usage --end-with-input --no-capture "standard input is the file's then"
}

@test "below make it takes make's tokens, and none is lost, however a run ends" {
	local how
	for how in a b c; do plain "$how" "io.open('began', 'w'):close()" "if os.getenv('HANGS') then io.open('$NEVER'):read('l') end"; done
	cat >host.lua <<-'END'
		local jobs = require("firmo-jobs")
		local run = assert(jobs.start({ lua = "lua5.4", workers = 8,
			on_file = arg[1] == "fails" and error or nil }))
		if arg[1] == "waits" or arg[1] == "fails" then
			local r = run:wait()
			print(r and r.run.jobs)
		else
			while not io.open("began") do run:wait(0.05) end
			if arg[1] == "cancels" then run:cancel() else os.execute("kill -KILL $PPID") end
		end
	END
	export LUA_PATH
	LUA_PATH="$("$FIRMO_JOBS" --print-lua-path);;"
	PATH=$(dirname "$FIRMO_JOBS"):$PATH
	run -0 audit --tokens=3 -- lua5.4 host.lua waits
	has "4"
	run -0 audit --tokens=3 -- lua5.4 host.lua fails
	rm began
	HANGS=1 run -0 audit --tokens=3 -- lua5.4 host.lua cancels
	rm began
	HANGS=1 run audit --tokens=3 --settle=20000 -- lua5.4 host.lua dies
	has "audit: ok 3 tokens"
	nothing_left
}
