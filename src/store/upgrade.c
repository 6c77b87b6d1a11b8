// SPDX-License-Identifier: MIT
// The SQL of this file is that of the formats that it is about, whatever later ones look like.
#include "store/upgrade.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "model/result.h"
#include "store/database.h"
#include "store/range.h"
#include "store/series.h"
#include "store/tests.h"
#include "store/unpack.h"

// The lists of tests as they stand since format 10: those of format 4 to 9 are brought up in that
// step, the rows of tests before format 4 at once.
#define LISTS                                                                                      \
	"CREATE TABLE roster(id INTEGER PRIMARY KEY, file INTEGER NOT NULL,"                       \
	" digest INTEGER NOT NULL, tests INTEGER NOT NULL);"                                       \
	"CREATE INDEX roster_by_digest ON roster(file, digest);"                                   \
	"CREATE TABLE listed(roster INTEGER NOT NULL, seq INTEGER NOT NULL, test INTEGER NOT "     \
	"NULL, line INTEGER NOT NULL, round INTEGER NOT NULL, source TEXT, tags TEXT,"             \
	" PRIMARY KEY(roster, seq)) WITHOUT ROWID;"

// The tests of a result before format 4.
#define OLD_TESTS                                                                                  \
	"(SELECT t.result, t.seq, t.test, n.name, n.tags, t.source, ifnull(t.round, 0) AS round,"  \
	" max(0, min(ifnull(t.line, 0), 2147483647)) AS line"                                      \
	" FROM test_result t JOIN test n ON n.id = t.test)"

#define NO_LISTS 4 // before that format

