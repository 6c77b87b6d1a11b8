// SPDX-License-Identifier: MIT
// The runs, one by one and as a whole.
#include <stdlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/percentile.h"
#include "history/lookup.h"

#define LATEST    10 // runs of the overview
#define DRAWN     50 // runs of the trend
#define MEDIAN_OF 20
#define MILLION   1000000

static const struct column run_columns[] = {
	{"run", "Run", CELL_NUMBER},
	{"started", "When", CELL_TIME},
	{"revision", "Commit", CELL_REVISION},
	{"jobs", "-j", CELL_NUMBER},
	{"files", "Files", CELL_NUMBER},
	{"bad", "Bad", CELL_NUMBER},
	{"tests", "Tests", CELL_NUMBER},
	{"failed", "Failed", CELL_NUMBER},
	{"elapsed", "Time", CELL_SECONDS},
	{"above_bound", "Above", CELL_SHARE},
	{"signal", NULL, CELL_NUMBER},
	{"failed_fixtures", NULL, CELL_NUMBER},
	{"end", "", CELL_REMARK},
};

// How far the run was above what no order of its files could have beaten.
static int64_t above_bound(const struct past_run *r)
{
	if (r->elapsed_ns < 0 || r->bound_ns <= 0)
		return -1;
	double above = (double)(r->elapsed_ns - r->bound_ns) / (double)r->bound_ns * MILLION;
	return above > 0 ? (int64_t)above : 0;
}

static void add_run(struct table *t, const struct past_run *r)
{
	bool over = r->elapsed_ns >= 0;

	lookup_add_run(t, r);
	table_number(t, r->jobs > 0 ? r->jobs : -1);
	table_number(t, over ? r->files : -1);
	table_number(t, over ? r->bad : -1);
	table_number(t, over ? r->tests : -1);
	table_number(t, over ? r->failed : -1);
	table_number(t, r->elapsed_ns);
	table_number(t, above_bound(r));
	table_number(t, r->signal > 0 ? r->signal : -1);
	table_number(t, over ? r->failed_fixtures : -1);
	table_text(t, !over                     ? "it was killed, or goes on"
		      : r->signal > 0           ? "interrupted"
		      : r->failed_fixtures > 1  ? "setups or teardowns have failed"
		      : r->failed_fixtures == 1 ? "a setup or a teardown has failed"
						: NULL);
}

static struct table *begin_runs(struct lookup *l, const char *title)
{
	return view_table(l->view, "runs", title, COLUMNS(run_columns));
}

// The latest first.
static void add_runs(struct lookup *l, const char *title, size_t most)
{
	struct table *t = begin_runs(l, title);

	for (size_t i = l->range->runs.n; i-- > l->range->from && table_rows(t) < most;)
		add_run(t, &l->range->runs.items[i]);
}

int runs_view(struct lookup *l, struct err *err)
{
	if (run_range_size(l->range) == 0)
		lookup_nothing(l, "No run.");
	add_runs(l, "", SIZE_MAX);
	return 0;
}

// ---- the overview ----

static const struct column total_columns[] = {
	{"runs", NULL, CELL_NUMBER},
	{"finished", NULL, CELL_NUMBER},
	{"failed", NULL, CELL_NUMBER},
	{"file_results", NULL, CELL_NUMBER},
	{"test_results", NULL, CELL_NUMBER},
	{"elapsed", NULL, CELL_SECONDS},
	{"median_elapsed", NULL, CELL_SECONDS},
};

struct sums {
	int64_t finished, failed, files, tests, elapsed_ns, median_ns;
};

static struct sums sum_up(const struct run_range *w)
{
	int64_t latest[MEDIAN_OF];
	struct sums s = {0};
	size_t n = 0;

	for (size_t i = w->runs.n; i-- > w->from;) {
		const struct past_run *r = &w->runs.items[i];
		if (r->elapsed_ns < 0)
			continue;
		s.finished++;
		s.failed += r->bad > 0 || r->failed_fixtures > 0;
		s.files += r->files;
		s.tests += r->tests;
		s.elapsed_ns += r->elapsed_ns;
		if (n < MEDIAN_OF)
			latest[n++] = r->elapsed_ns;
	}
	s.median_ns = percentile(latest, n, 50);
	return s;
}

static void add_totals(struct lookup *l, const struct sums *s)
{
	struct table *t = view_table(l->view, "totals", NULL, COLUMNS(total_columns));

	table_number(t, (int64_t)run_range_size(l->range));
	table_number(t, s->finished);
	table_number(t, s->failed);
	table_number(t, s->files);
	table_number(t, s->tests);
	table_number(t, s->elapsed_ns);
	table_number(t, s->median_ns);
}

static const char *plural(int64_t n)
{
	return n == 1 ? "" : "s";
}

static void add_trend(struct lookup *l, const struct sums *s)
{
	const struct run_range *w = l->range;
	size_t from = run_range_size(w) > DRAWN ? w->runs.n - DRAWN : w->from;
	int64_t walls[DRAWN];
	struct buf b = {0};

	if (s->finished < 2)
		return;
	for (size_t i = from; i < w->runs.n; i++)
		walls[i - from] = w->runs.items[i].elapsed_ns;
	lookup_draw(l, &b, walls, w->runs.n - from);
	view_line(l->view, "Time of the last %zu: %s", w->runs.n - from, b.data);
	buf_release(&b);
}

static void add_sums(struct lookup *l, const struct sums *s)
{
	view_line(l->view,
		  "%zu run%s, %lld of them to the end; %lld failed. %lld file%s, %lld test%s "
		  "in %.0f s.",
		  run_range_size(l->range), plural((int64_t)run_range_size(l->range)),
		  (long long)s->finished, (long long)s->failed, (long long)s->files,
		  plural(s->files), (long long)s->tests, plural(s->tests),
		  ns_to_sec(s->elapsed_ns));
}

struct counts_of_views {
	size_t failing, flaky, moved;
};

static struct counts_of_views count(const struct summaries *s)
{
	struct counts_of_views c = {0};

	for (size_t i = 0; i < s->n; i++) {
		c.failing += s->items[i].bad_since != NULL;
		c.flaky += s->items[i].flips.flips > 0;
		c.moved += s->items[i].time.run || s->items[i].memory.run;
	}
	return c;
}

static void hint(struct lookup *l, size_t n, const char *what, enum history_view view)
{
	if (n > 0)
		view_line(l->view, "%zu file%s %s: --history=%s", n, plural((int64_t)n), what,
			  history_view_name(view));
}

static void add_hints(struct lookup *l, const struct summaries *files)
{
	struct counts_of_views c = count(files);

	hint(l, c.failing, "failed when last run", VIEW_FAILING);
	if (c.failing > 0)
		view_mark(l->view);
	hint(l, c.flaky, "passed and failed without a change", VIEW_FLAKY);
	hint(l, c.moved, "moved in time or memory", VIEW_REGRESSIONS);
}

int runs_overview(struct lookup *l, struct err *err)
{
	struct summaries files = {0};
	int status = lookup_files(l, SUMMARY_MOVES, &files, err);
	struct sums s = sum_up(l->range);

	add_runs(l, "", LATEST);
	add_totals(l, &s);
	if (run_range_size(l->range) > 0) {
		view_line(l->view, "%s", "");
		add_sums(l, &s);
		add_trend(l, &s);
		add_hints(l, &files);
	} else {
		lookup_nothing(l, "No run.");
	}
	summaries_release(&files);
	return status;
}
