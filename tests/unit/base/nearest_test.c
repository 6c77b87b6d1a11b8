// SPDX-License-Identifier: MIT
#include "base/nearest.h"

#include <string.h>

#include "../unit.h"

static void counts_errors(void **state)
{
	static const struct {
		const char *word, *name;
		size_t distance;
	} rows[] = {
		{"", "", 0},
		{"", "abc", 3},
		{"abc", "", 3},
		{"filter", "filter", 0},
		{"filtr", "filter", 1},
		{"ffilter", "filter", 1},
		{"filtar", "filter", 1},
		{"fitler", "filter", 1},
		{"iflter", "filter", 1},
		{"fliter", "filtre", 2},
		{"retries", "repeat", 5},
		{"ca", "abc", 3},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(nearest_distance(rows[i].word, strlen(rows[i].word), rows[i].name),
				 rows[i].distance);
}

static const char *nearest_of(const char *word, size_t n)
{
	static const char *const names[] = {"changed", "failed", "filter",
					    "retries", "run",    "rules"};
	struct nearest s = {.word = word, .n = n};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		nearest_offer(&s, names[i]);
	return s.best ? s.best : "";
}

static void finds_what_is_meant(void **state)
{
	char endless[300];

	memset(endless, 'f', sizeof endless);
	assert_string_equal(nearest_of("chnaged", 7), "changed");
	assert_string_equal(nearest_of("filtr=x", 5), "filter");
	assert_string_equal(nearest_of("retry", 5), "");
	assert_string_equal(nearest_of("retires", 7), "retries");
	assert_string_equal(nearest_of("rn", 2), "run");
	assert_string_equal(nearest_of("xyzzy", 5), "");
	assert_string_equal(nearest_of("", 0), "");
	assert_string_equal(nearest_of(endless, sizeof endless), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_errors),
		cmocka_unit_test(finds_what_is_meant),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