static const struct step {
	int format; // of the database after the step
	int since;  // only for histories that came from that format or a later one; 0: from any
	const char *sql;
} steps[] = {
	// All that a report shows, so that the report of a past run is that of the day.
	{2, 0,
	 "ALTER TABLE run ADD COLUMN repeated INTEGER;"
	 "ALTER TABLE run ADD COLUMN flaky_fails INTEGER;"
	 "ALTER TABLE run ADD COLUMN stopped TEXT;"
	 "ALTER TABLE run ADD COLUMN lua TEXT;"
	 "ALTER TABLE run ADD COLUMN waits BLOB;"
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
	 "ALTER TABLE test ADD COLUMN tags TEXT;"
	 "ALTER TABLE test_result ADD COLUMN own INTEGER;"
	 "ALTER TABLE test_result ADD COLUMN round INTEGER;"},

	// What passes depended on.
	{3, 0,
	 "CREATE TABLE input(id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, name TEXT NOT NULL,"
	 " digest BLOB, size INTEGER, mtime INTEGER, ctime INTEGER, inode INTEGER);"
	 "CREATE INDEX input_by_name ON input(kind, name);"
	 "ALTER TABLE run ADD COLUMN reused BLOB;"
	 "CREATE TABLE snapshot(file INTEGER PRIMARY KEY, result INTEGER NOT NULL,"
	 " started INTEGER NOT NULL, key BLOB NOT NULL, doubts INTEGER NOT NULL,"
	 " inputs BLOB NOT NULL, written BLOB NOT NULL);"},

	// A result in few bytes, and its figures where those of a file stand together.
	{4, 0,
	 "ALTER TABLE file RENAME TO old_file;"
	 "CREATE TABLE file(id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, born INTEGER,"
	 " status INTEGER NOT NULL, ended INTEGER NOT NULL, tests INTEGER, state INTEGER,"
	 " trail BLOB NOT NULL);"
	 "INSERT INTO file SELECT id, path,"
	 " (SELECT min(run) FROM result WHERE file = old_file.id), status, ended, tests, 0, x''"
	 " FROM old_file;"
	 "DROP TABLE old_file;"
	 "CREATE TABLE trail(file INTEGER NOT NULL, seq INTEGER NOT NULL, samples BLOB NOT NULL,"
	 " PRIMARY KEY(file, seq)) WITHOUT ROWID;"
	 "ALTER TABLE result ADD COLUMN roster INTEGER;"
	 "ALTER TABLE result ADD COLUMN endings BLOB;"
	 "ALTER TABLE result ADD COLUMN delay INTEGER;"
	 "DROP INDEX IF EXISTS result_by_file;"
	 "DROP INDEX IF EXISTS result_by_run;"
	 "CREATE INDEX result_by_run ON result(run, file);"
	 "CREATE TABLE failure(result INTEGER NOT NULL, seq INTEGER NOT NULL, message TEXT,"
	 " traceback TEXT, PRIMARY KEY(result, seq)) WITHOUT ROWID;"
	 "ALTER TABLE test ADD COLUMN born INTEGER;"
	 "ALTER TABLE run ADD COLUMN revision TEXT;"
	 "ALTER TABLE run ADD COLUMN bound INTEGER;"
	 "ALTER TABLE snapshot ADD COLUMN stands INTEGER NOT NULL DEFAULT 1;"
	 // Each result has a list of its own at first; then it takes the first one like it.
	 LISTS "INSERT INTO roster SELECT r.id, r.file,"
	 " (SELECT list_digest(name, tags, source, line, round) FROM"
	 "  (SELECT * FROM " OLD_TESTS " WHERE result = r.id ORDER BY seq)),"
	 " (SELECT count(*) FROM test_result t WHERE t.result = r.id)"
	 " FROM result r WHERE r.has_tests;"
	 "UPDATE result SET roster = (SELECT min(b.id) FROM roster a JOIN roster b"
	 "  ON b.file = a.file AND b.digest = a.digest AND b.tests = a.tests"
	 "  WHERE a.id = result.id),"
	 " endings = (SELECT pack_outcomes(status, wall, own) FROM"
	 "  (SELECT * FROM test_result t WHERE t.result = result.id ORDER BY seq))"
	 " WHERE has_tests;"
	 "DELETE FROM roster WHERE id NOT IN (SELECT roster FROM result WHERE roster > 0);"
	 "INSERT INTO listed SELECT o.id, t.seq, t.test, t.line, t.round, t.source, t.tags"
	 " FROM roster o JOIN " OLD_TESTS " t ON t.result = o.id;"
	 "INSERT INTO failure SELECT result, seq, message, traceback FROM test_result"
	 " WHERE message IS NOT NULL OR traceback IS NOT NULL;"
	 "DROP TABLE test_result;"},

	// Runs go one day, and so do their results, except those that others still need.
	{5, 0,
	 "ALTER TABLE run RENAME TO old_run;"
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
	 "CREATE INDEX run_by_started ON run(started);"},

	{6, 0, "ALTER TABLE file ADD COLUMN reading INTEGER NOT NULL DEFAULT 0;"},
	// The mark. What older formats let in that is outside of its range now.
	{7, 0,
	 "UPDATE result SET expected = -1 WHERE expected NOT BETWEEN -1 AND 2147483647;"
	 "UPDATE file_error SET line = 0 WHERE line NOT BETWEEN 0 AND 2147483647;"
	 "PRAGMA application_id = 0x466a6f62;"},
	// Names are resolved when they are used: what was learned before need not hold.
	{8, 0,
	 "UPDATE snapshot SET stands = 0;"
	 "ALTER TABLE snapshot ADD COLUMN deadline INTEGER NOT NULL DEFAULT -1;"
	 "ALTER TABLE result ADD COLUMN learned TEXT;"},
	// Which inputs were loaded as Lua, older passes do not know.
	{9, 0, "UPDATE snapshot SET stands = 0;"},

	// Tests and results that others name stand in rows.
	{10, NO_LISTS,
	 "ALTER TABLE roster RENAME TO old_roster;"
	 "DROP INDEX roster_by_digest;" LISTS
	 "INSERT INTO listed SELECT o.id, l.rowid, l.test, l.line, l.round, l.source, t.tags"
	 " FROM old_roster o, old_list(o.tests) l LEFT JOIN test t ON t.id = l.test;"
	 "INSERT INTO roster SELECT o.id, o.file,"
	 " (SELECT list_digest(name, tags, source, line, round) FROM"
	 "  (SELECT t.name, l.tags, l.source, l.line, l.round FROM listed l"
	 "   JOIN test t ON t.id = l.test WHERE l.roster = o.id ORDER BY l.seq)),"
	 " (SELECT count(*) FROM listed l WHERE l.roster = o.id) FROM old_roster o;"
	 "DROP TABLE old_roster;"},
	// Walks of trees, accounts and more that libc looks at by itself, older passes do not know.
	{10, 0,
	 "UPDATE snapshot SET stands = 0;"
	 "ALTER TABLE test RENAME TO old_test;"
	 "CREATE TABLE test(id INTEGER PRIMARY KEY, file INTEGER NOT NULL, name TEXT NOT NULL,"
	 " born INTEGER, UNIQUE(file, name));"
	 "INSERT INTO test SELECT id, file, name, born FROM old_test;"
	 "DROP TABLE old_test;"
	 "CREATE TABLE reused(run INTEGER NOT NULL, result INTEGER NOT NULL,"
	 " PRIMARY KEY(run, result)) WITHOUT ROWID;"
	 "INSERT OR IGNORE INTO reused SELECT r.id, n.number FROM run r, numbers(r.reused) n"
	 " WHERE n.number IN (SELECT id FROM result);"
	 "ALTER TABLE run RENAME TO old_run;"
	 "CREATE TABLE run(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL,"
	 " started INTEGER NOT NULL, elapsed INTEGER, jobs INTEGER NOT NULL, peak INTEGER,"
	 " files INTEGER, bad INTEGER, tests INTEGER, failed INTEGER, lower_bound INTEGER,"
	 " bound INTEGER, seed INTEGER, signal INTEGER, repeated INTEGER, flaky_fails INTEGER,"
	 " version TEXT NOT NULL, revision TEXT, stopped TEXT, lua TEXT, waits BLOB);"
	 "INSERT INTO run SELECT id, name, started, elapsed, jobs, peak, files, bad, tests, failed,"
	 " lower_bound, bound, seed, signal, repeated, flaky_fails, version, revision, stopped,"
	 " lua, waits FROM old_run;"
	 "DELETE FROM sqlite_sequence WHERE name = 'run';"
	 "UPDATE sqlite_sequence SET name = 'run' WHERE name = 'old_run';"
	 "DROP TABLE old_run;"
	 "CREATE INDEX run_by_started ON run(started);"},
	{11, 0,
	 "CREATE TABLE part(file INTEGER PRIMARY KEY, result INTEGER NOT NULL,"
	 " started INTEGER NOT NULL, key BLOB NOT NULL, doubts INTEGER NOT NULL,"
	 " inputs BLOB NOT NULL, written BLOB NOT NULL, deadline INTEGER NOT NULL);"},
	{12, 0,
	 "ALTER TABLE result ADD COLUMN quarantine TEXT;"
	 "ALTER TABLE result ADD COLUMN forgiven INTEGER;"
	 "ALTER TABLE file ADD COLUMN forgiven INTEGER NOT NULL DEFAULT 0;"
	 "ALTER TABLE file ADD COLUMN claims BLOB;"},
	{13, 0,
	 "CREATE TABLE fixture(run INTEGER NOT NULL, seq INTEGER NOT NULL, name TEXT NOT NULL,"
	 " tears_down INTEGER NOT NULL, failed INTEGER NOT NULL, reason TEXT, output BLOB,"
	 " started INTEGER NOT NULL, wall INTEGER NOT NULL,"
	 " PRIMARY KEY(run, seq)) WITHOUT ROWID;"},
	// What results have covered.
	{14, 0,
	 "ALTER TABLE result ADD COLUMN counted INTEGER;"
	 "CREATE TABLE source(id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE);"
	 "CREATE TABLE edition(id INTEGER PRIMARY KEY, source INTEGER NOT NULL, digest BLOB,"
	 " shape BLOB NOT NULL);"
	 "CREATE INDEX edition_by_source ON edition(source);"
	 "CREATE TABLE counted(result INTEGER NOT NULL, edition INTEGER NOT NULL,"
	 " counts BLOB NOT NULL, PRIMARY KEY(result, edition)) WITHOUT ROWID;"
	 "CREATE INDEX result_counted ON result(file) WHERE counted IS NOT NULL;"
	 "CREATE TABLE covered(run INTEGER NOT NULL, source INTEGER NOT NULL,"
	 " hit INTEGER NOT NULL, missed INTEGER NOT NULL, PRIMARY KEY(run, source)) WITHOUT "
	 "ROWID;"},
};

