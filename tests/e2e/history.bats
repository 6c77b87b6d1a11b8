#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What is remembered, where, and that nothing that befalls the history breaks a run.

load common
load fixtures/report

DB=.firmo-jobs/history.db

# one_warning TEXT: standard error is that line alone, and the run went on.
one_warning() {
	one_line "$1"
	has "Files: "
}

# is_sound [FILE]: nothing in the database is damaged.
is_sound() {
	is "$(sqlite3 "${1:-$DB}" 'PRAGMA integrity_check')" ok
	is "$(sqlite3 "${1:-$DB}" 'PRAGMA journal_mode')" wal
}

# Holds a lock on the history, by an sqlite3 that reads from fd 8, until release_lock.
hold_lock() {
	mkfifo lock.in
	sqlite3 "$DB" <lock.in >lock.out 2>&1 3>&- &
	LOCKER=$!
	exec 8>lock.in
	printf 'BEGIN EXCLUSIVE;\nSELECT "held";\n' >&8
	await grep -q held lock.out
}

release_lock() {
	printf 'ROLLBACK;\n' >&8
	exec 8>&-
	wait "$LOCKER"
}

# in_mount COMMAND: bash runs it where tmpfs can be mounted; skips the test where it cannot.
in_mount() {
	unshare -rm mount -t tmpfs tmpfs /mnt 2>/dev/null || skip "no tmpfs can be mounted here"
	export -f fj
	run --separate-stderr unshare -rm bash -ec "$1"
}

# ---- runs that did not end ----

@test "an interrupted run and a killed one are marked" {
	plain first "io.open('began', 'w'):close()"
	plain hang "io.open('hanging', 'w'):close() while true do os.execute('sleep 0.05') end"
	start -j1 --order=path tests/first_test.lua tests/hang_test.lua
	await test -e hanging
	kill -INT "$RUNNER"
	finish
	status_is 130
	rm hanging
	start -j1 --order=path
	await test -e hanging
	# What has ended is recorded a moment later.
	await eval '[ "$(sql "SELECT max(id) FROM run")" = 2 ]'
	kill -KILL "$RUNNER"
	finish
	fj -q tests/first_test.lua
	run fj --history
	status_is 0
	[[ ${lines[1]} =~ ^\ +3\ .*s\ +[0-9.]+%$ ]]
	[[ ${lines[2]} =~ ^\ +2\ .*\ -$ ]]
	is "${lines[3]}" "    it was killed, or goes on"
	[[ ${lines[4]} =~ ^\ +1\  ]]
	is "${lines[5]}" "    interrupted"
	# What had ended was kept, what was cut short has no outcome.
	is "$(sql "SELECT count(*) FROM result r JOIN file f ON f.id = r.file WHERE f.path LIKE '%first%'")" 3
	is "$(sql "SELECT count(*) FROM result r JOIN file f ON f.id = r.file WHERE f.path LIKE '%hang%' AND r.status <> 0")" 0
	is_sound
}

# ---- where it is ----

@test "the history's folder keeps itself out of version control" {
	plain good ""
	fj -q
	is "$(cat .firmo-jobs/.gitignore)" "*"
	is_sound
	is "$(sql 'PRAGMA user_version')" 14
}

@test "a folder that is there is left as it is" {
	plain good ""
	fj -q --db=mine.db
	test -s mine.db
	refute test -e .gitignore
	mkdir .firmo-jobs
	echo mine >.firmo-jobs/.gitignore
	fj -q
	is "$(cat .firmo-jobs/.gitignore)" mine
}

@test "--db and FIRMO_JOBS_DB say where the history is" {
	plain good ""
	FIRMO_JOBS_DB=one/deep/h.db fj -q
	test -s one/deep/h.db
	FIRMO_JOBS_DB=one/deep/h.db fj -q --db=two.db
	test -s two.db
	refute test -e .firmo-jobs
	is "$(DB=one/deep/h.db sql 'SELECT count(*) FROM run')" 1
	run fj --history --db=two.db
	has "1 run, 1 of them to the end"
	FIRMO_JOBS_DB='' fj -q
	test -s "$DB"
}

@test "every result is kept, with its tests and messages" {
	busted_test mixed "describe('g', function()" "it('works', function() end)" \
		"it('fails', function() error('thrown') end)" "end)"
	plain bad "print('spoken') error('it is broken')"
	plain good "print('unheard')"
	fj4 -q || true
	is "$(sql "SELECT count(*) FROM result")" 3
	is "$(sql "SELECT count(*) FROM test")" 2
	is "$(sql "SELECT message LIKE '%thrown%' FROM failure")" 1
	is "$(sql "SELECT message FROM file_error")" "tests/bad_test.lua:1: it is broken"
	is "$(sql "SELECT CAST(output AS TEXT) LIKE 'spoken%' FROM result r JOIN file f ON f.id = r.file
		WHERE f.path = 'tests/bad_test.lua'")" 1
	is "$(sql "SELECT bad || ' ' || files FROM run")" "2 3"
}

