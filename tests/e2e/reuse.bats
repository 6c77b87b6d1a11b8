# SPDX-License-Identifier: MIT
# What --changed may rely on: what is no input, which results leave a pass standing, which passes are certain.

load common

# again ARG...: --changed; the report is read by `ran`.
again() {
	run fj4 --changed --report=json:report.json "$@"
}

# learn ARG...: a run whose passes are trusted.
learn() {
	settle
	fj4 "$@" >/dev/null || fail "the first run has failed"
	again "$@"
	again "$@"
	is "$(ran)" ""
}

# ---- what is ours ----

@test "beside the history everything is an input, wherever that lies" {
	local place
	mkdir -p lib build elsewhere
	ln -s ../elsewhere build/link
	plain reads "assert(io.open('data.txt'):read('a') == 'old\n')" "assert(io.open('build/data.txt'):read('a') == 'old\n')" \
		"assert(io.open('tests/data.txt'):read('a') == 'old\n')" "assert(io.open('elsewhere/data.txt'):read('a') == 'old\n')"
	for place in history.db ./history.db "$PWD/history.db" build/h.db tests/h.db build/link/h.db; do
		for data in . build tests elsewhere; do echo old >$data/data.txt; done
		learn --db="$place"
		for data in . build tests elsewhere; do
			echo new >$data/data.txt
			again --db="$place"
			status_is 1
			is "$(ran)" reads
			echo old >$data/data.txt
			fj4 --db="$place" >/dev/null
		done
	done
}

@test "FIRMO_JOBS_DB and FIRMO_STATE hide nothing of the folder that they name" {
	mkdir build
	echo old >build/data.txt
	plain reads "assert(io.open('build/data.txt'):read('a') == 'old\n')"
	export FIRMO_JOBS_DB=build/h.db
	learn
	echo new >build/data.txt
	again
	status_is 1
	unset FIRMO_JOBS_DB
	echo old >build/data.txt
	printf '%s\n' "FIRMO_JOBS := $FIRMO_JOBS" 'FIRMO_STATE := build' 'FIRMO_FLAGS := --lua=lua5.4' \
		'FIRMO_REPORTS := json:report.json' "include $(fj --print-mk)" >Makefile
	settle
	make test >/dev/null
	make test-changed >/dev/null
	is "$(ran)" ""
	echo new >build/data.txt
	run make test-changed
	status_is 2
	is "$(ran)" reads
}

@test "the history, its logs and our reports are no inputs, whatever link leads there" {
	mkdir build
	ln -s build link
	plain looks "for _, name in ipairs { 'build/h.db', 'build/h.db-wal', 'build/h.db-shm', 'report.json', 'build/r.xml' } do
		local f = io.open(name) if f then f:read('a') f:close() end end"
	learn --db=link/h.db --report=junit:link/r.xml --report=json:report.json
}

# ---- databases of others ----

# rows_in_log ROW: app.db, whose row lies in its write-ahead log alone.
rows_in_log() {
	rm -rf live
	mkdir live
	sqlite3 live/app.db "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(v);" \
		"PRAGMA wal_checkpoint(TRUNCATE)" "INSERT INTO t VALUES('$1')" ".shell cp live/app.db live/app.db-wal ." >/dev/null
	rm -r live
}

@test "rows that lie in a database's write-ahead log alone are inputs" {
	as_nobody
	rows_in_log old
	plain asks "local p = io.popen(\"sqlite3 -readonly app.db 'SELECT v FROM t'\")" "assert(p:read('a') == 'old\n')"
	learn
	rows_in_log new
	again
	status_is 1
	is "$(ran)" asks
}

@test "the index of a write-ahead log is no input while others have the database open" {
	as_nobody
	sqlite3 app.db "PRAGMA journal_mode=WAL; CREATE TABLE t(v); INSERT INTO t VALUES('old')" >/dev/null
	plain asks "local p = io.popen(\"sqlite3 app.db 'SELECT v FROM t'\")" "assert(p:read('a') == 'old\n')"
	mkfifo hold
	sqlite3 app.db <hold >held 3>&- &
	holder=$!
	exec 7>hold
	echo "SELECT v FROM t;" >&7
	await test -s held
	learn
	echo "UPDATE t SET v = 'new'; SELECT 'done';" >&7
	await grep -q done held
	again
	status_is 1
	is "$(ran)" asks
	exec 7>&-
	wait $holder
}

@test "files that are only called like a database's logs are inputs" {
	local name
	for name in log-journal log-wal log-shm x.db-shm; do
		echo old >"$name"
		: >log
		echo "no database" >x.db
	done
	for name in log-journal log-wal log-shm x.db-shm; do
		plain "${name//[.-]/}" "io.open('log'):close() io.open('x.db'):close() assert(io.open('$name'):read('a') == 'old\n')"
	done
	learn
	for name in log-journal log-wal log-shm x.db-shm; do
		echo new >"$name"
		again
		status_is 1
		is "$(ran)" "${name//[.-]/}"
		echo old >"$name"
		fj4 >/dev/null
		learn
	done
}

