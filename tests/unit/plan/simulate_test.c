// SPDX-License-Identifier: MIT
#include "plan/simulate.h"

#include "../unit.h"
#include "model/job_settings.h"

#define MS   INT64_C(1000000)
#define MOST 8

// Milliseconds; wall -1: unknown.
struct spec {
	int wall, cpu;
};

static const struct job_settings usual;

static struct simulation simulated(const struct spec *specs, size_t n, int slots, int cpus)
{
	struct job *items = xcalloc(n + 1, sizeof *items);
	struct jobs jobs = {.items = items, .n = n, .cap = n};
	struct simulation s;

	for (size_t i = 0; i < n; i++)
		items[i] = (struct job){
			.settings = &usual,
			.load = {.wall_ns = specs[i].wall < 0 ? -1 : specs[i].wall * MS,
				 .cpu_ns = specs[i].cpu * MS},
			.peak_bytes = 1 << i % 8,
		};
	memset(&s, 0xff, sizeof s);
	simulate(&s, &jobs, slots, cpus, NULL);
	free(items);
	return s;
}

static void foretells_the_wall_time(void **state)
{
	static const struct {
		struct spec specs[MOST];
		size_t n;
		int slots, cpus;
		double wall; // milliseconds
	} rows[] = {
		{{{0, 0}}, 0, 4, 2, 0},
		{{{70, 70}}, 1, 1, 1, 70},
		{{{70, 0}}, 1, 100, 1, 70},
		// Sleepers wait for slots, never for CPUs.
		{{{30, 0}, {50, 0}, {20, 0}}, 3, 1, 1, 100},
		{{{50, 0}, {30, 0}, {20, 0}}, 3, 2, 1, 50},
		{{{50, 0}, {30, 0}, {20, 0}}, 3, 9, 1, 50},
		{{{50, 0}, {50, 0}, {50, 0}, {50, 0}}, 4, 3, 1, 100},
		// What computes all the time: all of it on the CPUs there are.
		{{{30, 30}, {50, 50}, {20, 20}}, 3, 1, 2, 100},
		{{{50, 50}, {30, 30}, {20, 20}}, 3, 2, 2, 50},
		{{{40, 40}, {40, 40}, {40, 40}, {40, 40}}, 4, 4, 2, 80},
		{{{40, 40}, {40, 40}, {40, 40}, {40, 40}}, 4, 3, 2, 100},
		{{{50, 50}, {30, 30}, {20, 20}}, 3, 8, 1, 100},
		// Three on two CPUs go at two thirds until 20 are done, after 30; then at full
		// pace.
		{{{50, 50}, {30, 30}, {20, 20}}, 3, 3, 2, 60},
		// One that sleeps loses nothing to those that compute.
		{{{90, 0}, {40, 40}, {40, 40}}, 3, 3, 1, 90},
		{{{70, 0}, {40, 40}, {40, 40}}, 3, 3, 1, 80},
		// One that keeps two CPUs busy beside one that keeps one: both at two thirds of
		// their pace until the second is through, after 60.
		{{{100, 200}, {40, 40}}, 2, 2, 2, 120},
		{{{100, 200}}, 1, 1, 2, 100},
		{{{100, 200}}, 1, 1, 4, 100},
		{{{100, 400}}, 1, 1, 2, 200},
		{{{100, 200}, {100, 200}}, 2, 2, 4, 100},
		// What is not known is left out; what takes no time takes none.
		{{{-1, 0}, {30, 30}, {-1, 0}}, 3, 1, 1, 30},
		{{{-1, 0}}, 1, 1, 1, 0},
		{{{0, 0}, {0, 0}, {30, 30}, {0, 0}}, 4, 1, 1, 30},
		// A file that used a CPU for no time at all.
		{{{0, 20}}, 1, 1, 1, 20},
		// No slots and no CPUs are one of each.
		{{{30, 30}, {40, 40}}, 2, 0, 0, 70},
		{{{30, 30}, {40, 40}}, 2, -1, -1, 70},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct simulation s =
			simulated(rows[i].specs, rows[i].n, rows[i].slots, rows[i].cpus);
		double wall = (double)s.wall_ns / (double)MS;
		check_row(wall > rows[i].wall - 0.001 && wall < rows[i].wall + 0.001, "row %zu: %f",
			  i, wall);
	}
}

// Jobs of 60 ms that compute half of it, at times that nobody knows. By birth and death (the
// machine repairman), n of them keep c CPUs busy for B: one job gets B / n of it, and needs 30 ms.
static void shares_cpus_among_those_that_want_one(void **state)
{
	static const struct {
		size_t n;
		int cpus;
		double busy;
	} rows[] = {
		{1, 1, 1 / 2.0},   {2, 1, 4 / 5.0},   {3, 1, 15 / 16.0},
		{4, 1, 64 / 65.0}, {3, 2, 24 / 17.0}, {4, 2, 34 / 20.0},
	};
	struct spec specs[4] = {{60, 30}, {60, 30}, {60, 30}, {60, 30}};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct simulation s = simulated(specs, rows[i].n, 4, rows[i].cpus);
		double wall = (double)s.wall_ns / (double)MS;
		double exact = 30 * (double)rows[i].n / rows[i].busy;
		check_row(wall > exact * 0.96 && wall < exact * 1.04, "row %zu: %f, exactly %f", i,
			  wall, exact);
	}
}

static void adds_up_the_memory_of_those_that_run(void **state)
{
	static const struct spec specs[] = {{50, 0}, {20, 0}, {20, 0}, {20, 0}};

	(void)state;
	assert_int_equal(simulated(specs, 4, 1, 1).memory_bytes, 8);
	assert_int_equal(simulated(specs, 4, 2, 1).memory_bytes, 9);
	assert_int_equal(simulated(specs, 4, 3, 1).memory_bytes, 9);
	assert_int_equal(simulated(specs, 4, 4, 1).memory_bytes, 15);
	assert_int_equal(simulated(specs, 0, 4, 1).memory_bytes, 0);
}

// Many at once, of all shares: it comes to an end, and between its bounds.
static void ends_whatever_runs(void **state)
{
	struct spec specs[500];
	int cpu = 0, wall = 0;

	(void)state;
	for (int i = 0; i < 500; i++) {
		specs[i] = (struct spec){1 + i * 37 % 100, i * 53 % 173};
		cpu += specs[i].cpu;
		wall += specs[i].wall;
	}
	for (int slots = 1; slots <= 600; slots *= 3) {
		double ms = (double)simulated(specs, 500, slots, 3).wall_ns / (double)MS;
		check_row(ms >= cpu / 3.0 - 0.001 && ms >= wall / (double)slots - 0.001,
			  "%d slots: %f", slots, ms);
		check_row(ms <= wall + cpu, "%d slots: %f", slots, ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(foretells_the_wall_time),
		cmocka_unit_test(shares_cpus_among_those_that_want_one),
		cmocka_unit_test(adds_up_the_memory_of_those_that_run),
		cmocka_unit_test(ends_whatever_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
