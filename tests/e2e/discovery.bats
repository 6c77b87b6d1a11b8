#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Which files are run: the layouts that projects have, busted's settings, and what is told of the rest.

load common
load fixtures/frameworks
load fixtures/report

BUSTED_TEST='describe("d", function() it("works", function() end) end)'

# write PATH...: a test of busted where the name says so (or `PATH=busted`), else a plain script.
write() {
	local path
	for path; do
		case $path in
		*=busted) test_file "${path%=busted}" "$BUSTED_TEST" ;;
		*=*) test_file "${path%=*}" "${path##*=}" ;;
		*spec*) test_file "$path" "$BUSTED_TEST" ;;
		*) test_file "$path" 'assert(true)' ;;
		esac
	done
}

# The paths of the plan, sorted, in one line.
listed() {
	fj4 --list "$@" 2>told | awk 'NR > 1 && NF == 0 { exit } NR > 1 { print $NF }' | sort | tr '\n' ' '
}

# layout NAME SETTINGS FILES EXPECTED OPTION...: in a project with these files, and this .busted
# where it is not empty, exactly the expected files are run.
layout() {
	local got name=$1 settings=$2 files=$3 expected=$4
	mkdir "$BASE/project/$name"
	cd "$BASE/project/$name"
	write $files
	[ -z "$settings" ] || test_file .busted "return $settings"
	got=$(listed "${@:5}")
	[ "$got" = "$expected${expected:+ }" ] || {
		printf '%s\n got: %s\nwant: %s\n' "$name" "$got" "$expected"
		cat told
		return 1
	} >&2
}

@test "layouts of projects without a .busted" {
	layout usual '' 'tests/a_test.lua tests/deep/b_spec.lua test/test_c.lua spec/spec_d.lua lib/e.lua' \
		'spec/spec_d.lua test/test_c.lua tests/a_test.lua tests/deep/b_spec.lua'
	layout specs '' 'specs/a_spec.lua specs/lib/common.lua a.lua' 'specs/a_spec.lua'
	layout root_test '' 'json.lua test.lua bench/bench.lua' 'test.lua'
	layout test_test '' 'json.lua test/test.lua bench/bench_all.lua' 'test/test.lua'
	layout tests_test '' 'tests/test.lua tests/bench.lua lib.lua' 'tests/test.lua'
	layout t_test '' 't/test.lua t/bench.lua src/x.lua' 't/test.lua'
	layout deep_test '' 'test/test.lua test/util/test.lua test/util/tester.lua' 'test/test.lua'
	layout root_runner '' 'test.lua tests/a_test.lua' 'tests/a_test.lua'
	layout pattern_in_spec '' 'spec/a_spec_linux.lua=busted spec/b_specs.lua tests/a_spec_x.lua' \
		'spec/a_spec_linux.lua spec/b_specs.lua'
	layout left_out '' 'tests/a_test.lua tests/vendor/b_test.lua tests/node_modules/c_test.lua tests/.x/d_test.lua' \
		'tests/a_test.lua'
	layout named_left_out '' 'tests/vendor/b_test.lua' 'tests/vendor/b_test.lua' tests/vendor
	layout in_sources '' 'src/a_test.lua spec/b_spec.lua' 'src/a_test.lua' src
}

@test "layouts of projects with a .busted" {
	layout defaults '{default={verbose=true,lpath="./lua/?.lua"}}' 'spec/a_spec.lua spec/b.lua tests/test-b.lua' 'spec/a_spec.lua'
	layout root '{default={ROOT={"t"},pattern="%.test%.lua$"}}' \
		't/a.test.lua=busted t/b/c.test.lua=busted t/d.lua spec/e_spec.lua' 'spec/e_spec.lua t/a.test.lua t/b/c.test.lua'
	layout root_adds '{default={ROOT={"unit"}}}' 'unit/a_spec.lua unit/b_test.lua tests/c_test.lua' \
		'tests/c_test.lua unit/a_spec.lua unit/b_test.lua'
	layout two_roots '{_all={ROOT={"a/","./b"}}}' 'a/x_spec.lua b/y_spec.lua c/z_spec.lua' 'a/x_spec.lua b/y_spec.lua'
	layout root_file '{default={ROOT={"checks/all.lua"}}}' 'checks/all.lua=busted checks/b_spec.lua' 'checks/all.lua'
	layout root_here '{default={ROOT={"."},pattern="^check"}}' 'check_a.lua=busted lib/check_b.lua=busted lib/c_test.lua' \
		'check_a.lua lib/check_b.lua'
	layout root_string '{default={ROOT="unit"}}' 'unit/a_spec.lua' 'unit/a_spec.lua'
	layout patterns '{default={pattern={"_spec","_check"}}}' 'spec/a_spec.lua spec/b_check.lua spec/c.lua' 'spec/a_spec.lua spec/b_check.lua'
	layout all_files '{default={ROOT={"unit"},pattern={}}}' 'unit/a.lua unit/b.txt' 'unit/a.lua'
	layout excludes '{_all={["exclude-pattern"]="sample_spec"}}' 'spec/a_spec.lua spec/projects/sample_spec.lua' 'spec/a_spec.lua'
	layout exclude_list '{default={["exclude-pattern"]={"^b","","^c"}}}' 'spec/a_spec.lua spec/b_spec.lua spec/c_spec.lua' 'spec/a_spec.lua'
	layout leaves '{default={pattern="_unit"}}' 'spec/a_unit.lua=busted spec/b_spec.lua spec/c_test.lua=print("1..0")' \
		'spec/a_unit.lua spec/c_test.lua'
	layout fixtures '{default={}}' 'spec/a_spec.lua spec/fixtures/b_spec.lua spec/.hidden/c_spec.lua' 'spec/a_spec.lua spec/fixtures/b_spec.lua'
	layout shallow '{default={recursive=false,ROOT={"unit"}}}' 'unit/a_spec_x.lua=busted unit/deep/b_spec_x.lua=busted' 'unit/a_spec_x.lua'
	layout directory '{default={directory="sub"}}' 'sub/spec/a_spec.lua' 'sub/spec/a_spec.lua'
	layout task '{default={ROOT={"spec/unit"}},slow={ROOT={"spec/slow"}}}' 'spec/unit/a_spec.lua spec/slow/b_spec.lua' 'spec/unit/a_spec.lua'
	layout run_task '{default={ROOT={"spec/unit"}},slow={ROOT={"spec/slow"}}}' 'spec/unit/a_spec.lua spec/slow/b_spec.lua' 'spec/slow/b_spec.lua' --run=slow
	layout own_before_all '{_all={pattern="_a"},default={pattern="_d"},x={ROOT={"spec"}}}' 'spec/1_a.lua=busted spec/1_d.lua=busted' 'spec/1_d.lua'
	layout all_in_task '{_all={pattern="_a"},default={pattern="_d"},x={ROOT={"spec"}}}' 'spec/1_a.lua=busted spec/1_d.lua=busted' 'spec/1_a.lua' --run=x
	layout named_folder '{default={ROOT={"t"},pattern="_check"}}' 'other/a_check.lua=busted other/b_spec.lua=busted' 'other/a_check.lua other/b_spec.lua' other
	layout another_framework '{default={ROOT={"unit"}}}' 'unit/a_spec.lua tests/b_test.lua' 'tests/b_test.lua' --framework=plain
}

