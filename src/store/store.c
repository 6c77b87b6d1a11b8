// SPDX-License-Identifier: MIT
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/map.h"
#include "base/path.h"
#include "store/database.h"
#include "store/schema.h"

// Moving the log into the database is the one thing here that waits for the disk, so it is not done
// at every close; but whoever opens next reads through the log, so it must not stay long either.
#define CLOSE_PAGES 500

// How long opening waits for another process that migrates; recording itself never waits.
#define OPEN_TIMEOUT_MS 5000

#define AS_SQL(name, sql) sql ", "
#define RESULT_ROWS       "SELECT " RESULT_COLUMNS(AS_SQL) "0 FROM "

// All of a result, in the order in which add_result of record.c has it.
#define RESULT_VALUES                                                                              \
	"run, file, attempt, started, offset, wall, user, sys, maxrss, status, exit, signal, "     \
	"slot, leaked, tests, failed, framework, crowded, partial, has_tests, expected, "          \
	"output_total, roster, delay, reason, seed, output, endings"

// All of a run but the results that it has taken over.
#define RUN_VALUES                                                                                 \
	"name, started, elapsed, jobs, peak, files, bad, tests, failed, lower_bound, bound, "      \
	"seed, signal, repeated, flaky_fails, version, revision, stopped, lua, waits"

// The latest run first.
#define BY_TIME "ORDER BY started DESC, id DESC "

#define FILE_ROWS "SELECT path, status, ended, tests, state, trail, id, born FROM file "

#define INPUT_ROWS "SELECT id, kind, name, digest, size, mtime, ctime, inode FROM input "

#define SNAPSHOT_ROWS                                                                              \
	"SELECT f.path, s.result, s.started, s.key, s.doubts, s.inputs, s.written, r.framework "   \
	"FROM snapshot s JOIN file f ON f.id = s.file JOIN result r ON r.id = s.result "           \
	"WHERE s.stands "

