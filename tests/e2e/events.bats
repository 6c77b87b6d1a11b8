#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# --report=events: what happens is told as it happens.

load common

FIXTURES=$BATS_TEST_DIRNAME/fixtures

# conform FILE...: every line is what the schema says, and the stream what the manual says of it.
conform() {
	"$FIRMO_JOBS" --print-schema=events >schema.json
	/usr/bin/python3 -W ignore - "$@" <<-'END'
		import json, jsonschema, sys
		schema = json.load(open("schema.json"))
		jsonschema.Draft202012Validator.check_schema(schema)
		check = jsonschema.Draft202012Validator(schema)
		for name in sys.argv[1:]:
		    text = open(name).read()
		    assert text.endswith("\n"), name
		    lines = [json.loads(line) for line in text.splitlines()]
		    for line, o in zip(text.splitlines(), lines):
		        assert line.startswith('{"event":"'), line
		        for error in check.iter_errors(o):
		            raise SystemExit(name + ": " + str(jsonschema.exceptions.best_match([error])))
		    assert [o["event"] for o in lines].count("run_start") == 1 and lines[0]["event"] == "run_start"
		    assert [o["event"] for o in lines].count("run_end") == 1 and lines[-1]["event"] == "run_end"
		    key = lambda path, attempt, t: (path, attempt, tuple(t["path"]), t["name"], t["round"])
		    told, ended = [], set()
		    for o in lines:
		        if o["event"] == "test_end":
		            told.append(key(o["path"], o["attempt"], o["test"]))
		        if o["event"] == "file_end":
		            ended.add(o["path"])
		            f = o["file"]
		            if not f["cached"]:
		                for t in f["tests"]:
		                    wanted = key(f["path"], f["attempt"], t)
		                    assert wanted in told, ("not told", wanted)
		    assert len(told) == len(set(told)), "a test was told twice"
		    assert ended >= {f["path"] for f in lines[0]["files"]}, "a file has no end"
	END
}

