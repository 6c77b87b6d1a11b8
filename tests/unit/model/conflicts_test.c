// SPDX-License-Identifier: MIT
// Which files of a run write the same paths, and that learned locks keep files apart.
#include "model/conflicts.h"

#include "../unit.h"
#include "model/inputs.h"
#include "model/job_settings.h"
#include "model/queue.h"
#include "model/run.h"

enum { MOST = 4 };

struct sample {
	struct run run;
	struct job jobs[MOST];
	struct result results[MOST];
	struct inputs inputs[MOST];
	struct job_settings settings[MOST];
};

// claims: letters, each a path.
static void add(struct sample *s, const char *path, const char *claims, int64_t from, int64_t wall)
{
	size_t i = s->run.results.n;
	struct inputs *in = &s->inputs[i];

	s->jobs[i] = (struct job){.path = (char *)path, .settings = &s->settings[i]};
	s->results[i] = (struct result){
		.job = &s->jobs[i], .inputs = in, .slot = 0, .offset_ns = from, .wall_ns = wall};
	for (; *claims; claims++)
		VEC_PUSH(&in->claims, xstrndup(claims, 1));
	VEC_PUSH(&s->run.results, &s->results[i]);
}

static void release(struct sample *s)
{
	for (size_t i = 0; i < s->run.results.n; i++)
		inputs_release(&s->inputs[i]);
	free(s->run.results.items);
}

// "ab: x y at once, known; "
static char *told(const struct sample *s)
{
	struct conflicts c;
	struct buf b = {0};

	conflicts_find(&c, &s->run);
	for (size_t i = 0; i < c.n; i++) {
		const struct conflict *one = &c.items[i];
		for (size_t k = 0; k < one->n_paths; k++)
			buf_addstr(&b, one->paths[k]);
		buf_addch(&b, ':');
		for (size_t k = 0; k < one->n; k++)
			buf_addf(&b, " %s", one->results[k]->job->path);
		buf_addf(&b, "%s%s; ", one->at_once ? " at once" : "",
			 one->is_known ? " known" : "");
	}
	buf_reserve(&b, 0);
	conflicts_release(&c);
	return buf_detach(&b);
}

static void is_told(const struct sample *s, const char *wanted)
{
	char *text = told(s);

	assert_string_equal(text, wanted);
	free(text);
}

static void files_of_the_same_paths_are_one_conflict(void **state)
{
	struct sample s = {0};

	(void)state;
	add(&s, "y", "abcd", 0, 10);
	add(&s, "x", "abe", 10, 10);
	add(&s, "z", "cdf", 5, 10);
	is_told(&s, "ab: x y; cd: y z at once; ");
	s.run.conflicts = CONFLICTS_WARN;
	is_told(&s, "ab: x y; cd: y z at once; ");
	s.run.conflicts = CONFLICTS_IGNORE;
	is_told(&s, "");
	release(&s);
}

static void what_was_not_run_now_did_not_run_at_once(void **state)
{
	struct sample s = {0};

	(void)state;
	add(&s, "x", "a", 0, 10);
	add(&s, "y", "a", 5, 10);
	s.results[1].cached = true;
	s.results[1].slot = -1;
	is_told(&s, "a: x y; ");
	// One that goes on for long is beside the third as well.
	s.results[1].cached = false;
	s.results[1].slot = 0;
	s.results[0].wall_ns = 1;
	is_told(&s, "a: x y; ");
	add(&s, "z", "a", 14, 1);
	is_told(&s, "a: x y z at once; ");
	release(&s);
}

static void settings_that_keep_them_apart_are_known(void **state)
{
	char *db = (char *)"db", *net = (char *)"net";
	struct sample s = {0};

	(void)state;
	add(&s, "x", "a", 0, 10);
	add(&s, "y", "a", 10, 10);
	s.settings[0].locks = (struct strings){&db, 1, 1};
	s.settings[1].locks = (struct strings){&net, 1, 1};
	is_told(&s, "a: x y; ");
	s.settings[1].locks = (struct strings){&db, 1, 1};
	is_told(&s, "a: x y known; ");
	s.settings[1] = (struct job_settings){.exclusive = true};
	is_told(&s, "a: x y known; ");
	// Those of a past run are not there.
	s.jobs[1].settings = NULL;
	is_told(&s, "a: x y; ");
	release(&s);
}

static void learned_locks_keep_files_apart(void **state)
{
	struct job_settings settings = {0};
	char *p = (char *)"p", *q = (char *)"q";
	struct strings first = {&p, 1, 1}, second = {(char *[]){q, p}, 2, 2}, third = {&q, 1, 1};
	struct job items[] = {{.path = (char *)"a", .settings = &settings, .learned = &first},
			      {.path = (char *)"b", .settings = &settings, .learned = &second},
			      {.path = (char *)"c", .settings = &settings, .learned = &third}};
	const struct jobs jobs = {.items = items, .n = 3};
	const struct queue_terms terms = {.rounds = 1, .most = 3};
	struct queue queue;
	struct turn turn;

	(void)state;
	queue_init(&queue, &jobs, &terms);
	assert_true(queue_peek(&queue, 3, &turn));
	assert_string_equal(turn.job->path, "a");
	queue_begin(&queue, &turn);
	assert_true(queue_peek(&queue, 2, &turn));
	assert_string_equal(turn.job->path, "c");
	queue_begin(&queue, &turn);
	assert_false(queue_peek(&queue, 1, &turn));
	for (size_t i = 0; i < 3; i += 2) {
		struct result r = {.job = &items[i], .status = FILE_PASSED, .attempt = 1};
		queue_end(&queue, &r);
	}
	assert_true(queue_peek(&queue, 3, &turn));
	assert_string_equal(turn.job->path, "b");
	queue_release(&queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_of_the_same_paths_are_one_conflict),
		cmocka_unit_test(what_was_not_run_now_did_not_run_at_once),
		cmocka_unit_test(settings_that_keep_them_apart_are_known),
		cmocka_unit_test(learned_locks_keep_files_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
