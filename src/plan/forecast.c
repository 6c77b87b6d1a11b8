// SPDX-License-Identifier: MIT
#include "plan/forecast.h"

#include <stdlib.h>

#include "base/alloc.h"

// A binary heap of the times at which the slots become free, the earliest at its top.
static void replace_top(int64_t *heap, size_t n, int64_t value)
{
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;
		if (child + 1 < n && heap[child + 1] < heap[child])
			child++;
		if (child >= n || heap[child] >= value)
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = value;
}

void forecast_make(struct forecast *f, const struct jobs *jobs, int slots)
{
	size_t n = slots > 0 ? (size_t)slots : 1;
	int64_t *free_at = xcalloc(n, sizeof *free_at);

	*f = (struct forecast){0};
	for (size_t i = 0; i < jobs->n; i++) {
		int64_t t = jobs->items[i].expected_ns;
		if (t < 0) {
			f->unknown++;
			continue;
		}
		int64_t end = free_at[0] + t;
		replace_top(free_at, n, end);
		f->sum_ns += t;
		f->longest_ns = t > f->longest_ns ? t : f->longest_ns;
		f->wall_ns = end > f->wall_ns ? end : f->wall_ns;
	}
	int64_t share = (f->sum_ns + (int64_t)n - 1) / (int64_t)n;
	f->lower_bound_ns = share > f->longest_ns ? share : f->longest_ns;
	free(free_at);
}