// ---- what SQL is lent ----

// The lists of format 4 to 9: differences of the test's number and the line to those of the test
// before, the round, and the source: 0 for none, else its length and 1, and its bytes.
static bool unpack_old_list(struct packed p, struct numbers *cells)
{
	const unsigned char *start = p.at;
	int64_t test = 0, line = 0;

	while (p.at < p.end && !p.torn) {
		test = pack_wrapping_sum(test, packed_signed(&p));
		line = pack_wrapping_sum(line, packed_signed(&p));
		int64_t round = (int64_t)packed_number(&p);
		int64_t length = (int64_t)packed_number(&p) - 1;
		p.torn = p.torn || !range_holds('i', test) || !range_holds('l', line) ||
			 !range_holds('l', round) || length < -1 || length > p.end - p.at;
		const int64_t row[] = {test, line, round, p.at - start, length};
		for (size_t i = 0; i < sizeof row / sizeof *row; i++)
			VEC_PUSH(cells, row[i]);
		p.at += length > 0 && !p.torn ? length : 0;
	}
	return !p.torn;
}

static const struct shape old_list = {"old_list", "test, line, round, source", 3,
				      true,       "a list of tests is torn",   unpack_old_list};

static const char *text(sqlite3_value *v)
{
	return (const char *)sqlite3_value_text(v);
}

