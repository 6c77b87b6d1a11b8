// SPDX-License-Identifier: MIT
// Lists of files that have something in common.
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "history/lookup.h"

#define MILLION    1000000
#define SLOWEST    20 // that people see
#define NEW_WITHIN 20 // runs, if none are asked for

static int64_t share(double part, double whole)
{
	return whole > 0 ? (int64_t)(part / whole * MILLION) : -1;
}

static void sort(struct summaries *s, int (*compare)(const void *, const void *))
{
	if (s->n > 0)
		qsort(s->items, s->n, sizeof *s->items, compare);
}

static int descending(double a, double b)
{
	return (a < b) - (a > b);
}

// Keeps the files that are in the list.
static void keep(struct summaries *s, bool (*belongs)(const struct summary *))
{
	struct summaries kept = {0};

	for (size_t i = 0; i < s->n; i++) {
		if (belongs(&s->items[i])) {
			VEC_PUSH(&kept, s->items[i]);
		} else {
			free(s->items[i].path);
			series_release(&s->items[i].series);
		}
	}
	free(s->items);
	*s = kept;
}

// ---- slowest ----

static const struct column slowest_columns[] = {
	{"median", "Median", CELL_SECONDS}, {"p95", "95 %", CELL_SECONDS},
	{"share", "Share", CELL_SHARE},     {"cpu_share", "CPU", CELL_SHARE},
	{"peak", "Memory", CELL_BYTES},     {"path", "File", CELL_PATH},
};

static int by_median(const void *a, const void *b)
{
	const struct summary *x = a, *y = b;
	int d = descending((double)x->median_ns, (double)y->median_ns);

	return d ? d : strcmp(x->path, y->path);
}

int lists_slowest(struct lookup *l, struct err *err)
{
	struct summaries s = {0};
	int status = lookup_files(l, SUMMARY_FIGURES, &s, err);
	struct table *t = view_table(l->view, "files", "", COLUMNS(slowest_columns));
	double sum = 0;

	t->most = SLOWEST;
	sort(&s, by_median);
	for (size_t i = 0; i < s.n; i++)
		sum += s.items[i].median_ns > 0 ? (double)s.items[i].median_ns : 0;
	for (size_t i = 0; status == 0 && i < s.n; i++) {
		const struct summary *f = &s.items[i];
		if (f->median_ns < 0)
			continue;
		table_number(t, f->median_ns);
		table_number(t, f->p95_ns);
		table_number(t, share((double)f->median_ns, sum));
		table_number(t, summary_cpu_share(f));
		table_number(t, f->peak_bytes);
		table_text(t, f->path);
	}
	if (table_rows(t) == 0)
		lookup_nothing(l, "No file has a time.");
	summaries_release(&s);
	return status;
}

// ---- failing ----

static const struct column failing_columns[] = {
	{"status", "Last", CELL_STATUS}, {"since_run", "Since", CELL_NUMBER},
	{"since", "When", CELL_DAY},     {"since_revision", "Commit", CELL_REVISION},
	{"path", "File", CELL_PATH},     {"test", NULL, CELL_TEXT},
	{"message", "", CELL_REMARK},    {"quarantine", "", CELL_REMARK},
};

static bool is_failing(const struct summary *s)
{
	return s->bad_since != NULL;
}

static int by_since(const void *a, const void *b)
{
	const struct summary *x = a, *y = b;
	int d = descending((double)x->bad_since->started_ns, (double)y->bad_since->started_ns);

	return d ? d : strcmp(x->path, y->path);
}

static int add_failing(struct lookup *l, struct table *t, const struct summary *f, struct err *err)
{
	struct last_failure last;
	int status = lookup_last_failure(l, f, summary_last_bad_run(f), &last, err);

	table_text(t, file_status_name(f->last));
	lookup_add_run(t, f->bad_since);
	table_text(t, f->path);
	table_text(t, last.test);
	table_text(t, last.message);
	table_text(t, last.quarantine);
	last_failure_release(&last);
	return status;
}

static int by_name(const void *path, const void *summary)
{
	return strcmp(path, ((const struct summary *)summary)->path);
}

static bool is_among(const char *path, void *arg)
{
	const struct summaries *s = arg;

	return s->n > 0 && bsearch(path, s->items, s->n, sizeof *s->items, by_name);
}

