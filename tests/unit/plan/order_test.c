// SPDX-License-Identifier: MIT
#include "plan/order.h"

#include "../unit.h"
#include "base/clock.h"
#include "model/job_settings.h"
#include "plan/forecast.h"

#define SEC NS_PER_SEC

static const struct job_settings usual;
static char names[1000][24];

// Jobs of paths f000, f001, ...: the seconds they are expected to take, -1: unknown.
static struct jobs jobs_of(struct job *items, const int *seconds, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		snprintf(names[i], sizeof names[i], "f%03zu", i);
		items[i] = (struct job){.path = names[i],
					.settings = &usual,
					.expected_ns = seconds[i] < 0 ? -1 : seconds[i] * SEC,
					.last = seconds[i] < 0 ? FILE_NOTRUN : FILE_PASSED};
	}
	return (struct jobs){.items = items, .n = n, .cap = n};
}

static void assert_order(const struct jobs *jobs, const char *wanted)
{
	struct buf b = {0};

	buf_reserve(&b, 0);
	for (size_t i = 0; i < jobs->n; i++)
		buf_addf(&b, "%s%s", i ? " " : "", jobs->items[i].path);
	assert_string_equal(b.data, wanted);
	buf_release(&b);
}

static struct job job(const char *path, enum file_status last, int64_t expected_ns, int64_t size)
{
	return (struct job){.path = (char *)path,
			    .settings = &usual,
			    .last = last,
			    .expected_ns = expected_ns,
			    .size = size};
}

static void bad_then_unknown_then_slowest(void **state)
{
	struct job items[] = {
		job("slow", FILE_PASSED, 9 * SEC, 1),     job("new", FILE_NOTRUN, -1, 1),
		job("failed", FILE_FAILED, 1, 1),         job("quick", FILE_PASSED, 1, 999),
		job("limit", FILE_LIMIT, 2, 1),           job("error", FILE_ERROR, 4, 1),
		job("timeout", FILE_TIMEOUT, 3 * SEC, 1), job("skipped", FILE_SKIPPED, 2, 1),
	};
	struct jobs jobs = {.items = items, .n = COUNT(items), .cap = COUNT(items)};

	(void)state;
	order_jobs(&jobs, ORDER_SLOWEST, 0, 0, NULL);
	assert_order(&jobs, "timeout error limit failed new slow skipped quick");
}

static void larger_files_first_among_the_unknown(void **state)
{
	struct job items[] = {
		job("small", FILE_NOTRUN, -1, 10),
		job("empty", FILE_NOTRUN, -1, 0),
		job("huge", FILE_NOTRUN, -1, INT64_C(1) << 40),
		job("large", FILE_SKIPPED, -1, 4000000000),
		job("broken", FILE_ERROR, -1, 1),
	};
	struct jobs jobs = {.items = items, .n = COUNT(items), .cap = COUNT(items)};

	(void)state;
	order_jobs(&jobs, ORDER_SLOWEST, 0, 0, NULL);
	assert_order(&jobs, "broken huge large small empty");
}

static void the_path_decides_between_equals(void **state)
{
	struct job items[] = {
		job("d", FILE_NOTRUN, -1, 5),   job("c", FILE_NOTRUN, -1, 5),
		job("b", FILE_PASSED, 7, 1),    job("a", FILE_PASSED, 7, 2),
		job("\xff", FILE_FAILED, 7, 1), job("B", FILE_FAILED, 7, 2),
	};
	struct jobs jobs = {.items = items, .n = COUNT(items), .cap = COUNT(items)};

	(void)state;
	order_jobs(&jobs, ORDER_SLOWEST, 0, 0, NULL);
	assert_order(&jobs, "B \xff c d a b");
}

static void bad_ones_with_a_time_stand_before_those_without(void **state)
{
	struct job items[] = {job("a", FILE_ERROR, -1, 99), job("b", FILE_FAILED, 0, 1),
			      job("c", FILE_FAILED, 5, 1)};
	struct jobs jobs = {.items = items, .n = COUNT(items), .cap = COUNT(items)};

	(void)state;
	order_jobs(&jobs, ORDER_SLOWEST, 0, 0, NULL);
	assert_order(&jobs, "c b a");
}

static void order_path_looks_at_nothing_else(void **state)
{
	struct job items[] = {job("b/a", FILE_FAILED, 9, 9), job("a/z", FILE_PASSED, 1, 1),
			      job("a", FILE_NOTRUN, -1, 3)};
	struct jobs jobs = {.items = items, .n = COUNT(items), .cap = COUNT(items)};

	(void)state;
	order_jobs(&jobs, ORDER_PATH, 42, 0, NULL);
	assert_order(&jobs, "a a/z b/a");
}

