// SPDX-License-Identifier: MIT
#include "model/trail.h"

#include <stdlib.h>

#include "base/alloc.h"

void trail_release(struct trail *t)
{
	free(t->items);
	*t = (struct trail){0};
}

bool sample_is_timed(const struct sample *s)
{
	return !s->partial && (s->status == FILE_PASSED || s->status == FILE_FAILED ||
			       s->status == FILE_TIMEOUT || s->status == FILE_LIMIT);
}

static int ascending(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int64_t percentile(int64_t *values, size_t n, int percent)
{
	if (n == 0)
		return -1;
	qsort(values, n, sizeof *values, ascending);
	size_t rank = (n * (size_t)percent + 99) / 100;
	return values[rank > 0 ? rank - 1 : 0];
}

int64_t trail_percentile(const struct trail *t, size_t most, int percent,
			 int64_t (*figure)(const struct sample *))
{
	size_t room = t->n < most ? t->n : most, n = 0, seen = 0;
	int64_t *values = xmalloc((room + 1) * sizeof *values);

	for (size_t i = t->n; i-- > 0 && seen < most;) {
		if (!sample_is_timed(&t->items[i]))
			continue;
		seen++;
		int64_t value = figure(&t->items[i]);
		if (value >= 0)
			values[n++] = value;
	}
	int64_t result = percentile(values, n, percent);
	free(values);
	return result;
}

int64_t sample_wall_ns(const struct sample *s)
{
	return s->wall_ns;
}

int64_t sample_cpu_ns(const struct sample *s)
{
	return s->cpu_ns;
}

int64_t sample_delay_ns(const struct sample *s)
{
	return s->delay_ns;
}

int64_t sample_peak_bytes(const struct sample *s)
{
	return s->peak_bytes;
}
