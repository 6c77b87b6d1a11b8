// SPDX-License-Identifier: MIT
#include "sys/loop.h"

#include "../unit.h"
#include "base/clock.h"

// What was called, in its order; and what a callback is to do.
struct script {
	struct loop loop;
	struct buf log;
	struct loop_timer timers[4];
	struct loop_watch watches[4];
	int pipes[4][2];
	void (*action)(struct script *s);
	int64_t seen_at_ns; // of the timer that fired last, as it saw itself
};

static void log_call(struct script *s, char kind, ptrdiff_t i)
{
	buf_addf(&s->log, "%c%td ", kind, i);
	if (s->action)
		s->action(s);
}

static void fired(struct loop_timer *t)
{
	struct script *s = t->owner;

	s->seen_at_ns = t->at_ns;
	log_call(s, 't', t - s->timers);
}

static void readable(struct loop_watch *w, short revents)
{
	struct script *s = w->owner;

	(void)revents;
	log_call(s, 'w', w - s->watches);
}

static void begin(struct script *s)
{
	*s = (struct script){.action = NULL};
	buf_reserve(&s->log, 0);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(pipe(s->pipes[i]), 0);
		s->timers[i] = (struct loop_timer){.at_ns = LOOP_NEVER, .fire = fired, .owner = s};
		s->watches[i] = (struct loop_watch){
			.fd = s->pipes[i][0], .events = POLLIN, .ready = readable, .owner = s};
	}
}

static void end(struct script *s)
{
	for (int i = 0; i < 4; i++) {
		close(s->pipes[i][0]);
		close(s->pipes[i][1]);
	}
	buf_release(&s->log);
	loop_release(&s->loop);
}

static void fill(struct script *s, int i)
{
	assert_int_equal(write(s->pipes[i][1], "x", 1), 1);
}

static void do_nothing(struct loop_timer *t)
{
	(void)t;
}

// One step that does not wait; what was called in it.
static void assert_step(struct script *s, const char *wanted)
{
	struct loop_timer now = {.at_ns = 0, .fire = do_nothing};

	buf_clear(&s->log);
	loop_add_timer(&s->loop, &now);
	loop_step(&s->loop);
	loop_remove_timer(&s->loop, &now);
	assert_string_equal(s->log.data, wanted);
}

// ---- timers ----

static void a_timer_fires_once_when_it_is_due(void **state)
{
	struct script s;

	(void)state;
	begin(&s);
	s.timers[0].at_ns = 1;
	loop_add_timer(&s.loop, &s.timers[0]);
	assert_step(&s, "t0 ");
	assert_true(s.seen_at_ns == LOOP_NEVER);
	assert_step(&s, "");
	s.timers[0].at_ns = 1;
	assert_step(&s, "t0 ");
	end(&s);
}

static void timers_of_the_future_wait(void **state)
{
	struct script s;

	(void)state;
	begin(&s);
	s.timers[0].at_ns = clock_mono_ns() + 3600 * NS_PER_SEC;
	s.timers[1].at_ns = 1;
	for (int i = 0; i < 3; i++)
		loop_add_timer(&s.loop, &s.timers[i]);
	assert_step(&s, "t1 ");
	assert_step(&s, "");
	s.timers[0].at_ns = 5; // a deadline may be moved freely
	assert_step(&s, "t0 ");
	s.timers[1].at_ns = 5;
	s.timers[1].at_ns = LOOP_NEVER;
	assert_step(&s, "");
	end(&s);
}

static void the_step_waits_for_the_nearest_timer(void **state)
{
	struct script s;

	(void)state;
	begin(&s);
	int64_t due = clock_mono_ns() + 2 * NS_PER_MS;
	s.timers[0].at_ns = due + 3600 * NS_PER_SEC;
	s.timers[1].at_ns = due;
	loop_add_timer(&s.loop, &s.timers[0]);
	loop_add_timer(&s.loop, &s.timers[1]);
	while (s.log.len == 0)
		loop_step(&s.loop);
	assert_string_equal(s.log.data, "t1 ");
	assert_true(clock_mono_ns() >= due);
	end(&s);
}

static void several_are_due_at_once(void **state)
{
	struct script s;

	(void)state;
	begin(&s);
	for (int i = 0; i < 4; i++) {
		s.timers[i].at_ns = 1 + i;
		loop_add_timer(&s.loop, &s.timers[i]);
	}
	assert_step(&s, "t0 t1 t2 t3 ");
	assert_step(&s, "");
	end(&s);
}

static void remove_all_timers(struct script *s)
{
	for (int i = 0; i < 4; i++)
		loop_remove_timer(&s->loop, &s->timers[i]);
}

static void a_timer_may_remove_itself_and_others(void **state)
{
	struct script s;

	(void)state;
	begin(&s);
	for (int i = 0; i < 4; i++) {
		s.timers[i].at_ns = 1;
		loop_add_timer(&s.loop, &s.timers[i]);
	}
	s.action = remove_all_timers;
	assert_step(&s, "t0 ");
	s.action = NULL;
	for (int i = 0; i < 4; i++)
		s.timers[i].at_ns = 1;
	assert_step(&s, "");
	end(&s);
}

