// SPDX-License-Identifier: MIT
#include "plan/expect.h"

#include "unit.h"

static void is_the_lower_median_of_the_last_five(void **state)
{
	static const struct {
		int64_t recent[9];
		size_t n;
		int64_t expected;
	} rows[] = {
		{{7}, 1, 7},
		{{0}, 1, 0},
		{{9, 4}, 2, 4},
		{{4, 9}, 2, 4},
		{{9, 4, 6}, 3, 6},
		{{1, 8, 3, 5}, 4, 3},
		{{5, 1, 4, 2, 3}, 5, 3},
		// What is older than five runs counts no more.
		{{1000, 5, 1, 4, 2, 3}, 6, 3},
		{{900, 900, 900, 900, 1, 2, 3, 4}, 8, 3},
		{{0, 0, 0, 0, 9, 9, 9, 9, 9}, 9, 9},
		{{INT64_MAX, INT64_MAX, 1}, 3, INT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(expect_ns(rows[i].recent, rows[i].n) == rows[i].expected, "row %zu", i);
}

static void knows_nothing_without_a_time(void **state)
{
	(void)state;
	assert_int_equal(expect_ns(NULL, 0), -1);
}

static void one_bad_run_moves_nothing(void **state)
{
	(void)state;
	for (int at = 0; at < 5; at++) {
		int64_t recent[] = {100, 100, 100, 100, 100};
		recent[at] = 60000;
		assert_int_equal(expect_ns(recent, 5), 100);
		recent[at] = 0;
		assert_int_equal(expect_ns(recent, 5), 100);
	}
}

static void a_lasting_change_is_believed_after_three(void **state)
{
	static const int64_t times[] = {10, 10, 10, 10, 10, 90, 90, 90};

	(void)state;
	assert_int_equal(expect_ns(times, 6), 10);
	assert_int_equal(expect_ns(times, 7), 10);
	assert_int_equal(expect_ns(times, 8), 90);
}

static void leaves_its_input_alone(void **state)
{
	int64_t recent[] = {5, 1, 4, 2, 3};
	const int64_t before[] = {5, 1, 4, 2, 3};

	(void)state;
	expect_ns(recent, 5);
	assert_memory_equal(recent, before, sizeof before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_the_lower_median_of_the_last_five),
		cmocka_unit_test(knows_nothing_without_a_time),
		cmocka_unit_test(one_bad_run_moves_nothing),
		cmocka_unit_test(a_lasting_change_is_believed_after_three),
		cmocka_unit_test(leaves_its_input_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
