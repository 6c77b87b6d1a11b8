# SPDX-License-Identifier: MIT
# --show: the reports of past runs, from the history.
load common

setup() {
	setup_project
	plain good "print('good')"
	plain bad "print('bytes: \\255\\0\\27[31m'); error('broken')"
	test_file tests/tap_test.lua "print('1..3\nok 1 - a\nnot ok 2 - b # TODO later\nok 3 # SKIP no')"
	busted_test many "describe('group #slow', function()" \
		"  it('passes', function() end)" \
		"  it('fails', function() assert.are.equal(1, 2) end)" \
		"  pending('waits')" \
		"end)"
	luaunit_test units "TestX = {}" "function TestX:test_ok() end" "function TestX:test_bad() error('no') end"
}

# shown [RUN]: the reports of a run equal those that it wrote itself.
shown() {
	rm -rf shown
	run fj --show"${1:+=$1}" --report=json:shown/json --report=junit:shown/junit
	status_is 0
	cmp shown/json "live/json"
	cmp shown/junit "live/junit"
}

live() {
	rm -rf live
	run fj4 --report=json:live/json --report=junit:live/junit "$@"
}

@test "a past run is shown as it was reported" {
	live -j2
	status_is 1
	shown
	live -j2 --retries=1
	shown
	live -j1 --repeat=2
	shown 3
	live --fail-fast -j1
	shown
	# Most of what it reports was taken over from runs before it.
	find . -path ./.firmo-jobs -prune -o -print0 | xargs -0 touch -h -d '1 hour ago'
	await eval '[ "$(find tests -newerct "2 seconds ago" -print -quit)" = "" ]'
	live -j2 >/dev/null
	live -j2 --changed
	status_is 1
	is "$(json 'r.files[1].cached, #r.files' live/json)" "true 5"
	shown
	live --order=random:7 tests/good_test.lua
	status_is 0
	shown 7
	run fj --show=1
	status_is 0
	has "tests/bad_test.lua"
	has "5 in all"
	run fj --show=7
	has "1 in all"
	hasnt "bad_test"
}

@test "showing runs nothing and writes nothing to the history" {
	fj4 tests/good_test.lua
	before=$(sql 'SELECT count(*) FROM result')
	rm tests/good_test.lua
	run fj --show
	status_is 0
	has "tests/good_test.lua"
	is "$(sql 'SELECT count(*) FROM result')" "$before"
}

@test "an interrupted run is shown with what was not run" {
	plain hang "io.open('hangs', 'w'):close() while true do end"
	start --lua="$LUA" -j1 --grace=0.1 --report=json:live/json --report=junit:live/junit \
		tests/good_test.lua tests/hang_test.lua tests/bad_test.lua --order=path
	await test -e hangs
	kill -INT "$RUNNER"
	finish
	status_is 130
	shown
	run fj --show
	has INTERRUPTED
	has "not run"
}

@test "a run that was killed is shown with what is known of it" {
	plain hang "io.open('hangs', 'w'):close() while true do end"
	start --lua="$LUA" -j1 --order=path tests/good_test.lua tests/hang_test.lua
	await test -e hangs
	# While it goes on as well.
	await eval '[ "$(sql "SELECT count(*) FROM result" 2>/dev/null)" = 1 ]'
	run fj --show
	status_is 0
	has "tests/good_test.lua"
	has "1 in all"
	kill -KILL "$RUNNER"
	finish
	run fj --show
	status_is 0
	has "tests/good_test.lua"
}

@test "what cannot be shown is told in a line" {
	run fj --show
	status_is 3
	has "there is no history"
	is "$(count firmo-jobs)" 1
	fj4 tests/good_test.lua
	wrong_usage --show=7 "the history has no run 7"
	for bad in 0 -1 x 1x; do
		wrong_usage "--show=$bad" "--show=$bad:"
	done
	wrong_usage --show tests "takes no path"
}

@test "the history of an older firmo-jobs is brought up to date to be shown" {
	mkdir .firmo-jobs
	sql "CREATE TABLE run(id INTEGER PRIMARY KEY, name TEXT NOT NULL, started INTEGER NOT NULL,
		elapsed INTEGER, jobs INTEGER NOT NULL, peak INTEGER, files INTEGER, bad INTEGER, tests INTEGER,
		failed INTEGER, lower_bound INTEGER, seed INTEGER, signal INTEGER, version TEXT NOT NULL);
		CREATE TABLE file(id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, status INTEGER NOT NULL,
		ended INTEGER NOT NULL, recent BLOB NOT NULL);
		CREATE TABLE result(id INTEGER PRIMARY KEY, run INTEGER NOT NULL, file INTEGER NOT NULL,
		attempt INTEGER NOT NULL, started INTEGER NOT NULL, wall INTEGER NOT NULL, user INTEGER NOT NULL,
		sys INTEGER NOT NULL, maxrss INTEGER NOT NULL, status INTEGER NOT NULL, reason TEXT, exit INTEGER,
		signal INTEGER, slot INTEGER, leaked INTEGER, tests INTEGER, failed INTEGER, output BLOB);
		CREATE INDEX result_by_file ON result(file, id);
		CREATE TABLE test(id INTEGER PRIMARY KEY, file INTEGER NOT NULL, name TEXT NOT NULL,
		UNIQUE(file, name));
		CREATE TABLE test_result(result INTEGER NOT NULL, seq INTEGER NOT NULL, test INTEGER NOT NULL,
		status INTEGER NOT NULL, wall INTEGER, source TEXT, line INTEGER, message TEXT, traceback TEXT,
		PRIMARY KEY(result, seq)) WITHOUT ROWID;
		CREATE TABLE file_error(result INTEGER NOT NULL, seq INTEGER NOT NULL, place TEXT, name TEXT,
		source TEXT, line INTEGER, message TEXT, traceback TEXT, PRIMARY KEY(result, seq)) WITHOUT ROWID;
		PRAGMA user_version=1;
		INSERT INTO run VALUES(1, 'old', 1, 2000000000, 2, 1, 1, 1, 2, 1, -1, 0, 0, '0.1.0');
		INSERT INTO file VALUES(1, 'tests/old_test.lua', 2, 3, x'');
		INSERT INTO result VALUES(1, 1, 1, 1, 1, 2000000000, 0, 0, 0, 2, 'it broke', 1, 0, 0, 0, 2, 1, NULL);
		INSERT INTO test VALUES(1, 1, 'group' || char(31) || 'breaks');
		INSERT INTO test_result VALUES(1, 0, 1, 2, 5, NULL, 0, 'the message', NULL);"
	run fj --show
	status_is 0
	has "tests/old_test.lua"
	has "group breaks"
	has "the message"
	run fj4 tests/good_test.lua
	status_is 0
	run fj --show=1
	has "the message"
}
