#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# --no-capture: one file at a time, with the terminal.

load common

# in_terminal [TEXT KEYS]... -- COMMAND...: see helpers/terminal.py.
in_terminal() {
	run env TERM=xterm-256color NO_COLOR=1 /usr/bin/python3 "$BATS_TEST_DIRNAME/../helpers/terminal.py" "$@"
}

nc() {
	"$FIRMO_JOBS" --lua="$LUA" --no-capture "$@"
}

asks() {
	plain "$1" 'io.write("name? ") io.stdout:flush()' 'local name = io.read() print("hello " .. tostring(name))' "${@:2}"
}

@test "a file has the terminal" {
	busted_test a 'describe("x", function() it("y", function() io.write("name? ") io.stdout:flush()' \
		'assert.equals("bob", io.read()) print("tty", os.execute("test -t 0 && test -t 1 && test -t 2"), os.getenv("TERM"))' \
		'end) end)'
	in_terminal "name? " 'bob\n' -- "$FIRMO_JOBS" --lua=lua5.4 --no-capture
	status_is 0
	has "tty	true	xterm-256color"
	has "PASS"
	has "1 test"
}

@test "what is told by its output looks at a terminal, and is judged" {
	plain a 'print("1..2") io.write("ok 1 - ") io.stdout:flush() print(io.read())' \
		'print("not ok 2 - " .. tostring(os.execute("test -t 1")))'
	in_terminal "ok 1 - " 'fine\n' -- "$FIRMO_JOBS" --lua=lua5.4 --no-capture --framework=tap --report=json:report.json
	status_is 1
	has "not ok 2 - true"
	holds "file('tests/a_test.lua').tests[1].name == 'fine' and file('tests/a_test.lua').tests[2].status == 'fail'"
	plain b 'print("1..1") print("not ok 1 - z")'
	run nc --report=json:report.json tests/b_test.lua
	status_is 1
	holds "r.failed == 1"
}

@test "files run one after the other, whatever -j says" {
	asks a
	asks b
	in_terminal "name? " 'x\n' "name? " 'y\n' -- "$FIRMO_JOBS" --lua=lua5.4 --no-capture -j4 --order=path
	status_is 0
	[[ $output == *"hello x"*"name? "*"hello y"* ]]
}

@test "Ctrl-C reaches the file, and the run ends with a file that it has ended" {
	plain a 'os.execute("trap \"echo caught; exit 3\" INT; echo ready; read x")' 'error("after")'
	in_terminal ready '\x03' -- "$FIRMO_JOBS" --lua=lua5.4 --no-capture --framework=plain
	status_is 130
	has caught
	has "FAIL"
	# What Lua makes of it is an error, and exit status 1.
	plain a 'print("ready") while true do end'
	plain b 'print("the other")'
	in_terminal ready '\x03' -- "$FIRMO_JOBS" --lua=lua5.4 --no-capture --order=path --report=json:report.json
	status_is 130
	has "interrupted!"
	hasnt "the other"
	holds "file('tests/a_test.lua').exit == 1 and not file('tests/a_test.lua').leaked"
	# A file that goes on has its own use for it.
	plain a 'os.execute("trap \"echo caught\" INT; echo ready; until read x && test y = $x; do :; done")'
	in_terminal ready '\x03' caught 'y\n' -- "$FIRMO_JOBS" --lua=lua5.4 --no-capture --order=path
	status_is 0
	has "the other"
	plain a 'os.execute("exec sleep 1000")'
	printf '#!/bin/sh\necho ready; exec sleep 1000\n' >slow.sh
	chmod +x slow.sh
	in_terminal ready '\x03' -- "$FIRMO_JOBS" --command='./slow.sh {}' --no-capture --order=path
	status_is 130
	hasnt "the other"
}

@test "Ctrl-C ends a setup that has the terminal, and the run" {
	plain a 'print("first")'
	plain b 'print("the other")'
	echo '{"fixtures": [{"match": "b_*", "setup": "echo ready; exec sleep 1000"}]}' >firmo-jobs.json
	in_terminal ready '\x03' -- "$FIRMO_JOBS" --lua=lua5.4 --no-capture --report=json:report.json
	status_is 130
	hasnt "the other"
	holds "r.fixtures[1].failed"
	# It is ready once the process is there that it waits for.
	sed -i 's/echo ready; exec sleep 1000/trap \\"exit 3\\" INT; sh -c \\"&\\"/' firmo-jobs.json
	in_terminal ready '\x03' -- "$FIRMO_JOBS" --lua=lua5.4 --no-capture
	status_is 130
	hasnt "the other"
}

@test "job control: Ctrl-Z stops both, fg goes on" {
	asks a
	in_terminal '$ ' "$FIRMO_JOBS --lua=lua5.4 --no-capture\n" "name? " '\x1a' "Stopped" 'fg\n' "capture" 'bob\n' "OK" 'exit\n' \
		-- env PS1='$ ' bash --norc -i
	status_is 0
	has "hello bob"
}

@test "the modes of the terminal are put back after a crash" {
	plain a 'os.execute("stty raw -echo; kill -9 $PPID")'
	in_terminal -- sh -c '"$FIRMO_JOBS" --lua=lua5.4 --no-capture; stty -a'
	has "killed by SIGKILL"
	[[ $output == *" icanon "* && $output == *" echo "* && $output == *"opost"* ]]
}

@test "a debugger" {
	command -v gdb || skip "it is not here"
	plain a 'print("hello")'
	in_terminal '(gdb) ' 'run\n' '(gdb) ' 'kill\n' '(gdb) ' 'quit\n' -- "$FIRMO_JOBS" --lua=lua5.4 --no-capture \
		--framework=plain --wrap='gdb -q -nx -iex "set debuginfod enabled off" --args'
	status_is 0
	has hello
}

@test "without a terminal all three are inherited as they are" {
	plain a 'print("in: " .. io.read())' 'io.stderr:write("to stderr\n")'
	run --separate-stderr nc <<<"word"
	status_is 0
	has "in: word"
	[[ $stderr == *"to stderr"* ]]
}

@test "only a deadline of the command line holds" {
	plain a 'local n = 0 repeat n = n + 1 until os.time() > tonumber(os.getenv("END"))'
	printf '{"timeout": 0.2}' >firmo-jobs.json
	export END=$(($(date +%s) + 1))
	run nc
	status_is 0
	END=$((END + 100000))
	run nc -t0.2 --grace=0.1
	status_is 1
	has TIMEOUT
}

@test "what was typed is no input: such a pass is not reused, and what was known stays" {
	asks a
	settle
	run fj4
	status_is 0
	run nc <<<"bob"
	status_is 0
	run fj4 --why=tests/a_test.lua
	has "would not run"
	test_file tests/b_test.lua 'print(1)'
	settle
	run nc tests/b_test.lua
	status_is 0
	run fj4 --changed --report=json:report.json
	status_is 0
	holds "not file('tests/b_test.lua').cached and file('tests/a_test.lua').cached"
}

@test "what does not go with it is told" {
	plain a 'io.open("ran", "w")'
	wrong_usage --no-capture --report=json \
		"--report=json: with --no-capture the files write to standard output themselves"
	wrong_usage --no-capture --gather=true "--gather and --no-capture"
	run nc --report=junit:out.xml
	status_is 0
	[ -s out.xml ]
}
