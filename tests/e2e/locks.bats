#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What two files must not use at once, and files that count as several workers or run alone.

load common

# settings LINE...: firmo-jobs.json of these lines.
settings() {
	printf '%s\n' "$@" >firmo-jobs.json
}

# For the files of a test: mark NAME, there NAME, wait until a condition holds.
FILE_WORDS='local function mark(n) assert(io.open(n, "w")):close() end
local function there(n) local f = io.open(n) if f then f:close() end return f ~= nil end
local function until_(c) while not c() do os.execute("sleep 0.02") end end'

# holder NAME: fails beside another one, and ends once the file "let_go" is there.
holder() {
	plain "$1" "$FILE_WORDS" "local ok = os.execute('mkdir held')" "mark('tried_$1')" "assert(ok)" \
		"until_(function() return there('let_go') end)" "assert(os.execute('rmdir held'))"
}

@test "files that share a lock do not run at once, and others pass them" {
	holder a
	holder b
	plain c "$FILE_WORDS" "until_(function() return there('held') end) mark('let_go')"
	settings '{"overrides": [{"match": ["a_*", "b_*"], "lock": ["x", "db"]}]}'
	run fj4 -j3
	status_is 0
	# It is the lock that keeps them apart.
	plain c "$FILE_WORDS" "until_(function() return there('tried_a') and there('tried_b') end) mark('let_go')"
	rm -r let_go tried_* firmo-jobs.json .firmo-jobs
	run fj4 -j3
	status_is 1
}

@test "a test file names its lock and its slots in its head" {
	for name in a b; do
		test_file "tests/${name}_test.lua" "-- firmo-jobs: lock=db,net slots=2" "-- firmo-jobs: lock=db" "return"
	done
	run fj --print-settings=tests/a_test.lua
	[[ $(tr -s ' ' <<<"$output") == *"slots 2 tests/a_test.lua:1: slots"* ]]
	[[ $output == *"db, net"* ]]
	run fj4 -j4 --report=json:report.json
	status_is 0
	is "$(json 'r.run.tokens_peak')" 1
}

# rules: a makefile whose test-stamps make schedules.
rules() {
	printf '%s\n' "FIRMO_JOBS := $FIRMO_JOBS" "FIRMO_FLAGS := --lua=$LUA" "include $(fj --print-mk)" >Makefile
}

@test "below make's rules a lock and slots hold as well, and keep nobody else out" {
	rules
	holder a
	holder b
	plain c "$FILE_WORDS" "until_(function() return there('held') end) mark('let_go')"
	settings '{"overrides": [{"match": ["a_*", "b_*"], "lock": "x"}]}'
	run make -s -j3 test-stamps 3>&-
	status_is 0
	rm -r tests let_go .firmo-jobs
	holder a
	holder b
	: >let_go
	settings '{"slots": 2}'
	run make -s -j2 test-stamps 3>&-
	status_is 0
	has "2 passed"
	# Each for itself they know of the locks of one another, and of nothing else.
	rm -r .firmo-jobs
	settings '{"slots": 2, "lock": "x"}'
	run make -s -j2 test-stamps FIRMO_FLAGS="--lua=$LUA --repeat=2" 3>&-
	status_is 0
	has "slots do not hold"
	hasnt "lock"
}

@test "a lock that several may hold is held by no more than these" {
	for name in a b c d; do
		plain "$name" "$FILE_WORDS" "mark('begun_$name')" \
			"local function count(what) local n = 0 for x in ('abcd'):gmatch('.') do
				n = n + (there(what .. x) and 1 or 0) end return n end" \
			"until_(function() return count('begun_') >= 2 end)" \
			"assert(count('begun_') - count('ended_') <= 2)" "mark('ended_$name')"
	done
	settings '{"locks": {"db": 2}, "overrides": [{"match": "*", "lock": "db"}]}'
	run fj4 -j4
	status_is 0
	is "$(json 'r.run.tokens_peak' <(fj4 --show --report=json))" 2
}

@test "an exclusive file runs alone, after the others" {
	plain a "$FILE_WORDS" "assert(there('ended_b') and there('ended_c')) mark('ended_a')"
	plain b "$FILE_WORDS" "mark('begun_b') until_(function() return there('begun_c') end) mark('ended_b')"
	plain c "$FILE_WORDS" "mark('begun_c') until_(function() return there('begun_b') end) mark('ended_c')"
	settings '{"overrides": [{"match": "a_*", "exclusive": true}]}'
	run fj4 -j3 --order=path
	status_is 0
	has "3 passed"
}

@test "a file counts as many workers as its slots, and gives back each token of make's" {
	meeting 8 2
	settings '{"slots": 2}'
	run audit --no-holders -- "$FIRMO_JOBS" --lua="$LUA"
	status_is 0
	has "audit: ok 3 tokens"
	has "8 passed"
	at_most 2
}

