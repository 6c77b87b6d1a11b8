// SPDX-License-Identifier: MIT
#include "model/trend.h"

#include "../unit.h"

// ---- flips ----

// One letter for each result: p passed, f failed, s skipped; upper case: its inputs have moved.
static struct series series_of(const char *letters)
{
	struct series t = {0};

	for (size_t i = 0; letters[i]; i++) {
		const struct sample s = {
			.run = (int64_t)i + 1,
			.attempt = 1,
			.status = strchr("pP", letters[i])   ? FILE_PASSED
				  : strchr("fF", letters[i]) ? FILE_FAILED
							     : FILE_SKIPPED,
			.inputs = strchr("PFS", letters[i]) ? INPUTS_MOVED : INPUTS_SAME,
		};
		VEC_PUSH(&t, s);
	}
	return t;
}

static void flips_are_counted_where_nothing_moved(void **state)
{
	static const struct {
		const char *letters;
		size_t tries, flips;
		int64_t last_run;
	} rows[] = {
		{"", 0, 0, 0},    {"p", 0, 0, 0},      {"ppp", 2, 0, 0},  {"fff", 2, 0, 0},
		{"pfp", 2, 2, 3}, {"pFP", 0, 0, 0},    {"pFfP", 1, 0, 0}, {"ppfF", 2, 1, 3},
		{"psf", 0, 0, 0}, {"pfpfpf", 5, 5, 6},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct series t = series_of(rows[i].letters);
		struct flips f = trend_flips(&t);
		check_row(f.tries == rows[i].tries && f.flips == rows[i].flips &&
				  f.last_run == rows[i].last_run,
			  "%s", rows[i].letters);
		series_release(&t);
	}
}

static void attempts_of_one_run_are_tries(void **state)
{
	struct series t = series_of("FPP");

	(void)state;
	t.items[1].run = 1;
	t.items[1].attempt = 2;
	assert_int_equal(trend_flips(&t).tries, 1);
	assert_int_equal(trend_flips(&t).flips, 1);
	// Some of the tests are another question than all of them.
	t.items[1].partial = true;
	assert_int_equal(trend_flips(&t).tries, 0);
	series_release(&t);
}

static void bad_since_the_last_pass(void **state)
{
	static const struct {
		const char *letters;
		size_t since;
	} rows[] = {{"", 0},      {"p", 1},    {"f", 0},  {"pf", 1},
		    {"pfsff", 1}, {"fpsf", 3}, {"fs", 0}, {"ps", 2}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct series t = series_of(rows[i].letters);
		check_row(trend_bad_since(&t) == rows[i].since, "%s", rows[i].letters);
		series_release(&t);
	}
}

// ---- steps ----

#define MS INT64_C(1000000)

static int64_t noisy(unsigned *seed, int64_t level, int percent)
{
	// The sum of three is bell-shaped enough.
	int64_t noise = rand_r(seed) % 1000 + rand_r(seed) % 1000 + rand_r(seed) % 1000 - 1500;

	return level + level * percent * noise / 100000;
}

static void noise_is_no_step(void **state)
{
	int64_t values[128];
	size_t found = 0;

	(void)state;
	for (unsigned seed = 1; seed <= 1000; seed++) {
		unsigned s = seed;
		size_t n = 4 + seed % 125;
		struct step step;
		for (size_t i = 0; i < n; i++)
			values[i] = noisy(&s, 100 * MS, 1 + (int)(seed % 20));
		// Now and then the machine was busy.
		for (size_t i = 0; i < n / 12; i++)
			values[(size_t)rand_r(&s) % n] *= 3;
		found += trend_step(values, n, 5 * MS, &step);
	}
	assert_int_equal(found, 0);
}

static void a_step_is_found_where_it_is(void **state)
{
	int64_t values[128];
	size_t near = 0, missed = 0;

	(void)state;
	for (unsigned seed = 1; seed <= 500; seed++) {
		unsigned s = seed;
		size_t n = 20 + seed % 100, at = 8 + (size_t)rand_r(&s) % (n - 16);
		bool up = seed % 3 > 0;
		struct step step;
		for (size_t i = 0; i < n; i++)
			values[i] = noisy(&s, (i < at) == up ? 100 * MS : 150 * MS, 3);
		if (!trend_step(values, n, 5 * MS, &step)) {
			missed++;
			continue;
		}
		near += step.at + 1 >= at && step.at <= at + 1;
		check_row((step.after > step.before) == up, "seed %u", seed);
	}
	assert_int_equal(missed, 0);
	assert_true(near >= 490);
}

static void the_last_step_counts(void **state)
{
	int64_t values[60];
	struct step step;

	(void)state;
	for (size_t i = 0; i < 60; i++)
		values[i] = (i < 20 ? 100 : i < 45 ? 400 : 150) * MS + (int64_t)(i % 3) * MS;
	assert_true(trend_step(values, 60, MS, &step));
	assert_int_equal(step.at, 45);
	assert_int_equal(step.before, 401 * MS);
	assert_int_equal(step.after, 151 * MS);
	// Three new values do if they are clear, two never.
	assert_true(trend_step(values, 48, MS, &step));
	assert_int_equal(step.at, 45);
	assert_true(trend_step(values, 47, MS, &step));
	assert_int_equal(step.at, 20);
	// What is too small to matter is none.
	assert_false(trend_step(values, 60, 1000 * MS, &step));
}

static void few_values_tell_nothing(void **state)
{
	const int64_t values[] = {1, 1, 1, 1, 9, 9, 9, 9};
	struct step step;

	(void)state;
	for (size_t n = 0; n < 8; n++)
		assert_false(trend_step(values, n, 0, &step));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flips_are_counted_where_nothing_moved),
		cmocka_unit_test(attempts_of_one_run_are_tries),
		cmocka_unit_test(bad_since_the_last_pass),
		cmocka_unit_test(noise_is_no_step),
		cmocka_unit_test(a_step_is_found_where_it_is),
		cmocka_unit_test(the_last_step_counts),
		cmocka_unit_test(few_values_tell_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
