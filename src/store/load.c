// SPDX-License-Identifier: MIT
// A past run, brought back as it was.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/map.h"
#include "model/inputs.h"
#include "model/run.h"
#include "store/database.h"
#include "store/history.h"
#include "store/pack.h"
#include "store/range.h"
#include "store/store.h"

// The jobs of a run's results.
struct joblist {
	struct jobs *jobs;
	struct map by_path; // each at its path
};

// The job of a row's file, which is added to jobs: there is room for all files of the run, as
// results point into it. NULL: there are more than a moment ago, because the run is still going on;
// or its first attempt is there already.
static const struct job *add_job(sqlite3_stmt *q, void *arg)
{
	const char *path = (const char *)sqlite3_column_text(q, COLUMN_PATH);
	struct joblist *list = arg;
	struct jobs *jobs = list->jobs;
	struct job *known = map_get(&list->by_path, path);

	if (known)
		return sqlite3_column_int(q, COLUMN_ATTEMPT) > 1 ? known : NULL;
	if (jobs->n == jobs->cap)
		return NULL;
	map_put(&list->by_path, path, &jobs->items[jobs->n]);
	jobs->items[jobs->n] = (struct job){
		.path = xstrdup(path),
		.framework = (enum framework)sqlite3_column_int(q, COLUMN_FRAMEWORK),
		.expected_ns = -1,
		.p99_ns = -1,
	};
	return &jobs->items[jobs->n++];
}

// Of what a watched pass depended on only this much is a part of reports.
static struct inputs *read_written(sqlite3_stmt *q, int column)
{
	const char *names = sqlite3_column_blob(q, column);
	size_t n = (size_t)sqlite3_column_bytes(q, column);

	if (sqlite3_column_type(q, column) == SQLITE_NULL)
		return NULL;
	struct inputs *in = xcalloc(1, sizeof *in);
	for (size_t at = 0; at < n; at += strnlen(names + at, n - at) + 1)
		VEC_PUSH(&in->written, xstrndup(names + at, n - at));
	return in;
}

static void read_result(sqlite3_stmt *q, struct result *r)
{
	r->id = sqlite3_column_int64(q, COLUMN_ID);
	r->attempt = sqlite3_column_int(q, COLUMN_ATTEMPT);
	r->started_ns = sqlite3_column_int64(q, COLUMN_STARTED);
	r->offset_ns = sqlite3_column_int64(q, COLUMN_OFFSET);
	r->wall_ns = sqlite3_column_int64(q, COLUMN_WALL);
	r->user_ns = sqlite3_column_int64(q, COLUMN_USER);
	r->sys_ns = sqlite3_column_int64(q, COLUMN_SYS);
	r->maxrss = sqlite3_column_int64(q, COLUMN_MAXRSS);
	r->status = (enum file_status)sqlite3_column_int(q, COLUMN_STATUS);
	r->exit_code = sqlite3_column_int(q, COLUMN_EXIT);
	r->signal = sqlite3_column_int(q, COLUMN_SIGNAL);
	r->slot = sqlite3_column_int(q, COLUMN_SLOT);
	r->leaked = sqlite3_column_int(q, COLUMN_LEAKED);
	r->crowded = sqlite3_column_int(q, COLUMN_CROWDED);
	r->partial = sqlite3_column_int(q, COLUMN_PARTIAL);
	r->has_tests = sqlite3_column_int(q, COLUMN_HAS_TESTS);
	r->expected = (long)sqlite3_column_int64(q, COLUMN_EXPECTED);
	r->output_total = (uint64_t)sqlite3_column_int64(q, COLUMN_OUTPUT_TOTAL);
	r->delay_ns = database_number(q, COLUMN_DELAY, -1);
	r->reason = database_text(q, COLUMN_REASON);
	r->seed = database_text(q, COLUMN_SEED);
	r->learned = database_text(q, COLUMN_LEARNED);
	r->inputs = read_written(q, COLUMN_WRITTEN);
	r->output_len = (size_t)sqlite3_column_bytes(q, COLUMN_OUTPUT);
	r->output = xmalloc(r->output_len + 1);
	memcpy(r->output, r->output_len ? sqlite3_column_blob(q, COLUMN_OUTPUT) : "",
	       r->output_len);
	r->output[r->output_len] = 0;
}

static int load_parts(struct store *s, sqlite3_stmt *q, struct result *r)
{
	const struct packed written = database_packed(q, COLUMN_WRITTEN);

	if (written.at < written.end && written.end[-1] != '\0')
		return database_damaged(s, "a list of paths is torn");
	int code = r->has_tests ? database_load_tests(s, sqlite3_column_int64(q, COLUMN_ROSTER),
						      database_packed(q, COLUMN_ENDINGS), r)
				: SQLITE_DONE;

	return code == SQLITE_DONE ? database_load_words(s, r->id, r) : code;
}