@test "--pattern replaces the names of tests" {
	layout one '' 'tests/test-a.lua tests/test-b.lua tests/c_test.lua tests/test.lua' 'tests/test-a.lua tests/test-b.lua' '--pattern=test-*.lua'
	layout two '' 'tests/1-a.lua tests/b.t.lua tests/c.lua' 'tests/1-a.lua tests/b.t.lua' '--pattern=[0-9]-*.lua' --pattern=*.t.lua
	layout with_busted '{default={ROOT={"unit"},pattern="_spec"}}' 'unit/a_spec.lua unit/b.lua' 'unit/b.lua' --pattern=b.lua
	layout with_path '' 'tests/a/x.lua tests/b/x.lua' 'tests/a/x.lua' '--pattern=tests/a/*.lua'
	cd "$BASE/project/one"
	run -4 fj4 --pattern='nothing*'
	has "no test file has a name that matches --pattern"
	wrong_usage --pattern= "--pattern=: wants a glob"
}

@test "the same file by several names is run once" {
	write t/a_test.lua t/sub/b_test.lua
	ln -s ../t/a_test.lua t/z_test.lua
	ln -s a_test.lua t/sub/c_test.lua # dangling: a test that cannot be read
	ln t/sub/b_test.lua t/sub/y_test.lua
	ln -s t link
	is "$(listed t t/../t/a_test.lua ./t//a_test.lua "$PWD/t/a_test.lua" link link/a_test.lua t/z_test.lua t/sub/..)" \
		"t/a_test.lua t/sub/b_test.lua t/sub/c_test.lua "
	is "$(listed "$PWD/../project/t/sub/b_test.lua")" "t/sub/b_test.lua "
	is "$(<told)" ""
	# The names that are not wanted count for nothing, the others are told.
	rm t/sub/c_test.lua
	is "$(listed t)" "t/a_test.lua t/sub/b_test.lua "
	is "$(<told)" "firmo-jobs: run under another name of the same file: t/sub/y_test.lua (as t/sub/b_test.lua), t/z_test.lua (as t/a_test.lua)"
	is "$(listed --include=z_test.lua)" "t/z_test.lua "
	is "$(<told)" ""
	is "$(listed --exclude=a_test.lua --exclude=b_test.lua)" "t/sub/y_test.lua t/z_test.lua "
	is "$(listed --exclude='z_*' --exclude='y_*')" "t/a_test.lua t/sub/b_test.lua "
	is "$(<told)" ""
}

@test "what busted's settings say is how its files are run" {
	test_file .busted 'return {_all={helper="lib/helper.lua",lpath="lib/?.lua"},default={lua="luajit",ROOT={"unit"}},' \
		'five={lua="lua5.3",ROOT={"unit"}}, sub={directory="unit",helper="",ROOT={"."}}}'
	test_file lib/helper.lua 'HELPED = true'
	test_file lib/mine.lua 'return 1'
	test_file unit/a_spec.lua 'for _, v in ipairs{"v"} do describe(v, function() it("is " .. (jit and "jit" or _VERSION), function()' \
		'assert(HELPED or io.open("a_spec.lua")); assert(not HELPED or require("mine") == 1) end) end) end'
	run -0 fj -v
	has "is jit"
	run -0 fj -v --run=five
	has "is Lua 5.3"
	run -0 fj -v --run=sub --lua=lua5.4
	has "is Lua 5.4"
	run -0 fj -v --lua=lua5.4
	has "is Lua 5.4"
	# What the settings choose is busted's, even if it holds no test.
	test_file unit/none_spec.lua "return {}"
	run -0 fj --lua=lua5.4 --report=json:report.json
	query_is "file('unit/none_spec.lua').status" skip
	run -0 fj --why=unit/a_spec.lua
	has "it would be run in another way than in its pass of"
	sed -i 's/return {/return {more={},/' .busted
	run -0 fj --why=unit/a_spec.lua --lua=lua5.4
	has ".busted: its content has changed"
}

