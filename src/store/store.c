// SPDX-License-Identifier: MIT
// The statements, and how their rows are read.
#include <stdlib.h>

#include "base/alloc.h"
#include "store/database.h"
#include "store/range.h"

#define AS_SQL(name, sql, letter)    sql ", "
#define AS_LETTER(name, sql, letter) letter
#define RESULT_ROWS                  "SELECT " RESULT_COLUMNS(AS_SQL) "0 FROM "
#define RESULT_SHAPE                 RESULT_COLUMNS(AS_LETTER)

// More rows than this have to fit into the file.
#define USUAL_ROWS 100000

// All of a result, in the order in which add_result of record.c has it.
#define RESULT_VALUES                                                                              \
	"run, file, attempt, started, offset, wall, user, sys, maxrss, status, exit, signal, "     \
	"slot, leaked, tests, failed, framework, crowded, partial, has_tests, expected, "          \
	"output_total, roster, delay, reason, seed, output, endings, learned"
#define RESULT_LETTERS "IIRTyYYYZSxgofnnwfffnzidccbbc"

// All of a run but the results that it has taken over.
#define RUN_VALUES                                                                                 \
	"name, started, elapsed, jobs, peak, files, bad, tests, failed, lower_bound, bound, "      \
	"seed, signal, repeated, flaky_fails, version, revision, stopped, lua, waits"
#define RUN_LETTERS "CTyOonnnnddagffCcccb"

// The latest run first.
#define BY_TIME "ORDER BY started DESC, id DESC "

#define FILE_ROWS  "SELECT path, status, ended, tests, state, trail, id, born FROM file "
#define FILE_SHAPE "CSTnaBIi"

#define INPUT_ROWS  "SELECT id, kind, name, digest, size, mtime, ctime, inode FROM input "
#define INPUT_SHAPE "IPChaaaa"

#define SNAPSHOT_ROWS                                                                              \
	"SELECT f.path, s.result, s.started, s.key, s.doubts, s.inputs, s.written, r.framework, "  \
	"r.wall, s.deadline "                                                                      \
	"FROM snapshot s JOIN file f ON f.id = s.file JOIN result r ON r.id = s.result "           \
	"WHERE s.stands "
#define SNAPSHOT_SHAPE "CITHUBBwYD"

#define PAST_ROWS     "SELECT path, status, ended, tests, state, trail FROM file "
#define PAST_SHAPE    "CSTnaB"
#define READING_ROWS  "SELECT path, reading FROM file WHERE reading > 0 "
#define READING_SHAPE "CQ"

