# SPDX-License-Identifier: MIT
# --changed and --why: which files run after which edit.
load common

# A project whose files all pass; settled: nothing of it is young any more.
setup() {
	setup_project
	mkdir -p lib data other
	test_file lib/deep.lua "return 1"
	test_file lib/near.lua "return require('lib.deep')"
	test_file data/fixture.txt "fixture"
	test_file data/grandchild.txt "grandchild"
	plain modules "assert(require('lib.near') == 1)"
	plain reads "assert(io.open('data/fixture.txt')):close()"
	plain popen "local p = io.popen('sh -c \"cat data/grandchild.txt\"') assert(p:read() == 'grandchild') p:close()"
	plain lists "local p = io.popen('ls data') assert(#p:read('a') > 0) p:close()"
	plain asks "os.execute('test -d \"made\"')"
	plain variable "print(os.getenv('MY_VARIABLE'))"
	plain path "package.path = './other/?.lua;./lib/?.lua' assert(require('deep') == 1)"
	busted_test spec "describe('group', function() it('one', function() assert.is_true(true) end) end)"
	luaunit_test units "TestX = {}" "function TestX:test_one() end"
	# A shell that only asks is watched where functions like those of bats could change what it does.
	export -nf $(declare -Fx | sed 's/.* //')
	settle
}

