// SPDX-License-Identifier: MIT
#include "plan/forecast.h"

#include "../unit.h"
#include "model/job_settings.h"

static const struct job_settings usual;

static struct forecast forecast_of(const int64_t *times, size_t n, int slots)
{
	struct job *items = xcalloc(n, sizeof *items);
	struct jobs jobs = {.items = items, .n = n, .cap = n};
	struct forecast f;

	for (size_t i = 0; i < n; i++)
		items[i] = (struct job){.expected_ns = times[i], .settings = &usual};
	memset(&f, 0xff, sizeof f);
	forecast_make(&f, &jobs, slots, NULL);
	free(items);
	return f;
}

static void foretells_the_wall_time(void **state)
{
	static const struct {
		int64_t times[8];
		size_t n;
		int slots;
		int64_t sum, longest, wall, bound;
	} rows[] = {
		// One slot: all in a row.
		{{3, 5, 2}, 3, 1, 10, 5, 10, 10},
		// As many slots as jobs, and more: the longest.
		{{3, 5, 2}, 3, 3, 10, 5, 5, 5},
		{{3, 5, 2}, 3, 100, 10, 5, 5, 5},
		// Each slot takes the next job as it becomes free.
		{{5, 4, 3, 3, 3}, 5, 2, 18, 5, 10, 9},
		{{3, 3, 3, 4, 5}, 5, 2, 18, 5, 11, 9},
		{{1, 1, 1, 1, 10}, 5, 2, 14, 10, 12, 10},
		{{10, 1, 1, 1, 1}, 5, 2, 14, 10, 10, 10},
		{{2, 2, 2, 2, 2, 2, 2}, 7, 3, 14, 2, 6, 5},
		{{8, 7, 6, 5, 4, 3, 2, 1}, 8, 3, 36, 8, 13, 12},
		// The share is rounded up: a bound below it could be met by no run.
		{{1, 1, 1}, 3, 2, 3, 1, 2, 2},
		// Nothing takes no time.
		{{0}, 0, 4, 0, 0, 0, 0},
		{{0, 0}, 2, 1, 0, 0, 0, 0},
		// An unknown number of slots is one.
		{{3, 4}, 2, 0, 7, 4, 7, 7},
		{{3, 4}, 2, -5, 7, 4, 7, 7},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct forecast f = forecast_of(rows[i].times, rows[i].n, rows[i].slots);
		check_row(f.sum_ns == rows[i].sum, "row %zu: %jd", i, (intmax_t)f.sum_ns);
		check_row(f.longest_ns == rows[i].longest, "row %zu: %jd", i,
			  (intmax_t)f.longest_ns);
		check_row(f.wall_ns == rows[i].wall, "row %zu: %jd", i, (intmax_t)f.wall_ns);
		check_row(f.lower_bound_ns == rows[i].bound, "row %zu: %jd", i,
			  (intmax_t)f.lower_bound_ns);
		check_row(f.unknown == 0, "row %zu", i);
	}
}

static void leaves_the_unknown_out(void **state)
{
	static const int64_t some[] = {-1, 4, -1, 6, -1};
	struct forecast f = forecast_of(some, COUNT(some), 2);

	(void)state;
	assert_int_equal(f.unknown, 3);
	assert_int_equal(f.sum_ns, 10);
	assert_int_equal(f.wall_ns, 6);
	assert_int_equal(f.lower_bound_ns, 6);
}

static void knows_nothing_of_unknown_files_alone(void **state)
{
	static const int64_t none[] = {-1, -1};
	struct forecast f = forecast_of(none, COUNT(none), 2);

	(void)state;
	assert_int_equal(f.unknown, 2);
	assert_int_equal(f.wall_ns, 0);
	assert_int_equal(f.lower_bound_ns, 0);
}

// The plain way to the same answer: the earliest slot by looking at each.
static int64_t simulated(const int64_t *times, size_t n, int slots)
{
	int64_t free_at[16] = {0}, wall = 0;

	for (size_t i = 0; i < n; i++) {
		int first = 0;
		for (int k = 1; k < slots; k++)
			if (free_at[k] < free_at[first])
				first = k;
		free_at[first] += times[i];
		wall = free_at[first] > wall ? free_at[first] : wall;
	}
	return wall;
}

static void agrees_with_a_plain_simulation(void **state)
{
	int64_t times[200];
	unsigned r = 7;

	(void)state;
	for (int slots = 1; slots <= 16; slots++) {
		for (size_t i = 0; i < COUNT(times); i++) {
			r = r * 1103515245u + 12345u;
			times[i] = (r >> 16) % 1000;
		}
		struct forecast f = forecast_of(times, COUNT(times), slots);
		assert_int_equal(f.wall_ns, simulated(times, COUNT(times), slots));
		assert_true(f.lower_bound_ns <= f.wall_ns);
	}
}

// One that failed last time is tried again, after its delay, beside what runs meanwhile.
static void foretells_retries(void **state)
{
	static const struct {
		int64_t delay, other;
		long retries;
		enum file_status last;
		int64_t wall;
	} rows[] = {
		{0, 1, 2, FILE_PASSED, 3},    {0, 1, 0, FILE_FAILED, 3},
		{0, 1, 2, FILE_FAILED, 9},    {10, 1, 1, FILE_FAILED, 16},
		{10, 20, 1, FILE_FAILED, 23}, {10, 1, 2, FILE_TIMEOUT, 29},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct job_settings set = {.retries = rows[i].retries,
						 .retry_delay_ns = rows[i].delay};
		struct job items[] = {{.expected_ns = 3, .settings = &set, .last = rows[i].last},
				      {.expected_ns = rows[i].other, .settings = &usual}};
		const struct jobs jobs = {.items = items, .n = COUNT(items)};
		struct forecast f;
		forecast_make(&f, &jobs, 2, NULL);
		check_row(f.wall_ns == rows[i].wall, "row %zu: %jd", i, (intmax_t)f.wall_ns);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(foretells_the_wall_time),
		cmocka_unit_test(foretells_retries),
		cmocka_unit_test(leaves_the_unknown_out),
		cmocka_unit_test(knows_nothing_of_unknown_files_alone),
		cmocka_unit_test(agrees_with_a_plain_simulation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