// Those that give rows say with a letter a column what these may hold: store/range.h.
static const struct {
	const char *sql, *letters;
} statements[SQL_COUNT] = {
	[SQL_BEGIN] = {"BEGIN IMMEDIATE", ""},
	[SQL_COMMIT] = {"COMMIT", ""},
	[SQL_ROLLBACK] = {"ROLLBACK", ""},
	[SQL_ADD_RUN] = {"INSERT INTO run(name, started, jobs, lower_bound, seed, version, "
			 "repeated, flaky_fails, lua, revision) VALUES(?,?,?,?,?,?,?,?,?,?)",
			 ""},
	[SQL_FINISH_RUN] = {"UPDATE run SET elapsed=?2, peak=?3, files=?4, bad=?5, tests=?6, "
			    "failed=?7, signal=?8, bound=?9, stopped=?10, waits=?11, reused=?12 "
			    "WHERE id=?1",
			    ""},
	[SQL_FIND_FILE] = {"SELECT id, status, ended, tests, state, trail FROM file WHERE path=?",
			   "ISTnaB"},
	[SQL_ADD_FILE] = {"INSERT INTO file(path, born, status, ended, tests, state, trail) "
			  "VALUES(?,?,0,0,0,0,x'')",
			  ""},
	[SQL_UPDATE_FILE] = {"UPDATE file SET status=?2, ended=?3, tests=?4, state=?5, trail=?6 "
			     "WHERE id=?1",
			     ""},
	[SQL_ADD_CHUNK] = {"INSERT INTO trail SELECT ?1, ifnull(max(seq), 0) + 1, ?2 FROM trail "
			   "WHERE file=?1",
			   ""},
	[SQL_ADD_RESULT] = {"INSERT INTO result(" RESULT_VALUES ") VALUES(?,?,?,?,?,?,?,?,?,"
			    "?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
			    ""},
	[SQL_FIND_TEST] = {"SELECT id, tags, born FROM test WHERE file=? AND name=?", "Ici"},
	[SQL_ADD_TEST] = {"INSERT INTO test(file, name, tags, born) VALUES(?,?,?,?)", ""},
	[SQL_TAG_TEST] = {"UPDATE test SET tags=?2 WHERE id=?1", ""},
	[SQL_LOAD_TEST] = {"SELECT name, tags FROM test WHERE id=?", "Cc"},
	[SQL_FIND_ROSTER] = {"SELECT id FROM roster WHERE file=? AND digest=? AND tests=?", "I"},
	[SQL_ADD_ROSTER] = {"INSERT INTO roster(file, digest, tests) VALUES(?,?,?)", ""},
	[SQL_LOAD_ROSTER] = {"SELECT tests FROM roster WHERE id=?", "B"},
	[SQL_ADD_FAILURE] = {"INSERT INTO failure VALUES(?,?,?,?)", ""},
	[SQL_LOAD_FAILURES] = {"SELECT seq, message, traceback FROM failure WHERE result=?", "Ncc"},
	[SQL_ADD_FILE_ERROR] = {"INSERT INTO file_error VALUES(?,?,?,?,?,?,?,?)", ""},
	// Results of passes are kept, what they printed is not kept for ever: a run that ends drops
	// that of those before the last ten. Ten more catch up on runs that were killed.
	[SQL_DROP_OUTPUTS] =
		{"UPDATE result SET output=NULL WHERE run IN (SELECT id FROM run " BY_TIME
		 "LIMIT 10 OFFSET 10) "
		 "AND status IN (1, 6) AND output IS NOT NULL",
		 ""},
	[SQL_LOAD_PAST] = {PAST_ROWS, PAST_SHAPE},
	[SQL_LOAD_PAST_OF] = {PAST_ROWS "WHERE path=?", PAST_SHAPE},
	[SQL_LOAD_READINGS] = {READING_ROWS, READING_SHAPE},
	[SQL_LOAD_READING_OF] = {READING_ROWS "AND path=?", READING_SHAPE},
	[SQL_NOTE_READING] = {"UPDATE file SET reading=?2 WHERE id=?1 AND reading IS NOT ?2", ""},
	[SQL_RUNS] =
		{"SELECT id, started, elapsed, ifnull(bound, lower_bound), jobs, peak, signal, "
		 "files, bad, tests, failed, revision FROM run ORDER BY started, id",
		 "ITydOognnnnc"},
	[SQL_FILES] = {FILE_ROWS "ORDER BY path", FILE_SHAPE},
	[SQL_CHUNKS] = {"SELECT samples FROM trail WHERE file=? ORDER BY seq", "B"},
	[SQL_TESTS] = {"SELECT file, name, born FROM test ORDER BY id", "ICi"},
	[SQL_TESTS_OF_FILE] = {"SELECT id, name, born FROM test WHERE file=?", "ICi"},
	[SQL_ENDINGS] = {"SELECT roster, endings FROM result WHERE run=? AND file=? AND roster > 0",
			 "IB"},
	[SQL_RESULTS_OF_FILE] = {RESULT_ROWS "result r JOIN file f ON f.id = r.file "
					     "WHERE r.run = ? AND r.file = ? ORDER BY r.id",
				 RESULT_SHAPE},
	[SQL_LAST_RUN] = {"SELECT id FROM run " BY_TIME "LIMIT 1", "I"},
	// It is one of the last.
	[SQL_FIND_RUN] = {"SELECT id, started FROM run WHERE name=? ORDER BY id DESC LIMIT 1",
			  "IT"},
	[SQL_LOAD_RUN] = {"SELECT name, started, elapsed, jobs, peak, lower_bound, seed, signal, "
			  "repeated, flaky_fails, stopped, lua, waits, reused, revision "
			  "FROM run WHERE id=?",
			  "CTyOodagffccbbc"},
	[SQL_COUNT_FILES] = {"SELECT count(DISTINCT file) FROM result WHERE run=?", "N"},
	[SQL_LOAD_RESULTS] = {RESULT_ROWS "result r JOIN file f ON f.id = r.file "
					  "WHERE r.run = ? ORDER BY r.id",
			      RESULT_SHAPE},
	[SQL_LOAD_FILE_ERRORS] = {"SELECT place, name, source, line, message, traceback "
				  "FROM file_error WHERE result = ? ORDER BY seq",
				  "ccclcc"},
	[SQL_BEGIN_READING] = {"BEGIN", ""},
	[SQL_LAST_INPUTS] = {"SELECT s.inputs FROM snapshot s JOIN file f ON f.id = s.file "
			     "WHERE f.path=?",
			     "B"},
	[SQL_LATEST_INPUT] = {"SELECT id, digest, size, mtime, ctime, inode FROM input "
			      "WHERE kind=? AND name=? ORDER BY id DESC LIMIT 1",
			      "Ihaaaa"},
	[SQL_ADD_INPUT] = {"INSERT INTO input(kind, name, digest, size, mtime, ctime, inode) "
			   "VALUES(?,?,?,?,?,?,?)",
			   ""},
	[SQL_RENEW_INPUT] = {"UPDATE input SET size=?2, mtime=?3, ctime=?4, inode=?5 WHERE id=?1",
			     ""},
	[SQL_PUT_SNAPSHOT] = {"INSERT OR REPLACE INTO snapshot(file, result, started, key, "
			      "doubts, inputs, written, deadline) VALUES(?,?,?,?,?,?,?,?)",
			      ""},
	[SQL_RETIRE_SNAPSHOT] = {"UPDATE snapshot SET stands=0 WHERE file=?", ""},
	[SQL_OLD_INPUTS] = {"SELECT inputs, key, stands, "
			    "(SELECT partial FROM result r WHERE r.id = s.result) "
			    "FROM snapshot s WHERE file=?",
			    "BHFf"},
	[SQL_LOAD_INPUTS] = {INPUT_ROWS "ORDER BY id", INPUT_SHAPE},
	[SQL_LOAD_INPUT] = {INPUT_ROWS "WHERE id=?", INPUT_SHAPE},
	[SQL_LOAD_SNAPSHOTS] = {SNAPSHOT_ROWS, SNAPSHOT_SHAPE},
	[SQL_LOAD_SNAPSHOT] = {SNAPSHOT_ROWS "AND f.path=?", SNAPSHOT_SHAPE},
	[SQL_LOAD_WRITTEN] =
		{"SELECT f.path, s.written FROM snapshot s JOIN file f ON f.id = s.file "
		 "WHERE length(s.written) > 0",
		 "CB"},
	[SQL_INPUTS_NAMED] = {"SELECT id FROM input WHERE kind=? AND name=?", "I"},
	[SQL_LOAD_READERS] = {"SELECT f.path, s.inputs, s.written FROM snapshot s JOIN file f ON "
			      "f.id = s.file",
			      "CBB"},
	[SQL_PACKED_INPUTS] = {"SELECT inputs FROM snapshot", "B"},
	[SQL_INPUT_IDS] = {"SELECT id FROM input ORDER BY id DESC", "I"},
	[SQL_DROP_INPUT] = {"DELETE FROM input WHERE id=?", ""},
	[SQL_LOAD_PASSES] = {RESULT_ROWS
			     "snapshot s "
			     "JOIN result r ON r.id = s.result JOIN file f ON f.id = r.file "
			     "ORDER BY f.path",
			     RESULT_SHAPE},
	[SQL_LOAD_RESULT] = {RESULT_ROWS "result r JOIN file f ON f.id = r.file "
					 "WHERE r.id = ?",
			     RESULT_SHAPE},
	// Not those that may be going on: they have no end yet, but a result of late.
	[SQL_OLD_RUNS] =
		{"SELECT id FROM (SELECT id, started, elapsed FROM run " BY_TIME
		 "LIMIT -1 OFFSET ?1) o WHERE started < ?2 AND (elapsed IS NOT NULL OR "
		 "ifnull((SELECT max(r.started + r.wall) FROM result r WHERE r.run = o.id), "
		 "started) < ?3) ORDER BY started, id LIMIT ?4",
		 "I"},
	[SQL_RUN_IDS] = {"SELECT id FROM run ORDER BY id", "I"},
	[SQL_REUSED] = {"SELECT id, reused FROM run WHERE length(reused) > 0", "IB"},
	[SQL_STANDING_RESULTS] = {"SELECT result FROM snapshot WHERE stands", "I"},
	[SQL_RESULT_IDS] = {"SELECT id FROM result WHERE run=?", "I"},
	[SQL_DETACH_RESULT] = {"UPDATE result SET run=0 WHERE id=?", ""},
	[SQL_DROP_RESULT] = {"DELETE FROM result WHERE id=?", ""},
	[SQL_DROP_FAILURES] = {"DELETE FROM failure WHERE result=?", ""},
	[SQL_DROP_FILE_ERRORS] = {"DELETE FROM file_error WHERE result=?", ""},
	[SQL_DROP_RUN] = {"DELETE FROM run WHERE id=?", ""},
	// The number of a result may be given again.
	[SQL_FORGET_RESULTS] = {"UPDATE snapshot SET result=0 WHERE NOT stands AND NOT EXISTS "
				"(SELECT 1 FROM result r WHERE r.id = snapshot.result)",
				""},
	[SQL_FILE_IDS] = {"SELECT id FROM file", "I"},
	[SQL_FIRST_CHUNK] = {"SELECT seq, samples FROM trail WHERE file=? ORDER BY seq LIMIT 1",
			     "IB"},
	[SQL_DROP_CHUNK] = {"DELETE FROM trail WHERE file=? AND seq=?", ""},
	[SQL_FORGOTTEN_FILES] = {"SELECT id FROM file WHERE ended < ? "
				 "AND id NOT IN (SELECT file FROM result) "
				 "AND id NOT IN (SELECT file FROM snapshot WHERE stands)",
				 "I"},
	[SQL_DROP_CHUNKS] = {"DELETE FROM trail WHERE file=?", ""},
	[SQL_DROP_SNAPSHOT] = {"DELETE FROM snapshot WHERE file=?", ""},
	[SQL_DROP_FILE] = {"DELETE FROM file WHERE id=?", ""},
	[SQL_DROP_ROSTERS] = {"DELETE FROM roster WHERE id NOT IN "
			      "(SELECT roster FROM result WHERE roster > 0)",
			      ""},
	[SQL_ROSTER_IDS] = {"SELECT id FROM roster", "I"},
	[SQL_TEST_IDS] = {"SELECT id FROM test", "I"},
	[SQL_DROP_TEST] = {"DELETE FROM test WHERE id=?", ""},
	[SQL_DATABASE_SIZE] = {"SELECT page_count * page_size FROM pragma_page_count, "
			       "pragma_page_size",
			       "I"},
	[SQL_RUNS_BY_TIME] = {"SELECT id FROM run ORDER BY started, name, id", "I"},
	[SQL_RUN_NAMES] = {"SELECT id, name, elapsed IS NOT NULL FROM run ORDER BY id", "ICF"},
	[SQL_COPY_RUNS] = {"SELECT id, reused, " RUN_VALUES " FROM run ORDER BY id",
			   "Ib" RUN_LETTERS},
	[SQL_IMPORT_RUN] = {"INSERT INTO run(" RUN_VALUES ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,"
			    "?,?,?,?,?)",
			    ""},
	[SQL_COMPLETE_RUN] = {"UPDATE run SET (" RUN_VALUES ") = (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,"
			      "?,?,?,?,?) WHERE id=?",
			      ""},
	[SQL_SET_REUSED] = {"UPDATE run SET reused=?2 WHERE id=?1", ""},
	[SQL_COPY_RESULTS] = {"SELECT id, " RESULT_VALUES " FROM result ORDER BY id",
			      "I" RESULT_LETTERS},
	[SQL_COPY_RESULT] = {"SELECT id, " RESULT_VALUES " FROM result WHERE id=?",
			     "I" RESULT_LETTERS},
	[SQL_FIND_RESULT] = {"SELECT id FROM result WHERE run=? AND file=? AND attempt=? AND "
			     "started=?",
			     "I"},
	[SQL_COPY_TESTS] = {"SELECT id, file, name, tags, born FROM test ORDER BY id", "IICci"},
	[SQL_COPY_ROSTERS] = {"SELECT id, file, tests FROM roster ORDER BY id", "IIB"},
	[SQL_BEAR_TEST] = {"UPDATE test SET born=?2 WHERE id=?1", ""},
	[SQL_COPY_FILES] = {FILE_ROWS "ORDER BY id", FILE_SHAPE},
	[SQL_COPY_FILE] = {FILE_ROWS "WHERE id=?", FILE_SHAPE},
	[SQL_BEAR_FILE] = {"UPDATE file SET born=?2 WHERE id=?1", ""},
	[SQL_DROP_MOST_OUTPUTS] =
		{"UPDATE result SET output=NULL WHERE status IN (1, 6) AND output "
		 "IS NOT NULL AND run NOT IN (SELECT id FROM run " BY_TIME "LIMIT 10)",
		 ""},
};