static const char *const sql[SQL_COUNT] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_ADD_RUN] = "INSERT INTO run(name, started, jobs, lower_bound, seed, version, "
			"repeated, flaky_fails, lua, revision) VALUES(?,?,?,?,?,?,?,?,?,?)",
	[SQL_FINISH_RUN] = "UPDATE run SET elapsed=?2, peak=?3, files=?4, bad=?5, tests=?6, "
			   "failed=?7, signal=?8, bound=?9, stopped=?10, waits=?11, reused=?12 "
			   "WHERE id=?1",
	[SQL_FIND_FILE] = "SELECT id, status, ended, tests, state, trail FROM file WHERE path=?",
	[SQL_ADD_FILE] = "INSERT INTO file(path, born, status, ended, tests, state, trail) "
			 "VALUES(?,?,0,0,0,0,x'')",
	[SQL_UPDATE_FILE] = "UPDATE file SET status=?2, ended=?3, tests=?4, state=?5, trail=?6 "
			    "WHERE id=?1",
	[SQL_ADD_CHUNK] = "INSERT INTO trail SELECT ?1, ifnull(max(seq), 0) + 1, ?2 FROM trail "
			  "WHERE file=?1",
	[SQL_ADD_RESULT] = "INSERT INTO result(" RESULT_VALUES ") VALUES(?,?,?,?,?,?,?,?,?,"
			   "?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[SQL_FIND_TEST] = "SELECT id, tags, born FROM test WHERE file=? AND name=?",
	[SQL_ADD_TEST] = "INSERT INTO test(file, name, tags, born) VALUES(?,?,?,?)",
	[SQL_TAG_TEST] = "UPDATE test SET tags=?2 WHERE id=?1",
	[SQL_LOAD_TEST] = "SELECT name, tags FROM test WHERE id=?",
	[SQL_FIND_ROSTER] = "SELECT id FROM roster WHERE file=? AND digest=? AND tests=?",
	[SQL_ADD_ROSTER] = "INSERT INTO roster(file, digest, tests) VALUES(?,?,?)",
	[SQL_LOAD_ROSTER] = "SELECT tests FROM roster WHERE id=?",
	[SQL_ADD_FAILURE] = "INSERT INTO failure VALUES(?,?,?,?)",
	[SQL_LOAD_FAILURES] = "SELECT seq, message, traceback FROM failure WHERE result=?",
	[SQL_ADD_FILE_ERROR] = "INSERT INTO file_error VALUES(?,?,?,?,?,?,?,?)",
	// Results of passes are kept, what they printed is not kept for ever: a run that ends drops
	// that of those before the last ten. Ten more catch up on runs that were killed.
	[SQL_DROP_OUTPUTS] =
		"UPDATE result SET output=NULL WHERE run IN (SELECT id FROM run " BY_TIME
		"LIMIT 10 OFFSET 10) "
		"AND status IN (1, 6) AND output IS NOT NULL",
	[SQL_LOAD_PAST] = "SELECT path, status, ended, tests, state, trail FROM file",
	[SQL_LOAD_READINGS] = "SELECT path, reading FROM file WHERE reading > 0",
	[SQL_NOTE_READING] = "UPDATE file SET reading=?2 WHERE id=?1 AND reading IS NOT ?2",
	[SQL_RUNS] = "SELECT id, started, elapsed, ifnull(bound, lower_bound), jobs, peak, signal, "
		     "files, bad, tests, failed, revision FROM run ORDER BY started, id",
	[SQL_FILES] = FILE_ROWS "ORDER BY path",
	[SQL_CHUNKS] = "SELECT samples FROM trail WHERE file=? ORDER BY seq",
	[SQL_TESTS] = "SELECT file, name, born FROM test ORDER BY id",
	[SQL_TESTS_OF_FILE] = "SELECT id, name, born FROM test WHERE file=?",
	[SQL_ENDINGS] = "SELECT roster, endings FROM result WHERE run=? AND file=? AND roster > 0",
	[SQL_RESULTS_OF_FILE] = RESULT_ROWS "result r JOIN file f ON f.id = r.file "
					    "WHERE r.run = ? AND r.file = ? ORDER BY r.id",
	[SQL_LAST_RUN] = "SELECT id FROM run " BY_TIME "LIMIT 1",
	// It is one of the last.
	[SQL_FIND_RUN] = "SELECT id, started FROM run WHERE name=? ORDER BY id DESC LIMIT 1",
	[SQL_LOAD_RUN] = "SELECT name, started, elapsed, jobs, peak, lower_bound, seed, signal, "
			 "repeated, flaky_fails, stopped, lua, waits, reused, revision "
			 "FROM run WHERE id=?",
	[SQL_COUNT_FILES] = "SELECT count(DISTINCT file) FROM result WHERE run=?",
	[SQL_LOAD_RESULTS] = RESULT_ROWS "result r JOIN file f ON f.id = r.file "
					 "WHERE r.run = ? ORDER BY r.id",
	[SQL_LOAD_FILE_ERRORS] = "SELECT place, name, source, line, message, traceback "
				 "FROM file_error WHERE result = ? ORDER BY seq",
	[SQL_LATEST_INPUT] = "SELECT id, digest, size, mtime, ctime, inode FROM input "
			     "WHERE kind=? AND name=? ORDER BY id DESC LIMIT 1",
	[SQL_ADD_INPUT] = "INSERT INTO input(kind, name, digest, size, mtime, ctime, inode) "
			  "VALUES(?,?,?,?,?,?,?)",
	[SQL_RENEW_INPUT] = "UPDATE input SET size=?2, mtime=?3, ctime=?4, inode=?5 WHERE id=?1",
	[SQL_PUT_SNAPSHOT] = "INSERT OR REPLACE INTO snapshot(file, result, started, key, "
			     "doubts, inputs, written) VALUES(?,?,?,?,?,?,?)",
	[SQL_RETIRE_SNAPSHOT] = "UPDATE snapshot SET stands=0 WHERE file=?",
	[SQL_OLD_INPUTS] = "SELECT inputs, key, stands FROM snapshot WHERE file=?",
	[SQL_LOAD_INPUTS] = INPUT_ROWS "ORDER BY id",
	[SQL_LOAD_INPUT] = INPUT_ROWS "WHERE id=?",
	[SQL_LOAD_SNAPSHOTS] = SNAPSHOT_ROWS,
	[SQL_LOAD_SNAPSHOT] = SNAPSHOT_ROWS "AND f.path=?",
	[SQL_PACKED_INPUTS] = "SELECT inputs FROM snapshot",
	[SQL_INPUT_IDS] = "SELECT id FROM input ORDER BY id DESC",
	[SQL_DROP_INPUT] = "DELETE FROM input WHERE id=?",
	[SQL_LOAD_PASSES] =
		RESULT_ROWS "snapshot s "
			    "JOIN result r ON r.id = s.result JOIN file f ON f.id = r.file "
			    "ORDER BY f.path",
	[SQL_LOAD_RESULT] = RESULT_ROWS "result r JOIN file f ON f.id = r.file "
					"WHERE r.id = ?",
	// Not those that may be going on: they have no end yet, but a result of late.
	[SQL_OLD_RUNS] =
		"SELECT id FROM (SELECT id, started, elapsed FROM run " BY_TIME
		"LIMIT -1 OFFSET ?1) o WHERE started < ?2 AND (elapsed IS NOT NULL OR "
		"ifnull((SELECT max(r.started + r.wall) FROM result r WHERE r.run = o.id), "
		"started) < ?3) ORDER BY started, id LIMIT ?4",
	[SQL_RUN_IDS] = "SELECT id FROM run ORDER BY id",
	[SQL_REUSED] = "SELECT id, reused FROM run WHERE length(reused) > 0",
	[SQL_STANDING_RESULTS] = "SELECT result FROM snapshot WHERE stands",
	[SQL_RESULT_IDS] = "SELECT id FROM result WHERE run=?",
	[SQL_DETACH_RESULT] = "UPDATE result SET run=0 WHERE id=?",
	[SQL_DROP_RESULT] = "DELETE FROM result WHERE id=?",
	[SQL_DROP_FAILURES] = "DELETE FROM failure WHERE result=?",
	[SQL_DROP_FILE_ERRORS] = "DELETE FROM file_error WHERE result=?",
	[SQL_DROP_RUN] = "DELETE FROM run WHERE id=?",
	// The number of a result may be given again.
	[SQL_FORGET_RESULTS] = "UPDATE snapshot SET result=0 WHERE NOT stands AND NOT EXISTS "
			       "(SELECT 1 FROM result r WHERE r.id = snapshot.result)",
	[SQL_FILE_IDS] = "SELECT id FROM file",
	[SQL_FIRST_CHUNK] = "SELECT seq, samples FROM trail WHERE file=? ORDER BY seq LIMIT 1",
	[SQL_DROP_CHUNK] = "DELETE FROM trail WHERE file=? AND seq=?",
	[SQL_FORGOTTEN_FILES] = "SELECT id FROM file WHERE ended < ? "
				"AND id NOT IN (SELECT file FROM result) "
				"AND id NOT IN (SELECT file FROM snapshot WHERE stands)",
	[SQL_DROP_CHUNKS] = "DELETE FROM trail WHERE file=?",
	[SQL_DROP_SNAPSHOT] = "DELETE FROM snapshot WHERE file=?",
	[SQL_DROP_FILE] = "DELETE FROM file WHERE id=?",
	[SQL_DROP_ROSTERS] = "DELETE FROM roster WHERE id NOT IN "
			     "(SELECT roster FROM result WHERE roster > 0)",
	[SQL_ROSTER_IDS] = "SELECT id FROM roster",
	[SQL_TEST_IDS] = "SELECT id FROM test",
	[SQL_DROP_TEST] = "DELETE FROM test WHERE id=?",
	[SQL_DATABASE_SIZE] = "SELECT page_count * page_size FROM pragma_page_count, "
			      "pragma_page_size",
	[SQL_RUNS_BY_TIME] = "SELECT id FROM run ORDER BY started, name, id",
	[SQL_RUN_NAMES] = "SELECT id, name, elapsed IS NOT NULL FROM run ORDER BY id",
	[SQL_COPY_RUNS] = "SELECT id, reused, " RUN_VALUES " FROM run ORDER BY id",
	[SQL_IMPORT_RUN] = "INSERT INTO run(" RUN_VALUES ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,"
			   "?,?,?,?,?)",
	[SQL_COMPLETE_RUN] = "UPDATE run SET (" RUN_VALUES ") = (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,"
			     "?,?,?,?,?) WHERE id=?",
	[SQL_SET_REUSED] = "UPDATE run SET reused=?2 WHERE id=?1",
	[SQL_COPY_RESULTS] = "SELECT id, " RESULT_VALUES " FROM result ORDER BY id",
	[SQL_COPY_RESULT] = "SELECT id, " RESULT_VALUES " FROM result WHERE id=?",
	[SQL_FIND_RESULT] = "SELECT id FROM result WHERE run=? AND file=? AND attempt=? AND "
			    "started=?",
	[SQL_COPY_TESTS] = "SELECT id, file, name, tags, born FROM test ORDER BY id",
	[SQL_COPY_ROSTERS] = "SELECT id, file, tests FROM roster ORDER BY id",
	[SQL_BEAR_TEST] = "UPDATE test SET born=?2 WHERE id=?1",
	[SQL_COPY_FILES] = FILE_ROWS "ORDER BY id",
	[SQL_COPY_FILE] = FILE_ROWS "WHERE id=?",
	[SQL_BEAR_FILE] = "UPDATE file SET born=?2 WHERE id=?1",
	[SQL_DROP_MOST_OUTPUTS] =
		"UPDATE result SET output=NULL WHERE status IN (1, 6) AND output "
		"IS NOT NULL AND run NOT IN (SELECT id FROM run " BY_TIME "LIMIT 10)",
};

