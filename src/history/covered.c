// SPDX-License-Identifier: MIT
// What the sources were covered, run by run.
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/map.h"
#include "history/lookup.h"
#include "store/counted.h"

#define DRAWN   20 // runs of a trend
#define MILLION 1000000

static const struct column run_columns[] = {
	{"run", "Run", CELL_NUMBER},           {"started", "When", CELL_TIME},
	{"revision", "Commit", CELL_REVISION}, {"files", "Files", CELL_NUMBER},
	{"sources", "Sources", CELL_NUMBER},   {"lines", "Lines", CELL_NUMBER},
	{"missed", "Missed", CELL_NUMBER},     {"covered", "Covered", CELL_SHARE},
};

static const struct column source_columns[] = {
	{"covered", "Covered", CELL_SHARE}, {"missed", "Missed", CELL_NUMBER},
	{"lines", "Lines", CELL_NUMBER},    {"before", "Before", CELL_SHARE},
	{"run", "Run", CELL_NUMBER},        {NULL, "Trend", CELL_DRAWING},
	{"path", "Source", CELL_PATH},
};

struct lines {
	int64_t hit, missed;
};

// What one run told of one source.
struct fact {
	size_t run; // its place in the range
	struct lines lines;
};

struct source {
	char *path;
	struct {
		struct fact *items; // in the order of time
		size_t n, cap;
	} facts;
};

struct covered {
	struct lookup *lookup;
	struct map by_path;
	struct {
		struct source **items;
		size_t n, cap;
	} sources;
	struct lines *runs; // of each run of the range
	size_t *told;       // of how many sources
};

static int64_t share_of(const struct lines *l)
{
	int64_t all = l->hit + l->missed;

	return all > 0 ? (int64_t)((double)l->hit / (double)all * MILLION) : MILLION;
}

// ---- what is known ----

static struct source *source_of(struct covered *c, const char *path)
{
	void **place = map_at(&c->by_path, path);
	struct source *s = *place;

	if (!s) {
		*place = s = xcalloc(1, sizeof *s);
		s->path = xstrdup(path);
		VEC_PUSH(&c->sources, s);
	}
	return s;
}

static void on_fact(int64_t run, const char *path, int64_t hit, int64_t missed, void *arg)
{
	struct covered *c = arg;
	const struct run_range *w = c->lookup->range;
	const struct past_run *r = run_range_run(w, run);

	if (!r || !lookup_wants(path, c->lookup))
		return;
	struct fact fact = {(size_t)(r - w->runs.items), {hit, missed}};
	struct source *s = source_of(c, path);
	VEC_PUSH(&s->facts, fact);
	c->runs[fact.run].hit += hit;
	c->runs[fact.run].missed += missed;
	c->told[fact.run]++;
}

static int by_time(const void *a, const void *b)
{
	size_t x = ((const struct fact *)a)->run, y = ((const struct fact *)b)->run;

	return (x > y) - (x < y);
}

static const struct lines *last_of(const struct source *s)
{
	return &s->facts.items[s->facts.n - 1].lines;
}

// What has most to be done first.
static int by_missed(const void *a, const void *b)
{
	const struct source *x = *(struct source *const *)a, *y = *(struct source *const *)b;
	int64_t m = last_of(x)->missed, n = last_of(y)->missed;

	return m != n ? (m < n) - (m > n) : strcmp(x->path, y->path);
}

static int load(struct covered *c, struct err *err)
{
	if (c->lookup->store && counted_each(c->lookup->store, on_fact, c, err) < 0)
		return -1;
	for (size_t i = 0; i < c->sources.n; i++)
		qsort(c->sources.items[i]->facts.items, c->sources.items[i]->facts.n,
		      sizeof(struct fact), by_time);
	if (c->sources.n > 0)
		qsort(c->sources.items, c->sources.n, sizeof(struct source *), by_missed);
	return 0;
}

static void release(struct covered *c)
{
	for (size_t i = 0; i < c->sources.n; i++) {
		free(c->sources.items[i]->path);
		free(c->sources.items[i]->facts.items);
		free(c->sources.items[i]);
	}
	free(c->sources.items);
	map_release(&c->by_path);
	free(c->runs);
	free(c->told);
}

// ---- what is told ----

static void add_runs(struct covered *c)
{
	const struct run_range *w = c->lookup->range;
	struct table *t = view_table(c->lookup->view, "runs", "", COLUMNS(run_columns));

	for (size_t i = w->runs.n; i-- > w->from;) {
		if (c->told[i] == 0)
			continue;
		lookup_add_run(t, &w->runs.items[i]);
		table_number(t, w->runs.items[i].elapsed_ns >= 0 ? w->runs.items[i].files : -1);
		table_number(t, (int64_t)c->told[i]);
		table_number(t, c->runs[i].hit + c->runs[i].missed);
		table_number(t, c->runs[i].missed);
		table_number(t, share_of(&c->runs[i]));
	}
}

static void draw(const struct covered *c, const struct source *s, struct table *t)
{
	size_t from = s->facts.n > DRAWN ? s->facts.n - DRAWN : 0;
	int64_t shares[DRAWN];
	struct buf b = {0};

	for (size_t i = from; i < s->facts.n; i++)
		shares[i - from] = share_of(&s->facts.items[i].lines);
	lookup_draw(c->lookup, &b, shares, s->facts.n - from);
	table_text(t, b.data);
	buf_release(&b);
}

static void add_sources(struct covered *c)
{
	struct table *t =
		view_table(c->lookup->view, "sources", "Sources", COLUMNS(source_columns));

	for (size_t i = 0; i < c->sources.n; i++) {
		const struct source *s = c->sources.items[i];
		const struct fact *last = &s->facts.items[s->facts.n - 1];
		table_number(t, share_of(&last->lines));
		table_number(t, last->lines.missed);
		table_number(t, last->lines.hit + last->lines.missed);
		table_number(t, s->facts.n > 1 ? share_of(&last[-1].lines) : -1);
		table_number(t, c->lookup->range->runs.items[last->run].id);
		draw(c, s, t);
		table_text(t, s->path);
	}
}

int covered_view(struct lookup *l, struct err *err)
{
	size_t n = l->range->runs.n + 1;
	struct covered c = {.lookup = l,
			    .runs = xcalloc(n, sizeof *c.runs),
			    .told = xcalloc(n, sizeof *c.told)};
	int status = load(&c, err);

	if (status == 0) {
		add_runs(&c);
		if (c.sources.n == 0)
			lookup_nothing(l, "No run with --coverage.");
		add_sources(&c);
	}
	release(&c);
	return status;
}