@test "a .busted that is wrong" {
	write spec/a_spec.lua
	# refused SETTINGS OPTION...: one line, exit status 2, nothing runs.
	refused() {
		echo "$1" >.busted
		run -2 --separate-stderr fj4 "${@:2}"
		is "$output" ""
	}
	# wrong SETTINGS TEXT OPTION...
	wrong() {
		refused "$1" "${@:3}"
		is "$stderr" "firmo-jobs: .busted: $2"
	}
	wrong 'return 1' "it returns no table"
	wrong '' "it returns no table"
	# Where it has to share a CPU with many, its CPU time may not be up by then.
	refused 'while true do end'
	[[ $stderr == "firmo-jobs: .busted: it "@("does not come to an end: 2 s of CPU time are enough"|"takes longer than 10 s") ]] ||
		fail "an endless one is not told"
	wrong 'error(setmetatable({}, {__tostring=error}))' "an error that tells nothing"
	wrong 'error()' "an error that tells nothing"
	wrong 'os.exit(0)' "it ends the interpreter that reads it"
	wrong 'io.write(("x"):rep(3e6)) return {}' "it writes more than 1048576 bytes"
	wrong 'return {default={pattern="["}}' "its pattern '[' is none: a '[' is not closed; %[ stands for the character"
	test_file tests/a-test.lua "a near miss, which is told for itself alone"
	wrong 'return {default={ROOT={"none"}}}' "its ROOT names none: No such file or directory"
	fj4() { fj "$@"; }
	wrong 'return {default={lua="no-such-lua"}}' "it asks for the interpreter no-such-lua, which is not there"
	wrong 'return {default={}, unit=1}' "it has no task 'unit'" --run=unit
	echo 'return {' >.busted
	run -2 fj4
	has "firmo-jobs: .busted:2: unexpected symbol near <eof>"
	echo 'error("no " .. 1)' >.busted
	run -2 fj4 --list
	has "firmo-jobs: .busted:1: no 1"
	# It is asked for nothing where it says nothing.
	run -0 fj4 --framework=plain --command='true {}'
	echo 'print("1..0"); io.stderr:write("noise\n") return {default={ROOT={"none"}}}' >.busted
	run -0 fj4 spec
	# What it writes to standard error is shown, and a CI server obeys none of it.
	for line in 'error::x' 'stop-commands::x'; do
		echo 'io.stderr:write("noise\n::'"$line"'\n##vso[task.x]\n") return {default={}}' >.busted
		GITHUB_ACTIONS=true run --separate-stderr fj4 spec
		[[ $stderr == *noise* && $stderr != *"::$line"* && $stderr != *"##vso["* ]] || fail "obeyed"
	done
	echo 'io.stderr:write(("::x::\n"):rep(3e6)) return {default={}}' >.busted
	run -2 --separate-stderr fj4
	[[ $stderr == *"firmo-jobs: .busted: it writes more than 1048576 bytes" ]] || fail "no end of it"
	rm .busted
	run -2 fj4 --run=unit
	has "--run: there is no .busted here to have a task"
}