static struct buf *bytes_of(sqlite3_context *c)
{
	return sqlite3_aggregate_context(c, sizeof(struct buf));
}

static void digest_step(sqlite3_context *c, int argc, sqlite3_value **argv)
{
	const struct listed test = {
		.name = text(argv[0]),
		.tags = text(argv[1]),
		.source = text(argv[2]),
		.line = sqlite3_value_int(argv[3]),
		.round = sqlite3_value_int(argv[4]),
	};

	(void)argc;
	tests_pack(bytes_of(c), &test);
}

static void digest_end(sqlite3_context *c)
{
	struct buf *b = bytes_of(c);

	sqlite3_result_int64(c, tests_digest(b));
	buf_release(b);
}

static struct result *outcomes_of(sqlite3_context *c)
{
	return sqlite3_aggregate_context(c, sizeof(struct result));
}

// A figure that cannot be is none.
static int64_t span(sqlite3_value *v)
{
	int64_t ns = sqlite3_value_type(v) == SQLITE_NULL ? -1 : sqlite3_value_int64(v);

	return range_nearest('d', ns);
}

static void outcomes_step(sqlite3_context *c, int argc, sqlite3_value **argv)
{
	const struct test_case t = {
		.status = (enum test_status)range_nearest('e', sqlite3_value_int64(argv[0])),
		.wall_ns = span(argv[1]),
		.own_ns = span(argv[2]),
	};
	struct result *r = outcomes_of(c);

	(void)argc;
	VEC_PUSH(&r->tests, t);
}

static void outcomes_end(sqlite3_context *c)
{
	struct result *r = outcomes_of(c);
	struct buf b = {0};

	pack_outcomes(&b, r);
	sqlite3_result_blob(c, b.data, (int)b.len, SQLITE_TRANSIENT);
	buf_release(&b);
	free(r->tests.items);
}

static int lend(sqlite3 *db)
{
	int code = unpack_add(db, &old_list);

	if (code == SQLITE_OK)
		code = sqlite3_create_function(db, "list_digest", 5, SQLITE_UTF8, NULL, NULL,
					       digest_step, digest_end);
	return code == SQLITE_OK ? sqlite3_create_function(db, "pack_outcomes", 3, SQLITE_UTF8,
							   NULL, NULL, outcomes_step, outcomes_end)
				 : code;
}

// ---- all of it ----

int upgrade(struct store *s, int from)
{
	int code = lend(s->db);

	for (size_t i = 0; i < sizeof steps / sizeof *steps && code == SQLITE_OK; i++)
		if (steps[i].format > from && steps[i].since <= from)
			code = sqlite3_exec(s->db, steps[i].sql, NULL, NULL, NULL);
	if (code == SQLITE_OK && from < NO_LISTS) {
		code = series_rebuild_all(s);
		code = code == SQLITE_DONE ? SQLITE_OK : code;
	}
	return code;
}
