#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# --fork: workers that are forked from an interpreter, and that nobody can tell from new ones.

load common

setup() {
	setup_project
	[ -n "${E2E_FLAGS:-}" ] || unset FIRMO_JOBS_FLAGS
}

WORLD_FILE=$BATS_TEST_DIRNAME/fixtures/world.lua
# In a test: whether its process was forked without exec.
FORKED='local function forked() local f = io.open("/proc/self/stat"); local s = f:read("*a"); f:close()
	return math.floor(tonumber(s:match("%) %S+ %S+ %S+ %S+ %S+ %S+ (%d+)")) / 64) % 2 == 1 end'

# worlds LUA: what a plain file and one of busted see, new in ./new, forked in ./forked.
worlds() {
	for name in a b c; do
		plain "$name" "dofile('$WORLD_FILE')"
		busted_test "$name" "describe('world', function() it('is', function() dofile('$WORLD_FILE') end) end)"
	done
	mkdir -p new forked
	WORLD=$PWD/new fj --lua="$1" --fork=never -j1
	WORLD=$PWD/forked fj --lua="$1" --fork=always -j1
}

same_worlds() {
	command -v "$1" >/dev/null || skip "no $1"
	worlds "$1"
	is "$(cut -d' ' -f1 new/*.how | sort | uniq -c | tr -s ' ')" " 6 fresh"
	is "$(cut -d' ' -f1 forked/*.how | sort | uniq -c | tr -s ' ')" " 6 forked"
	diff -u new/plain.txt forked/plain.txt
	diff -u new/busted.txt forked/busted.txt
}

@test "a forked worker sees what a new one sees, on Lua 5.4, and its chance is its own" {
	same_worlds lua5.4
	is "$(cat forked/*.how | sort -u | wc -l)" 6
}

@test "a forked worker sees what a new one sees, on Lua 5.3" {
	same_worlds lua5.3
	diff -u <(cut -d' ' -f2 new/plain.how) <(cut -d' ' -f2 forked/plain.how)
}

@test "a forked worker sees what a new one sees, on Lua 5.2" {
	same_worlds lua5.2
}

@test "a forked worker sees what a new one sees, on Lua 5.1" {
	same_worlds lua5.1
}

@test "a forked worker sees what a new one sees, on LuaJIT" {
	same_worlds luajit
}

