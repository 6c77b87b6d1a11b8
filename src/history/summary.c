// SPDX-License-Identifier: MIT
#include "history/summary.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "history/run_range.h"

#define FIGURES_OF 100
#define PEAK_OF    8
#define MOVES_OF   500
// What is less than this is no move that a person would care for.
#define LEAST_TIME_NS      (5 * NS_PER_MS)
#define LEAST_MEMORY_BYTES (1 << 20)
// A file that computes for half of its time is judged by that: the clock on the wall tells more of
// the machine.
#define COMPUTES (MILLION / 2)
#define MILLION  1000000

int64_t summary_cpu_share(const struct summary *s)
{
	return s->cpu_ns < 0 || s->median_ns <= 0
		       ? -1
		       : (int64_t)((double)s->cpu_ns / (double)s->median_ns * MILLION);
}

static void add_figures(struct summary *s)
{
	s->median_ns = series_percentile(&s->series, FIGURES_OF, 50, sample_wall_ns);
	s->p95_ns = series_percentile(&s->series, FIGURES_OF, 95, sample_wall_ns);
	s->cpu_ns = series_percentile(&s->series, FIGURES_OF, 50, sample_cpu_ns);
	s->peak_bytes = series_percentile(&s->series, PEAK_OF, 100, sample_peak_bytes);
}

// ---- moves ----

// The file's own time, without that for which it waited for a CPU.
static int64_t undelayed_ns(const struct sample *s)
{
	return s->delay_ns > 0 && s->delay_ns < s->wall_ns ? s->wall_ns - s->delay_ns : s->wall_ns;
}

static struct move find_move(const struct summary *s, const struct run_range *w, int64_t least,
			     int64_t (*figure)(const struct sample *))
{
	int64_t *values = xmalloc((s->series.n + 1) * sizeof *values);
	size_t *places = xmalloc((s->series.n + 1) * sizeof *places), n = 0;
	struct move m = {0};
	struct step step;

	// How soon a failing file ends says nothing of how long it takes.
	for (size_t i = s->series.n > MOVES_OF ? s->series.n - MOVES_OF : 0; i < s->series.n; i++) {
		const struct sample *sample = &s->series.items[i];
		int64_t value = figure(sample);
		if (sample->status != FILE_PASSED || sample->partial || value < 0)
			continue;
		values[n] = value;
		places[n++] = i;
	}
	if (trend_step(values, n, least, &step))
		m = (struct move){run_range_run(w, s->series.items[places[step.at]].run),
				  step.before, step.after};
	free(values);
	free(places);
	return m;
}

static void add_moves(struct summary *s, const struct run_range *w)
{
	bool computes = summary_cpu_share(s) >= COMPUTES;

	s->time = find_move(s, w, LEAST_TIME_NS, computes ? sample_cpu_ns : undelayed_ns);
	s->memory = find_move(s, w, LEAST_MEMORY_BYTES, sample_peak_bytes);
}

// ---- loading ----

struct loading {
	struct summaries *list;
	const struct run_range *range;
	unsigned parts;
	bool (*wanted)(const char *path, void *arg);
	void *arg;
	struct series seen; // what the range shows of the file at hand: memory for all of them
};

static void look_through(struct loading *l, const struct series *all, struct summary *s)
{
	l->seen.n = 0;
	for (size_t i = 0; i < all->n; i++) {
		const struct sample *sample = &all->items[i];
		if (!run_range_run(l->range, sample->run))
			continue;
		VEC_PUSH(&l->seen, *sample);
		s->last = sample->status;
		s->passed += sample->status == FILE_PASSED;
		s->bad += file_status_is_bad(sample->status);
	}
	s->series = l->seen;
}

static struct series copy_of(const struct series *t)
{
	struct series copy = {.items = xmalloc(t->n * sizeof *t->items), .n = t->n, .cap = t->n};

	memcpy(copy.items, t->items, t->n * sizeof *t->items);
	return copy;
}

static bool is_wanted(const char *path, void *arg)
{
	struct loading *l = arg;

	return !l->wanted || l->wanted(path, l->arg);
}

static void on_file(const struct past_file *f, void *arg)
{
	struct loading *l = arg;
	struct summary s = {.file = f->id, .first_seen = run_range_run(l->range, f->first_seen)};

	look_through(l, &f->past.series, &s);
	if (s.series.n == 0)
		return;
	s.path = xstrdup(f->path);
	s.flips = trend_flips(&s.series);
	size_t since = trend_bad_since(&s.series);
	if (since < s.series.n)
		s.bad_since = run_range_run(l->range, s.series.items[since].run);
	if (l->parts & (SUMMARY_FIGURES | SUMMARY_MOVES))
		add_figures(&s);
	if (l->parts & SUMMARY_MOVES)
		add_moves(&s, l->range);
	s.series = l->parts & SUMMARY_SERIES ? copy_of(&l->seen) : (struct series){0};
	VEC_PUSH(l->list, s);
}

int summaries_load(struct summaries *s, struct store *store, const struct run_range *w, bool whole,
		   unsigned parts, bool (*wanted)(const char *path, void *arg), void *arg,
		   struct err *err)
{
	struct loading l = {s, w, parts, wanted, arg, {0}};
	int status = history_each_file(store, whole, is_wanted, on_file, &l, err);

	series_release(&l.seen);
	return status;
}

void summaries_release(struct summaries *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->items[i].path);
		series_release(&s->items[i].series);
	}
	free(s->items);
	*s = (struct summaries){0};
}

int64_t summary_last_bad_run(const struct summary *s)
{
	for (size_t i = s->series.n; i-- > 0;)
		if (file_status_is_bad(s->series.items[i].status))
			return s->series.items[i].run;
	return 0;
}
