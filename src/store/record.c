// SPDX-License-Identifier: MIT
// Writing to the store: runs, the results of files, their tests.
#include <stdlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "firmo-jobs.h"
#include "model/run.h"
#include "store/database.h"
#include "store/pack.h"
#include "store/range.h"
#include "store/store.h"

// After so many runs it is looked what nobody needs any more.
#define SWEEP_RUNS 256
// How long the log may grow in mid-run: 32 MiB.
#define LOG_PAGES 8000

static int add_run(struct store *s, struct run *run)
{
	sqlite3_stmt *q = database_statement(s, SQL_ADD_RUN);

	if (!q)
		return SQLITE_ERROR;
	database_bind_string(q, 1, run->name);
	sqlite3_bind_int64(q, 2, range_nearest('t', run->started_ns));
	sqlite3_bind_int64(q, 3, range_nearest('o', run->jobs));
	sqlite3_bind_int64(q, 4, range_nearest('d', run->lower_bound_ns));
	sqlite3_bind_int64(q, 5, (sqlite3_int64)run->seed);
	database_bind_string(q, 6, FIRMO_JOBS_VERSION);
	sqlite3_bind_int(q, 7, run->repeated);
	sqlite3_bind_int(q, 8, run->flaky_fails);
	database_bind_string(q, 9, run->lua);
	database_bind_string(q, 10, run->revision);
	int code = database_step(q);
	run->id = sqlite3_last_insert_rowid(s->db);
	return code;
}

// NULL where there is nothing.
static void bind_blob(sqlite3_stmt *q, int column, const void *data, size_t n)
{
	if (n > 0)
		sqlite3_bind_blob(q, column, data, (int)n, SQLITE_STATIC);
	else
		sqlite3_bind_null(q, column);
}

static int add_result(struct store *s, const struct home *home, const struct result *r,
		      sqlite3_int64 roster)
{
	sqlite3_stmt *q = database_statement(s, SQL_ADD_RESULT);
	struct counts c = result_counts(r);
	struct buf endings = {0};

	if (!q)
		return SQLITE_ERROR;
	const int64_t numbers[] = {
		home->run,    home->file,
		r->attempt,   r->started_ns,
		r->offset_ns, r->wall_ns,
		r->user_ns,   r->sys_ns,
		r->maxrss,    r->status,
		r->exit_code, r->signal,
		r->slot,      r->leaked,
		c.total,      c.failed + c.errors,
		r->framework, r->crowded,
		r->partial,   r->has_tests,
		r->expected,  (int64_t)r->output_total,
		roster,       r->delay_ns,
	};
	int n = sizeof numbers / sizeof *numbers;
	database_bind_numbers(q, "iirtyyyyzsxgofnnwfffnzid", numbers);
	database_bind_string(q, n + 1, r->reason);
	database_bind_string(q, n + 2, r->seed);
	bind_blob(q, n + 3, r->output, r->output_len);
	if (roster)
		pack_endings(&endings, r);
	bind_blob(q, n + 4, endings.data, endings.len);
	database_bind_string(q, n + 5, r->learned);
	int code = database_step(q);
	buf_release(&endings);
	return code;
}

static int add_all(struct store *s, const struct run *run, const struct result *r)
{
	struct home home = {.run = run->id};
	sqlite3_int64 roster = 0;
	int code = database_put_file(s, run, r, &home.file);

	if (code == SQLITE_DONE && r->has_tests)
		code = database_put_tests(s, &home, r, &roster);
	if (code == SQLITE_DONE)
		code = add_result(s, &home, r, roster);
	sqlite3_int64 result = sqlite3_last_insert_rowid(s->db);
	if (code == SQLITE_DONE)
		code = database_put_words(s, result, r);
	return code == SQLITE_DONE ? database_record_inputs(s, r, home.file, result) : code;
}

static int run_statement(struct store *s, enum statement which)
{
	sqlite3_stmt *q = database_statement(s, which);

	return q ? database_step(q) : SQLITE_ERROR;
}

enum store_status database_begin(struct store *s, struct err *err)
{
	database_end_reading(s);
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
	database_end_reading(s);
	if (code == SQLITE_DONE)
		code = run_statement(s, SQL_COMMIT);
	if (code == SQLITE_DONE && database_is_gone(s)) {
		err_set(err, 0, "its file is not there any more");
		return STORE_FAILED;
	}
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
		if (run->results.items[i]->cached && run->results.items[i]->id)
			ids[n++] = run->results.items[i]->id;
	qsort(ids, n, sizeof *ids, database_compare_ids);
	pack_ids(packed, ids, n);
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
				   run->signal,
				   run_bound_ns(run)};
	database_bind_numbers(q, "iyonnnngd", numbers);
	database_bind_string(q, 10, run->stopped);
	sqlite3_bind_blob(q, 11, run->waits.items, (int)(run->waits.n * sizeof *run->waits.items),
			  SQLITE_STATIC);
	pack_reused(&reused, run);
	sqlite3_bind_blob(q, 12, reused.data, (int)reused.len, SQLITE_STATIC);
	int code = database_step(q);
	buf_release(&reused);
	return code;
}

enum store_status store_finish_run(struct store *s, const struct run *run, struct err *err)
{
	if (run->id == 0)
		return STORE_OK;
	enum store_status status = database_begin(s, err);
	if (status != STORE_OK)
		return status;
	int code = finish_run(s, run);
	for (size_t i = 0; i < run->results.n && code == SQLITE_DONE; i++)
		if (run->results.items[i]->status == FILE_NOTRUN)
			code = add_all(s, run, run->results.items[i]);
	if (code == SQLITE_DONE)
		code = run_statement(s, SQL_DROP_OUTPUTS);
	if (code == SQLITE_DONE)
		code = database_keep_bound(s);
	if (code == SQLITE_DONE && run->id % SWEEP_RUNS == 0)
		code = database_sweep(s);
	return database_end(s, code, err);
}
