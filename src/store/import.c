// SPDX-License-Identifier: MIT
// Taking over the runs of other stores. The numbers of their rows are not ours: a run is known by
// its name, a file by its path, a test by its name, a result by its run, file, attempt and time.
// Whatever is known of theirs is known of ours afterwards, whether results come along or not: so it
// does not matter in which order stores are imported.
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "store/database.h"
#include "store/maintenance.h"
#include "store/query.h"
#include "store/schema.h"
#include "store/series.h"

#define AS_NAME(name, letter)   #name ", "
#define AS_FIGURE(name, letter) "r." #name ", "
#define AS_KEY(name, letter)    "m." #name ", "

// ---- the SQL of it ----

// `theirs` has a copy of the other store; temp.X_of says what a number of theirs is here.
static const char *const begin[] = {
	// taken: we have it not (then it is not known), or without the end that it has there.
	"CREATE TEMP TABLE run_of(theirs INTEGER PRIMARY KEY, ours INTEGER, name TEXT, taken, "
	"known)",
	// How late each of our runs began among all of them.
	"CREATE TEMP TABLE rank(run INTEGER PRIMARY KEY, rank INTEGER)",
	"CREATE TEMP TABLE file_of(theirs INTEGER PRIMARY KEY, ours INTEGER)",
	"CREATE TEMP TABLE test_of(theirs INTEGER PRIMARY KEY, ours INTEGER)",
	// made: we had none like it.
	"CREATE TEMP TABLE roster_of(theirs INTEGER PRIMARY KEY, ours INTEGER, file, digest, "
	"tests, made)",
	"CREATE TEMP TABLE result_of(n INTEGER PRIMARY KEY, theirs INTEGER UNIQUE, ours INTEGER, "
	"run, file, roster, attempt, started, made)",
	// Which result of ours is that one of result_of.
	"CREATE TEMP TABLE same(n INTEGER PRIMARY KEY, result)",
	// Results of ours whose run was gone, and comes with that one of result_of.
	"CREATE TEMP TABLE replaced(result INTEGER PRIMARY KEY, n)",
	// Files that get results.
	"CREATE TEMP TABLE grown(file INTEGER PRIMARY KEY)",
	"CREATE TEMP TABLE source_of(theirs INTEGER PRIMARY KEY, ours INTEGER)",
	"CREATE TEMP TABLE edition_of(theirs INTEGER PRIMARY KEY, ours INTEGER, source, digest, "
	"shape, made)",
	NULL,
};

static const char *const temporary[] = {"temp.run_of",    "temp.rank",       "temp.file_of",
					"temp.test_of",   "temp.roster_of",  "temp.result_of",
					"temp.same",      "temp.replaced",   "temp.grown",
					"temp.source_of", "temp.edition_of", NULL};

static const char *const take_runs[] = {
	"INSERT INTO temp.run_of SELECT t.id, r.id, t.name, "
	"r.id IS NULL OR (r.elapsed IS NULL AND t.elapsed IS NOT NULL), r.id IS NOT NULL "
	"FROM theirs.run t LEFT JOIN (SELECT max(id) AS id, name, elapsed FROM main.run "
	"GROUP BY name) r ON r.name = t.name",
	"UPDATE main.run SET (" RUN_COLUMNS ") = "
	"(SELECT " RUN_COLUMNS " FROM theirs.run t WHERE t.name = run.name) "
	"WHERE id IN (SELECT ours FROM temp.run_of WHERE taken AND known)",
	"INSERT INTO main.run(" RUN_COLUMNS ") SELECT " RUN_COLUMNS " FROM theirs.run "
	"WHERE id IN (SELECT theirs FROM temp.run_of WHERE NOT known) ORDER BY id",
	"UPDATE temp.run_of SET ours = (SELECT max(id) FROM main.run r WHERE r.name = run_of.name) "
	"WHERE NOT known",
	"DELETE FROM main.fixture WHERE run IN (SELECT ours FROM temp.run_of WHERE taken)",
	"INSERT INTO main.fixture SELECT n.ours, seq, " FIXTURE_COLUMNS " FROM theirs.fixture t "
	"JOIN (SELECT theirs, ours FROM temp.run_of WHERE taken) n ON n.theirs = t.run",
	"INSERT INTO temp.rank SELECT id, row_number() OVER (ORDER BY started, name, id) "
	"FROM main.run",
	NULL,
};

// Whether theirs was found before ours. A run that is gone was before all others.
#define FOUND_BEFORE                                                                               \
	"ifnull((SELECT rank FROM temp.rank WHERE run = excluded.born), 0) < "                     \
	"ifnull((SELECT rank FROM temp.rank WHERE run = born), 0)"

