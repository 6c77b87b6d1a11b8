// SPDX-License-Identifier: MIT
#include "store/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/percentile.h"
#include "model/result.h"
#include "store/database.h"
#include "store/file.h"
#include "store/query.h"
#include "store/series.h"

// ---- runs ----

static struct past_run read_run(const struct query *q)
{
	return (struct past_run){
		.id = query_int(q, 0),
		.started_ns = query_int(q, 1),
		.elapsed_ns = query_known(q, 2, -1),
		.bound_ns = query_known(q, 3, -1),
		.jobs = (int)query_int(q, 4),
		.peak = (int)query_int(q, 5),
		.signal = (int)query_int(q, 6),
		.files = (long)query_int(q, 7),
		.bad = (long)query_int(q, 8),
		.tests = (long)query_int(q, 9),
		.failed = (long)query_int(q, 10),
		.revision = query_copy(q, 11),
		.failed_fixtures = (long)query_int(q, 12),
	};
}

int history_load_runs(struct store *s, struct past_runs *runs, struct err *err)
{
	struct query *q = query(
		s,
		"SELECT id, started, elapsed, ifnull(bound, lower_bound), jobs, peak, signal, "
		"files, bad, tests, failed, revision, "
		"(SELECT count(*) FROM fixture f WHERE f.run = run.id AND f.failed) "
		"FROM run ORDER BY started, id",
		NULL);
	int code;

	while ((code = query_next(q, "ITydOognnnncN")) == SQLITE_ROW)
		VEC_PUSH(runs, read_run(q));
	return code == SQLITE_DONE ? 0 : store_error(s, err);
}

void past_runs_release(struct past_runs *runs)
{
	for (size_t i = 0; i < runs->n; i++)
		free(runs->items[i].revision);
	free(runs->items);
	*runs = (struct past_runs){0};
}

// ---- files ----

int history_each_file(struct store *s, bool whole, bool (*wanted)(const char *path, void *arg),
		      void (*each)(const struct past_file *f, void *arg), void *arg,
		      struct err *err)
{
	struct query *q =
		query(s,
		      "SELECT path, status, ended, tests, state, trail, id, born FROM file "
		      "ORDER BY path",
		      NULL);
	struct past_file f = {0};
	int code = SQLITE_DONE;

	while (code == SQLITE_DONE && (code = query_next(q, "CSTnaBIi")) == SQLITE_ROW) {
		f.path = query_text(q, 0);
		code = SQLITE_DONE;
		if (wanted && !wanted(f.path, arg))
			continue;
		f.id = query_int(q, 6);
		f.first_seen = query_int(q, 7);
		f.past.series.n = 0;
		if (whole)
			code = series_load_chunks(s, f.id, &f.past.series);
		if (code == SQLITE_DONE)
			code = file_read_past(s, q, &f.past);
		if (code == SQLITE_DONE)
			each(&f, arg);
	}
	series_release(&f.past.series);
	return code == SQLITE_DONE ? 0 : store_error(s, err);
}

// ---- tests ----

// The results of one file, while its tests are counted.
struct tally {
	struct past_tests *tests; // by id
	struct numbers *walls;    // how long each of them took, where that is known
	struct numbers test_list; // the test of each place
	int64_t test_list_id;     // 0: none yet
	struct result outcomes;   // as many tests
};

static int by_id(const void *a, const void *b)
{
	int64_t x = ((const struct past_test *)a)->id, y = ((const struct past_test *)b)->id;

	return (x > y) - (x < y);
}

static int load_names(struct store *s, int64_t file, bool (*wanted)(const char *, void *),
		      void *arg, struct past_tests *tests)
{
	struct query *q =
		query(s, "SELECT id, name, born FROM test WHERE file=?", VALUES(NUMBER(file)));
	int code;

	while ((code = query_next(q, "ICi")) == SQLITE_ROW) {
		const char *name = query_text(q, 1);
		if (wanted && !wanted(name, arg))
			continue;
		struct past_test t = {.id = query_int(q, 0),
				      .name = xstrdup(name),
				      .first_seen = query_int(q, 2),
				      .median_ns = -1};
		VEC_PUSH(tests, t);
	}
	if (tests->n > 0)
		qsort(tests->items, tests->n, sizeof *tests->items, by_id);
	return code;
}

