#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What runs, with what, in which order, and how it ends.

load common
load fixtures/report

# learn NAME SECONDS...: makes the history believe that tests/NAME_test.lua took these times.
learn() {
	local blob
	# As src/store/pack.c has it: the step to the run, a pass, wall, CPU, delay, memory.
	blob=$(lua5.4 -e 'local function pack(n)
			return (n >= 128 and ("%02x"):format(n % 128 + 128) .. pack(n // 128) or ("%02x"):format(n))
		end
		for i = 1, #arg do
			io.write(pack(i == 1 and 2 or 0), pack(1), pack(arg[i] * 10^6 // 1 | 0), pack(0), pack(0), pack(0))
		end' /dev/null "${@:2}")
	sql "UPDATE file SET trail = x'$blob' WHERE path = 'tests/$1_test.lua'"
}

# listed: the files of --list in their order.
listed() {
	fj --list "$@" | sed -n 's,^.* tests/\(.*\)_test\.lua$,\1,p' | tr '\n' ' '
}

# ---- discovery ----

@test "a folder is searched for the usual names and nothing else" {
	for name in a_test.lua b_spec.lua test_c.lua spec_d.lua deep/er/e_test.lua test.lua \
		helper.lua deep/test.lua testing.lua a_test.lua.bak a_test.txt my_test_x.lua; do
		test_file "tests/$name" "-- nothing"
	done
	run fj --report=json:report.json
	status_is 0
	query_is '#r.files' 6
	for name in a_test.lua b_spec.lua test_c.lua spec_d.lua deep/er/e_test.lua test.lua; do
		query_is "file('tests/$name').status" pass
	done
}

@test "hidden folders, node_modules, vendor and fixtures are left out" {
	for folder in .hidden node_modules vendor fixtures .git deep/vendor deep/.cache; do
		test_file "tests/$folder/x_test.lua" "os.exit(1)"
	done
	test_file tests/.hidden_test.lua "os.exit(1)"
	plain seen ""
	run fj
	status_is 0
	has "Files: 1 in all"
	has tests/seen_test.lua
}

@test "a folder that is usually left out is searched when it is named" {
	for folder in vendor .hidden node_modules tests/fixtures; do
		test_file "$folder/x_test.lua" "-- nothing"
	done
	run fj vendor .hidden/ ./node_modules tests/fixtures
	status_is 0
	has "Files: 4 in all, 4 passed"
}

@test "without a path: tests, test and spec, those that exist" {
	test_file spec/a_spec.lua "-- nothing"
	test_file test/b_test.lua "-- nothing"
	test_file other/c_test.lua "os.exit(1)"
	run fj --report=json:report.json
	status_is 0
	query_is '#r.files' 2
	plain d ""
	run fj
	status_is 0
	has "Files: 3 in all"
}

@test "a file that is named runs whatever it is called, and is no test by that alone" {
	test_file check.lua "io.open('ran', 'w'):close()"
	run fj check.lua
	status_is 4
	has "SKIP"
	has "(no test seen; --framework=plain takes its exit status)"
	has "NO TEST: no test was seen in check.lua"
	test -e ran
	run fj --framework=plain check.lua
	status_is 0
	has "Files: 1 in all, 1 passed"
	run fj --pattern='check*' check.lua
	status_is 0
	# What it was by that name is no proof for a run that does not call it so.
	settle
	run fj --pattern='check*' check.lua
	run fj --changed check.lua
	status_is 4
	has "SKIP"
	# Beside tests it changes nothing, and what fails has failed.
	plain a ""
	run fj tests --changed check.lua
	status_is 0
	has "Files: 2 in all, 1 passed, 1 skipped"
	test_file check.lua "error('x')"
	run fj check.lua tests
	status_is 1
	test_file check.lua "print('1..1') print('ok 1')"
	run fj check.lua
	status_is 0
	test_file check.lua "os.exit(77)"
	run fj check.lua
	status_is 0
}

@test "nothing that failed is no success where no test was seen" {
	test_file tests/a_spec.lua "describe('none', function() end)"
	test_file tests/empty_test.lua
	: >tests/empty_test.lua
	run fj4
	status_is 4
	has "NO TEST: no test was seen in tests/a_spec.lua and tests/empty_test.lua"
	mkdir many
	for n in 1 2 3 4 5 6 7 8 9 10; do : >"many/a${n}_test.lua"; done
	run fj4 many
	status_is 4
	has "in many/a10_test.lua, many/a1_test.lua, many/a2_test.lua, "
	has "many/a7_test.lua and 2 more"
	test_file tests/empty_test.lua "os.exit(77)"
	run fj4
	status_is 0
	test_file tests/empty_test.lua "print('1..0 # SKIP none here')"
	run fj4
	status_is 0
	test_file tests/a_spec.lua "it('is pending', function() pending('later') end)"
	run fj4 tests/a_spec.lua
	status_is 0
}

@test "a file that is named in several ways runs once" {
	logging once
	run fj tests tests/once_test.lua ./tests//once_test.lua tests/./
	status_is 0
	has "Files: 1 in all"
	order_is once
}

@test "a link to a folder is not followed, a link to a file is" {
	plain real ""
	ln -s . tests/circle_test.lua
	ln -s ../tests tests/again
	test_file other/there.lua ""
	ln -s ../other/there.lua tests/link_test.lua
	run fj
	status_is 0
	has "Files: 2 in all, 2 passed"
}

@test "--include and --exclude take names and paths" {
	for name in one/a one/b two/a two/c; do
		plain "$name" ""
	done
	names() {
		REPORT=report.json query "(function() local t = {} for _, f in ipairs(r.files) do
			t[#t + 1] = f.path end table.sort(t) return table.concat(t, ' ') end)()"
	}
	run fj --report=json:report.json '--include=a_*'
	status_is 0
	is "$(names)" "tests/one/a_test.lua tests/two/a_test.lua"
	run fj --report=json:report.json '--include=tests/two/*'
	is "$(names)" "tests/two/a_test.lua tests/two/c_test.lua"
	run fj --report=json:report.json '--include=a_*' '--include=b_*' '--exclude=*/two/*'
	is "$(names)" "tests/one/a_test.lua tests/one/b_test.lua"
	run fj --report=json:report.json '--exclude=[ab]_*'
	is "$(names)" "tests/two/c_test.lua"
	run fj '--include=nothing*'
	status_is 4
}

# ---- what a file is run with ----

@test "--framework overrides what the file looks like" {
	test_file tests/x_test.lua "print('1..1') io.write('o', 'k 1 - spoken\n')" "-- describe it"
	run fj --report=json:report.json --framework=plain
	status_is 0
	query_is "r.files[1].framework" plain
	query_is "#r.files[1].tests" 0
	run fj --report=json:report.json --framework=tap
	status_is 0
	query_is "r.files[1].framework" tap
	query_is "tests('tests/x_test.lua')" spoken=pass
	for name in firmo busted luaunit; do
		run fj --report=json:report.json --framework=$name
		query_is "r.files[1].framework" $name
	done
}

@test "--command runs each file by that command" {
	plain args "-- nothing"
	test_file show.lua "local f = io.open('args', 'w')" \
		"for i = 1, #arg do f:write('[', arg[i], ']') end" "f:close()"
	run fj --framework=plain --command="lua5.4 show.lua --first {} 'two words' --file={}"
	status_is 0
	is "$(cat args)" "[--first][tests/args_test.lua][two words][--file=tests/args_test.lua]"
	run fj --framework=plain --command="lua5.4 show.lua -x"
	status_is 0
	is "$(cat args)" "[-x][tests/args_test.lua]"
}

@test "--command's exit status decides, and a framework's events still count" {
	plain one ""
	run fj --command="sh -c 'exit 5' {}" --report=json:report.json
	status_is 1
	query_is "r.files[1].exit" 5
	rm -r tests
	busted_test two "describe('d', function() it('works', function() end) end)"
	run fj --command="lua5.4 $(command -v busted) {}" --report=json:report.json
	status_is 0
	query_is "tests('tests/two_spec.lua')" "d>works=pass"
}

@test "what stands behind -- is handed to each worker" {
	plain args "local f = io.open('args', 'w')" \
		"for i = 1, #arg do f:write('[', arg[i], ']') end" "f:close()"
	run fj -q tests -- --deep -j9 'two words' '' -- last
	status_is 0
	is "$(cat args)" "[--deep][-j9][two words][][--][last]"
}

@test "worker arguments reach busted behind its file" {
	busted_test tagged "describe('d', function()" "it('quick #quick', function() end)" \
		"it('slow #slow', function() error('not wanted') end)" "end)"
	run fj4 --report=json:report.json tests -- --tags=quick
	status_is 0
	query_is "tests('tests/tagged_spec.lua')" "d>quick #quick=pass"
}

@test "--lua: every Lua that is installed" {
	plain version "io.open('version', 'w'):write(_VERSION, jit and ' jit' or '')"
	seen=0
	for lua in 5.1 5.2 5.3 5.4; do
		command -v "lua$lua" || continue
		run fj --lua="lua$lua"
		status_is 0
		is "$(cat version)" "Lua $lua"
		seen=$((seen + 1))
	done
	if command -v luajit; then
		run fj --lua="$(command -v luajit)"
		status_is 0
		is "$(cat version)" "Lua 5.1 jit"
	fi
	[ "$seen" -ge 1 ]
}

@test "FIRMO_JOBS_FLAGS stands in front of the command line" {
	logging b
	logging a "print(arg[1])"
	export FIRMO_JOBS_FLAGS="--order=path -j1 -q '--exclude=no such file'"
	run fj
	status_is 0
	order_is "a b"
	hasnt "PASS"
	run fj -v --order=random:2
	status_is 0
	has "PASS"
	has "--order=random:2"
}

@test "a worker's TMPDIR is its own and goes with it" {
	plain tmp "local dir = os.getenv('TMPDIR')" "io.open(dir .. '/litter', 'w'):write('x')" \
		"os.execute('mkdir -p ' .. dir .. '/a/b && touch ' .. dir .. '/a/b/c')" \
		"io.open('dir', 'w'):write(dir)"
	run fj
	status_is 0
	[[ $(cat dir) == "$TMPDIR"/* ]]
	refute test -e "$(cat dir)"
	is "$(files_in "$TMPDIR")" ""
}

# ---- exit statuses ----

@test "exit status: 0 passed, 1 failed, 2 usage, 3 could not be carried out, 4 no test" {
	plain good ""
	run fj
	status_is 0
	plain bad "error('no')"
	run fj
	status_is 1
	run fj --no-such-option
	status_is 2
	run fj --lua=there-is-no-such-lua
	status_is 3
	mkdir empty
	run fj empty
	status_is 4
}

@test "skipped files do not fail a run" {
	plain skip "os.exit(77)"
	run fj --report=json:report.json
	status_is 0
	query_is r.success true
	query_is 'file("tests/skip_test.lua").status' skip
	query_is 'counts()' "1 total 0 passed 0 failed 1 skipped 0 pending"
}

@test "--help, --version and their letters" {
	for word in --help -h -qh; do
		run -0 fj $word
		has "Usage: firmo-jobs"
		has "  -j, --workers=N "
		has "Examples:"
		has "--help=all"
		hasnt "--grace"
		# A screen.
		[ "${#lines[@]}" -le 28 ]
		is "$(awk 'length > 80' <<<"$output")" ""
	done
	run -0 fj --help=all
	has "Usage: firmo-jobs"
	has "--report=FORMAT[:FILE]"
	has "Exit status:"
	wrong_usage --help=some "--help=some: wants all"
	wrong_usage -hx "there is no option -x; see --help=all"
	for word in --version -V; do
		run fj $word
		status_is 0
		[[ $output =~ ^firmo-jobs\ [0-9]+\.[0-9]+ ]]
	done
	is "$(files_in .)" ""
}

# ---- how many at once ----

@test "-j1 runs one file after the other" {
	for i in 1 2 3 4; do
		plain "t$i" "os.execute('$HELPERS/concurrency count 30')"
	done
	run fj -j1 --report=json:report.json
	status_is 0
	is "$("$HELPERS/concurrency" --max count)" 1
	query_is "r.run.tokens_peak" 1
	query_is "r.run.jobs" 1
}

@test "-j3 runs three files side by side" {
	# Each waits until all three have begun: one after the other they would never end.
	for i in 1 2 3; do
		plain "t$i" "io.open('began$i', 'w'):close()" \
			"for i = 1, 3 do while not io.open('began' .. i) do os.execute('sleep 0.02') end end"
	done
	run fj -j3 --report=json:report.json
	status_is 0
	query_is "r.run.tokens_peak" 3
	query_is "r.run.jobs" 3
}

# ---- order ----

@test "files that nobody knows: the larger first" {
	logging a_small
	logging c_large "-- $(printf '%0900d' 0)"
	logging b_middle "-- $(printf '%0300d' 0)"
	run fj -j1
	status_is 0
	order_is "c_large b_middle a_small"
}

@test "files that are known: the slowest first" {
	for name in a b c d; do
		logging $name
	done
	fj -q
	order
	learn a 2
	learn b 0.5
	learn c 4
	learn d 3
	run fj -j1
	status_is 0
	order_is "c d a b"
}

@test "failed first, then unknown, then the slowest" {
	for name in slow quick; do
		logging $name
	done
	logging bad "os.exit(1)"
	fj -q || true
	order
	learn slow 50
	learn quick 3
	learn bad 1
	logging new
	logging newer "-- $(printf '%0300d' 0)"
	run fj -j1
	status_is 1
	order_is "bad newer new slow quick"
}

@test "--order=path goes by name" {
	logging b "-- $(printf '%0900d' 0)"
	logging a
	logging sub/z
	logging c "-- $(printf '%0300d' 0)"
	run fj -j1 --order=path
	status_is 0
	order_is "a b c sub/z"
}

@test "--order=random is shown, and a seed repeats it" {
	for name in a b c d e f g h; do
		logging $name
	done
	fj -j1 -q --order=random:1
	first=$(order)
	fj -j1 -q --order=random:1
	order_is "${first% }"
	fj -j1 -q --order=random:2
	[ "$(order)" != "$first" ]
	run fj -j1 --order=random --report=json:report.json
	status_is 0
	seed=$(sed -n 's/.*--order=random:\([0-9]*\).*/\1/p' <<<"$output")
	[ "$seed" -gt 0 ]
	query_is r.run.seed "$seed"
	same=$(order)
	fj -j1 -q --order=random:"$seed"
	order_is "${same% }"
}

# ---- the plan ----

@test "--list shows the plan, runs nothing and leaves nothing behind" {
	logging a
	busted_test b "describe('x', function() end)"
	run --separate-stderr fj --list
	status_is 0
	is "$stderr" ""
	[[ ${lines[0]} =~ ^\ expected\ +last\ +kind\ +file$ ]]
	[[ $output =~ [[:space:]]\?\ +new\ +plain\ +tests/a_test.lua ]]
	[[ $output =~ [[:space:]]\?\ +new\ +busted\ +tests/b_spec.lua ]]
	has "2 files, 2 of them without a time yet"
	is "$(order)" ""
	is "$(files_in .)" "tests "
	is "$(files_in "$TMPDIR")" ""
}

@test "--list predicts from what is known" {
	for name in a b c d; do
		logging $name
	done
	fj -q
	order
	learn a 4
	learn b 3
	learn c 2
	learn d 1
	before=$(sql "SELECT count(*) FROM run")
	run fj -j2 --list
	status_is 0
	[[ ${lines[1]} =~ ^\ +4\.000s\ +pass\ +plain\ +tests/a_test.lua$ ]]
	[[ ${lines[4]} =~ ^\ +1\.000s\ +pass\ +plain\ +tests/d_test.lua$ ]]
	has "at -j 2: predicted 5.000s, lower bound 5.000s (longest file 4.000s, all files 10.000s)"
	run fj -j3 --list
	has "at -j 3: predicted 4.000s, lower bound 4.000s"
	run fj -j1 --list
	has "at -j 1: predicted 10.000s, lower bound 10.000s"
	is "$(order)" ""
	is "$(sql "SELECT count(*) FROM run")" "$before"
	run fj -j2 --report=json:report.json
	query_is 'r.run.lower_bound' 5.0
}

@test "one bad run does not change what is expected of a file" {
	logging a
	fj -q
	learn a 1 1 60
	run fj --list
	has "1.000s  pass"
	learn a 1 1 0.001
	run fj --list
	has "1.000s  pass"
	learn a 1 60 60 60
	run fj --list
	has "60.000s  pass"
}

@test "a run is what the next one learns from" {
	plain a ""
	plain b "error('no')"
	run fj -j1
	run fj --list
	status_is 0
	[[ $output =~ [0-9]\.[0-9]{3}s\ +pass\ +plain\ +tests/a_test.lua ]]
	[[ $output =~ [0-9]\.[0-9]{3}s\ +fail\ +plain\ +tests/b_test.lua ]]
	hasnt "without a time"
}

# ---- --failed ----

@test "--failed runs only what failed last" {
	logging good
	logging bad "os.exit(1)"
	logging ugly "error('no')"
	fj -q || true
	order
	run fj -j1 --failed --order=path
	status_is 1
	order_is "bad ugly"
	has "Files: 2 in all"
	logging bad
	run fj -j1 --failed --order=path
	status_is 1
	order_is "bad ugly"
	run fj -j1 --failed
	status_is 1
	order_is ugly
	run fj --list --failed
	status_is 0
	has tests/ugly_test.lua
	hasnt tests/good_test.lua
}

@test "--failed with nothing that failed says so and runs nothing" {
	logging good
	fj -q
	order
	runs=$(sql "SELECT count(*) FROM run")
	run fj --failed
	status_is 0
	has "nothing to run"
	is "$(order)" ""
	is "$(sql "SELECT count(*) FROM run")" "$runs"
}

@test "--failed without a history runs nothing" {
	logging good
	run fj --failed
	status_is 0
	has "nothing to run"
	is "$(order)" ""
}

@test "--fail-fast and --max-failures start no further file" {
	for i in 1 2 3 4; do
		logging "bad$i" "os.exit(1)"
	done
	run fj -j1 --order=path --fail-fast --report=json:report.json
	status_is 1
	order_is bad1
	has "4 in all"
	has "3 not run"
	has "STOPPED by --fail-fast"
	query_is "file('tests/bad4_test.lua').status" notrun
	run fj -j1 --order=path --max-failures=2
	status_is 1
	order_is "bad1 bad2"
}

# ---- the user's own LUA_INIT ----

# Fails unless the user's LUA_INIT has run, in busted and LuaUnit, on every Lua given.
init_is_honoured() {
	busted_test init "describe('init', function()" \
		"it('ran', function() assert.are.equal('$1', _G.FROM_INIT) end)" "end)"
	luaunit_test init "function testInit() lu.assertEquals(FROM_INIT, '$1') end"
	plain plain "assert(FROM_INIT == '$1')"
	for lua in "${@:2}"; do
		command -v "$lua" || continue
		run fj --lua="$lua" --report=json:report.json
		status_is 0
		query_is "tests('tests/init_spec.lua')" "init>ran=pass"
		query_is "tests('tests/init_test.lua')" "testInit=pass"
		query_is "file('tests/plain_test.lua').status" pass
	done
}

@test "LUA_INIT with code is honoured beside the shim" {
	export LUA_INIT="FROM_INIT = 'code'"
	init_is_honoured code lua5.1 lua5.3 lua5.4 luajit
}

@test "LUA_INIT with @file is honoured beside the shim" {
	test_file "my init.lua" "FROM_INIT = 'file'"
	export LUA_INIT="@my init.lua"
	init_is_honoured file lua5.1 lua5.3 lua5.4 luajit
}

@test "LUA_INIT_5_4 goes before LUA_INIT on 5.4 and nowhere else" {
	export LUA_INIT="FROM_INIT = 'any'" LUA_INIT_5_4="FROM_INIT = '5.4'"
	init_is_honoured 5.4 lua5.4
	init_is_honoured any lua5.1 lua5.3
}

@test "LUA_INIT that fails is an error of the file, as without firmo-jobs" {
	busted_test any "describe('d', function() it('t', function() end) end)"
	export LUA_INIT="error('init is broken')"
	run fj4 --report=json:report.json
	status_is 1
	has "init is broken"
}

# ---- the example ----

@test "examples/quickstart under make -j8: 13 files and 45 tests" {
	cp -r "$BATS_TEST_DIRNAME/../../examples/quickstart/." .
	rm -rf .firmo-jobs
	mkdir "$BASE/bin"
	ln -s "$FIRMO_JOBS" "$BASE/bin/firmo-jobs"
	PATH=$BASE/bin:$PATH run make -j8 test
	status_is 0
	has "Files: 13 in all"
	has "Tests: 45 in all"
	refute grep -q INTERNAL <<<"$output"
	refute grep -q jobserver <<<"$output"
	# The second time the slowest goes first.
	slowest=$(sql "SELECT f.path FROM result r JOIN file f ON f.id = r.file ORDER BY r.wall DESC LIMIT 1")
	PATH=$BASE/bin:$PATH run firmo-jobs --list
	[[ ${lines[1]} == *" $slowest" ]]
}