@test "more slots than there are count as all of them" {
	meeting 3 1
	settings '{"slots": 100}'
	run fj4 -j2
	status_is 0
	at_most 1
	# make has four, whatever -j allows.
	meet_again
	run audit --no-holders -- "$FIRMO_JOBS" --lua="$LUA" -j8 --report=json:report.json
	status_is 0
	at_most 1
	is "$(json 'r.run.jobs')" 4
}

@test "lighter files use what a heavy one has to wait for" {
	plain heavy "$FILE_WORDS" "assert(there('ended'))"
	plain a "$FILE_WORDS" "mark('begun') until_(function() return there('let_go') end) mark('ended')"
	plain b "$FILE_WORDS" "until_(function() return there('begun') end) mark('let_go')"
	settings '{"overrides": [{"match": "heavy*", "slots": 2, "timeout": 50}]}'
	run fj4 -j2 --order=path tests/a_test.lua tests/heavy_test.lua tests/b_test.lua
	status_is 0
	has "3 passed"
}

@test "two runs below one make that both need what the other holds come to their ends" {
	for name in a b c; do
		plain "$name" "return"
		test_file "more/${name}_test.lua" "return"
	done
	settings '{"slots": 2, "lock": "db"}'
	cat >Makefile <<-'END'
		all: one two
		one: ; +@$(FIRMO_JOBS) --lua=lua5.4 --db=one.db tests
		two: ; +@$(FIRMO_JOBS) --lua=lua5.4 --db=two.db more
	END
	run make -s -j2 3>&-
	status_is 0
	is "$(count "Files: 3 in all, 3 passed")" 2
}

@test "a seed stands for one order of starts, with locks and retries" {
	for name in a b c d e f g h; do
		plain "$name" "local f = io.open('tried_$name')
			if f or not ('bdg'):find('$name') then return end
			io.open('tried_$name', 'w'):close() error('not yet')"
	done
	settings '{"retries": 1, "overrides": [{"match": ["a_*", "b_*", "c_*"], "lock": "x"},
		{"match": "h_*", "slots": 3}, {"match": "e_*", "exclusive": true}]}'
	for run in one two; do
		rm -f tried_*
		run fj4 -j3 --order=random:7 --db="$run.db"
		status_is 0
		DB=$run.db sql "SELECT path FROM result JOIN file ON file.id = result.file ORDER BY result.started" >"$run"
	done
	is "$(wc -l <one)" 11
	diff one two
}

@test "--list predicts with locks and solitude" {
	for name in a b c; do
		plain "$name" "os.execute('sleep 0.1')"
	done
	run fj4 -j3
	status_is 0
	settings '{"lock": "x"}'
	run fj4 -j3 --list
	[[ $output =~ predicted\ ([0-9.]+)s,\ lower\ bound\ ([0-9.]+)s.*all\ files\ ([0-9.]+)s ]]
	is "${BASH_REMATCH[1]} ${BASH_REMATCH[2]}" "${BASH_REMATCH[3]} ${BASH_REMATCH[3]}"
	settings '{"exclusive": true}'
	run fj4 -j3 --list
	[[ $output =~ predicted\ ([0-9.]+)s,\ lower\ bound\ ([0-9.]+)s.*all\ files\ ([0-9.]+)s ]]
	is "${BASH_REMATCH[1]} ${BASH_REMATCH[2]}" "${BASH_REMATCH[3]} ${BASH_REMATCH[3]}"
	settings '{}'
	run fj4 -j3 --list
	[[ $output =~ predicted\ ([0-9.]+)s ]]
	[ "${BASH_REMATCH[1]}" != "$(sed -n 's/.*all files \([0-9.]*\)s.*/\1/p' <<<"$output")" ]
}

@test "what is wrong with locks and slots is told" {
	plain a "return"
	for line in '{"locks": {"db": 0}}' '{"locks": {"db": "many"}}' '{"slots": 0}' '{"lock": [""]}' \
		'{"exclusive": 1}' '{"overrides": [{"match": "*", "locks": {"db": 2}}]}'; do
		settings "$line"
		wrong_usage "firmo-jobs.json: "
	done
	settings '{"locks": {"db": 0}}'
	wrong_usage "firmo-jobs.json: locks.db=0: wants how many"
	settings '{"locks": {"": 2}}'
	wrong_usage "firmo-jobs.json: locks.=2: a lock needs a name"
	settings '{"locks": {"database": 2}, "overrides": [{"match": "*", "lock": "databse"}]}'
	run --separate-stderr fj4
	status_is 0
	is "${#stderr_lines[@]}" 1
	[[ $stderr == *"databse"*"did you mean database?"* ]]
	# No outcome depends on any of it.
	settings '{"lock": "x", "slots": 2}'
	settle
	run fj4 --changed
	settings '{"exclusive": true}'
	run fj4 --changed
	has "Cached: 1 "
}
