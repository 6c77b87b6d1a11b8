// SPDX-License-Identifier: MIT
#include "model/fixture.h"

#include "../unit.h"
#include "base/err.h"
#include "model/job_settings.h"

// The entries of the text with ";" between them, or what is wrong with it.
static const char *reading(const char *text, size_t n)
{
	static char told[2048];
	struct strings variables = {0};
	struct err err = {0};

	*told = '\0';
	if (fixture_read_variables(text, n, &variables, &err) < 0)
		snprintf(told, sizeof told, "%s", err.message);
	else
		for (size_t i = 0; i < variables.n; i++)
			snprintf(told + strlen(told), sizeof told - strlen(told), "%s%s",
				 i ? ";" : "", variables.items[i]);
	strings_free_all(&variables);
	return told;
}

#define assert_reads(text, expected) assert_string_equal(reading(text, sizeof(text) - 1), expected)

static void lines_are_variables(void **state)
{
	(void)state;
	assert_reads("", "");
	assert_reads("A=1", "A=1");
	assert_reads("B=2\n\nA= x = y \n", "A= x = y ;B=2");
	assert_reads("A=1\nAB=2\nA=3\n", "A=3;AB=2");
	assert_reads("A=\n_9=<<E\n", "A=;_9=<<E");
}

static void a_value_of_several_lines_ends_by_its_mark(void **state)
{
	(void)state;
	assert_reads("A<<E\n1\n2\nE\nB=3\n", "A=1\n2;B=3");
	assert_reads("A<<E\nE\n", "A=");
	assert_reads("A<<E\n\n\nE", "A=\n");
	assert_reads("A<<a b\nEE\na b\n", "A=EE");
}

static void bad_lines_are_named(void **state)
{
	(void)state;
	assert_reads("A=1\nwhat\n", "line 2: wants NAME=VALUE or NAME<<END: what");
	assert_reads("=1\n", "line 1: wants NAME=VALUE or NAME<<END: =1");
	assert_reads("a b=1\n", "line 1: wants NAME=VALUE or NAME<<END: a b=1");
	assert_reads("A<<\n", "line 1: wants NAME=VALUE or NAME<<END: A<<");
	assert_reads("A<<E\n1\n", "line 1: no line is E, which ends the value");
	assert_reads("A=1\0\n", "a variable cannot hold a null byte");
}

static void a_file_waits_for_what_is_wanted(void **state)
{
	struct fixture a = {.state = FIXTURE_UP, .wanted = true}, b = {.wanted = true};
	struct fixture *both[] = {&a, &b, NULL};
	const struct job_settings settings = {.fixtures = both}, none = {0};

	(void)state;
	assert_true(fixtures_are_settled(&none));
	assert_false(fixtures_are_settled(&settings));
	b.state = FIXTURE_STARTING;
	assert_false(fixtures_are_settled(&settings));
	b.state = FIXTURE_FAILED;
	assert_true(fixtures_are_settled(&settings));
	assert_ptr_equal(fixtures_find_failed(&settings), &b);
	b.wanted = false;
	b.state = FIXTURE_IDLE;
	assert_true(fixtures_are_settled(&settings));
	assert_null(fixtures_find_failed(&settings));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_variables),
		cmocka_unit_test(a_value_of_several_lines_ends_by_its_mark),
		cmocka_unit_test(bad_lines_are_named),
		cmocka_unit_test(a_file_waits_for_what_is_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
