// SPDX-License-Identifier: MIT
#include "plan/sequence.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/map.h"
#include "model/job.h"
#include "store/handover.h"

struct learning {
	struct jobs *jobs;
	struct map planned; // path -> its place among jobs and 1, in place of a pointer
};

static size_t place_of(const struct learning *l, const char *path)
{
	return (size_t)(uintptr_t)map_get(&l->planned, path) - 1;
}

static void note(const char *producer, const char *consumer, const char *path, void *arg)
{
	struct learning *l = arg;
	const struct handover h = {place_of(l, producer), place_of(l, consumer), xstrdup(path)};

	VEC_PUSH(&l->jobs->handovers, h);
}

static int by_consumer(const void *a, const void *b)
{
	const struct handover *x = a, *y = b;

	if (x->consumer != y->consumer)
		return x->consumer < y->consumer ? -1 : 1;
	if (x->producer != y->producer)
		return x->producer < y->producer ? -1 : 1;
	return strcmp(x->path, y->path);
}

// One for each pair is enough.
static void sort_handovers(struct jobs *jobs)
{
	size_t n = 0;

	if (jobs->handovers.n > 0)
		qsort(jobs->handovers.items, jobs->handovers.n, sizeof *jobs->handovers.items,
		      by_consumer);
	for (size_t i = 0; i < jobs->handovers.n; i++) {
		struct handover *h = &jobs->handovers.items[i];
		const struct handover *last = n > 0 ? &jobs->handovers.items[n - 1] : NULL;
		if (last && last->consumer == h->consumer && last->producer == h->producer)
			free(h->path);
		else
			jobs->handovers.items[n++] = *h;
	}
	jobs->handovers.n = n;
}

// ---- producers in front ----

struct sorting {
	struct jobs *jobs;
	struct job *items; // in their new order
	size_t n;
	size_t *place; // of each job in it; NOWHERE, UNDERWAY
	size_t *first; // of each job: its first handover
};

#define NOWHERE  SIZE_MAX
#define UNDERWAY (SIZE_MAX - 1)

static void put(struct sorting *s, size_t job)
{
	struct handover *handovers = s->jobs->handovers.items;

	if (s->place[job] != NOWHERE)
		return;
	s->place[job] = UNDERWAY;
	for (size_t i = s->first[job]; i < s->first[job + 1]; i++)
		put(s, handovers[i].producer);
	s->place[job] = s->n;
	s->items[s->n++] = s->jobs->items[job];
}

static void find_first(struct sorting *s)
{
	size_t at = 0;

	for (size_t job = 0; job <= s->jobs->n; job++) {
		while (at < s->jobs->handovers.n && s->jobs->handovers.items[at].consumer < job)
			at++;
		s->first[job] = at;
	}
}

// Those that go against the order are parts of a circle.
static void move_handovers(struct sorting *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->jobs->handovers.n; i++) {
		struct handover h = s->jobs->handovers.items[i];
		h.producer = s->place[h.producer];
		h.consumer = s->place[h.consumer];
		if (h.producer < h.consumer)
			s->jobs->handovers.items[n++] = h;
		else
			VEC_PUSH(&s->jobs->circles, h);
	}
	s->jobs->handovers.n = n;
	sort_handovers(s->jobs);
}

static void put_in_order(struct jobs *jobs)
{
	struct sorting s = {
		.jobs = jobs,
		.items = xmalloc(jobs->n * sizeof *s.items),
		.place = xmalloc(jobs->n * sizeof *s.place),
		.first = xmalloc((jobs->n + 1) * sizeof *s.first),
	};

	memset(s.place, -1, jobs->n * sizeof *s.place);
	find_first(&s);
	for (size_t i = 0; i < jobs->n; i++)
		put(&s, i);
	memcpy(jobs->items, s.items, jobs->n * sizeof *s.items);
	move_handovers(&s);
	free(s.items);
	free(s.place);
	free(s.first);
}

int sequence_learn(struct jobs *jobs, struct store *history, struct err *err)
{
	struct learning l = {.jobs = jobs};

	if (jobs->n < 2)
		return 0;
	for (size_t i = 0; i < jobs->n; i++)
		map_put(&l.planned, jobs->items[i].path, (void *)(uintptr_t)(i + 1));
	int status = handover_load(history, &l.planned, note, &l, err);
	map_release(&l.planned);
	if (status == 0 && jobs->handovers.n > 0) {
		sort_handovers(jobs);
		put_in_order(jobs);
	}
	return status;
}
