// SPDX-License-Identifier: MIT
#include "plan/advice.h"

#include "../unit.h"
#include "base/clock.h"
#include "model/job_settings.h"

#define S    NS_PER_SEC
#define MOST 40

// Jobs called f00, f01, ..., each of so many seconds, of which it computes so many.
struct suite {
	struct job items[MOST];
	char names[MOST][8];
	struct jobs jobs;
};

static const struct job_settings usual;

static void add(struct suite *s, int wall, int cpu)
{
	size_t i = s->jobs.n++;

	snprintf(s->names[i], sizeof s->names[i], "f%02zu", i);
	s->items[i] = (struct job){
		.path = s->names[i],
		.settings = &usual,
		.last = FILE_PASSED,
		.expected_ns = wall < 0 ? -1 : wall * S,
		.p99_ns = wall < 0 ? -1 : wall * S,
		.peak_bytes = 1 << 20,
		.load = {.wall_ns = wall < 0 ? -1 : wall * S, .cpu_ns = cpu * S, .certain = true},
	};
	s->jobs.items = s->items;
}

static struct advice advice_of(const struct suite *s, int cpus, int asked)
{
	const struct advice_request r = {.order = ORDER_SLOWEST, .cpus = cpus, .asked = asked};
	struct advice a;

	memset(&a, 0xff, sizeof a);
	advice_make(&a, &s->jobs, &r);
	return a;
}

static void assert_workers(const struct advice *a, const char *wanted)
{
	struct buf b = {0};

	buf_reserve(&b, 0);
	for (size_t i = 0; i < a->rows.n; i++)
		buf_addf(&b, "%s%d", i ? " " : "", a->rows.items[i].workers);
	assert_string_equal(b.data, wanted);
	buf_release(&b);
}

static void has_a_row_for_each_number_of_workers(void **state)
{
	static const struct {
		int cpus, asked;
		const char *workers;
	} rows[] = {
		{1, 0, "1 2"},
		{3, 0, "1 2 3 4 5 6"},
		{2, 3, "1 2 3 4"},
		{2, 9, "1 2 3 4 9"},
		{18, 7, "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 18 22 26 30 34 36"},
		{18, 17, "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 22 26 30 34 36"},
	};
	struct suite s = {0};

	(void)state;
	add(&s, 5, 5);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct advice a = advice_of(&s, rows[i].cpus, rows[i].asked);
		assert_workers(&a, rows[i].workers);
		advice_release(&a);
	}
}

static void finds_where_more_workers_stop_helping(void **state)
{
	struct suite s = {0};

	(void)state;
	for (int i = 0; i < 8; i++)
		add(&s, 1, 1);
	struct advice a = advice_of(&s, 2, 0);
	assert_workers(&a, "1 2 3 4");
	assert_int_equal(a.enough, 1);
	assert_int_equal(a.rows.items[0].wall_ns, 8 * S);
	assert_int_equal(a.rows.items[1].wall_ns, 4 * S);
	assert_true(advice_speedup(&a, &a.rows.items[1]) == 2.0);
	assert_int_equal(a.rows.items[3].bound, BOUND_CPUS);
	assert_int_equal(a.rows.items[0].bound, BOUND_WORKERS);
	assert_int_equal(a.rows.items[3].lower_bound_ns, 4 * S);
	assert_int_equal(a.rows.items[3].memory_bytes, 4 << 20);
	assert_int_equal(a.rows.items[3].worst_bytes, 4 << 20);
	advice_release(&a);
}

// Files that sleep can be more at once than any number of CPUs.
static void goes_on_beyond_the_cpus_while_it_gains(void **state)
{
	struct suite s = {0};

	(void)state;
	for (int i = 0; i < 24; i++)
		add(&s, 1, 0);
	struct advice a = advice_of(&s, 1, 0);
	assert_workers(&a, "1 2 4 8 16 32");
	assert_int_equal(a.rows.items[5].wall_ns, S);
	assert_int_equal(a.enough, 5);
	assert_int_equal(a.rows.items[5].bound, BOUND_FILE);
	advice_release(&a);
}