# What projects have, in little: name | .busted | files | what is run | what is told.
projects() {
	cat <<-'END'
		luv || tests/run.lua tests/test-dns.lua tests/test-fs.lua lib/tap.lua || --pattern='test-*.lua' tests
		Penlight | {default={lpath="lua/?.lua"}} | spec/app_spec.lua tests/test-dir.lua tests/test-utils.lua lua/pl/dir.lua | spec/app_spec.lua | --pattern='test-*.lua' tests
		json.lua || json.lua test/test.lua bench/bench_all.lua bench/util/bench.lua | test/test.lua |
		lume || lume.lua test/test.lua test/util/tester.lua | test/test.lua |
		luafilesystem || src/lfs.c=x tests/test.lua | tests/test.lua |
		lua-cjson || tests/test.lua tests/bench.lua lua/cjson/util.lua tests/genutf8.pl=x | tests/test.lua |
		lua-compat-5.3 || tests/test.lua tests/test-bit32.lua tests/testmod.c=x compat53/init.lua | tests/test.lua | --pattern=test-bit32.lua tests
		serpent || src/serpent.lua t/test.lua t/bench.lua | t/test.lua |
		lua-csv || lua/csv.lua lua/test.lua test-data/a.csv=x || firmo-jobs lua
		djot || djot.lua test.lua pathological_tests.lua fuzz.lua test/links.test=x | test.lua |
		lua-protobuf || luaunit.lua protoc.lua test.lua | test.lua |
		tamale || tamale.lua bench.lua test.lua | test.lua |
		luautf8 || test.lua test_compat.lua test_pm.lua parseucd.lua | test.lua | test_compat.lua test_pm.lua
		30log || 30log.lua specs/class.lua specs/cast.lua || --pattern='*.lua' specs
		Jumper || jumper/grid.lua specs/grid_specs.lua specs/path_specs.lua || --pattern='*_specs.lua' specs
		ansicolors || ansicolors.lua specs/ansicolors_spec.lua | specs/ansicolors_spec.lua |
		Moses || moses.lua spec/array_spec.lua spec/func_spec.lua | spec/array_spec.lua spec/func_spec.lua |
		minetest || builtin/common/tests/misc_spec.lua builtin/mainmenu/tests/url_spec.lua builtin/init.lua || firmo-jobs builtin/common/tests builtin/mainmenu/tests
		Mudlet || src/mudlet-lua/lua/DB.lua src/mudlet-lua/tests/DB_spec.lua || firmo-jobs src/mudlet-lua/tests
		cliargs | {default={verbose=true,ROOT={"spec"},lpath="src/?.lua;spec/?.lua"}} | spec/spec_helper.lua spec/core_spec.lua spec/utils/split_spec.lua | spec/core_spec.lua spec/spec_helper.lua spec/utils/split_spec.lua |
		APIcast | {default={helper="spec/spec_helper.lua",ROOT={"spec"}}} | spec/spec_helper.lua spec/a_spec.lua t/a.t=x t/fixtures/echo.lua | spec/a_spec.lua spec/spec_helper.lua |
		prosody || spec/util_json_spec.lua spec/core_hosts_spec.lua spec/scansion/a.scs=x util/json.lua | spec/core_hosts_spec.lua spec/util_json_spec.lua |
		luarocks | {default={lpath="src/?.lua",helper="spec/util/test_env.lua"}} | spec/build_spec.lua spec/util/test_env.lua spec/fixtures/a_rock.lua | spec/build_spec.lua spec/util/test_env.lua |
		awesome | {default={helper="spec/preload.lua",lpath="lib/?.lua"}} | spec/preload.lua spec/gears/a_spec.lua spec/test_utils.lua tests/test-tag.lua | spec/gears/a_spec.lua spec/test_utils.lua | --pattern=test-tag.lua tests
		lapis || spec/app_spec.moon spec/lua_spec.lua spec_postgres/a_spec.moon | spec/lua_spec.lua | no module moonscript
		moonscript || spec/lang_spec.moon spec/inputs/cond.moon || no module moonscript
		pallene || run-tests=x spec/coder_spec.lua spec/execution_tests.lua spec/traceback/a.lua | spec/coder_spec.lua | --pattern=execution_tests.lua spec
		argparse || spec/actions_spec.lua spec/script=x src/argparse.lua | spec/actions_spec.lua |
		tl | {default={["auto-insulate"]=false}} | spec/lang/if_spec.lua spec/cli/check_spec.lua spec/util.lua tl.lua | spec/cli/check_spec.lua spec/lang/if_spec.lua |
		luacheck | {_all={["exclude-pattern"]="sample_spec"}} | spec/check_spec.lua spec/projects/default_stds/normal_file.lua spec/folder/sample_spec.lua spec/rock/spec/rock_spec.lua | spec/check_spec.lua spec/rock/spec/rock_spec.lua |
		luasystem | {default={coverage=false,output="gtest"}} | spec/01-time_spec.lua spec/02-random_spec.lua system/init.lua | spec/01-time_spec.lua spec/02-random_spec.lua |
		date | {default={ROOT={"spec/"}}} | spec/date_spec.lua src/date.lua | spec/date_spec.lua |
		busted || spec/cl_spec.lua spec/cl_errors.lua spec/modules/luacov_spec.lua spec/.hidden/a_spec.lua | spec/cl_spec.lua spec/modules/luacov_spec.lua |
		say || spec/say_spec.lua src/say/init.lua | spec/say_spec.lua |
		copas || tests/close.lua tests/timer.lua src/copas.lua || --pattern='*.lua' tests
		luafun || fun.lua tests/basic.lua tests/slicing.lua tests/runtest=x || --pattern='*.lua' tests
		ldoc || ldoc.lua run-tests.lua tests/example.lua || --pattern=example.lua tests
		plc || plc/md5.lua test/test_md5.lua test/test_sha2.lua test_all.lua | test/test_md5.lua test/test_sha2.lua | firmo-jobs test_all.lua
		luaunit || luaunit.lua run_unit_tests.lua test/test_luaunit.lua test/compat_v2x.lua | test/test_luaunit.lua |
		luasocket || src/socket.lua test/test_bind.lua test/testclnt.lua test/urltest.lua test/ltn12test.lua | test/test_bind.lua | --pattern='*test.lua' test
		classic || classic.lua || name files or folders to run
		middleclass || middleclass.lua spec/class_spec.lua performance/run.lua rockspecs/a.rockspec=x | spec/class_spec.lua |
		uuid | {default={coverage=true}} | spec/rng_spec.lua spec/init_spec.lua src/uuid.lua | spec/init_spec.lua spec/rng_spec.lua |
	END
}

@test "what is run of forty projects, and what is told of the rest" {
	local name settings files expected told n=0
	while IFS='|' read -r name settings files expected told; do
		read -r name <<<"$name"
		read -r settings <<<"$settings"
		read -r expected <<<"$expected"
		read -r told <<<"$told"
		layout "$name" "$settings" "$files" "$expected"
		[[ $(<told) == *"$told"* ]] || fail "$name: told: $(<told)"
		[ -n "$told" ] || is "$name: $(<told)" "$name: "
		n=$((n + 1))
	done < <(projects)
	[ "$n" -ge 40 ]
}

# is_support FILE WHY: in the last report the file is a skipped one, as support.
is_support() {
	query_is "file('$1').status" skip
	is "$(query "file('$1').reason")" "support: $2"
}

