// SPDX-License-Identifier: MIT
#include "model/pace.h"

#include "base/clock.h"
#include "unit.h"

static void a_deadline_is_a_bounded_multiple(void **state)
{
	static const struct {
		double p99, deadline;
	} rows[] = {{0, 10},    {1.9, 10},  {2, 10},    {2.5, 12.5}, {100, 500},   {120, 600},
		    {250, 600}, {300, 600}, {301, 602}, {700, 1400}, {5000, 10000}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		double s = ns_to_sec(pace_deadline_ns((int64_t)(rows[i].p99 * 1e9)));
		check_row(s == rows[i].deadline, "%g s: %g s", rows[i].p99, s);
	}
}

static void slow_is_far_beyond_the_usual(void **state)
{
	static const struct {
		double p99, slow;
	} rows[] = {{0, 1}, {0.01, 1.01}, {0.9, 1.9}, {1, 2}, {1.5, 3}, {60, 120}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		double s = ns_to_sec(pace_slow_ns((int64_t)(rows[i].p99 * 1e9)));
		check_row(s == rows[i].slow, "%g s: %g s", rows[i].p99, s);
	}
	assert_int_equal(pace_slow_ns(-1), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_deadline_is_a_bounded_multiple),
		cmocka_unit_test(slow_is_far_beyond_the_usual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
