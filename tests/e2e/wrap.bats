#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# --wrap: a command in front of that of each worker. Whatever way it starts the worker in, that one reports.

load common

setup() {
	setup_project
	script sh_wrapper 'lua5.4 -e "print([[before]])" >&2' '"$@"' 'status=$?' 'echo after >&2' 'exit $status'
	test_file wrapper.lua 'local words = {}' \
		'for i = 1, #arg do words[i] = "'"'"'" .. arg[i] .. "'"'"'" end' \
		'local _, how, code = os.execute(table.concat(words, " "))' \
		'os.exit(how == "exit" and code or 128 + code)'
}

# script NAME LINE...: a shell script in the project's folder.
script() {
	printf '%s\n' '#!/bin/sh' "${@:2}" >"$1"
	chmod +x "$1"
}

# three: two tests in LuaUnit, one of which starts Lua by the very words of the worker; busted; TAP.
three() {
	luaunit_test lu 'function test_a() os.execute("lua5.4 -e 1") lu.assertEquals(1, 1) end' \
		'function test_b() if not os.getenv("AGAIN") then' \
		'os.execute("AGAIN=1 " .. arg[-1] .. " " .. arg[0]) end end'
	busted_test b 'describe("x", function() it("a", function() end) it("c", function() assert.is_true(false) end) end)'
	plain t 'print("1..1") print("ok 1 - x")'
	plain p 'print(1)'
}

# told ARG...: what the three tell below a wrapper.
told() {
	run fj4 --report=json:report.json "$@"
	status_is 1
	holds "r.total == 6 and r.passed == 5 and #file('tests/lu_test.lua').tests == 2 and r.failed == 1" ||
		fail "below $*"
	holds "file('tests/lu_test.lua').status == 'pass'" || fail "below $*"
	holds "file('tests/b_spec.lua').tests[2].status == 'fail' and #file('tests/t_test.lua').tests == 1"
}

@test "the worker reports, however the wrapper starts it" {
	three
	local wrapper
	for wrapper in nice 'env A=b' 'timeout 50' ./sh_wrapper 'lua5.4 wrapper.lua' "sh -c 'exec \"\$@\"' sh" \
		'nice env A=b lua5.4 wrapper.lua ./sh_wrapper' 'setsid -w'; do
		told --wrap="$wrapper"
		told --wrap="$wrapper" --no-trace
	done
}

@test "tracers and debuggers" {
	luaunit_test lu 'function test_a() lu.assertEquals(1, 1) end' 'function test_b() lu.assertEquals(1, 2) end'
	local wrapper found=
	for wrapper in 'strace -f -o log' 'valgrind -q' 'gdb --batch --return-child-result -ex run --args'; do
		command -v "${wrapper%% *}" || continue
		found=1
		run fj4 --wrap="$wrapper" --report=json:report.json
		status_is 1
		holds "r.total == 2 and r.passed == 1 and r.failed == 1" || fail "below $wrapper"
	done
	[ -n "$found" ] || skip "none of them is here"
}

@test "the debugger of the manual passes on how the worker ends" {
	command -v gdb || skip "it is not here"
	grep -qF "gdb --batch --return-child-result -ex run -ex 'thread apply all bt' --args" "$BATS_TEST_DIRNAME/../../src/cli/firmo-jobs.1"
	plain a
	plain b 'os.exit(3)'
	plain c 'os.execute("kill -SEGV $PPID")' 'while true do end'
	run fj4 --wrap="gdb --batch --return-child-result -ex run -ex 'thread apply all bt' --args" --report=text --report=json:report.json
	status_is 1
	holds "file('tests/a_test.lua').status == 'pass' and file('tests/b_test.lua').exit == 3"
	holds "file('tests/c_test.lua').status == 'fail'"
	has "lua_pcallk"
}

@test "every interpreter of Lua" {
	luaunit_test lu 'function test_a() lu.assertEquals(1, 1) end' 'function test_b() lu.assertEquals(1, 1) end'
	local lua
	for lua in lua5.1 lua5.2 lua5.3 lua5.4 luajit; do
		command -v $lua || continue
		run fj --lua=$lua --wrap=./sh_wrapper --report=json:report.json
		status_is 0
		holds "r.passed == 2"
	done
}

@test "a command that is a script, or starts Lua in its own place" {
	three
	script run.sh 'case $1 in *_spec.lua) exec busted --ignore-lua "$1" ;; esac' 'exec lua5.4 "$@"'
	local wrapper
	for wrapper in nice ./sh_wrapper 'lua5.4 wrapper.lua'; do
		run fj --command='./run.sh {}' --wrap="$wrapper" --report=json:report.json tests/lu_test.lua tests/p_test.lua
		status_is 0
		holds "r.passed == 3" || fail "below $wrapper"
		run fj --command='env A=b lua5.4 {}' --wrap="$wrapper" --report=json:report.json tests/lu_test.lua
		status_is 0
		holds "r.passed == 2" || fail "below $wrapper"
	done
}