// Adds the results of a statement's rows to the run; `find` gives the job of a row, or NULL for one
// that is not wanted.
static int load_results(struct store *s, enum statement which, struct run *run,
			const struct job *(*find)(sqlite3_stmt *q, void *arg), void *arg,
			bool cached)
{
	int code = SQLITE_DONE;

	while (code == SQLITE_DONE && (code = database_next(s, which)) == SQLITE_ROW) {
		const struct job *job = find(s->statements[which], arg);
		code = SQLITE_DONE;
		if (!job)
			continue;
		struct result *r = result_new(job);
		read_result(s->statements[which], r);
		code = load_parts(s, s->statements[which], r);
		r->cached = cached;
		if (cached)
			r->slot = -1;
		run_add(run, r);
	}
	return code;
}

// Room for the files of the run and `more`.
static int make_room(struct store *s, struct jobs *jobs, int64_t run, size_t more)
{
	sqlite3_stmt *q = database_statement(s, SQL_COUNT_FILES);

	if (!q)
		return SQLITE_ERROR;
	sqlite3_bind_int64(q, 1, run);
	int code = database_next(s, SQL_COUNT_FILES);
	if (code == SQLITE_ROW) {
		jobs->cap = (size_t)sqlite3_column_int64(q, 0) + more;
		jobs->items = xcalloc(jobs->cap + 1, sizeof *jobs->items);
		code = SQLITE_DONE;
	}
	sqlite3_reset(q);
	return code;
}

// False: they are not in the order of time, or of another length.
static bool read_waits(sqlite3_stmt *q, int column, struct run *run)
{
	size_t bytes = (size_t)sqlite3_column_bytes(q, column);

	run->waits.n = run->waits.cap = bytes / sizeof *run->waits.items;
	if (run->waits.n == 0)
		return bytes == 0;
	run->waits.items = xmalloc(run->waits.n * sizeof *run->waits.items);
	memcpy(run->waits.items, sqlite3_column_blob(q, column),
	       run->waits.n * sizeof *run->waits.items);
	for (size_t i = 0; i < run->waits.n; i++)
		if (!range_holds('y', run->waits.items[i].from_ns) ||
		    !range_holds('y', run->waits.items[i].to_ns) ||
		    run->waits.items[i].to_ns < run->waits.items[i].from_ns)
			return false;
	return bytes % sizeof *run->waits.items == 0;
}

// *reused are the results that it has taken over, which the caller frees.
static int read_run(struct store *s, sqlite3_stmt *q, struct run *run, int64_t **reused, size_t *n)
{
	run->name = database_text(q, 0);
	run->started_ns = sqlite3_column_int64(q, 1);
	run->unfinished = sqlite3_column_type(q, 2) == SQLITE_NULL;
	run->elapsed_ns = sqlite3_column_int64(q, 2);
	run->jobs = sqlite3_column_int(q, 3);
	run->peak = sqlite3_column_int(q, 4);
	run->lower_bound_ns = sqlite3_column_int64(q, 5);
	run->seed = (uint64_t)sqlite3_column_int64(q, 6);
	run->signal = sqlite3_column_int(q, 7);
	run->repeated = sqlite3_column_int(q, 8);
	run->flaky_fails = sqlite3_column_int(q, 9);
	run->stopped = database_text(q, 10);
	run->lua = database_text(q, 11);
	run->revision = database_text(q, 14);
	if (!read_waits(q, 12, run))
		return database_damaged(s, "the waits of a run are torn");
	*reused = unpack_ids(database_packed(q, 13), n);
	return *reused ? SQLITE_DONE : database_damaged(s, "a list of numbers is torn");
}

// 0: there is none, or the store cannot be read.
static int64_t last_run(struct store *s)
{
	sqlite3_stmt *q = database_statement(s, SQL_LAST_RUN);
	int64_t id = database_next(s, SQL_LAST_RUN) == SQLITE_ROW ? sqlite3_column_int64(q, 0) : 0;

	sqlite3_reset(q);
	return id;
}

// A run that could not say how long it took and on how many workers.
static void estimate(struct run *run)
{
	for (size_t i = 0; run->unfinished && i < run->results.n; i++) {
		const struct result *r = run->results.items[i];
		int64_t end_ns = r->offset_ns + r->wall_ns;
		run->elapsed_ns = end_ns > run->elapsed_ns ? end_ns : run->elapsed_ns;
		run->peak = r->slot + 1 > run->peak ? r->slot + 1 : run->peak;
	}
}

static int by_path(const void *a, const void *b)
{
	return strcmp((*(struct result *const *)a)->job->path,
		      (*(struct result *const *)b)->job->path);
}