// Files and tests that both know were found by the first run that either knows of; the latest
// outcome of a file is that of the later one of the two.
static const char *const take_names[] = {
	"UPDATE theirs.file SET born = ifnull((SELECT ours FROM temp.run_of WHERE theirs = born), "
	"0)",
	"INSERT INTO main.file(path, born, status, ended, tests, state, trail, forgiven, "
	"claims) "
	"SELECT path, born, status, ended, tests, 0, x'', forgiven, claims FROM theirs.file WHERE "
	"true "
	"ORDER BY id "
	"ON CONFLICT(path) DO UPDATE SET born = CASE WHEN " FOUND_BEFORE " THEN excluded.born "
	"ELSE born END, status = CASE WHEN excluded.ended > ended THEN excluded.status "
	"ELSE status END, forgiven = CASE WHEN excluded.ended > ended THEN excluded.forgiven "
	"ELSE forgiven END, claims = CASE WHEN excluded.ended > ended THEN excluded.claims "
	"ELSE claims END, state = CASE WHEN excluded.ended > ended THEN 0 ELSE state END, "
	"tests = CASE WHEN excluded.tests > 0 AND (excluded.ended > ended OR ifnull(tests, 0) = 0) "
	"THEN excluded.tests ELSE tests END, ended = max(ended, excluded.ended)",
	"INSERT INTO temp.file_of SELECT t.id, f.id FROM theirs.file t JOIN main.file f "
	"ON f.path = t.path",

	// What is of no file is refused.
	"UPDATE theirs.test SET file = (SELECT ours FROM temp.file_of WHERE theirs = file), "
	"born = ifnull((SELECT ours FROM temp.run_of WHERE theirs = born), 0)",
	"INSERT INTO main.test(file, name, born) SELECT file, name, born FROM theirs.test "
	"WHERE true ORDER BY id ON CONFLICT(file, name) DO UPDATE SET born = excluded.born "
	"WHERE " FOUND_BEFORE,
	"INSERT INTO temp.test_of SELECT t.id, o.id FROM theirs.test t JOIN main.test o "
	"ON o.file = t.file AND o.name = t.name",

	"INSERT OR IGNORE INTO temp.roster_of SELECT t.id, o.id, f.ours, t.digest, t.tests, o.id "
	"IS NULL "
	"FROM theirs.roster t LEFT JOIN temp.file_of f ON f.theirs = t.file "
	"LEFT JOIN main.roster o ON o.file = f.ours AND o.digest = t.digest AND o.tests = t.tests",
	"UPDATE temp.roster_of SET ours = theirs + (SELECT ifnull(max(id), 0) FROM main.roster) "
	"WHERE made",
	"INSERT INTO main.roster SELECT ours, file, digest, tests FROM temp.roster_of WHERE made",
	"INSERT INTO main.listed SELECT m.ours, l.seq, t.ours, l.line, l.round, l.source, l.tags "
	"FROM theirs.listed l JOIN temp.roster_of m ON m.theirs = l.roster "
	"LEFT JOIN temp.test_of t ON t.theirs = l.test WHERE m.made",
	NULL,
};

#define ALIKE                                                                                      \
	"FROM main.result r JOIN temp.result_of m ON m.file = r.file AND m.started = r.started "   \
	"AND m.attempt = r.attempt "
#define REPLACED "result IN (SELECT result FROM temp.replaced)"
#define REPLACEMENT                                                                                \
	"(SELECT m.ours FROM temp.replaced x JOIN temp.result_of m ON m.n = x.n "                  \
	"WHERE x.result = of.result) "
