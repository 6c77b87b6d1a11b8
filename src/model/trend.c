// SPDX-License-Identifier: MIT
#include "model/trend.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/percentile.h"

#define WINDOW     20
#define LEAST_OLD  5
#define LEAST_NEW  3
#define ENOUGH_NEW 5
#define NEAR       4 // places
#define SPREAD     128

// ---- flips ----

static bool has_verdict(const struct sample *s)
{
	return s->status == FILE_PASSED || file_status_is_bad(s->status);
}

static bool is_try(const struct sample *before, const struct sample *s)
{
	bool again = s->run == before->run && s->attempt > before->attempt;

	return has_verdict(before) && has_verdict(s) && before->partial == s->partial &&
	       (again || s->inputs == INPUTS_SAME);
}

struct flips trend_flips(const struct series *t)
{
	struct flips f = {0};

	for (size_t i = 1; i < t->n; i++) {
		const struct sample *before = &t->items[i - 1], *s = &t->items[i];
		if (!is_try(before, s))
			continue;
		f.tries++;
		if (file_status_is_bad(before->status) == file_status_is_bad(s->status))
			continue;
		f.flips++;
		f.last_run = s->run;
	}
	return f;
}

size_t trend_bad_since(const struct series *t)
{
	size_t since = t->n;

	for (size_t i = t->n; i-- > 0 && t->items[i].status != FILE_PASSED;)
		if (file_status_is_bad(t->items[i].status))
			since = i;
	return since;
}

// ---- steps ----

static int64_t distance(int64_t a, int64_t b)
{
	return a > b ? a - b : b - a;
}

struct level {
	int64_t median, deviation;
};

// Of at most WINDOW values.
static struct level level_of(const int64_t *values, size_t n)
{
	int64_t copy[WINDOW];
	struct level l;

	memcpy(copy, values, n * sizeof *copy);
	l.median = percentile(copy, n, 50);
	for (size_t i = 0; i < n; i++)
		copy[i] = distance(values[i], l.median);
	l.deviation = percentile(copy, n, 50);
	return l;
}

// Whether four of five values lie on the same side of the middle as their level.
static bool keep_their_side(const int64_t *values, size_t n, int64_t level, int64_t middle)
{
	size_t good = 0;

	for (size_t i = 0; i < n; i++)
		good += (values[i] > middle) == (level > middle);
	return 5 * good >= 4 * n;
}

// How clear the step at k is: the difference in units of what would be needed; 0: it is none.
static double clearness(const int64_t *values, size_t n, size_t k, int64_t least, struct step *step)
{
	size_t old = k < WINDOW ? k : WINDOW, new = n - k < WINDOW ? n - k : WINDOW;
	struct level before = level_of(values + k - old, old), after = level_of(values + k, new);
	int64_t scatter = before.deviation > after.deviation ? before.deviation : after.deviation;
	int64_t middle = before.median + (after.median - before.median) / 2;
	double difference = (double)distance(before.median, after.median);
	double needed = 1.4826 * (double)scatter * (new < ENOUGH_NEW ? 8 : 4);

	*step = (struct step){k, before.median, after.median};
	if (needed < (double)before.median / 10)
		needed = (double)before.median / 10;
	if (needed < (double)least)
		needed = (double)least;
	if (difference <= needed ||
	    !keep_their_side(values + k - old, old, before.median, middle) ||
	    !keep_their_side(values + k, new, after.median, middle))
		return 0;
	return difference / (needed > 0 ? needed : 1);
}

struct range {
	int64_t low, high;
};

// Between the 5th and the 95th percentile; of a part of them, evenly spread, where they are many.
static struct range range_of(const int64_t *values, size_t n)
{
	int64_t copy[2 * SPREAD];
	size_t stride = n > SPREAD ? n / SPREAD : 1, taken = 0;

	for (size_t i = 0; i < n; i += stride)
		copy[taken++] = values[i];
	int64_t low = percentile(copy, taken, 5), high = percentile(copy, taken, 95);
	return (struct range){low, high};
}

static int64_t within(const struct range *r, int64_t value)
{
	return value < r->low ? r->low : value > r->high ? r->high : value;
}

// Where the values are best divided in two by their sums; outliers are taken in.
static size_t best_division(const int64_t *values, size_t n)
{
	struct range r = range_of(values, n);
	double mean = 0, sum = 0, most = 0;
	size_t best = n / 2;

	for (size_t i = 0; i < n; i++)
		mean += (double)within(&r, values[i]);
	mean /= (double)n;
	for (size_t i = 0; i + 1 < n; i++) {
		sum += (double)within(&r, values[i]) - mean;
		if (sum > most || -sum > most) {
			most = sum > 0 ? sum : -sum;
			best = i + 1;
		}
	}
	return best;
}

// Moves a step by a few places to where the fewest values are on the wrong side of its middle.
static void sharpen(const int64_t *values, size_t n, struct step *step)
{
	int64_t middle = step->before + (step->after - step->before) / 2;
	size_t from = step->at > LEAST_OLD + NEAR ? step->at - NEAR : LEAST_OLD;
	size_t to = step->at + NEAR < n - LEAST_NEW ? step->at + NEAR : n - LEAST_NEW;
	long wrong = 0, least = 0;

	step->at = from;
	for (size_t k = from; k < to; k++) {
		bool is_new = (values[k] > middle) == (step->after > middle);
		wrong += is_new ? 1 : -1;
		if (wrong < least) {
			least = wrong;
			step->at = k + 1;
		}
	}
}

// The clearest step near the best division.
static bool find_step(const int64_t *values, size_t n, int64_t least, struct step *step)
{
	double clearest = 0;

	if (n < LEAST_OLD + LEAST_NEW)
		return false;
	size_t around = best_division(values, n);
	size_t from = around > LEAST_OLD + 2 ? around - 2 : LEAST_OLD;
	for (size_t k = from; k <= n - LEAST_NEW && k <= around + 2; k++) {
		struct step s;
		double c = clearness(values, n, k, least, &s);
		if (c > clearest) {
			clearest = c;
			*step = s;
		}
	}
	if (clearest > 0)
		sharpen(values, n, step);
	return clearest > 0;
}

bool trend_step(const int64_t *values, size_t n, int64_t least, struct step *step)
{
	size_t from = 0;
	struct step found;

	while (find_step(values + from, n - from, least, &found)) {
		from += found.at;
		*step = found;
		step->at = from;
	}
	return from > 0;
}
