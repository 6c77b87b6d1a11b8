// SPDX-License-Identifier: MIT
#include "plan/simulate.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "model/queue.h"
#include "model/result.h"

// What is left of a job that ends now, in nanoseconds, for all that rounding has done.
#define NOTHING_NS 0.5

struct worker {
	double left_ns; // at its own pace
	double share;   // CPUs that it keeps busy at its own pace
	int64_t peak_bytes;
	struct turn turn;
};

struct machine {
	struct queue queue;
	struct worker *workers; // the busy ones
	size_t n;
	int slots; // the free ones
	double cpus;
	double now_ns;
};

static double at_most_one(double share)
{
	return share < 1 ? share : 1;
}

static double at_least_one(double share)
{
	return share > 1 ? share : 1;
}

// How fast a job goes, 1 being its own pace, where what it computes takes `stretch` times as long.
// One that keeps more than one CPU busy is taken to compute all the time.
static double pace(const struct worker *w, double stretch)
{
	double computes = at_most_one(w->share);

	return 1 / (1 - computes + computes * stretch);
}

// How many CPUs are wanted at a time: nobody knows when a job computes and when it waits.
struct demand {
	double mean, variance;
};

static struct demand demand_of(const struct machine *m, double stretch)
{
	struct demand d = {0};

	for (size_t i = 0; i < m->n; i++) {
		const struct worker *w = &m->workers[i];
		double wants = at_most_one(w->share) * stretch * pace(w, stretch);
		double width = at_least_one(w->share);
		d.mean += wants * width;
		d.variance += wants * (1 - wants) * width * width;
	}
	return d;
}

// How many CPUs are busy on the average, the demand being spread as the normal distribution has it.
static double busy(const struct demand *d, double cpus)
{
	double deviation = sqrt(d->variance), spare = cpus - d->mean;

	if (deviation < 1e-9)
		return spare > 0 ? d->mean : cpus;
	double z = spare / deviation;
	double density = exp(-z * z / 2) / sqrt(2 * M_PI), below = erfc(-z / sqrt(2)) / 2;
	return cpus - deviation * (density + z * below);
}

// Whether what is wanted could be had at that stretch, or a smaller one.
static bool is_enough(const struct machine *m, double stretch)
{
	struct demand d = demand_of(m, stretch);

	return stretch * busy(&d, m->cpus) >= d.mean * (1 - 1e-12);
}

// How much longer computing takes than if there were a CPU for everybody: what is wanted in
// relation to what is busy. Both depend on the stretch, so it is found by halving.
static double find_stretch(const struct machine *m)
{
	double low = 1, high = 0;

	for (size_t i = 0; i < m->n; i++)
		if (m->workers[i].share > 0)
			high += at_least_one(m->workers[i].share) / m->cpus;
	if (high <= 1)
		return 1;
	// All that run compute all the time.
	if (!is_enough(m, high * (1 - 1e-6)))
		return high;
	for (int i = 0; i < 24; i++) {
		double middle = (low + high) / 2;
		if (is_enough(m, middle))
			high = middle;
		else
			low = middle;
	}
	return high;
}

static void end(struct machine *m, const struct turn *turn)
{
	struct result r = {.job = turn->job, .status = FILE_PASSED, .attempt = turn->attempt};

	m->slots += turn->slots;
	queue_end(&m->queue, &r);
}

// Goes on to the next end of a job.
static void advance(struct machine *m)
{
	double stretch = find_stretch(m), step_ns = -1;
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++) {
		double ns = m->workers[i].left_ns / pace(&m->workers[i], stretch);
		step_ns = step_ns < 0 || ns < step_ns ? ns : step_ns;
	}
	m->now_ns += step_ns;
	for (size_t i = 0; i < m->n; i++) {
		struct worker w = m->workers[i];
		w.left_ns -= step_ns * pace(&w, stretch);
		if (w.left_ns > NOTHING_NS)
			m->workers[n++] = w;
		else
			end(m, &w.turn);
	}
	m->n = n;
}

static struct worker worker_of(const struct turn *turn)
{
	const struct load *l = &turn->job->load;
	// What takes no time at all would need endlessly many CPUs for it.
	double wall_ns = l->wall_ns > 0 ? (double)l->wall_ns : (double)l->cpu_ns;

	return (struct worker){.left_ns = wall_ns,
			       .share = wall_ns > 0 ? (double)l->cpu_ns / wall_ns : 0,
			       .peak_bytes = turn->job->peak_bytes,
			       .turn = *turn};
}

static int64_t memory_of(const struct machine *m)
{
	int64_t sum = 0;

	for (size_t i = 0; i < m->n; i++)
		sum += m->workers[i].peak_bytes;
	return sum;
}

static struct jobs with_load(const struct jobs *jobs)
{
	struct jobs known = {.items = xcalloc(jobs->n + 1, sizeof *known.items)};

	for (size_t i = 0; i < jobs->n; i++)
		if (jobs->items[i].load.wall_ns >= 0)
			known.items[known.n++] = jobs->items[i];
	return known;
}

void simulate(struct simulation *s, const struct jobs *jobs, int slots, int cpus,
	      const struct locks *locks)
{
	struct jobs known = with_load(jobs);
	struct machine m = {.cpus = cpus > 1 ? cpus : 1, .slots = slots > 1 ? slots : 1};
	const struct queue_terms terms = {.rounds = 1, .most = m.slots, .locks = locks};
	struct turn turn;

	*s = (struct simulation){0};
	m.workers = xcalloc(known.n + 1, sizeof *m.workers);
	queue_init(&m.queue, &known, &terms);
	do {
		while (queue_peek(&m.queue, m.slots, &turn)) {
			queue_begin(&m.queue, &turn);
			m.slots -= turn.slots;
			m.workers[m.n++] = worker_of(&turn);
		}
		int64_t memory_bytes = memory_of(&m);
		s->memory_bytes = memory_bytes > s->memory_bytes ? memory_bytes : s->memory_bytes;
		if (m.n > 0)
			advance(&m);
	} while (m.n > 0 || !queue_is_empty(&m.queue));
	s->wall_ns = (int64_t)(m.now_ns + 0.5);
	queue_release(&m.queue);
	free(m.workers);
	free(known.items);
}
