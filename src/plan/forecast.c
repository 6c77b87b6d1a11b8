// SPDX-License-Identifier: MIT
#include "plan/forecast.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "model/job_settings.h"
#include "model/queue.h"
#include "model/result.h"
#include "plan/lock_load.h"

struct end {
	int64_t at_ns;
	struct turn turn;
};

// A binary heap of what runs, the earliest end at its top.
struct running {
	struct end *items;
	size_t n;
};

static void push(struct running *r, struct end e)
{
	size_t i = r->n++;

	for (; i > 0 && r->items[(i - 1) / 2].at_ns > e.at_ns; i = (i - 1) / 2)
		r->items[i] = r->items[(i - 1) / 2];
	r->items[i] = e;
}

static struct end pop(struct running *r)
{
	struct end top = r->items[0], last = r->items[--r->n];
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;
		if (child + 1 < r->n && r->items[child + 1].at_ns < r->items[child].at_ns)
			child++;
		if (child >= r->n || r->items[child].at_ns >= last.at_ns)
			break;
		r->items[i] = r->items[child];
		i = child;
	}
	r->items[i] = last;
	return top;
}

// What failed last time fails again. Returns how many slots that makes free.
static int end(struct queue *q, struct turn turn, bool beside_others)
{
	struct result r = {.job = turn.job,
			   .status = file_status_is_bad(turn.job->last) ? FILE_FAILED : FILE_PASSED,
			   .attempt = turn.attempt,
			   .concurrent = beside_others};

	queue_end(q, &r);
	return turn.slots;
}

static int64_t wall_of(const struct jobs *jobs, int slots, const struct locks *locks)
{
	const struct queue_terms terms = {.rounds = 1, .most = slots, .locks = locks};
	struct running running = {.items = xcalloc(jobs->n + 1, sizeof *running.items)};
	int64_t now_ns = 0;
	struct queue q;
	struct turn turn;

	queue_init(&q, jobs, &terms);
	for (;;) {
		while (queue_peek(&q, slots, &turn)) {
			queue_begin(&q, &turn);
			slots -= turn.slots;
			push(&running, (struct end){now_ns + turn.job->expected_ns, turn});
		}
		// A retry may wait for nothing but its time.
		int64_t due_ns = queue_due(&q);
		if (running.n == 0 && due_ns < 0)
			break;
		now_ns = running.n == 0 || (due_ns >= 0 && due_ns < running.items[0].at_ns)
				 ? due_ns
				 : running.items[0].at_ns;
		queue_set_time(&q, now_ns);
		while (running.n > 0 && running.items[0].at_ns == now_ns) {
			turn = pop(&running).turn;
			slots += end(&q, turn, running.n > 0);
		}
	}
	queue_release(&q);
	free(running.items);
	return now_ns;
}

// Those that are in the figures, side by side in their order.
static struct jobs known_of(const struct jobs *jobs)
{
	struct jobs known = {.items = xcalloc(jobs->n + 1, sizeof *known.items)};

	for (size_t i = 0; i < jobs->n; i++)
		if (jobs->items[i].expected_ns >= 0)
			known.items[known.n++] = jobs->items[i];
	return known;
}

static void sum_up(struct forecast *f, const struct jobs *known, int slots,
		   const struct locks *locks)
{
	int64_t alone_ns = 0, area_ns = 0, kept_apart_ns = 0;
	struct lock_load load;

	lock_load_make(&load, known, locks, slots);
	for (size_t i = 0; i < known->n; i++) {
		const struct job *job = &known->items[i];
		int64_t t = job->expected_ns;
		long takes = job->settings->slots < slots ? job->settings->slots : slots;
		f->sum_ns += t;
		f->longest_ns = t > f->longest_ns ? t : f->longest_ns;
		if (job->settings->exclusive) {
			alone_ns += t;
			continue;
		}
		area_ns += takes > 1 ? takes * t : t;
		int64_t apart_ns = lock_load_of(&load, job, slots);
		kept_apart_ns = apart_ns > kept_apart_ns ? apart_ns : kept_apart_ns;
	}
	lock_load_release(&load);
	int64_t share_ns = (area_ns + slots - 1) / slots;
	f->lower_bound_ns = alone_ns + (share_ns > kept_apart_ns ? share_ns : kept_apart_ns);
}

void forecast_make(struct forecast *f, const struct jobs *jobs, int slots,
		   const struct locks *locks)
{
	struct jobs known = known_of(jobs);
	int places = slots > 0 ? slots : 1;

	*f = (struct forecast){.unknown = jobs->n - known.n};
	sum_up(f, &known, places, locks);
	f->wall_ns = wall_of(&known, places, locks);
	free(known.items);
}
