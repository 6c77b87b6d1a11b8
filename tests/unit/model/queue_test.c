// SPDX-License-Identifier: MIT
#include "model/queue.h"

#include "../unit.h"
#include "model/job_settings.h"
#include "model/lock.h"
#include "model/result.h"

static struct job_settings usual;
static struct job files[3] = {{.path = (char *)"a", .settings = &usual},
			      {.path = (char *)"b", .settings = &usual},
			      {.path = (char *)"c", .settings = &usual}};

static struct jobs plan(size_t n)
{
	return (struct jobs){.items = files, .n = n};
}

// The turn that may begin now, as "a1" (file and attempt) with a "!" if it must be alone; "-":
// none.
static const char *peeked(const struct queue *q)
{
	static char text[32];
	struct turn turn;

	if (!queue_peek(q, 9, &turn))
		return "-";
	snprintf(text, sizeof text, "%s%d%s", turn.job->path, turn.attempt,
		 turn.exclusive ? "!" : "");
	return text;
}

// Begins the turn that may begin now, which must be that one.
static void begin(struct queue *q, const char *expected)
{
	struct turn turn;

	assert_string_equal(peeked(q), expected);
	assert_true(queue_peek(q, 9, &turn));
	queue_begin(q, &turn);
}

struct ended {
	bool again, flaky;
};

static struct ended end(struct queue *q, int file, int attempt, enum file_status status,
			bool concurrent)
{
	struct result r = {.job = &files[file],
			   .attempt = attempt,
			   .status = status,
			   .concurrent = concurrent};

	queue_end(q, &r);
	return (struct ended){r.again, r.flaky};
}

static void a_retry_waits_for_its_time(void **state)
{
	struct job_settings late = {.retries = 1, .retry_delay_ns = 100},
			    soon = {.retries = 1, .retry_delay_ns = 10};
	struct jobs jobs = plan(2);
	const struct queue_terms terms = {.rounds = 1, .most = 1};
	struct queue q;

	(void)state;
	files[0].settings = &late;
	files[1].settings = &soon;
	queue_init(&q, &jobs, &terms);
	queue_set_time(&q, 1000);
	begin(&q, "a1");
	assert_true(end(&q, 0, 1, FILE_FAILED, false).again);
	begin(&q, "b1");
	assert_true(end(&q, 1, 1, FILE_FAILED, false).again);
	assert_string_equal(peeked(&q), "-");
	assert_int_equal(queue_due(&q), 1010);
	assert_false(queue_is_empty(&q));
	queue_set_time(&q, 1010);
	begin(&q, "b2");
	end(&q, 1, 2, FILE_PASSED, false);
	assert_string_equal(peeked(&q), "-");
	assert_int_equal(queue_due(&q), 1100);
	queue_set_time(&q, 1100);
	assert_int_equal(queue_due(&q), -1);
	begin(&q, "a2");
	end(&q, 0, 2, FILE_FAILED, false);
	assert_true(queue_is_empty(&q));
	queue_release(&q);
	files[0].settings = files[1].settings = &usual;
}

// An order is held, also where a later file could go first.
static void an_order_waits_for_the_time_of_the_first(void **state)
{
	struct job_settings late = {.retries = 1, .retry_delay_ns = 100},
			    soon = {.retries = 1, .retry_delay_ns = 10};
	struct jobs jobs = plan(2);
	const struct queue_terms terms = {.rounds = 1, .most = 1, .in_order = true};
	struct queue q;

	(void)state;
	files[0].settings = &late;
	files[1].settings = &soon;
	queue_init(&q, &jobs, &terms);
	begin(&q, "a1");
	end(&q, 0, 1, FILE_FAILED, false);
	begin(&q, "b1");
	end(&q, 1, 1, FILE_FAILED, false);
	queue_set_time(&q, 50);
	assert_string_equal(peeked(&q), "-");
	assert_int_equal(queue_due(&q), 100);
	queue_set_time(&q, 100);
	begin(&q, "a2");
	end(&q, 0, 2, FILE_PASSED, false);
	begin(&q, "b2");
	queue_stop(&q);
	end(&q, 1, 2, FILE_PASSED, false);
	queue_release(&q);
	files[0].settings = files[1].settings = &usual;
}

