#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Care of the history: removing old runs, copying, joining and checking it.

load common
load fixtures/report

DB=.firmo-jobs/history.db

# shard NAME ARG...: a history of its own, NAME.db, as one file.
shard() {
	fj -q --db="own/$1.db" "${@:2}" || true
	fj --db="own/$1.db" --export="$1.db" >/dev/null
}

# report_of DB RUN: its report for programs, without the number of the run.
report_of() {
	fj --db="$1" --show="$2" --report=json | sed 's/"id":[0-9]*/"id":0/; s/"new":[a-z]*,"since_run":[a-z0-9]*,"since":[a-z0-9.]*/"new":0/g'
}

# refused STATUS TEXT ARG...: says so in one line, and the history is what it was.
refused() {
	sql .dump >before.sql
	bad "$@"
	is "$output" ""
	sql .dump >after.sql
	cmp before.sql after.sql
}

@test "--prune: old runs go, what files take and what stands stays known" {
	plain good "print('hello')"
	plain bad "os.exit(1)"
	busted_test many "describe('d', function() it('a', function() end) end)"
	settle
	for i in 1 2 3 4 5; do
		fj4 -q || true
	done
	run --separate-stderr fj --prune=2
	status_is 0
	is "$stderr" ""
	[[ $output =~ ^"Removed 3 runs with 9 results: "[0-9]+\ (bytes|KiB)" before, "[0-9]+\ (bytes|KiB)" now."$ ]] || fail form
	is "$(sql 'SELECT group_concat(id) FROM run')" 4,5
	wrong_usage --show=3 "the history has no run 3"
	run fj --check
	status_is 0
	# All of it: the passes stand all the same.
	run fj --prune=0
	status_is 0
	has "Removed 2 runs"
	run fj4 --list
	hasnt "?"
	[[ $output =~ fail\ +plain\ +tests/bad_test.lua ]] || fail "bad_test is not known"
	run fj4 --changed --report=json:report.json
	status_is 1
	is "$(ran)" bad
	run fj --check
	status_is 0
	# No number is given twice.
	is "$(sql 'SELECT id FROM run')" 6
}

@test "--prune by age, by the default bound, and in words that it does not know" {
	plain good ""
	for i in 1 2 3; do
		fj -q
	done
	sql "UPDATE run SET started = started - 86400 * 40 * 1000000000 WHERE id = 3;
		UPDATE run SET started = started - 3 * 3600 * 1000000000 WHERE id = 2"
	run fj --prune
	has "Removed 0 runs"
	run fj --prune=6w
	has "Removed 0 runs"
	run fj --prune=30d
	has "Removed 1 run "
	is "$(sql 'SELECT sum(id) FROM run')" 3
	run fj --prune=90m
	has "Removed 1 run "
	is "$(sql 'SELECT group_concat(id) FROM run')" 1
	for value in 30x 5.5d -3 1d2 0d 200y many 99999999999999999999; do
		refused 2 "--prune=$value" "--prune=$value"
	done
	refused 2 "take no path" --prune tests
	refused 2 "--prune has no such report" --prune --report=json
	rm -rf .firmo-jobs
	bad 3 "there is no history in $DB" --prune
	refute test -e .firmo-jobs
}

@test "--prune while the history is in use: the runs are gone, the space comes back later" {
	plain good "print(('x'):rep(3000))"
	fj -q
	fj -q
	mkfifo in
	sqlite3 "$DB" <in >out 2>&1 3>&- &
	local reader=$!
	exec 8>in
	printf 'BEGIN;\nSELECT count(*) FROM run;\n' >&8
	await grep -q 2 out
	run --separate-stderr fj --prune=1
	exec 8>&-
	wait "$reader" # not for the watchdog, too
	status_is 0
	has "Removed 1 run "
	one_line "not smaller yet"
	is "$(sql 'SELECT id FROM run')" 2
	run fj --check
	status_is 0
}

