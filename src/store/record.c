// SPDX-License-Identifier: MIT
// Writing to the store: runs, the results of files, their tests.
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "firmo-jobs.h"
#include "model/run.h"
#include "store/database.h"
#include "store/store.h"

// After so many runs it is looked what nobody needs any more.
#define SWEEP_RUNS 64
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
	sqlite3_bind_int(q, 7, run->repeated);
	sqlite3_bind_int(q, 8, run->flaky_fails);
	bind_string(q, 9, run->lua);
	int code = database_step(q);
	run->id = sqlite3_last_insert_rowid(s->db);
	return code;
}

// A skipped file or one that would not load tells nothing about how long it takes.
static bool is_timed(enum file_status s)
{
	return s == FILE_PASSED || s == FILE_FAILED || s == FILE_TIMEOUT || s == FILE_LIMIT;
}

static void remember_time(struct past *p, int64_t wall_ns)
{
	if (p->n == STORE_RECENT)
		memmove(p->wall_ns, p->wall_ns + 1, --p->n * sizeof *p->wall_ns);
	p->wall_ns[p->n++] = wall_ns;
}

// What the result adds to what is known of its file. That some of its tests pass says nothing of
// the others, and a repetition that passes takes back no failure of this run.
static void learn(struct past *p, const struct run *run, const struct result *r)
{
	bool bad = file_status_is_bad(r->status);

	if (r->status == FILE_NOTRUN || (r->partial && !bad))
		return;
	if (bad || !run->repeated || r->attempt == 1)
		p->status = r->status;
	p->ended_ns = r->started_ns + r->wall_ns;
	if (r->partial)
		return;
	if (is_timed(r->status))
		remember_time(p, r->wall_ns);
	if (r->status == FILE_PASSED || r->status == FILE_FAILED)
		p->tests = (long)r->tests.n;
}

// *id is 0 if the file is not known yet.
static int find_file(struct store *s, const char *path, sqlite3_int64 *id, struct past *p)
{
	sqlite3_stmt *q = database_statement(s, SQL_FIND_FILE);

	if (!q)
		return SQLITE_ERROR;
	bind_string(q, 1, path);
	int code = sqlite3_step(q);
	if (code == SQLITE_ROW) {
		*id = sqlite3_column_int64(q, 0);
		database_read_past(q, p);
		code = SQLITE_DONE;
	}
	sqlite3_reset(q);
	return code;
}

// Finds or makes the file's row and brings it up to date; *id is its number.
static int put_file(struct store *s, const struct run *run, const struct result *r,
		    sqlite3_int64 *id)
{
	struct past p = {0};
	int code = find_file(s, r->job->path, id, &p);

	if (code != SQLITE_DONE)
		return code;
	learn(&p, run, r);
	bool known = *id != 0;
	sqlite3_stmt *q = database_statement(s, known ? SQL_UPDATE_FILE : SQL_ADD_FILE);
	if (!q)
		return SQLITE_ERROR;
	if (known)
		sqlite3_bind_int64(q, 1, *id);
	else
		bind_string(q, 1, r->job->path);
	sqlite3_bind_int(q, 2, p.status);
	sqlite3_bind_int64(q, 3, p.ended_ns);
	sqlite3_bind_blob(q, 4, p.wall_ns, (int)(p.n * sizeof *p.wall_ns), SQLITE_STATIC);
	sqlite3_bind_int64(q, 5, p.tests);
	code = database_step(q);
	if (!known)
		*id = sqlite3_last_insert_rowid(s->db);
	return code;
}

static void bind_numbers(sqlite3_stmt *q, const int64_t *numbers, int n)
{
	for (int i = 0; i < n; i++)
		sqlite3_bind_int64(q, i + 1, numbers[i]);
}

static int add_result(struct store *s, const struct run *run, const struct result *r,
		      sqlite3_int64 file)
{
	sqlite3_stmt *q = database_statement(s, SQL_ADD_RESULT);
	struct counts c = result_counts(r);

	if (!q)
		return SQLITE_ERROR;
	const int64_t numbers[] = {
		run->id,           file,
		r->attempt,        r->started_ns,
		r->offset_ns,      r->wall_ns,
		r->user_ns,        r->sys_ns,
		r->maxrss,         r->status,
		r->exit_code,      r->signal,
		r->slot,           r->leaked,
		c.total,           c.failed + c.errors,
		r->job->framework, r->crowded,
		r->partial,        r->has_tests,
		r->expected,       (int64_t)r->output_total,
	};
	int n = sizeof numbers / sizeof *numbers;
	bind_numbers(q, numbers, n);
	bind_string(q, n + 1, r->reason);
	bind_string(q, n + 2, r->seed);
	if (r->output_len > 0)
		sqlite3_bind_blob(q, n + 3, r->output, (int)r->output_len, SQLITE_STATIC);
	else
		sqlite3_bind_null(q, n + 3);
	return database_step(q);
}