# event EXPR: a Lua expression over the events, which are a list `all`; `of(NAME)` are those of a kind.
event() {
	lua5.4 - "$FIXTURES" "$1" "${2:-events}" <<-'END'
		local json = dofile(arg[1] .. "/json.lua")
		all = {}
		for line in io.lines(arg[3]) do all[#all + 1] = json.parse(line) end
		function of(name, path)
			local found = {}
			for _, o in ipairs(all) do
				if o.event == name and (not path or o.path == path) then found[#found + 1] = o end
			end
			return found
		end
		print(assert(load("return " .. arg[2]))())
	END
}

@test "every test, file, output and warning is told once, as the schema says" {
	luaunit_test unit "TestA = {}" "function TestA:test_one() end" "function TestA:test_two() error('bad') end"
	busted_test spec "it('works', function() io.write('h\\xc3') io.flush() io.write('\\xa9llo\\n') end)"
	plain tap "print('1..2\\nok 1 - x\\nok 2 - y')"
	plain hello "print('hello')"
	plain empty
	: >tests/empty_test.lua
	settle
	run fj4 --retries=1 --report=events:events --report=json
	status_is 1
	conform events
	printf '%s\n' "$output" | grep -v '^firmo-jobs: ' >report.json
	# The end is that of the report, and so is the last word on each file.
	is "$(event '#of("run_start")[1].files, #of("test_end"), #of("warning"), of("run_end")[1].status')" $'5\t7\t1\t1'
	is "$(event 'of("run_end")[1].passed, of("run_end")[1].failed')" "$(json 'r.passed, r.failed' | tr ' ' '\t')"
	is "$(event 'of("file_end", "tests/unit_test.lua")[1].retried, of("file_end", "tests/unit_test.lua")[2].file.attempts')" $'true\t2'
	is "$(event 'of("output", "tests/hello_test.lua")[1].text')" $'hello'
	is "$(event '(function() local s = "" for _, o in ipairs(of("output", "tests/spec_spec.lua")) do s = s .. o.text end
		return s:find("h\u{e9}llo", 1, true) ~= nil end)()')" true
	# Without a change all are cached, and told as such.
	run fj4 --changed --report=events:events tests/hello_test.lua
	status_is 0
	conform events
	is "$(event '#of("file_start"), of("file_end")[1].file.cached, of("run_start")[1].files[1].cached')" $'0\ttrue\ttrue'
}

@test "events are there when they happen, in a file and in a pipe" {
	mkfifo go pipe
	luaunit_test slow "TestA = {}" "function TestA:test_one() end" \
		"function TestA:test_two() local f = io.open('go') f:read('l') f:close() end"
	cat pipe >piped &
	# Waits until it has a reader.
	exec 8>pipe
	start --lua=lua5.4 --report=events:events --report=events:pipe
	await grep -q '"name":"test_one"' events
	await grep -q '"name":"test_one"' piped
	exec 8>&-
	refute grep -q '"name":"test_two"' events
	refute grep -q '"event":"file_end"' events
	echo >go
	finish
	is "$status" 0
	conform events
	wait
	diff events piped
}

@test "a reader that goes away harms nothing, one that cannot be written to is told" {
	for i in 1 2 3 4; do plain "a$i" "print(('x'):rep(100000))"; done
	run bash -c '{ "$FIRMO_JOBS" --report=events; echo "$?" >ended; } 2>err | head -n 1'
	is "$(<ended)" 0
	has '"event":"run_start"'
	is "$(<err)" "firmo-jobs: --report=events: the reader has gone away, nothing more is written"
	mkfifo pipe
	head -n 1 pipe >first &
	exec 8>pipe
	run fj --report=events:pipe 8>&-
	exec 8>&-
	status_is 0
	has "the reader has gone away"
	has "Files: 4 in all, 4 passed"
	run fj --report=events:/dev/full
	status_is 3
	has "write /dev/full: No space left on device"
	has "Files: 4 in all, 4 passed"
	run fj --report=events:tests/a1_test.lua/x
	status_is 3
	wrong_usage --list --report=events "--report=events: --list has no such report"
}

@test "a run that does not begin, is cut short, or is one of many parts has its events" {
	run fj --report=events
	status_is 4
	printf '%s\n' "$output" | grep '^{' >events
	conform events
	is "$(event 'of("run_end")[1].status, #of("warning")')" $'4\t1'
	mkfifo never
	plain hangs "io.open('never')"
	plain later ""
	start --lua=lua5.4 -j1 --order=path --report=events:events
	await grep -q '"event":"file_start"' events
	kill -TERM "$RUNNER"
	finish
	is "$how" "signal 15"
	conform events
	is "$(event 'of("run_end")[1].run.signal, #of("file_end")')" $'15\t2'
	rm never
	plain hangs "print('no more')"
	printf 'include %s\n' "$("$FIRMO_JOBS" --print-mk)" >GNUmakefile
	PATH=$(dirname "$FIRMO_JOBS"):$PATH FIRMO_JOBS_FLAGS=--report=events:events run make -s test-stamps
	status_is 0
	conform events
	is "$(event '#of("file_end"), of("run_end")[1].status')" $'2\t0'
}

@test "the example for editors shows what fails, and where" {
	local editor=$BATS_TEST_DIRNAME/../../examples/editor/errors.lua
	luaunit_test unit "TestA = {}" "function TestA:test_one() end" "function TestA:test_two() error('bad') end"
	plain broken "x = ="
	PATH=$(dirname "$FIRMO_JOBS"):$PATH LUA_PATH="$("$FIRMO_JOBS" --print-lua-path);;" \
		run --separate-stderr "$LUA" "$editor" --lua="$LUA" --order=path "it's" tests
	status_is 2
	PATH=$(dirname "$FIRMO_JOBS"):$PATH LUA_PATH="$("$FIRMO_JOBS" --print-lua-path);;" \
		run --separate-stderr "$LUA" "$editor" --lua="$LUA" tests
	status_is 1
	has "tests/unit_test.lua:4: test_two: bad"
	has "tests/broken_test.lua:1: error: "
	has "1 passed, 2 failed"
	[[ $stderr == *"2 of 2 files"* ]]
}