// Besides those of the runs that are taken, the results that these show and that are of other runs.
static const char *const take_results[] = {
	"INSERT INTO temp.result_of SELECT NULL, t.id, NULL, ifnull(n.ours, 0), f.ours, "
	"ifnull(o.ours, 0), t.attempt, t.started, 1 FROM theirs.result t "
	"LEFT JOIN temp.run_of n ON n.theirs = t.run "
	"LEFT JOIN temp.file_of f ON f.theirs = t.file "
	"LEFT JOIN temp.roster_of o ON o.theirs = t.roster "
	"WHERE n.taken OR t.id IN (SELECT u.result FROM theirs.reused u "
	"JOIN temp.run_of k ON k.theirs = u.run WHERE k.taken) ORDER BY t.id",
	// The run of one of the two may be gone. What was not run has no time to be known by.
	"INSERT INTO temp.same SELECT m.n, max(r.id) " ALIKE
	"WHERE r.run = m.run OR (m.run = 0 AND r.status <> 0) GROUP BY m.n",
	"INSERT OR IGNORE INTO temp.replaced SELECT r.id, m.n " ALIKE
	"WHERE r.run = 0 AND m.run <> 0 AND r.status <> 0",
	"UPDATE temp.result_of SET ours = (SELECT result FROM temp.same s WHERE s.n = result_of.n)",
	"UPDATE temp.result_of SET made = 0 WHERE ours IS NOT NULL",
	"UPDATE temp.result_of SET ours = n + (SELECT ifnull(max(id), 0) FROM main.result) "
	"WHERE made",
	"INSERT INTO main.result(" RESULT_COLUMNS(
		AS_NAME, AS_NAME) "id) "
				  "SELECT " RESULT_COLUMNS(
					  AS_FIGURE,
					  AS_KEY) "m.ours "
						  "FROM theirs.result r JOIN temp.result_of m ON "
						  "m.theirs = r.id WHERE m.made",
	"INSERT INTO main.failure SELECT m.ours, seq, message, traceback "
	"FROM theirs.failure t JOIN temp.result_of m ON m.theirs = t.result WHERE m.made",
	"INSERT INTO main.file_error SELECT m.ours, seq, place, name, source, line, message, "
	"traceback FROM theirs.file_error t JOIN temp.result_of m ON m.theirs = t.result "
	"WHERE m.made",
	"INSERT OR IGNORE INTO main.reused SELECT k.ours, m.ours FROM theirs.reused u "
	"JOIN temp.run_of k ON k.theirs = u.run JOIN temp.result_of m ON m.theirs = u.result "
	"WHERE k.taken",
	"UPDATE OR IGNORE main.reused AS of SET result = " REPLACEMENT "WHERE " REPLACED,
	"UPDATE main.snapshot AS of SET result = " REPLACEMENT "WHERE " REPLACED,
	"UPDATE main.part AS of SET result = " REPLACEMENT "WHERE " REPLACED,
	"DELETE FROM main.reused WHERE " REPLACED,
	"DELETE FROM main.failure WHERE " REPLACED,
	"DELETE FROM main.file_error WHERE " REPLACED,
	"DELETE FROM main.counted WHERE " REPLACED,
	"DELETE FROM main.result WHERE id IN (SELECT result FROM temp.replaced)",
	NULL,
};

// Coverage comes with the results that do. A text is the same one where its digest and its shape
// are; one that is not known is of one result alone.
static const char *const take_coverage[] = {
	"INSERT OR IGNORE INTO main.source(path) SELECT path FROM theirs.source ORDER BY id",
	"INSERT INTO temp.source_of SELECT t.id, o.id FROM theirs.source t JOIN main.source o "
	"ON o.path = t.path",
	// What is of no source is refused.
	"INSERT INTO temp.edition_of SELECT t.id, (SELECT min(o.id) FROM main.edition o WHERE "
	"o.source = n.ours AND o.digest = t.digest AND o.shape = t.shape), n.ours, t.digest, "
	"t.shape, 0 FROM theirs.edition t LEFT JOIN temp.source_of n ON n.theirs = t.source",
	"UPDATE temp.edition_of SET made = 1, ours = theirs + (SELECT ifnull(max(id), 0) FROM "
	"main.edition) WHERE ours IS NULL",
	"INSERT INTO main.edition SELECT ours, source, digest, shape FROM temp.edition_of "
	"WHERE made",
	// And so are counts that are torn.
	"INSERT INTO main.counted SELECT m.ours, e.ours, CASE WHEN whole_counts(e.shape, "
	"c.counts) THEN c.counts END FROM theirs.counted c "
	"JOIN temp.result_of m ON m.theirs = c.result AND m.made "
	"LEFT JOIN temp.edition_of e ON e.theirs = c.edition",
	"DELETE FROM main.covered WHERE run IN (SELECT ours FROM temp.run_of WHERE taken)",
	"INSERT INTO main.covered SELECT n.ours, s.ours, c.hit, c.missed FROM theirs.covered c "
	"JOIN temp.run_of n ON n.theirs = c.run AND n.taken "
	"LEFT JOIN temp.source_of s ON s.theirs = c.source",
	NULL,
};

static const char find_grown[] =
	"INSERT OR IGNORE INTO temp.grown SELECT f.ours FROM theirs.result t "
	"JOIN temp.run_of n ON n.theirs = t.run AND n.taken JOIN temp.file_of f "
	"ON f.theirs = t.file";

