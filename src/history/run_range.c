// SPDX-License-Identifier: MIT
#include "history/run_range.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"

// So many digits of a commit git shows at least.
#define USUAL_ABBREVIATION 7

// ---- runs by their ids ----

static int by_id(const void *a, const void *b, void *runs)
{
	const struct past_run *items = runs;
	int64_t x = items[*(const size_t *)a].id, y = items[*(const size_t *)b].id;

	return (x > y) - (x < y);
}

static void index_runs(struct run_range *r)
{
	r->by_id = xcalloc(r->runs.n + 1, sizeof *r->by_id);
	for (size_t i = 0; i < r->runs.n; i++)
		r->by_id[i] = i;
	if (r->runs.n > 0)
		qsort_r(r->by_id, r->runs.n, sizeof *r->by_id, by_id, r->runs.items);
}

int run_range_open(struct run_range *r, struct store *s, struct err *err)
{
	*r = (struct run_range){0};
	if (history_load_runs(s, &r->runs, err) < 0)
		return -1;
	index_runs(r);
	return 0;
}

void run_range_until(struct run_range *r, const struct past_run *last)
{
	size_t n = (size_t)(last - r->runs.items) + 1;

	r->is_limited |= n < r->runs.n;
	while (r->runs.n > n)
		free(r->runs.items[--r->runs.n].revision);
	free(r->by_id);
	index_runs(r);
}

void run_range_release(struct run_range *r)
{
	past_runs_release(&r->runs);
	free(r->by_id);
	*r = (struct run_range){0};
}

static int64_t id_at(const struct run_range *r, size_t i)
{
	return r->runs.items[r->by_id[i]].id;
}

// The place of a run in time; w->runs.n: there is none.
static size_t place_of(const struct run_range *r, int64_t id)
{
	size_t low = 0, high = r->runs.n;

	if (high == 0)
		return high;
	// Where no id is missing it is found at once.
	int64_t guess = id - id_at(r, 0);
	if (guess >= 0 && guess < (int64_t)high && id_at(r, (size_t)guess) == id)
		return r->by_id[guess];
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (id_at(r, middle) < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < r->runs.n && id_at(r, low) == id ? r->by_id[low] : r->runs.n;
}

const struct past_run *run_range_run(const struct run_range *r, int64_t id)
{
	size_t place = place_of(r, id);

	return place < r->runs.n && place >= r->from ? &r->runs.items[place] : NULL;
}

size_t run_range_size(const struct run_range *r)
{
	return r->runs.n - r->from;
}

// ---- limits ----

static void begin_at(struct run_range *r, size_t place)
{
	r->from = place > r->from ? place : r->from;
	r->is_limited = true;
}

static void begin_at_time(struct run_range *r, int64_t ns)
{
	size_t place = 0;

	while (place < r->runs.n && r->runs.items[place].started_ns < ns)
		place++;
	begin_at(r, place);
}

void run_range_last(struct run_range *r, size_t n)
{
	r->is_limited = true;
	if (n < run_range_size(r))
		r->from = r->runs.n - n;
}

static bool parse_run(struct run_range *r, const char *since)
{
	long id;
	size_t place = text_parse_long(since, 1, LONG_MAX, &id) ? place_of(r, id) : r->runs.n;

	if (place == r->runs.n)
		return false;
	begin_at(r, place);
	return true;
}

// "90m", "12h", "3d", "2w".
static bool parse_age(struct run_range *r, const char *since, int64_t now_ns)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = {{'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 7 * 86400}};
	char *end;
	long n = strtol(since, &end, 10);

	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (!isdigit((unsigned char)*since) || *end != units[i].unit || end[1])
			continue;
		// Longer than there is time: all that there is.
		bool all = n > now_ns / NS_PER_SEC / units[i].seconds;
		begin_at_time(r, all ? 0 : now_ns - n * units[i].seconds * NS_PER_SEC);
		return true;
	}
	return false;
}

static bool parse_date(struct run_range *r, const char *since)
{
	static const char *const shapes[] = {"%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S",
					     "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"};

	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		struct tm tm = {.tm_isdst = -1};
		const char *end = strptime(since, shapes[i], &tm);
		int day = tm.tm_mday;
		if (!end || *end)
			continue;
		time_t t = mktime(&tm);
		if (tm.tm_mday != day) // the 30th of February
			return false;
		begin_at_time(r, (int64_t)t * NS_PER_SEC);
		return true;
	}
	return false;
}

static bool parse_commit(struct run_range *r, const char *since, commit_time *when)
{
	size_t n = strlen(since);

	if (n < 4 || n > 40 || strspn(since, "0123456789abcdefABCDEF") != n)
		return false;
	for (size_t i = 0; i < r->runs.n; i++)
		if (r->runs.items[i].revision &&
		    strncasecmp(r->runs.items[i].revision, since, n) == 0) {
			begin_at(r, i);
			return true;
		}
	int64_t ns = when(since);
	if (ns < 0)
		return false;
	begin_at_time(r, ns);
	return true;
}

int run_range_since(struct run_range *r, const char *since, int64_t now_ns, commit_time *when,
		    struct err *err)
{
	// "465102d" is rather the beginning of a commit than more than a thousand years.
	bool is_long = strlen(since) >= USUAL_ABBREVIATION;

	if (parse_run(r, since) || (is_long && parse_commit(r, since, when)) ||
	    parse_age(r, since, now_ns) || parse_date(r, since) ||
	    (!is_long && parse_commit(r, since, when)))
		return 0;
	return err_set(err, 0,
		       "--since=%s: no run, commit, day (2026-11-25, with 20:10 behind it or not) "
		       "or age (90m, 12h, 3d, 2w) that is known",
		       since);
}
