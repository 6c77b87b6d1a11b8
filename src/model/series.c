// SPDX-License-Identifier: MIT
#include "model/series.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/percentile.h"

void series_release(struct series *t)
{
	free(t->items);
	*t = (struct series){0};
}

bool sample_is_timed(const struct sample *s)
{
	return !s->partial && (s->status == FILE_PASSED || s->status == FILE_FAILED ||
			       s->status == FILE_TIMEOUT || s->status == FILE_LIMIT);
}

int64_t series_percentile(const struct series *t, size_t most, int percent,
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

int64_t sample_peak_bytes(const struct sample *s)
{
	return s->peak_bytes;
}