#define FIGURES                                                                                    \
	"x.status, x.attempt, x.crowded, x.partial, x.wall, x.cpu, x.delay, x.peak, x.inputs"
#define OUR_SAMPLES                                                                                \
	"SELECT 0 AS who, c.file, x.run, " FIGURES ", c.seq, x.rowid AS at, "                      \
	"lag(x.run, 1, 0) OVER (PARTITION BY c.file ORDER BY c.seq, x.rowid) AS before "           \
	"FROM (SELECT file, seq, samples FROM main.trail "                                         \
	"UNION ALL SELECT id, 9223372036854775807, trail FROM main.file) c, samples(c.samples) x " \
	"WHERE c.file IN (SELECT file FROM temp.grown)"
// All that tells a sample from others.
#define LOOK "file, status, attempt, crowded, partial, wall, cpu, delay, peak"
#define THEIR_SAMPLES                                                                              \
	"SELECT 1 AS who, f.ours AS file, n.ours AS run, " FIGURES ", c.seq, x.rowid AS at, "      \
	"lag(ifnull(n.ours, -1), 1, 0) OVER (PARTITION BY c.file ORDER BY c.seq, x.rowid) AS "     \
	"before, row_number() OVER (PARTITION BY c.file, x.run ORDER BY c.seq, x.rowid) AS nth, "  \
	"n.taken, n.known FROM (SELECT file, seq, samples FROM theirs.trail "                      \
	"UNION ALL SELECT id, 9223372036854775807, trail FROM theirs.file) c, "                    \
	"samples(c.samples) x JOIN temp.file_of f ON f.theirs = c.file "                           \
	"LEFT JOIN temp.run_of n ON n.theirs = x.run"

// The series of a file is that of both, in the order of time. Of a run that we have completed we
// have the first samples already; what we have of a run that is gone, and comes back, comes again.
// Whether the inputs of a result are those of the one before nobody knows where that is another one
// now.
static const char join_all_series[] =
	"SELECT file, run, status, attempt, crowded, partial, wall, cpu, delay, peak, "
	"CASE WHEN before = lag(run, 1, 0) OVER w THEN inputs ELSE 0 END "
	"FROM (SELECT x.*, ifnull(k.rank, 0) AS rank FROM (SELECT * FROM (" OUR_SAMPLES ") "
	"WHERE run IN (SELECT id FROM main.run) OR (" LOOK ") NOT IN (SELECT " LOOK
	" FROM (" THEIR_SAMPLES ") WHERE taken) UNION ALL "
	"SELECT who, file, run, " FIGURES ", seq, at, before FROM (" THEIR_SAMPLES ") x "
	"WHERE taken AND (NOT known OR nth > (SELECT count(*) FROM main.result o "
	"WHERE o.run = x.run AND o.file = x.file AND o.status <> 0))"
	") x LEFT JOIN temp.rank k ON k.run = x.run) "
	"WINDOW w AS (PARTITION BY file ORDER BY rank, who, seq, at) "
	"ORDER BY file, rank, who, seq, at";

// ---- a copy of theirs ----

// Each row of theirs is looked at on its way.
static int copy_rows(struct store *s, struct query *from, const struct schema_table *t)
{
	char *marks = xasprintf(
		"%.*s", (int)(2 * strlen(t->letters) - 1),
		"?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?");
	char *sql = xasprintf("INSERT INTO theirs.%s VALUES(%s)", t->name, marks);
	sqlite3_stmt *to = NULL;
	int code = sqlite3_prepare_v2(s->db, sql, -1, &to, NULL);

	while (to && (code = query_next(from, t->letters)) == SQLITE_ROW) {
		query_bind_row(from, to);
		code = sqlite3_step(to);
		sqlite3_reset(to);
		if (code != SQLITE_DONE)
			break;
	}
	sqlite3_finalize(to);
	free(marks);
	free(sql);
	return query_end(from, code);
}

static int copy(struct store *s, struct store *theirs)
{
	int code = SQLITE_DONE;

	for (const struct schema_table *t = schema_tables; t->name && code == SQLITE_DONE; t++)
		code = copy_rows(s, query(theirs, t->rows, NULL), t);
	return code;
}

// For each of our tables, and of the temporary ones.
static int execute_all(struct store *s, const char *for_table, const char *for_temporary)
{
	int code = SQLITE_OK;

	for (const struct schema_table *t = schema_tables; t->name && code == SQLITE_OK; t++) {
		char *sql = sqlite3_mprintf(for_table, t->name, t->name);
		code = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
		sqlite3_free(sql);
	}
	for (size_t i = 0; for_temporary && temporary[i] && code == SQLITE_OK; i++) {
		char *sql = sqlite3_mprintf(for_temporary, temporary[i]);
		code = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
		sqlite3_free(sql);
	}
	return code == SQLITE_OK ? SQLITE_DONE : code;
}

