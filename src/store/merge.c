// SPDX-License-Identifier: MIT
#include "store/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/map.h"

// ---- numbers of theirs and of ours ----

static int compare_pairs(const void *id, const void *pair)
{
	int64_t x = *(const int64_t *)id, y = ((const struct pair *)pair)->theirs;

	return (x > y) - (x < y);
}

struct pair *merge_find(const struct pairs *p, int64_t theirs)
{
	return p->n ? bsearch(&theirs, p->items, p->n, sizeof *p->items, compare_pairs) : NULL;
}

static int compare_ranks(const void *a, const void *b)
{
	int64_t x = ((const struct rank *)a)->run, y = ((const struct rank *)b)->run;

	return (x > y) - (x < y);
}

int64_t merge_rank(const struct merge *m, int64_t run)
{
	const struct rank key = {.run = run}, *found = NULL;

	if (m->ranks.n > 0)
		found = bsearch(&key, m->ranks.items, m->ranks.n, sizeof key, compare_ranks);
	return found ? found->rank : -1;
}

static int rank_runs(struct merge *m)
{
	struct numbers runs = {0};
	int code = database_list_all(m->ours, SQL_RUNS_BY_TIME, &runs);

	for (size_t i = 0; i < runs.n; i++) {
		struct rank r = {runs.items[i], (int64_t)i};
		VEC_PUSH(&m->ranks, r);
	}
	if (runs.n > 0)
		qsort(m->ranks.items, runs.n, sizeof *m->ranks.items, compare_ranks);
	free(runs.items);
	return code;
}

int64_t merge_run(const struct merge *m, int64_t theirs)
{
	const struct pair *p = merge_find(&m->runs, theirs);

	return p ? p->ours : 0;
}

int64_t merge_earlier(const struct merge *m, int64_t a, int64_t b)
{
	return merge_rank(m, b) < merge_rank(m, a) ? b : a;
}

void merge_copy_columns(sqlite3_stmt *row, int from, int n, sqlite3_stmt *into)
{
	for (int i = 0; i < n; i++)
		sqlite3_bind_value(into, i + 1, sqlite3_column_value(row, from + i));
}

int merge_set_born(struct merge *m, enum statement which, int64_t id, int64_t run)
{
	sqlite3_stmt *q = database_statement(m->ours, which);

	if (!q)
		return SQLITE_ERROR;
	sqlite3_bind_int64(q, 1, id);
	sqlite3_bind_int64(q, 2, run);
	return database_step(q);
}

// ---- runs ----

#define RUN_COLUMNS 20

struct our_run {
	int64_t id;
	bool finished;
};

// By name.
static int load_our_runs(struct store *s, struct map *runs)
{
	sqlite3_stmt *q = database_statement(s, SQL_RUN_NAMES);
	int code;

	while ((code = database_next(s, SQL_RUN_NAMES)) == SQLITE_ROW) {
		struct our_run *r = xcalloc(1, sizeof *r);
		*r = (struct our_run){sqlite3_column_int64(q, 0), sqlite3_column_int(q, 2)};
		free(map_put(runs, (const char *)sqlite3_column_text(q, 1), r));
	}
	return code;
}

static void free_our_runs(struct map *runs)
{
	for (size_t i = 0; i < runs->cap; i++)
		free(runs->slots[i].value);
	map_release(runs);
}

static int write_run(struct merge *m, sqlite3_stmt *row, struct pair *p)
{
	enum statement which = p->ours ? SQL_COMPLETE_RUN : SQL_IMPORT_RUN;
	sqlite3_stmt *q = database_statement(m->ours, which);

	if (!q)
		return SQLITE_ERROR;
	merge_copy_columns(row, 2, RUN_COLUMNS, q);
	if (p->ours)
		sqlite3_bind_int64(q, RUN_COLUMNS + 1, p->ours);
	int code = database_step(q);
	if (!p->ours)
		p->ours = sqlite3_last_insert_rowid(m->ours->db);
	return code;
}

// Decides on one run of theirs.
static int take_run(struct merge *m, sqlite3_stmt *row, const struct map *known)
{
	const struct our_run *own = map_get(known, (const char *)sqlite3_column_text(row, 2));
	bool finished = sqlite3_column_type(row, 4) != SQLITE_NULL;
	struct pair p = {.theirs = sqlite3_column_int64(row, 0), .ours = own ? own->id : 0};

	p.fate = !own ? NEW : finished && !own->finished ? COMPLETED : KNOWN;
	int code = p.fate == KNOWN ? SQLITE_DONE : write_run(m, row, &p);
	m->out->runs += p.fate != KNOWN;
	m->out->known += p.fate == KNOWN;
	VEC_PUSH(&m->runs, p);
	return code;
}

static int take_runs(struct merge *m)
{
	struct map known = {0};
	int code = load_our_runs(m->ours, &known);
	sqlite3_stmt *q = database_statement(m->theirs, SQL_COPY_RUNS);

	while (code == SQLITE_DONE &&
	       (code = database_next(m->theirs, SQL_COPY_RUNS)) == SQLITE_ROW)
		code = take_run(m, q, &known);
	free_our_runs(&known);
	return code;
}

// ---- all of it ----

static int merge(struct merge *m)
{
	static int (*const parts[])(struct merge *) = {take_runs, rank_runs, merge_results,
						       merge_reused, merge_trails};
	int code = SQLITE_DONE;

	for (size_t i = 0; i < sizeof parts / sizeof *parts && code == SQLITE_DONE; i++)
		code = parts[i](m);
	return code;
}

static void release(struct merge *m)
{
	struct pairs *all[] = {&m->runs, &m->files, &m->rosters, &m->tests, &m->results};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		free(all[i]->items);
	free(m->ranks.items);
}

static int merge_all(struct store *s, struct store *const *others, size_t n, struct imported *out,
		     struct err *err)
{
	long runs = 0;
	int code = SQLITE_DONE;

	for (size_t i = 0; i < n && code == SQLITE_DONE; i++) {
		struct merge m = {.ours = s, .theirs = others[i], .out = &out[i]};
		database_take_time(others[i]);
		code = merge(&m);
		if (code != SQLITE_DONE)
			database_error(sqlite3_errcode(s->db) == code ? s : others[i], err);
		runs += out[i].runs;
		release(&m);
	}
	if (code == SQLITE_DONE && runs > 0)
		code = database_step(database_statement(s, SQL_DROP_MOST_OUTPUTS));
	return code;
}

int store_import(struct store *s, struct store *const *others, size_t n, struct imported *out,
		 struct err *err)
{
	struct err why = {0};

	memset(out, 0, n * sizeof *out);
	database_take_time(s);
	if (database_begin(s, err) != STORE_OK)
		return database_error(s, err);
	int code = merge_all(s, others, n, out, &why);
	if (database_end(s, code, err) != STORE_OK) {
		if (*why.message)
			*err = why;
		return -1;
	}
	database_move_log(s, 0);
	return 0;
}
