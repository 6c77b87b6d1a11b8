#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Histories that hold what none of ours writes: nothing of it crashes or hangs, and nothing is lost.

load common
load fixtures/report

DB=.firmo-jobs/history.db

# settled: a history with passes, failures and tests, all of it in its file, kept as good.db.
settled() {
	plain good "print('hello')"
	plain bad "os.exit(1)"
	busted_test many "describe('d', function() it('a', function() end) end)"
	settle
	fj4 -q || true
	sqlite3 "$DB" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
	rm -f "$DB"-*
	cp "$DB" good.db
}

is_sound() {
	is "$(sql 'PRAGMA integrity_check')" ok
}

# every_mode: runs all that read the history; fails unless each ends by itself, with a status of its own.
every_mode() {
	local words
	for words in --show '--show --report=json' '--show --report=html:x.html' '--show --report=junit' --history \
		--history=runs --history=tests --history=slowest --history=failing --history=regressions --compare=1 \
		'--history tests' '--why=tests/good_test.lua -v' --list --advise --changed '--export=out.db' --check; do
		# shellcheck disable=SC2086 # words
		run timeout 20 "$FIRMO_JOBS" $words 3>&-
		[ "$status" -le 3 ] || fail "$words: status $status after: $change"
		rm -f out.db
		[ "$words" != --changed ] || restore
	done
}

# restore: the history as it was damaged last.
restore() {
	rm -rf .firmo-jobs
	mkdir .firmo-jobs
	cp hostile.db "$DB"
}

# damaged SQL: makes it out of the good one.
damaged() {
	change=$1
	cp good.db hostile.db
	sqlite3 hostile.db "PRAGMA writable_schema=ON; PRAGMA ignore_check_constraints=ON; $1" >/dev/null
	restore
}

# none_is_sound SQL...: the history with the damage of each statement is called so, and crashes nothing.
none_is_sound() {
	settled
	for sql in "$@"; do
		damaged "$sql"
		run fj --check
		[ "$status" -ne 0 ] || [[ $sql == *file_error* ]] || fail "sound after: $sql"
		every_mode
	done
}

@test "numbers of results and runs that cannot be crash nothing and are found by --check" {
	none_is_sound \
		"update result set framework=99999999" "update result set status=77" \
		"update result set slot=2147483600" "update result set wall=9000000000000000000" \
		"update result set started=-9223372036854775808" "update run set started=9223372036854775807" \
		"update run set jobs='many'" "update run set signal=-5" "update run set waits=zeroblob(160000)||x'00'" \
		"update result set attempt=0" "update result set maxrss=9223372036854775807" \
		"update result set expected=9223372036854775807"
}

@test "values of files and tests that cannot be crash nothing and are found by --check" {
	none_is_sound \
		"update file set status=-1" "update file set path=x'00ff' where id=1" "update file set tests=1e300" \
		"update test set name='a'||char(0)||'b' where id=1" "update roster set tests=zeroblob(3)" \
		"update listed set line=-1" "update listed set test=99" \
		"update result set endings=x'ffffffffffffffffffff'" "update file set trail=x'ff'"
}

@test "values of inputs and passes that cannot be crash nothing and are found by --check" {
	none_is_sound \
		"update input set kind=99" "update input set name=x''" \
		"update snapshot set inputs=x'ffffffffffffffffff7f01'" "update snapshot set doubts=-1" \
		"update snapshot set key=x'00'" "update file_error set line=-9" "insert into reused values(9, 9)"
}

@test "a history with values that cannot be is set aside by a run" {
	settled
	damaged "update result set framework=99999999; update file set trail=x'ff'"
	run --separate-stderr fj --list
	one_line "--check"
	run --separate-stderr fj4
	status_is 1
	one_line "firmo-jobs --check --db=$DB.corrupt-"
	cmp "$DB".corrupt-*[0-9] hostile.db
	is_sound
	is "$(sql 'SELECT count(*) FROM result')" 3
	run --separate-stderr fj4
	is "$stderr" ""
}