# runs [NAME...]: exactly these files run with --changed, and after that none.
runs() {
	run fj4 --changed --report=json:report.json
	status_is 0
	is "$(ran)" "$(printf '%s\n' "$@" | sort | xargs)"
	[ $# -eq 0 ] || settle_and_rerun
}

# What has run because of a young input passes once more before it is certain.
settle_and_rerun() {
	settle
	fj4 --changed >/dev/null
	run fj4 --changed --report=json:report.json
	status_is 0
	is "$(ran)" ""
}

ALL="asks lists modules path popen reads spec units variable"

@test "what a file whose pass stands has loaded is support" {
	rm -r tests
	plain user "assert(dofile('tests/test_support.lua'))"
	test_file tests/test_support.lua "assert(not arg[0]:find('support')) return 1"
	settle
	run -0 fj4
	run -0 fj4 --changed
	has "Cached: 1 of them"
	has "(support: loaded by tests/user_test.lua"
}

@test "every edit runs exactly the files that it matters to" {
	runs $ALL
	# The whole selection is in the report all the same.
	is "$(json '#r.files, r.success, r.passed')" "9 true 9"
	test_file lib/deep.lua "return 1 -- two requires away"
	runs modules path
	echo "read by io.open" >data/fixture.txt
	runs reads
	echo "grandchild" >>data/grandchild.txt
	runs popen
	: >data/new
	runs lists
	mkdir made
	runs asks
	rmdir made
	: >made
	runs asks
	rm made
	runs asks
	test_file other/deep.lua "return 1 -- shadows lib/deep.lua"
	runs path
	rm other/deep.lua
	runs path
	touch lib/deep.lua data/fixture.txt tests/*.lua
	runs
	export OTHER_VARIABLE=1
	runs
	export MY_VARIABLE=1
	runs variable
	unset MY_VARIABLE
	runs variable
}

@test "a deleted module makes its tests fail, and they stay failed" {
	runs $ALL
	mv lib/near.lua saved
	run fj4 --changed
	status_is 1
	has modules_test.lua
	run fj4 --changed --report=json:report.json
	status_is 1
	is "$(ran)" modules
	is "$(json 'file("tests/modules_test.lua").status, #r.files')" "fail 9"
	mv saved lib/near.lua
	runs modules
}

@test "another interpreter, command, limit or selection runs everything it concerns" {
	runs $ALL
	run fj --lua=lua5.3 --changed --report=json:report.json
	is "$(ran)" "$ALL"
	settle_and_rerun
	run fj4 --changed --report=json:report.json --limit=nofile=200
	is "$(ran)" "$ALL"
	run fj4 --changed --report=json:report.json --limit=nofile=200 tests/spec_spec.lua --filter=one
	is "$(ran)" spec
	# A pass of all tests outlives those of some.
	run fj4 --changed --report=json:report.json --limit=nofile=200
	is "$(ran)" ""
	rm -r .firmo-jobs
	run fj4 --changed --report=json:report.json tests/spec_spec.lua --filter=one
	is "$(ran)" spec
	run fj4 --changed --report=json:report.json tests/spec_spec.lua --filter=one
	is "$(ran)" ""
	run fj4 --changed --report=json:report.json tests/spec_spec.lua --filter=other
	is "$(ran)" spec
}

@test "a renamed test is new, a removed one is forgotten" {
	runs $ALL
	mv tests/reads_test.lua tests/renamed_test.lua
	runs renamed
	is "$(json '#r.files')" 9
}

@test "a C module counts like any other" {
	command -v cc >/dev/null && [ -n "$(pkg-config --cflags lua5.4 2>/dev/null)" ] || skip "no headers of Lua here"
	test_file c.c '#include <lua.h>' 'int luaopen_c(lua_State *L) { lua_pushinteger(L, VALUE); return 1; }'
	cc -shared -fPIC -DVALUE=1 $(pkg-config --cflags lua5.4) -o c.so c.c
	plain cmodule "package.cpath = './?.so' assert(require('c') > 0)"
	settle
	runs cmodule $ALL
	cc -shared -fPIC -DVALUE=2 $(pkg-config --cflags lua5.4) -o c.so c.c
	settle
	runs cmodule
}

@test "what cannot be relied on runs again" {
	plain network "local p = io.popen('exec 3<>/dev/tcp/127.0.0.1/1; true', 'r') p:read('a') p:close() " \
		"os.execute([[bash -c 'exec 3<>/dev/tcp/127.0.0.1/1' 2>/dev/null]])"
	plain device "assert(io.open('/dev/random')):close()"
	settle
	fj4 --changed >/dev/null
	run fj4 --changed --report=json:report.json
	is "$(ran)" "device network"
	run fj4 --changed --trust=network --report=json:report.json
	is "$(ran)" device
	run fj4 --why=tests/network_test.lua
	has "used the network"
	has "      socket"
	run fj4 --why=tests/device_test.lua
	has "never says the same twice"
	has "      /dev/random"
}

@test "without watching nothing is certain" {
	run fj4 --no-trace
	run fj4 --changed --report=json:report.json --no-trace
	is "$(ran)" "$ALL"
	run fj4 --changed --report=json:report.json
	is "$(ran)" "$ALL"
	runs
}

@test "cached results are in the report as they were, and only passes are reused" {
	plain skips "os.exit(77)"
	settle
	run fj4 --report=json:first.json
	status_is 0
	run fj4 --changed --report=json:report.json --report=junit:report.xml
	status_is 0
	is "$(ran)" skips
	is "$(json 'file("tests/spec_spec.lua").cached, #file("tests/spec_spec.lua").tests, r.total')" "true 1 $(json r.total first.json)"
	is "$(json 'file("tests/spec_spec.lua").started' first.json)" "$(json 'file("tests/spec_spec.lua").started')"
	has "9 of them have passed before"
}

@test "files that write the same path are told, also from the history" {
	plain one "assert(io.open('shared.txt', 'w')):close()"
	plain two "assert(io.open('shared.txt', 'w')):close() assert(io.open('own.txt', 'w')):close()"
	run fj4 --verbose --report=json:report.json
	status_is 0
	has "not safe side by side"
	has "shared.txt"
	hasnt "own.txt"
	conflict='#r.conflicts, r.conflicts[1].path, #r.conflicts[1].files'
	is "$(json "$conflict")" "1 shared.txt 2"
	# Where one of them fails that may be why.
	run fj4 --quiet
	hasnt "not safe side by side"
	echo "error('no')" >>tests/two_test.lua
	run fj4
	status_is 1
	has "not safe side by side"
	sed -i '$d' tests/two_test.lua
	settle
	fj4 --changed >/dev/null
	run fj4 --changed --report=json:report.json
	is "$(ran)" ""
	is "$(json "$conflict")" "1 shared.txt 2"
	run fj --show --report=json:report.json
	is "$(json "$conflict")" "1 shared.txt 2"
}

@test "--why tells what has changed, and what has not" {
	run fj4 --why=tests/reads_test.lua
	status_is 0
	has "every file would run"
	fj4 >/dev/null
	run fj4 --why=tests/reads_test.lua
	has "would not run: nothing has changed since its pass of"
	run fj4 --why=./tests/reads_test.lua --verbose
	has "data/fixture.txt"
	hasnt "data/grandchild.txt"
	echo other >data/fixture.txt
	run fj4 --why=tests/reads_test.lua
	has "would run"
	has "data/fixture.txt: its content has changed"
	is "$(count "      was ")" 1
	is "$(count "      is ")" 1
	: >other/deep.lua
	run fj4 --why=tests/path_test.lua
	has "other/deep.lua: it was looked for in vain, and is there now"
	MY_VARIABLE=1 run fj4 --why=tests/variable_test.lua
	has "MY_VARIABLE: this variable was not set, and is now"
	: >data/entry
	run fj4 --why=tests/lists_test.lua
	has "data: this folder has other entries"
	rm lib/near.lua
	run fj4 --why=tests/modules_test.lua
	has "lib/near.lua: it was there, and is gone"
	run fj --lua=lua5.3 --why=tests/units_test.lua
	has "in another way than in its pass of"
	has "  command was lua5.4 {}, is lua5.3 {}"
	plain new "print(1)"
	run fj4 --why=tests/new_test.lua
	has "it has not been run yet"
	wrong_usage --why=tests/missing_test.lua "tests/missing_test.lua: No such file"
	wrong_usage --why= "--why=: a test file's name is missing"
}

# EDITS=1000 make check-changed makes more of them, SEED=N others.
@test "no test is left out that an edit matters to, in a project edited at random" {
	run "$LUA" "$BATS_TEST_DIRNAME/fixtures/edits.lua" "${SEED:-7}" "${EDITS:-60}"
	status_is 0
}

@test "a head that sets nothing is not read again, and one that does is obeyed at once" {
	rm -r tests
	plain one "print('1')"
	plain two "print('2')"
	sed -i '1i -- A test.' tests/one_test.lua
	sed -i '1i -- firmo-jobs: timeout=99' tests/two_test.lua
	pause 2.1 # no clock is so coarse that they could be changed once more under the same time
	fj4 >/dev/null
	run -0 python3 "$BATS_TEST_DIRNAME/../helpers/opened.py" tests "$FIRMO_JOBS" --lua="$LUA" --changed
	is "$output" two_test.lua

	test_file tests/one_test.lua "-- firmo-jobs: limit=nofile=199" "assert(io.popen('ulimit -n'):read() ~= '199')"
	run fj4 --changed
	status_is 1
	has "FAIL"

	# Skipped with a bare head, it is what has passed with one that sets something.
	test_file tests/one_test.lua "-- firmo-jobs: limit=nofile=199"
	cp tests/one_test.lua kept
	settle
	runs one
	test_file tests/one_test.lua "-- None." "os.exit(77)"
	settle
	run -0 fj4 --changed
	has "SKIP"
	mv kept tests/one_test.lua
	settle
	runs
}