static void tells_what_splitting_the_longest_would_gain(void **state)
{
	struct suite s = {0};

	(void)state;
	add(&s, 2, 2);
	add(&s, 12, 12);
	add(&s, 2, 2);
	struct advice a = advice_of(&s, 2, 0);
	assert_string_equal(a.longest.path, "f01");
	assert_int_equal(a.longest.wall_ns, 12 * S);
	assert_int_equal(a.rows.items[a.enough].wall_ns, 12 * S);
	assert_int_equal(a.rows.items[a.enough].bound, BOUND_FILE);
	assert_int_equal(a.longest.split_workers, 2);
	assert_int_equal(a.longest.split_wall_ns, 8 * S);
	advice_release(&a);
}

// The order of a run on so many slots: a failed file first, but not where that costs time.
static void simulates_the_real_order(void **state)
{
	struct suite s = {0};

	(void)state;
	add(&s, 10, 0);
	for (int i = 0; i < 5; i++) {
		add(&s, 2, 0);
		s.items[s.jobs.n - 1].last = FILE_FAILED;
	}
	struct advice a = advice_of(&s, 2, 0);
	assert_int_equal(a.rows.items[0].wall_ns, 20 * S);
	assert_int_equal(a.rows.items[1].wall_ns, 10 * S);
	const struct advice_request by_path = {.order = ORDER_PATH, .cpus = 1};
	advice_release(&a);
	s.items[0].load.wall_ns = 1 * S;
	s.items[5].load.wall_ns = 10 * S;
	advice_make(&a, &s.jobs, &by_path);
	assert_int_equal(a.rows.items[1].wall_ns, 14 * S);
	advice_release(&a);
	assert_string_equal(s.items[0].path, "f00");
}

static void leaves_the_unknown_out_and_counts_the_doubtful(void **state)
{
	struct suite s = {0};

	(void)state;
	struct advice a = advice_of(&s, 2, 5);
	assert_int_equal(a.rows.n + a.files + a.unknown, 0);
	advice_release(&a);
	add(&s, -1, 0);
	a = advice_of(&s, 2, 5);
	assert_int_equal(a.rows.n + a.files, 0);
	assert_int_equal(a.unknown, 1);
	advice_release(&a);
	add(&s, 3, 1);
	add(&s, 2, 1);
	s.items[2].load.certain = false;
	a = advice_of(&s, 2, 0);
	assert_int_equal(a.files, 2);
	assert_int_equal(a.unknown, 1);
	assert_int_equal(a.uncertain, 1);
	assert_int_equal(a.rows.items[0].wall_ns, 5 * S);
	advice_release(&a);
}

static void proposes_deadlines(void **state)
{
	struct suite s = {0};

	(void)state;
	for (int i = 0; i < 20; i++)
		add(&s, 1, 1);
	struct advice a = advice_of(&s, 1, 0);
	assert_int_equal(a.timeout.all_ns, 10 * S);
	assert_int_equal(a.timeout.most_ns, 10 * S);
	assert_int_equal(a.timeout.others.n, 0);
	advice_release(&a);
	// Two of twenty may have one of their own, a third takes all with it.
	s.items[7].p99_ns = 30 * S + S / 10;
	s.items[3].p99_ns = 20 * S;
	a = advice_of(&s, 1, 0);
	assert_int_equal(a.timeout.all_ns, 151 * S);
	assert_int_equal(a.timeout.most_ns, 10 * S);
	assert_int_equal(a.timeout.others.n, 2);
	assert_string_equal(a.timeout.others.items[0].path, "f07");
	assert_int_equal(a.timeout.others.items[0].deadline_ns, 151 * S);
	assert_string_equal(a.timeout.others.items[1].path, "f03");
	assert_int_equal(a.timeout.others.items[1].deadline_ns, 100 * S);
	advice_release(&a);
	s.items[5].p99_ns = 25 * S;
	a = advice_of(&s, 1, 0);
	assert_int_equal(a.timeout.most_ns, 151 * S);
	assert_int_equal(a.timeout.others.n, 0);
	advice_release(&a);
	// None is known.
	for (size_t i = 0; i < s.jobs.n; i++)
		s.items[i].p99_ns = -1;
	a = advice_of(&s, 1, 0);
	assert_int_equal(a.timeout.all_ns, 0);
	advice_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_a_row_for_each_number_of_workers),
		cmocka_unit_test(finds_where_more_workers_stop_helping),
		cmocka_unit_test(goes_on_beyond_the_cpus_while_it_gains),
		cmocka_unit_test(tells_what_splitting_the_longest_would_gain),
		cmocka_unit_test(simulates_the_real_order),
		cmocka_unit_test(leaves_the_unknown_out_and_counts_the_doubtful),
		cmocka_unit_test(proposes_deadlines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
