-- SPDX-License-Identifier: MIT
-- Steps with databases of sqlite whose rows lie in a log beside them, and with plain files called so.
local dice = require "dice"

local sqlite = {}

-- A database in the folder $1 whose row $2 is only in its write-ahead log: as a writer that was killed
-- leaves it.
local wal = [[
log_of() {
	mkdir -p $1/live
	sqlite3 $1/live/app.db "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(v);" \
		"PRAGMA wal_checkpoint(TRUNCATE)" "INSERT INTO t VALUES ('$2')" ".shell cp $1/live/app.db $1/live/app.db-wal $1" >/dev/null
	rm -r $1/live
}
]]

local readers = {
	{ "sqlite3", "sqlite3", "sqlite3 -readonly D/app.db 'SELECT v FROM t'" },
	{ "python3", "python3", "python3 -c 'import sqlite3; print(sqlite3.connect(\"file:D/app.db?mode=ro\", uri=True).execute(\"SELECT v FROM t\").fetchone()[0])'" },
}

local function database(step, place)
	local reader = dice.pick(readers)
	step.what = "a row in a write-ahead log, by " .. reader[1]
	step.needs = reader[2] == "sqlite3" and "sqlite3" or "sqlite3 python3"
	step.setup = wal .. place("log_of D old; mkdir D/o; log_of D/o new")
	step.test = place(("local got = sh [==[%s]==]\nassert(got == 'old', got)"):format(reader[3]))
	local edit = dice.pick {
		{ "the log replaced", "cp D/o/app.db D/o/app.db-wal D" },
		{ "the log replaced by a rename", "mv D/o/app.db D/o/app.db-wal D" },
		{ "the log removed", "rm D/app.db-wal" },
		{ "another row by a writer that leaves", "sqlite3 D/app.db \"UPDATE t SET v = 'new'\"" },
	}
	step.edit_name, step.edit = edit[1], place(edit[2])
end

local function plain(step, place)
	local name = dice.pick { "log-journal", "x.db-wal", "x.db-shm", "-journal", "app.db-journal" }
	local beside = name:gsub("%-%a+$", "")
	step.what = "a plain file called " .. name
	step.setup = place(("printf old >D/%s; printf x >D/%s"):format(name, beside == "" and "x" or beside))
	step.test = place(dice.pick {
		("assert(slurp 'D/%s' == 'old')"):format(name),
		("assert(sh 'cat D/%s' == 'old')"):format(name),
		("slurp 'D/%s' assert(slurp 'D/%s' == 'old')"):format(beside == "" and "x" or beside, name),
	})
	local edit = dice.pick {
		{ "written", "printf new >D/N" }, { "removed", "rm -- D/N" },
		{ "replaced by a rename", "printf new >D/u; mv D/u D/N" },
	}
	step.edit_name, step.edit = edit[1], place((edit[2]:gsub("N", name)))
end

function sqlite.fill(step)
	local function place(text) return (text:gsub("%f[%w]D%f[%W]", step.folder)) end
	local which = dice.chance(0.5) and database or plain
	which(step, place)
end

return sqlite
