// SPDX-License-Identifier: MIT
#include "plan/advice.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "model/deadline.h"
#include "plan/simulate.h"

// Up to so many, each number of workers has a row.
#define EACH 16
// So many files of 100 may have a deadline of their own.
#define OTHERS_PERCENT 10

// ---- one row ----

struct totals_of_jobs {
	int64_t wall_ns, cpu_ns, longest_ns;
};

static struct totals_of_jobs add_up(const struct jobs *jobs)
{
	struct totals_of_jobs t = {0};

	for (size_t i = 0; i < jobs->n; i++) {
		const struct load *l = &jobs->items[i].load;
		t.wall_ns += l->wall_ns;
		t.cpu_ns += l->cpu_ns;
		t.longest_ns = l->wall_ns > t.longest_ns ? l->wall_ns : t.longest_ns;
	}
	return t;
}

static void set_bound(struct advice_row *row, const struct jobs *jobs, int cpus)
{
	struct totals_of_jobs t = add_up(jobs);
	const int64_t bounds[] = {[BOUND_WORKERS] = t.wall_ns / row->workers,
				  [BOUND_CPUS] = t.cpu_ns / cpus,
				  [BOUND_FILE] = t.longest_ns};

	for (int i = BOUND_WORKERS; i <= BOUND_FILE; i++)
		if (bounds[i] > row->lower_bound_ns) {
			row->lower_bound_ns = bounds[i];
			row->bound = (enum advice_bound)i;
		}
}

static int descending(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x < y) - (x > y);
}

static int64_t sum_of_largest_peaks(const struct jobs *jobs, int workers)
{
	int64_t *peaks = xmalloc((jobs->n + 1) * sizeof *peaks), sum = 0;

	for (size_t i = 0; i < jobs->n; i++)
		peaks[i] = jobs->items[i].peak_bytes;
	qsort(peaks, jobs->n, sizeof *peaks, descending);
	for (size_t i = 0; i < jobs->n && i < (size_t)workers; i++)
		sum += peaks[i];
	free(peaks);
	return sum;
}

static struct advice_row predict(struct jobs *jobs, const struct advice_request *r, int workers)
{
	struct advice_row row = {.workers = workers};
	struct simulation s;

	order_for_run(jobs, r->order, r->seed, workers, r->locks);
	simulate(&s, jobs, workers, r->cpus, r->locks);
	row.wall_ns = s.wall_ns;
	row.memory_bytes = s.memory_bytes;
	row.worst_bytes = sum_of_largest_peaks(jobs, workers);
	set_bound(&row, jobs, r->cpus);
	return row;
}

// ---- all rows ----

// The numbers of workers lie the further apart the more they are, and `stop` is always one.
static int next_number(int n, int stop)
{
	int step = 1;

	while (n >= EACH && step * 8 <= n)
		step *= 2;
	return n < stop && n + step > stop ? stop : n + step;
}

static void add_doubled(struct advice *a, struct jobs *jobs, const struct advice_request *r)
{
	for (int n = 4 * r->cpus; (size_t)n < 2 * jobs->n; n *= 2) {
		struct advice_row row = predict(jobs, r, n);
		if (!advice_is_worthwhile(a->rows.items[a->rows.n - 1].wall_ns, row.wall_ns))
			break;
		VEC_PUSH(&a->rows, row);
	}
}

static void insert_row(struct advice *a, const struct advice_row *row)
{
	size_t at = a->rows.n;

	while (at > 0 && a->rows.items[at - 1].workers >= row->workers)
		at--;
	if (at < a->rows.n && a->rows.items[at].workers == row->workers)
		return;
	VEC_PUSH(&a->rows, *row);
	for (size_t i = a->rows.n - 1; i > at; i--)
		a->rows.items[i] = a->rows.items[i - 1];
	a->rows.items[at] = *row;
}

static size_t find_enough(const struct advice *a)
{
	int64_t best_ns = a->rows.items[0].wall_ns;
	size_t enough = 0;

	for (size_t i = 1; i < a->rows.n; i++)
		if (a->rows.items[i].wall_ns < best_ns)
			best_ns = a->rows.items[i].wall_ns;
	while (advice_is_worthwhile(a->rows.items[enough].wall_ns, best_ns))
		enough++;
	return enough;
}

