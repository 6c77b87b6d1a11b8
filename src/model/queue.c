// SPDX-License-Identifier: MIT
#include "model/queue.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/map.h"
#include "model/fixture.h"
#include "model/job_settings.h"
#include "model/lock.h"
#include "model/result.h"

struct entry {
	bool running;
	long begun, ended;                // in which round it was so last
	const struct handover *from, *to; // what is handed over to it
	const size_t *needs;              // its locks
	size_t nneeds;
	bool settled;      // it needs no worker: once is enough
	bool failed;       // an attempt was bad
	bool failed_alone; // it has failed without other files as well
};

// ---- locks ----

long queue_capacity(const struct queue *q, const char *lock)
{
	const struct locks *locks = q->terms.locks;

	for (size_t i = 0; locks && i < locks->n; i++)
		if (strcmp(locks->items[i].name, lock) == 0)
			return locks->items[i].capacity;
	return 1;
}

static size_t count_needs(const struct jobs *jobs)
{
	size_t n = 0;

	for (size_t i = 0; i < jobs->n; i++)
		n += job_count_locks(&jobs->items[i]);
	return n;
}

// Gives each lock a number, by which what is left of it is found.
static void number_locks(struct queue *q)
{
	size_t most = count_needs(q->jobs), n = 0;
	struct map numbers = {0}; // name -> its number and 1, in place of a pointer

	if (most == 0)
		return;
	q->needs = xcalloc(most, sizeof *q->needs);
	q->left = xcalloc(most, sizeof *q->left);
	q->lent = xcalloc(most, sizeof *q->lent);
	size_t *needs = q->needs;
	for (size_t i = 0; i < q->jobs->n; i++) {
		const struct job *job = &q->jobs->items[i];
		q->entries[i].needs = needs;
		for (size_t k = 0; k < job_count_locks(job); k++) {
			const char *name = job_lock(job, k);
			size_t number = (size_t)(uintptr_t)map_get(&numbers, name);
			if (number == 0) {
				q->left[n] = queue_capacity(q, name);
				number = ++n;
				map_put(&numbers, name, (void *)(uintptr_t)number);
			}
			*needs++ = number - 1;
		}
		q->entries[i].nneeds = (size_t)(needs - q->entries[i].needs);
	}
	map_release(&numbers);
}

static bool locks_are_free(const struct queue *q, const struct entry *e)
{
	for (size_t i = 0; i < e->nneeds; i++)
		if (q->left[e->needs[i]] == 0 || q->lent[e->needs[i]])
			return false;
	return true;
}

static void add_to_locks(struct queue *q, const struct entry *e, long n)
{
	for (size_t i = 0; i < e->nneeds; i++)
		q->left[e->needs[i]] += n;
}

// ---- other runs ----

void queue_lend_lock(struct queue *q, const struct job *job, size_t i)
{
	q->lent[q->entries[job - q->jobs->items].needs[i]] = true;
}

void queue_accompany(struct queue *q)
{
	q->accompanied = true;
}

void queue_shut(struct queue *q)
{
	q->shut = true;
}

void queue_retry(struct queue *q)
{
	q->shut = q->accompanied = false;
	if (q->lent)
		memset(q->lent, 0, count_needs(q->jobs) * sizeof *q->lent);
}

// ---- making it ----

void queue_init(struct queue *q, const struct jobs *jobs, const struct queue_terms *terms)
{
	*q = (struct queue){.jobs = jobs, .terms = *terms, .round = 1, .wave = 1};
	q->entries = xcalloc(jobs->n + 1, sizeof *q->entries);
	const struct handover *h = jobs->handovers.items, *end = h + jobs->handovers.n;
	for (size_t i = 0; i < jobs->n; i++) {
		q->entries[i].from = h;
		while (h < end && h->consumer == i)
			h++;
		q->entries[i].to = h;
	}
	number_locks(q);
}

void queue_init_asked(struct queue *q, const struct jobs *jobs, const struct queue_terms *terms)
{
	queue_init(q, jobs, terms);
	q->terms.rounds = 1;
	q->round = 2;
}

void queue_release(struct queue *q)
{
	free(q->entries);
	free(q->again.items);
	free(q->left);
	free(q->lent);
	free(q->needs);
	*q = (struct queue){0};
}

// ---- what may start ----

static struct turn turn_of(const struct queue *q, const struct job *job, int attempt)
{
	long slots = job->settings->slots, most = q->terms.most;

	return (struct turn){.job = job,
			     .attempt = attempt,
			     .slots = slots > most ? (most > 1 ? (int)most : 1)
						   : (slots > 1 ? (int)slots : 1),
			     .exclusive = job->settings->exclusive};
}

void queue_ask(struct queue *q, const struct job *job)
{
	const struct turn turn = turn_of(q, job, 1);

	VEC_PUSH(&q->again, turn);
}

