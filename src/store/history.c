// SPDX-License-Identifier: MIT
#include "store/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/percentile.h"
#include "model/result.h"
#include "store/database.h"

// ---- runs ----

static struct past_run read_run(sqlite3_stmt *q)
{
	return (struct past_run){
		.id = sqlite3_column_int64(q, 0),
		.started_ns = sqlite3_column_int64(q, 1),
		.elapsed_ns = database_number(q, 2, -1),
		.bound_ns = database_number(q, 3, -1),
		.jobs = sqlite3_column_int(q, 4),
		.peak = sqlite3_column_int(q, 5),
		.signal = sqlite3_column_int(q, 6),
		.files = (long)sqlite3_column_int64(q, 7),
		.bad = (long)sqlite3_column_int64(q, 8),
		.tests = (long)sqlite3_column_int64(q, 9),
		.failed = (long)sqlite3_column_int64(q, 10),
		.revision = database_text(q, 11),
	};
}

int history_load_runs(struct store *s, struct past_runs *runs, struct err *err)
{
	sqlite3_stmt *q = database_statement(s, SQL_RUNS);
	int code;

	while ((code = database_next(s, SQL_RUNS)) == SQLITE_ROW)
		VEC_PUSH(runs, read_run(q));
	return code == SQLITE_DONE ? 0 : database_error(s, err);
}

void past_runs_release(struct past_runs *runs)
{
	for (size_t i = 0; i < runs->n; i++)
		free(runs->items[i].revision);
	free(runs->items);
	*runs = (struct past_runs){0};
}

// ---- files ----

int database_load_chunks(struct store *s, int64_t file, struct trail *t)
{
	sqlite3_stmt *q = database_statement(s, SQL_CHUNKS);
	int code;

	if (q)
		sqlite3_bind_int64(q, 1, file);
	while ((code = database_next(s, SQL_CHUNKS)) == SQLITE_ROW)
		if (!unpack_trail(database_packed(q, 0), t))
			return database_damaged(s, "the figures of a file are torn");
	return code;
}

int history_each_file(struct store *s, bool whole, bool (*wanted)(const char *path, void *arg),
		      void (*each)(const struct past_file *f, void *arg), void *arg,
		      struct err *err)
{
	sqlite3_stmt *q = database_statement(s, SQL_FILES);
	struct past_file f = {0};
	int code = SQLITE_DONE;

	while (code == SQLITE_DONE && (code = database_next(s, SQL_FILES)) == SQLITE_ROW) {
		f.path = (const char *)sqlite3_column_text(q, 0);
		code = SQLITE_DONE;
		if (wanted && !wanted(f.path, arg))
			continue;
		f.id = sqlite3_column_int64(q, 6);
		f.born = sqlite3_column_int64(q, 7);
		f.past.trail.n = 0;
		if (whole)
			code = database_load_chunks(s, f.id, &f.past.trail);
		if (code == SQLITE_DONE)
			code = database_read_past(s, q, &f.past);
		if (code == SQLITE_DONE)
			each(&f, arg);
	}
	trail_release(&f.past.trail);
	return code == SQLITE_DONE ? 0 : database_error(s, err);
}

// ---- tests ----

// The results of one file, while its tests are counted.
struct tally {
	struct past_tests *tests; // by id
	struct numbers *walls;    // how long each of them took, where that is known
	struct numbers roster;    // the test of each place
	sqlite3_int64 roster_id;  // 0: none yet
	struct result endings;    // as many tests
};

static int by_id(const void *a, const void *b)
{
	int64_t x = ((const struct past_test *)a)->id, y = ((const struct past_test *)b)->id;

	return (x > y) - (x < y);
}

static int load_names(struct store *s, int64_t file, bool (*wanted)(const char *, void *),
		      void *arg, struct past_tests *tests)
{
	sqlite3_stmt *q = database_statement(s, SQL_TESTS_OF_FILE);
	int code;

	if (q)
		sqlite3_bind_int64(q, 1, file);
	while ((code = database_next(s, SQL_TESTS_OF_FILE)) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(q, 1);
		if (wanted && !wanted(name, arg))
			continue;
		struct past_test t = {.id = sqlite3_column_int64(q, 0),
				      .name = xstrdup(name),
				      .born = sqlite3_column_int64(q, 2),
				      .median_ns = -1};
		VEC_PUSH(tests, t);
	}
	if (tests->n > 0)
		qsort(tests->items, tests->n, sizeof *tests->items, by_id);
	return code;
}

static void count(struct tally *t, size_t place, int64_t run)
{
	const struct test_case *c = &t->endings.tests.items[place];
	const struct past_test key = {.id = t->roster.items[place]};
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

static int count_result(struct store *s, struct tally *t, sqlite3_stmt *q, int64_t run)
{
	sqlite3_int64 roster = sqlite3_column_int64(q, 0);
	int code = SQLITE_DONE;

	if (roster != t->roster_id) {
		t->roster.n = 0;
		code = database_load_roster(s, roster, &t->roster);
		t->roster_id = roster;
		free(t->endings.tests.items);
		t->endings.tests.n = t->roster.n;
		t->endings.tests.items = xcalloc(t->roster.n + 1, sizeof *t->endings.tests.items);
	}
	if (code == SQLITE_DONE && !unpack_endings(database_packed(q, 1), &t->endings))
		code = database_damaged(s, "how the tests of a result ended is torn");
	for (size_t i = 0; i < t->roster.n && code == SQLITE_DONE; i++)
		count(t, i, run);
	return code;
}

static int count_run(struct store *s, struct tally *t, int64_t file, int64_t run)
{
	sqlite3_stmt *q = database_statement(s, SQL_ENDINGS);
	int code = q ? SQLITE_DONE : SQLITE_ERROR;

	if (q) {
		sqlite3_bind_int64(q, 1, run);
		sqlite3_bind_int64(q, 2, file);
	}
	while (code == SQLITE_DONE && (code = database_next(s, SQL_ENDINGS)) == SQLITE_ROW)
		code = count_result(s, t, q, run);
	return code;
}

static void settle(struct tally *t)
{
	for (size_t i = 0; i < t->tests->n; i++) {
		t->tests->items[i].median_ns = percentile(t->walls[i].items, t->walls[i].n, 50);
		free(t->walls[i].items);
	}
	free(t->walls);
	free(t->roster.items);
	free(t->endings.tests.items);
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
	return code == SQLITE_DONE ? 0 : database_error(s, err);
}

void past_tests_release(struct past_tests *tests)
{
	for (size_t i = 0; i < tests->n; i++)
		free(tests->items[i].name);
	free(tests->items);
	*tests = (struct past_tests){0};
}

int history_each_test(struct store *s,
		      void (*each)(int64_t file, const char *name, int64_t born, void *arg),
		      void *arg, struct err *err)
{
	sqlite3_stmt *q = database_statement(s, SQL_TESTS);
	int code;

	while ((code = database_next(s, SQL_TESTS)) == SQLITE_ROW)
		each(sqlite3_column_int64(q, 0), (const char *)sqlite3_column_text(q, 1),
		     sqlite3_column_int64(q, 2), arg);
	return code == SQLITE_DONE ? 0 : database_error(s, err);
}