static void fill_rows(struct advice *a, struct jobs *jobs, const struct advice_request *r)
{
	int most = 2 * r->cpus;

	for (int n = 1; n <= most; n = next_number(n, n < r->cpus ? r->cpus : most)) {
		struct advice_row row = predict(jobs, r, n);
		VEC_PUSH(&a->rows, row);
	}
	// Where files wait more than they compute, CPUs are no bound.
	add_doubled(a, jobs, r);
	if (r->asked > 0) {
		struct advice_row row = predict(jobs, r, r->asked);
		insert_row(a, &row);
	}
	a->enough = find_enough(a);
}

// ---- the longest file ----

static size_t find_longest(const struct jobs *jobs)
{
	size_t longest = 0;

	for (size_t i = 1; i < jobs->n; i++)
		if (jobs->items[i].load.wall_ns > jobs->items[longest].load.wall_ns)
			longest = i;
	return longest;
}

// Makes two of the job, halves of what it was; returns the path of the new one, to be freed.
static char *halve(struct jobs *jobs, size_t which)
{
	struct job *j = &jobs->items[which];

	j->expected_ns /= 2;
	j->load.wall_ns /= 2;
	j->load.cpu_ns /= 2;
	struct job half = *j;
	half.path = xstrdup(j->path);
	VEC_PUSH(jobs, half);
	return half.path;
}

static void set_longest(struct advice *a, struct jobs *jobs, const struct advice_request *r)
{
	struct advice halved = {0};
	size_t longest = find_longest(jobs);

	a->longest.path = jobs->items[longest].path;
	a->longest.wall_ns = jobs->items[longest].load.wall_ns;
	char *path = halve(jobs, longest);
	fill_rows(&halved, jobs, r);
	a->longest.split_workers = halved.rows.items[halved.enough].workers;
	a->longest.split_wall_ns = halved.rows.items[halved.enough].wall_ns;
	advice_release(&halved);
	free(path);
}

// ---- deadlines ----

static int by_deadline(const void *a, const void *b)
{
	const struct advice_deadline *x = a, *y = b;
	int d = descending(&x->p99_ns, &y->p99_ns);

	return d ? d : strcmp(x->path, y->path);
}

static int64_t whole_seconds(int64_t ns)
{
	return (ns + NS_PER_SEC - 1) / NS_PER_SEC * NS_PER_SEC;
}

static void set_timeout(struct advice *a, const struct jobs *jobs)
{
	for (size_t i = 0; i < jobs->n; i++) {
		const struct job *j = &jobs->items[i];
		struct advice_deadline d = {j->path, j->p99_ns, 0};
		if (j->p99_ns < 0)
			continue;
		d.deadline_ns = whole_seconds(deadline_by_past_ns(j->p99_ns));
		VEC_PUSH(&a->timeout.others, d);
	}
	struct advice_deadline *d = a->timeout.others.items;
	size_t n = a->timeout.others.n, few = n * OTHERS_PERCENT / 100;
	if (n == 0)
		return;
	qsort(d, n, sizeof *d, by_deadline);
	few = few > 0 ? few : 1;
	// Those with a deadline of their own, where that is worth the trouble.
	bool apart = few < n && d[few].deadline_ns <= d[0].deadline_ns / 2;
	a->timeout.all_ns = d[0].deadline_ns;
	a->timeout.most_ns = apart ? d[few].deadline_ns : d[0].deadline_ns;
	a->timeout.others.n = 0;
	while (d[a->timeout.others.n].deadline_ns > a->timeout.most_ns)
		a->timeout.others.n++;
}

// ---- all of it ----

// Those whose load is known; the paths stay the others'.
static struct jobs known_jobs(struct advice *a, const struct jobs *jobs)
{
	struct jobs known = {0};

	for (size_t i = 0; i < jobs->n; i++) {
		const struct job *j = &jobs->items[i];
		if (j->load.wall_ns < 0)
			continue;
		a->uncertain += !j->load.certain;
		VEC_PUSH(&known, *j);
	}
	a->files = known.n;
	a->unknown = jobs->n - known.n;
	return known;
}

void advice_make(struct advice *a, const struct jobs *jobs, const struct advice_request *request)
{
	*a = (struct advice){.cpus = request->cpus, .available_bytes = request->available_bytes};
	struct jobs known = known_jobs(a, jobs);
	if (known.n > 0) {
		fill_rows(a, &known, request);
		set_timeout(a, &known);
		set_longest(a, &known, request);
	}
	free(known.items);
}
