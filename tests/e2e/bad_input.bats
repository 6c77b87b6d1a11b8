#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Bad input: one clear line on standard error, the right exit status, and nothing lost.

load common
load fixtures/report

setup() {
	setup_project
	plain good "io.open('ran', 'a'):write('x')"
}

# ---- the command line ----

@test "an unknown option, long and short" {
	wrong_usage --no-such-thing --no-such-thing
	wrong_usage -Z "-Z"
	wrong_usage -qZ "-Z"
	refute test -e .firmo-jobs
	wrong_usage --quiet=yes "--quiet=yes"
	wrong_usage --listen "--lis"
}

@test "a mistyped option: the right one is named" {
	wrong_usage --chnaged "--chnaged: no such option; did you mean --changed?"
	wrong_usage --timout=3 "--timout=3: no such option; did you mean --timeout?"
	wrong_usage -filter=x "-filter=x: no such option; did you mean --filter?"
	wrong_usage --re "--re: which of --related, --related-git, --retries, --retry-delay, --repeat, --report is meant?"
	wrong_usage --changed=x "--changed=x: --changed takes no value"
	wrong_usage --verb=x "--verb=x: --verbose takes no value"
	wrong_usage -d --failed "there is no option -d"
	wrong_usage --quiet -dq "there is no option -d"
	FIRMO_JOBS_FLAGS=--faild wrong_usage "FIRMO_JOBS_FLAGS: --faild: no such option; did you mean --failed?"
}

@test "an option whose value is missing" {
	for option in --workers --timeout --grace --limit --order --framework --lua --command --report \
		--progress --color --include --exclude --max-failures --run-limit --db; do
		wrong_usage "$option" "$option"
		wrong_usage "$option" missing
	done
	wrong_usage --related-git= "--related-git=: wants REV behind the '=', or no '='"
	wrong_usage tests -j "-j"
	wrong_usage tests -t "-t"
}

@test "a bad number of workers" {
	for n in 0 x -1 1.5 4097 99999999999999999999 0x10 ' 3' '3 '; do
		wrong_usage "-j$n" "--workers=$n: wants a whole number from 1 to 4096"
		wrong_usage "--workers=$n" "--workers=$n: wants a whole number from 1 to 4096"
	done
	wrong_usage --workers= "--workers=: wants"
}

@test "a bad time" {
	for t in x -1 1s '' nan inf 1e3 0x10 1.2.3 ' 1'; do
		wrong_usage "--timeout=$t" "--timeout=$t: wants seconds"
		wrong_usage "--grace=$t" "--grace=$t: wants seconds"
	done
	wrong_usage -t abc "--timeout=abc"
}

@test "a bad limit" {
	wrong_usage --limit=foo=1 foo
	wrong_usage --limit=as= as
	wrong_usage --limit=as as
	wrong_usage --limit=cpu=1,cpu=x cpu
	wrong_usage --limit=nofile=-1 nofile
	wrong_usage --limit=as=1Q as
	wrong_usage --limit=as=99999999999999999999G as
	wrong_usage --limit=cpu=1G cpu
}

@test "a limit that says nothing" {
	wrong_usage --limit= --limit
	wrong_usage --limit=, --limit
}

@test "a bad order, framework, report, progress, colour, number of failures, database" {
	wrong_usage --order=foo "--order=foo: wants slowest, path or random, or random:SEED"
	wrong_usage --order=random:x --order=random
	wrong_usage --order=random: --order
	wrong_usage --order=random:0 --order
	wrong_usage --order=randomly --order
	wrong_usage --framework=foo "--framework=foo: wants auto, plain, tap, luaunit, lust, busted or firmo"
	wrong_usage --report=foo "--report=foo: wants text, json, junit, tap, html, markdown, csv, lcov, cobertura, luacov or events"
	wrong_usage --report=foo:x "--report=foo:x: wants text, json, junit, tap, html, markdown, csv, lcov, cobertura, luacov or events"
	wrong_usage --report=json: "--report=json:: a file's name is missing"
	wrong_usage --report= --report
	wrong_usage --progress=foo --progress=foo
	wrong_usage --color=foo --color=foo
	wrong_usage --max-failures=0 --max-failures=0
	wrong_usage --max-failures=x --max-failures=x
	wrong_usage --db= --db
}

