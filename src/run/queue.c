// SPDX-License-Identifier: MIT
#include "run/queue.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "model/job_settings.h"
#include "model/result.h"

struct entry {
	bool running;
	long begun, ended;                // in which round it was so last
	const struct handover *from, *to; // what is handed over to it
	bool settled;                     // it needs no worker: once is enough
	bool failed;                      // an attempt was bad
	bool failed_alone;                // it has failed without other files as well
};

void queue_init(struct queue *q, const struct jobs *jobs, long rounds)
{
	*q = (struct queue){.jobs = jobs, .round = 1, .rounds = rounds};
	q->entries = xcalloc(jobs->n + 1, sizeof *q->entries);
	const struct handover *h = jobs->handovers.items, *end = h + jobs->handovers.n;
	for (size_t i = 0; i < jobs->n; i++) {
		q->entries[i].from = h;
		while (h < end && h->consumer == i)
			h++;
		q->entries[i].to = h;
	}
}

void queue_init_asked(struct queue *q, const struct jobs *jobs)
{
	queue_init(q, jobs, 1);
	q->round = 2;
}

void queue_ask(struct queue *q, const struct job *job)
{
	const struct turn turn = {.job = job, .attempt = 1};

	VEC_PUSH(&q->again, turn);
}

void queue_release(struct queue *q)
{
	free(q->entries);
	free(q->again.items);
	*q = (struct queue){0};
}

static bool plan_is_through(const struct queue *q)
{
	return (q->rounds > 0 && q->round > q->rounds) || q->settled == q->jobs->n;
}

bool queue_is_empty(const struct queue *q)
{
	return plan_is_through(q) && q->again.n == 0;
}

// Those that need no solitude go first: they keep the workers busy.
static const struct turn *peek_again(const struct queue *q)
{
	for (size_t i = 0; i < q->again.n; i++)
		if (!q->again.items[i].exclusive)
			return &q->again.items[i];
	return q->again.n > 0 && q->running == 0 ? &q->again.items[0] : NULL;
}

static bool is_due(const struct queue *q, size_t i)
{
	return !q->entries[i].settled && q->entries[i].begun < q->round;
}

// Something that it depends on is still being written. Once that has failed, nothing better comes.
static bool is_blocked(const struct queue *q, size_t i)
{
	for (const struct handover *h = q->entries[i].from; h < q->entries[i].to; h++)
		if (!q->entries[h->producer].settled && q->entries[h->producer].ended < q->round)
			return true;
	return false;
}

bool queue_peek(const struct queue *q, struct turn *turn)
{
	if (q->exclusive)
		return false;
	if (!plan_is_through(q)) {
		size_t i = q->next;
		while (i < q->jobs->n && !(is_due(q, i) && !is_blocked(q, i)))
			i++;
		// A file never runs beside itself: its next turn waits for the end of this one.
		if (i == q->jobs->n || q->entries[i].running)
			return false;
		*turn = (struct turn){.job = &q->jobs->items[i], .attempt = (int)q->round};
		return true;
	}
	const struct turn *again = peek_again(q);
	if (again)
		*turn = *again;
	return again != NULL;
}

static void drop_again(struct queue *q, const struct job *job)
{
	size_t n = 0;

	for (size_t i = 0; i < q->again.n; i++)
		if (q->again.items[i].job != job)
			q->again.items[n++] = q->again.items[i];
	q->again.n = n;
}

static void advance(struct queue *q)
{
	while (!plan_is_through(q) && !is_due(q, q->next)) {
		if (++q->next < q->jobs->n)
			continue;
		q->next = 0;
		q->round++;
	}
}

void queue_begin(struct queue *q, const struct turn *turn)
{
	q->running++;
	q->exclusive = turn->exclusive;
	struct entry *e = &q->entries[turn->job - q->jobs->items];
	e->running = true;
	if (plan_is_through(q)) {
		drop_again(q, turn->job);
	} else {
		e->begun = q->round;
		advance(q);
	}
}

// What failed beside other files may have failed because of it, until it has failed alone.
static void try_again(struct queue *q, struct entry *e, struct result *r)
{
	const struct turn turn = {
		.job = r->job, .attempt = r->attempt + 1, .exclusive = !e->failed_alone};

	r->again = true;
	VEC_PUSH(&q->again, turn);
}

void queue_end(struct queue *q, struct result *r)
{
	struct entry *e = &q->entries[r->job - q->jobs->items];
	bool bad = file_status_is_bad(r->status);
	long retries = q->stopped ? 0 : r->job->settings->retries;

	q->running--;
	q->exclusive = false;
	e->running = false;
	e->ended = e->begun;
	if (r->slot < 0 && !e->settled) {
		e->settled = true;
		q->settled++;
	}
	e->failed_alone |= bad && !r->concurrent;
	r->flaky = retries > 0 && e->failed && !bad && r->status != FILE_NOTRUN;
	e->failed |= bad;
	if (bad && r->slot >= 0 && r->attempt <= retries)
		try_again(q, e, r);
	advance(q);
}

void queue_stop(struct queue *q)
{
	q->rounds = 1;
	q->round = 2;
	q->again.n = 0;
	q->stopped = true;
}
