// SPDX-License-Identifier: MIT
// A past run, brought back as it was.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "model/inputs.h"
#include "model/quarantine.h"
#include "model/run.h"
#include "store/database.h"
#include "store/history.h"
#include "store/load.h"
#include "store/pack.h"
#include "store/query.h"
#include "store/range.h"
#include "store/schema.h"
#include "store/store.h"
#include "store/tests.h"

// What is read of a result: its number, its path, all its columns, and the paths that it wrote.
#define AS_SQL(name, letter)    "r." #name ", "
#define AS_LETTER(name, letter) letter
#define AS_COLUMN(name, letter) COLUMN_##name,
enum result_column {
	COLUMN_ID,
	COLUMN_PATH,
	COLUMN_CLAIMS,
	RESULT_COLUMNS(AS_COLUMN, AS_COLUMN) COLUMN_WRITTEN
};

#define RESULT_SHAPE "ICb" RESULT_COLUMNS(AS_LETTER, AS_LETTER) "b"
#define RESULT_ROWS                                                                                \
	"SELECT r.id, f.path, f.claims, " RESULT_COLUMNS(                                          \
		AS_SQL, AS_SQL) "ifnull((SELECT written FROM snapshot w WHERE w.file = r.file "    \
				"AND w.result = r.id), (SELECT written FROM part w WHERE "         \
				"w.file = r.file AND w.result = r.id)) FROM "
#define RESULTS RESULT_ROWS "result r JOIN file f ON f.id = r.file "

// The jobs of a run's results.
struct joblist {
	struct jobs *jobs;
	struct map by_path; // each at its path
};