@test "options that do not go together" {
	wrong_usage --lua=lua5.4 "--command=lua5.4 {}" "--lua and --command"
	wrong_usage --list --report=csv --report
	wrong_usage --history --report=junit "--report=junit: --history has no such report: it has text, json, csv"
	wrong_usage --report=csv "--report=csv: a run has no such report"
	wrong_usage --since=1 "--since goes with --history"
	wrong_usage --last=1 "--last goes with --history"
}

@test "FIRMO_JOBS_FLAGS that is wrong" {
	FIRMO_JOBS_FLAGS="--no-such-thing" wrong_usage "FIRMO_JOBS_FLAGS: --no-such-thing"
	FIRMO_JOBS_FLAGS="--exclude='open" wrong_usage FIRMO_JOBS_FLAGS
	FIRMO_JOBS_FLAGS="-j0" wrong_usage "FIRMO_JOBS_FLAGS: --workers=0"
}

@test "control characters in what is complained about are made visible" {
	wrong_usage --order=$'\x1b[31mfoo\n' '\x1b[31mfoo\n'
	wrong_usage $'no\x1bsuch' 'no\x1bsuch'
	wrong_usage $'\xff' '\xff'
}

# ---- files and folders ----

@test "a report that would overwrite a test file of the run is refused" {
	local path
	for path in tests/good_test.lua tests/../tests/good_test.lua "$PWD/tests/good_test.lua"; do
		wrong_usage --report=html:"$path" "--report: $path would overwrite tests/good_test.lua, a test file of this run"
		refute test -e ran
	done
	ln -s tests/good_test.lua link
	wrong_usage --report=json:link "--report: link would overwrite tests/good_test.lua, a test file of this run"
	refute grep -q DOCTYPE tests/good_test.lua
}

@test "a report to a named pipe waits for no reader" {
	mkfifo pipe
	run --separate-stderr timeout 20 "$FIRMO_JOBS" --report=json:pipe tests/good_test.lua
	status_is 3
	is "$stderr" "firmo-jobs: write pipe: it is a pipe that nobody reads"
	cat pipe >read &
	exec 6>pipe # it reads from then on
	run -0 timeout 20 "$FIRMO_JOBS" --report=json:pipe tests/good_test.lua 6>&-
	exec 6>&-
	wait $!
	is "$(json 'r.success' read)" true
}

@test "no such path: nothing runs, not even what is there" {
	wrong_usage no_such_test.lua tests "no_such_test.lua: No such file or directory"
	wrong_usage tests no/such/folder "no/such/folder: No such file or directory"
	wrong_usage '' "No such file or directory"
	wrong_usage tests/good_test.lua/x "Not a directory"
}

@test "a folder without tests, a folder that is not there, a folder that may not be read" {
	mkdir empty
	test_file other/helper.lua "-- no test"
	for folder in empty other; do
		bad 4 "no test file" $folder
		refute test -e ran
	done
	rm -r tests
	bad 4 "no test file found in tests, test, spec, specs or t"
	if [ "$(id -u)" -ne 0 ]; then
		mkdir -m 000 secret
		wrong_usage secret secret
	fi
}

@test "a file that cannot be read: an error of its own, the others run" {
	ln -s nowhere tests/dangling_test.lua
	run --separate-stderr fj --report=json:report.json
	status_is 1
	one_line "tests/dangling_test.lua: cannot be read: No such file or directory"
	query_is "file('tests/dangling_test.lua').status" error
	query_is "file('tests/good_test.lua').status" pass
	query_is "#r.errors" 1
	has "1 with an error"
	rm tests/dangling_test.lua
	if [ "$(id -u)" -ne 0 ]; then
		plain secret "-- nothing"
		chmod 000 tests/secret_test.lua
		run --separate-stderr fj
		status_is 1
		one_line "tests/secret_test.lua: cannot be read: Permission denied"
		has "1 passed"
	fi
}