static bool plan_is_through(const struct queue *q)
{
	return (q->terms.rounds > 0 && q->round > q->terms.rounds) || q->settled == q->jobs->n;
}

bool queue_is_empty(const struct queue *q)
{
	return plan_is_through(q) && q->again.n == 0;
}

// Whether it may run beside those that do, or alone if it must be.
static bool may_start(const struct queue *q, const struct turn *turn, int slots)
{
	return turn->slots <= slots && turn->due_ns <= q->now_ns &&
	       (!turn->exclusive || q->running == 0) &&
	       (!turn->job->settings->exclusive || !q->accompanied) &&
	       (!q->terms.sets_up || fixtures_are_settled(turn->job->settings)) &&
	       locks_are_free(q, &q->entries[turn->job - q->jobs->items]);
}

// Of those that are tried again in their order: the first of the earliest attempt.
static const struct turn *first_again(const struct queue *q)
{
	const struct turn *first = NULL;

	for (size_t i = 0; i < q->again.n; i++) {
		const struct turn *turn = &q->again.items[i];
		if (!first || turn->attempt < first->attempt ||
		    (turn->attempt == first->attempt && turn->job < first->job))
			first = turn;
	}
	// The attempts before it must have ended: each of them may put another one in front.
	return first && (first->attempt == q->wave || q->running == 0) ? first : NULL;
}

// Those that need no solitude go first: they keep the workers busy.
static const struct turn *peek_again(const struct queue *q, int slots)
{
	const struct turn *alone = NULL;

	if (q->terms.in_order) {
		const struct turn *first = first_again(q);
		return first && may_start(q, first, slots) ? first : NULL;
	}
	for (size_t i = 0; i < q->again.n; i++) {
		const struct turn *turn = &q->again.items[i];
		if (!may_start(q, turn, slots))
			continue;
		if (!turn->exclusive)
			return turn;
		alone = alone ? alone : turn;
	}
	return alone;
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

static bool peek_plan(const struct queue *q, int slots, struct turn *turn)
{
	bool found = false;

	for (size_t i = q->next; i < q->jobs->n; i++) {
		if (!is_due(q, i))
			continue;
		struct turn next = turn_of(q, &q->jobs->items[i], (int)q->round);
		bool may = !is_blocked(q, i) && may_start(q, &next, slots);
		// A file never runs beside itself: its next turn waits for the end of this one.
		if ((may && q->entries[i].running) || (!may && q->terms.in_order))
			break;
		if (!may || (found && next.exclusive))
			continue;
		*turn = next;
		found = true;
		if (!next.exclusive || q->terms.in_order)
			break;
	}
	return found;
}

bool queue_peek(const struct queue *q, int slots, struct turn *turn)
{
	if (q->exclusive || q->shut)
		return false;
	if (!plan_is_through(q))
		return peek_plan(q, slots, turn);
	const struct turn *again = peek_again(q, slots);
	if (again)
		*turn = *again;
	return again != NULL;
}

void queue_set_time(struct queue *q, int64_t now_ns)
{
	q->now_ns = now_ns;
}

int64_t queue_due(const struct queue *q)
{
	int64_t due_ns = -1;

	for (size_t i = 0; i < q->again.n; i++) {
		int64_t ns = q->again.items[i].due_ns;
		if (ns > q->now_ns && (due_ns < 0 || ns < due_ns))
			due_ns = ns;
	}
	return due_ns;
}

// ---- beginning and ending ----

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
	add_to_locks(q, e, -1);
	if (plan_is_through(q)) {
		q->wave = turn->attempt;
		drop_again(q, turn->job);
	} else {
		e->begun = q->round;
		advance(q);
	}
}

// What failed beside other files may have failed because of it, until it has failed alone.
static void try_again(struct queue *q, struct entry *e, struct result *r)
{
	struct turn turn = turn_of(q, r->job, r->attempt + 1);

	turn.exclusive |= !e->failed_alone;
	turn.due_ns = q->now_ns + r->job->settings->retry_delay_ns;
	r->again = true;
	VEC_PUSH(&q->again, turn);
}

void queue_end(struct queue *q, struct result *r)
{
	struct entry *e = &q->entries[r->job - q->jobs->items];
	bool bad = result_is_bad(r);
	long retries = q->stopped ? 0 : r->job->settings->retries;

	q->running--;
	q->exclusive = false;
	e->running = false;
	e->ended = e->begun;
	add_to_locks(q, e, 1);
	if (r->slot < 0 && !e->settled) {
		e->settled = true;
		q->settled++;
	}
	e->failed_alone |= bad && !r->concurrent;
	r->flaky |= retries > 0 && e->failed && !bad && r->status != FILE_NOTRUN;
	e->failed |= bad;
	if (bad && r->slot >= 0 && r->attempt <= retries)
		try_again(q, e, r);
	advance(q);
}

void queue_stop(struct queue *q)
{
	q->terms.rounds = 1;
	q->round = 2;
	q->again.n = 0;
	q->stopped = true;
}