static void count(struct tally *t, size_t place, int64_t run)
{
	const struct test_case *c = &t->outcomes.tests.items[place];
	const struct past_test key = {.id = t->test_list.items[place]};
	struct past_test *p = bsearch(&key, t->tests->items, t->tests->n, sizeof key, by_id);

	if (!p)
		return;
	p->last = c->status;
	p->last_run = run;
	if (c->status == TEST_SKIPPED || c->status == TEST_PENDING)
		return;
	p->ran++;
	p->passed += c->status == TEST_PASSED;
	if (c->status != TEST_PASSED) {
		p->bad++;
		p->last_bad_run = run;
	}
	if (c->wall_ns >= 0)
		VEC_PUSH(&t->walls[p - t->tests->items], c->wall_ns);
}

// The tests of a test list by their places, and room for how they ended.
static int load_test_list(struct store *s, struct tally *t, int64_t test_list)
{
	struct query *q = query(s, "SELECT test FROM listed WHERE roster=? ORDER BY seq",
				VALUES(NUMBER(test_list)));
	int code;

	t->test_list.n = 0;
	t->test_list_id = test_list;
	while ((code = query_next(q, "I")) == SQLITE_ROW)
		VEC_PUSH(&t->test_list, query_int(q, 0));
	free(t->outcomes.tests.items);
	t->outcomes.tests.n = t->test_list.n;
	t->outcomes.tests.items = xcalloc(t->test_list.n + 1, sizeof *t->outcomes.tests.items);
	return code;
}

static int count_run(struct store *s, struct tally *t, int64_t file, int64_t run)
{
	struct query *q = query(s,
				"SELECT roster, endings FROM result WHERE run=? AND file=? AND "
				"roster > 0",
				VALUES(NUMBER(run), NUMBER(file)));
	int code = SQLITE_DONE;

	while (code == SQLITE_DONE && (code = query_next(q, "IB")) == SQLITE_ROW) {
		int64_t test_list = query_int(q, 0);
		code = test_list != t->test_list_id ? load_test_list(s, t, test_list) : SQLITE_DONE;
		if (code == SQLITE_DONE && !packed_outcomes(query_bytes(q, 1), &t->outcomes))
			code = store_damaged(s, "how the tests of a result ended is torn");
		for (size_t i = 0; i < t->test_list.n && code == SQLITE_DONE; i++)
			count(t, i, run);
	}
	return code;
}

static void settle(struct tally *t)
{
	for (size_t i = 0; i < t->tests->n; i++) {
		t->tests->items[i].median_ns = percentile(t->walls[i].items, t->walls[i].n, 50);
		free(t->walls[i].items);
	}
	free(t->walls);
	free(t->test_list.items);
	free(t->outcomes.tests.items);
}

int history_load_tests(struct store *s, int64_t file, const int64_t *runs, size_t n,
		       bool (*wanted)(const char *name, void *arg), void *arg,
		       struct past_tests *tests, struct err *err)
{
	int code = load_names(s, file, wanted, arg, tests);
	struct tally t = {.tests = tests, .walls = xcalloc(tests->n + 1, sizeof *t.walls)};

	for (size_t i = 0; tests->n > 0 && i < n && code == SQLITE_DONE; i++)
		code = count_run(s, &t, file, runs[i]);
	settle(&t);
	return code == SQLITE_DONE ? 0 : store_error(s, err);
}

void past_tests_release(struct past_tests *tests)
{
	for (size_t i = 0; i < tests->n; i++)
		free(tests->items[i].name);
	free(tests->items);
	*tests = (struct past_tests){0};
}

int history_each_test(struct store *s,
		      void (*each)(int64_t file, const char *name, int64_t first_seen, void *arg),
		      void *arg, struct err *err)
{
	struct query *q = query(s, "SELECT file, name, born FROM test ORDER BY id", NULL);
	int code;

	while ((code = query_next(q, "ICi")) == SQLITE_ROW)
		each(query_int(q, 0), query_text(q, 1), query_int(q, 2), arg);
	return code == SQLITE_DONE ? 0 : store_error(s, err);
}
