// SPDX-License-Identifier: MIT
#include "store/schema.h"

#include "base/err.h"
#include "store/database.h"
#include "store/query.h"
#include "store/upgrade.h"

// Of a result that was counted, one row for each source that it ran, in the text that this had;
// of a run, one for each that it told of, with the lines that count.
#define COVERAGE_TABLES                                                                            \
	"CREATE TABLE source(id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE);"                  \
	"CREATE TABLE edition(id INTEGER PRIMARY KEY, source INTEGER NOT NULL, digest BLOB,"       \
	" shape BLOB NOT NULL);"                                                                   \
	"CREATE INDEX edition_by_source ON edition(source);"                                       \
	"CREATE TABLE counted(result INTEGER NOT NULL, edition INTEGER NOT NULL,"                  \
	" counts BLOB NOT NULL, PRIMARY KEY(result, edition)) WITHOUT ROWID;"                      \
	"CREATE INDEX result_counted ON result(file) WHERE counted IS NOT NULL;"                   \
	"CREATE TABLE covered(run INTEGER NOT NULL, source INTEGER NOT NULL, hit INTEGER NOT "     \
	"NULL, missed INTEGER NOT NULL, PRIMARY KEY(run, source)) WITHOUT ROWID;"

// Times are nanoseconds, sizes bytes; status numbers are those of model/status.h.
static const char tables[] =
	// The number of a run that is gone is never given to another: trails may name it still.
	// bound: no order could have been faster. revision: the commit that was checked out.
	// waits: pairs of 8-byte integers in the machine's order. Imports bring runs whose numbers
	// are not in the order of time.
	"CREATE TABLE run(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL,"
	" started INTEGER NOT NULL, elapsed INTEGER, jobs INTEGER NOT NULL, peak INTEGER,"
	" files INTEGER, bad INTEGER, tests INTEGER, failed INTEGER, lower_bound INTEGER,"
	" bound INTEGER, seed INTEGER, signal INTEGER, repeated INTEGER, flaky_fails INTEGER,"
	" version TEXT NOT NULL, revision TEXT, stopped TEXT, lua TEXT, waits BLOB);"
	"CREATE INDEX run_by_started ON run(started);"
	// Its setups and teardowns, in the order of their ends. wall: 0 where it did not start.
	"CREATE TABLE fixture(run INTEGER NOT NULL, seq INTEGER NOT NULL, name TEXT NOT NULL,"
	" tears_down INTEGER NOT NULL, failed INTEGER NOT NULL, reason TEXT, output BLOB,"
	" started INTEGER NOT NULL, wall INTEGER NOT NULL,"
	" PRIMARY KEY(run, seq)) WITHOUT ROWID;"
	// What a run has not run again.
	"CREATE TABLE reused(run INTEGER NOT NULL, result INTEGER NOT NULL,"
	" PRIMARY KEY(run, result)) WITHOUT ROWID;"

	// status, forgiven, ended: of its latest result. born: the run that found the file. tests:
	// how many it had when it last came to its end. state: stands for what its inputs were at
	// its latest result; 0: unknown. trail: the figures of its latest results (store/pack.h),
	// which the rows of results tell as well as long as their runs are there; of older results
	// they are in the table trail, the oldest with the least seq. reading:
	// store/file.c. claims: store/claims.c.
	"CREATE TABLE file(id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, born INTEGER,"
	" status INTEGER NOT NULL, ended INTEGER NOT NULL, tests INTEGER, state INTEGER,"
	" trail BLOB NOT NULL, reading INTEGER NOT NULL DEFAULT 0,"
	" forgiven INTEGER NOT NULL DEFAULT 0, claims BLOB);"
	"CREATE TABLE trail(file INTEGER NOT NULL, seq INTEGER NOT NULL, samples BLOB NOT NULL,"
	" PRIMARY KEY(file, seq)) WITHOUT ROWID;"

	// run: 0 where it is gone and the result is still of use. delay: that it was ready to run
	// and got no CPU; NULL or -1: unknown. roster, endings: which tests it has, and how they
	// ended (store/pack.h). learned: how the framework was. quarantine, forgiven:
	// model/quarantine.h.
	"CREATE TABLE result(id INTEGER PRIMARY KEY, run INTEGER NOT NULL, file INTEGER NOT NULL,"
	" attempt INTEGER NOT NULL, started INTEGER NOT NULL, wall INTEGER NOT NULL,"
	" user INTEGER NOT NULL, sys INTEGER NOT NULL, maxrss INTEGER NOT NULL,"
	" status INTEGER NOT NULL, reason TEXT, exit INTEGER, signal INTEGER, slot INTEGER,"
	" leaked INTEGER, tests INTEGER, failed INTEGER, output BLOB, offset INTEGER,"
	" framework INTEGER, crowded INTEGER, partial INTEGER, has_tests INTEGER,"
	" expected INTEGER, seed TEXT, output_total INTEGER, roster INTEGER, endings BLOB,"
	// counted: what of its coverage is known (store/counted.c); NULL: nothing.
	" delay INTEGER, learned TEXT, quarantine TEXT, forgiven INTEGER, counted INTEGER);"
	"CREATE INDEX result_by_run ON result(run, file);"
	// place: where the error was. source: '' is the path of the test file.
	"CREATE TABLE file_error(result INTEGER NOT NULL, seq INTEGER NOT NULL, place TEXT,"
	" name TEXT, source TEXT, line INTEGER, message TEXT, traceback TEXT,"
	" PRIMARY KEY(result, seq)) WITHOUT ROWID;"
	// What a test of a result said: seq is its place in the roster.
	"CREATE TABLE failure(result INTEGER NOT NULL, seq INTEGER NOT NULL, message TEXT,"
	" traceback TEXT, PRIMARY KEY(result, seq)) WITHOUT ROWID;"

	// name: the groups and the test's own name, U+001F between them. born: as of a file.
	"CREATE TABLE test(id INTEGER PRIMARY KEY, file INTEGER NOT NULL, name TEXT NOT NULL,"
	" born INTEGER, UNIQUE(file, name));"
	// Most runs of a file have the same tests in the same order: that list is kept once, with
	// how many they are, and found by its digest (store/tests.c).
	"CREATE TABLE roster(id INTEGER PRIMARY KEY, file INTEGER NOT NULL,"
	" digest INTEGER NOT NULL, tests INTEGER NOT NULL);"
	"CREATE INDEX roster_by_digest ON roster(file, digest);"
	// source: '' is the path of the test file. tags: with U+001F between them.
	"CREATE TABLE listed(roster INTEGER NOT NULL, seq INTEGER NOT NULL, test INTEGER NOT NULL,"
	" line INTEGER NOT NULL, round INTEGER NOT NULL, source TEXT, tags TEXT,"
	" PRIMARY KEY(roster, seq)) WITHOUT ROWID;"

	// One state in which an input was seen. kind: model/inputs.h. digest: NULL where there was
	// nothing.
	"CREATE TABLE input(id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, name TEXT NOT NULL,"
	" digest BLOB, size INTEGER, mtime INTEGER, ctime INTEGER, inode INTEGER);"
	"CREATE INDEX input_by_name ON input(kind, name);"
	// The last pass of a file. inputs: ascending numbers of inputs (store/pack.h). written:
	// paths, each followed by a NUL. doubts: store/snapshot.h. stands: 0 where the file has not
	// passed, or was not watched, since. deadline: that the pass had; 0: none; -1: unknown.
	"CREATE TABLE snapshot(file INTEGER PRIMARY KEY, result INTEGER NOT NULL,"
	" started INTEGER NOT NULL, key BLOB NOT NULL, doubts INTEGER NOT NULL,"
	" inputs BLOB NOT NULL, written BLOB NOT NULL, stands INTEGER NOT NULL DEFAULT 1,"
	" deadline INTEGER NOT NULL DEFAULT -1);"
	// The last pass of some tests of a file, which key tells, while it stands.
	"CREATE TABLE part(file INTEGER PRIMARY KEY, result INTEGER NOT NULL,"
	" started INTEGER NOT NULL, key BLOB NOT NULL, doubts INTEGER NOT NULL,"
	" inputs BLOB NOT NULL, written BLOB NOT NULL, deadline INTEGER NOT NULL);" COVERAGE_TABLES
	"PRAGMA application_id = 0x466a6f62;";