static void the_plan_is_run_once_in_its_order(void **state)
{
	const struct jobs jobs = plan(3);
	struct queue q;

	(void)state;
	usual.retries = 0;
	queue_init(&q, &jobs, &(struct queue_terms){.rounds = 1});
	begin(&q, "a1");
	begin(&q, "b1");
	end(&q, 0, 1, FILE_FAILED, true);
	begin(&q, "c1");
	assert_string_equal(peeked(&q), "-");
	assert_true(queue_is_empty(&q));
	assert_false(end(&q, 1, 1, FILE_FAILED, true).again);
	assert_true(queue_is_empty(&q));
	queue_release(&q);
}

static void what_failed_beside_others_is_tried_alone_after_the_others(void **state)
{
	const struct jobs jobs = plan(3);
	struct queue q;

	(void)state;
	usual.retries = 2;
	queue_init(&q, &jobs, &(struct queue_terms){.rounds = 1});
	begin(&q, "a1");
	begin(&q, "b1");
	assert_true(end(&q, 0, 1, FILE_FAILED, true).again);
	begin(&q, "c1");
	// b and c still run: the one that must be alone waits for both.
	assert_string_equal(peeked(&q), "-");
	assert_false(queue_is_empty(&q));
	end(&q, 1, 1, FILE_PASSED, true);
	assert_string_equal(peeked(&q), "-");
	assert_true(end(&q, 2, 1, FILE_TIMEOUT, true).again);
	begin(&q, "a2!");
	assert_string_equal(peeked(&q), "-");
	struct ended a = end(&q, 0, 2, FILE_PASSED, false);
	assert_true(a.flaky && !a.again);
	begin(&q, "c2!");
	// It failed alone as well: other files are not to blame, and they may run again.
	struct ended c = end(&q, 2, 2, FILE_FAILED, false);
	assert_true(c.again && !c.flaky);
	begin(&q, "c3");
	assert_false(end(&q, 2, 3, FILE_FAILED, false).again);
	assert_true(queue_is_empty(&q));
	queue_release(&q);
}

static void what_failed_alone_may_have_company(void **state)
{
	const struct jobs jobs = plan(2);
	struct queue q;

	(void)state;
	usual.retries = 1;
	queue_init(&q, &jobs, &(struct queue_terms){.rounds = 1});
	begin(&q, "a1");
	end(&q, 0, 1, FILE_FAILED, false);
	begin(&q, "b1");
	begin(&q, "a2");
	assert_true(end(&q, 1, 1, FILE_FAILED, true).again);
	assert_string_equal(peeked(&q), "-");
	end(&q, 0, 2, FILE_FAILED, true);
	begin(&q, "b2!");
	queue_release(&q);
}

static void a_file_never_runs_beside_itself(void **state)
{
	const struct jobs jobs = plan(2);
	struct queue q;

	(void)state;
	usual.retries = 0;
	queue_init(&q, &jobs, &(struct queue_terms){.rounds = 2});
	begin(&q, "a1");
	begin(&q, "b1");
	assert_string_equal(peeked(&q), "-");
	end(&q, 1, 1, FILE_PASSED, true);
	assert_string_equal(peeked(&q), "-");
	end(&q, 0, 1, FILE_FAILED, true);
	begin(&q, "a2");
	begin(&q, "b2");
	assert_true(queue_is_empty(&q));
	queue_release(&q);
}

static void it_goes_on_without_end_until_it_is_stopped(void **state)
{
	const struct jobs jobs = plan(1);
	struct queue q;

	(void)state;
	usual.retries = 0;
	queue_init(&q, &jobs, &(struct queue_terms){.rounds = 0});
	for (int i = 1; i <= 1000; i++) {
		struct turn turn;
		assert_true(queue_peek(&q, 9, &turn));
		assert_int_equal(turn.attempt, i);
		queue_begin(&q, &turn);
		end(&q, 0, i, FILE_PASSED, false);
	}
	queue_stop(&q);
	assert_string_equal(peeked(&q), "-");
	assert_true(queue_is_empty(&q));
	queue_release(&q);
}

