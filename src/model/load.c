// SPDX-License-Identifier: MIT
#include "model/load.h"

#include "base/percentile.h"
#include "model/series.h"

#define WITHIN 16 // timed results that are looked at, from the latest back
#define OF     5  // how many of them count
#define ENOUGH 3  // that ran alone, to need no others

// A file that has waited for a CPU has cold caches, and concurrent files make memory and turbo
// clocks slower: what ran alone tells most.
static bool ran_alone(const struct sample *s)
{
	return !s->concurrent;
}

static bool is_clear(const struct sample *s)
{
	return !s->concurrent || s->delay_ns >= 0;
}

static bool is_any(const struct sample *s)
{
	return true;
}

static int64_t own_wall_ns(const struct sample *s)
{
	int64_t delay_ns = s->delay_ns > 0 ? s->delay_ns : 0;

	return s->wall_ns > delay_ns ? s->wall_ns - delay_ns : 0;
}

struct figures {
	int64_t wall_ns[OF], cpu_ns[OF];
	size_t n;
};

static struct figures collect(const struct series *t, bool (*counts)(const struct sample *))
{
	struct figures f = {.n = 0};
	size_t seen = 0;

	for (size_t i = t->n; i-- > 0 && seen < WITHIN && f.n < OF;) {
		const struct sample *s = &t->items[i];
		if (!sample_is_timed(s))
			continue;
		seen++;
		if (!counts(s))
			continue;
		f.wall_ns[f.n] = own_wall_ns(s);
		f.cpu_ns[f.n++] = s->cpu_ns;
	}
	return f;
}

struct load load_of(const struct series *t)
{
	struct figures f = collect(t, ran_alone);

	if (f.n < ENOUGH)
		f = collect(t, is_clear);
	bool certain = f.n > 0;
	if (!certain)
		f = collect(t, is_any);
	return (struct load){.wall_ns = percentile(f.wall_ns, f.n, 50),
			     .cpu_ns = percentile(f.cpu_ns, f.n, 50),
			     .certain = certain};
}