// ---- all of it ----

static int count(struct store *s, struct imported *out)
{
	struct query *q = query(s,
				"SELECT (SELECT count(*) FROM temp.run_of WHERE taken), "
				"(SELECT count(*) FROM temp.run_of WHERE NOT taken), "
				"(SELECT count(*) FROM temp.result_of WHERE made)",
				NULL);
	int code = query_next(q, "NNN");

	if (code == SQLITE_ROW)
		*out = (struct imported){.runs = (long)query_int(q, 0),
					 .known = (long)query_int(q, 1),
					 .results = (long)query_int(q, 2)};
	return query_end(q, code);
}

static int merge(struct store *s, struct imported *out)
{
	int code = query_do_all(s, take_runs, NULL);

	if (code == SQLITE_DONE)
		code = query_do_all(s, take_names, NULL);
	if (code == SQLITE_DONE)
		code = query_do(s, find_grown, NULL);
	// What is ours of a run that is completed is counted before its results come.
	if (code == SQLITE_DONE)
		code = series_write_all(s, query(s, join_all_series, NULL));
	if (code == SQLITE_DONE)
		code = query_do_all(s, take_results, NULL);
	if (code == SQLITE_DONE)
		code = query_do_all(s, take_coverage, NULL);
	return code == SQLITE_DONE ? count(s, out) : code;
}

static int merge_all(struct store *s, struct store *const *others, size_t n, struct imported *out,
		     struct err *err)
{
	long runs = 0;
	int code = SQLITE_DONE;

	for (size_t i = 0; i < n && code == SQLITE_DONE; i++) {
		store_take_time(others[i]);
		code = copy(s, others[i]);
		if (code == SQLITE_DONE)
			code = merge(s, &out[i]);
		// What is named there has to be there.
		if (code == SQLITE_CONSTRAINT)
			code = store_damaged(others[i], "rows that belong together are missing");
		out[i].refused = code != SQLITE_DONE && (others[i]->failed || *others[i]->damage);
		if (code != SQLITE_DONE)
			store_error(out[i].refused ? others[i] : s, err);
		else
			code = execute_all(s, "DELETE FROM theirs.%s", "DELETE FROM %s");
		runs += out[i].runs;
	}
	if (code == SQLITE_DONE && runs > 0)
		code = query_do(s,
				"UPDATE result SET output=NULL WHERE status IN (1, 6) AND output "
				"IS NOT NULL AND run NOT IN (SELECT id FROM run " BY_TIME
				"LIMIT 10)",
				NULL);
	return code;
}

static int import(struct store *s, struct store *const *others, size_t n, struct imported *out,
		  struct err *err)
{
	struct err why = {0};

	if (query_begin(s, err) != STORE_OK)
		return store_error(s, err);
	int code = execute_all(s, "CREATE TABLE theirs.%s AS SELECT * FROM main.%s WHERE 0", NULL);
	if (code == SQLITE_DONE)
		code = query_do_all(s, begin, NULL);
	if (code == SQLITE_DONE)
		code = merge_all(s, others, n, out, &why);
	if (code == SQLITE_DONE)
		code = execute_all(s, "DROP TABLE theirs.%s", "DROP TABLE %s");
	if (query_commit(s, code, err) == STORE_OK)
		return 0;
	if (*why.message)
		*err = why;
	return -1;
}

int store_import(struct store *s, struct store *const *others, size_t n, struct imported *out,
		 struct err *err)
{
	memset(out, 0, n * sizeof *out);
	store_take_time(s);
	for (size_t i = 0; i < n; i++)
		s->lent_bytes += store_bytes(others[i]);
	// A file of sqlite's own without a name, which is gone when it is closed.
	int status = sqlite3_exec(s->db,
				  "ATTACH '' AS theirs; PRAGMA theirs.journal_mode=MEMORY;"
				  "PRAGMA theirs.cache_size=-65536",
				  NULL, NULL, NULL) == SQLITE_OK
			     ? import(s, others, n, out, err)
			     : store_error(s, err);
	query_forget_all(s);
	sqlite3_exec(s->db, "DETACH theirs", NULL, NULL, NULL);
	s->lent_bytes = 0;
	store_move_log(s, 0);
	return status;
}