// Those whose latest result is bad, with all their results: they may have failed for long.
static int find_failing(struct lookup *l, struct summaries *s, struct err *err)
{
	struct summaries failing = {0};
	int status = lookup_files(l, 0, &failing, err);

	keep(&failing, is_failing);
	if (status == 0 && failing.n > 0)
		status = summaries_load(s, l->store, l->range, true, SUMMARY_SERIES, is_among,
					&failing, err);
	summaries_release(&failing);
	return status;
}

// Those that fail since the shortest time first.
int lists_failing(struct lookup *l, struct err *err)
{
	struct summaries s = {0};
	int status = find_failing(l, &s, err);
	struct table *t = view_table(l->view, "files", "", COLUMNS(failing_columns));

	sort(&s, by_since);
	for (size_t i = 0; status == 0 && i < s.n; i++)
		status = add_failing(l, t, &s.items[i], err);
	if (s.n == 0)
		lookup_nothing(l, "No file fails.");
	summaries_release(&s);
	return status;
}

// ---- flaky ----

static const struct column flaky_columns[] = {
	{"rate", "Rate", CELL_SHARE},    {"flips", "Flips", CELL_NUMBER},
	{"tries", "Tries", CELL_NUMBER}, {"last_run", "Last", CELL_NUMBER},
	{"last", "When", CELL_DAY},      {"last_revision", "Commit", CELL_REVISION},
	{"path", "File", CELL_PATH},
};

static bool is_flaky(const struct summary *s)
{
	return s->flips.flips > 0;
}

static double rate(const struct summary *s)
{
	return (double)s->flips.flips / (double)s->flips.tries;
}

static int by_rate(const void *a, const void *b)
{
	const struct summary *x = a, *y = b;
	int d = descending(rate(x), rate(y));

	d = d ? d : descending((double)x->flips.flips, (double)y->flips.flips);
	return d ? d : strcmp(x->path, y->path);
}

int lists_flaky(struct lookup *l, struct err *err)
{
	struct summaries s = {0};
	int status = lookup_files(l, 0, &s, err);
	struct table *t = view_table(l->view, "files", "", COLUMNS(flaky_columns));

	keep(&s, is_flaky);
	sort(&s, by_rate);
	for (size_t i = 0; i < s.n; i++) {
		const struct summary *f = &s.items[i];
		table_number(t, share((double)f->flips.flips, (double)f->flips.tries));
		table_number(t, (int64_t)f->flips.flips);
		table_number(t, (int64_t)f->flips.tries);
		lookup_add_run(t, run_range_run(l->range, f->flips.last_run));
		table_text(t, f->path);
	}
	if (s.n == 0)
		lookup_nothing(l, "No file passed and failed without a change.");
	summaries_release(&s);
	return status;
}

// ---- regressions ----

static const struct column move_columns[] = {
	{"what", NULL, CELL_TEXT},
	{"change", "Change", CELL_CHANGE},
	{"before_seconds", NULL, CELL_SECONDS},
	{"after_seconds", NULL, CELL_SECONDS},
	{"before_bytes", NULL, CELL_BYTES},
	{"after_bytes", NULL, CELL_BYTES},
	{NULL, "From", CELL_DRAWING},
	{NULL, "To", CELL_DRAWING},
	{"run", "Run", CELL_NUMBER},
	{"started", "When", CELL_DAY},
	{"revision", "Commit", CELL_REVISION},
	{"path", "File", CELL_PATH},
};

// A file moves in time, in memory, or in both.
struct moved {
	const struct summary *file;
	const struct move *move;
	bool is_time;
	double change;
};

struct moves {
	struct moved *items;
	size_t n, cap;
};

static void add_moved(struct moves *list, const struct summary *s, const struct move *m)
{
	struct moved moved = {s, m, m == &s->time,
			      (double)(m->after - m->before) / (double)(m->before ? m->before : 1)};

	if (m->run)
		VEC_PUSH(list, moved);
}

static int by_change(const void *a, const void *b)
{
	const struct moved *x = a, *y = b;
	int d = descending(x->change, y->change);

	return d ? d : strcmp(x->file->path, y->file->path);
}

static void add_amount(struct table *t, const struct moved *m, int64_t amount)
{
	char *text = m->is_time ? xasprintf("%.3fs", (double)amount / 1e9)
				: xasprintf("%.1f MiB", (double)amount / (1 << 20));

	table_text(t, text);
	free(text);
}

