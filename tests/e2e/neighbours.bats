#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Runs of one project side by side: what two files must not use at once holds among them as well.

load common

# For the files of a test: mark NAME, there NAME, wait until a condition holds.
FILE_WORDS='local function mark(n) assert(io.open(n, "w")):close() end
local function there(n) local f = io.open(n) if f then f:close() end return f ~= nil end
local function until_(c) while not c() do os.execute("sleep 0.02") end end'

# settings LINE...: firmo-jobs.json of these lines.
settings() {
	printf '%s\n' "$@" >firmo-jobs.json
}

# holder NAME [FILE]: ends once FILE is there, "let_go" by default.
holder() {
	plain "$1" "$FILE_WORDS" "mark('begun_$1')" "until_(function() return there('${2:-let_go}') end)" "mark('ended_$1')"
}

# start_other FILE ARG...: firmo-jobs in the background, which writes to FILE; its process id is $OTHER.
start_other() {
	"$FIRMO_JOBS" --lua="$LUA" -v "${@:2}" >"$1" 2>&1 3>&- &
	OTHER=$!
}

@test "a file waits for the lock that another run holds, and others pass it" {
	holder a
	plain b "$FILE_WORDS" "assert(there('ended_a'))"
	plain c "$FILE_WORDS" "mark('let_go')"
	settings '{"overrides": [{"match": ["a_*", "b_*"], "lock": ["x", "db"]}]}'
	start --lua=lua5.4 tests/a_test.lua
	await test -e begun_a
	run fj4 -v -j1 --order=path tests/b_test.lua tests/c_test.lua
	status_is 0
	has "tests/b_test.lua waits for the lock x, held by another firmo-jobs ($RUNNER)"
	finish
	status_is 0
}

@test "a lock is free once its run was killed and nothing of it is left" {
	plain a "$FILE_WORDS" "io.open('worker', 'w'):write(io.open('/proc/self/stat'):read('n')):close()" "mark('begun_a')" \
		"until_(function() return false end)"
	plain b "local f = io.open('/proc/' .. io.open('worker'):read('n') .. '/stat')" \
		"assert(not f or f:read('a'):find('%) Z'))"
	plain c "return"
	settings '{"lock": "x"}'
	start --lua=lua5.4 tests/a_test.lua
	await test -e begun_a
	start_other waits tests/b_test.lua
	await grep -q "waits for the lock x" waits
	local watchdog before=$OTHER
	await child watchdog "$RUNNER" 'jobserver-watch'
	kill -STOP "$watchdog"
	kill -KILL "$RUNNER"
	finish
	# Its worker is still there.
	start_other late tests/c_test.lua
	await grep -q "waits for the lock x" late
	kill -CONT "$watchdog"
	wait "$before"
	wait "$OTHER"
}

@test "runs hold a lock as often as each of them says" {
	holder a let_a
	holder b
	plain c "assert(true)"
	plain d "$FILE_WORDS" "assert(there('ended_b'))"
	holder e
	settings '{"locks": {"db": 2}, "overrides": [{"match": "[a-d]_*", "lock": "db"}]}'
	start --lua=lua5.4 -j2 --order=path tests/a_test.lua tests/b_test.lua tests/e_test.lua
	await test -e begun_a -a -e begun_b
	start_other two tests/d_test.lua
	await grep -q "waits for the lock db" two
	kill "$OTHER"
	wait "$OTHER" || true
	settings '{"locks": {"db": 3}, "overrides": [{"match": "[a-d]_*", "lock": "db"}]}'
	run fj4 tests/c_test.lua
	status_is 0
	# What is beyond its own number counts as well.
	settings '{"overrides": [{"match": "[a-d]_*", "lock": "db"}]}'
	: >let_a
	await test -e begun_e
	start_other one tests/d_test.lua
	await grep -q "waits for the lock db" one
	: >let_go
	wait "$OTHER"
	finish
	status_is 0
}