// A file that needs no worker (it is empty, say) is dealt with once, or nothing would ever end.
static void what_needs_no_worker_is_not_repeated(void **state)
{
	const struct jobs jobs = plan(2);
	struct queue q;

	(void)state;
	usual.retries = 0;
	queue_init(&q, &jobs, &(struct queue_terms){.rounds = 0});
	for (int i = 0; i < 2; i++) {
		struct turn turn;
		struct result r = {.job = &files[i], .status = FILE_SKIPPED, .slot = -1};
		assert_true(queue_peek(&q, 9, &turn));
		assert_ptr_equal(turn.job, &files[i]);
		queue_begin(&q, &turn);
		queue_end(&q, &r);
	}
	assert_true(queue_is_empty(&q));
	queue_release(&q);
}

static void a_stop_drops_what_was_to_be_tried_again(void **state)
{
	const struct jobs jobs = plan(2);
	struct queue q;

	(void)state;
	usual.retries = 3;
	queue_init(&q, &jobs, &(struct queue_terms){.rounds = 1});
	begin(&q, "a1");
	end(&q, 0, 1, FILE_FAILED, true);
	begin(&q, "b1");
	queue_stop(&q);
	assert_false(end(&q, 1, 1, FILE_FAILED, true).again);
	assert_true(queue_is_empty(&q));
	queue_release(&q);
}

static void what_is_handed_over_is_waited_for_in_every_round(void **state)
{
	struct handover over[] = {{.producer = 0, .consumer = 1}};
	struct jobs jobs = plan(3);
	struct queue q;

	(void)state;
	jobs.handovers.items = over;
	jobs.handovers.n = 1;
	usual.retries = 0;
	queue_init(&q, &jobs, &(struct queue_terms){.rounds = 2});
	begin(&q, "a1");
	begin(&q, "c1");
	assert_string_equal(peeked(&q), "-");
	end(&q, 2, 1, FILE_PASSED, true);
	assert_string_equal(peeked(&q), "-");
	// Whether it has passed does not matter.
	end(&q, 0, 1, FILE_FAILED, true);
	begin(&q, "b1");
	begin(&q, "a2");
	end(&q, 1, 1, FILE_PASSED, true);
	begin(&q, "c2");
	assert_string_equal(peeked(&q), "-");
	end(&q, 0, 2, FILE_PASSED, true);
	begin(&q, "b2");
	assert_true(queue_is_empty(&q));
	queue_release(&q);
}

static void who_is_tried_again_holds_nobody_up(void **state)
{
	struct handover over[] = {{.producer = 0, .consumer = 1}};
	struct jobs jobs = plan(2);
	struct queue q;

	(void)state;
	jobs.handovers.items = over;
	jobs.handovers.n = 1;
	usual.retries = 1;
	queue_init(&q, &jobs, &(struct queue_terms){.rounds = 1});
	begin(&q, "a1");
	assert_true(end(&q, 0, 1, FILE_FAILED, false).again);
	begin(&q, "b1");
	begin(&q, "a2");
	end(&q, 0, 2, FILE_PASSED, true);
	end(&q, 1, 1, FILE_PASSED, true);
	assert_true(queue_is_empty(&q));
	queue_release(&q);
}

static void what_is_asked_for_is_run_in_that_order(void **state)
{
	const struct jobs jobs = plan(3);
	struct queue q;

	(void)state;
	usual.retries = 1;
	queue_init_asked(&q, &jobs, &(struct queue_terms){0});
	assert_true(queue_is_empty(&q));
	assert_string_equal(peeked(&q), "-");
	queue_ask(&q, &files[2]);
	queue_ask(&q, &files[0]);
	assert_false(queue_is_empty(&q));
	begin(&q, "c1");
	begin(&q, "a1");
	assert_true(queue_is_empty(&q));
	// It has failed beside other files: it is tried again when it can be alone.
	assert_true(end(&q, 2, 1, FILE_FAILED, true).again);
	assert_string_equal(peeked(&q), "-");
	queue_ask(&q, &files[1]);
	begin(&q, "b1");
	end(&q, 1, 1, FILE_PASSED, true);
	end(&q, 0, 1, FILE_PASSED, true);
	begin(&q, "c2!");
	assert_true(end(&q, 2, 2, FILE_PASSED, false).flaky);
	assert_true(queue_is_empty(&q));
	queue_release(&q);
}

