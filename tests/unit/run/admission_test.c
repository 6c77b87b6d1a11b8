// SPDX-License-Identifier: MIT
#include "run/admission.h"

#include "../unit.h"
#include "base/err.h"
#include "jobserver/makeflags.h"
#include "jobserver/tokens.h"
#include "model/result.h"
#include "run/attempt.h"
#include "run/private.h"

#define HUGE (INT64_C(1) << 62)

// Two workers of three slots run.
struct scene {
	struct job jobs[2], next;
	struct result results[2];
	struct attempt attempts[2], *list[2];
	struct process processes[2];
	struct run_settings settings;
	struct run_means means;
	struct run_hooks hooks;
	struct supervisor supervisor;
	int waits;
	int64_t left_bytes;
};

static int64_t nothing(const struct process *p)
{
	(void)p;
	return 0;
}

static const struct launcher_operations operations = {.memory = nothing};
static struct launcher launcher = {.operations = &operations};

static void on_waits(void *owner, const struct job *job, int64_t left_bytes)
{
	struct scene *s = owner;

	assert_ptr_equal(job, &s->next);
	s->waits++;
	s->left_bytes = left_bytes;
}

static void open_scene(struct scene *s)
{
	const struct makeflags exclusive = {0};
	struct err warning;

	*s = (struct scene){
		.settings = {.memory_guard = true},
		.means = {.tokens = tokens_open(&exclusive, 3, 1, NULL, NULL, &warning)},
		.hooks = {.waits = on_waits, .owner = s},
		.supervisor = {.settings = &s->settings,
			       .hooks = &s->hooks,
			       .means = &s->means,
			       .terms = {.launcher = &launcher},
			       .attempts = {s->list, 2, 2},
			       .in_use = 2,
			       .admission = {.timer = {.at_ns = LOOP_NEVER}}},
	};
	for (int i = 0; i < 2; i++) {
		s->results[i].job = &s->jobs[i];
		s->attempts[i].result = &s->results[i];
		s->attempts[i].process = &s->processes[i];
		s->processes[i].began_ns = i + 1;
		s->list[i] = &s->attempts[i];
	}
}

static bool is_missing(struct scene *s)
{
	admission_reopen(&s->supervisor.admission);
	return admission_must_wait(&s->supervisor, &s->next);
}

static int64_t held(const struct process *p)
{
	return p->began_ns * 100;
}

static void running_files_claim_what_they_do_not_have_yet(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s);
	assert_int_equal(admission_claimed(&s.supervisor, NULL), 0);
	s.jobs[0].peak_bytes = 1000;
	s.jobs[1].peak_bytes = 5000;
	assert_int_equal(admission_claimed(&s.supervisor, NULL), 6000);
	assert_int_equal(admission_claimed(&s.supervisor, held), 900 + 4800);
	s.jobs[0].peak_bytes = 50; // it has more than ever before
	assert_int_equal(admission_claimed(&s.supervisor, held), 4800);
	s.attempts[1].exited = true;
	assert_int_equal(admission_claimed(&s.supervisor, held), 0);
	s.attempts[1].exited = false;
	s.jobs[0].peak_bytes = s.jobs[1].peak_bytes = HUGE;
	assert_true(admission_claimed(&s.supervisor, NULL) > 0);
	tokens_close(s.means.tokens);
}

static void a_file_waits_for_the_memory_that_it_took(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s);
	s.next.peak_bytes = HUGE;
	assert_true(is_missing(&s));
	assert_true(s.supervisor.admission.timer.at_ns != LOOP_NEVER);
	assert_true(is_missing(&s));
	assert_int_equal(s.waits, 1); // told once
	assert_true(s.left_bytes > 0);
	s.supervisor.attempts.n = 0; // one there is always
	assert_false(is_missing(&s));
	s.supervisor.attempts.n = s.supervisor.in_use = 2;
	s.settings.memory_guard = false;
	assert_false(is_missing(&s));
	s.settings.memory_guard = true;
	// Of those that run.
	s.next.peak_bytes = 4096;
	assert_false(is_missing(&s));
	s.jobs[1].peak_bytes = HUGE;
	assert_true(is_missing(&s));
	tokens_close(s.means.tokens);
}

static void no_look_is_taken_where_it_is_of_no_use(void **state)
{
	struct scene s;
	struct admission *admission = &s.supervisor.admission;

	(void)state;
	open_scene(&s);
	assert_false(is_missing(&s));
	assert_int_equal(admission->seen_ns, 0); // none needs any memory
	s.next.peak_bytes = 4096;
	assert_false(is_missing(&s));
	int64_t first = admission->seen_ns;
	assert_true(first > 0);
	admission->seen_ns = INT64_MAX; // just now, however slow this test is
	assert_false(is_missing(&s));
	assert_true(admission->seen_ns == INT64_MAX);
	admission->seen_bytes = 8191; // not twice as much
	assert_false(is_missing(&s));
	assert_true(admission->seen_ns < INT64_MAX);
	admission->seen_ns = 0; // long ago
	assert_false(is_missing(&s));
	assert_true(admission->seen_ns >= first);
	// No slot, no question.
	s.next.peak_bytes = HUGE;
	struct attempt *three[] = {s.list[0], s.list[0], s.list[1]};
	s.supervisor.attempts.items = three;
	s.supervisor.in_use = 3;
	assert_false(is_missing(&s));
	s.supervisor.attempts.n = s.supervisor.in_use = 2;
	// Held back until a worker ends or the timer fires.
	assert_true(is_missing(&s));
	s.next.peak_bytes = 0;
	assert_true(admission_must_wait(&s.supervisor, &s.next));
	assert_false(is_missing(&s));
	tokens_close(s.means.tokens);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(running_files_claim_what_they_do_not_have_yet),
		cmocka_unit_test(a_file_waits_for_the_memory_that_it_took),
		cmocka_unit_test(no_look_is_taken_where_it_is_of_no_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