@test "no text of a history reaches a terminal as a command to it" {
	settled
	damaged "update result set reason=char(27)||'r', learned=char(27)||'l'; update test set name=char(27)||name;
		update file_error set message=char(27)||message, place=char(27)||place, name=char(27)||'n';
		update input set name=char(27)||name where kind in (2, 3, 16); update failure set message=char(27)||message;
		update run set name=char(27)||name, version=char(27)||version, revision=char(27)||'r', stopped=char(27)||'s',
			lua=char(27)||lua; update file set path=char(27)||path where path like '%many%'"
	fj --check
	for words in --show '--show -v' '--show --report=tap' --history --history=runs --history=tests --history=slowest \
		--history=failing --history=flaky --compare=1 '--history tests' '--why=tests/good_test.lua --limit=cpu=9' \
		'--why=tests/good_test.lua -v' --list --advise --check --prune=1; do
		# shellcheck disable=SC2086 # words
		run fj $words
		[ -n "$output" ] || fail "$words: nothing"
		[[ $output != *$'\033'* ]] || fail "$words: $output"
	done
}

@test "NULL where none may be, as flipped bytes make it" {
	settled
	for row in "run name" "file path" "test name" "input name" "roster tests" "listed test" "file trail" "snapshot inputs"; do
		set -- $row
		damaged "update sqlite_master set sql=replace(sql, 'NOT NULL', '        ') where name='$1';
			update sqlite_master set sql=sql"
		sqlite3 hostile.db "update $1 set $2=NULL" || fail "$row is not NULL"
		restore
		run fj --check
		[ "$status" -ne 0 ] || fail "sound: $row"
		every_mode
	done
}

@test "a history that is a fifo, a folder or a device, or has one beside it, holds nothing up" {
	plain good ""
	mkdir .firmo-jobs
	for how in "mkfifo $DB" "mkdir $DB" "ln -s /dev/zero $DB" "mkfifo $DB-journal" "mkfifo $DB-wal"; do
		rm -rf .firmo-jobs
		mkdir .firmo-jobs
		: >"$DB"
		[[ $how == *-journal || $how == *-wal ]] || rm "$DB"
		$how
		for words in --history --list --show --check --why=tests/good_test.lua --prune ""; do
			# shellcheck disable=SC2086 # words
			run timeout 10 "$FIRMO_JOBS" $words 3>&-
			[ "$status" -le 3 ] || fail "$how, $words: status $status"
		done
		has "1 passed"
		has "is not a file"
	done
	rm -rf .firmo-jobs
	settled
	sql "PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
	for beside in wal shm journal; do
		rm -f "$DB"-*
		mkfifo "$DB-$beside"
		run fj --check
		status_is 3
		has "history.db-$beside is not a file"
	done
}

@test "views, triggers and tables that are not ours do not run, and are damage" {
	settled
	endless="WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT"
	for sql in "CREATE VIEW v AS $endless i FROM n" \
		"ALTER TABLE file RENAME TO f; CREATE VIEW file AS $endless i AS id, i AS path, 0 AS born, 1 AS status,
			0 AS ended, 0 AS tests, 0 AS state, x'' AS trail FROM n" \
		"CREATE TRIGGER t AFTER INSERT ON run BEGIN DELETE FROM result; END" \
		"CREATE TABLE more(x)" "ALTER TABLE run ADD COLUMN y AS (hex(zeroblob(1000)))" "DROP TABLE failure"; do
		damaged "$sql"
		run fj --check
		[ "$status" -ne 0 ] || fail "sound after: $sql"
		every_mode
		run --separate-stderr timeout 20 "$FIRMO_JOBS" tests/good_test.lua 3>&-
		status_is 0
		one_line "firmo-jobs --check"
		cmp "$DB".corrupt-*[0-9] hostile.db
	done
}

