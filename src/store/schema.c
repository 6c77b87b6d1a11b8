// SPDX-License-Identifier: MIT
#include "store/schema.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "store/database.h"
#include "store/upgrade.h"

// Steps are only ever added. Times are nanoseconds, sizes bytes; status numbers are those of
// model/status.h.
static const struct {
	int version; // of the database after the step
	const char *sql;
	int (*convert)(struct store *); // what SQL cannot say; SQLITE_DONE, or an error's code
	const char *after;              // the SQL behind that
} steps[] = {
	{1,
	 "CREATE TABLE run(id INTEGER PRIMARY KEY, name TEXT NOT NULL, started INTEGER NOT NULL,"
	 " elapsed INTEGER, jobs INTEGER NOT NULL, peak INTEGER, files INTEGER, bad INTEGER, tests "
	 "INTEGER,"
	 " failed INTEGER, lower_bound INTEGER, seed INTEGER, signal INTEGER, version TEXT NOT "
	 "NULL);"

	 // recent: the latest wall times as 8-byte integers in the machine's order, the latest
	 // last.
	 "CREATE TABLE file(id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, status INTEGER NOT "
	 "NULL,"
	 " ended INTEGER NOT NULL, recent BLOB NOT NULL);"

	 "CREATE TABLE result(id INTEGER PRIMARY KEY, run INTEGER NOT NULL, file INTEGER NOT NULL,"
	 " attempt INTEGER NOT NULL, started INTEGER NOT NULL, wall INTEGER NOT NULL, user INTEGER "
	 "NOT NULL,"
	 " sys INTEGER NOT NULL, maxrss INTEGER NOT NULL, status INTEGER NOT NULL, reason TEXT, "
	 "exit INTEGER,"
	 " signal INTEGER, slot INTEGER, leaked INTEGER, tests INTEGER, failed INTEGER, output "
	 "BLOB);"
	 "CREATE INDEX result_by_file ON result(file, id);"

	 // name: the groups and the test's own name, U+001F between them.
	 "CREATE TABLE test(id INTEGER PRIMARY KEY, file INTEGER NOT NULL, name TEXT NOT NULL, "
	 "UNIQUE(file, name));"
	 "CREATE TABLE test_result(result INTEGER NOT NULL, seq INTEGER NOT NULL, test INTEGER NOT "
	 "NULL,"
	 " status INTEGER NOT NULL, wall INTEGER, source TEXT, line INTEGER, message TEXT, "
	 "traceback TEXT,"
	 " PRIMARY KEY(result, seq)) WITHOUT ROWID;"
	 "CREATE TABLE file_error(result INTEGER NOT NULL, seq INTEGER NOT NULL, place TEXT, name "
	 "TEXT,"
	 " source TEXT, line INTEGER, message TEXT, traceback TEXT, PRIMARY KEY(result, seq)) "
	 "WITHOUT ROWID;",
	 NULL, NULL},

	// All that a report shows, so that the report of a past run is that of the day.
	{2,
	 // waits: pairs of 8-byte integers in the machine's order.
	 "ALTER TABLE run ADD COLUMN repeated INTEGER;"
	 "ALTER TABLE run ADD COLUMN flaky_fails INTEGER;"
	 "ALTER TABLE run ADD COLUMN stopped TEXT;"
	 "ALTER TABLE run ADD COLUMN lua TEXT;"
	 "ALTER TABLE run ADD COLUMN waits BLOB;"
	 // tests: how many it had when it last came to its end.
	 "ALTER TABLE file ADD COLUMN tests INTEGER;"
	 "ALTER TABLE result ADD COLUMN offset INTEGER;"
	 "ALTER TABLE result ADD COLUMN framework INTEGER;"
	 "ALTER TABLE result ADD COLUMN crowded INTEGER;"
	 "ALTER TABLE result ADD COLUMN partial INTEGER;"
	 "ALTER TABLE result ADD COLUMN has_tests INTEGER;"
	 "ALTER TABLE result ADD COLUMN expected INTEGER;"
	 "ALTER TABLE result ADD COLUMN seed TEXT;"
	 "ALTER TABLE result ADD COLUMN output_total INTEGER;"
	 "UPDATE result SET expected = -1,"
	 " has_tests = EXISTS(SELECT 1 FROM test_result t WHERE t.result = result.id);"
	 "CREATE INDEX result_by_run ON result(run);"
	 // tags: with U+001F between them. source: '' is the path of the test file.
	 "ALTER TABLE test ADD COLUMN tags TEXT;"
	 "ALTER TABLE test_result ADD COLUMN own INTEGER;"
	 "ALTER TABLE test_result ADD COLUMN round INTEGER;",
	 NULL, NULL},

	// What passes depended on.
	{3,
	 // One state in which an input was seen. kind: model/inputs.h. digest: NULL where there was
	 // nothing.
	 "CREATE TABLE input(id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, name TEXT NOT NULL,"
	 " digest BLOB, size INTEGER, mtime INTEGER, ctime INTEGER, inode INTEGER);"
	 "CREATE INDEX input_by_name ON input(kind, name);"
	 // reused: ascending numbers of the results that the run has not run again, packed like
	 // inputs.
	 "ALTER TABLE run ADD COLUMN reused BLOB;"
	 // The last pass of a file. inputs: ascending numbers of inputs as differences, seven bits
	 // a byte. written: paths, each followed by a NUL. doubts: store/snapshot.h.
	 "CREATE TABLE snapshot(file INTEGER PRIMARY KEY, result INTEGER NOT NULL,"
	 " started INTEGER NOT NULL, key BLOB NOT NULL, doubts INTEGER NOT NULL,"
	 " inputs BLOB NOT NULL, written BLOB NOT NULL);",
	 NULL, NULL},

	// A result in few bytes, and its figures where those of a file stand together.
	{4,
	 "ALTER TABLE file RENAME TO old_file;"
	 // trail: the latest results of the file, as store/pack.h has them. state: stands for what
	 // its inputs were at the latest of them; 0: unknown. born: the run that found the file.
	 "CREATE TABLE file(id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, born INTEGER,"
	 " status INTEGER NOT NULL, ended INTEGER NOT NULL, tests INTEGER, state INTEGER,"
	 " trail BLOB NOT NULL);"
	 "INSERT INTO file SELECT id, path,"
	 " (SELECT min(run) FROM result WHERE file = old_file.id), status, ended, tests, 0, x''"
	 " FROM old_file;"
	 // The results before those, in the same shape, the oldest with the least seq.
	 "CREATE TABLE trail(file INTEGER NOT NULL, seq INTEGER NOT NULL, samples BLOB NOT NULL,"
	 " PRIMARY KEY(file, seq)) WITHOUT ROWID;"
	 // Which tests a result has, and how they ended: store/tests.c and store/pack.h. digest: a
	 // number for finding the roster by its bytes.
	 "CREATE TABLE roster(id INTEGER PRIMARY KEY, file INTEGER NOT NULL,"
	 " digest INTEGER NOT NULL, tests BLOB NOT NULL);"
	 "CREATE INDEX roster_by_digest ON roster(file, digest);"
	 "ALTER TABLE result ADD COLUMN roster INTEGER;"
	 "ALTER TABLE result ADD COLUMN endings BLOB;"
	 // delay: that it was ready to run and got no CPU; NULL or -1: unknown.
	 "ALTER TABLE result ADD COLUMN delay INTEGER;"
	 "DROP INDEX result_by_file;"
	 "DROP INDEX result_by_run;"
	 "CREATE INDEX result_by_run ON result(run, file);"
	 // What a test of a result said: seq is its place in the roster.
	 "CREATE TABLE failure(result INTEGER NOT NULL, seq INTEGER NOT NULL, message TEXT,"
	 " traceback TEXT, PRIMARY KEY(result, seq)) WITHOUT ROWID;"
	 "ALTER TABLE test ADD COLUMN born INTEGER;"
	 // revision: the commit that was checked out. bound: no order could have been faster.
	 "ALTER TABLE run ADD COLUMN revision TEXT;"
	 "ALTER TABLE run ADD COLUMN bound INTEGER;"
	 // stands: 0 where the file has not passed, or was not watched, since.
	 "ALTER TABLE snapshot ADD COLUMN stands INTEGER NOT NULL DEFAULT 1;",
	 upgrade_results, "DROP TABLE test_result; DROP TABLE old_file;"},

	// Runs go one day, and so do their results, except those that others still need: these have
	// run 0 then.
	{5,
	 "ALTER TABLE run RENAME TO old_run;"
	 // The number of a run that is gone is never given to another: trails may name it still.
	 "CREATE TABLE run(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL,"
	 " started INTEGER NOT NULL, elapsed INTEGER, jobs INTEGER NOT NULL, peak INTEGER,"
	 " files INTEGER, bad INTEGER, tests INTEGER, failed INTEGER, lower_bound INTEGER,"
	 " bound INTEGER, seed INTEGER, signal INTEGER, repeated INTEGER, flaky_fails INTEGER,"
	 " version TEXT NOT NULL, revision TEXT, stopped TEXT, lua TEXT, waits BLOB,"
	 " reused BLOB);"
	 "INSERT INTO run SELECT id, name, started, elapsed, jobs, peak, files, bad, tests, failed,"
	 " lower_bound, bound, seed, signal, repeated, flaky_fails, version, revision, stopped,"
	 " lua, waits, reused FROM old_run;"
	 "DROP TABLE old_run;"
	 // Imports bring runs whose numbers are not in the order of time.
	 "CREATE INDEX run_by_started ON run(started);",
	 NULL, NULL},

	// reading: store/reading.c.
	{6, "ALTER TABLE file ADD COLUMN reading INTEGER NOT NULL DEFAULT 0;", NULL, NULL},
	// The mark: SCHEMA_MARK. What older formats let in that is outside of its range now.
	{7,
	 "UPDATE result SET expected = -1 WHERE expected NOT BETWEEN -1 AND 2147483647;"
	 "UPDATE file_error SET line = 0 WHERE line NOT BETWEEN 0 AND 2147483647;"
	 "PRAGMA application_id = 0x466a6f62;",
	 NULL, NULL},
	// deadline: that the pass had; 0: none; -1: unknown. learned: how the framework was.
	// Names are resolved when they are used: what was learned before need not hold.
	{8,
	 "UPDATE snapshot SET stands = 0;"
	 "ALTER TABLE snapshot ADD COLUMN deadline INTEGER NOT NULL DEFAULT -1;"
	 "ALTER TABLE result ADD COLUMN learned TEXT;",
	 NULL, NULL},
	// Which inputs were loaded as Lua, older passes do not know.
	{9, "UPDATE snapshot SET stands = 0;", NULL, NULL},
};