// The results that the run has taken over, in the order in which it had them.
static int load_reused(struct store *s, struct run *run, struct joblist *list, const int64_t *ids,
		       size_t n)
{
	int code = SQLITE_DONE;

	for (size_t i = 0; i < n && code == SQLITE_DONE; i++) {
		sqlite3_stmt *q = database_statement(s, SQL_LOAD_RESULT);
		if (q)
			sqlite3_bind_int64(q, 1, ids[i]);
		code = load_results(s, SQL_LOAD_RESULT, run, add_job, list, true);
	}
	if (run->results.n > 0)
		qsort(run->results.items, run->results.n, sizeof *run->results.items, by_path);
	return code;
}

static int load_own(struct store *s, struct run *run, struct joblist *list)
{
	sqlite3_stmt *q = database_statement(s, SQL_LOAD_RESULTS);

	if (q)
		sqlite3_bind_int64(q, 1, run->id);
	return load_results(s, SQL_LOAD_RESULTS, run, add_job, list, false);
}

// The row of run->id. SQLITE_ROW: there is one.
static int find_run(struct store *s, struct run *run, int64_t **reused, size_t *n)
{
	sqlite3_stmt *q = database_statement(s, SQL_LOAD_RUN);

	if (!q)
		return SQLITE_ERROR;
	sqlite3_bind_int64(q, 1, run->id);
	int code = database_next(s, SQL_LOAD_RUN);
	if (code == SQLITE_ROW && (code = read_run(s, q, run, reused, n)) == SQLITE_DONE)
		code = SQLITE_ROW;
	sqlite3_reset(q);
	return code;
}

int database_check_run(struct store *s, int64_t id, struct err *err)
{
	struct run run = {.id = id};
	int64_t *reused = NULL;
	size_t n = 0;
	int code = find_run(s, &run, &reused, &n);

	free(reused);
	run_release(&run);
	return code == SQLITE_ROW ? 0 : database_error(s, err);
}

bool store_find_run(struct store *s, const char *name, struct run *run)
{
	sqlite3_stmt *q = database_statement(s, SQL_FIND_RUN);

	if (q)
		sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
	bool found = database_next(s, SQL_FIND_RUN) == SQLITE_ROW;
	if (found) {
		run->id = sqlite3_column_int64(q, 0);
		run->started_ns = sqlite3_column_int64(q, 1);
	}
	sqlite3_reset(q);
	return found;
}

static int load_results_of_run(struct store *s, struct run *run, struct jobs *jobs,
			       const int64_t *reused, size_t n)
{
	struct joblist list = {.jobs = jobs};
	int code = make_room(s, jobs, run->id, n);

	if (code == SQLITE_DONE)
		code = load_reused(s, run, &list, reused, n);
	if (code == SQLITE_DONE)
		code = load_own(s, run, &list);
	map_release(&list.by_path);
	return code;
}

int store_load_run(struct store *s, int64_t id, struct run *run, struct jobs *jobs, struct err *err)
{
	int64_t *reused = NULL;
	size_t n = 0;

	run->id = id > 0 ? id : last_run(s);
	int code = find_run(s, run, &reused, &n);
	if (code == SQLITE_DONE && !store_is_broken(s)) {
		err_set(err, 0, "the history has no run %lld", (long long)run->id);
		err->errnum = ENOENT;
		return -1;
	}
	if (code == SQLITE_ROW)
		code = load_results_of_run(s, run, jobs, reused, n);
	free(reused);
	estimate(run);
	return code == SQLITE_DONE ? 0 : database_error(s, err);
}

// jobs is sorted by path, as the rows are; arg says where the last one was found.
struct merge {
	const struct jobs *jobs;
	size_t next;
};

static const struct job *next_wanted(sqlite3_stmt *q, void *arg)
{
	const char *path = (const char *)sqlite3_column_text(q, 1);
	struct merge *m = arg;

	while (m->next < m->jobs->n && strcmp(m->jobs->items[m->next].path, path) < 0)
		m->next++;
	bool found = m->next < m->jobs->n && strcmp(m->jobs->items[m->next].path, path) == 0;
	return found ? &m->jobs->items[m->next] : NULL;
}

int store_load_passes(struct store *s, const struct jobs *jobs, struct run *run, struct err *err)
{
	struct merge merge = {.jobs = jobs};

	database_statement(s, SQL_LOAD_PASSES);
	return load_results(s, SQL_LOAD_PASSES, run, next_wanted, &merge, true) == SQLITE_DONE
		       ? 0
		       : database_error(s, err);
}

int history_load_result(struct store *s, int64_t run, int64_t file, struct run *out,
			struct jobs *jobs, struct err *err)
{
	sqlite3_stmt *q = database_statement(s, SQL_RESULTS_OF_FILE);
	struct joblist list = {.jobs = jobs};

	jobs->cap = 1;
	jobs->items = xcalloc(1, sizeof *jobs->items);
	if (q) {
		sqlite3_bind_int64(q, 1, run);
		sqlite3_bind_int64(q, 2, file);
	}
	int code = load_results(s, SQL_RESULTS_OF_FILE, out, add_job, &list, false);
	map_release(&list.by_path);
	return code == SQLITE_DONE ? 0 : database_error(s, err);
}