sqlite3_stmt *database_prepare(struct store *s, const char *text)
{
	sqlite3_stmt *q = NULL;

	sqlite3_prepare_v2(s->db, text, -1, &q, NULL);
	return q;
}

sqlite3_stmt *database_statement(struct store *s, enum statement which)
{
	sqlite3_stmt **stmt = &s->statements[which];

	if (!*stmt)
		sqlite3_prepare_v3(s->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL);
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

int database_step(sqlite3_stmt *stmt)
{
	int code = sqlite3_step(stmt);

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

int database_list(sqlite3_stmt *q, struct numbers *list)
{
	int code = SQLITE_ERROR;

	while (q && (code = sqlite3_step(q)) == SQLITE_ROW)
		VEC_PUSH(list, sqlite3_column_int64(q, 0));
	return code;
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

	return (struct packed){bytes, bytes + sqlite3_column_bytes(q, column)};
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

int database_error(struct store *s, struct err *err)
{
	return err_set(err, 0, "%s", s->db ? sqlite3_errmsg(s->db) : "out of memory");
}

static int on_commit(void *arg, sqlite3 *db, const char *name, int pages)
{
	((struct store *)arg)->wal_pages = pages;
	return SQLITE_OK;
}

void database_take_time(struct store *s)
{
	sqlite3_exec(s->db, "PRAGMA cache_size=-65536", NULL, NULL, NULL);
	sqlite3_busy_timeout(s->db, OPEN_TIMEOUT_MS);
}

int64_t database_bytes(struct store *s)
{
	struct numbers size = {0};
	int code = database_list(database_statement(s, SQL_DATABASE_SIZE), &size);
	int64_t bytes = code == SQLITE_DONE && size.n > 0 ? size.items[0] : 0;

	free(size.items);
	return bytes;
}

void database_move_log(struct store *s, int most_pages)
{
	// Truncated, it does not only stand in the database but is begun anew by the next writer.
	if (s->wal_pages > most_pages)
		sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}

void store_close(struct store *s)
{
	if (!s)
		return;
	database_forget_statements(s);
	database_forget_inputs(s);
	database_move_log(s, CLOSE_PAGES);
	sqlite3_close(s->db);
	free(s);
}

static int read_version(struct store *s)
{
	sqlite3_stmt *stmt = NULL;
	int code = sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &stmt, NULL);
	int version = -code;

	if (code == SQLITE_OK) {
		code = sqlite3_step(stmt);
		version = code == SQLITE_ROW ? sqlite3_column_int(stmt, 0) : -code;
	}
	sqlite3_finalize(stmt);
	return version;
}

// Whether the tables are there. What is no database of ours, or a damaged one, shows here.
static int check_tables(struct store *s, int version)
{
	sqlite3_stmt *stmt = NULL;
	int code = version > 0 ? sqlite3_prepare_v2(s->db, "SELECT path, ended FROM file", -1,
						    &stmt, NULL)
			       : SQLITE_OK;

	sqlite3_finalize(stmt);
	return code;
}

static bool is_damaged(int code)
{
	return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

static int set_up_writing(struct store *s, struct err *err)
{
	// The page cache is kept small: what is read is read once.
	sqlite3_exec(s->db,
		     "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-256;"
		     "PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=4194304",
		     NULL, NULL, NULL);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_wal_hook(s->db, on_commit, s);
	return schema_migrate(s, schema_version(), err);
}

// Looks whether the database is one that we know; *version is its format.
static int check(struct store *s, int *version, struct err *err)
{
	*version = read_version(s);
	int code = *version < 0                   ? -*version
		   : *version <= schema_version() ? check_tables(s, *version)
						  : SQLITE_OK;

	if (code != SQLITE_OK) {
		database_error(s, err);
	} else if (*version > schema_version()) {
		code = SQLITE_SCHEMA;
		err_set(err, 0,
			"it was written by a newer firmo-jobs (format %d, this one knows %d)",
			*version, schema_version());
	}
	return code;
}

// What an older firmo-jobs wrote is brought up to date to be read as well.
struct store *database_open(const char *path, enum store_mode mode, int *code, struct err *err)
{
	struct store *s = xcalloc(1, sizeof *s);
	int version = 0, flags = mode == STORE_READ ? SQLITE_OPEN_READONLY
						    : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;

	*code = sqlite3_open_v2(path, &s->db, SQLITE_OPEN_NOMUTEX | flags, NULL);
	sqlite3_busy_timeout(s->db, OPEN_TIMEOUT_MS);
	if (*code != SQLITE_OK)
		database_error(s, err);
	else
		*code = check(s, &version, err);
	if (*code == SQLITE_OK && mode == STORE_WRITE)
		*code = set_up_writing(s, err);
	bool is_older = mode == STORE_READ && version > 0 && version < schema_version();
	if (*code == SQLITE_OK && !is_older) {
		// What is read is the state of one moment, and each question need not take its
		// locks.
		if (mode == STORE_READ)
			sqlite3_exec(s->db, "PRAGMA cache_size=-16384; BEGIN", NULL, NULL, NULL);
		sqlite3_busy_timeout(s->db, mode == STORE_READ ? OPEN_TIMEOUT_MS : 0);
		return s;
	}
	store_close(s);
	return is_older ? database_open(path, STORE_WRITE, code, err) : NULL;
}

// Renames path to aside, with `suffix` behind both.
static int move(const char *path, const char *aside, const char *suffix)
{
	char *from = xasprintf("%s%s", path, suffix), *to = xasprintf("%s%s", aside, suffix);
	int status = rename(from, to);

	free(from);
	free(to);
	return status;
}

static char *set_aside(const char *path, const char *why)
{
	char *aside = xasprintf("%s.corrupt-%" PRId64 "-%d", path, clock_real_ns() / NS_PER_SEC,
				getpid());
	char *notice = NULL;

	if (move(path, aside, "") == 0) {
		// Its log belongs to it, and would be played into the new file.
		move(path, aside, "-wal");
		move(path, aside, "-shm");
		notice = xasprintf(
			"the history %s is damaged (%s): it is kept as %s, and a new one is "
			"begun",
			path, why, aside);
	}
	free(aside);
	return notice;
}

// A history and its log are two files. Whoever opens them must not get the one from before and the
// other from after the moment when a damaged one is set aside: nobody opens meanwhile. The caller
// closes what this gives; -1: it cannot be locked.
static int lock_folder(const char *path, int how)
{
	char *folder = xstrndup(path, (size_t)(path_base(path) - path));
	int fd = open(*folder ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	free(folder);
	if (fd >= 0)
		flock(fd, how);
	return fd;
}

static void unlock_folder(int fd)
{
	if (fd >= 0)
		close(fd);
}

// The first one who finds the history damaged sets it aside: the next one finds the new one.
static struct store *replace_damaged(const char *path, char **notice, int *code, struct err *err)
{
	int lock = lock_folder(path, LOCK_EX);
	struct store *s = database_open(path, STORE_WRITE, code, err);

	if (!s && is_damaged(*code) && (*notice = set_aside(path, err->message)))
		s = database_open(path, STORE_WRITE, code, err);
	unlock_folder(lock);
	return s;
}

struct store *store_open(const char *path, enum store_mode mode, char **notice, struct err *err)
{
	struct err why = {0};
	int code = 0;

	*notice = NULL;
	if (mode == STORE_READ && access(path, F_OK) != 0) {
		err_set(err, errno, "%s", path);
		return NULL;
	}
	if (mode == STORE_WRITE && path_make_home(path, err) < 0)
		return NULL;
	int lock = lock_folder(path, LOCK_SH);
	struct store *s = database_open(path, mode, &code, &why);
	unlock_folder(lock);
	if (!s && mode == STORE_WRITE && is_damaged(code))
		s = replace_damaged(path, notice, &code, &why);
	if (!s)
		err_set(err, 0, "cannot use the history %s: %s", path, why.message);
	return s;
}