@test "an exclusive file is alone among all runs, and no stream of others keeps it waiting" {
	holder a
	plain b "$FILE_WORDS" "assert(there('ended_x'))"
	# It is there until the other run has seen that it waits, whose words go to err.
	plain x "$FILE_WORDS" "assert(there('ended_a') and not there('begun_b'))" \
		"until_(function() return io.open('err'):read('a'):find('waits for an exclusive', 1, true) end)" "mark('ended_x')"
	settings '{"overrides": [{"match": "x_*", "exclusive": true}]}'
	start --lua=lua5.4 -j1 -v --order=path tests/a_test.lua tests/b_test.lua
	await test -e begun_a
	start_other waits tests/x_test.lua
	await grep -q "tests/x_test.lua waits to be alone: files of another firmo-jobs ($RUNNER) run" waits
	: >let_go
	wait "$OTHER"
	finish
	status_is 0
	[[ $errors == *"tests/b_test.lua waits for an exclusive file of another firmo-jobs ($OTHER)"* ]]
}

@test "below make no token is held by what waits for a lock" {
	local name
	for name in a a2; do
		holder "$name"
	done
	plain b "$FILE_WORDS" "assert(there('ended_a'))"
	plain c "$FILE_WORDS" "mark('begun_c') until_(function() return there('begun_e') end) mark('let_go')"
	plain e "$FILE_WORDS" "mark('begun_e') until_(function() return there('begun_c') end)"
	settings '{"overrides": [{"match": ["a_*", "b_*"], "lock": "x"}]}'
	cat >Makefile <<-'END'
		RUN = $(FIRMO_JOBS) --lua=lua5.4 -v --order=path
		all: one two three
		one: ; +@$(RUN) tests/a_test.lua
		two: ; +@until test -e begun_a; do sleep 0.02; done; $(RUN) tests/a2_test.lua tests/b_test.lua 2>waits
		three: ; +@until grep -q "waits for the lock x" waits; do sleep 0.02; done; $(RUN) tests/c_test.lua tests/e_test.lua
	END
	: >waits
	run make -s -j4 3>&-
	status_is 0
	is "$(count " passed, 0")$(count "Files: ")" 03
}

@test "a seed stands for one order of starts, whatever other runs hold" {
	local name
	for name in a b c d e f; do
		plain "$name" "return"
	done
	holder x
	settings '{"overrides": [{"match": "[xd]_*", "lock": "db"}]}'
	fj4 -j1 --order=random:5 tests/[a-f]_test.lua >/dev/null
	start --lua=lua5.4 tests/x_test.lua
	await test -e begun_x
	start_other waits -j1 --order=random:5 tests/[a-f]_test.lua
	await grep -q "waits for the lock db" waits
	: >let_go
	wait "$OTHER"
	finish
	sql "SELECT run, path FROM result JOIN file ON file.id = result.file WHERE path NOT LIKE '%x_test.lua'
		ORDER BY run, result.started" >starts
	is "$(wc -l <starts)" 12
	is "$(head -n 6 starts | cut -d'|' -f2)" "$(tail -n 6 starts | cut -d'|' -f2)"
}

@test "what runs in a worker or for a fixture does not wait for those around it" {
	plain a "assert(os.execute('env -u LUA_INIT -u LUA_INIT_5_4 ' .. os.getenv('FIRMO_JOBS') .. ' --lua=lua5.4 tests/b_test.lua'))"
	plain b "return"
	settings '{"lock": "x", "exclusive": true,' \
		"\"fixtures\": [{\"match\": \"a_*\", \"setup\": \"$FIRMO_JOBS --lua=lua5.4 tests/b_test.lua\"}]}"
	run fj4 tests/a_test.lua
	status_is 0
	has "1 passed"
}

