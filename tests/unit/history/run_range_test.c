// SPDX-License-Identifier: MIT
#include "history/run_range.h"

#include "../unit.h"
#include "base/clock.h"
#include "base/err.h"

#define HOUR (3600 * NS_PER_SEC)
#define NOW  (1700000000 * NS_PER_SEC)

// Runs 11, 12, ... one hour after the other up to NOW, in the order of time.
#define FIRST 11
#define RUNS  8

static const char *const revisions[RUNS] = {
	NULL, "aaaa111100", "aaaa111100", "bbbb2222", "12340000", "123456d0", NULL, "aaaa111100",
};

static struct run_range make_range(void)
{
	struct run_range w = {0};

	for (size_t i = 0; i < RUNS; i++) {
		struct past_run r = {
			.id = FIRST + (int64_t)i,
			.started_ns = NOW - (int64_t)(RUNS - 1 - i) * HOUR,
			.revision = revisions[i] ? xstrdup(revisions[i]) : NULL,
		};
		VEC_PUSH(&w.runs, r);
	}
	w.by_id = xcalloc(RUNS, sizeof *w.by_id);
	for (size_t i = 0; i < RUNS; i++)
		w.by_id[i] = i;
	return w;
}

// Knows one commit, which no run had, made between runs 13 and 14.
static int64_t time_of(const char *commit)
{
	return strcmp(commit, "cccc") == 0 ? NOW - 4 * HOUR - HOUR / 2 : -1;
}

static void since_finds_the_first_run(void **state)
{
	static const struct {
		const char *since;
		int64_t first; // 0: refused, RUNS + FIRST: no run is left
	} rows[] = {
		{"11", 11},
		{"14", 14},
		{"18", 18},
		{"19", 0},
		{"0", 0},
		{"-1", 0},
		{"011", 11},
		{"aaaa", 12},
		{"AAAA1111", 12},
		{"aaaa1111000", 0},
		{"aaa", 0},
		// A commit that looks like an age; and an age that looks like a commit.
		{"123456d", 16},
		{"654321d", 11},
		{"bbbb2222", 14},
		{"1234", 15}, // no run, so it is a commit
		{"cccc", 14},
		{"dddd", 0},
		{"90m", 17},
		{"1h", 17},
		{"2h", 16},
		{"0m", 18},
		{"1d", 11},
		{"1w", 11},
		{"99999999999999999w", 11},
		{"999999999999999999999999999h", 11},
		{"1", 0},
		{"h", 0},
		{"1hh", 0},
		{"-1h", 0},
		{" 1h", 0},
		{"1s", 0},
		{"2023-11-14", 11},
		{"2023-11-14 20:10", 16},
		{"2023-11-14T20:13:20", 16},
		{"2023-11-14 20:13:21", 17},
		{"2023-11-15", RUNS + FIRST},
		{"2023-11-31", 0},
		{"2023-13-01", 0},
		{"2023-11-14 25:00", 0},
		{"2023-11", 0},
		{"yesterday", 0},
		{"", 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct run_range w = make_range();
		struct err err = {0};
		int status = run_range_since(&w, rows[i].since, NOW, time_of, &err);
		int64_t first = status < 0 ? 0 : FIRST + (int64_t)w.from;
		check_row(first == rows[i].first, "%s: %jd", rows[i].since, (intmax_t)first);
		check_row(w.is_limited == (status == 0), "%s: limited", rows[i].since);
		check_row((status < 0) == (*err.message != '\0'), "%s: message", rows[i].since);
		run_range_release(&w);
	}
}

static void last_counts_from_the_end(void **state)
{
	struct run_range w = make_range();
	struct err err = {0};

	(void)state;
	assert_int_equal(run_range_size(&w), RUNS);
	assert_false(w.is_limited);
	run_range_last(&w, 100);
	assert_int_equal(run_range_size(&w), RUNS);
	assert_true(w.is_limited);
	run_range_last(&w, 3);
	assert_int_equal(w.from, RUNS - 3);
	// What is left out stays out, whatever is asked for next.
	assert_int_equal(run_range_since(&w, "11", NOW, time_of, &err), 0);
	assert_int_equal(run_range_size(&w), 3);
	assert_int_equal(run_range_since(&w, "17", NOW, time_of, &err), 0);
	assert_int_equal(run_range_size(&w), 2);
	run_range_release(&w);
}

static void runs_are_found_by_their_ids(void **state)
{
	struct run_range w = make_range();

	(void)state;
	for (int64_t id = 0; id < FIRST + RUNS + 5; id++) {
		const struct past_run *r = run_range_run(&w, id);
		check_row((r != NULL) == (id >= FIRST && id < FIRST + RUNS) && (!r || r->id == id),
			  "run %jd", (intmax_t)id);
	}
	run_range_last(&w, 2);
	assert_null(run_range_run(&w, 16));
	assert_int_equal(run_range_run(&w, 17)->id, 17);
	run_range_release(&w);
	assert_null(run_range_run(&w, 17));
}

// As after an import and the removal of old runs: the ids have gaps, and another order than time.
static void ids_need_no_order(void **state)
{
	struct run_range w = make_range();

	(void)state;
	for (size_t i = 0; i < RUNS; i++) {
		w.runs.items[i].id = (int64_t)(RUNS - i) * 100;
		w.by_id[RUNS - 1 - i] = i;
	}
	for (int64_t id = 50; id <= RUNS * 100 + 50; id += 50) {
		const struct past_run *r = run_range_run(&w, id);
		check_row((r != NULL) == (id % 100 == 0 && id <= RUNS * 100), "run %jd",
			  (intmax_t)id);
		assert_true(!r || r->id == id);
	}
	run_range_release(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(since_finds_the_first_run),
		cmocka_unit_test(last_counts_from_the_end),
		cmocka_unit_test(runs_are_found_by_their_ids),
		cmocka_unit_test(ids_need_no_order),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