static void set_first_timer_again(struct script *s)
{
	s->timers[0].at_ns = 1;
}

// One that is always due must not starve the watches.
static void a_timer_set_by_its_own_call_waits_for_the_next_step(void **state)
{
	struct script s;

	(void)state;
	begin(&s);
	s.timers[0].at_ns = 1;
	loop_add_timer(&s.loop, &s.timers[0]);
	s.action = set_first_timer_again;
	assert_step(&s, "t0 ");
	assert_step(&s, "t0 ");
	end(&s);
}

static void add_second_timer(struct script *s)
{
	s->action = NULL;
	s->timers[1].at_ns = 1;
	loop_add_timer(&s->loop, &s->timers[1]);
}

static void a_timer_may_add_another(void **state)
{
	struct script s;

	(void)state;
	begin(&s);
	s.timers[0].at_ns = 1;
	loop_add_timer(&s.loop, &s.timers[0]);
	s.action = add_second_timer;
	buf_clear(&s.log);
	loop_step(&s.loop);
	while (!strstr(s.log.data, "t1"))
		loop_step(&s.loop);
	assert_string_equal(s.log.data, "t0 t1 ");
	end(&s);
}

static void free_first_timer(struct script *s)
{
	struct loop_timer *t = *(struct loop_timer **)s->watches[0].owner;

	loop_remove_timer(&s->loop, t);
	free(t);
}

static void fire_and_free(struct loop_timer *t)
{
	struct script *s = t->owner;

	buf_addstr(&s->log, "freed ");
	free_first_timer(s);
}

static void a_timer_may_be_freed_by_its_own_call(void **state)
{
	struct loop_timer *t = xcalloc(1, sizeof *t);
	struct script s;

	(void)state;
	begin(&s);
	*t = (struct loop_timer){.at_ns = 1, .fire = fire_and_free, .owner = &s};
	s.watches[0].owner = &t;
	loop_add_timer(&s.loop, t);
	assert_step(&s, "freed ");
	assert_step(&s, "");
	end(&s);
}

// ---- watches ----

static void ready_watches_are_called(void **state)
{
	struct script s;

	(void)state;
	begin(&s);
	for (int i = 0; i < 4; i++)
		loop_add_watch(&s.loop, &s.watches[i]);
	assert_step(&s, "");
	fill(&s, 2);
	assert_step(&s, "w2 ");
	assert_step(&s, "w2 "); // as long as it is
	fill(&s, 0);
	assert_step(&s, "w0 w2 ");
	loop_remove_watch(&s.loop, &s.watches[2]);
	assert_step(&s, "w0 ");
	end(&s);
}

static void a_watch_without_events_is_not_polled(void **state)
{
	struct script s;

	(void)state;
	begin(&s);
	fill(&s, 0);
	loop_add_watch(&s.loop, &s.watches[0]);
	s.watches[0].events = 0;
	assert_step(&s, "");
	// Nor for a hang-up, which poll(2) reports unasked.
	close(s.pipes[0][1]);
	s.pipes[0][1] = -1;
	assert_step(&s, "");
	s.watches[0].events = POLLIN;
	assert_step(&s, "w0 ");
	end(&s);
}

static void an_end_of_file_is_reported(void **state)
{
	struct script s;

	(void)state;
	begin(&s);
	loop_add_watch(&s.loop, &s.watches[1]);
	close(s.pipes[1][1]);
	s.pipes[1][1] = -1;
	assert_step(&s, "w1 ");
	end(&s);
}

static void remove_all_watches(struct script *s)
{
	for (int i = 0; i < 4; i++)
		loop_remove_watch(&s->loop, &s->watches[i]);
}

static void a_watch_may_remove_itself_and_others(void **state)
{
	struct script s;

	(void)state;
	begin(&s);
	for (int i = 0; i < 4; i++) {
		fill(&s, i);
		loop_add_watch(&s.loop, &s.watches[i]);
	}
	s.action = remove_all_watches;
	assert_step(&s, "w0 ");
	assert_step(&s, "");
	assert_int_equal(s.loop.watches.n, 0);
	end(&s);
}

static void remove_the_first(struct script *s)
{
	s->action = NULL;
	loop_remove_watch(&s->loop, &s->watches[0]);
}

static void the_others_are_called_all_the_same(void **state)
{
	struct script s;

	(void)state;
	begin(&s);
	for (int i = 0; i < 3; i++) {
		fill(&s, i);
		loop_add_watch(&s.loop, &s.watches[i]);
	}
	s.action = remove_the_first;
	assert_step(&s, "w0 w1 w2 ");
	assert_step(&s, "w1 w2 ");
	end(&s);
}