// A list as one string, or NULL where it is empty. The caller frees it.
static char *joined(char *const *items, size_t n, const char *last)
{
	struct buf b = {0};

	for (size_t i = 0; i < n; i++)
		buf_addf(&b, "%s%s", i ? SEPARATOR : "", items[i]);
	if (last)
		buf_addf(&b, "%s%s", n ? SEPARATOR : "", last);
	return n > 0 || last ? buf_detach(&b) : NULL;
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static int tag_test(struct store *s, sqlite3_int64 id, const char *tags)
{
	sqlite3_stmt *q = database_statement(s, SQL_TAG_TEST);

	if (!q)
		return SQLITE_ERROR;
	sqlite3_bind_int64(q, 1, id);
	bind_string(q, 2, tags);
	return database_step(q);
}

static int add_test(struct store *s, sqlite3_int64 file, const char *name, const char *tags,
		    sqlite3_int64 *id)
{
	sqlite3_stmt *q = database_statement(s, SQL_ADD_TEST);

	if (!q)
		return SQLITE_ERROR;
	sqlite3_bind_int64(q, 1, file);
	bind_string(q, 2, name);
	bind_string(q, 3, tags);
	int code = database_step(q);
	*id = sqlite3_last_insert_rowid(s->db);
	return code;
}

// Finds or makes the row of a test and brings it up to date; *id is its number.
static int put_test_row(struct store *s, sqlite3_int64 file, const char *name, const char *tags,
			sqlite3_int64 *id)
{
	sqlite3_stmt *q = database_statement(s, SQL_FIND_TEST);

	if (!q)
		return SQLITE_ERROR;
	sqlite3_bind_int64(q, 1, file);
	bind_string(q, 2, name);
	int code = sqlite3_step(q);
	if (code == SQLITE_ROW)
		*id = sqlite3_column_int64(q, 0);
	bool current = code == SQLITE_ROW && same((const char *)sqlite3_column_text(q, 1), tags);
	sqlite3_reset(q);
	if (code == SQLITE_DONE)
		return add_test(s, file, name, tags, id);
	if (code != SQLITE_ROW)
		return code;
	return current ? SQLITE_DONE : tag_test(s, *id, tags);
}

static int put_test(struct store *s, sqlite3_int64 file, const struct test_case *t,
		    sqlite3_int64 *id)
{
	char *name = joined(t->path, t->npath, t->name ? t->name : "");
	char *tags = joined(t->tags, t->ntags, NULL);
	int code = put_test_row(s, file, name, tags, id);

	free(name);
	free(tags);
	return code;
}

// Where a test stands: most stand in the test file itself.
static void bind_source(sqlite3_stmt *q, int column, const char *source, const struct result *r)
{
	bind_string(q, column, source && strcmp(source, r->job->path) == 0 ? "" : source);
}

static int add_test_result(struct store *s, const struct result *r, size_t seq,
			   sqlite3_int64 result, sqlite3_int64 file)
{
	const struct test_case *t = &r->tests.items[seq];
	sqlite3_int64 id = 0;
	int code = put_test(s, file, t, &id);

	if (code != SQLITE_DONE)
		return code;
	sqlite3_stmt *q = database_statement(s, SQL_ADD_TEST_RESULT);
	if (!q)
		return SQLITE_ERROR;
	const int64_t numbers[] = {result, (int64_t)seq, id, t->status, t->wall_ns};
	bind_numbers(q, numbers, 5);
	bind_source(q, 6, t->file, r);
	sqlite3_bind_int(q, 7, t->line);
	bind_string(q, 8, t->message);
	bind_string(q, 9, t->traceback);
	sqlite3_bind_int64(q, 10, t->own_ns);
	sqlite3_bind_int(q, 11, t->round);
	return database_step(q);
}

static int add_file_error(struct store *s, const struct result *r, size_t seq, sqlite3_int64 result)
{
	const struct file_error *e = &r->errors.items[seq];
	sqlite3_stmt *q = database_statement(s, SQL_ADD_FILE_ERROR);

	if (!q)
		return SQLITE_ERROR;
	sqlite3_bind_int64(q, 1, result);
	sqlite3_bind_int64(q, 2, (sqlite3_int64)seq);
	bind_string(q, 3, e->where);
	bind_string(q, 4, e->name);
	bind_source(q, 5, e->file, r);
	sqlite3_bind_int(q, 6, e->line);
	bind_string(q, 7, e->message);
	bind_string(q, 8, e->traceback);
	return database_step(q);
}

static int add_all(struct store *s, const struct run *run, const struct result *r)
{
	sqlite3_int64 file = 0;
	int code = put_file(s, run, r, &file);

	if (code == SQLITE_DONE)
		code = add_result(s, run, r, file);
	sqlite3_int64 result = sqlite3_last_insert_rowid(s->db);
	for (size_t i = 0; i < r->tests.n && code == SQLITE_DONE; i++)
		code = add_test_result(s, r, i, result, file);
	for (size_t i = 0; i < r->errors.n && code == SQLITE_DONE; i++)
		code = add_file_error(s, r, i, result);
	return code == SQLITE_DONE ? database_record_inputs(s, r, file, result) : code;
}

static int run_statement(struct store *s, enum statement which)
{
	sqlite3_stmt *q = database_statement(s, which);

	return q ? database_step(q) : SQLITE_ERROR;
}

enum store_status database_begin(struct store *s, struct err *err)
{
	int code = run_statement(s, SQL_BEGIN);

	if (code == SQLITE_DONE)
		return STORE_OK;
	if ((code & 0xff) == SQLITE_BUSY)
		return STORE_BUSY;
	database_error(s, err);
	return STORE_FAILED;
}

enum store_status database_end(struct store *s, int code, struct err *err)
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
	enum store_status status = database_begin(s, err);

	if (status != STORE_OK)
		return status;
	int code = first ? add_run(s, run) : SQLITE_DONE;
	s->batch++;
	for (size_t i = 0; i < n && code == SQLITE_DONE; i++)
		code = add_all(s, run, results[i]);
	status = database_end(s, code, err);
	if (status != STORE_OK)
		database_forget_inputs(s);
	if (status != STORE_OK && first)
		run->id = 0;
	database_move_log(s, LOG_PAGES);
	return status;
}