# results: of each file and test in report.json, without times.
results() {
	json '(function() local t = {} table.sort(r.files, function(a, b) return a.path < b.path end)
		for _, f in ipairs(r.files) do t[#t + 1] = f.path .. " " .. f.status
		for _, c in ipairs(f.tests) do t[#t + 1] = "  " .. table.concat(c.path or {}, " ") .. " " .. c.name .. " " .. c.status
			.. " " .. tostring(c.message) end end return table.concat(t, "\n") end)()'
}

@test "the results are the same, test by test" {
	busted_test mixed "describe('group', function()" "it('passes', function() end)" \
		"it('fails', function() assert.equal(1, 2) end)" "it('breaks', function() error('oh') end)" "pending('later')" "end)"
	busted_test broken "describe('x', function("
	busted_test fine "describe('y #tag', function() it('is fine', function() assert.is_true(true) end) end)"
	plain fine "print('fine')"
	plain failing "error('no')"
	plain odd "os.exit(3)"
	run fj4 --fork=never --order=path --report=json:report.json
	status_is 1
	results >new.txt
	run fj4 --fork=always --order=path --report=json:report.json
	status_is 1
	results >forked.txt
	diff -u new.txt forked.txt
}

@test "the results of each framework are the same" {
	for framework in firmo lust luaunit tap; do
		cp -r "$BATS_TEST_DIRNAME/fixtures/$framework" .
		[ -e $framework/tests ] || { mkdir tests && mv $framework/* tests && mv tests $framework; }
		for how in never always; do
			run env -C $framework "$FIRMO_JOBS" --lua=lua5.4 --fork=$how -v --order=path --report="json:$PWD/report.json" tests
			hasnt "not forked"
			results | sed 's/0x[0-9a-f]*/ADDRESS/' >$framework.$how
		done
		diff -u $framework.never $framework.always
		[ -s $framework.never ]
	done
}

@test "Firmo is forked where it is about to load the file, whose name is everywhere by then" {
	cp -r "$BATS_TEST_DIRNAME/fixtures/firmo/"* .
	rm tests/*
	sed -i 's/^local result = /local name, words, times = ..., { [arg[1]] = "the file is " .. arg[1] }, 0\
function _G.is_named(path) return name == path and words[path] == "the file is " .. path and arg[1] == path end\
print("the file is " .. arg[1])\n&/' firmo.lua
	for name in a b; do
		test_file tests/${name}_test.lua "$FORKED" "local firmo = require('firmo')" \
			"firmo.it('is forked', function() assert(forked() and is_named('tests/${name}_test.lua')) end)"
	done
	run fj4 --fork=always --flaky=fail --report=json:report.json
	status_is 0
	hasnt "fresh process"
	is "$(json 'file("a").output:match("[^\n]*"), file("b").output:match("[^\n]*")')" \
		"the file is tests/a_test.lua the file is tests/b_test.lua"
}

@test "what a helper prints is in the output of each file, and the helper runs once" {
	test_file .busted "return { default = { helper = 'helper.lua', ROOT = { 'tests' } } }"
	test_file helper.lua "print('the helper speaks'); local f = io.open('/proc/self/stat'); pid = f:read('*n'); f:close()" \
		"debug.sethook(function() late = true end, '', 100000)"
	for name in a b c; do
		busted_test $name "it('has it', function() print('helped by ' .. pid) assert(debug.gethook() and not late) end)"
	done
	run fj4 --fork=always -j1 --worker-output --flaky=fail --report=json:report.json
	status_is 0
	hasnt "fresh process"
	is "$(json '(function() local n, ids = 0, {} for _, f in ipairs(r.files) do
		local id = f.output:match("^the helper speaks\n.*helped by (%d+)") if not ids[id] then n = n + 1 ids[id] = true end end
		return n end)()')" 1
}

@test "without watching, files are forked as well" {
	plain a "$FORKED" "assert(forked())" "assert(not os.getenv('LD_PRELOAD'))"
	busted_test b "$FORKED" "it('is forked', function() assert(forked()) end)"
	run fj4 --fork=always --no-trace
	status_is 0
}

@test "--preload has each worker require a module before its file, and what is forked has it already" {
	test_file .busted "return { default = { helper = 'helper.lua', ROOT = { 'tests' } } }"
	test_file helper.lua "package.path = './lib/?.lua;' .. package.path; helped = true"
	test_file lib/heavy.lua "local f = io.open('loads', 'a') f:write('x') f:close() return { helped = helped }"
	test_file heavy.lua "local f = io.open('loads', 'a') f:write('x') f:close() return { helped = helped }"
	for name in a b; do
		test_file plain/${name}_test.lua "assert(package.loaded.heavy) os.execute(arg[-1] .. ' -e \"assert(not package.loaded.heavy)\"')"
		busted_test $name "it('has it', function() assert(package.loaded.heavy.helped) end)"
	done
	for how in never always; do
		run fj4 --fork=$how -j1 --preload=heavy --conflicts=ignore tests plain
		status_is 0
		has "4 passed"
		mv loads loads.$how
	done
	is "$(cat loads.never) $(cat loads.always)" "xxxx xx"
	run fj4 --preload=heavy --wrap="env x=1" --conflicts=ignore --exclude='tests/*' plain
	status_is 0
	# Where they are not loaded, a pass is none.
	test_file other/c_test.lua "assert(true)"
	run fj --preload=heavy --command="$LUA -E {}" --framework=plain other
	status_is 1
	has "the modules of --preload were not loaded"
	echo '{"preload": ["heavy"], "overrides": [{"match": ["tests/a_spec.lua"], "preload": ["no.such"]}]}' >firmo-jobs.json
	run fj4 --fork=always --changed tests plain
	status_is 1
	has "--preload=no.such: module 'no.such' not found"
	has "Files: 4 in all, 3 passed, 1 with an error"
}

# ---- failures ----

@test "what fails in a forked process only is said to need a fresh one, and passes" {
	plain picky "$FORKED" "assert(not forked(), 'forked')"
	run fj4 --fork=always
	status_is 0
	has "tests/picky_test.lua needs a fresh process"
	is "$(sql 'SELECT count(*) FROM result')" 1
}

@test "what fails by chance in a forked process is flaky" {
	plain moody "if io.open('been') then return end" "io.open('been', 'w'):close()" "error('the first time')"
	run fj4 --fork=always --report=text --report=json:report.json
	status_is 0
	has "FLAKY ["
	is "$(json 'file("moody").flaky')" true
	rm been
	run fj4 --fork=always --flaky=fail
	status_is 1
	# Where failures are looked for it is one, and where they are forgiven.
	rm been
	run fj4 --fork=always --until-fail --repeat=3
	status_is 1
	has "--until-fail ended the run"
	rm been
	echo '{"overrides": [{"match": ["tests/moody_test.lua"], "quarantine": {"until": "9999-01-01"}}]}' >firmo-jobs.json
	run fj4 --fork=always --flaky=fail
	status_is 0
	has "1 of 1 file failed in quarantine"
}

@test "a failure is a new process's" {
	plain bad "$FORKED" "error(forked() and 'forked' or 'new')"
	run fj4 --fork=always
	status_is 1
	has "tests/bad_test.lua:3: new"
}

@test "what fails by chance in one reading is flaky in the next" {
	test_file h.lua "return function(ok) print('1..1') print(ok and 'ok 1' or 'not ok 1') os.exit(ok and 0 or 1) end"
	plain loading "local f = io.open('been')" "io.open('been', 'w'):close()" "require('h')(f)"
	run fj4 --fork=always --report=json:report.json
	status_is 0
	is "$(json 'file("loading").flaky, file("loading").framework, #file("loading").tests')" "true tap 1"
}

@test "what fails by chance, and then tells of another file, is one file" {
	plain a "local been = io.open('been')" "io.open('been', 'w'):close()" "dofile('tests/b_test.lua')(been)"
	plain b "local name = ..." "assert(not name or name:find('b_test'))" "return assert"
	plain c "$FORKED" "dofile('tests/b_test.lua')(not forked(), 'forked')"
	run fj4 --fork=always -j1 --order=path
	status_is 0
	has "1 passed, 1 flaky, 1 skipped"
	has "tests/c_test.lua needs a fresh process"
}

@test "how a forked worker comes to its end is told" {
	plain left "if not pcall(require, 'no_such') then return end" "describe('d', function() it('a', function() error('x') end) end)"
	run fj4 --fork=always
	has "SKIP"
	has "it holds no test"
}

# ---- servers ----

# processes PATTERN: those of this test whose words have it.
processes() {
	pgrep -f "$1" | while read -r pid; do
		! tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null | grep -qx "E2E_PROJECT=$E2E_PROJECT" || echo "$pid"
	done
}

servers() {
	processes "firmo-jobs.fork/file.lua"
}

@test "a server that is killed is replaced, and no file fails by that" {
	for name in a b c d e f; do
		plain $name "local p = io.popen('pgrep -f firmo-jobs.fork/file.lua')" "local killed" \
			"for pid in p:lines() do local f = io.open('/proc/' .. pid .. '/environ')" \
			"if f and f:read('a'):find('E2E_PROJECT=$E2E_PROJECT', 1, true) then killed = os.execute('kill -KILL ' .. pid) end end"
	done
	run fj4 --fork=always -j2 --report=json:report.json
	status_is 0
	is "$(json '#r.files')" 6
	is "$(servers)" ""
}

@test "a server that is killed while it starts is started once more" {
	test_file initial.lua "if os.getenv('FIRMO_JOBS_FORK') and not io.open('been') then" \
		"os.execute('touch been; kill -KILL ' .. os.getenv('FIRMO_JOBS_PID')) end"
	for name in a b; do
		plain $name "$FORKED" "assert(forked() == (arg[0]:find('b_test') ~= nil))"
	done
	LUA_INIT=@initial.lua run fj4 --fork=always -j1 --order=path --flaky=fail
	status_is 0
}

@test "of many kinds, interpreters that are not used any more give way to others, and to files" {
	local list=
	for i in {1..20}; do
		plain a$i "$FORKED" "assert(os.getenv('MINE') == '$i')"
		list+="${list:+, }{\"match\": \"tests/a${i}_test.lua\", \"env\": {\"MINE\": \"$i\"}}"
	done
	printf '{"overrides": [%s]}' "$list" >firmo-jobs.json
	run fj4 --fork=always -j1 --flaky=fail
	status_is 0
	run bash -c 'ulimit -n 24; exec "$FIRMO_JOBS" --lua=lua5.4 --fork=always -j4 --flaky=fail'
	status_is 0
	hasnt "fresh process"
}

@test "what the start has looked at is looked at anew when it changes in mid-run" {
	test_file .busted "return { default = { helper = 'helper.lua', ROOT = { 'tests' } } }"
	test_file helper.lua "local lfs = require('lfs')" "value = dofile('value.lua')" "linked = dofile('link.lua')" \
		"count = 0 for _ in lfs.dir('plugins') do count = count + 1 end" \
		"size, type_of = lfs.attributes('data', 'size'), lfs.attributes('none', 'mode')" \
		"local f = io.open('/proc/self/stat') pid = f:read('*n') f:close()"
	mkdir plugins
	: >data
	test_file value.lua "return 1"
	test_file two.lua "return 2"
	ln -s value.lua link.lua
	local change=("f('value.lua', 'return 2')" "os.execute('ln -sf two.lua link.lua')" "f('plugins/one', '')" "f('data', 'xx')"
		"os.execute('mkdir none')")
	local see=("2, value" "2, linked" "3, count" "2, size" "'directory', type_of")
	for i in 0 1 2 3 4; do
		busted_test ${i}a "it('changes it', function() local function f(name, text) local f = io.open(name, 'w') f:write(text) f:close() end" \
			"${change[i]} end)"
		busted_test ${i}b "it('sees it', function() assert.equal(${see[i]}) print('from ' .. pid) end)"
		busted_test ${i}c "it('is of the same', function() print('from ' .. pid) end)"
	done
	run fj4 --fork=always -j1 --order=path --conflicts=ignore --report=json:report.json
	status_is 0
	is "$(json '(function() local n = 0 for i = 0, 4 do
		if file(i .. "b").output:match("from %d+") == file(i .. "c").output:match("from %d+") then n = n + 1 end end return n end)()')" 5
}

@test "where each file changes what the start looks at, nothing is forked" {
	test_file .busted "return { default = { helper = 'helper.lua', ROOT = { 'tests' } } }"
	test_file helper.lua "local lfs = require('lfs') size = lfs.attributes('data/log', 'size')" \
		"names = 0 for name in lfs.dir('data') do names = names + (name:find('x') and 1 or 0) end"
	test_file data/log
	busted_test a "it('is first', function() assert.same({ 0, 1 }, { names, size }) io.open('data/x', 'w'):close() end)"
	busted_test b "it('sees the name', function() assert.same({ 1, 1 }, { names, size }) io.open('data/log', 'a'):write('y'):close() end)"
	busted_test c "it('sees the size', function() assert.same({ 1, 2 }, { names, size }) io.open('data/xx', 'w'):close() end)"
	busted_test d "$FORKED" "it('is new', function() assert.same({ 2, 2 }, { names, size }) assert(not forked()) end)"
	run fj4 --fork=always -j1 --order=path --flaky=fail --conflicts=ignore -v
	status_is 0
	has "tests/d_spec.lua and its kind are not forked: what runs before the file looks at what files change"
	hasnt "fresh process"
}

@test "a module is found that comes into a folder which has come before" {
	printf 'pcall(require, "late.one")\n' >init.lua
	export LUA_INIT=@init.lua
	plain a 'os.execute("mkdir late")'
	plain b 'assert(not package.loaded["late.one"] and os.execute("sleep 0.1"))'
	plain c 'local f = io.open("late/one.lua", "w") f:write("return 1") f:close()'
	plain d 'assert(package.loaded["late.one"] == 1)'
	run fj4 --fork=always -j1 --order=path
	status_is 0
	hasnt "fresh process"
}

@test "the inputs of a forked worker are those of a new one" {
	test_file .busted "return { default = { helper = 'helper.lua', ROOT = { 'tests' } } }"
	test_file helper.lua "require('module')"
	test_file module.lua "return 1"
	for name in a b; do
		busted_test $name "it('is', function() assert(io.open('data')):close() end)"
		test_file plain/${name}_test.lua "assert(io.open('data')):close()"
	done
	test_file data
	test_file initial.lua "times = (times or 0) + 1; assert(times == 1)"
	settle
	for how in never always; do
		rm -rf .firmo-jobs
		LUA_INIT=@initial.lua fj4 --fork=$how -j1 tests plain
		for file in plain/b_test.lua tests/b_spec.lua; do
			LUA_INIT=@initial.lua fj4 --why=$file -v | sed 1d >"$how.$(basename $file)"
		done
	done
	grep -q module.lua always.b_spec.lua
	grep -q initial.lua always.b_test.lua
	diff -u never.b_test.lua always.b_test.lua
	diff -u never.b_spec.lua always.b_spec.lua
	echo "return 2" >module.lua
	export LUA_INIT=@initial.lua
	run fj4 --fork=always --changed tests plain --report=json:report.json
	status_is 0
	is "$(json '(function() local t = {} for _, f in ipairs(r.files) do if not f.cached then t[#t + 1] = f.path end end
		table.sort(t) return table.concat(t, " ") end)()')" "tests/a_spec.lua tests/b_spec.lua"
}

# refused_for WORDS LINE...: a helper of these lines lets nothing be forked, and the words say why.
refused_for() {
	test_file helper.lua "${@:2}"
	run fj4 --fork=always -v tests
	status_is 0
	has "tests/a_spec.lua and its kind are not forked: "
	has "$1"
}

@test "where the start does what each file would have to do, new processes are started, and it is said why" {
	test_file .busted "return { default = { helper = 'helper.lua', ROOT = { 'tests' } } }"
	busted_test a "$FORKED" "it('is new', function() assert(not forked()) end)"
	refused_for "reads TMPDIR" "os.getenv('TMPDIR')"
	refused_for "has files or sockets open" "kept = io.open('helper.lua')"
	refused_for "a process that it started still runs" "kept = io.popen('cat >/dev/null', 'w')"
	refused_for "leaves a process behind" "os.execute('sleep 5 >/dev/null 2>&1 &')"
}

@test "where the start changes of its process what no fork has from it, new processes are started, and it is said why" {
	command -v luajit >/dev/null || skip "no luajit"
	test_file .busted "return { default = { helper = 'helper.lua', ROOT = { 'tests' } } }"
	test_file helper.lua "local ffi = require('ffi')" \
		"ffi.cdef [[ int setenv(const char *, const char *, int), unsetenv(const char *), close(int), dup2(int, int);" \
		"void *mmap(void *, size_t, int, int, int, long); int timer_create(int, void *, void **); ]]" \
		"local C, mode = ffi.C, os.getenv('MODE')" \
		"if mode == 'sets' then C.setenv('ANEW', 'x', 1) elseif mode == 'unsets' then C.unsetenv('HOME')" \
		"elseif mode == 'shares' then C.mmap(nil, 4096, 3, 0x21, -1, 0) elseif mode == 'closes' then C.close(0)" \
		"elseif mode == 'times' then C.timer_create(0, nil, ffi.new('void *[1]')) end"
	local mode list=
	for mode in sets unsets shares closes times; do
		busted_test $mode "$FORKED" "it('is new', function() assert(not forked()) end)"
		list+="${list:+, }{\"match\": [\"tests/${mode}_spec.lua\"], \"env\": {\"MODE\": \"$mode\"}}"
	done
	busted_test fine "$FORKED" "it('is forked', function() assert(forked()) end)"
	echo "{\"overrides\": [$list]}" >firmo-jobs.json
	run fj --lua=luajit --fork=always -v --flaky=fail
	status_is 0
	hasnt "fresh process"
	for mode in sets unsets; do
		has "tests/${mode}_spec.lua and its kind are not forked: before the file it has changed its environment"
	done
	has "tests/shares_spec.lua and its kind are not forked: before the file it shares memory that it writes to"
	has "tests/closes_spec.lua and its kind are not forked: before the file it has closed or replaced a standard stream"
	[ ! -e /proc/self/timers ] || has "tests/times_spec.lua and its kind are not forked: before the file it has set a timer"
}

@test "a helper that leaves is no fault of the fork" {
	test_file .busted "return { default = { helper = 'helper.lua', ROOT = { 'tests' } } }"
	test_file helper.lua "os.exit(5)"
	busted_test a "it('is', function() end)"
	run fj4 --fork=always -v
	status_is 1
	has "the interpreter has ended before it came to the file"
	has "exit status 5"
}

@test "what --command runs is said not to be forked" {
	plain a "return"
	run fj --fork=always -v --command="lua5.4 {}"
	has "are not forked: --command runs it"
}

@test "what the start writes may stand if the file leaves it alone; else a new process writes it anew" {
	test_file .busted "return { default = { helper = 'helper.lua', ROOT = { 'tests' } } }"
	test_file helper.lua "local f = io.open('made', 'w'); f:write('0'); f:close()"
	for name in a b c; do
		busted_test $name "$FORKED" "it('is forked', function() assert(forked()) end)"
		busted_test ${name}2 "it('finds it as made', function() local f = io.open('made'); assert.equal('0', f:read('a')); f:close()" \
			"f = io.open('made', 'w'); f:write('1'); f:close() end)"
	done
	run fj4 --fork=always -j1 --order=path --flaky=fail --conflicts=ignore tests/a_spec.lua tests/a2_spec.lua tests/b_spec.lua tests/b2_spec.lua
	status_is 0
	run fj4 --fork=always -v -j1 --order=path --conflicts=ignore tests/a_spec.lua tests/a2_spec.lua
	status_is 0
	has "tests/a2_spec.lua is not forked: it was seen to need a fresh process"
	run fj4 --fork=always -v -j1 --flaky=fail --conflicts=ignore --no-trace tests/a_spec.lua
	has "writes made"
	# Nobody sees what a program does whose environment is empty.
	busted_test unseen "$FORKED" "it('is new', function() os.execute('env -i cat made') assert(not forked()) end)"
	run fj4 --fork=always --flaky=fail tests/unseen_spec.lua
	status_is 0
	hasnt "needs a fresh process"
}

# ---- --fork=auto ----

# Notes each process of a file: its name, and whether it was forked.
NOTING="$FORKED local function note()
	local f = io.open('log', 'a') f:write(arg[0]:match('(%w+)_test'), forked() and '+' or '-', ' ') f:close()
end"

# waits_behind NAME: a file behind that one, of no kind that is forked, which ends when the interpreter that was started
# beside NAME waits to be forked. What takes longer than a second is not forked, so none of the others waits.
waits_behind() {
	rm -f tests/*_wait_test.lua
	plain "$1_wait" "local f = io.open('/proc/self/stat') local parent = f:read('a'):match('%) %S+ (%d+)') f:close()" \
		"os.execute('until s=\$(pgrep -P ' .. parent .. ' -f firmo-jobs.fork/file.lua) && read -r n _ 2>/dev/null <\"/proc/\$s/syscall\" && '" \
		"	.. '[ \"\$n\" = 47 ]; do :; done')" "print('1..1') print('ok 1 - new')"
	echo '{"overrides": [{"match": "*_wait_test.lua", "wrap": "env"}]}' >firmo-jobs.json
}

# noted WANTED ARG...: what a run of all files notes, one after another.
noted() {
	rm -f log
	fj4 --fork=auto -j1 --order=path --conflicts=ignore "${@:2}" >/dev/null 2>errors.txt
	is "$(cat log)" "$1 "
}

@test "auto: one file is held against its new process, and then all are forked; that is remembered" {
	for name in a b c d e f; do
		plain $name "$NOTING note()"
	done
	waits_behind c
	noted "a- b- c- d- d+ e+ f+"
	noted "a- b- c- d+ e+ f+"
	LUA_INIT="x = 1" noted "a- b- c- d- d+ e+ f+"
	# What is learned of a file by running it once more does not hinder that.
	for name in a b c d e f; do
		plain $name "$NOTING note() print('1..1') print('ok 1')"
	done
	waits_behind b
	fj4 -j1 --order=path --conflicts=ignore
	# It may be there in time for the second process of b.
	[[ $(<log) == *" a- a- b- b- "@("b+ c+ c+"|"c- c- c+")" d+ d+ e+ e+ f+ f+ " ]] || fail "$(<log)"
	# A few files are not worth an interpreter that waits.
	noted "a- b-" tests/a_test.lua tests/b_test.lua
}

@test "auto: where some files have other results forked, none is; that is remembered" {
	for name in a b c d e f g h; do
		test_file tests/${name}_test.lua "$NOTING note() print('1..1') print('ok 1 - ' .. (forked() and 'forked' or 'new'))"
	done
	waits_behind c
	noted "a- b- c- d- d+ e- e+ f- f+ g- h-" --framework=tap --report=json:report.json
	is "$(json '(function() for _, f in ipairs(r.files) do assert(f.tests[1].name == "new") end return #r.files end)()')" 9
	grep -qx "firmo-jobs: tests/d_test.lua needs a fresh process: run once more, forked it has other results" errors.txt
	noted "a- b- c- d- e- f- g- h-" --framework=tap
	# What a run has shown that did not know of it does not undo that.
	sql "UPDATE file SET reading = reading & 127 | 256 | (SELECT reading >> 16 << 16 FROM file WHERE path = 'tests/f_test.lua')
		WHERE path = 'tests/h_test.lua'"
	noted "a- b- c- d- e- f- g- h-" --framework=tap
}

@test "auto: a sample that fails forked needs a new process, whose result counts" {
	for name in a b c e; do
		plain $name "$NOTING note()"
	done
	plain d "$NOTING note() assert(not forked())"
	waits_behind c
	noted "a- b- c- d- d+ e- e+" --report=json:report.json
	is "$(json 'file("d").status, file("d").flaky')" "pass false"
	noted "a- b- c- d- e+"
	echo "-- another" >>tests/d_test.lua
	noted "a- b- c- d+ d- d+ e+"
}

@test "auto: what only a second run of a file comes to is no result of it" {
	for name in a b c e; do
		plain $name "$NOTING note()"
	done
	# What it finds of the run before has it fail, or hang.
	plain d "$NOTING note() if os.remove('made') then error('made') end io.open('made', 'w'):close()"
	waits_behind c
	noted "a- b- c- d- d+ e- e+" --flaky=fail --report=json:report.json
	is "$(json 'file("d").status, file("d").flaky, file("d").attempt')" "pass false 1"
	rm -r .firmo-jobs
	noted "a- b- c- d- d+ e- e+ a+ b+ c+ d- e+" --repeat=2
	rm -r made .firmo-jobs
	plain d "$NOTING note() if os.remove('made') then os.execute('sleep 1000') end io.open('made', 'w'):close()"
	noted "a- b- c- d- d+ e- e+" --timeout=0
}

# ---- what workers are held to ----

@test "a forked file that hangs is ended at its deadline" {
	plain hang "$FORKED" "io.open('log', 'a'):write(forked() and '+' or '-'):close()" "while true do end"
	plain fine "return"
	run fj4 --fork=always --timeout=1 --report=json:report.json
	status_is 1
	is "$(json 'file("hang").status, file("fine").status')" "timeout pass"
	has "hang_test.lua:4: in main chunk"
	is "$(cat log)" +-
	is "$(servers)" ""
}

@test "an interpreter that is long to come to the file holds up no other" {
	test_file .busted "return { default = { helper = 'helper.lua', ROOT = { 'tests' } } }"
	test_file helper.lua "if os.getenv('TMPDIR'):find('/server-', 1, true) then" \
		"io.open('begun', 'w'):close() while not io.open('written') do end end"
	plain a "while not io.open('begun') do end" "print(('x'):rep(1e6))" "io.open('written', 'w'):close()"
	busted_test b "it('is', function() end)"
	run fj --fork=always -v -j2 --order=path
	status_is 0
	hasnt "does not come to the file"
}

@test "limits hold in forked workers" {
	plain cpu "$FORKED" "assert(forked() or os.getenv('CALM'))" "while true do end"
	plain room "local t = {}" "for i = 1, 1e6 do t[i] = ('x'):rep(1000) .. i end"
	run fj4 --fork=always --limit=cpu=1,as=200M --report=json:report.json
	status_is 1
	is "$(json 'file("room").status')" limit
	plain files "local f = io.open('/proc/self/limits'):read('a')" "assert(f:find('Max open files%s+77%s+77'), f)" \
		"assert(f:find('Max cpu time%s+9%s+10'), f)"
	run fj4 --fork=always --limit=nofile=77,cpu=9 tests/files_test.lua
	status_is 0
}

@test "an interrupt leaves nobody" {
	plain a "io.open('up', 'w'):close()" "while true do end"
	plain b "while true do end"
	start --lua=lua5.4 --fork=always -j2
	await test -e up
	kill -INT "$RUNNER"
	finish
	status_is 130
	is "$(servers)" ""
	is "$(processes 'tests/[ab]_test.lua')" ""
	is "$(ls -A "$TMPDIR")" ""
}

@test "a run that is killed leaves nobody" {
	plain a "io.open('up', 'w'):close()" "while true do end"
	start --lua=lua5.4 --fork=always -j2
	await test -e up
	local worker
	worker=$(processes "lua5.4 tests/a_test.lua" | head -1)
	kill -KILL "$RUNNER"
	finish
	await gone "$worker"
	nobody() { [ -z "$(servers)" ]; }
	await nobody
}

@test "below make, tokens are as without" {
	for name in a b c d e f; do
		plain $name "return"
	done
	run audit --tokens=2 -- "$FIRMO_JOBS" --lua=lua5.4 --fork=always --report=json:report.json
	status_is 0
	is "$(json '#r.files')" 6
}