# ---- what befalls it ----

# corrupt_history HOW: all that the history has is in its file, and that is damaged; `garbage` is a copy.
corrupt_history() {
	fj -q
	sqlite3 "$DB" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
	rm -f "$DB"-*
	case $1 in
	head) printf 'this was a database once, %s\n' {1..400} >"$DB" ;;
	# The first hundred bytes are whole, the schema behind them is not.
	schema) dd if=/dev/zero of="$DB" bs=1 seek=100 count=3996 conv=notrunc 2>/dev/null ;;
	# The second page, the table of the runs, is not.
	table) head -c 40960 /dev/zero | tr '\0' '\377' | dd of="$DB" bs=1 seek=4096 conv=notrunc 2>/dev/null ;;
	short) truncate -s 5000 "$DB" ;;
	esac
	cp "$DB" garbage
}

# Fails unless the damaged history was kept, said once, and replaced by a good one.
is_set_aside() {
	plain good ""
	corrupt_history "$1"
	run --separate-stderr fj
	status_is 0
	one_warning damaged
	has "1 passed"
	is_sound
	is "$(sql 'SELECT count(*) FROM result')" 1
	cmp "$DB".corrupt-* garbage
	run --separate-stderr fj
	status_is 0
	is "$stderr" ""
	is "$(sql 'SELECT count(*) FROM result')" 2
}

@test "a history with a corrupt head is set aside with one warning, and a new one is begun" {
	is_set_aside head
}

@test "a history with a corrupt schema is set aside with one warning, and a new one is begun" {
	is_set_aside schema
}

@test "a history with corrupt tables does not break a run, and says so once" {
	plain good ""
	for how in table short; do
		corrupt_history $how
		run --separate-stderr fj
		status_is 0
		one_warning history
		has "1 passed"
		rm -rf .firmo-jobs
	done
}

@test "many firmo-jobs that find a corrupt history keep it, and lose nothing" {
	for i in 1 2 3 4 5 6 7 8; do
		test_file "tests/$i/t_test.lua" "-- nothing"
	done
	corrupt_history head
	pids=''
	for i in 1 2 3 4 5 6 7 8; do
		"$FIRMO_JOBS" -q "tests/$i" >"out$i" 2>&1 3>&- &
		pids+=" $!"
	done
	for pid in $pids; do
		wait "$pid"
	done
	kept=0
	for aside in "$DB".corrupt-*; do
		! cmp -s "$aside" garbage || kept=1
	done
	is "$kept" 1
	is "$(sql 'SELECT count(*) FROM result')" 8
	is_sound
}

@test "--history of a corrupt history says so and touches nothing" {
	mkdir .firmo-jobs
	printf 'no database at all, %s\n' {1..400} >"$DB"
	cp "$DB" before
	for arg in --history --list; do
		plain good ""
		run --separate-stderr fj $arg
		one_line "$DB"
		cmp "$DB" before
		is "$(files_in .firmo-jobs)" "history.db "
	done
}

@test "a history from a newer version is left alone, byte for byte" {
	plain good ""
	plain bad "os.exit(1)"
	fj -q || true
	sqlite3 "$DB" "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA user_version=99; PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
	cp "$DB" before
	run --separate-stderr fj
	status_is 1
	one_warning newer
	has "2 in all"
	cmp "$DB" before
	run --separate-stderr fj --history
	one_line newer
	run --separate-stderr fj --list
	status_is 0
	one_line newer
	cmp "$DB" before
}

@test "a history that stays locked: the run finishes, with one warning" {
	plain good ""
	plain bad "os.exit(1)"
	fj -q || true
	hold_lock
	run --separate-stderr fj --report=json:report.json
	release_lock
	status_is 1
	one_warning locked
	has "Files: 2 in all, 1 passed, 1 failed"
	query_is r.run.id null
	is "$(sql 'SELECT count(*) FROM result')" 2
	is_sound
}

@test "a history that is locked for a while loses nothing" {
	plain good "io.open('ran', 'w'):close()"
	plain bad "os.exit(1)"
	fj -q || true
	rm ran
	hold_lock
	start -j1
	await test -e ran
	sleep 0.3
	release_lock
	finish
	status_is 1
	is "$errors" ""
	is "$(sql 'SELECT count(*) FROM result')" 4
	is "$(sql 'SELECT count(*) FROM run WHERE elapsed IS NOT NULL')" 2
}