static void each_file_is_tried_again_as_often_as_it_is_set_for_it(void **state)
{
	static const struct job_settings own = {.retries = 2};
	const struct jobs jobs = plan(2);
	struct queue q;

	(void)state;
	usual.retries = 0;
	files[1].settings = &own;
	queue_init(&q, &jobs, &(struct queue_terms){.rounds = 1});
	begin(&q, "a1");
	begin(&q, "b1");
	assert_false(end(&q, 0, 1, FILE_FAILED, true).again);
	assert_true(end(&q, 1, 1, FILE_FAILED, true).again);
	begin(&q, "b2!");
	assert_true(end(&q, 1, 2, FILE_FAILED, false).again);
	begin(&q, "b3");
	assert_false(end(&q, 1, 3, FILE_FAILED, false).again);
	assert_true(queue_is_empty(&q));
	queue_release(&q);
	files[1].settings = &usual;
}

// ---- locks, slots, solitude ----

static struct job_settings own[3];

// Three files with settings of their own: the locks of each, by one letter each.
static struct jobs locked(const char *a, const char *b, const char *c)
{
	static char *names[] = {(char *)"x", (char *)"y"};
	static char *lists[3][2];
	const char *letters[] = {a, b, c};

	for (int i = 0; i < 3; i++) {
		own[i] = (struct job_settings){.locks = {.items = lists[i]}};
		for (const char *l = letters[i]; *l; l++)
			lists[i][own[i].locks.n++] = names[*l - 'x'];
		files[i].settings = &own[i];
	}
	return plan(3);
}

static void unlock(struct queue *q)
{
	queue_release(q);
	for (int i = 0; i < 3; i++)
		files[i].settings = &usual;
}

static void files_that_share_a_lock_do_not_run_at_once(void **state)
{
	const struct jobs jobs = locked("x", "xy", "");
	struct queue q;

	(void)state;
	queue_init(&q, &jobs, &(struct queue_terms){.rounds = 1});
	begin(&q, "a1");
	begin(&q, "c1"); // b is passed over
	assert_string_equal(peeked(&q), "-");
	assert_false(queue_is_empty(&q));
	end(&q, 2, 1, FILE_PASSED, true);
	assert_string_equal(peeked(&q), "-");
	end(&q, 0, 1, FILE_PASSED, true);
	begin(&q, "b1");
	unlock(&q);
}

static void what_is_tried_again_needs_its_lock_again(void **state)
{
	const struct jobs jobs = locked("x", "x", "");
	struct queue q;

	(void)state;
	own[0].retries = 1;
	queue_init(&q, &jobs, &(struct queue_terms){.rounds = 1});
	begin(&q, "a1");
	end(&q, 0, 1, FILE_FAILED, false);
	begin(&q, "b1");
	begin(&q, "c1");
	assert_string_equal(peeked(&q), "-");
	end(&q, 1, 1, FILE_PASSED, true);
	begin(&q, "a2");
	unlock(&q);
}

static void a_lock_is_held_by_as_many_as_its_capacity(void **state)
{
	static struct lock two = {(char *)"x", 2};
	static const struct locks locks = {&two, 1, 1};
	const struct jobs jobs = locked("x", "xy", "x");
	struct queue q;

	(void)state;
	queue_init(&q, &jobs, &(struct queue_terms){.rounds = 1, .locks = &locks});
	begin(&q, "a1");
	begin(&q, "b1");
	assert_string_equal(peeked(&q), "-");
	end(&q, 1, 1, FILE_PASSED, true);
	begin(&q, "c1");
	unlock(&q);
}

static void what_other_runs_hold_is_passed_over(void **state)
{
	const struct jobs jobs = locked("xy", "y", "");
	struct queue q;

	(void)state;
	own[1].exclusive = true;
	queue_init(&q, &jobs, &(struct queue_terms){.rounds = 1});
	queue_lend_lock(&q, &files[0], 1);
	begin(&q, "c1");
	end(&q, 2, 1, FILE_PASSED, false);
	// The exclusive one needs y as well.
	assert_string_equal(peeked(&q), "-");
	queue_retry(&q);
	assert_string_equal(peeked(&q), "a1");
	queue_shut(&q);
	assert_string_equal(peeked(&q), "-");
	queue_retry(&q);
	begin(&q, "a1");
	end(&q, 0, 1, FILE_PASSED, false);
	queue_accompany(&q);
	assert_string_equal(peeked(&q), "-");
	queue_retry(&q);
	begin(&q, "b1!");
	unlock(&q);
}

