#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# --history: what each view tells of real runs and of made-up ones, for people and for programs.

load common
load fixtures/report

setup() {
	setup_project
	export LC_ALL=C.UTF-8
}

# made RUNS FILES TESTS: a history that never was, see tests/helpers/history.c.
made() {
	mkdir -p .firmo-jobs
	"$HELPERS/history" .firmo-jobs/history.db "$@"
}

# history VIEW ARG...: asks for JSON, which has to be what the schema says, and then for people, whose lines
# have to fit 80 columns. VIEW: = is the overview, or what stands behind it.
history() {
	local view=--history$1
	[ "$1" != = ] || view=--history
	fj "$view" "${@:2}" --report=json:report.json >/dev/null
	conforms report.json history
	run fj "$view" "${@:2}"
	status_is 0
	[ "$(wc -L <<<"$output")" -le 80 ] || fail "a line is too long"
}

# go ARG..., go4 ARG...: a run that may fail, without a word.
go() {
	fj -q "$@" >/dev/null 2>&1 || true
}

go4() {
	fj4 -q "$@" >/dev/null 2>&1 || true
}

# commit: everything is committed; prints the commit.
commit() {
	[ -d .git ] || git init -q .
	git add -A
	git -c user.name=t -c user.email=t@t -c commit.gpgsign=false commit -q --allow-empty -m "a commit"
	git rev-parse HEAD
}

# all KEY LIST: that of each of them, in their order.
all() {
	query "(function() local t = {} for i, o in ipairs(r.$2) do t[i] = tostring(o.$1) end
		return table.concat(t, ' ') end)()"
}