static void few_jobs_are_no_trouble(void **state)
{
	struct job one = job("only", FILE_PASSED, 1, 1);
	struct jobs none = {.items = 0}, single = {&one, .n = 1, .cap = 1};

	(void)state;
	for (enum order o = ORDER_SLOWEST; o <= ORDER_RANDOM; o++) {
		order_jobs(&none, o, 1, 0, NULL);
		order_jobs(&single, o, 1, 0, NULL);
		order_promote_longest(&none, 4, NULL);
		order_promote_longest(&single, 4, NULL);
		assert_order(&none, "");
		assert_order(&single, "only");
	}
}

// ---- random ----

static void shuffled(struct jobs *jobs, struct job *items, size_t n, uint64_t seed, bool reversed)
{
	int *seconds = xcalloc(n, sizeof *seconds);

	*jobs = jobs_of(items, seconds, n);
	for (size_t i = 0; reversed && i < n / 2; i++) {
		struct job swap = items[i];
		items[i] = items[n - 1 - i];
		items[n - 1 - i] = swap;
	}
	order_jobs(jobs, ORDER_RANDOM, seed, 0, NULL);
	free(seconds);
}

static bool same_order(const struct jobs *a, const struct jobs *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->items[i].path, b->items[i].path) != 0)
			return false;
	return true;
}

static void random_is_a_permutation(void **state)
{
	static struct job items[1000];
	struct jobs jobs;
	bool seen[1000] = {false};

	(void)state;
	shuffled(&jobs, items, COUNT(items), 7, false);
	for (size_t i = 0; i < jobs.n; i++) {
		int k = atoi(jobs.items[i].path + 1);
		assert_false(seen[k]);
		seen[k] = true;
	}
}

static void random_depends_on_paths_and_seed_alone(void **state)
{
	struct job one[50], two[50];
	struct jobs a, b;

	(void)state;
	shuffled(&a, one, COUNT(one), 12345, false);
	shuffled(&b, two, COUNT(two), 12345, true);
	assert_true(same_order(&a, &b));
	shuffled(&b, two, COUNT(two), 12346, false);
	assert_false(same_order(&a, &b));
	shuffled(&a, one, COUNT(one), UINT64_MAX, false);
	assert_false(same_order(&a, &b));
}

// --order=random:SEED must repeat a run of another day, on another machine.
static void random_is_the_same_everywhere(void **state)
{
	struct job items[6];
	struct jobs jobs;
	struct buf first = {0};

	(void)state;
	shuffled(&jobs, items, COUNT(items), 1, false);
	for (size_t i = 0; i < jobs.n; i++)
		buf_addf(&first, "%s ", jobs.items[i].path);
	assert_string_equal(first.data, "f000 f001 f003 f002 f004 f005 ");
	buf_release(&first);
}

static void every_place_is_possible(void **state)
{
	bool seen[4][4] = {{false}};
	struct job items[4];
	struct jobs jobs;

	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		shuffled(&jobs, items, COUNT(items), seed, false);
		for (size_t i = 0; i < jobs.n; i++)
			seen[atoi(jobs.items[i].path + 1)][i] = true;
	}
	for (int i = 0; i < 16; i++)
		assert_true(seen[i / 4][i % 4]);
}

// ---- the file that bounds the run ----

static int64_t wall_of(const struct jobs *jobs, int slots)
{
	struct forecast f;

	forecast_make(&f, jobs, slots, NULL);
	return f.wall_ns;
}

// n failed files of a second each stand before one that passed and takes ten.
static struct jobs failed_before_long(struct job *items, size_t n)
{
	static const int seconds[32] = {[0] = 1};
	struct jobs jobs = jobs_of(items, seconds, n + 1);

	for (size_t i = 0; i < n; i++) {
		items[i].expected_ns = SEC;
		items[i].last = FILE_FAILED;
	}
	items[n].expected_ns = 10 * SEC;
	order_jobs(&jobs, ORDER_SLOWEST, 0, 0, NULL);
	return jobs;
}

static void a_long_file_does_not_wait_for_failed_ones(void **state)
{
	struct job items[11];
	struct jobs jobs = failed_before_long(items, 10);

	(void)state;
	assert_string_equal(jobs.items[0].path, "f000");
	assert_int_equal(wall_of(&jobs, 2), 15 * SEC);
	order_promote_longest(&jobs, 2, NULL);
	assert_order(&jobs, "f010 f000 f001 f002 f003 f004 f005 f006 f007 f008 f009");
	assert_int_equal(wall_of(&jobs, 2), 10 * SEC);
}

