// SPDX-License-Identifier: MIT
// Jobs with locks, slots and a need for solitude, in random numbers: what the queue starts in the
// order of the plan breaks no rule, and takes not much longer than it has to.
#include "plan/lock_load.h"

#include "../unit.h"
#include "model/job_settings.h"
#include "model/lock.h"
#include "model/queue.h"
#include "model/result.h"
#include "plan/forecast.h"
#include "plan/order.h"

#define CASES 10000
#define JOBS  40
#define LOCKS 4

static unsigned seed = 20261130;

static long below(long n)
{
	seed = seed * 1103515245u + 12345u;
	return (long)((seed >> 16) % (unsigned)n);
}

struct scene {
	struct job items[JOBS];
	struct job_settings settings[JOBS];
	char *names[JOBS][LOCKS];
	char paths[JOBS][8];
	struct jobs jobs;
	struct lock capacities[LOCKS];
	struct locks locks;
	int slots;
	int64_t ends_ns[JOBS]; // of what runs, else 0
	int takes[JOBS];
};

static char *lock_names[LOCKS] = {(char *)"a", (char *)"b", (char *)"c", (char *)"d"};

static void make(struct scene *s)
{
	long nlocks = below(LOCKS + 1);
	bool even = below(2);

	*s = (struct scene){.slots = 1 + (int)below(8)};
	s->jobs = (struct jobs){.items = s->items, .n = 1 + (size_t)below(JOBS)};
	s->locks.items = s->capacities;
	for (long i = 0; i < nlocks; i++)
		if (below(2) == 0)
			s->capacities[s->locks.n++] = (struct lock){lock_names[i], 1 + below(3)};
	for (size_t i = 0; i < s->jobs.n; i++) {
		struct job_settings *set = &s->settings[i];
		snprintf(s->paths[i], sizeof s->paths[i], "f%02zu", i);
		s->items[i] = (struct job){.path = s->paths[i],
					   .last = FILE_PASSED,
					   .settings = set,
					   .expected_ns = 1 + below(even ? 20 : 1000)};
		set->locks.items = s->names[i];
		for (long k = 0; k < nlocks; k++)
			if (below(4) == 0)
				set->locks.items[set->locks.n++] = lock_names[k];
		set->slots = below(5) == 0 ? below(10) : 0;
		set->exclusive = below(20) == 0;
	}
}

// Whether what runs may do so together.
static void check_together(const struct scene *s, int number)
{
	long held[LOCKS] = {0};
	int running = 0, alone = 0, slots = 0;

	for (size_t i = 0; i < s->jobs.n; i++) {
		const struct job_settings *set = s->items[i].settings;
		if (s->ends_ns[i] == 0)
			continue;
		running++;
		slots += s->takes[i];
		alone += set->exclusive;
		for (size_t k = 0; k < set->locks.n; k++)
			held[*set->locks.items[k] - 'a']++;
	}
	check_row(slots <= s->slots, "case %d: %d slots of %d", number, slots, s->slots);
	check_row(alone == 0 || running == 1, "case %d: %d beside one alone", number, running);
	for (int l = 0; l < LOCKS; l++) {
		long capacity = 1;
		for (size_t i = 0; i < s->locks.n; i++)
			if (s->locks.items[i].name == lock_names[l])
				capacity = s->locks.items[i].capacity;
		check_row(held[l] <= capacity, "case %d: %s held by %ld", number, lock_names[l],
			  held[l]);
	}
}

static void begin_all(struct scene *s, struct queue *q, int64_t now_ns, int number)
{
	struct turn turn;
	int free_slots = s->slots;

	for (size_t i = 0; i < s->jobs.n; i++)
		free_slots -= s->ends_ns[i] ? s->takes[i] : 0;
	while (queue_peek(q, free_slots, &turn)) {
		size_t i = (size_t)(turn.job - s->items);
		queue_begin(q, &turn);
		free_slots -= turn.slots;
		s->takes[i] = turn.slots;
		s->ends_ns[i] = now_ns + turn.job->expected_ns;
		check_together(s, number);
	}
}

// Returns when the last job has ended.
static int64_t run(struct scene *s, int number)
{
	const struct queue_terms terms = {.rounds = 1, .most = s->slots, .locks = &s->locks};
	struct queue q;
	int64_t now_ns = 0;
	size_t ended = 0;

	queue_init(&q, &s->jobs, &terms);
	for (;;) {
		begin_all(s, &q, now_ns, number);
		int64_t first_ns = INT64_MAX;
		for (size_t i = 0; i < s->jobs.n; i++)
			if (s->ends_ns[i] && s->ends_ns[i] < first_ns)
				first_ns = s->ends_ns[i];
		if (first_ns == INT64_MAX)
			break;
		now_ns = first_ns;
		for (size_t i = 0; i < s->jobs.n; i++) {
			struct result r = {
				.job = &s->items[i], .status = FILE_PASSED, .attempt = 1};
			if (s->ends_ns[i] != now_ns)
				continue;
			s->ends_ns[i] = 0;
			queue_end(&q, &r);
			ended++;
		}
	}
	check_row(ended == s->jobs.n && queue_is_empty(&q), "case %d: %zu of %zu", number, ended,
		  s->jobs.n);
	queue_release(&q);
	return now_ns;
}

static void no_rule_is_broken_and_little_time_lost(void **state)
{
	static struct scene s;
	int near = 0;

	(void)state;
	for (int i = 0; i < CASES; i++) {
		struct forecast f;
		make(&s);
		order_for_run(&s.jobs, ORDER_SLOWEST, 0, s.slots, &s.locks);
		forecast_make(&f, &s.jobs, s.slots, &s.locks);
		int64_t wall_ns = run(&s, i);
		check_row(wall_ns == f.wall_ns, "case %d: forecast", i);
		check_row(wall_ns >= f.lower_bound_ns, "case %d: below the bound", i);
		check_row(wall_ns <= (LOCKS + 2) * f.lower_bound_ns, "case %d: %jd of %jd", i,
			  (intmax_t)wall_ns, (intmax_t)f.lower_bound_ns);
		near += wall_ns <= 2 * f.lower_bound_ns;
	}
	check_row(near >= CASES / 100 * 95, "%d of %d within twice the bound", near, CASES);
}

static void a_random_order_breaks_no_rule_either(void **state)
{
	static struct scene s;

	(void)state;
	for (int i = 0; i < CASES / 10; i++) {
		make(&s);
		order_for_run(&s.jobs, ORDER_RANDOM, (uint64_t)i + 1, s.slots, &s.locks);
		run(&s, i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_rule_is_broken_and_little_time_lost),
		cmocka_unit_test(a_random_order_breaks_no_rule_either),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
