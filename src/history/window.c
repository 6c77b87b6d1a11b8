// SPDX-License-Identifier: MIT
#include "history/window.h"

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

int window_open(struct window *w, struct store *s, struct err *err)
{
	*w = (struct window){0};
	if (history_load_runs(s, &w->runs, err) < 0)
		return -1;
	w->by_id = xcalloc(w->runs.n + 1, sizeof *w->by_id);
	for (size_t i = 0; i < w->runs.n; i++)
		w->by_id[i] = i;
	if (w->runs.n > 0)
		qsort_r(w->by_id, w->runs.n, sizeof *w->by_id, by_id, w->runs.items);
	return 0;
}

void window_release(struct window *w)
{
	past_runs_release(&w->runs);
	free(w->by_id);
	*w = (struct window){0};
}

static int64_t id_at(const struct window *w, size_t i)
{
	return w->runs.items[w->by_id[i]].id;
}

// The place of a run in time; w->runs.n: there is none.
static size_t place_of(const struct window *w, int64_t id)
{
	size_t low = 0, high = w->runs.n;

	if (high == 0)
		return high;
	// Where no id is missing it is found at once.
	int64_t guess = id - id_at(w, 0);
	if (guess >= 0 && guess < (int64_t)high && id_at(w, (size_t)guess) == id)
		return w->by_id[guess];
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (id_at(w, middle) < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < w->runs.n && id_at(w, low) == id ? w->by_id[low] : w->runs.n;
}

const struct past_run *window_run(const struct window *w, int64_t id)
{
	size_t place = place_of(w, id);

	return place < w->runs.n && place >= w->from ? &w->runs.items[place] : NULL;
}

size_t window_size(const struct window *w)
{
	return w->runs.n - w->from;
}

// ---- limits ----

static void begin_at(struct window *w, size_t place)
{
	w->from = place > w->from ? place : w->from;
	w->is_limited = true;
}

static void begin_at_time(struct window *w, int64_t ns)
{
	size_t place = 0;

	while (place < w->runs.n && w->runs.items[place].started_ns < ns)
		place++;
	begin_at(w, place);
}

void window_last(struct window *w, size_t n)
{
	w->is_limited = true;
	if (n < window_size(w))
		w->from = w->runs.n - n;
}

static bool parse_run(struct window *w, const char *since)
{
	long id;
	size_t place = text_parse_long(since, 1, LONG_MAX, &id) ? place_of(w, id) : w->runs.n;

	if (place == w->runs.n)
		return false;
	begin_at(w, place);
	return true;
}

// "90m", "12h", "3d", "2w".
static bool parse_age(struct window *w, const char *since, int64_t now_ns)
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
		begin_at_time(w, all ? 0 : now_ns - n * units[i].seconds * NS_PER_SEC);
		return true;
	}
	return false;
}

static bool parse_date(struct window *w, const char *since)
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
		begin_at_time(w, (int64_t)t * NS_PER_SEC);
		return true;
	}
	return false;
}

static bool parse_commit(struct window *w, const char *since, commit_time *when)
{
	size_t n = strlen(since);

	if (n < 4 || n > 40 || strspn(since, "0123456789abcdefABCDEF") != n)
		return false;
	for (size_t i = 0; i < w->runs.n; i++)
		if (w->runs.items[i].revision &&
		    strncasecmp(w->runs.items[i].revision, since, n) == 0) {
			begin_at(w, i);
			return true;
		}
	int64_t ns = when(since);
	if (ns < 0)
		return false;
	begin_at_time(w, ns);
	return true;
}

int window_since(struct window *w, const char *since, int64_t now_ns, commit_time *when,
		 struct err *err)
{
	// "465102d" is rather the beginning of a commit than more than a thousand years.
	bool is_long = strlen(since) >= USUAL_ABBREVIATION;

	if (parse_run(w, since) || (is_long && parse_commit(w, since, when)) ||
	    parse_age(w, since, now_ns) || parse_date(w, since) ||
	    (!is_long && parse_commit(w, since, when)))
		return 0;
	return err_set(err, 0,
		       "--since=%s: no run, commit, day (2026-11-25, with 20:10 behind it or not) "
		       "or age (90m, 12h, 3d, 2w) that is known",
		       since);
}