sqlite3_stmt *database_prepare(struct store *s, const char *text)
{
	sqlite3_stmt *q = NULL;

	s->steps = 0;
	sqlite3_prepare_v2(s->db, text, -1, &q, NULL);
	return q;
}

sqlite3_stmt *database_statement(struct store *s, enum statement which)
{
	sqlite3_stmt **stmt = &s->statements[which];

	s->steps = s->rows[which] = 0;
	if (!*stmt)
		sqlite3_prepare_v3(s->db, statements[which].sql, -1, SQLITE_PREPARE_PERSISTENT,
				   stmt, NULL);
	else
		sqlite3_reset(*stmt);
	return *stmt;
}

void database_forget_statements(struct store *s)
{
	for (int i = 0; i < SQL_COUNT; i++) {
		sqlite3_finalize(s->statements[i]);
		s->statements[i] = NULL;
	}
}

void database_end_reading(struct store *s)
{
	for (int i = 0; i < SQL_COUNT; i++)
		sqlite3_reset(s->statements[i]);
}

int database_next_as(struct store *s, sqlite3_stmt *q, const char *letters)
{
	int code = q ? sqlite3_step(q) : SQLITE_ERROR;

	if (code == SQLITE_ROW && !range_holds_row(q, letters))
		return database_damaged(s, "a value is outside of its range");
	return code;
}