@test "another program's database is not touched: 2 where --db names it, else no history" {
	plain good ""
	sqlite3 app.sqlite "CREATE TABLE run(a); CREATE TABLE file(a); INSERT INTO run VALUES('precious')"
	sqlite3 marked.sqlite "PRAGMA application_id=252006673; CREATE TABLE t(a)"
	sqlite3 numbered.sqlite "PRAGMA user_version=3; CREATE TABLE run(a)"
	echo "a text" >notes.txt
	for file in app.sqlite marked.sqlite numbered.sqlite notes.txt; do
		cp "$file" before
		for words in "" --list --history --show --check --prune=0 --rules --changed --export=e.db --advise; do
			# shellcheck disable=SC2086 # words
			wrong_usage --db="$file" $words "no history of firmo-jobs"
		done
		FIRMO_JOBS_DB=$file run --separate-stderr fj
		status_is 0
		one_line "without history"
		cmp "$file" before
		is "$(files_in . | tr ' ' '\n' | grep -c "^$file")" 1
	done
	# In the place of ours it is none of ours either.
	mkdir .firmo-jobs
	cp app.sqlite "$DB"
	run --separate-stderr fj
	status_is 0
	one_line "without history"
	cmp app.sqlite "$DB"
	is "$(files_in .firmo-jobs)" "history.db "
}

@test "a history of a format without a mark is known by its tables, and gets one" {
	plain good ""
	mkdir .firmo-jobs
	sqlite3 "$DB" <"$BATS_TEST_DIRNAME/../unit/store/formats/9.sql"
	sqlite3 "$DB" "PRAGMA application_id=0; PRAGMA user_version=6; ALTER TABLE snapshot DROP COLUMN deadline; ALTER TABLE result DROP COLUMN learned"
	results=$(sql 'SELECT count(*) FROM result')
	run --separate-stderr fj --history
	status_is 0
	is "$stderr" ""
	is "$(sql 'PRAGMA application_id')" 1181380450
	is "$(sql 'SELECT count(*) FROM result')" "$results"
}

@test "a history that is removed in mid-run is made again, with all results of the run" {
	plain a "print('a')"
	plain b "os.execute('rm -rf .firmo-jobs')"
	plain c "os.exit(1)"
	fj -q tests/a_test.lua
	run --separate-stderr fj -j1 --order=path
	status_is 1
	one_line "made again"
	is "$(sql 'SELECT count(*) FROM result')" 3
	is "$(sql 'SELECT count(*) FROM run WHERE elapsed IS NOT NULL')" 1
	is_sound
	run fj --check
	status_is 0
}

@test "a history that is emptied in mid-run is made again, one whose log is removed loses nothing" {
	plain a "print('a')"
	plain b "os.execute(': >$DB')"
	plain c "os.exit(1)"
	fj -q tests/a_test.lua
	sql "PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
	run --separate-stderr fj -j1 --order=path
	status_is 1
	[[ $stderr == *"$DB"* ]]
	is_sound
	is "$(sql 'SELECT count(*) FROM result WHERE run=(SELECT max(id) FROM run)')" 3
	plain b "os.execute('rm $DB-wal')"
	run --separate-stderr fj -j1 --order=path
	status_is 1
	is "$stderr" ""
	is_sound
	is "$(sql 'SELECT count(*) FROM result WHERE run=(SELECT max(id) FROM run)')" 3
}

@test "what is damaged so that it cannot be brought up to date, or not opened, is told by --check in the same way" {
	plain good ""
	for format in 1 2 3 9 text; do
		rm -rf .firmo-jobs
		mkdir .firmo-jobs
		if [ "$format" = text ]; then
			echo "a text" >"$DB"
		else
			sqlite3 "$DB" <"$BATS_TEST_DIRNAME/../unit/store/formats/$format.sql"
			sqlite3 "$DB" "UPDATE result SET status=77"
			[ "$format" -lt 9 ] || sqlite3 "$DB" "DROP TABLE failure"
		fi
		cp "$DB" before
		run --separate-stderr fj --check
		status_is 1
		is "${lines[0]}" "$DB: damaged"
		[ "$stderr" = "" ] || fail "$stderr"
		[ "$format" = text ] || wrong_usage --db=other.db --import before "the history before is damaged: "
		cmp "$DB" before
		run --separate-stderr fj
		status_is 0
		one_line "firmo-jobs --check --db=$DB.corrupt-"
		[ "${stderr#*--check}" = "${stderr##*--check}" ] || fail "$stderr"
	done
}

