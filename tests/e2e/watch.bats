# SPDX-License-Identifier: MIT
# --watch: what a change touches runs, and nothing else; keys; the terminal as it was.
load common

# project: a and b load lib/a.lua, c loads nothing.
project() {
	test_file lib/a.lua "return 1"
	for name in a b; do
		plain $name "package.path = 'lib/?.lua;' .. package.path" "assert(require('a') == 1)"
	done
	plain c "return 1"
}

# watch ARG...: in the background; its first run is over.
watch() {
	start --lua="$LUA" --watch "$@"
	await has_waited 1
}

# waits N TEXT: it has come to wait for the N-th time, and tells TEXT.
waits() {
	await has_waited "$1"
	output=$(grep -F "| watching" err | tail -n 1)
	has "$2 | watching"
}

has_waited() {
	[ "$(grep -cF "| watching" err)" -ge "$1" ]
}

# tells TEXT: it is told on standard error by now.
tells() {
	await grep -qF -- "$1" err
}

# headline N: what the N-th run tells of itself.
headline() {
	grep -E "^firmo-jobs: .*: (of )?[0-9]+ files?$" err | sed -n "$1p"
}

end_by() {
	kill -"$1" "$RUNNER"
	finish
	is "$how" "signal $2"
}

# save PATH LINE...: as an editor does, by a rename.
save() {
	test_file "$1.new" "${@:2}"
	mv "$1.new" "$1"
}

@test "a change runs the files that depend on it; a file may be new, renamed, removed, replaced" {
	project
	watch
	waits 1 "all 3 passed"
	test_file lib/a.lua "return 2"
	waits 2 "2 of 3 failed"
	is "$(headline 2)" "firmo-jobs: lib/a.lua has changed: 2 files"
	# What a file that fails depends on is known as well.
	save lib/a.lua "return 1"
	waits 3 "all 3 passed"
	is "$(headline 3)" "firmo-jobs: lib/a.lua has changed: 2 files"
	save tests/c_test.lua "assert(false)"
	waits 4 "1 of 3 failed"
	is "$(headline 4)" "firmo-jobs: tests/c_test.lua has changed: 1 file"
	plain d "return require('none') == 1"
	waits 5 "2 of 4 failed"
	output=$(headline 5)
	has ": 1 file"
	# What was looked for in vain comes to be there, folder and all.
	mkdir -p none.d && test_file none.d/none.lua "return 1"
	test_file none.lua "return 1"
	waits 6 "1 of 4 failed"
	is "$(headline 6)" "firmo-jobs: none.lua has changed: 1 file"
	mv tests/d_test.lua tests/e_test.lua
	waits 7 "1 of 4 failed"
	output=$(headline 7)
	has ": 1 file"
	rm tests/c_test.lua
	test_file lib/a.lua "return 3"
	waits 8 "2 of 3 failed"
	end_by TERM 15
	is "$(count "tests/e_test.lua")" 1
	hasnt NOTRUN
}

@test "what is as it was runs nothing, and so does what nobody depends on; ten thousand changes are one" {
	project
	plain lists "local n = 0" "for _ in io.popen('ls data'):lines() do n = n + 1 end" "print('entries ' .. n)"
	test_file data/first ""
	watch
	waits 1 "all 4 passed"
	touch lib/a.lua
	test_file lib/a.lua "return 1"
	test_file lib/other.lua "return 1"
	touch data/{1..9999}
	test_file lib/a.lua "return 2"
	await grep -qF "2 of 4 failed | watching" err
	kill -TERM "$RUNNER"
	finish
	is "$(sql "SELECT count(*) FROM result JOIN file ON file.id = result.file WHERE path = 'tests/c_test.lua'")" 1
}

has_ended() {
	[ -n "$(sql "SELECT 1 FROM result JOIN file ON file.id = result.file WHERE path = 'tests/$1_test.lua'")" ]
}

has_started() {
	[ "$(wc -l <pids)" -ge "$1" ]
}

@test "the next change cuts a run short; what has not run is run with what it touches" {
	test_file lib/a.lua "return 'exec sleep 1000'"
	test_file lib/b.lua "return 1"
	plain a "package.path = 'lib/?.lua;' .. package.path" \
		"os.execute('echo \$\$ >>pids; ' .. require('a'))"
	plain b "package.path = 'lib/?.lua;' .. package.path" "return require('b')"
	start --lua="$LUA" --watch -j2
	await test -s pids
	# b has ended, a runs.
	await has_ended b
	test_file lib/b.lua "return 2"
	await has_started 2
	refute kill -0 "$(sed -n 1p pids)"
	test_file lib/a.lua "return 'true'"
	waits 1 "all 2 passed"
	refute kill -0 "$(sed -n 2p pids)"
	end_by INT 2
}

@test "what files write themselves is no change: a run is followed by none" {
	test_file lib/a.lua "return 1"
	plain a_writes "dofile('lib/a.lua')" "local f = io.open('out.txt', 'w')" "f:write(os.tmpname())" "f:close()" \
		"assert(io.open('out.txt'):read())"
	plain reads "dofile('lib/a.lua')" "local f = io.open('out.txt')" "return f and f:read()"
	plain last "return 1"
	watch -j1 --order=path
	test_file lib/a.lua "return 2"
	tells "lib/a.lua has changed: 2 files"
	await has_waited 2
	# Had it begun another run by itself, that would show before what this change makes it tell.
	save tests/last_test.lua "assert(false)"
	await grep -qF "1 of 3 failed | watching" err
	end_by TERM 15
	hasnt "has changed"
	refute grep -qF "out.txt" err
}

