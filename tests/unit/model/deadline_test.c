// SPDX-License-Identifier: MIT
#include "model/deadline.h"

#include "../unit.h"
#include "base/clock.h"

static void a_deadline_is_a_bounded_multiple(void **state)
{
	static const struct {
		double p99, deadline;
	} rows[] = {{0, 10},    {1.9, 10},  {2, 10},    {2.5, 12.5}, {100, 500},   {120, 600},
		    {250, 600}, {300, 600}, {301, 602}, {700, 1400}, {5000, 10000}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		double s = ns_to_sec(deadline_by_past_ns((int64_t)(rows[i].p99 * 1e9)));
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
		double s = ns_to_sec(deadline_slow_ns((int64_t)(rows[i].p99 * 1e9)));
		check_row(s == rows[i].slow, "%g s: %g s", rows[i].p99, s);
	}
	assert_int_equal(deadline_slow_ns(-1), -1);
}

static void a_pass_stands_under_a_deadline_that_leaves_it_time(void **state)
{
	static const struct {
		double wall, had, deadline;
		bool stands;
	} rows[] = {
		{1, 60, 60, true},   {1, 60, 5, true},        {1, 60, 4.9, false},
		{1, 60, 0, true},    {1, 0, 5, true},         {1, 0, 4.9, false},
		{1, 0, 0, true},                                                  // it had none
		{30, 60, 60, true},  {30, 60, 59, false},     {30, 60, 61, true}, // it had little
		{30, 60, 0, true},   {700, 1400, 1400, true}, {1, -1, 5, true},
		{1, -1, 4.9, false}, // what it had is unknown
		{-1, 60, 60, true},  {-1, 60, 59, false},     {-1, -1, 60, false},
		{-1, -1, 0, true},   {0, 60, 0.001, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t ns[] = {(int64_t)(rows[i].wall * 1e9), (int64_t)(rows[i].had * 1e9),
				(int64_t)(rows[i].deadline * 1e9)};
		for (size_t k = 0; k < 2; k++)
			ns[k] = ns[k] < 0 ? -1 : ns[k];
		check_row(deadline_is_enough(ns[0], ns[1], ns[2]) == rows[i].stands,
			  "%g s, under %g s, now %g s", rows[i].wall, rows[i].had,
			  rows[i].deadline);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_deadline_is_a_bounded_multiple),
		cmocka_unit_test(slow_is_far_beyond_the_usual),
		cmocka_unit_test(a_pass_stands_under_a_deadline_that_leaves_it_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