@test "the words of a wrapper are split as by a shell, and nothing is expanded" {
	script show 'for word; do case $word in */lua5.4) break ;; esac; printf "[%s]" "$word"; done >>shown' \
		'while [ "${1##*/}" != lua5.4 ]; do shift; done' 'exec "$@"'
	plain a
	run fj4 --wrap="./show 'a b' c\\ d \"e'f\" \$HOME *"
	status_is 0
	is "$(<shown)" "[a b][c d][e'f][\$HOME][*]"
}

@test "exit statuses and signals pass through" {
	plain code 'os.exit(7)'
	plain skip 'os.exit(77)'
	plain signal 'os.execute("kill -SEGV " .. io.open("/proc/self/stat"):read("n"))'
	run fj4 --wrap=nice --report=json:report.json
	status_is 1
	holds "file('tests/code_test.lua').exit == 7 and file('tests/skip_test.lua').status == 'skip'"
	holds "file('tests/signal_test.lua').signal == 11"
}

@test "a deadline ends the wrapper and the worker" {
	plain hang 'io.open("pid", "w"):write(io.open("/proc/self/stat"):read("n")):close()' 'while true do end'
	run fj4 --wrap=./sh_wrapper -t3 --grace=0.1 --report=json:report.json
	status_is 1
	holds "file('tests/hang_test.lua').status == 'timeout'"
	gone "$(<pid)"
	run fj4 --wrap='timeout 1' --report=json:report.json
	status_is 1
	holds "file('tests/hang_test.lua').exit == 124"
}

@test "Ctrl-C ends the wrapper and the worker" {
	plain hang 'io.open("worker.pid", "w"):write(io.open("/proc/self/stat"):read("n"), "\n"):close()' 'while true do end'
	start --lua=lua5.4 --wrap=./sh_wrapper
	await test -s worker.pid
	kill -INT "$RUNNER"
	finish
	is "$how" "signal 2"
	gone "$(<worker.pid)"
}

@test "a wrapper is a part of how a file is run; --why names it" {
	plain a
	plain b
	settle
	run fj4 --wrap=nice
	status_is 0
	run fj4 --wrap=nice --changed --report=json:report.json
	status_is 0
	holds "file('tests/a_test.lua').cached"
	run fj4 --why=tests/a_test.lua
	has "--wrap was nice, is not given"
	run fj4 --wrap='nice -n 1' --why=tests/a_test.lua
	has "--wrap was nice, is nice -n 1"
	run fj4 --wrap= --changed --report=json:report.json
	status_is 0
	holds "not file('tests/a_test.lua').cached"
}

@test "a wrapper that has changed itself" {
	plain a
	script own 'exec "$@"'
	settle
	run fj4 --wrap=./own
	run fj4 --wrap=./own --why=tests/a_test.lua
	has "would not run"
	script own 'echo more; exec "$@"'
	run fj4 --wrap=./own --why=tests/a_test.lua
	has "own"
	hasnt "would not run"
}

@test "some files have a wrapper of their own" {
	plain a 'io.open("a", "w"):write(os.getenv("WRAPPED") or "no"):close()'
	plain b 'io.open("b", "w"):write(os.getenv("WRAPPED") or "no"):close()'
	printf '{"wrap": "env WRAPPED=all", "overrides": [{"match": "b_*", "wrap": "env WRAPPED=own"}]}' >firmo-jobs.json
	run fj4
	status_is 0
	is "$(<a) $(<b)" "all own"
	run fj4 --wrap=
	is "$(<a) $(<b)" "no no"
	run fj4 --print-settings=tests/b_test.lua
	[[ $(tr -s ' ' <<<"$output") == *"wrap env WRAPPED=own firmo-jobs.json: overrides[0].wrap"* ]]
}

@test "a wrapper that is wrong is told before anything runs" {
	plain a 'io.open("ran", "w")'
	run --separate-stderr fj4 --wrap='nonesuch -q'
	status_is 3
	is "$stderr" "firmo-jobs: --wrap=nonesuch -q: there is no program 'nonesuch'"
	run --separate-stderr fj4 --wrap='nice "x'
	status_is 3
	is "$stderr" "firmo-jobs: --wrap: a quote is not closed in: nice \"x"
	printf '{"overrides": [{"match": "a_*", "wrap": "nonesuch"}]}' >firmo-jobs.json
	run --separate-stderr fj4
	status_is 3
	is "$stderr" "firmo-jobs: firmo-jobs.json: overrides[0].wrap=nonesuch: there is no program 'nonesuch'"
	rm firmo-jobs.json
	plain a '-- firmo-jobs: wrap=nice'
	sed -i 1i'-- firmo-jobs: wrap=nice' tests/a_test.lua
	wrong_usage "wrap: a test file cannot set this"
}