static void pack_reused(struct buf *packed, const struct run *run)
{
	int64_t *ids = xmalloc((run->results.n + 1) * sizeof *ids);
	size_t n = 0;

	for (size_t i = 0; i < run->results.n; i++)
		if (run->results.items[i]->cached)
			ids[n++] = run->results.items[i]->id;
	qsort(ids, n, sizeof *ids, database_compare_ids);
	database_pack(packed, ids, n);
	free(ids);
}

static int finish_run(struct store *s, const struct run *run)
{
	sqlite3_stmt *q = database_statement(s, SQL_FINISH_RUN);
	struct totals t = run_totals(run);
	struct buf reused = {0};

	if (!q)
		return SQLITE_ERROR;
	const int64_t numbers[] = {run->id,
				   run->elapsed_ns,
				   run->peak,
				   (int64_t)t.files,
				   (int64_t)t.bad,
				   t.tests.total,
				   t.tests.failed + t.tests.errors,
				   run->signal};
	bind_numbers(q, numbers, 8);
	bind_string(q, 9, run->stopped);
	sqlite3_bind_blob(q, 10, run->waits.items, (int)(run->waits.n * sizeof *run->waits.items),
			  SQLITE_STATIC);
	pack_reused(&reused, run);
	sqlite3_bind_blob(q, 11, reused.data, (int)reused.len, SQLITE_STATIC);
	int code = database_step(q);
	buf_release(&reused);
	return code;
}

static int drop_old_outputs(struct store *s, const struct run *run)
{
	sqlite3_stmt *q = database_statement(s, SQL_DROP_OUTPUTS);

	if (!q)
		return SQLITE_ERROR;
	sqlite3_bind_int64(q, 1, run->id);
	return database_step(q);
}

enum store_status store_finish_run(struct store *s, const struct run *run, struct err *err)
{
	if (run->id == 0)
		return STORE_OK;
	enum store_status status = database_begin(s, err);
	if (status != STORE_OK)
		return status;
	int code = finish_run(s, run);
	if (code == SQLITE_DONE)
		code = drop_old_outputs(s, run);
	if (code == SQLITE_DONE && run->id % SWEEP_RUNS == 0)
		code = database_sweep_inputs(s);
	for (size_t i = 0; i < run->results.n && code == SQLITE_DONE; i++)
		if (run->results.items[i]->status == FILE_NOTRUN)
			code = add_all(s, run, run->results.items[i]);
	return database_end(s, code, err);
}