@test "without a history, or a place for their file beside it, locks hold by one elsewhere" {
	local file
	printf -v file "/tmp/firmo-jobs-$EUID/%x-%x-locks" $(stat -c '%d %i' .)
	holder a
	plain b "$FILE_WORDS" "assert(there('ended_a'))"
	settings '{"lock": "x"}'
	mkdir -p .firmo-jobs/history.db-locks
	for db in .firmo-jobs/history.db /dev/null/history.db; do
		rm -f ended_a begun_a let_go
		start "--db=$db" --lua=lua5.4 tests/a_test.lua
		await test -e begun_a
		start_other waits "--db=$db" tests/b_test.lua
		await grep -q "tests/b_test.lua waits for the lock x, held by another firmo-jobs ($RUNNER)" waits
		: >let_go
		finish
		status_is 0
		wait "$OTHER"
	done
	rm "$file"
}

@test "where no file of the locks can be they hold within a run, which is told where there are any" {
	plain a "return"
	unshare -rm mount -t tmpfs tmpfs /mnt 2>/dev/null || skip "no tmpfs can be mounted here"
	settings '{"profiles": {"a": {"lock": "x"}, "b": {"overrides": [{"match": "a_*", "exclusive": true}]}}}'
	export -f fj
	run --separate-stderr unshare -rm bash -ec '
		export FIRMO_JOBS_DB=/dev/null/history.db
		mkdir -p /tmp/firmo-jobs-0
		mount -t tmpfs tmpfs /tmp/firmo-jobs-0
		for profile in a b; do fj --lua=lua5.4 --profile=$profile; done
		fj --lua=lua5.4'
	status_is 0
	is "$(grep -c 'firmo-jobs: /tmp/firmo-jobs-0 is no folder of ours alone: locks do not hold beside other runs' <<<"$stderr")" 2
}

# fixed TEARDOWN: x_test.lua is exclusive, and a_test.lua has a fixture.
fixed() {
	settings '{"overrides": [{"match": "x_*", "exclusive": true}],' \
		"\"fixtures\": [{\"match\": \"a_*\", \"name\": \"db\", \"setup\": \"true\", \"teardown\": \"$1\"}]}"
}

@test "a teardown goes before what waits to be alone, and waits for what is" {
	holder a
	plain x "$FILE_WORDS" "mark('begun_x')" "until_(function() return there('let_x') end)" "mark('ended_x')"
	fixed "test ! -e begun_x"
	start --lua=lua5.4 -v tests/a_test.lua
	await test -e begun_a
	start_other waits tests/x_test.lua
	await grep -q "tests/x_test.lua waits to be alone" waits
	: >let_go
	finish
	status_is 0
	: >let_x
	wait "$OTHER"
	# Between the last file and the end of the command another run has come in.
	fixed "test -e ended_x -o -e impatient"
	for end in let_x impatient; do
		rm -rf begun_x let_* ended_x .firmo-jobs
		printf '%s\n' "\"$FIRMO_JOBS\" --join --lua=lua5.4 tests/a_test.lua" ': >served' 'until test -e begun_x; do sleep 0.02; done' >command.sh
		start --lua=lua5.4 -v "--gather=sh command.sh" tests/a_test.lua
		: >let_go
		await test -e served
		rm served
		start_other waits tests/x_test.lua
		await grep -q "db waits for an exclusive file of another firmo-jobs ($OTHER)" err
		: >"$end"
		[ "$end" = let_x ] || kill -INT "$RUNNER"
		finish
		[[ $output == *"db: teardown"* && $output != *"db: teardown has failed"* ]]
		: >let_x
		wait "$OTHER"
	done
}

@test "two runs below one make, by chance: no rule is broken, no token lost, and both come to their ends" {
	local seed
	export LUA
	for seed in ${SEED:-1 2 3}; do
		rm -rf one two log .firmo-jobs
		mkdir one two
		"$LUA" "$BATS_TEST_DIRNAME/fixtures/crowd.lua" make "$seed"
		run make -s test 3>&-
		status_is 0
		is "$(count "Files: 9 in all, 9 passed")$(count jobserver)" 20
		"$LUA" "$BATS_TEST_DIRNAME/fixtures/crowd.lua" check
	done
}