@test "support is no test: what another test file has loaded" {
	test_file tests/test_utils.lua "return { one = 1 }"
	test_file tests/a_test.lua "package.path = './?.lua' assert(require('tests.test_utils').one == 1)"
	test_file tests/b_test.lua "assert(dofile('tests/test_env.lua') == 2)"
	test_file tests/test_env.lua "assert(not arg or not arg[0]:find('env')) return 2" # fails alone
	test_file tests/test_real.lua "assert(true)"
	test_file tests/checks_test.lua "for _, name in ipairs{'test_real', 'a_test', 'b_test'} do" \
		"assert(io.open('tests/' .. name .. '.lua')):read('*a') end"
	run -0 fj4 --report=json:report.json --report=text
	is_support tests/test_utils.lua "loaded by tests/a_test.lua"
	is_support tests/test_env.lua "loaded by tests/b_test.lua; alone: exit status 1"
	query_is "file('tests/test_real.lua').status" pass
	has "Files: 6 in all, 4 passed, 2 skipped"
	# It ends no run early, and is no failure of the last time.
	run -0 fj4 -j1 --fail-fast --order=random:3
	run -0 fj4 --failed
	has "No file failed last time"
	# A loader that fails has loaded it all the same.
	echo "error('x')" >>tests/b_test.lua
	run -1 fj4 --report=json:report.json
	is_support tests/test_env.lua "loaded by tests/b_test.lua; alone: exit status 1"
	# On its own it is what its exit status says, and a run of support alone has no test.
	run -1 fj4 tests/test_env.lua
	run -0 fj4 tests/test_utils.lua
	run -1 fj4 --pattern='test_env.lua'
}

# readers: files that fail, and that others only read, are none of their support.
readers() {
	rm -rf .firmo-jobs
	run -1 "$FIRMO_JOBS" --lua="$LUA_NAME" --report=json:report.json
	query_is "file('tests/test_one.lua').status" fail
	query_is "file('tests/test_two.lua').status" fail
	query_is "file('tests/lint_test.lua').status" pass
	is_support tests/test_env.lua "loaded by tests/loads_test.lua; alone: exit status 1"
	run -1 "$FIRMO_JOBS" --lua="$LUA_NAME" --changed --report=json:report.json
	query_is "file('tests/test_one.lua').status" fail
	is_support tests/test_env.lua "loaded by tests/loads_test.lua; alone: exit status 1"
}

@test "a test that others only read is no support" {
	test_file tests/lint_test.lua "for line in io.lines('tests/test_one.lua') do assert(#line < 99) end"
	test_file tests/test_one.lua "assert(io.open('tests/test_two.lua')):read('*a') error('one')"
	test_file tests/test_two.lua "assert((loadstring or load)(io.open('tests/test_one.lua'):read('*a')))" \
		"error('two')"
	test_file tests/loads_test.lua "assert(loadfile('tests/test_env.lua'))()"
	test_file tests/test_env.lua "assert(not arg[0]:find('env'))"
	on_each_lua string readers
	# The user's word is the last.
	run -1 fj4 --framework=plain --report=json:report.json
	query_is "file('tests/test_env.lua').status" fail
}

# caught: files that fail, and that others load without coming to their ends, are none of their support.
caught() {
	local name how
	rm -rf .firmo-jobs
	for how in --color=never --color=never --changed; do
		run -1 "$FIRMO_JOBS" --lua="$LUA_NAME" "$how" --report=json:report.json
		for name in compiled caught handled required unit verdict tap; do
			query_is "file('tests/test_$name.lua').status" fail
		done
		for name in env late; do
			is_support tests/test_$name.lua "loaded by tests/loads_test.lua; alone: exit status 1"
		done
		is_support tests/test_given.lua "loaded by tests/gives_test.lua; alone: exit status 1"
	done
}

@test "a failure that others only compile, or catch, is no support" {
	test_file tests/test_compiled.lua "error('one')"
	test_file tests/test_caught.lua "error('two')"
	test_file tests/test_handled.lua "error('three')"
	test_file tests/test_required.lua "error('four')"
	test_file tests/test_unit.lua "error('five')"
	test_file tests/test_verdict.lua "if arg[0]:find('verdict') then os.exit(1) end"
	test_file tests/test_tap.lua "print('1..1') print('not ok 1')"
	test_file tests/compiles_test.lua "assert(loadfile('tests/test_compiled.lua'))"
	test_file tests/catches_test.lua "pcall(dofile, 'tests/test_caught.lua') dofile('tests/test_verdict.lua')"
	test_file tests/handles_test.lua "package.path = './?.lua'" \
		"xpcall(function() dofile('tests/test_handled.lua') end, print) pcall(require, 'tests.test_required')"
	test_file tests/units_test.lua "local lu = require('luaunit') function test_a()" \
		"lu.assertError(dofile, 'tests/test_unit.lua') pcall(dofile, 'tests/test_tap.lua') end os.exit(lu.LuaUnit.run())"
	test_file tests/loads_test.lua "dofile('./tests/../tests/test_env.lua')" "package.path = './?.lua'" \
		"coroutine.wrap(function() pcall(require, 'tests.test_late') end)()"
	test_file tests/gives_test.lua "local f = assert(loadfile('tests/test_given.lua', 't', { given = 1 }))" \
		"if setfenv then setfenv(f, { given = 1 }) end assert(f() == 1)"
	test_file tests/test_env.lua "assert(not arg[0]:find('env'))"
	test_file tests/test_late.lua "assert(not arg[0]:find('late'))"
	test_file tests/test_given.lua "return given + 0"
	on_each_lua string caught
}