@test "shards: their histories are joined, twice is once, and reports are those of the day" {
	plain one "print('said')"
	plain two "print('why') os.exit(1)"
	busted_test many "describe('d #slow', function() it('a', function() end) it('b', function() error('no') end) end)"
	shard a --lua=lua5.4 tests/one_test.lua
	shard b --lua=lua5.4 tests/two_test.lua tests/many_spec.lua
	fj4 -q tests/two_test.lua || true
	run --separate-stderr fj --import=a.db b.db
	status_is 0
	is "$stderr" ""
	is "$output" "a.db: 1 run with 1 result imported
b.db: 1 run with 2 results imported"
	cmp <(report_of a.db 1) <(report_of "$DB" 2)
	cmp <(report_of b.db 1) <(report_of "$DB" 3)
	for format in junit tap; do
		cmp <(fj --db=b.db --show --report=$format) <(fj --show=3 --report=$format)
	done
	# The last run is the last by time.
	run fj --show
	has "1 in all, 1 failed"
	sql .dump >before.sql
	run fj --import --import=b.db --import=a.db
	status_is 0
	has "b.db: 0 runs with 0 results imported, 1 known already"
	cmp before.sql <(sql .dump)
	run fj --check
	status_is 0
	has "runs     3, from"
	# The latest first, by time.
	is "$(fj --history | awk '$1 ~ /^[0-9]+$/ && $2 ~ /-/ { print $1 }' | xargs)" "1 3 2"
	# Into none: it is made. What was watched elsewhere is no reason not to run here.
	fj --db=new/h.db --import b.db
	run fj4 --db=new/h.db --changed --report=json:report.json
	status_is 1
	is "$(ran)" "many one two"
}

@test "a history in use and in the middle of a run is exported, imported and checked" {
	plain first ""
	plain hang "io.open('hanging', 'w'):close() while true do os.execute('sleep 0.05') end"
	start -j1 --order=path
	await test -e hanging
	await eval '[ "$(sql "SELECT count(*) FROM result")" = 1 ]'
	cp -r .firmo-jobs copied
	test -s "$DB-wal"
	run fj --export=out.db
	status_is 0
	[[ $output =~ ^"Exported to out.db: "[0-9]+\ (bytes|KiB)"."$ ]] || fail form
	for from in "$DB" copied/history.db out.db; do
		run fj --db=joined.db --import "$from"
		status_is 0
		run fj --check --db="$from"
		status_is 0
		has "results  1"
	done
	is "$(DB=joined.db sql 'SELECT count(*) || elapsed IS NULL FROM run')" 1
	kill -INT "$RUNNER"
	finish
	run fj --db=joined.db --import "$DB"
	status_is 0
	has "1 run with 1 result imported"
	is "$(DB=joined.db sql 'SELECT count(*) FROM run WHERE elapsed IS NULL')" 0
	run fj --check --db=joined.db
	status_is 0
	# A copy without the index of its log, in a folder that may only be read.
	rm copied/history.db-shm
	chmod 555 copied
	run fj --db=other.db --import copied/history.db
	status_is 0
	has "1 run with 1 result imported"
	is "$(files_in copied)" ".gitignore history.db history.db-locks history.db-wal "
}

@test "what is imported or checked is only read, byte for byte, and nothing is left anywhere" {
	plain good ""
	shard a
	mkdir own/there
	mv a.db own/there
	find own -type f -exec sha256sum {} + | sort >before
	fj -q
	fj --import own/there/a.db own/a.db
	fj --db=own/there/a.db --check
	fj --db=own/a.db --check
	find own -type f -exec sha256sum {} + | sort >after
	diff before after
	is "$(files_in "$TMPDIR")" ""
}

