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

static void swap(int64_t *a, int64_t *b)
{
	int64_t was = *a;

	*a = *b;
	*b = was;
}

// Hoare's selection: the values of thousands of files are not sorted for one of them. Afterwards
// values[k] is what would stand there if they were.
static void select_value(int64_t *values, size_t n, size_t k)
{
	ptrdiff_t from = 0, to = (ptrdiff_t)n - 1, wanted = (ptrdiff_t)k;

	while (from < to) {
		int64_t pivot = values[wanted];
		ptrdiff_t i = from, j = to;
		while (i <= j) {
			while (values[i] < pivot)
				i++;
			while (pivot < values[j])
				j--;
			if (i <= j)
				swap(&values[i++], &values[j--]);
		}
		if (j < wanted)
			from = i;
		if (wanted < i)
			to = j;
	}
}

int64_t percentile(int64_t *values, size_t n, int percent)
{
	if (n == 0)
		return -1;
	size_t rank = (n * (size_t)percent + 99) / 100;
	size_t wanted = rank > 0 ? rank - 1 : 0;
	select_value(values, n, wanted);
	return values[wanted];
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

int64_t sample_whole_ns(const struct sample *s)
{
	return s->status == FILE_TIMEOUT || s->status == FILE_LIMIT ? -1 : s->wall_ns;
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