# ---- which passes are certain, and for how long ----

@test "a pass of a later attempt is never reused, and --why tells so" {
	plain flaky "assert(tonumber(os.getenv('FIRMO_JOBS_ATTEMPT')) > 1)"
	settle
	run fj4 --retries=1
	status_is 0
	has FLAKY
	run fj4 --why=tests/flaky_test.lua
	has "it passed only when it was tried again"
	again
	status_is 1
	is "$(ran)" flaky
	again --retries=1
	status_is 0
	again --retries=1
	is "$(ran)" flaky
	# Repetitions that all pass are no second attempts.
	plain sound "assert(true)"
	settle
	fj4 --repeat=3 tests/sound_test.lua >/dev/null
	again tests/sound_test.lua
	is "$(ran)" ""
}

@test "what was known of a full pass outlives runs of some tests, without watching, and skips" {
	busted_test two "describe('a', function()" "it('one', function() assert(io.open('data.txt'):read('a') == 'old\n') end)" \
		"it('other', function() end) end)"
	plain skips "if os.getenv('SKIP') then os.exit(77) end"
	echo old >data.txt
	learn
	run fj4 --filter=one
	has "1 passed"
	again
	is "$(ran)" ""
	run fj4 --filter=nothing_of_the_kind
	again
	is "$(ran)" ""
	run fj4 --no-trace
	again
	is "$(ran)" ""
	SKIP=1 run fj4
	has "1 skipped"
	again
	is "$(ran)" ""
	# What was left standing still knows its inputs.
	echo new >data.txt
	fj4 --filter=other >/dev/null
	again
	status_is 1
	is "$(ran)" two
	echo old >data.txt
	again
	is "$(ran)" two
	learn
	# A failure ends it, whichever tests were run.
	echo new >data.txt
	run fj4 --filter=one
	status_is 1
	echo old >data.txt
	fj4 --filter=other >/dev/null
	again
	is "$(ran)" two
}

@test "a pass of some tests stands for the same tests, never for others or for all" {
	busted_test two "describe('a', function()" "it('one', function() assert(io.open('data.txt'):read('a') == 'old\n') end)" \
		"it('other', function() end) end)"
	echo old >data.txt
	learn
	again --filter=one
	is "$(ran)" two
	again --filter=one
	is "$(ran)" ""
	has "1 passed"
	is "$(json 'r.total')" 1
	again
	is "$(ran)" ""
	is "$(json 'r.total')" 2
	run fj4 --why=tests/two_spec.lua --filter=other
	has "--filter was one, is other"
	again --filter=other
	is "$(ran)" two
	again --filter=other
	is "$(ran)" ""
	again --tag=none
	is "$(ran)" two
	again --filter=other
	is "$(ran)" ""
	# What it depends on counts as ever.
	echo new >data.txt
	again --filter=other
	is "$(ran)" ""
	again --filter=one
	status_is 1
	is "$(ran)" two
	# Of a file that has failed nothing stands.
	echo old >data.txt
	again --filter=other
	is "$(ran)" two
	again
	is "$(ran)" two
	# Alone it is no pass of all.
	rm -r .firmo-jobs
	settle
	again --filter=other
	is "$(ran)" two
	again --filter=other
	is "$(ran)" ""
	again
	is "$(ran)" two
	again
	is "$(ran)" ""
	fj4 --check >/dev/null
}

@test "a skip of some tests ends their pass, and no other" {
	mkdir "$BASE/skip"
	busted_test turns "describe('a', function()" "it('other', function() end)" "it('one', function()" \
		"if os.getenv('TMPDIR'):find('/skip/') then pending('x') end end) end)"
	learn
	again --filter=one
	TMPDIR=$BASE/skip run fj4 --filter=one
	has "1 skipped"
	again
	is "$(ran)" ""
	again --filter=one
	is "$(ran)" turns
	again --filter=one
	is "$(ran)" ""
}

@test "what a pass of some tests has written is shown later, too" {
	busted_test a "it('one', function() io.open('w.txt', 'w'):close() end)"
	busted_test b "it('one', function() io.open('w.txt', 'w'):close() end)"
	fj4 --filter=one >/dev/null
	run fj --show --report=json:report.json
	is "$(json 'r.conflicts[1].path')" w.txt
}

@test "a skip although nothing has changed ends what was known" {
	# Where the temporary folder lies is no input.
	mkdir "$BASE/skip"
	plain turns "if os.getenv('TMPDIR'):find('/skip/') then os.exit(77) end"
	learn
	TMPDIR=$BASE/skip run fj4
	has "1 skipped"
	again
	is "$(ran)" turns
	again
	is "$(ran)" ""
}