@test "a pass that stands is asked again where only that tells what is support" {
	test_file tests/a_test.lua "dofile('tests/test_env.lua')"
	test_file tests/b_test.lua "loadfile('tests/test_one.lua')"
	test_file tests/test_env.lua "assert(not arg[0]:find('env'))"
	test_file tests/test_one.lua "assert(true)"
	settle
	run -0 fj4
	# As a history has it that was written while nobody failed by himself, or by an older version.
	sql "UPDATE input SET name = 'nothing' WHERE kind = 18"
	for cached in 2 3; do
		run -0 fj4 --changed --report=json:report.json
		is_support tests/test_env.lua "loaded by tests/a_test.lua; alone: exit status 1"
		query_is "(function() local n = 0 for _, f in ipairs(r.files) do n = n + (f.cached and 1 or 0) end return n end)()" $((cached - 1))
	done
	echo "error('x')" >tests/test_one.lua
	run -1 fj4 --changed --report=json:report.json
	query_is "file('tests/test_one.lua').status" fail
}

@test "a program that a test runs is no support" {
	test_file tests/a_test.lua "os.execute('lua5.4 tests/test_one.lua')"
	test_file tests/test_one.lua "error('one')"
	run -1 fj4 --report=json:report.json
	query_is "file('tests/test_one.lua').status" fail
	query_is "file('tests/a_test.lua').status" pass
}

@test "what only defines tests is support of the file that runs them, however many it runs" {
	local name
	for name in a b c d; do
		test_file tests/test_$name.lua "local lu = require('luaunit') Test_$name = {}" \
			"function Test_$name:test() lu.assertEquals(1, 1) end"
		echo "dofile('tests/test_$name.lua')" >>tests/test_all.lua
	done
	echo "os.exit(require('luaunit').LuaUnit.run())" >>tests/test_all.lua
	settle
	for how in "" --changed; do
		run -0 fj4 $how --report=json:report.json
		query_is "#file('tests/test_all.lua').tests" 4
		is_support tests/test_d.lua "loaded by tests/test_all.lua; alone: it loads its framework, but never runs its tests"
	done
	# Not of one that loads them and runs none.
	sed -i '$d' tests/test_all.lua
	run -1 fj4 --report=json:report.json
	query_is "file('tests/test_d.lua').status" error
}

@test "support is no test: what busted would leave out beside its tests" {
	test_file spec/a_spec.lua "$BUSTED_TEST"
	test_file spec/spec_helper.lua "error('not alone')"
	test_file spec/util/test_keys.lua "return {}"
	test_file tests/test-utils.lua "assert(true)"
	test_file tests/b_test.lua "assert(true)"
	run -0 fj4 --report=json:report.json
	is_support spec/spec_helper.lua "busted would not run it; alone: exit status 1"
	is_support spec/util/test_keys.lua "busted would not run it"
	query_is "file('tests/b_test.lua').status" pass
	# Where busted does not look, plain scripts beside its tests are tests.
	test_file tests/c_spec.lua "$BUSTED_TEST"
	test_file tests/b_test.lua "assert(false)"
	run -1 fj4 --report=json:report.json
	query_is "file('tests/b_test.lua').status" fail
	rm tests/b_test.lua
	# What holds tests is none, and neither is what lies beside tests of others.
	test_file spec/tap_test.lua "print('1..1') print('not ok 1')"
	run -1 fj4 --report=json:report.json
	query_is "file('spec/tap_test.lua').status" fail
	query_is "file('spec/spec_helper.lua').status" fail
	rm -r spec tests
	# Whatever .busted calls its tests.
	test_file t/a.check.lua "$BUSTED_TEST"
	test_file t/test_env.lua "return {}"
	test_file t/spec_helper.lua "return {}"
	test_file .busted 'return {default={ROOT={"t"},pattern="%.check",helper="t/spec_helper.lua"}}'
	run -0 fj4 --report=json:report.json --report=text
	is_support t/test_env.lua "busted would not run it"
	is_support t/spec_helper.lua "loaded by t/a.check.lua"
	has "Files: 3 in all, 1 passed, 2 skipped"
	rm t/a.check.lua
	run -0 fj4
}

@test "a file that is run again for what it loads is read as it was before" {
	test_file tests/test_env.lua "assert(X) return {}"
	test_file tests/main_test.lua "X = 1" "dofile('tests/test_env.lua')" "print('1..1') print('ok 1 - fine')"
	run -0 fj4 -v --report=json:report.json --report=text
	is_support tests/test_env.lua "loaded by tests/main_test.lua; alone: exit status 1"
	has "read as tap: it prints TAP"
}

# as_support: the files of the next test are told as they are, by whoever runs them.
as_support() {
	local name
	for name in b c; do
		is_support tests/test_$name.lua "loaded by tests/a_test.lua; alone: exit status 1"
	done
	is_support spec/spec_helper.lua "busted would not run it; alone: exit status 1"
	is_support tests/test_good.lua "loaded by tests/d_test.lua"
	is_support tests/test_left.lua "loaded by tests/e_test.lua; alone: exit status 1"
	query_is "file('tests/real_test.lua').status" pass
	query_is "#r.files" 10
}

