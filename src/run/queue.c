// SPDX-License-Identifier: MIT
#include "run/queue.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "model/result.h"

struct entry {
	bool running;
	bool settled;   // it needs no worker: once is enough
	bool failed;    // an attempt was bad
	bool was_alone; // it has failed without company as well
};

void queue_init(struct queue *q, const struct jobs *jobs, long rounds, long retries)
{
	*q = (struct queue){.jobs = jobs, .round = 1, .rounds = rounds, .retries = retries};
	q->entries = xcalloc(jobs->n + 1, sizeof *q->entries);
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
		if (!q->again.items[i].alone)
			return &q->again.items[i];
	return q->again.n > 0 && q->running == 0 ? &q->again.items[0] : NULL;
}

bool queue_peek(const struct queue *q, struct turn *turn)
{
	if (q->alone)
		return false;
	if (!plan_is_through(q)) {
		// A file never runs beside itself: its next turn waits for the end of this one.
		if (q->entries[q->next].running)
			return false;
		*turn = (struct turn){.job = &q->jobs->items[q->next], .attempt = (int)q->round};
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
	do {
		if (++q->next < q->jobs->n)
			continue;
		q->next = 0;
		q->round++;
	} while (!plan_is_through(q) && q->entries[q->next].settled);
}

void queue_begin(struct queue *q, const struct turn *turn)
{
	q->running++;
	q->alone = turn->alone;
	q->entries[turn->job - q->jobs->items].running = true;
	if (plan_is_through(q))
		drop_again(q, turn->job);
	else
		advance(q);
}

// What failed in company may have failed because of it, until it has failed alone.
static void try_again(struct queue *q, struct entry *e, struct result *r)
{
	const struct turn turn = {.job = r->job, .attempt = r->attempt + 1, .alone = !e->was_alone};

	r->again = true;
	VEC_PUSH(&q->again, turn);
}

void queue_end(struct queue *q, struct result *r)
{
	struct entry *e = &q->entries[r->job - q->jobs->items];
	bool bad = file_status_is_bad(r->status);

	q->running--;
	q->alone = false;
	e->running = false;
	if (r->slot < 0 && !e->settled) {
		e->settled = true;
		q->settled++;
	}
	e->was_alone |= bad && !r->crowded;
	r->flaky = q->retries > 0 && e->failed && !bad && r->status != FILE_NOTRUN;
	e->failed |= bad;
	if (bad && r->slot >= 0 && r->attempt <= q->retries)
		try_again(q, e, r);
}

void queue_stop(struct queue *q)
{
	q->rounds = 1;
	q->round = 2;
	q->again.n = 0;
	q->retries = 0;
}