@test "a folder, a fifo and a socket with a test's name hold nothing up" {
	mkdir tests/folder_test.lua
	test_file tests/folder_test.lua/inner_test.lua "-- nothing"
	mkfifo tests/fifo_test.lua
	run --separate-stderr timeout 20 "$FIRMO_JOBS" --report=json:report.json
	[ "$status" -le 1 ]
	query_is "file('tests/good_test.lua').status" pass
	query_is "file('tests/folder_test.lua/inner_test.lua').status" pass
	[[ "$(query "file('tests/fifo_test.lua').status")" =~ ^(error|skip)$ ]]
}

@test "a syntax error: the report has the file and the line, the others run" {
	plain broken "-- a comment" "local x = = 1"
	busted_test broken "describe('x', function()" "it('y', function( end)" "end)"
	luaunit_test unit "function TestX:test( end"
	test_file tests/tap_test.lua "print('1..1')" "print('ok 1' 'x'"
	run --separate-stderr fj4 --report=json:report.json
	status_is 1
	is "$stderr" ""
	has "tests/broken_test.lua:2:"
	has "tests/broken_spec.lua:2:"
	query_is "#r.files" 5
	query_is "file('tests/broken_spec.lua').status" error
	query_is "file('tests/tap_test.lua').status" error
	query_is "file('tests/good_test.lua').status" pass
	is "$(query "(function() local t = {} for _, e in ipairs(r.errors) do
		t[#t + 1] = e.file:match('[^/]*$') .. ':' .. tostring(e.line) end
		table.sort(t) return table.concat(t, ' ') end)()")" \
		"broken_spec.lua:2 broken_test.lua:2 tap_test.lua:2 unit_test.lua:2"
}

@test "a file that would not load is an error, not a failed test" {
	plain broken "local x = = 1"
	luaunit_test unit "function TestX:test( end"
	run fj4 --report=json:report.json
	status_is 1
	query_is "file('tests/broken_test.lua').status" error
	query_is "file('tests/unit_test.lua').status" error
}

@test "an empty file tests nothing, and says so" {
	: >tests/empty_test.lua
	run --separate-stderr fj --report=json:report.json
	status_is 0
	one_line "tests/empty_test.lua: is empty"
	query_is "file('tests/empty_test.lua').status" skip
	query_is "file('tests/good_test.lua').status" pass
}

@test "a file that is binary or as long as a long line is one failed file" {
	head -c 5000 /dev/zero >tests/zeroes_test.lua
	head -c 2000000 /dev/zero | tr '\0' '(' >tests/long_test.lua
	printf '\xff\xfe\x00d\x00e' >tests/utf16_test.lua
	run --separate-stderr fj --report=json:report.json
	status_is 1
	is "$stderr" ""
	query_is "#r.files" 4
	query_is "#r.errors" 3
	query_is "file('tests/good_test.lua').status" pass
}

@test "odd names: newline, quotes, dash, invalid UTF-8, blank, tab, star, dollar" {
	for name in $'new\nline' 'quo"te' "apo'strophe" -dash $'in\xffvalid' 'a blank' $'a\ttab' '*' '$HOME' '`id`' \
		'{}' '%d' '#hash' 'semi;colon' '~'; do
		test_file "tests/${name}_test.lua" "io.open('names', 'a'):write(arg[0], '\0')"
		test_file "./${name}.lua" "io.open('names', 'a'):write(arg[0], '\0')"
	done
	run --separate-stderr fj
	status_is 0
	is "$stderr" ""
	is "$(tr -cd '\0' <names | wc -c)" 15
	has "Files: 16 in all, 16 passed"
	rm names
	run --separate-stderr fj --framework=plain ./*.lua
	status_is 0
	is "$stderr" ""
	is "$(tr -cd '\0' <names | wc -c)" 15
	# The history knows them, and by them finds what failed.
	run fj --list
	hasnt "without a time"
	run fj "--command=lua5.4 {}" ./-dash.lua tests/-dash_test.lua './{}.lua'
	status_is 0
}

@test "odd names with busted" {
	for name in $'new\nline' 'quo"te' -dash $'in\xffvalid' 'a blank' "apo'strophe"; do
		test_file "specs/${name}_spec.lua" "describe('d', function() it('i', function() end) end)"
	done
	(cd specs && run fj4 --report=json:../report.json . && status_is 0)
	query_is "#r.files" 6
	query_is r.passed 6
}

# ---- programs ----

@test "no Lua in PATH: nothing can be carried out" {
	mkdir bin
	run --separate-stderr env PATH="$PWD/bin" "$FIRMO_JOBS"
	status_is 3
	one_line "no Lua interpreter in PATH: install"
	refute test -e ran
	# Who only looks needs none, whatever would be counted.
	run -0 env PATH="$PWD/bin" "$FIRMO_JOBS" --coverage --list
	# Lua of one version is enough.
	ln -s "$(command -v lua5.4)" bin/lua5.4
	run --separate-stderr env PATH="$PWD/bin" "$FIRMO_JOBS"
	status_is 0
}

@test "an interpreter or a command that is not there" {
	for lua in missing ./missing tests /dev/null ''; do
		bad 3 "--lua=$lua: there is no such program" --lua="$lua"
	done
	bad 3 "there is no program 'missing'" "--command=missing {}"
	bad 3 "--command: it is empty" --command=
	bad 3 "--command: it is empty" "--command=  "
	bad 3 "--command: a quote is not closed" "--command=lua5.4 'x"
	refute test -e ran
}

@test "an interpreter that cannot be started: an error of each file" {
	printf '#!/no/such/interpreter\n' >lua
	chmod +x lua
	run --separate-stderr fj --lua=./lua --report=json:report.json
	status_is 1
	query_is "r.files[1].status" error
	[[ $(query "r.errors[1].message") == *"No such file or directory"* ]]
}

@test "busted that is not installed: an error of its files alone" {
	busted_test one "describe('d', function() it('i', function() end) end)"
	mkdir bin
	ln -s "$(command -v lua5.4)" bin/lua5.4
	run --separate-stderr env PATH="$PWD/bin" "$FIRMO_JOBS" --report=json:report.json
	status_is 1
	query_is "file('tests/good_test.lua').status" pass
	query_is "file('tests/one_spec.lua').status" error
	[[ $(query "r.errors[1].message") == *"busted"*"not in PATH"* ]]
}

@test "TMPDIR that is not there: nothing can be carried out" {
	TMPDIR=$PWD/nowhere bad 3 nowhere
	refute test -e ran
}

@test "a module that is missing is an error with its name" {
	luaunit_test one "function testOne() end"
	sed -i 's/luaunit/no.such.luaunit/' tests/one_test.lua
	run fj4 --report=json:report.json
	status_is 1
	has "module 'no.such.luaunit' not found"
	query_is "file('tests/good_test.lua').status" pass
}

# ---- MAKEFLAGS ----

@test "MAKEFLAGS that is garbage does not stop a run" {
	for flags in garbage '\' '--' '-' ' -j' '--jobserver-auth=' '--jobserver-auth=x,y' '--jobserver-auth=fifo:' \
		'--jobserver-auth=fifo:/no/such/fifo' '--jobserver-auth=97,98' '--jobserver-auth=3' \
		'--jobserver-auth=99999999999999999999,4' $'--jobserver-auth=\xff\x01' '-j999999999999' \
		"$(printf 'x%.0s' {1..20000})" $'\n\n' '=' 'A=1 -- --jobserver-auth=3,4'; do
		rm -f ran
		MAKEFLAGS=$flags run --separate-stderr fj
		status_is 0
		is "$(cat ran)" x
		[ "$(grep -c '' <<<"$stderr")" -le 1 ] || fail "more than a line"
		[[ -z $stderr || $stderr == "firmo-jobs: "* ]] || fail "not our line"
	done
}

@test "MAKEFLAGS with a jobserver that is not there is said in one line" {
	for auth in x,y 97,98 fifo:/no/such/fifo; do
		MAKEFLAGS=" -j4 --jobserver-auth=$auth" run --separate-stderr fj
		status_is 0
		one_line "$auth"
		has "1 passed"
	done
}