@test "support is no test, whoever runs the files, and through others that load it" {
	test_file tests/a_test.lua "package.path = './?.lua' assert(require('tests.test_b') == 3)"
	test_file tests/test_b.lua "package.path = './?.lua' return require('tests.test_c')"
	test_file tests/test_c.lua "assert(not arg or not arg[0]:find('test_[bc]')) return 3"
	test_file tests/d_test.lua "dofile('tests/test_good.lua')"
	test_file tests/test_good.lua "return {}"
	test_file tests/e_test.lua "dofile('tests/test_left.lua') os.exit(77)" # never has a pass
	test_file tests/test_left.lua "assert(not arg[0]:find('left'))"
	test_file tests/real_test.lua "assert(true)"
	write spec/a_spec.lua
	test_file spec/spec_helper.lua "error('not alone')"
	test_file Makefile 'FIRMO_FLAGS := --lua=lua5.4 --report=json:report.json' \
		"include \$(shell '$FIRMO_JOBS' --print-mk)" "FIRMO_JOBS := '$FIRMO_JOBS'"
	settle
	for how in test test-changed test-changed test-stamps test-stamps; do
		run -0 make -j2 "$how"
		as_support
	done
	rm -r .firmo-jobs
	run -0 make -j2 test-stamps
	as_support
	# What its loaders have loaded their last passes tell, also where those are not run again.
	echo "-- more" >>tests/test_good.lua
	echo "-- more" >>spec/spec_helper.lua
	for how in test-changed test-stamps; do
		run -0 make -j2 "$how"
		as_support
	done
	# A file that may be support is run all the same, and is a test where it turns out to be one.
	test_file tests/d_test.lua "-- test_good"
	test_file tests/test_good.lua "error('alone')"
	run -2 make -j2 test-stamps
	query_is "file('tests/test_good.lua').status" fail
	test_file tests/test_good.lua "assert(true)"
	run -0 make -j2 test-stamps
	query_is "file('tests/test_good.lua').status" pass
	settle
	run -0 make -j2 test-stamps
	run -0 make -j2 test-stamps
	query_is "file('tests/test_good.lua').cached" true
}

@test "what checks all the others has loaded none, also where few of them are run" {
	local name
	for name in a b c d; do
		test_file tests/${name}_test.lua "assert(true)"
	done
	test_file tests/checks_test.lua "for _, name in ipairs{'a_test', 'b_test', 'c_test', 'd_test'} do" \
		"assert(io.open('tests/' .. name .. '.lua')):read('*a') end"
	settle
	run -0 fj4
	test_file tests/a_test.lua "assert(false)"
	run -1 fj4 --changed --report=json:report.json
	query_is "file('tests/a_test.lua').status" fail
}

@test "a test that looks in vain for what lies beside it is told of its own folder" {
	test_file t/inner/tool.lua "return 1"
	test_file t/lib/near.lua "return 1"
	test_file lib/here.lua "return 1"
	test_file own.lua "return 1"
	# hint NAME FOUND LINE...: the reason of the test, and that it is true.
	hint() {
		test_file t/inner/$1_test.lua "${@:3}"
		run -1 fj4 --report=json:report.json t/inner/$1_test.lua
		query_is "file('t/inner/$1_test.lua').reason" "exit status 1; run in t/inner, its own folder, it would find $2 (--root=t/inner)"
		fj4 --root=t/inner t/inner/$1_test.lua
	}
	hint beside t/inner/tool.lua "require('tool')"
	hint above t/lib/near.lua "dofile('../lib/near.lua')"
	hint root lib/here.lua "assert(loadfile('../../lib/here.lua'))()"
	hint opened t/inner/tool.lua "assert(io.open('tool.lua'))"
	mv own.lua project.lua # as the folder is called
	hint called project.lua "package.path = '../../?.lua' require('project')"
	# Not where it was found, is nowhere, or is none of a failure's.
	for line in "package.path = './?.lua;t/inner/?.lua' require('tool') error('x')" "require('no_such')" "error('x')"; do
		test_file t/inner/other_test.lua "$line"
		run -1 fj4 --report=json:report.json t/inner/other_test.lua
		query_is "file('t/inner/other_test.lua').reason" "exit status 1"
	done
	test_file t/inner/other_test.lua "assert(not io.open('tool.lua'))"
	run -0 fj4 t/inner/other_test.lua
}

NONE="none named *_test.lua, *_spec.lua, test_*.lua, spec_*.lua or *_spec.moon"

