// SPDX-License-Identifier: MIT
#include "model/series.h"

#include "../unit.h"
#include "base/buf.h"
#include "base/percentile.h"
#include "model/result.h"
#include "store/pack.h"

static struct series series_of(const int64_t *walls, size_t n)
{
	struct series t = {0};

	for (size_t i = 0; i < n; i++) {
		const struct sample s = {.status = FILE_PASSED, .attempt = 1, .wall_ns = walls[i]};
		VEC_PUSH(&t, s);
	}
	return t;
}

static void percentiles_are_those_of_the_last(void **state)
{
	static const struct {
		int64_t walls[9];
		size_t n, most;
		int percent;
		int64_t expected;
	} rows[] = {
		{{7}, 1, 5, 50, 7},
		{{0}, 1, 5, 50, 0},
		{{9, 4}, 2, 5, 50, 4},
		{{4, 9}, 2, 5, 50, 4},
		{{9, 4, 6}, 3, 5, 50, 6},
		{{1, 8, 3, 5}, 4, 5, 50, 3},
		{{5, 1, 4, 2, 3}, 5, 5, 50, 3},
		// What is older than the last five counts no more.
		{{1000, 5, 1, 4, 2, 3}, 6, 5, 50, 3},
		{{900, 900, 900, 900, 1, 2, 3, 4}, 8, 5, 50, 3},
		{{0, 0, 0, 0, 9, 9, 9, 9, 9}, 9, 5, 50, 9},
		{{INT64_MAX, INT64_MAX, 1}, 3, 5, 50, INT64_MAX},
		{{1, 2, 3, 4, 5, 6, 7, 8, 9}, 9, 9, 99, 9},
		{{1, 2, 3, 4, 5, 6, 7, 8, 9}, 9, 9, 100, 9},
		{{1, 2, 3, 4, 5, 6, 7, 8, 9}, 9, 9, 0, 1},
		{{1, 2, 3, 4, 5, 6, 7, 8, 9}, 9, 9, 10, 1},
		{{1, 2, 3, 4, 5, 6, 7, 8, 9}, 9, 9, 12, 2},
		{{7}, 0, 5, 50, -1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct series t = series_of(rows[i].walls, rows[i].n);
		int64_t p = series_percentile(&t, rows[i].most, rows[i].percent, sample_wall_ns);
		check_row(p == rows[i].expected, "row %zu: %jd", i, (intmax_t)p);
		series_release(&t);
	}
}

static int ascending(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

// As sorting would find it, also among many that are equal.
static void any_percentile_is_that_of_the_sorted_values(void **state)
{
	int64_t values[300], sorted[300];
	unsigned seed = 7;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		size_t n = 1 + (size_t)rand_r(&seed) % COUNT(values);
		int spread = 1 + rand_r(&seed) % 400;
		for (size_t i = 0; i < n; i++)
			values[i] = sorted[i] = rand_r(&seed) % spread;
		qsort(sorted, n, sizeof *sorted, ascending);
		int percent = rand_r(&seed) % 101;
		size_t rank = (n * (size_t)percent + 99) / 100;
		check_row(percentile(values, n, percent) == sorted[rank ? rank - 1 : 0], "round %d",
			  round);
	}
}

static void what_tells_no_time_is_left_out(void **state)
{
	const int64_t walls[] = {5, 6, 100, 200, 300};
	struct series t = series_of(walls, 5);

	(void)state;
	t.items[2].status = FILE_ERROR;
	t.items[3].status = FILE_SKIPPED;
	t.items[4].partial = true;
	assert_int_equal(series_percentile(&t, 2, 100, sample_wall_ns), 6);
	// What is not known is no figure.
	t.items[0].cpu_ns = 3;
	t.items[1].cpu_ns = -1;
	assert_int_equal(series_percentile(&t, 9, 50, sample_cpu_ns), 3);
	series_release(&t);
}

// ---- as bytes ----

static void numbers_survive(void **state)
{
	const int64_t rows[] = {0,         1,         -1,        63,       64,    -64,
				-65,       127,       128,       16383,    16384, INT32_MAX,
				INT32_MIN, 1LL << 56, INT64_MAX, INT64_MIN};
	struct buf b = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		pack_signed(&b, rows[i]);
		pack_number(&b, (uint64_t)rows[i]);
	}
	struct packed p = {(unsigned char *)b.data, (unsigned char *)b.data + b.len, false};
	for (size_t i = 0; i < COUNT(rows); i++) {
		check_row(packed_signed(&p) == rows[i], "row %zu", i);
		check_row(packed_number(&p) == (uint64_t)rows[i], "row %zu", i);
	}
	assert_ptr_equal(p.at, p.end);
	assert_int_equal(packed_number(&p), 0);
	buf_release(&b);
}