static void what_needs_solitude_comes_when_nothing_else_is_left(void **state)
{
	const struct jobs jobs = locked("", "", "");
	struct queue q;

	(void)state;
	own[0].exclusive = true;
	queue_init(&q, &jobs, &(struct queue_terms){.rounds = 2});
	begin(&q, "b1");
	begin(&q, "c1");
	assert_string_equal(peeked(&q), "-");
	end(&q, 2, 1, FILE_PASSED, true);
	assert_string_equal(peeked(&q), "-");
	end(&q, 1, 1, FILE_PASSED, true);
	begin(&q, "a1!");
	assert_string_equal(peeked(&q), "-");
	end(&q, 0, 1, FILE_PASSED, false);
	begin(&q, "b2");
	unlock(&q);
}

static void what_takes_more_slots_than_there_are_is_passed_over(void **state)
{
	const struct jobs jobs = locked("", "", "");
	const struct queue_terms four = {.rounds = 1, .most = 4}, unknown = {.rounds = 1};
	struct turn turn;
	struct queue q;

	(void)state;
	own[0].slots = 3;
	own[1].slots = 9;
	queue_init(&q, &jobs, &four);
	assert_true(queue_peek(&q, 3, &turn));
	assert_ptr_equal(turn.job, &files[0]);
	assert_int_equal(turn.slots, 3);
	assert_true(queue_peek(&q, 2, &turn));
	assert_ptr_equal(turn.job, &files[2]);
	queue_release(&q);
	// More than there are is all that there are; one, where nobody knows how many.
	own[0].slots = 9;
	queue_init(&q, &jobs, &four);
	assert_true(queue_peek(&q, 9, &turn));
	assert_int_equal(turn.slots, 4);
	queue_release(&q);
	queue_init(&q, &jobs, &unknown);
	assert_true(queue_peek(&q, 9, &turn));
	assert_int_equal(turn.slots, 1);
	unlock(&q);
}

static void in_order_nothing_is_passed_over(void **state)
{
	const struct jobs jobs = locked("x", "x", "");
	struct queue q;

	(void)state;
	own[0].retries = own[2].retries = 1;
	queue_init(&q, &jobs, &(struct queue_terms){.rounds = 1, .in_order = true});
	begin(&q, "a1");
	assert_string_equal(peeked(&q), "-");
	end(&q, 0, 1, FILE_FAILED, false);
	begin(&q, "b1");
	begin(&q, "c1");
	end(&q, 2, 1, FILE_FAILED, true);
	// Whether b will be tried again, in front of c, is still to be seen.
	assert_string_equal(peeked(&q), "-");
	end(&q, 1, 1, FILE_PASSED, true);
	begin(&q, "a2");
	end(&q, 0, 2, FILE_PASSED, false);
	begin(&q, "c2!");
	unlock(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_asked_for_is_run_in_that_order),
		cmocka_unit_test(a_retry_waits_for_its_time),
		cmocka_unit_test(an_order_waits_for_the_time_of_the_first),
		cmocka_unit_test(the_plan_is_run_once_in_its_order),
		cmocka_unit_test(what_failed_beside_others_is_tried_alone_after_the_others),
		cmocka_unit_test(what_failed_alone_may_have_company),
		cmocka_unit_test(a_file_never_runs_beside_itself),
		cmocka_unit_test(it_goes_on_without_end_until_it_is_stopped),
		cmocka_unit_test(what_needs_no_worker_is_not_repeated),
		cmocka_unit_test(a_stop_drops_what_was_to_be_tried_again),
		cmocka_unit_test(what_is_handed_over_is_waited_for_in_every_round),
		cmocka_unit_test(who_is_tried_again_holds_nobody_up),
		cmocka_unit_test(each_file_is_tried_again_as_often_as_it_is_set_for_it),
		cmocka_unit_test(files_that_share_a_lock_do_not_run_at_once),
		cmocka_unit_test(what_is_tried_again_needs_its_lock_again),
		cmocka_unit_test(a_lock_is_held_by_as_many_as_its_capacity),
		cmocka_unit_test(what_other_runs_hold_is_passed_over),
		cmocka_unit_test(what_needs_solitude_comes_when_nothing_else_is_left),
		cmocka_unit_test(what_takes_more_slots_than_there_are_is_passed_over),
		cmocka_unit_test(in_order_nothing_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
