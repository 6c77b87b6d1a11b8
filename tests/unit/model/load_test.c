// SPDX-License-Identifier: MIT
#include "model/load.h"

#include "../unit.h"
#include "base/clock.h"
#include "model/series.h"

#define S      NS_PER_SEC
#define ALONE  false
#define BESIDE true

static struct sample sample(bool concurrent, int wall, int cpu, int delay)
{
	return (struct sample){.status = FILE_PASSED,
			       .concurrent = concurrent,
			       .attempt = 1,
			       .wall_ns = wall * S,
			       .cpu_ns = cpu * S,
			       .delay_ns = delay < 0 ? -1 : delay * S};
}

static void takes_the_wait_for_a_cpu_out(void **state)
{
	static const struct {
		struct {
			bool concurrent;
			int wall, cpu, delay;
		} samples[6];
		size_t n;
		int wall, cpu; // -1: unknown
		bool certain;
	} rows[] = {
		{{{0}}, 0, -1, -1, false},
		{{{ALONE, 7, 5, -1}}, 1, 7, 5, true},
		// Others than its concurrent files may have kept it waiting.
		{{{ALONE, 7, 5, 1}}, 1, 6, 5, true},
		{{{BESIDE, 40, 9, 30}}, 1, 10, 9, true},
		// The median, and that of each figure for itself.
		{{{BESIDE, 9, 9, 0}, {BESIDE, 9, 1, 6}, {BESIDE, 8, 4, 1}}, 3, 7, 4, true},
		// Nobody knows how long it has waited.
		{{{BESIDE, 40, 9, -1}}, 1, 40, 9, false},
		// What is known counts, even if it is older.
		{{{BESIDE, 12, 9, 2}, {BESIDE, 40, 9, -1}, {BESIDE, 44, 9, -1}}, 3, 10, 9, true},
		{{{ALONE, 11, 9, -1}, {BESIDE, 44, 9, -1}}, 2, 11, 9, true},
		// Three that ran alone need no others.
		{{{ALONE, 5, 4, -1},
		  {ALONE, 6, 5, -1},
		  {ALONE, 5, 5, -1},
		  {BESIDE, 30, 9, 21},
		  {BESIDE, 30, 9, 21}},
		 5,
		 5,
		 5,
		 true},
		{{{ALONE, 5, 4, -1},
		  {ALONE, 6, 5, -1},
		  {BESIDE, 30, 9, 21},
		  {BESIDE, 30, 9, 21},
		  {BESIDE, 30, 9, 21}},
		 5,
		 9,
		 9,
		 true},
		// More waiting than time is no time below zero.
		{{{BESIDE, 3, 1, 5}}, 1, 0, 1, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sample items[6];
		struct series t = {items, rows[i].n, rows[i].n};
		for (size_t k = 0; k < rows[i].n; k++)
			items[k] = sample(rows[i].samples[k].concurrent, rows[i].samples[k].wall,
					  rows[i].samples[k].cpu, rows[i].samples[k].delay);
		struct load l = load_of(&t);
		int64_t wall = rows[i].wall < 0 ? -1 : rows[i].wall * S;
		int64_t cpu = rows[i].cpu < 0 ? -1 : rows[i].cpu * S;
		check_row(l.wall_ns == wall, "row %zu: %jd", i, (intmax_t)l.wall_ns);
		check_row(l.cpu_ns == cpu, "row %zu: %jd", i, (intmax_t)l.cpu_ns);
		check_row(l.certain == rows[i].certain, "row %zu", i);
	}
}

static void heeds_the_last_five_of_sixteen(void **state)
{
	struct sample items[30];
	struct series t = {items, 30, 30};

	(void)state;
	for (size_t i = 0; i < 30; i++)
		items[i] = sample(ALONE, i < 25 ? 100 : 10, 1, -1);
	assert_int_equal(load_of(&t).wall_ns, 10 * S);
	// Those that ran alone are too long ago, and then they are not.
	for (size_t i = 0; i < 30; i++)
		items[i] = sample(i < 14 ? ALONE : BESIDE, i < 14 ? 10 : 100, 1, -1);
	assert_int_equal(load_of(&t).wall_ns, 100 * S);
	assert_false(load_of(&t).certain);
	items[14] = sample(ALONE, 10, 1, -1);
	assert_int_equal(load_of(&t).wall_ns, 10 * S);
	assert_true(load_of(&t).certain);
}

static void leaves_out_what_tells_no_time(void **state)
{
	struct sample items[] = {sample(ALONE, 4, 2, -1), sample(ALONE, 90, 2, -1),
				 sample(ALONE, 90, 2, -1)};
	struct series t = {items, COUNT(items), COUNT(items)};

	(void)state;
	items[1].partial = true;
	items[2].status = FILE_SKIPPED;
	assert_int_equal(load_of(&t).wall_ns, 4 * S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_wait_for_a_cpu_out),
		cmocka_unit_test(heeds_the_last_five_of_sixteen),
		cmocka_unit_test(leaves_out_what_tells_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