@test "an index or a log that is cut short in mid-run is damage to every run that uses it, and kills none" {
	mkfifo go
	plain waits "io.open('here', 'w'):close() io.open('go'):read()"
	plain a ""
	plain c "os.exit(1)"
	for cut in "0 $DB-shm" "4096 $DB-shm" "0 $DB-wal" "8000 $DB-wal"; do
		rm -rf .firmo-jobs here
		fj -q tests/a_test.lua
		plain b "os.execute('truncate -s $cut')"
		start_command "$FIRMO_JOBS" -q tests/waits_test.lua
		await test -e here
		run --separate-stderr fj -j1 --order=path tests/a_test.lua tests/b_test.lua tests/c_test.lua
		status_is 1
		one_line "was cut short in mid-use"
		one_line "firmo-jobs --check --db=$DB.corrupt-"
		echo >go
		finish
		is "$how" "exit 0"
		is "$(wc -l <err)" 1
		is "$(sql 'SELECT count(*) FROM result')" 4
		is_sound
		run fj --check
		status_is 0
	done
}

@test "a history that is damaged in mid-run is set aside, and a new one has all of the run" {
	plain a ""
	plain b "os.execute([[sqlite3 $DB \"UPDATE file SET trail=x'ff'\"]])"
	plain c ""
	# Not b, which might damage it when nobody looks any more.
	fj -q tests/a_test.lua tests/c_test.lua
	run --separate-stderr fj -j1 --order=path
	status_is 0
	one_line "firmo-jobs --check --db=$DB.corrupt-"
	is "$(sql 'SELECT count(*) FROM result')" 3
	is_sound
	run fj --check
	status_is 0
}

@test "what another process prunes in mid-run is named by nothing that the run records" {
	mkfifo go
	echo one >lib.txt
	touch -d '1 hour ago' lib.txt
	plain a "assert(io.open('lib.txt')):read()"
	plain b "io.open('here', 'w'):close() io.open('go'):read()"
	plain c "assert(io.open('lib.txt')):read()"
	settle
	start_command "$FIRMO_JOBS" --lua="$LUA" -j1 --order=path
	await test -e here
	await eval '[ "$(sql "SELECT count(*) FROM snapshot")" = 1 ]'
	cp -p lib.txt kept
	echo two >lib.txt
	fj4 -q tests/a_test.lua
	fj --prune=9
	is "$(sql "SELECT count(*) FROM input WHERE kind=1 AND name='lib.txt'")" 1
	mv kept lib.txt
	echo >go
	finish
	is "$how" "exit 0"
	run fj --check
	status_is 0
	is "$(sql "SELECT count(*) FROM input WHERE kind=1 AND name='lib.txt'")" 2
}

@test "two modes are refused, and nothing is removed" {
	plain good ""
	fj -q
	wrong_usage --list --prune=0 "--list and --prune"
	wrong_usage --check --prune=0 "--check and --prune"
	wrong_usage --history --show "--history and --show"
	FIRMO_JOBS_FLAGS=--list wrong_usage --advise "--list and --advise"
	run fj --help --prune=0
	status_is 0
	has "Usage:"
	run fj --history --history=runs
	status_is 0
	is "$(sql 'SELECT count(*) FROM run')" 1
}

@test "a file that says that it can only be read is damaged, and set aside" {
	settled
	printf '\077' | dd of="$DB" bs=1 seek=18 conv=notrunc 2>/dev/null
	run fj --check
	[ "$status" -ne 0 ] || fail "it is called sound"
	run fj4
	status_is 1
	has "is damaged (the version of its format cannot be)"
	run fj --check
	status_is 0
}