# says WORDS NOTE [EXPECTED]: standard error is that note, after "firmo-jobs: "; the words that it ends
# with, firmo-jobs and options, run exactly the expected files.
says() {
	is "$(<told)" "firmo-jobs: $1"
	[ $# -lt 2 ] || eval "is \"\$(listed ${1##*firmo-jobs })\" '$2 '"
}

# near NAME FILES NOTE EXPECTED: what is told where nothing is found, and that it is true.
near() {
	layout "$1" '' "$2" ''
	says "no test file found: $3" "$4"
}

@test "near misses are told with the words that run them" {
	near dashes 'tests/test-a.lua tests/test-b.lua tests/run.lua' \
		"tests holds 3 .lua files, $NONE; to run 2 of them: firmo-jobs --pattern='test-*.lua' tests" 'tests/test-a.lua tests/test-b.lua'
	near plural 'specs/a_specs.lua specs/b_specs.lua' \
		"specs holds 2 .lua files, $NONE; to run them: firmo-jobs --pattern='*_specs.lua' specs" 'specs/a_specs.lua specs/b_specs.lua'
	near camel 'test/TestA.lua test/TestB.lua test/common.lua' \
		"test holds 3 .lua files, $NONE; to run 2 of them: firmo-jobs --pattern='Test*.lua' test" 'test/TestA.lua test/TestB.lua'
	near dots 't/a.test.lua t/b.test.lua' \
		"t holds 2 .lua files, $NONE; to run them: firmo-jobs --pattern='*.test.lua' t" 't/a.test.lua t/b.test.lua'
	near others 'tests/copas.lua tests/close.lua' \
		"tests holds 2 .lua files, $NONE; to run them: firmo-jobs --pattern='*.lua' tests" 'tests/close.lua tests/copas.lua'
	near single 'tests/run.lua tests/data.txt' \
		"tests holds 1 .lua file, $NONE; to run it: firmo-jobs --pattern=run.lua tests" 'tests/run.lua'
	near odd "tests/a[1].lua" "tests holds 1 .lua file, $NONE; to run it: firmo-jobs --pattern='a\\[1].lua' tests" 'tests/a[1].lua'
	near capital 'tests/UP_TEST.LUA' \
		"tests holds 1 .LUA file, $NONE; to run it: firmo-jobs --pattern=UP_TEST.LUA tests" 'tests/UP_TEST.LUA'
	near elsewhere 'builtin/a/tests/x_spec.lua lua/test.lua' \
		"there are files named like tests; to run them: firmo-jobs builtin/a/tests lua" 'builtin/a/tests/x_spec.lua lua/test.lua'
	near here 'jsontest.lua json.lua' \
		"1 file here may be tests; to run it: firmo-jobs --pattern=jsontest.lua jsontest.lua" 'jsontest.lua'
	layout nothing '' 'src/a.lua' ''
	is "$(<told)" "firmo-jobs: no test file found in tests, test, spec, specs or t; name files or folders to run"
}

@test "beside tests that are run, only what is called like one is told" {
	layout beside '' 'tests/a_test.lua tests/helper.lua tests/data/x.lua tests/b-test.lua tests/sub/test.lua' 'tests/a_test.lua'
	says "tests holds 1 more .lua file, $NONE; to run it: firmo-jobs --pattern=b-test.lua tests" 'tests/b-test.lua'
	layout root_tests '' 'test.lua test_pm.lua tests/a_test.lua' 'tests/a_test.lua'
	says "not run, as they lie in no folder of tests; to run them: firmo-jobs test.lua test_pm.lua" 'test.lua test_pm.lua'
	layout busted_alone '' 'spec/a_spec.lua spec/fixtures/b_spec.lua' 'spec/a_spec.lua'
	says "not run, though busted would: to run it as well: firmo-jobs spec/fixtures/b_spec.lua" 'spec/fixtures/b_spec.lua'
	layout left '{default={pattern="_unit"}}' 'spec/a_unit.lua=busted spec/b_spec.lua spec/c_spec.lua' 'spec/a_unit.lua'
	says "not run, as the pattern in .busted leaves them out: spec/b_spec.lua, spec/c_spec.lua"
	layout task '{default={ROOT={"spec/unit"}},slow={ROOT={"spec/slow"}}}' 'spec/unit/a_spec.lua spec/slow/b_spec.lua' 'spec/unit/a_spec.lua'
	says "spec/slow is not searched: in .busted it belongs to another task; --run=TASK chooses one: default slow"
	layout elsewhere '' 'tests/a_test.lua tests/fixtures/b_test.lua builtin/a/tests/x_spec.lua lua/test.lua vendor/c_test.lua' 'tests/a_test.lua'
	says "not searched, though files there are named like tests; to run them: firmo-jobs builtin/a/tests lua" 'builtin/a/tests/x_spec.lua lua/test.lua'
	layout roots '{default={ROOT={"unit"}},slow={ROOT={"slow"}}}' 'unit/a_spec.lua slow/b_spec.lua regress/c_spec.lua' 'unit/a_spec.lua'
	says "not searched, though files there are named like tests; to run them: firmo-jobs regress" 'regress/c_spec.lua'
	layout quiet '' 'tests/a_test.lua spec/b_spec.lua lib/c.lua' 'spec/b_spec.lua tests/a_test.lua'
	is "$(<told)" ""
	# Empty files, such as the stamps of make's rules, test nothing.
	mkdir stamps
	: >"stamps/tests,a_test.lua"
	listed >/dev/null
	is "$(<told)" ""
}

@test "links to folders are told where they lead to tests that are not run" {
	write tests/a_test.lua ../outside/deep/b_test.lua ../empty/c.lua
	ln -s ../../outside tests/more
	ln -s ../../empty tests/none
	ln -s . tests/loop
	ln -s nowhere tests/dangling
	is "$(listed)" "tests/a_test.lua "
	says "links to folders are not followed; to run what is there: firmo-jobs tests/more" tests/more/deep/b_test.lua
	is "$(listed tests)" "tests/a_test.lua "
	says "links to folders are not followed; to run what is there: firmo-jobs tests/more"
	is "$(listed tests tests/more)" "tests/a_test.lua tests/more/deep/b_test.lua "
	is "$(<told)" ""
}

# What stands in for MoonScript: a loader with the functions that busted's needs, for Lua in disguise.
moonscript() {
	test_file moon/moonscript.lua 'return { loadfile = function(name) return loadfile(name) end }'
	test_file moon/moonscript/line_tables.lua 'return {}'
	test_file moon/moonscript/util.lua 'return { pos_to_line = function() return 1 end }'
	export LUA_PATH="$PWD/moon/?.lua;;"
}

@test "_spec.moon is busted's where MoonScript is installed" {
	write spec/a_spec.moon spec/b_spec.lua
	is "$(listed)" "spec/b_spec.lua "
	says "1 .moon test file is not run: lua5.4 has no module moonscript; to run it: luarocks install moonscript"
	run -4 fj4 spec/a_spec.moon
	has "no module moonscript"
	moonscript
	run -0 fj4 --report=json:report.json
	query_is "file('spec/a_spec.moon').framework" busted
	query_is "file('spec/a_spec.moon').status" pass
	query_is "#r.files" 2
	echo 'return {default={loaders={"lua"}}}' >.busted
	is "$(listed)" "spec/b_spec.lua "
}