@test "a history that goes in mid-run: one warning, and the run goes on" {
	plain a "os.execute('rm -rf .firmo-jobs; mkdir .firmo-jobs; echo garbage >$DB')"
	plain b ""
	fj -q tests/b_test.lua
	run --separate-stderr fj -j1 --order=path
	status_is 0
	has "2 passed"
	[ "$(grep -c '' <<<"$stderr")" -le 1 ]
}

# is_recorded NAME TIMES: so many results of the test are in the history.
is_recorded() {
	[ "$(sql "SELECT count(*) FROM result JOIN file ON file.id=result.file WHERE path LIKE '%/$1_test.lua'")" = "$2" ]
}

@test "many firmo-jobs at once lose nothing, from the very first moment on" {
	for i in 1 2 3 4 5 6 7 8; do
		for k in 1 2 3; do
			test_file "tests/$i/t${k}_test.lua" "-- nothing"
		done
	done
	for round in 1 2 3; do
		pids=''
		for i in 1 2 3 4 5 6 7 8; do
			"$FIRMO_JOBS" -q -j2 "tests/$i" >"out$i" 2>&1 3>&- &
			pids+=" $!"
		done
		for pid in $pids; do
			wait "$pid"
		done
		is "$(cat out? | grep -c firmo-jobs:)" 0
		is "$(sql 'SELECT count(*) FROM run WHERE elapsed IS NOT NULL')" $((8 * round))
		is "$(sql 'SELECT count(*) FROM result')" $((24 * round))
		is "$(sql 'SELECT count(DISTINCT path) FROM file')" 24
		is "$(sql 'SELECT min(n) FROM (SELECT count(*) AS n FROM result GROUP BY file)')" $round
	done
	is_sound
}

@test "what others record in the middle of a run is in nobody's way" {
	plain first "assert(io.open('fixture', 'w')):close()" "assert(io.open('tests/first_test.lua')):close()"
	plain second "io.open('go'):read()"
	plain other "return 1"
	touch go
	fj -q --order=path
	for round in 1 2; do
		rm go
		mkfifo go
		echo "-- changed in round $round" >>tests/first_test.lua
		start -j1 --order=path tests/first_test.lua tests/second_test.lua
		await is_recorded first $((round + 1))
		fj -q tests/other_test.lua
		echo >go
		finish
		status_is 0
		is "$errors" ""
		is "$(sql 'SELECT count(*) FROM result')" $((3 + 3 * round))
	done
}

@test "a folder that cannot be written: the run goes on without history, with one warning" {
	plain good ""
	plain bad "os.exit(1)"
	if [ "$(id -u)" -eq 0 ]; then
		in_mount '
			mount -t tmpfs tmpfs /mnt
			cp -r tests /mnt
			cd /mnt
			mount -o remount,ro /mnt
			fj'
	else
		chmod 555 .
		run --separate-stderr fj
		chmod 755 .
	fi
	status_is 1
	one_warning "without history"
	has "Files: 2 in all, 1 passed, 1 failed"
}

@test "a history that may only be read: the run goes on without, with one warning" {
	plain good ""
	plain bad "os.exit(1)"
	fj -q || true
	if [ "$(id -u)" -eq 0 ]; then
		in_mount '
			mount -t tmpfs tmpfs /mnt
			cp -r tests .firmo-jobs /mnt
			cd /mnt
			mount -o remount,ro /mnt
			fj'
	else
		chmod 444 "$DB"
		chmod 555 .firmo-jobs
		run --separate-stderr fj
		chmod 755 .firmo-jobs
	fi
	status_is 1
	one_warning "history"
	has "Files: 2 in all, 1 passed, 1 failed"
}

@test "a full disk: the run goes on without history, with one warning" {
	plain good ""
	plain bad "os.exit(1)"
	in_mount '
		mount -t tmpfs -o size=16k tmpfs /mnt
		cp -r tests /mnt
		cd /mnt
		head -c 1M /dev/zero >ballast 2>/dev/null || true
		fj'
	status_is 1
	one_warning "history"
	has "Files: 2 in all, 1 passed, 1 failed"
}

@test "a disk that fills up in mid-run: what was kept is sound" {
	for i in 1 2 3 4 5 6 7 8; do
		plain "t$i" "io.write(('x'):rep(200000)) os.exit(1)"
	done
	in_mount '
		mount -t tmpfs -o size=512k tmpfs /mnt
		cp -r tests /mnt
		cd /mnt
		fj -q -j1 --no-worker-output || status=$?
		sqlite3 .firmo-jobs/history.db "PRAGMA integrity_check"
		exit ${status-0}'
	status_is 1
	one_line history
	has "Files: 8 in all, 8 failed"
	is "${lines[-1]}" ok
}
