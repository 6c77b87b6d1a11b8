#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# In the place of Firmo's lib.tools.parallel, in a stand-in of Firmo's shape. The real one, unmodified, has
# tests/parallel/parallel_test.lua.

load common

setup() {
	setup_project
	cp -r "$BATS_TEST_DIRNAME/fixtures/firmo/lib" .
	mkdir -p lib/tools/parallel lib/tools/cli
	echo 'return { register_with_firmo = function(f) f.parallel = "own" end }' >lib/tools/parallel/init.lua
	cat >firmo.lua <<-'END'
		package.path = package.path .. ";./?.lua;./?/init.lua"
		local firmo = { it_async = require("lib.async").it_async }
		for name, value in pairs(require("lib.core.test_definition")) do firmo[name] = value end
		package.loaded.firmo = firmo
		local cli = require("lib.tools.cli")
		require("lib.tools.parallel").register_with_firmo(firmo)
		if arg[0]:match("firmo%.lua$") then os.exit(cli.run(arg, firmo) and 0 or 1) end
		return firmo
	END
	cat >lib/tools/cli/init.lua <<-'END'
		local cli = {}
		local runner = require("lib.core.runner")
		function cli.show_help() print("Firmo's own help") end
		function cli.run(args, firmo)
			local files, known = {}, { ["--coverage"] = true, ["--verbose"] = true }
			for _, word in ipairs(args) do
				if word == "--help" then
					cli.show_help()
					return true
				elseif word:match("_test%.lua$") then
					files[#files + 1] = word
				elseif not word:match("^%-") then
					local list = io.popen("ls " .. word .. "/*_test.lua")
					for file in list:lines() do files[#files + 1] = file end
					list:close()
				elseif not known[word] and not word:match("^%-%-filter=") then
					print("Unknown option: " .. word)
					return false
				end
			end
			if #files == 1 then return runner.run_file(files[1]).success end
			local r = runner.run_tests(files, firmo, {})
			if not r then print("ran nothing") return false end
			print(("Files Tested: %d (Passed: %d, Failed: %d)"):format(r.files_tested, r.files_passed, r.files_failed))
			print(("Passes: %d Failures: %d Skipped: %d"):format(r.passes, r.errors, r.skipped))
			return r.success
		end
		return cli
	END
	firmo_test good "it('is good', function() print('said by good') end)"
	firmo_test bad "it('is bad', { tags = { 'slow' } }, function() error('on purpose') end)" "it('is fine', function() end)"
}

firmo_test() {
	test_file "tests/$1_test.lua" "local firmo = require('firmo')" "local it = firmo.it" \
		"firmo.describe('$1', function()" "${@:2}" "end)"
}

# firmo ARG...: lua firmo.lua ARG... with the drop-in in front.
firmo() {
	PATH=$(dirname "$FIRMO_JOBS"):$PATH LUA_PATH="$("$FIRMO_JOBS" --print-lua-path=firmo);;" run lua5.4 firmo.lua "$@"
}

@test "firmo.lua --parallel is driven by firmo-jobs, with its options" {
	firmo --parallel --workers 8 tests
	status_is 1
	has "Files Tested: 2 (Passed: 1, Failed: 1)
Passes: 2 Failures: 1 Skipped: 0"
	has "--- Output from tests/good_test.lua ---
said by good"
	has "FAIL tests/bad_test.lua: tests/bad_test.lua:4: on purpose"
	has "stack traceback:"
	firmo -p --no-worker-output --verbose-parallel --filter=fine tests
	status_is 0
	has "Processing file (1/2): tests/"
	has "Passes: 1 Failures: 0"
	hasnt "said by good"
	firmo -p -w 2 --tag slow tests
	status_is 1
	has "Failures: 1"
	hasnt "is fine"
	# One file is a run as well, and switches in front of paths do not swallow them.
	firmo -p --coverage tests/good_test.lua
	status_is 0
	has "said by good"
	firmo --help
	has "Firmo's own help"
	has "--no-aggregate-coverage"
	firmo -p --workers many tests
	status_is 1
	has "Error: --workers many: wants a whole number above 0"
	# Without -p Firmo's own runner has them.
	firmo tests
	has "ran nothing"
}

@test "files run side by side, to their deadlines, and the first failure ends them" {
	firmo_test a "it('meets', function() assert(os.execute('touch a; until [ -e b ]; do sleep 0.01; done')) end)"
	firmo_test b "it('meets', function() assert(os.execute('touch b; until [ -e a ]; do sleep 0.01; done')) end)"
	firmo -p --workers 2 tests/a_test.lua tests/b_test.lua
	status_is 0
	has "Files Tested: 2 (Passed: 2, Failed: 0)"
	firmo_test hangs "it('hangs', function() os.execute('until [ -e c ]; do sleep 0.01; done') end)"
	firmo -p --timeout 0.5 tests/hangs_test.lua tests/good_test.lua
	status_is 1
	has "FAIL tests/hangs_test.lua: timed out"
	firmo -p --fail-fast --timeout 100 tests/hangs_test.lua tests/bad_test.lua
	status_is 1
	has "FAIL tests/bad_test.lua"
	[ -z "$(ls -A "$TMPDIR")" ]
}

@test "its functions do what their names say" {
	mkfifo go
	firmo_test waits "it('waits', function() io.open('go'):read('l') end)"
	cat >src.lua <<-'END'
		local function never() return 1 end
		return 1
	END
	firmo_test covers "it('covers', function() require('src') end)"
	cat >host.lua <<-'END'
		package.path = package.path .. ";./?.lua;./?/init.lua"
		local p = require("lib.tools.parallel")
		print(p._VERSION, p.configure({ workers = 3, show_worker_output = false }) == p, p.options.workers, p.options.timeout)
		print(p.debug_config().local_config.workers, p.reset().options.workers, p.full_reset() == p)
		p.configure({ show_worker_output = false })
		local both = { "tests/good_test.lua", "tests/bad_test.lua" }
		local r = assert(p.run_tests(both))
		print(r.passed, r.failed, r.total, #r.files_run, #r.worker_outputs, r.elapsed > 0)
		print(r.errors[1].file, r.errors[1].message, r.errors[1].traceback ~= nil)
		print(p.get_optimal_workers(both) >= 1)
		local f = assert(p.run_file("tests/good_test.lua"))
		print(f.file, f.success, f.result.passed, f.output)
		local sum = p.aggregate_results({ f, p.run_file("tests/bad_test.lua") })
		print(sum.passed, sum.failed, #sum.files_run, sum.success)
		local c = p.run_tests({ "tests/covers_test.lua" }, { coverage = true }).coverage["src.lua"]
		print(c.lines[1], c.lines[2], c.functions["never:1"].executed)
		print(p.combine_coverage({ ["src.lua"] = c }, { ["src.lua"] = c })["src.lua"].lines[2])
		local runner = assert(p.test_runner({ "tests/waits_test.lua" }))
		while not p.get_active_processes()[1] do runner:wait(0.1) end
		local process = p.get_active_processes()[1]
		print(process.file, process.slot, p.is_running(), p.monitor_process(process, 0))
		local go = assert(io.open("go", "w"))
		go:write("go\n")
		go:close()
		local running, result = p.monitor_process(process)
		print(running, result.status, (runner:wait()).passed, p.is_running())
		runner = assert(p.test_runner({ "tests/waits_test.lua" }))
		print(p.cancel_all(), p.is_running(), p.cancel_all())
		print(p.run_tests(both, { program = "no-such-program" }))
		print(p.run_tests({}).total)
	END
	PATH=$(dirname "$FIRMO_JOBS"):$PATH LUA_PATH="$("$FIRMO_JOBS" --print-lua-path=firmo);;" run luajit host.lua
	is "$output" "1.0.1	true	3	60
3	4	true
2	1	3	2	2	true
tests/bad_test.lua	tests/bad_test.lua:4: on purpose	true
true
tests/good_test.lua	true	1	said by good

2	1	2	false
1	1	false
2
tests/waits_test.lua	0	true	true	nil
false	pass	1	false
1	false	0
nil	no-such-program cannot be run: install firmo-jobs, put its folder into PATH, or name it by the option program
0"
	status_is 0
}

@test "--install-firmo puts it in the place of Firmo's own, --uninstall-firmo takes it back" {
	cp lib/tools/parallel/init.lua own.lua
	run -0 fj --install-firmo=.
	run -0 fj --install-firmo=.
	is "$(wc -l <lib/tools/parallel/init.lua)" 2
	PATH=$(dirname "$FIRMO_JOBS"):$PATH run lua5.4 firmo.lua -p tests
	status_is 1
	has "Files Tested: 2 (Passed: 1, Failed: 1)"
	run -0 fj --uninstall-firmo="$PWD"
	diff own.lua lib/tools/parallel/init.lua
	is "$(ls lib/tools/parallel)" init.lua
	# A link stays one, and what it leads to is what is kept.
	mv lib/tools/parallel/init.lua linked.lua
	ln -s ../../../linked.lua lib/tools/parallel/init.lua
	run -0 fj --install-firmo=.
	grep -q firmo-jobs.parallel linked.lua
	run -0 fj --uninstall-firmo=.
	diff own.lua lib/tools/parallel/init.lua
	test -L lib/tools/parallel/init.lua
	mkdir linked.lua.before-firmo-jobs
	bad 3 "keep $PWD/linked.lua as" --install-firmo=.
	diff own.lua linked.lua
	bad 3 "is Firmo's own: nothing is to be taken away" --uninstall-firmo=.
	bad 3 "no Firmo has its module there" --install-firmo=tests
	bad 2 "wants the folder of Firmo" --install-firmo=
}