static void a_series_survives(void **state)
{
	const struct sample rows[] = {
		{900, FILE_PASSED, INPUTS_SAME, 1, false, false, 1000, 2000, 0, 1 << 20},
		{900, FILE_FAILED, INPUTS_UNKNOWN, 3, true, false, 3600 * INT64_C(1000000000), 0,
		 -1, INT64_C(64) << 30},
		{7, FILE_LIMIT, INPUTS_MOVED, 1, true, true, 0, 0, 5000, 0},
		{INT64_MAX, FILE_SKIPPED, INPUTS_MOVED, 1000000, false, true, 1000, 1000, 1000,
		 1024},
	};
	struct series t = {0};
	struct buf b = {0};

	(void)state;
	pack_series(&b, rows, COUNT(rows));
	packed_series(
		(struct packed){(unsigned char *)b.data, (unsigned char *)b.data + b.len, false},
		&t);
	assert_int_equal(t.n, COUNT(rows));
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(memcmp(&t.items[i].run, &rows[i].run, sizeof rows[i].run) == 0 &&
				  t.items[i].status == rows[i].status &&
				  t.items[i].inputs == rows[i].inputs &&
				  t.items[i].attempt == rows[i].attempt &&
				  t.items[i].concurrent == rows[i].concurrent &&
				  t.items[i].partial == rows[i].partial &&
				  t.items[i].wall_ns == rows[i].wall_ns &&
				  t.items[i].cpu_ns == rows[i].cpu_ns &&
				  t.items[i].delay_ns == rows[i].delay_ns &&
				  t.items[i].peak_bytes == rows[i].peak_bytes,
			  "row %zu", i);
	series_release(&t);
	// What is cut off gives figures, not a crash.
	for (size_t n = 0; n <= b.len; n++) {
		packed_series((struct packed){(unsigned char *)b.data, (unsigned char *)b.data + n,
					      false},
			      &t);
		series_release(&t);
	}
	buf_release(&b);
}

static void outcomes_survive(void **state)
{
	struct test_case before[] = {
		{.status = TEST_PASSED, .wall_ns = 1000, .own_ns = -1},
		{.status = TEST_PASSED, .wall_ns = -1, .own_ns = 0},
		{.status = TEST_PENDING, .wall_ns = 0, .own_ns = 5000},
		{.status = TEST_FAILED, .wall_ns = 5000, .own_ns = 5000},
		{.status = TEST_FAILED, .wall_ns = 7000, .own_ns = 0},
	};
	struct test_case after[COUNT(before)] = {0};
	struct buf b = {0};

	(void)state;
	for (size_t n = 0; n <= COUNT(before); n++) {
		struct result r = {.tests = {before, n, n}};
		buf_clear(&b);
		pack_outcomes(&b, &r);
		r.tests.items = after;
		packed_outcomes((struct packed){(unsigned char *)b.data,
						(unsigned char *)b.data + b.len, false},
				&r);
		for (size_t i = 0; i < n; i++)
			check_row(after[i].status == before[i].status &&
					  after[i].wall_ns == before[i].wall_ns &&
					  after[i].own_ns == before[i].own_ns,
				  "%zu of %zu", i, n);
	}
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percentiles_are_those_of_the_last),
		cmocka_unit_test(any_percentile_is_that_of_the_sorted_values),
		cmocka_unit_test(what_tells_no_time_is_left_out),
		cmocka_unit_test(numbers_survive),
		cmocka_unit_test(a_series_survives),
		cmocka_unit_test(outcomes_survive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
