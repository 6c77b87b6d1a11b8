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

// What load.c reads of a result.
#define RESULT_COLUMNS                                                                             \
	"r.id, f.path, r.attempt, r.started, r.offset, r.wall, r.user, r.sys, r.maxrss, "          \
	"r.status, r.exit, r.signal, r.slot, r.leaked, r.framework, r.crowded, r.partial, "        \
	"r.has_tests, r.expected, r.output_total, r.reason, r.seed, r.output, "                    \
	"(SELECT written FROM snapshot w WHERE w.file = r.file AND w.result = r.id)"

#define INPUT_ROWS "SELECT id, kind, name, digest, size, mtime, ctime, inode FROM input "

#define SNAPSHOT_ROWS                                                                              \
	"SELECT f.path, s.result, s.started, s.key, s.doubts, s.inputs, s.written, r.framework "   \
	"FROM snapshot s JOIN file f ON f.id = s.file JOIN result r ON r.id = s.result "

static const char *const sql[SQL_COUNT] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_ADD_RUN] = "INSERT INTO run(name, started, jobs, lower_bound, seed, version, "
			"repeated, flaky_fails, lua) VALUES(?,?,?,?,?,?,?,?,?)",
	[SQL_FINISH_RUN] = "UPDATE run SET elapsed=?2, peak=?3, files=?4, bad=?5, tests=?6, "
			   "failed=?7, signal=?8, stopped=?9, waits=?10, reused=?11 "
			   "WHERE id=?1",
	[SQL_FIND_FILE] = "SELECT id, status, ended, recent, tests FROM file WHERE path=?",
	[SQL_ADD_FILE] = "INSERT INTO file(path, status, ended, recent, tests) VALUES(?,?,?,?,?)",
	[SQL_UPDATE_FILE] = "UPDATE file SET status=?2, ended=?3, recent=?4, tests=?5 WHERE id=?1",
	[SQL_ADD_RESULT] = "INSERT INTO result(run, file, attempt, started, offset, wall, user, "
			   "sys, maxrss, status, exit, signal, slot, leaked, tests, failed, "
			   "framework, crowded, partial, has_tests, expected, output_total, "
			   "reason, seed, output) "
			   "VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[SQL_FIND_TEST] = "SELECT id, tags FROM test WHERE file=? AND name=?",
	[SQL_ADD_TEST] = "INSERT INTO test(file, name, tags) VALUES(?,?,?)",
	[SQL_TAG_TEST] = "UPDATE test SET tags=?2 WHERE id=?1",
	[SQL_ADD_TEST_RESULT] = "INSERT INTO test_result VALUES(?,?,?,?,?,?,?,?,?,?,?)",
	[SQL_ADD_FILE_ERROR] = "INSERT INTO file_error VALUES(?,?,?,?,?,?,?,?)",
	// Results of passes are kept, what they printed is not kept for ever: a run that ends drops
	// that of those before it. The range catches up on runs that were killed.
	[SQL_DROP_OUTPUTS] = "UPDATE result SET output=NULL WHERE run BETWEEN ?1 - 20 AND ?1 - 10 "
			     "AND status IN (1, 6) AND output IS NOT NULL",
	[SQL_LOAD_PAST] = "SELECT path, status, ended, recent, tests FROM file",
	[SQL_LAST_RUN] = "SELECT max(id) FROM run",
	// It is one of the last.
	[SQL_FIND_RUN] = "SELECT id, started FROM run WHERE name=? ORDER BY id DESC LIMIT 1",
	[SQL_LOAD_RUN] = "SELECT name, started, elapsed, jobs, peak, lower_bound, seed, signal, "
			 "repeated, flaky_fails, stopped, lua, waits, reused FROM run WHERE id=?",
	[SQL_COUNT_FILES] = "SELECT count(DISTINCT file) FROM result WHERE run=?",
	[SQL_LOAD_RESULTS] = "SELECT " RESULT_COLUMNS " FROM result r JOIN file f ON f.id = r.file "
			     "WHERE r.run = ? ORDER BY r.id",
	[SQL_LOAD_TESTS] = "SELECT t.name, t.tags, r.status, r.wall, r.own, r.round, r.source, "
			   "r.line, r.message, r.traceback "
			   "FROM test_result r JOIN test t ON t.id = r.test "
			   "WHERE r.result = ? ORDER BY r.seq",
	[SQL_LOAD_FILE_ERRORS] = "SELECT place, name, source, line, message, traceback "
				 "FROM file_error WHERE result = ? ORDER BY seq",
	[SQL_LATEST_INPUT] = "SELECT id, digest, size, mtime, ctime, inode FROM input "
			     "WHERE kind=? AND name=? ORDER BY id DESC LIMIT 1",
	[SQL_ADD_INPUT] = "INSERT INTO input(kind, name, digest, size, mtime, ctime, inode) "
			  "VALUES(?,?,?,?,?,?,?)",
	[SQL_RENEW_INPUT] = "UPDATE input SET size=?2, mtime=?3, ctime=?4, inode=?5 WHERE id=?1",
	[SQL_PUT_SNAPSHOT] = "INSERT OR REPLACE INTO snapshot VALUES(?,?,?,?,?,?,?)",
	[SQL_DROP_SNAPSHOT] = "DELETE FROM snapshot WHERE file=?",
	[SQL_LOAD_INPUTS] = INPUT_ROWS "ORDER BY id",
	[SQL_LOAD_INPUT] = INPUT_ROWS "WHERE id=?",
	[SQL_LOAD_SNAPSHOTS] = SNAPSHOT_ROWS,
	[SQL_LOAD_SNAPSHOT] = SNAPSHOT_ROWS "WHERE f.path=?",
	[SQL_PACKED_INPUTS] = "SELECT inputs FROM snapshot",
	[SQL_INPUT_IDS] = "SELECT id FROM input ORDER BY id DESC",
	[SQL_DROP_INPUT] = "DELETE FROM input WHERE id=?",
	[SQL_LOAD_PASSES] = "SELECT " RESULT_COLUMNS " FROM snapshot s "
			    "JOIN result r ON r.id = s.result JOIN file f ON f.id = r.file "
			    "ORDER BY f.path",
	[SQL_LOAD_RESULT] = "SELECT " RESULT_COLUMNS " FROM result r JOIN file f ON f.id = r.file "
			    "WHERE r.id = ?",
	[SQL_LAST_RUNS] = "SELECT id, started, elapsed, jobs, peak, signal, files, bad, tests, "
			  "failed, lower_bound "
			  "FROM run ORDER BY id DESC LIMIT ?",
	// For each file the latest results by the index, newest first.
	[SQL_RESULTS] =
		"SELECT f.path, r.run, r.started, r.wall, r.user, r.sys, r.maxrss, r.status, "
		"r.reason,"
		" r.tests, r.failed "
		"FROM file f JOIN result r ON r.file = f.id "
		"WHERE (?1 IS NULL OR f.path = ?1 OR substr(f.path, 1, length(?1) + 1) = ?1 || "
		"'/') "
		"AND r.id IN (SELECT id FROM result WHERE file = f.id AND status <> 0 ORDER BY id "
		"DESC LIMIT ?2) "
		"ORDER BY f.path, r.id DESC",
};