static void add_many_watches(struct script *s)
{
	s->action = NULL;
	for (int i = 1; i < 4; i++)
		loop_add_watch(&s->loop, &s->watches[i]);
}

static void a_watch_may_add_others(void **state)
{
	struct script s;

	(void)state;
	begin(&s);
	for (int i = 0; i < 4; i++)
		fill(&s, i);
	loop_add_watch(&s.loop, &s.watches[0]);
	s.action = add_many_watches;
	assert_step(&s, "w0 ");
	assert_step(&s, "w0 w1 w2 w3 ");
	end(&s);
}

static void add_again(struct script *s)
{
	loop_remove_watch(&s->loop, &s->watches[0]);
	loop_add_watch(&s->loop, &s->watches[0]);
}

static void a_watch_may_be_added_again(void **state)
{
	struct script s;

	(void)state;
	begin(&s);
	fill(&s, 0);
	loop_add_watch(&s.loop, &s.watches[0]);
	s.action = add_again;
	for (int i = 0; i < 100; i++)
		assert_step(&s, "w0 ");
	assert_true(s.loop.watches.cap <= 8);
	end(&s);
}

static void a_timer_may_remove_a_watch_and_the_reverse(void **state)
{
	struct script s;

	(void)state;
	begin(&s);
	fill(&s, 0);
	loop_add_watch(&s.loop, &s.watches[0]);
	s.timers[0].at_ns = 1;
	loop_add_timer(&s.loop, &s.timers[0]);
	s.action = remove_all_timers;
	assert_step(&s, "w0 ");
	loop_add_timer(&s.loop, &s.timers[0]);
	s.action = NULL;
	s.timers[0].at_ns = 1;
	assert_step(&s, "w0 t0 ");
	s.timers[0].at_ns = 1;
	s.watches[0].events = 0;
	s.action = remove_all_watches;
	assert_step(&s, "t0 ");
	s.watches[0].events = POLLIN;
	assert_step(&s, "");
	end(&s);
}

// The first one is busy until the time of the first timer has come; meanwhile the second is ready.
static void be_late(struct script *s)
{
	s->action = NULL;
	fill(s, 1);
	while (clock_mono_ns() <= s->timers[0].at_ns)
		;
}

static void what_was_ready_before_a_deadline_comes_first(void **state)
{
	struct script s;

	(void)state;
	begin(&s);
	fill(&s, 0);
	loop_add_watch(&s.loop, &s.watches[0]);
	loop_add_watch(&s.loop, &s.watches[1]);
	loop_add_timer(&s.loop, &s.timers[0]);
	s.timers[0].at_ns = clock_mono_ns() + 20 * NS_PER_MS;
	s.action = be_late;
	loop_step(&s.loop);
	loop_step(&s.loop);
	assert_string_equal(s.log.data, "w0 w0 w1 t0 ");
	end(&s);
}

static void many_watches_fit(void **state)
{
	static struct loop_watch watches[1000];
	struct script s;

	(void)state;
	begin(&s);
	fill(&s, 3);
	for (size_t i = 0; i < COUNT(watches); i++) {
		watches[i] = s.watches[0];
		loop_add_watch(&s.loop, &watches[i]);
	}
	loop_add_watch(&s.loop, &s.watches[3]);
	assert_step(&s, "w3 ");
	for (size_t i = 0; i < COUNT(watches); i++)
		loop_remove_watch(&s.loop, &watches[i]);
	assert_step(&s, "w3 ");
	end(&s);
}

static void removing_what_was_never_added_does_nothing(void **state)
{
	struct script s;

	(void)state;
	begin(&s);
	loop_remove_watch(&s.loop, &s.watches[0]);
	loop_remove_timer(&s.loop, &s.timers[0]);
	assert_step(&s, "");
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_timer_fires_once_when_it_is_due),
		cmocka_unit_test(timers_of_the_future_wait),
		cmocka_unit_test(the_step_waits_for_the_nearest_timer),
		cmocka_unit_test(several_are_due_at_once),
		cmocka_unit_test(a_timer_may_remove_itself_and_others),
		cmocka_unit_test(a_timer_set_by_its_own_call_waits_for_the_next_step),
		cmocka_unit_test(a_timer_may_add_another),
		cmocka_unit_test(a_timer_may_be_freed_by_its_own_call),
		cmocka_unit_test(ready_watches_are_called),
		cmocka_unit_test(a_watch_without_events_is_not_polled),
		cmocka_unit_test(an_end_of_file_is_reported),
		cmocka_unit_test(a_watch_may_remove_itself_and_others),
		cmocka_unit_test(the_others_are_called_all_the_same),
		cmocka_unit_test(a_watch_may_add_others),
		cmocka_unit_test(a_watch_may_be_added_again),
		cmocka_unit_test(a_timer_may_remove_a_watch_and_the_reverse),
		cmocka_unit_test(what_was_ready_before_a_deadline_comes_first),
		cmocka_unit_test(many_watches_fit),
		cmocka_unit_test(removing_what_was_never_added_does_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