@test "what is no history is refused: nothing is imported, of other files neither" {
	plain good ""
	fj -q
	shard a
	: >empty
	echo "some text, and no more" >text
	mkdir folder
	mkfifo pipe
	sqlite3 theirs.db "CREATE TABLE run(a); INSERT INTO run VALUES('precious')"
	cp a.db newer.db
	sqlite3 newer.db "PRAGMA user_version=99"
	head -c 9000 a.db >short.db
	cp a.db hole.db
	dd if=/dev/zero of=hole.db bs=1024 seek=16 count=8 conv=notrunc 2>/dev/null
	cp a.db lost.db
	sqlite3 lost.db "DELETE FROM file"
	refused 2 "gone.db: No such file" --import a.db gone.db
	refused 2 "empty is no history: it is empty" --import a.db empty
	refused 2 "text: it is no history" --import text a.db
	refused 2 "folder is no history: it is not a file" --import=folder a.db
	refused 2 "pipe is no history: it is not a file" --import pipe
	refused 2 "theirs.db: it is no history of firmo-jobs" --import a.db theirs.db
	refused 2 "newer firmo-jobs (format 99" --import a.db newer.db
	refused 2 "short.db" --import a.db short.db
	refused 2 "hole.db" --import a.db hole.db
	refused 2 "lost.db is damaged: results of no file: 1" --import a.db lost.db
	refused 2 "is the history itself" --import a.db "./$DB"
	refused 2 "names of histories are missing" --import
	is "$(sqlite3 theirs.db 'SELECT a FROM run')" precious
	# Nor is one begun for nothing.
	wrong_usage --db=none/h.db --import text text
	refute test -e none
}

@test "--export replaces a history, and nothing else" {
	plain good ""
	fj -q
	: >empty
	echo text >text
	mkdir folder
	for target in text folder "$DB" own/used.db; do
		fj -q --db=own/used.db
		refused 3 "$target" --export="$target"
	done
	is "$(cat text)" text
	refused 2 "wants a file's name" --export=-
	refused 2 "is missing" --export
	fj --export=empty
	fj --export=deep/er/out.db
	fj -q
	fj --export=deep/er/out.db
	is "$(DB=deep/er/out.db sql 'SELECT count(*) FROM run')" 2
	is "$(files_in deep/er)" "out.db "
	bad 3 "there is no history in none.db" --db=none.db --export=x.db
	refute test -e x.db
	refute test -e none.db
}

@test "--check says what a history holds, and what is wrong with it" {
	plain good ""
	busted_test many "describe('d', function() it('a', function() end) end)"
	bad 3 "there is no history in $DB" --check
	fj4 -q
	fj4 -q
	run --separate-stderr fj --check
	status_is 0
	is "$stderr" ""
	is "${lines[0]}" "$DB: sound"
	has "format   14"
	[[ ${lines[2]} =~ ^"  runs     2, from "[0-9]{4}-[-0-9\ :]+" to "[0-9]{4}- ]] || fail runs
	has "files    2"
	has "results  4"
	has "tests    1"
	[[ ${lines[6]} =~ ^"  size     "[0-9]+" KiB, "[0-9]+" bytes a result"$ ]] || fail size
	sql "DELETE FROM run WHERE id = 1"
	run --separate-stderr fj --check
	status_is 1
	is "${lines[0]}" "$DB: damaged"
	has "results of no run: 2"
	has "Move it away"
	fj --prune=0 >/dev/null
	sql "PRAGMA user_version=99"
	bad 3 "newer firmo-jobs (format 99" --check
	echo "no database" >text
	wrong_usage --db=text --check "text: it is no history of firmo-jobs"
}

@test "--check=repair makes the figures of files anew, and touches nothing else" {
	plain a "print('a')"
	plain b "os.exit(1)"
	plain c "print('c')"
	fj -q || true
	fj -q || true
	fj --history=slowest >before
	# Whether inputs had changed stands nowhere else.
	fj --history tests/c_test.lua >inputs
	grep -q " same\>" inputs
	sql "UPDATE file SET trail = x'ff' WHERE path LIKE '%/a%'; UPDATE file SET trail = x'' WHERE path LIKE '%/b%'"
	results=$(sql "SELECT group_concat(quote(id) || quote(wall) || quote(output)) FROM result")
	run fj --check
	status_is 1
	has "torn figures: 1"
	run fj --check=repair
	status_is 0
	has "sound"
	is "$(sql "SELECT group_concat(quote(id) || quote(wall) || quote(output)) FROM result")" "$results"
	fj --history=slowest >after
	cmp before after
	fj --history tests/c_test.lua | cmp inputs -
	# What cannot be made of the rest stays wrong.
	sql "DELETE FROM run WHERE id = 1"
	run fj --check=repair
	status_is 1
	has "results of no run: 3"
	wrong_usage --check=mend "wants repair"
	bad 3 "there is no history in other.db" --db=other.db --check=repair
	[ ! -e other.db ]
}