@test "settings are read anew; broken ones are told, and those before hold until they are mended" {
	project
	plain env "assert(os.getenv('WANTED') == 'yes')"
	watch
	waits 1 "1 of 4 failed"
	test_file firmo-jobs.json '{ "env": { "WANTED": "yes" }'
	tells "firmo-jobs.json:2:1: it ends in the midst of the settings"
	waits 2 "1 of 4 failed"
	test_file lib/a.lua "return 2"
	waits 3 "3 of 4 failed"
	save firmo-jobs.json '{ "env": { "WANTED": "yes" } }'
	waits 4 "2 of 4 failed"
	test_file firmo-jobs.json '{ "env": { "WANTED": "yes" }, "exclude": ["env_test.lua"] }'
	waits 5 "2 of 3 failed"
	end_by HUP 1
}

@test "keys: all, failed, a pattern, settings, quit; the terminal is as it was" {
	project
	plain c "assert(false)"
	run env TERM=xterm NO_COLOR=1 /usr/bin/python3 "$BATS_TEST_DIRNAME/../helpers/terminal.py" \
		"1 of 3 failed | " x "" $'\r' "all files: 3 files" "" "1 of 3 failed | " f \
		"files that failed: 1 file" "" "1 of 3 failed | " p "files: _" 'a_' "files: a__" '\x7f\x7fb_t\r' \
		"files b_t: 1 file" "" "1 of 3 failed | files b_t | " p "files: b_t_" '\x15\r' "all files: 3 files" "" \
		"1 of 3 failed | " u "settings read anew: of 3 files" "" "1 of 3 failed | " q -- \
		sh -c '"$FIRMO_JOBS" --lua=lua5.4 --watch; echo "left with $?"; stty -a'
	has "Enter all f failed p pattern u settings q quit"
	has "left with 1"
	has " icanon "
	has " echo "
	hasnt "-icanon"
}

@test "Ctrl-Z and Ctrl-C give the terminal back" {
	project
	env --default-signal=INT,QUIT TERM=xterm /usr/bin/python3 "$BATS_TEST_DIRNAME/../helpers/terminal.py" "lib/a.lua has changed" "" \
		"2 of 3 failed" '\x03' -- \
		sh -c 'trap : INT; sh -c "echo \$\$ >pid; exec \"\$FIRMO_JOBS\" --lua=lua5.4 --watch"; echo "ended by $?"; stty -a' \
		>screen 2>&1 3>&- &
	local driver=$!
	await test -s pid
	local pid terminal
	pid=$(<pid)
	await test -e "/proc/$pid/fd/0"
	terminal=$(readlink "/proc/$pid/fd/0")
	modes() { stty -a -F "$terminal" | grep -qE -- "$1"; }
	await modes "-icanon"
	await has_ended c
	kill -TSTP "$pid"
	await grep -q "^State:.*T" "/proc/$pid/status"
	modes " icanon"
	kill -CONT "$pid"
	await modes "-icanon"
	test_file lib/a.lua "return 2"
	wait "$driver"
	output=$(<screen)
	has "ended by 130"
	has " icanon"
}

@test "where inotify has no room for more, that is told once, and files are looked at instead" {
	unshare -r true 2>/dev/null || skip "no name space of users here"
	project
	start_command unshare -r sh -c 'echo 0 >/proc/sys/user/max_inotify_instances && exec "$@"' - \
		"$FIRMO_JOBS" --lua="$LUA" --watch
	waits 1 "all 3 passed"
	save lib/a.lua "return 2"
	waits 2 "2 of 3 failed"
	plain d "return 1"
	waits 3 "2 of 4 failed"
	kill -TERM "$RUNNER"
	finish
	is "$(grep -cF "has no room to watch all files" err)" 1
}

@test "below make all tokens are given back while it waits" {
	project
	start_command "$HELPERS/jobserver-audit" --style=fifo --dir=. -- "$FIRMO_JOBS" --lua="$LUA" --watch
	waits 1 "all 3 passed"
	local fifo tokens
	fifo=$(echo GMfifo*)
	exec 5<>"$fifo"
	IFS= read -r -N 3 -t "$PATIENCE" tokens <&5
	printf %s "$tokens" >&5
	exec 5>&-
	test_file lib/a.lua "return 2"
	waits 2 "2 of 3 failed"
	kill -TERM "$RUNNER"
	finish
	output=$errors
	has "audit: ok 3 tokens"
}

@test "what does not go with it is refused; without a test file there is nothing to watch" {
	plain a "io.open('ran', 'w'):close()"
	wrong_usage --watch --coverage "--watch and --coverage"
	wrong_usage --watch --until-fail "--watch and --until-fail"
	wrong_usage --watch --no-capture "--watch and --no-capture"
	wrong_usage --watch --join "--watch and --join"
	wrong_usage --watch --related=tests "--watch and --related"
	wrong_usage --watch --related-git "--watch and --related-git"
	wrong_usage --watch --end-with-input "--watch and --end-with-input"
	wrong_usage --watch --list "--watch and --list"
	rm tests/a_test.lua
	run -4 fj --watch
	has "no test file found"
	MAKEFLAGS=n run -0 fj --watch
}