static void nothing_moves_where_nothing_is_gained(void **state)
{
	struct job items[11];

	(void)state;
	for (int slots = 0; slots <= 1; slots++) {
		struct jobs jobs = failed_before_long(items, 10);
		order_promote_longest(&jobs, slots, NULL);
		assert_string_equal(jobs.items[0].path, "f000");
	}
	// A slot for each: the order decides nothing.
	struct jobs jobs = failed_before_long(items, 10);
	order_promote_longest(&jobs, 11, NULL);
	assert_string_equal(jobs.items[0].path, "f000");
}

static void a_small_loss_is_accepted(void **state)
{
	struct job items[] = {
		job("failed", FILE_FAILED, SEC / 20, 1),
		job("failed too", FILE_FAILED, SEC / 20, 1),
		job("long", FILE_PASSED, 10 * SEC, 1),
	};
	struct jobs jobs = {.items = items, .n = COUNT(items), .cap = COUNT(items)};

	(void)state;
	order_promote_longest(&jobs, 2, NULL);
	assert_order(&jobs, "failed failed too long");
}

static void no_more_move_than_needed(void **state)
{
	struct job items[] = {
		job("x1", FILE_FAILED, 4 * SEC, 1),   job("x2", FILE_FAILED, 4 * SEC, 1),
		job("x3", FILE_FAILED, 4 * SEC, 1),   job("x4", FILE_FAILED, 4 * SEC, 1),
		job("long", FILE_PASSED, 9 * SEC, 1), job("short", FILE_PASSED, SEC, 1),
	};
	struct jobs jobs = {.items = items, .n = COUNT(items), .cap = COUNT(items)};

	(void)state;
	order_promote_longest(&jobs, 3, NULL);
	assert_order(&jobs, "long x1 x2 x3 x4 short");
}

static void unknown_files_are_not_lost(void **state)
{
	struct job items[] = {
		job("new", FILE_NOTRUN, -1, 9),
		job("old", FILE_PASSED, 5 * SEC, 1),
		job("tiny", FILE_PASSED, 1, 1),
	};
	struct jobs jobs = {.items = items, .n = COUNT(items), .cap = COUNT(items)};

	(void)state;
	for (int slots = 1; slots < 5; slots++)
		order_promote_longest(&jobs, slots, NULL);
	assert_order(&jobs, "new old tiny");
}

// Whatever the jobs are: the result is a permutation and never slower than before.
static void promotion_never_harms(void **state)
{
	struct job items[30];
	unsigned r = 1;

	(void)state;
	for (int round = 0; round < 300; round++) {
		int seconds[30], sum = 0;
		for (size_t i = 0; i < COUNT(seconds); i++) {
			r = r * 1103515245u + 12345u;
			seconds[i] = (int)(r >> 16) % 40 - 1;
		}
		struct jobs jobs = jobs_of(items, seconds, COUNT(items));
		for (size_t i = 0; i < COUNT(items); i += 3)
			items[i].last = FILE_FAILED;
		order_jobs(&jobs, ORDER_SLOWEST, 0, 0, NULL);
		int slots = 2 + round % 6;
		int64_t before = wall_of(&jobs, slots);
		order_promote_longest(&jobs, slots, NULL);
		check_row(wall_of(&jobs, slots) <= before, "round %d", round);
		for (size_t i = 0; i < jobs.n; i++)
			sum += atoi(jobs.items[i].path + 1);
		assert_int_equal(sum, 29 * 30 / 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_then_unknown_then_slowest),
		cmocka_unit_test(larger_files_first_among_the_unknown),
		cmocka_unit_test(the_path_decides_between_equals),
		cmocka_unit_test(bad_ones_with_a_time_stand_before_those_without),
		cmocka_unit_test(order_path_looks_at_nothing_else),
		cmocka_unit_test(few_jobs_are_no_trouble),
		cmocka_unit_test(random_is_a_permutation),
		cmocka_unit_test(random_depends_on_paths_and_seed_alone),
		cmocka_unit_test(random_is_the_same_everywhere),
		cmocka_unit_test(every_place_is_possible),
		cmocka_unit_test(a_long_file_does_not_wait_for_failed_ones),
		cmocka_unit_test(nothing_moves_where_nothing_is_gained),
		cmocka_unit_test(a_small_loss_is_accepted),
		cmocka_unit_test(no_more_move_than_needed),
		cmocka_unit_test(unknown_files_are_not_lost),
		cmocka_unit_test(promotion_never_harms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