#define AS_NAME(name, letter)   ", " #name
#define AS_LETTER(name, letter) letter
#define TABLE(name, columns, letters)                                                              \
	{                                                                                          \
		name, columns, letters, "SELECT " columns " FROM " name                            \
	}

const struct schema_table schema_tables[] = {
	TABLE("run", "id, " RUN_COLUMNS, "ICTyOonnnnddagffCcccb"),
	TABLE("fixture", "run, seq, " FIXTURE_COLUMNS, "IN" FIXTURE_LETTERS),
	TABLE("reused", "run, result", "II"),
	TABLE("file",
	      "id, path, born, status, ended, tests, state, trail, reading, forgiven, "
	      "claims",
	      "ICiSTnaBQFb"),
	TABLE("trail", "file, seq, samples", "IIB"),
	TABLE("result", "id" RESULT_COLUMNS(AS_NAME, AS_NAME),
	      "I" RESULT_COLUMNS(AS_LETTER, AS_LETTER)),
	TABLE("file_error", "result, seq, place, name, source, line, message, traceback",
	      "INccclcc"),
	TABLE("failure", "result, seq, message, traceback", "INcc"),
	TABLE("test", "id, file, name, born", "IICi"),
	TABLE("roster", "id, file, digest, tests", "IIAN"),
	TABLE("listed", "roster, seq, test, line, round, source, tags", "INILLcc"),
	TABLE("input", "id, kind, name, digest, size, mtime, ctime, inode", "IPChaaaa"),
	TABLE("snapshot", "file, result, started, key, doubts, inputs, written, stands, deadline",
	      "IITHUBBFD"),
	TABLE("part", "file, result, started, key, doubts, inputs, written, deadline", "IITHUBBD"),
	TABLE("source", "id, path", "IC"),
	TABLE("edition", "id, source, digest, shape", "IIhB"),
	TABLE("counted", "result, edition, counts", "IIB"),
	TABLE("covered", "run, source, hit, missed", "IINN"),
	{0},
};

static int bring_up(struct store *s, int64_t from)
{
	int code =
		from == 0 ? sqlite3_exec(s->db, tables, NULL, NULL, NULL) : upgrade(s, (int)from);

	return code == SQLITE_OK ? sqlite3_exec(s->db, "PRAGMA user_version=14", NULL, NULL, NULL)
				 : code;
}

int schema_make(struct store *s, struct err *err)
{
	int64_t version = SCHEMA_FORMAT;
	int code = query_number(s, "PRAGMA user_version", NULL, &version);

	if (code == SQLITE_DONE && version >= SCHEMA_FORMAT)
		return SQLITE_OK;
	code = sqlite3_exec(s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	// Asked again under the lock: another process may have done it meanwhile.
	if (code == SQLITE_OK)
		code = query_number(s, "PRAGMA user_version", NULL, &version);
	if (code == SQLITE_DONE)
		code = version < SCHEMA_FORMAT ? bring_up(s, version) : SQLITE_OK;
	query_forget_all(s);
	if (code == SQLITE_OK)
		code = sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL);
	if (code != SQLITE_OK) {
		store_reason(s, err);
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	}
	return code;
}
