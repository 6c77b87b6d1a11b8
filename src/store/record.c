// SPDX-License-Identifier: MIT
// Writing to the store: runs, the results of files, their tests.
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "firmo-jobs.h"
#include "model/run.h"
#include "store/database.h"
#include "store/store.h"

// How long the log may grow in mid-run: 32 MiB.
#define LOG_PAGES 8000

static void bind_string(sqlite3_stmt *stmt, int column, const char *s)
{
	if (s)
		sqlite3_bind_text(stmt, column, s, -1, SQLITE_STATIC);
	else
		sqlite3_bind_null(stmt, column);
}

static int add_run(struct store *s, struct run *run)
{
	sqlite3_stmt *q = database_statement(s, SQL_ADD_RUN);

	if (!q)
		return SQLITE_ERROR;
	bind_string(q, 1, run->name);
	sqlite3_bind_int64(q, 2, run->started_ns);
	sqlite3_bind_int(q, 3, run->jobs);
	sqlite3_bind_int64(q, 4, run->lower_bound_ns);
	sqlite3_bind_int64(q, 5, (sqlite3_int64)run->seed);
	bind_string(q, 6, FIRMO_JOBS_VERSION);
	int code = database_step(q);
	run->id = sqlite3_last_insert_rowid(s->db);
	return code;
}

// A skipped file or one that would not load tells nothing about how long it takes.
static bool is_timed(enum file_status s)
{
	return s == FILE_PASSED || s == FILE_FAILED || s == FILE_TIMEOUT || s == FILE_LIMIT;
}

static size_t append_recent(int64_t *recent, const void *old, size_t old_bytes,
			    const struct result *r)
{
	size_t n = old_bytes / sizeof *recent;

	if (n > STORE_RECENT)
		n = STORE_RECENT;
	if (n)
		memcpy(recent, old, n * sizeof *recent);
	if (!is_timed(r->status))
		return n;
	if (n == STORE_RECENT)
		memmove(recent, recent + 1, --n * sizeof *recent);
	recent[n++] = r->wall_ns;
	return n;
}

// Finds or makes the file's row and brings it up to date; *id is its number.
static int put_file(struct store *s, const struct result *r, sqlite3_int64 *id)
{
	int64_t recent[STORE_RECENT];
	sqlite3_stmt *find = database_statement(s, SQL_FIND_FILE);

	if (!find)
		return SQLITE_ERROR;
	bind_string(find, 1, r->job->path);
	int code = sqlite3_step(find);
	bool known = code == SQLITE_ROW;
	if (!known && code != SQLITE_DONE)
		return code;
	*id = known ? sqlite3_column_int64(find, 0) : 0;
	size_t n = append_recent(recent, known ? sqlite3_column_blob(find, 1) : NULL,
				 known ? (size_t)sqlite3_column_bytes(find, 1) : 0, r);
	sqlite3_reset(find);

	sqlite3_stmt *put = database_statement(s, known ? SQL_UPDATE_FILE : SQL_ADD_FILE);
	if (!put)
		return SQLITE_ERROR;
	if (known)
		sqlite3_bind_int64(put, 1, *id);
	else
		bind_string(put, 1, r->job->path);
	sqlite3_bind_int(put, 2, r->status);
	sqlite3_bind_int64(put, 3, r->started_ns + r->wall_ns);
	sqlite3_bind_blob(put, 4, recent, (int)(n * sizeof *recent), SQLITE_STATIC);
	code = database_step(put);
	if (!known)
		*id = sqlite3_last_insert_rowid(s->db);
	return code;
}

static int add_result(struct store *s, const struct run *run, const struct result *r,
		      sqlite3_int64 file)
{
	sqlite3_stmt *q = database_statement(s, SQL_ADD_RESULT);
	struct counts c = result_counts(r);

	if (!q)
		return SQLITE_ERROR;
	const int64_t numbers[] = {run->id,       r->job ? file : 0, r->attempt,
				   r->started_ns, r->wall_ns,        r->user_ns,
				   r->sys_ns,     r->maxrss,         r->status};
	for (int i = 0; i < (int)(sizeof numbers / sizeof *numbers); i++)
		sqlite3_bind_int64(q, i + 1, numbers[i]);
	bind_string(q, 10, r->reason);
	sqlite3_bind_int(q, 11, r->exit_code);
	sqlite3_bind_int(q, 12, r->signal);
	sqlite3_bind_int(q, 13, r->slot);
	sqlite3_bind_int(q, 14, r->leaked);
	sqlite3_bind_int64(q, 15, c.total);
	sqlite3_bind_int64(q, 16, c.failed + c.errors);
	// What a passing file prints is not worth its place.
	if (r->output && file_status_is_bad(r->status))
		sqlite3_bind_blob(q, 17, r->output, (int)r->output_len, SQLITE_STATIC);
	else
		sqlite3_bind_null(q, 17);
	return database_step(q);
}

static int find_test(struct store *s, sqlite3_int64 file, const char *name, sqlite3_int64 *id)
{
	sqlite3_stmt *q = database_statement(s, SQL_FIND_TEST);

	if (!q)
		return SQLITE_ERROR;
	sqlite3_bind_int64(q, 1, file);
	bind_string(q, 2, name);
	int code = sqlite3_step(q);
	if (code == SQLITE_ROW)
		*id = sqlite3_column_int64(q, 0);
	sqlite3_reset(q);
	if (code != SQLITE_DONE)
		return code == SQLITE_ROW ? SQLITE_DONE : code;

	if (!(q = database_statement(s, SQL_ADD_TEST)))
		return SQLITE_ERROR;
	sqlite3_bind_int64(q, 1, file);
	bind_string(q, 2, name);
	code = database_step(q);
	*id = sqlite3_last_insert_rowid(s->db);
	return code;
}