# took NAME SAMPLE...: what the history says of tests/NAME_test.lua, from the first run on. SAMPLE: microseconds
# it took and computed, and KiB, as 90000:0:5120. The trail is what src/store/pack.h says.
took() {
	local trail
	trail=$("$LUA" - "${@:2}" <<-'END'
		local function pack(n)
			return n >= 128 and ("%02x"):format(n % 128 + 128) .. pack(n // 128) or ("%02x"):format(n)
		end
		for _, sample in ipairs(arg) do
			local wall, cpu, kib = sample:match("^(%d+):(%d+):(%d+)$")
			io.write(pack(2), pack(1), pack(wall + 0), pack(cpu + 0), pack(0), pack(kib + 0))
		end
	END
	)
	sql "UPDATE file SET trail = x'$trail' WHERE path = 'tests/$1_test.lua'"
}

# Two folders: one test that passes, one that is what `mind` says, and three tests of one file.
project() {
	plain one/good ""
	plain one/mind "assert(io.open('mind'):read('a') == 'pass\n', 'it changed\nits mind')"
	busted_test two/many "describe('a group', function() it('works', function() end)" \
		"it('fails', function() assert.are.equal(3, 4) end) pending('waits') end)"
	echo pass >mind
}

# ---- the views ----

@test "the overview and --history=runs: the last runs with their commits, sums, hints" {
	project
	first=$(commit)
	go4 -j2
	echo fail >mind
	second=$(commit)
	for i in 1 2 3 4 5 6 7 8 9 10; do
		go4 -j1 tests/one
	done
	history =
	[[ ${lines[0]} =~ ^Run\ \ When\ +Commit\ +-j\ \ Files\ \ Bad\ \ Tests\ \ Failed\ +Time\ +Above$ ]]
	[[ ${lines[1]} =~ ^\ 11\ \ [0-9]{4}-[0-9-]{5}\ [0-9:]{5}\ \ ${second:0:9}\ +1\ +2\ +1\ +2\ +1\ +[0-9.]+s\ +[0-9.]+%$ ]]
	# Ten of eleven.
	is "$(count "${second:0:9}")" 10
	hasnt "${first:0:9}"
	has "11 runs, 11 of them to the end; 11 failed. 23 files, 25 tests in "
	[[ $output =~ Time\ of\ the\ last\ 11:\ (▁|▂|▃|▄|▅|▆|▇|█)+ ]]
	has "2 files failed when last run: --history=failing"
	hasnt flaky
	is "$(all run runs)" "11 10 9 8 7 6 5 4 3 2"
	query_is "r.totals[1].file_results .. ' ' .. r.totals[1].test_results .. ' ' .. r.window_runs" "23 25 11"
	query_is "tostring(r.window)" null

	history =runs
	is "$(all run runs)" "11 10 9 8 7 6 5 4 3 2 1"
	is "${#lines[@]}" 12
	query_is "r.runs[11].revision" "$first"
	query_is "r.runs[1].revision" "$second"
	query_is "r.runs[11].jobs .. ' ' .. r.runs[11].files .. ' ' .. r.runs[11].bad .. ' ' .. r.runs[11].failed" "2 3 1 1"
	# A report tells the commit as well.
	fj --show=1 --report=json:report.json >/dev/null || true
	query_is r.run.revision "$first"
	run fj --history=runs --report=csv
	is "${lines[0]}" "run,started,revision,jobs,files,bad,tests,failed,elapsed,above_bound,signal,failed_fixtures,end"
	is "${#lines[@]}" 12
	[[ ${lines[11]} =~ ^1,[0-9]+\.[0-9]+,$first,2,3,1,5,1,[0-9.]+,[0-9.]*,,0,$ ]]
	# Without a locale that has more than ASCII.
	LC_ALL=C run fj --history
	[[ $output =~ Time\ of\ the\ last\ 11:\ [_.=+*%#-]{11} ]]
	is "$(LC_ALL=C awk '/[^ -~]/' <<<"$output")" ""
}

@test "a run outside of a repository, or without git, has no commit" {
	plain good ""
	go
	commit >/dev/null
	mkdir bin
	printf '#!/bin/sh\nexit 1\n' >bin/git
	chmod +x bin/git
	PATH=$PWD/bin:$PATH run --separate-stderr fj -q
	status_is 0
	is "$stderr" ""
	history =runs
	is "$(all revision runs)" "null null"
}

@test "--history FILE: its results, figures, last failure and tests" {
	project
	go4 || true
	echo fail >mind
	go4 || true
	go4 --retries=1
	echo pass >mind
	go4 || true
	history = tests/one/mind_test.lua
	is "${lines[0]}" tests/one/mind_test.lua
	has "  5 results: 2 passed, 3 failed; median 0."
	has "Time of the last 5: "
	has "Last failure, in run 3"
	has "it changed"
	has "  its mind"
	hasnt good_test
	is "$(all status results)" "pass fail fail fail pass"
	is "$(all attempt results)" "1 2 1 1 1"
	is "$(all run results)" "4 3 3 2 1"
	query_is "r.files[1].last_failure_run .. ' ' .. r.files[1].last .. ' ' .. tostring(r.files[1].failing_since_run)" \
		"3 pass null"
	query_is "r.files[1].peak > 2^18 and r.files[1].cpu_share > 0 and r.files[1].p95 >= r.files[1].median" true

	history = ./tests/two/
	[[ $output =~ 100\.0%\ +5\ +pass\ +[0-9.]+s\ +-\ +a\ group\ works ]]
	[[ $output =~ \ 0\.0%\ +5\ +fail\ +[0-9.]+s\ +4\ +a\ group\ fails ]]
	[[ $output =~ -\ +0\ +pending\ +-\ +-\ +a\ group\ waits ]]
	has "Last failure, in run 4: a group fails"
	query_is "r.files[1].failing_since_run" 1
	query_is "r.files[1].last_failure_test" "a group fails"
	is "$(all test tests)" "a group works a group fails a group waits"

	# Folders; what is not there is said, in the place of nothing.
	history = tests/one tests/nix tests/two/many_spec.lua
	has tests/one/good_test.lua
	has tests/one/mind_test.lua
	has tests/two/many_spec.lua
	has "tests/nix: there is nothing in the history."
	query_is "#r.files" 3
	history = nix_test.lua
	is "$output" "nix_test.lua: there is nothing in the history."
	query_is "#r.files + #r.results + #r.tests" 0
	# A part of a name is no folder.
	history = tests/on
	has "tests/on: there is nothing"
}

@test "--history=failing: since which run and commit, with the message" {
	project
	commit >/dev/null
	go4 || true
	echo fail >mind
	broke=$(commit)
	for i in 1 2; do
		commit >/dev/null
		go4 || true
	done
	history =failing
	[[ $output =~ fail\ +2\ \ [0-9-]{10}\ \ ${broke:0:0}[0-9a-f]{9}\ \ tests/one/mind_test.lua ]]
	[[ ${lines[2]} == "    tests/one/mind_test.lua:1: it changed" ]]
	[[ $output =~ fail\ +1\ .*tests/two/many_spec.lua ]]
	hasnt good_test
	# The shortest time first.
	is "$(all since_run files)" "2 1"
	query_is "r.files[1].since_revision" "$(git rev-parse HEAD~1)"
	query_is "r.files[1].message:match('its mind') .. ', ' .. r.files[2].test" "its mind, a group fails"
	history =failing tests/two
	is "$(all path files)" tests/two/many_spec.lua
	# A window sees nothing before it.
	history =failing --last=1
	is "$(all since_run files)" "3 3"
	echo pass >mind
	go4 tests/one
	history =failing tests/one
	is "$output" "No file fails."
	# For longer than what is at hand.
	rm -r .firmo-jobs
	made 1500 3 2
	history =failing
	is "$(all since_run files)" 1352
}

@test "--history=flaky: only flips without a cause count" {
	# What stands in the history's folder is no input.
	plain moody "os.exit(tonumber((io.open('.firmo-jobs/mood'):read('l'))))"
	plain retried "local f = io.open('.firmo-jobs/tries', 'a+') local n = #f:read('a') f:write('x') f:close()" \
		"os.exit((n + 1) % 2)"
	plain caused "os.exit(tonumber((io.open('mind'):read('l'))))"
	plain calm ""
	mkdir .firmo-jobs
	settle
	for mood in 0 1 0; do
		echo $mood >.firmo-jobs/mood
		echo $mood >mind
		go -j1 --retries=1
	done
	history =flaky
	is "$(all path files)" "tests/retried_test.lua tests/moody_test.lua"
	# Of moody: to the failure, to its second attempt, and back.
	is "$(all flips files), $(all tries files), $(all last_run files)" "5 2, 5 3, 3 3"
	[[ ${lines[2]} =~ ^\ 66\.7%\ +2\ +3\ +3\ \ [0-9-]{10}\ \ -\ +tests/moody_test.lua$ ]]
	history =
	has "2 files passed and failed without a change: --history=flaky"
	history = tests/moody_test.lua
	has "passed and failed without a change: 2 of 3 times"
	is "$(all inputs results)" "same same same null"
	history = tests/caused_test.lua
	hasnt "without a change"
	history =flaky tests/calm_test.lua tests/caused_test.lua
	is "$output" "No file passed and failed without a change."
}

@test "--history=regressions: lasting steps of time and memory, with the commit" {
	for name in slower larger once same; do
		plain "$name" ""
	done
	commit >/dev/null
	for i in {1..7}; do
		go -j1 --no-trace
	done
	plain another "" # something to commit
	moved=$(commit)
	for i in {1..7}; do
		go -j1 --no-trace
	done
	# Figures of the machine would prove nothing. One outlier is no step.
	local usual=({11000,11100,11200,11050,11150,11250,11020}:0:5000)
	took slower "${usual[@]}" {90000,90500,91000,90250,90750,90100,90600}:0:5000
	took larger "${usual[@]}" "${usual[@]/5000/13000}"
	took once "${usual[@]}" 200000:0:5000 "${usual[@]:1}"
	took same "${usual[@]}" "${usual[@]}"
	history =regressions
	[[ $output =~ \+[0-9]+%\ \ [0-9.]+s\ +0\.[0-9]+s\ +8\ \ [0-9-]{10}\ \ ${moved:0:9}\ \ tests/slower_test.lua ]]
	[[ $output =~ \+[0-9]+%\ \ [0-9.]+\ MiB\ \ [0-9.]+\ MiB\ +8\ .*tests/larger_test.lua ]]
	hasnt once_test
	hasnt same_test
	is "$(all run moves | xargs -n1 | uniq)" 8
	is "$(all revision moves | xargs -n1 | uniq)" "$moved"
	history =
	has "2 files moved in time or memory: --history=regressions"
	history =regressions tests/same_test.lua
	is "$output" "No file moved in time or memory beyond its noise."
}

@test "--history=slowest, new and tests: figures, newcomers, names" {
	project
	plain slow ""
	for i in 1 2 3; do
		go4
	done
	# Figures of the machine would prove nothing.
	took one/good 40000:0:5120 40000:0:5120 40000:0:5120
	took one/mind 40000:0:5120 40000:0:5120 40000:0:5120
	took slow 120000:20000:5120 120000:20000:5120 120000:20000:5120
	sql "UPDATE file SET trail = (SELECT trail FROM file WHERE path LIKE '%good%') WHERE path LIKE '%many%'"
	history =slowest
	[[ ${lines[1]} =~ ^0\.120s\ +0\.120s\ +[0-9.]+%\ +16\.[0-9]%\ +5\.0\ MiB\ \ tests/slow_test.lua$ ]]
	is "${#lines[@]}" 5
	query_is "string.format('%.2f %.2f', r.files[1].cpu_share, r.files[1].share)" "0.17 0.50"
	query_is "(function() local sum = 0 for _, f in ipairs(r.files) do sum = sum + f.share end
		return math.abs(sum - 1) < 0.001 end)()" true

	# All was new in the first run.
	history =new
	is "$output" "Nothing is new."
	# The tests of a new file are not told of one by one.
	busted_test one/added "describe('added', function() it('too', function() end) end)"
	busted_test two/many "describe('a group', function() it('works', function() end) it('is new', function() end) end)"
	go4
	history =new
	is "$(all what new)" "file test"
	[[ $output =~ file\ +4\ \ [0-9-]{10}\ .*tests/one/added_spec.lua\ +- ]]
	[[ $output =~ test\ +4\ .*tests/two/many_spec.lua\ +a\ group\ is\ new ]]
	history =new --since=1 tests/one
	is "$(all path new)" "tests/one/added_spec.lua tests/one/good_test.lua tests/one/mind_test.lua"

	history =tests
	is "$(all test tests)" "added too a group works a group fails a group waits a group is new"
	query_is "r.tests[2].pass_rate .. ' ' .. r.tests[2].ran .. ' ' .. r.tests[3].pass_rate .. ' ' .. r.tests[3].last_bad_run" \
		"1.0 4 0.0 3"
	history =tests:fail
	is "$(all test tests)" "a group fails"
	has "tests/two/many_spec.lua"
	history '=tests:*w*'
	is "$(all test tests)" "a group works a group waits a group is new"
	history '=tests:group*'
	is "$output" "No test has such a name."
	history =tests:works tests/one
	is "$output" "No test has such a name."
	query_is "#r.tests" 0
}

# ---- windows ----

# since WANTED WHEN ARG...: the runs that --since=WHEN leaves.
since() {
	history =runs "--since=$2" "${@:3}"
	is "$(all run runs)" "$1"
}

@test "--since and --last: runs, commits, days, ages" {
	plain good ""
	first=$(commit)
	go
	unused=$(commit)
	sql "UPDATE run SET started = (SELECT max(started) FROM run) - 100 * 3600 * 1000000000"
	second=$(commit)
	go
	go
	third=$(commit)
	go
	since "4 3 2" 2
	has "run 2 to run 4"
	query_is "r.window .. ', ' .. r.window_runs" "run 2 to run 4, 3"
	since 4 "$third"
	since "4 3 2" "${second:0:7}"
	since "4 3 2 1" "$first"
	# No run had it checked out: what ran after it was made.
	since "4 3 2" "$unused"
	since "4 3 2" 2d
	since "4 3 2 1" 101h
	since "4 3 2" 5999m
	since "4 3 2 1" 1w
	since "4 3 2 1" 99999999999999999999w
	since "4 3 2" "$(date -d '1 day ago' +%F)"
	since "4 3 2 1" "$(date -d '101 hours ago' '+%F %H:%M')"
	since "4 3 2" "$(date -d '99 hours ago' +%FT%H:%M:%S)"
	since "" "$(date -d '2 days' +%F)"
	is "$output" "no run

No run."
	history = --last=2
	is "$(all run runs)" "4 3"
	has "2 runs, 2 of them to the end"
	history = --last=2 --since=4
	is "$(all run runs)" 4
	history = --last=3 tests/good_test.lua
	is "$(all run results)" "4 3 2"
	history =slowest --last=1
	is "$(all path files)" tests/good_test.lua
	sql "DELETE FROM run WHERE id = 4"
	since "3 2" 2
}

@test "--history=coverage: how much was covered, in all and of each source, through time" {
	test_file src/a.lua "local M = {}" "function M.f(x)" "	if x then" "		return 1" "	end" "	return 2" "end" "return M"
	test_file src/sub/b.lua "return 1"
	plain a "dofile('src/a.lua')"
	go4
	history =coverage
	is "$output" "No run with --coverage."
	go4 --coverage
	plain a "dofile('src/a.lua').f(os.getenv('X'))" "dofile('src/sub/b.lua')"
	go4 --coverage
	X=1 go4 --coverage
	history =coverage
	is "$(all run runs) $(all lines runs) $(all missed runs)" "4 3 2 7 7 6 1 1 3"
	is "$(all path sources) $(all missed sources)" "src/a.lua src/sub/b.lua 1 0"
	query_is "string.format('%.3f %.3f', r.sources[1].covered, r.sources[1].before)" "0.833 0.833"
	has "src/a.lua"
	history =coverage src/sub
	is "$(all run runs) $(all lines runs)" "4 3 1 1"
	history =coverage nowhere
	is "$output" "nowhere: there is nothing in the history."
	run fj --history=coverage --report=csv --last=1
	is "${lines[1]}" "0.833333,1,6,,4,src/a.lua"
}

@test "what cannot be answered is told in a line" {
	plain good ""
	wrong_usage --history=newest \
		"--history=newest: no such view; it can be runs, slowest, failing, flaky, regressions, new, tests, coverage, or none"
	wrong_usage --history=runs:x "--history=runs:x: no such view"
	wrong_usage --history=runs tests "--history=runs takes no path (tests)"
	wrong_usage --since=1 "--since goes with --history"
	wrong_usage --last=1 --list "--last goes with --history"
	for last in 0 -1 x ''; do
		wrong_usage --history "--last=$last" "--last=$last: wants a number of runs"
	done
	wrong_usage --history --since= "--since=: wants a run"
	wrong_usage --history --report=junit "--report=junit: --history has no such report: it has text, json, csv"
	go
	commit >/dev/null
	for since in 7 deadbeef 2026-02-30 2026-13-01 yesterday 3x 1.5d -3d abcx 'a b' "1'" HEAD; do
		wrong_usage --history "--since=$since" "--since=$since: no run, commit, day"
	done
}

@test "no history, an empty one, a newer one, one that is no history" {
	for view in '' =runs =slowest =failing =flaky =regressions =new =tests =tests:x =coverage; do
		history "${view:-=}"
		is "$output" "No history yet."
		query_is "r.window_runs" 0
	done
	history = tests
	is "$output" "No history yet."
	run fj --history --report=csv
	is "$output" "run,started,revision,jobs,files,bad,tests,failed,elapsed,above_bound,signal,failed_fixtures,end"
	is "$(files_in .)" "report.json "
	plain good ""
	go
	sql "DELETE FROM run; DELETE FROM result; DELETE FROM file"
	history =
	is "$output" "No history yet."
	go
	sqlite3 .firmo-jobs/history.db "PRAGMA user_version=99; PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
	cp .firmo-jobs/history.db before
	bad 3 newer --history
	bad 3 newer --history=failing --report=json
	is "$output" ""
	cmp .firmo-jobs/history.db before
	echo "no database at all, but long enough to be one" >other.db
	wrong_usage --history --db=other.db other.db
}

@test "the history can be read while a run goes on" {
	plain hang "io.open('hangs', 'w'):close() while not io.open('go') do os.execute('sleep 0.02') end"
	plain good ""
	start -j1 --order=path
	await test -e hangs
	await eval '[ "$(sql "SELECT count(*) FROM result" 2>/dev/null)" = 1 ]'
	history =runs
	[[ ${lines[1]} =~ ^\ +1\ .*\ -\ +-$ ]]
	is "${lines[2]}" "    it was killed, or goes on"
	query_is "tostring(r.runs[1].elapsed) .. tostring(r.runs[1].files)" nullnull
	history =
	has "1 run, 0 of them to the end"
	history = tests/good_test.lua
	has "1 result: 1 passed"
	: >go
	finish
	status_is 0
	history =runs
	query_is "r.runs[1].files" 2
}

# ---- looks ----

@test "any names fit 80 columns, with colours only where they are wanted; csv is quoted" {
	long=$(printf 'tests/a very long folder/%s' "$(printf 'deep/%.0s' {1..20})")
	test_file "${long}one_test.lua" "error('a message that is longer than the line that has to hold it: ' .. ('x'):rep(99))"
	test_file "tests/ünïcödé 名前/${long##*folder/}two_test.lua" ""
	test_file 'tests/a "b"_spec.lua' "describe('group, \"quoted\"', function() it(('long name '):rep(20), function() end) end)"
	go4
	plain late ""
	echo "" >>'tests/a "b"_spec.lua'
	sed -i 's/) end)$/) it(("new "):rep(40), function() end) end)/' 'tests/a "b"_spec.lua'
	go4
	for view in = =runs =slowest =failing =new =tests; do
		history "$view"
	done
	has "group, \"quoted\" new new"
	for view in '' =failing; do
		run fj --history$view
		hasnt $'\e'
		run fj --history$view --color=always
		has $'\e[31m'
		on_terminal --history$view
		has $'\e[31m'
		NO_COLOR=1 on_terminal --history$view
		hasnt $'\e'
	done
	fj --history=tests --report=csv:tests.csv
	fj --history=failing --report=csv:failing.csv
	/usr/bin/python3 - <<-'END'
		import csv
		rows = list(csv.DictReader(open("tests.csv", newline="")))
		assert [r["path"] for r in rows] == ['tests/a "b"_spec.lua'] * 2, rows
		assert rows[0]["test"] == 'group, "quoted" ' + "long name " * 20, rows[0]
		assert rows[1]["ran"] == "1" and rows[1]["pass_rate"] == "1.000000" and rows[1]["last_bad_run"] == "", rows[1]
		rows = list(csv.DictReader(open("failing.csv", newline="")))
		assert ":1: a message that is longer" in rows[0]["message"], rows
		assert rows[0]["message"].endswith("x" * 99), rows
	END
	# A pager that is left early is no error.
	made 300 4 2
	run bash -c '"$FIRMO_JOBS" --history=runs | head -1; echo ${PIPESTATUS[0]}'
	[[ ${lines[1]} == 0 || ${lines[1]} == 141 ]]
}

@test "json: the manual page names every field of each view, and no other" {
	local manual=$BATS_TEST_DIRNAME/../../src/cli/firmo-jobs.1
	lua5.4 - "$FIXTURES" "$BATS_TEST_DIRNAME/schema/history.schema.json" <<-'END' | sort -u >schema.txt
		local schema = dofile(arg[1] .. "/json.lua").read(arg[2])
		local function list(object)
			for name in pairs(object.properties or {}) do print(name) end
		end
		for _, view in ipairs(schema.oneOf) do list(view) end
		for _, object in pairs(schema["$defs"]) do list(object) end
	END
	sed -n '/^\.Ss Views for programs/,/^\.Sh/s/^\.\(It \)\?Va //p' "$manual" | sed 's/ \?[,.;]$//; s/ , /\n/g' | sort -u |
		diff schema.txt -
}

# ---- since when the failures of a run are there ----

# recap: the list of failures at the end of the output, without the ages of runs.
recap() {
	sed -n '/ailures/,/^To run/p' <<<"$output" | grep -v '^To run' | sed 's/, [0-9]* [a-z]*)$/)/'
}

@test "new failures come first, and the others tell since when they are there" {
	busted_test a "describe('g', function()" \
		"it('old', function() error('x', 0) end)" \
		"it('late', function() assert(not os.getenv('LATE'), 'y') end)" \
		"it('fine', function() end) end)"
	plain p "error(os.getenv('P') and 'p' or nil, 0)"
	plain q "if os.getenv('LATE') then error('q', 0) end"
	git init -q . && git -c user.name=n -c user.email=e@x commit -q --allow-empty -m one
	local one
	one=$(git rev-parse HEAD | cut -c1-8)
	run fj4 -q
	has "Failures:"
	hasnt "since run"
	run fj4 -q
	LATE=1 run fj4 -q --report=json:report.json
	is "$(recap | head -4)" "New failures:
tests/a_spec.lua:3: g late: y
tests/q_test.lua:1: q
Failures of before:"
	[[ $(recap) == *"tests/a_spec.lua:2: g old: x (since run 1, $one)"* ]]
	[ "$(json "#r.errors")" = 4 ]
	json "(function() for _, e in ipairs(r.errors) do
		local new = e.test == 'g late' or e.file == 'tests/q_test.lua'
		assert(e.new == new and (e.since_run == nil) == new and (new or e.since_run == 1 and e.since_revision:find('^$one')))
	end return 'so' end)()" | grep so
	# A pass in between makes it new again; what runs in part tells nothing of the rest.
	run fj4 -q
	run fj4 -q --filter=fine tests/a_spec.lua
	LATE=1 run fj4 -q
	recap | grep -A1 '^New' | grep late
	recap | grep 'g old: x (since run 1'
	run fj4 -q --show=3
	is "$(recap | head -1)" "New failures:"
	has "tests/q_test.lua:1: q"
}

@test "a failure that stays longer than runs are looked at is told as such" {
	plain a "error('x', 0)"
	for _ in {1..23}; do fj4 -q >/dev/null || true; done
	run fj4 -q
	has "x (since run 4 or before, "
}

@test "a failure of a file that passed and failed without a change is known as flaky" {
	# What stands in the history's folder is no input.
	plain moody "os.exit(tonumber((io.open('.firmo-jobs/mood'):read('l'))))"
	plain mended "os.exit(tonumber((io.open('mind'):read('l'))))"
	mkdir .firmo-jobs
	settle
	local mood
	for mood in 0 1 0 1; do
		echo $mood >.firmo-jobs/mood
		echo $mood >mind
		run fj4 -q
	done
	is "$(recap)" "New failures:
tests/mended_test.lua:1: exit status 1
tests/moody_test.lua:1: exit status 1 (flaky before)"
}

# ---- --compare ----

# changed WHAT: the changes of that kind, "PATH TEST BEFORE AFTER;" each.
changed() {
	query "(function() local t = {} for _, c in ipairs(r.changes) do if c.what == '$1' then
		t[#t + 1] = ('%s %s %s %s;'):format(c.path, c.test, c.before, c.after) end end
		return table.concat(t, ' ') end)()"
}

@test "--compare tells what broke, was mended, is new or gone since a run or a commit" {
	busted_test many "describe('g', function() it('breaks', function() assert(os.getenv('WORKS'), 'it\nbroke') end)" \
		"it('is mended', function() assert(not os.getenv('WORKS')) end) it('still fails', function() error('x') end)" \
		"it(os.getenv('WORKS') and 'goes' or 'comes', function() end) end)"
	plain loads "x = os.getenv('WORKS') and '' or error('no', 0)"
	plain gone ""
	plain part ""
	plain moody "assert(os.getenv('WORKS'))"
	echo '{"overrides": [{"match": "tests/moody_test.lua", "quarantine": {"reason": "r"}}]}' >firmo-jobs.json
	local first
	first=$(commit)
	WORKS=1 go4
	rm tests/gone_test.lua
	plain late "error('late', 0)"
	commit >/dev/null
	go4 tests/many_spec.lua tests/{loads,late,moody}_test.lua
	run fj --compare=1 --report=json:report.json
	status_is 1
	conforms report.json history
	is "$(changed broke)" "tests/late_test.lua null null fail; tests/loads_test.lua null pass fail; tests/many_spec.lua g breaks pass fail; tests/moody_test.lua null pass fail;"
	is "$(changed mended)" "tests/many_spec.lua g is mended fail pass;"
	is "$(changed new)" "tests/late_test.lua null null fail; tests/many_spec.lua g comes null pass;"
	is "$(changed gone)" "tests/gone_test.lua null pass null; tests/many_spec.lua g goes pass null;"
	is "$(changed slower)" ""
	query_is "r.changes[1].message .. r.window .. r.runs[1].revision" "laterun 1 and run 2$first"
	[ "$(wc -L <<<"$output")" -le 80 ] || fail "a line is too long"
	has "4 broke:"
	has "3 files ran in both runs."
	has "1 file ran in one of them alone, and is not compared."
	hasnt "still fails"
	# The same, by the beginning of a commit and by a name that git knows.
	local same=$output
	run fj --compare="${first:0:7}"
	is "$output" "$same"
	run fj --compare=HEAD~1..2
	is "$output" "$same"
	# Nothing but what is in quarantine is no reason to fail; nor are two runs that are the same.
	go4 tests/moody_test.lua
	run fj --compare=1
	status_is 0
	has "1 broke:"
	run fj --compare=2..2
	status_is 0
	has "Nothing broke, was mended, became slower, is new or gone: 4 files ran in both runs."
}

@test "--compare of what is gone, or has no past, is told in one line" {
	run -3 fj --compare=1
	has "there is no history in .firmo-jobs/history.db"
	plain a ""
	commit >/dev/null
	go4
	go4
	wrong_usage --compare=9 "--compare: run 9 is not in the history; --history=runs lists"
	wrong_usage --compare=c0ffee1 "--compare: c0ffee1 is not in the history"
	wrong_usage --compare="x'; touch oops; '" "is not in the history"
	wrong_usage --compare=2..1 "--compare=2..1: run 2 began after run 1; the earlier one stands first"
	wrong_usage --compare=1.. "--compare=1..: wants a run or a commit, or two of them as in 5..9"
	wrong_usage --compare "--compare"
	commit >/dev/null
	wrong_usage --compare=HEAD "--compare: no run of commit HEAD is in the history"
	refute test -e oops
}

@test "--compare tells which steps of time lie between two runs" {
	plain slower ""
	plain before ""
	for i in {1..14}; do
		go -j1 --no-trace
	done
	local usual=({11000,11100,11200,11050,11150}:0:5000)
	took slower "${usual[@]}" {11000,11050}:0:5000 {90000,90500,91000,90250,90750,90100,90600}:0:5000
	took before "${usual[@]}" {90000,90500,91000,90250,90750,90100,90600,90000,90500}:0:5000
	run fj --compare=7 --report=json:report.json
	status_is 0
	conforms report.json history
	query_is "#r.changes .. r.changes[1].path .. r.changes[1].run" "1tests/slower_test.lua8"
	has "1 slower:"
	# What came after the second run does not count.
	run fj --compare=6..7
	has "Nothing broke"
}