static void add_move(struct table *t, const struct moved *m)
{
	table_text(t, m->is_time ? "time" : "memory");
	table_number(t, (int64_t)(m->change * MILLION));
	table_number(t, m->is_time ? m->move->before : -1);
	table_number(t, m->is_time ? m->move->after : -1);
	table_number(t, m->is_time ? -1 : m->move->before);
	table_number(t, m->is_time ? -1 : m->move->after);
	add_amount(t, m, m->move->before);
	add_amount(t, m, m->move->after);
	lookup_add_run(t, m->move->run);
	table_text(t, m->file->path);
}

// The worst first, what has become better last.
int lists_regressions(struct lookup *l, struct err *err)
{
	struct summaries s = {0};
	struct moves moves = {0};
	int status = lookup_files(l, SUMMARY_MOVES, &s, err);
	struct table *t = view_table(l->view, "moves", "", COLUMNS(move_columns));

	for (size_t i = 0; i < s.n; i++) {
		add_moved(&moves, &s.items[i], &s.items[i].time);
		add_moved(&moves, &s.items[i], &s.items[i].memory);
	}
	if (moves.n > 0)
		qsort(moves.items, moves.n, sizeof *moves.items, by_change);
	for (size_t i = 0; i < moves.n; i++)
		add_move(t, &moves.items[i]);
	if (moves.n == 0)
		lookup_nothing(l, "No file moved in time or memory beyond its noise.");
	free(moves.items);
	summaries_release(&s);
	return status;
}

// ---- new ----

static const struct column new_columns[] = {
	{"what", "New", CELL_TEXT},    {"run", "Run", CELL_NUMBER},
	{"started", "When", CELL_DAY}, {"revision", "Commit", CELL_REVISION},
	{"path", "File", CELL_PATH},   {"test", "Test", CELL_TEXT},
};

struct newcomers {
	struct lookup *lookup;
	struct table *table;
	struct summaries files; // by path
	const struct summary **by_id;
	size_t first; // the place of the first run that counts
};

static const struct past_run *first_seen_in(const struct newcomers *n, int64_t run)
{
	const struct run_range *w = n->lookup->range;
	const struct past_run *r = run_range_run(w, run);

	return r && r >= w->runs.items + n->first ? r : NULL;
}

static void add_newcomer(struct newcomers *n, const char *what, const struct past_run *first_seen,
			 const char *path, const char *test)
{
	table_text(n->table, what);
	lookup_add_run(n->table, first_seen);
	table_text(n->table, path);
	table_text(n->table, test);
}

static int by_file(const void *a, const void *b)
{
	const struct summary *x = *(const struct summary *const *)a,
			     *y = *(const struct summary *const *)b;

	return (x->file > y->file) - (x->file < y->file);
}

// A new test of a new file is nothing that has to be told.
static void on_test(int64_t file, const char *name, int64_t first_seen, void *arg)
{
	struct newcomers *n = arg;
	const struct past_run *run = first_seen_in(n, first_seen);
	const struct summary key = {.file = file}, *keys = &key;

	if (!run || n->files.n == 0)
		return;
	const struct summary **s = bsearch(&keys, n->by_id, n->files.n, sizeof *n->by_id, by_file);
	if (!s || (*s)->first_seen == run)
		return;
	char *visible = lookup_test_name(name);
	add_newcomer(n, "test", run, (*s)->path, visible);
	free(visible);
}

static void index_files(struct newcomers *n)
{
	n->by_id = xcalloc(n->files.n + 1, sizeof *n->by_id);
	for (size_t i = 0; i < n->files.n; i++)
		n->by_id[i] = &n->files.items[i];
	if (n->files.n > 0)
		qsort(n->by_id, n->files.n, sizeof *n->by_id, by_file);
}

int lists_new(struct lookup *l, struct err *err)
{
	const struct run_range *w = l->range;
	struct newcomers n = {.lookup = l, .first = w->from};

	// All that there is was new in the first run.
	if (!w->is_limited)
		n.first = w->runs.n > NEW_WITHIN ? w->runs.n - NEW_WITHIN : w->runs.n > 0;
	int status = lookup_files(l, 0, &n.files, err);
	n.table = view_table(l->view, "new", "", COLUMNS(new_columns));
	index_files(&n);
	for (size_t i = 0; i < n.files.n; i++) {
		const struct summary *s = &n.files.items[i];
		if (s->first_seen && first_seen_in(&n, s->first_seen->id))
			add_newcomer(&n, "file", s->first_seen, s->path, NULL);
	}
	if (status == 0 && l->store)
		status = history_each_test(l->store, on_test, &n, err);
	if (table_rows(n.table) == 0)
		lookup_nothing(l, "Nothing is new.");
	free(n.by_id);
	summaries_release(&n.files);
	return status;
}