#define STEPS (sizeof steps / sizeof *steps)

int schema_version(void)
{
	return steps[STEPS - 1].version;
}

static int execute(sqlite3 *db, const char *sql, struct err *err)
{
	int code = sqlite3_exec(db, sql, NULL, NULL, NULL);

	if (code != SQLITE_OK)
		err_set(err, 0, "%s", sqlite3_errmsg(db));
	return code;
}

static int user_version(sqlite3 *db)
{
	sqlite3_stmt *s;
	int version = -1;

	if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &s, NULL) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW)
		version = sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	return version;
}

static int convert(struct store *s, int (*with)(struct store *), struct err *err)
{
	int code = with(s);

	database_forget_statements(s);
	if (code == SQLITE_DONE)
		return SQLITE_OK;
	database_error(s, err);
	return code;
}

static int run_step(struct store *s, size_t i, struct err *err)
{
	int code = execute(s->db, steps[i].sql, err);

	if (code == SQLITE_OK && steps[i].convert)
		code = convert(s, steps[i].convert, err);
	if (code == SQLITE_OK && steps[i].after)
		code = execute(s->db, steps[i].after, err);
	return code;
}

static int run_steps(struct store *s, int from, int to, struct err *err)
{
	char pragma[64];

	for (size_t i = 0; i < STEPS; i++) {
		bool due = steps[i].version > from && steps[i].version <= to;
		int code = due ? run_step(s, i, err) : SQLITE_OK;
		if (code != SQLITE_OK)
			return code;
	}
	snprintf(pragma, sizeof pragma, "PRAGMA user_version=%d", to);
	return execute(s->db, pragma, err);
}

int schema_migrate(struct store *s, int version, struct err *err)
{
	sqlite3 *db = s->db;

	if (user_version(db) >= version)
		return SQLITE_OK;
	int code = execute(db, "BEGIN IMMEDIATE", err);
	if (code != SQLITE_OK)
		return code;
	// Asked again under the lock: another process may have done it meanwhile.
	int now = user_version(db);
	code = now < version ? run_steps(s, now, version, err) : SQLITE_OK;
	if (code == SQLITE_OK)
		code = execute(db, "COMMIT", err);
	if (code != SQLITE_OK)
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return code;
}