int database_next(struct store *s, enum statement which)
{
	int code = database_next_as(s, s->statements[which], statements[which].letters);

	// A row takes a byte at least.
	if (code == SQLITE_ROW && ++s->rows[which] > USUAL_ROWS &&
	    s->rows[which] > database_file_bytes(s))
		return database_damaged(s, "it has more rows than it has room for");
	return code;
}

int database_step(sqlite3_stmt *stmt)
{
	int code = stmt ? sqlite3_step(stmt) : SQLITE_ERROR;

	sqlite3_reset(stmt);
	return code;
}

int database_do(struct store *s, enum statement which, int64_t number)
{
	sqlite3_stmt *q = database_statement(s, which);

	if (!q)
		return SQLITE_ERROR;
	sqlite3_bind_int64(q, 1, number);
	return database_step(q);
}

int database_list(struct store *s, enum statement which, struct numbers *list)
{
	int code;

	while ((code = database_next(s, which)) == SQLITE_ROW)
		VEC_PUSH(list, sqlite3_column_int64(s->statements[which], 0));
	return code;
}

int database_list_all(struct store *s, enum statement which, struct numbers *list)
{
	database_statement(s, which);
	return database_list(s, which, list);
}

int database_compare_ids(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

void database_sort(struct numbers *list)
{
	if (list->n > 0)
		qsort(list->items, list->n, sizeof *list->items, database_compare_ids);
}

bool database_has(const struct numbers *list, int64_t number)
{
	return list->n > 0 &&
	       bsearch(&number, list->items, list->n, sizeof number, database_compare_ids);
}

char *database_text(sqlite3_stmt *q, int column)
{
	const char *s = (const char *)sqlite3_column_text(q, column);

	return s ? xstrdup(s) : NULL;
}

struct packed database_packed(sqlite3_stmt *q, int column)
{
	const unsigned char *bytes = sqlite3_column_blob(q, column);

	return (struct packed){bytes, bytes ? bytes + sqlite3_column_bytes(q, column) : NULL,
			       false};
}

int64_t database_number(sqlite3_stmt *q, int column, int64_t otherwise)
{
	return sqlite3_column_type(q, column) == SQLITE_NULL ? otherwise
							     : sqlite3_column_int64(q, column);
}

void database_bind_string(sqlite3_stmt *q, int column, const char *s)
{
	if (s)
		sqlite3_bind_text(q, column, s, -1, SQLITE_STATIC);
	else
		sqlite3_bind_null(q, column);
}

void database_bind_numbers(sqlite3_stmt *q, const char *letters, const int64_t *numbers)
{
	for (int i = 0; letters[i]; i++)
		sqlite3_bind_int64(q, i + 1, range_nearest(letters[i], numbers[i]));
}

int64_t database_bytes(struct store *s)
{
	struct numbers size = {0};
	int code = database_list_all(s, SQL_DATABASE_SIZE, &size);
	int64_t bytes = code == SQLITE_DONE && size.n > 0 ? size.items[0] : database_file_bytes(s);

	free(size.items);
	return bytes;
}
