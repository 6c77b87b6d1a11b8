// SPDX-License-Identifier: MIT
#include "base/file_clock.h"

#include <sys/stat.h>

#include "../unit.h"
#include "base/clock.h"

#define NOW_NS (1000 * NS_PER_SEC + 1)

static void what_is_not_known_to_be_fine_is_coarse(void **state)
{
	(void)state;
	assert_true(file_clock_is_young(7, NOW_NS + 1, NOW_NS));
	assert_true(file_clock_is_young(7, NOW_NS, NOW_NS + FILE_CLOCK_COARSE_NS - 1));
	assert_false(file_clock_is_young(7, NOW_NS, NOW_NS + FILE_CLOCK_COARSE_NS));
	assert_false(file_clock_is_young(0, 0, NOW_NS));
	file_clock_compare("none");
	assert_int_equal(file_clock_device(), 0);
}

// A file system that counts in seconds is not told from one with fine times by its clock.
static void fine_times_of_a_clock_that_agrees_are_fine(void **state)
{
	struct stat st;

	(void)state;
	file_clock_compare(".");
	assert_int_equal(stat(".", &st), 0);
	uint64_t device = file_clock_device();
	assert_int_equal(device, st.st_dev);
	assert_true(file_clock_is_young(device, NOW_NS, NOW_NS + FILE_CLOCK_FINE_NS - 1));
	assert_false(file_clock_is_young(device, NOW_NS, NOW_NS + FILE_CLOCK_FINE_NS));
	assert_true(file_clock_is_young(device, NOW_NS - 1, NOW_NS + FILE_CLOCK_FINE_NS));
	assert_true(file_clock_is_young(device + 1, NOW_NS, NOW_NS + FILE_CLOCK_FINE_NS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_known_to_be_fine_is_coarse),
		WITH_FOLDER(fine_times_of_a_clock_that_agrees_are_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