// The job of a row's file, which is added to jobs: there is room for all files of the run, as
// results point into it. NULL: there are more than a moment ago, because the run is still going on;
// or its first attempt is there already.
static const struct job *add_job(const struct query *q, void *arg)
{
	const char *path = query_text(q, COLUMN_PATH);
	struct joblist *list = arg;
	struct jobs *jobs = list->jobs;
	struct job *known = map_get(&list->by_path, path);

	if (known)
		return query_int(q, COLUMN_attempt) > 1 ? known : NULL;
	if (jobs->n == jobs->cap)
		return NULL;
	map_put(&list->by_path, path, &jobs->items[jobs->n]);
	jobs->items[jobs->n] = (struct job){
		.path = xstrdup(path),
		.framework = (enum framework)query_int(q, COLUMN_framework),
		.expected_ns = -1,
		.p99_ns = -1,
	};
	return &jobs->items[jobs->n++];
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

// What the file claims by its latest result, of what this one wrote.
static void read_claims(const struct query *q, struct inputs *in)
{
	struct packed names = query_bytes(q, COLUMN_CLAIMS);

	for (size_t n; names.at < names.end; names.at += n + 1) {
		char *name = xstrndup((const char *)names.at, (size_t)(names.end - names.at));
		n = strlen(name);
		if (in->written.n > 0 &&
		    bsearch(&name, in->written.items, in->written.n, sizeof name, compare_texts))
			VEC_PUSH(&in->claims, name);
		else
			free(name);
	}
}

// Of what a watched pass depended on only this much is a part of reports.
static struct inputs *read_written(const struct query *q)
{
	struct packed names = query_bytes(q, COLUMN_WRITTEN);

	if (query_is_null(q, COLUMN_WRITTEN))
		return NULL;
	struct inputs *in = xcalloc(1, sizeof *in);
	for (size_t n; names.at < names.end; names.at += n + 1) {
		n = strnlen((const char *)names.at, (size_t)(names.end - names.at));
		VEC_PUSH(&in->written, xstrndup((const char *)names.at, n));
	}
	read_claims(q, in);
	return in;
}

// Of a file that is to be run that of now counts.
static int read_quarantine(struct store *s, const struct query *q, struct result *r)
{
	const char *text =
		query_is_null(q, COLUMN_quarantine) ? NULL : query_text(q, COLUMN_quarantine);
	struct err unused;

	struct quarantine said = {0};
	if (text && quarantine_read(&said, text, &unused) < 0)
		return store_damaged(s, "a quarantine is none");
	if (!r->job->settings)
		r->quarantine = quarantine_copy(&said);
	quarantine_release(&said);
	r->forgiven &= r->quarantine && file_status_is_bad(r->status);
	return SQLITE_DONE;
}

static void read_result(const struct query *q, struct result *r)
{
	r->id = query_int(q, COLUMN_ID);
	r->attempt = (int)query_int(q, COLUMN_attempt);
	r->started_ns = query_int(q, COLUMN_started);
	r->offset_ns = query_int(q, COLUMN_offset);
	r->wall_ns = query_int(q, COLUMN_wall);
	r->user_ns = query_int(q, COLUMN_user);
	r->sys_ns = query_int(q, COLUMN_sys);
	r->maxrss = query_int(q, COLUMN_maxrss);
	r->status = (enum file_status)query_int(q, COLUMN_status);
	r->exit_code = (int)query_int(q, COLUMN_exit);
	r->signal = (int)query_int(q, COLUMN_signal);
	r->slot = (int)query_int(q, COLUMN_slot);
	r->leaked = query_int(q, COLUMN_leaked);
	r->concurrent = query_int(q, COLUMN_crowded);
	r->partial = query_int(q, COLUMN_partial);
	r->has_tests = query_int(q, COLUMN_has_tests);
	r->expected = (long)query_int(q, COLUMN_expected);
	r->output_total = (uint64_t)query_int(q, COLUMN_output_total);
	r->delay_ns = query_known(q, COLUMN_delay, -1);
	r->reason = query_copy(q, COLUMN_reason);
	r->seed = query_copy(q, COLUMN_seed);
	r->learned = query_copy(q, COLUMN_learned);
	r->forgiven = query_int(q, COLUMN_forgiven);
	r->inputs = read_written(q);
	struct packed output = query_bytes(q, COLUMN_output);
	r->output_len = (size_t)(output.end - output.at);
	r->output = xmalloc(r->output_len + 1);
	memcpy(r->output, r->output_len ? (const char *)output.at : "", r->output_len);
	r->output[r->output_len] = '\0';
}

static int load_parts(struct store *s, const struct query *q, struct result *r)
{
	const struct packed written = query_bytes(q, COLUMN_WRITTEN);

	if (written.at < written.end && written.end[-1] != '\0')
		return store_damaged(s, "a list of paths is torn");
	int code = r->has_tests ? tests_load(s, query_int(q, COLUMN_roster),
					     query_bytes(q, COLUMN_endings), r)
				: SQLITE_DONE;

	return code == SQLITE_DONE ? tests_load_words(s, r->id, r) : code;
}

// Adds the results of a statement's rows to the run; `find` gives the job of a row, or NULL for one
// that is not wanted.
static int load_results(struct store *s, struct query *q, struct run *run,
			const struct job *(*find)(const struct query *q, void *arg), void *arg,
			bool cached)
{
	int code = SQLITE_DONE;

	while (code == SQLITE_DONE && (code = query_next(q, RESULT_SHAPE)) == SQLITE_ROW) {
		const struct job *job = find(q, arg);
		code = SQLITE_DONE;
		if (!job)
			continue;
		struct result *r = result_new(job);
		read_result(q, r);
		code = read_quarantine(s, q, r);
		if (code == SQLITE_DONE)
			code = load_parts(s, q, r);
		r->cached = cached;
		if (cached)
			r->slot = -1;
		run_add(run, r);
	}
	return code;
}

// Room for the files of the run and of what it has taken over.
static int make_room(struct store *s, struct jobs *jobs, int64_t run)
{
	int64_t files = 0;
	int code = query_number(s,
				"SELECT (SELECT count(DISTINCT file) FROM result WHERE run=?1) + "
				"(SELECT count(*) FROM reused WHERE run=?1)",
				VALUES(NUMBER(run)), &files);

	jobs->cap = (size_t)files;
	jobs->items = xcalloc(jobs->cap + 1, sizeof *jobs->items);
	return code;
}

// False: they are not in the order of time, or of another length.
static bool read_waits(struct packed p, struct run *run)
{
	size_t bytes = (size_t)(p.end - p.at);

	run->waits.n = run->waits.cap = bytes / sizeof *run->waits.items;
	if (run->waits.n == 0)
		return bytes == 0;
	run->waits.items = xmalloc(run->waits.n * sizeof *run->waits.items);
	memcpy(run->waits.items, p.at, run->waits.n * sizeof *run->waits.items);
	for (size_t i = 0; i < run->waits.n; i++)
		if (!range_holds('y', run->waits.items[i].from_ns) ||
		    !range_holds('y', run->waits.items[i].to_ns) ||
		    run->waits.items[i].to_ns < run->waits.items[i].from_ns)
			return false;
	return bytes % sizeof *run->waits.items == 0;
}

static int read_run(struct store *s, const struct query *q, struct run *run)
{
	run->name = query_copy(q, 0);
	run->started_ns = query_int(q, 1);
	run->unfinished = query_is_null(q, 2);
	run->elapsed_ns = query_int(q, 2);
	run->jobs = (int)query_int(q, 3);
	run->peak = (int)query_int(q, 4);
	run->lower_bound_ns = query_int(q, 5);
	run->seed = (uint64_t)query_int(q, 6);
	run->signal = (int)query_int(q, 7);
	run->repeated = query_int(q, 8);
	run->flaky_fails = query_int(q, 9);
	run->stopped = query_copy(q, 10);
	run->lua = query_copy(q, 11);
	run->revision = query_copy(q, 12);
	return read_waits(query_bytes(q, 13), run)
		       ? SQLITE_DONE
		       : store_damaged(s, "the waits of a run are torn");
}

// 0: there is none, or the store cannot be read.
static int64_t last_run(struct store *s)
{
	int64_t id = 0;

	query_number(s, "SELECT id FROM run " BY_TIME "LIMIT 1", NULL, &id);
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

// The results that the run has taken over, in the order in which it had them; then its own.
static int load_results_of_run(struct store *s, struct run *run, struct jobs *jobs)
{
	struct joblist list = {.jobs = jobs};
	int code = make_room(s, jobs, run->id);

	if (code == SQLITE_DONE)
		code = load_results(s,
				    query(s,
					  RESULT_ROWS "reused u JOIN result r ON r.id = u.result "
						      "JOIN file f ON f.id = r.file "
						      "WHERE u.run = ? ORDER BY u.result",
					  VALUES(NUMBER(run->id))),
				    run, add_job, &list, true);
	if (run->results.n > 0)
		qsort(run->results.items, run->results.n, sizeof *run->results.items, by_path);
	if (code == SQLITE_DONE)
		code = load_results(
			s,
			query(s, RESULTS "WHERE r.run = ? ORDER BY r.id", VALUES(NUMBER(run->id))),
			run, add_job, &list, false);
	map_release(&list.by_path);
	return code;
}

static int load_fixtures(struct store *s, struct run *run)
{
	struct query *q =
		query(s, "SELECT " FIXTURE_COLUMNS " FROM fixture WHERE run=? ORDER BY seq",
		      VALUES(NUMBER(run->id)));
	int code;

	while ((code = query_next(q, FIXTURE_LETTERS)) == SQLITE_ROW) {
		struct packed output = query_bytes(q, 4);
		struct fixture_result r = {
			.name = query_copy(q, 0),
			.tears_down = query_int(q, 1),
			.failed = query_int(q, 2),
			.reason = query_copy(q, 3),
			.output = output.at < output.end
					  ? xstrndup((const char *)output.at,
						     (size_t)(output.end - output.at))
					  : xstrdup(""),
			.started_ns = query_int(q, 5),
			.wall_ns = query_int(q, 6),
		};
		VEC_PUSH(&run->fixtures, r);
	}
	return query_end(q, code);
}

// The row of run->id. SQLITE_ROW: there is one.
static int find_run(struct store *s, struct run *run)
{
	struct query *q = query(s,
				"SELECT name, started, elapsed, jobs, peak, lower_bound, seed, "
				"signal, repeated, flaky_fails, stopped, lua, revision, waits "
				"FROM run WHERE id=?",
				VALUES(NUMBER(run->id)));
	int code = query_next(q, "CTyOodagffcccb");

	if (code == SQLITE_ROW && (code = read_run(s, q, run)) == SQLITE_DONE)
		code = SQLITE_ROW;
	query_end(q, code);
	return code;
}

int load_check_run(struct store *s, int64_t id, struct err *err)
{
	struct run run = {.id = id};
	int code = find_run(s, &run);

	run_release(&run);
	return code == SQLITE_ROW ? 0 : store_error(s, err);
}

bool load_find_run(struct store *s, const char *name, struct run *run)
{
	// It is one of the last.
	struct query *q =
		query(s, "SELECT id, started FROM run WHERE name=? ORDER BY id DESC LIMIT 1",
		      VALUES(TEXT(name)));
	bool found = query_next(q, "IT") == SQLITE_ROW;

	if (found) {
		run->id = query_int(q, 0);
		run->started_ns = query_int(q, 1);
	}
	query_end(q, SQLITE_DONE);
	return found;
}

int store_load_run(struct store *s, int64_t id, struct run *run, struct jobs *jobs, struct err *err)
{
	run->id = id > 0 ? id : last_run(s);
	int code = find_run(s, run);
	if (code == SQLITE_DONE && !store_is_broken(s)) {
		err_set(err, 0, "the history has no run %lld", (long long)run->id);
		err->errnum = ENOENT;
		return -1;
	}
	if (code == SQLITE_ROW)
		code = load_fixtures(s, run);
	if (code == SQLITE_DONE)
		code = load_results_of_run(s, run, jobs);
	estimate(run);
	return code == SQLITE_DONE ? 0 : store_error(s, err);
}

static int by_pass(const void *a, const void *b)
{
	const struct job *x = *(struct job *const *)a, *y = *(struct job *const *)b;

	return (x->pass > y->pass) - (x->pass < y->pass);
}

// Jobs lie in one array.
static int by_job(const void *a, const void *b)
{
	const struct job *x = (*(struct result *const *)a)->job,
			 *y = (*(struct result *const *)b)->job;

	return (x > y) - (x < y);
}

// Jobs by their passes.
struct passes {
	const struct job **items;
	size_t n;
};

// The job whose pass the row is, and of whose file. NULL: none.
static const struct job *find_passed(const struct query *q, void *arg)
{
	const struct passes *passes = arg;
	const struct job wanted = {.pass = query_int(q, COLUMN_ID)}, *key = &wanted;
	const struct job **found =
		bsearch(&key, passes->items, passes->n, sizeof *passes->items, by_pass);

	return found && strcmp((*found)->path, query_text(q, COLUMN_PATH)) == 0 ? *found : NULL;
}

static int load_passes(struct store *s, const struct passes *passes, struct run *run)
{
	struct buf ids = {0};
	int64_t *all = xmalloc((passes->n + 1) * sizeof *all);

	for (size_t i = 0; i < passes->n; i++)
		all[i] = passes->items[i]->pass;
	pack_ids(&ids, all, passes->n);
	int code = load_results(s,
				query(s,
				      RESULT_ROWS
				      "numbers(?) n CROSS JOIN result r ON r.id = n.number "
				      "JOIN file f ON f.id = r.file",
				      VALUES(BYTES(ids.data, ids.len))),
				run, find_passed, (void *)passes, true);
	free(all);
	buf_release(&ids);
	return code;
}

int store_load_passes(struct store *s, const struct jobs *jobs, struct run *run, struct err *err)
{
	struct passes passes = {xmalloc((jobs->n + 1) * sizeof *passes.items), jobs->n};
	size_t before = run->results.n, n = 0;

	for (size_t i = 0; i < jobs->n; i++)
		passes.items[i] = &jobs->items[i];
	qsort(passes.items, jobs->n, sizeof *passes.items, by_pass);
	int code = load_passes(s, &passes, run);
	free(passes.items);
	if (code != SQLITE_DONE)
		return store_error(s, err);
	struct result **loaded = run->results.items + before;
	if (run->results.n > before)
		qsort(loaded, run->results.n - before, sizeof *loaded, by_job);
	while (n < run->results.n - before && loaded[n]->job == &jobs->items[n])
		n++;
	// Another run may have passed since: what was looked at is this one.
	return n == jobs->n
		       ? 0
		       : err_set(err, 0, "the history has lost the pass of %s meanwhile; run again",
				 jobs->items[n].path);
}

int load_result(struct store *s, int64_t run, int64_t file, struct run *out, struct jobs *jobs,
		struct err *err)
{
	struct query *q = query(s, RESULTS "WHERE r.run = ? AND r.file = ? ORDER BY r.id",
				VALUES(NUMBER(run), NUMBER(file)));
	struct joblist list = {.jobs = jobs};

	jobs->cap = 1;
	jobs->items = xcalloc(1, sizeof *jobs->items);
	int code = load_results(s, q, out, add_job, &list, false);
	map_release(&list.by_path);
	return code == SQLITE_DONE ? 0 : store_error(s, err);
}