sqlite3_stmt *database_statement(struct store *s, enum statement which)
{
	sqlite3_stmt **stmt = &s->statements[which];

	if (!*stmt)
		sqlite3_prepare_v3(s->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL);
	else
		sqlite3_reset(*stmt);
	return *stmt;
}

int database_step(sqlite3_stmt *stmt)
{
	int code = sqlite3_step(stmt);

	sqlite3_reset(stmt);
	return code;
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
	for (int i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(s->statements[i]);
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
	int code = version > 0 ? sqlite3_prepare_v2(s->db, "SELECT path, recent FROM file", -1,
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
	return schema_migrate(s->db, schema_version(), err);
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

// Opens and checks; *code is sqlite's code where it failed. What an older firmo-jobs wrote is
// brought up to date to be read as well.
static struct store *try_open(const char *path, enum store_mode mode, int *code, struct err *err)
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
		sqlite3_busy_timeout(s->db, mode == STORE_READ ? OPEN_TIMEOUT_MS : 0);
		return s;
	}
	store_close(s);
	return is_older ? try_open(path, STORE_WRITE, code, err) : NULL;
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

// One process at a time looks at a damaged history: the next one finds the new file.
static struct store *replace_damaged(const char *path, char **notice, int *code, struct err *err)
{
	char *folder = xstrndup(path, (size_t)(path_base(path) - path));
	int fd = open(*folder ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	free(folder);
	if (fd >= 0)
		flock(fd, LOCK_EX);
	struct store *s = try_open(path, STORE_WRITE, code, err);
	if (!s && is_damaged(*code) && (*notice = set_aside(path, err->message)))
		s = try_open(path, STORE_WRITE, code, err);
	if (fd >= 0)
		close(fd);
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
	struct store *s = try_open(path, mode, &code, &why);
	if (!s && mode == STORE_WRITE && is_damaged(code))
		s = replace_damaged(path, notice, &code, &why);
	if (!s)
		err_set(err, 0, "cannot use the history %s: %s", path, why.message);
	return s;
}

static void free_past(struct map *past)
{
	for (size_t i = 0; i < past->cap; i++)
		free(past->slots[i].value);
	map_release(past);
}

void database_read_past(sqlite3_stmt *row, struct past *p)
{
	size_t bytes = (size_t)sqlite3_column_bytes(row, 3);

	p->status = (enum file_status)sqlite3_column_int(row, 1);
	p->ended_ns = sqlite3_column_int64(row, 2);
	p->n = bytes / sizeof *p->wall_ns < STORE_RECENT ? bytes / sizeof *p->wall_ns
							 : STORE_RECENT;
	if (p->n)
		memcpy(p->wall_ns, sqlite3_column_blob(row, 3), p->n * sizeof *p->wall_ns);
	p->tests = (long)sqlite3_column_int64(row, 4);
	p->p99_ns = -1;
	for (size_t i = 0; i < p->n; i++)
		p->p99_ns = p->wall_ns[i] > p->p99_ns ? p->wall_ns[i] : p->p99_ns;
}

int store_load_past(struct store *s, struct map *past, struct err *err)
{
	sqlite3_stmt *stmt = database_statement(s, SQL_LOAD_PAST);
	int code = SQLITE_ERROR;

	while (stmt && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct past *p = xcalloc(1, sizeof *p);
		database_read_past(stmt, p);
		free(map_put(past, (const char *)sqlite3_column_text(stmt, 0), p));
	}
	if (code == SQLITE_DONE) {
		sqlite3_reset(stmt);
		return 0;
	}
	free_past(past);
	return database_error(s, err);
}
