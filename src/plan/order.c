// SPDX-License-Identifier: MIT
#include "plan/order.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "plan/forecast.h"
#include "plan/lock_load.h"

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct job *)a)->path, ((const struct job *)b)->path);
}

static int rank(const struct job *j)
{
	return file_status_is_bad(j->last) ? 0 : j->expected_ns < 0 ? 1 : 2;
}

static int descending(int64_t x, int64_t y)
{
	return (x < y) - (x > y);
}

static int by_need(const void *a, const void *b)
{
	const struct job *x = a, *y = b;
	int d = rank(x) - rank(y);

	if (d == 0)
		d = descending(x->urgent_ns, y->urgent_ns);
	if (d == 0)
		d = descending(x->expected_ns, y->expected_ns);
	if (d == 0 && x->expected_ns < 0)
		d = descending(x->size, y->size);
	return d ? d : by_path(a, b);
}

// splitmix64 (public domain, Sebastiano Vigna): the same on every machine.
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static void shuffle(struct jobs *jobs, uint64_t seed)
{
	for (size_t i = jobs->n; i > 1; i--) {
		size_t k = (size_t)(next_random(&seed) % i);
		struct job swap = jobs->items[i - 1];
		jobs->items[i - 1] = jobs->items[k];
		jobs->items[k] = swap;
	}
}

static void find_urgent(struct jobs *jobs, int slots, const struct locks *locks)
{
	struct lock_load load;

	lock_load_make(&load, jobs, locks, slots);
	for (size_t i = 0; i < jobs->n; i++)
		jobs->items[i].urgent_ns = lock_load_of(&load, &jobs->items[i], slots);
	lock_load_release(&load);
}

void order_jobs(struct jobs *jobs, enum order order, uint64_t seed, int slots,
		const struct locks *locks)
{
	if (jobs->n == 0)
		return;
	if (order == ORDER_SLOWEST)
		find_urgent(jobs, slots, locks);
	qsort(jobs->items, jobs->n, sizeof *jobs->items,
	      order == ORDER_SLOWEST ? by_need : by_path);
	if (order == ORDER_RANDOM)
		shuffle(jobs, seed);
}

static int by_expected(const void *a, const void *b)
{
	const struct job *x = a, *y = b;
	int d = descending(x->urgent_ns, y->urgent_ns);

	if (d == 0)
		d = descending(x->expected_ns, y->expected_ns);
	return d ? d : by_path(a, b);
}

static int64_t predicted_wall_ns(const struct jobs *jobs, int slots, const struct locks *locks)
{
	struct forecast f;

	forecast_make(&f, jobs, slots, locks);
	return f.wall_ns;
}

// Fills out with the first k of longest, then the others in their order.
static void put_in_front(struct jobs *out, const struct jobs *jobs, const struct jobs *longest,
			 size_t k)
{
	memcpy(out->items, longest->items, k * sizeof *out->items);
	out->n = k;
	for (size_t i = 0; i < jobs->n; i++) {
		bool moved = false;
		for (size_t m = 0; m < k && !moved; m++)
			moved = jobs->items[i].path == longest->items[m].path;
		if (!moved)
			out->items[out->n++] = jobs->items[i];
	}
}

static struct jobs copy_of(const struct jobs *jobs)
{
	struct jobs copy = {
		.items = xmalloc(jobs->n * sizeof *copy.items), .n = jobs->n, .cap = jobs->n};

	memcpy(copy.items, jobs->items, jobs->n * sizeof *copy.items);
	return copy;
}

void order_promote_longest(struct jobs *jobs, int slots, const struct locks *locks)
{
	if (jobs->n < 2 || slots < 2)
		return;
	struct jobs longest = copy_of(jobs), trial = copy_of(jobs);
	qsort(longest.items, longest.n, sizeof *longest.items, by_expected);
	int64_t ideal = predicted_wall_ns(&longest, slots, locks);
	int64_t good = ideal + (ideal / 50 > NS_PER_SEC / 10 ? ideal / 50 : NS_PER_SEC / 10);
	size_t most = (size_t)slots < jobs->n ? (size_t)slots : jobs->n;

	for (size_t k = 0; k <= most; k++) {
		put_in_front(&trial, jobs, &longest, k);
		if (predicted_wall_ns(&trial, slots, locks) <= good) {
			memcpy(jobs->items, trial.items, jobs->n * sizeof *jobs->items);
			break;
		}
	}
	free(longest.items);
	free(trial.items);
}

void order_for_run(struct jobs *jobs, enum order order, uint64_t seed, int slots,
		   const struct locks *locks)
{
	order_jobs(jobs, order, seed, slots, locks);
	if (order == ORDER_SLOWEST)
		order_promote_longest(jobs, slots, locks);
}