static void full_name(const struct test_case *t, struct buf *b)
{
	for (size_t i = 0; i < t->npath; i++)
		buf_addf(b, "%s\x1f", t->path[i]);
	buf_addstr(b, t->name ? t->name : "");
}

static int add_test_result(struct store *s, const struct test_case *t, sqlite3_int64 result,
			   size_t seq, sqlite3_int64 file)
{
	struct buf name = {0};
	sqlite3_int64 id = 0;

	full_name(t, &name);
	int code = find_test(s, file, name.data, &id);
	buf_release(&name);
	sqlite3_stmt *q = code == SQLITE_DONE ? database_statement(s, SQL_ADD_TEST_RESULT) : NULL;
	if (!q)
		return code == SQLITE_DONE ? SQLITE_ERROR : code;
	sqlite3_bind_int64(q, 1, result);
	sqlite3_bind_int64(q, 2, (sqlite3_int64)seq);
	sqlite3_bind_int64(q, 3, id);
	sqlite3_bind_int(q, 4, t->status);
	sqlite3_bind_int64(q, 5, t->wall_ns);
	// Where a test stands is worth keeping for those that somebody will look for.
	bool bad = t->status != TEST_PASSED;
	bind_string(q, 6, bad ? t->file : NULL);
	sqlite3_bind_int(q, 7, bad ? t->line : 0);
	bind_string(q, 8, t->message);
	bind_string(q, 9, t->traceback);
	return database_step(q);
}

static int add_file_error(struct store *s, const struct file_error *e, sqlite3_int64 result,
			  size_t seq)
{
	sqlite3_stmt *q = database_statement(s, SQL_ADD_FILE_ERROR);

	if (!q)
		return SQLITE_ERROR;
	sqlite3_bind_int64(q, 1, result);
	sqlite3_bind_int64(q, 2, (sqlite3_int64)seq);
	bind_string(q, 3, e->where);
	bind_string(q, 4, e->name);
	bind_string(q, 5, e->file);
	sqlite3_bind_int(q, 6, e->line);
	bind_string(q, 7, e->message);
	bind_string(q, 8, e->traceback);
	return database_step(q);
}

static int add_all(struct store *s, const struct run *run, const struct result *r)
{
	sqlite3_int64 file = 0;
	int code = put_file(s, r, &file);

	if (code == SQLITE_DONE)
		code = add_result(s, run, r, file);
	sqlite3_int64 result = sqlite3_last_insert_rowid(s->db);
	for (size_t i = 0; i < r->tests.n && code == SQLITE_DONE; i++)
		code = add_test_result(s, &r->tests.items[i], result, i, file);
	for (size_t i = 0; i < r->errors.n && code == SQLITE_DONE; i++)
		code = add_file_error(s, &r->errors.items[i], result, i);
	return code;
}

static int run_statement(struct store *s, enum statement which)
{
	sqlite3_stmt *q = database_statement(s, which);

	return q ? database_step(q) : SQLITE_ERROR;
}

static enum store_status begin(struct store *s, struct err *err)
{
	int code = run_statement(s, SQL_BEGIN);

	if (code == SQLITE_DONE)
		return STORE_OK;
	if ((code & 0xff) == SQLITE_BUSY)
		return STORE_BUSY;
	database_error(s, err);
	return STORE_FAILED;
}

static enum store_status end(struct store *s, int code, struct err *err)
{
	if (code == SQLITE_DONE)
		code = run_statement(s, SQL_COMMIT);
	if (code == SQLITE_DONE)
		return STORE_OK;
	database_error(s, err);
	run_statement(s, SQL_ROLLBACK);
	return (code & 0xff) == SQLITE_BUSY ? STORE_BUSY : STORE_FAILED;
}

enum store_status store_record(struct store *s, struct run *run, struct result *const *results,
			       size_t n, struct err *err)
{
	bool first = run->id == 0;
	enum store_status status = begin(s, err);

	if (status != STORE_OK)
		return status;
	int code = first ? add_run(s, run) : SQLITE_DONE;
	for (size_t i = 0; i < n && code == SQLITE_DONE; i++)
		code = add_all(s, run, results[i]);
	status = end(s, code, err);
	if (status != STORE_OK && first)
		run->id = 0;
	database_move_log(s, LOG_PAGES);
	return status;
}

enum store_status store_finish_run(struct store *s, const struct run *run, struct err *err)
{
	struct totals t = run_totals(run);

	if (run->id == 0)
		return STORE_OK;
	enum store_status status = begin(s, err);
	if (status != STORE_OK)
		return status;
	sqlite3_stmt *q = database_statement(s, SQL_FINISH_RUN);
	if (!q)
		return end(s, SQLITE_ERROR, err);
	const int64_t numbers[] = {run->id,
				   run->elapsed_ns,
				   run->peak,
				   (int64_t)t.files,
				   (int64_t)t.bad,
				   t.tests.total,
				   t.tests.failed + t.tests.errors,
				   run->signal};
	for (int i = 0; i < (int)(sizeof numbers / sizeof *numbers); i++)
		sqlite3_bind_int64(q, i + 1, numbers[i]);
	return end(s, database_step(q), err);
}
