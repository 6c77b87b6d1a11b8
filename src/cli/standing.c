// SPDX-License-Identifier: MIT
#include "cli/standing.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/text.h"
#include "cli/session.h"
#include "model/inputs.h"
#include "plan/plan.h"

#define MANY 10 // names of a line

void standing_note(struct firmo_jobs *s, const struct result *r)
{
	const struct inputs *in = r->inputs;

	// Of one that never ran nothing is there to be known.
	s->wrote |= r->slot >= 0 &&
		    (!in || in->written.n > 0 || in->blind || in->overflow || in->network);
}

static void copy_standing(struct jobs *jobs, const struct run *run)
{
	for (size_t i = 0; i < run->results.n; i++) {
		if (!run->results.items[i]->cached)
			continue;
		struct job job = *run->results.items[i]->job;
		job.path = xstrdup(job.path);
		VEC_PUSH(jobs, job);
	}
}

static void tell(const struct jobs *fallen)
{
	struct buf b = {0};

	buf_addstr(&b, "what this run has changed matters to files that had not been run:");
	for (size_t i = 0; i < fallen->n && i < MANY; i++)
		buf_addf(&b, "%s %s", i ? "," : "", fallen->items[i].path);
	if (fallen->n > MANY)
		buf_addf(&b, " and %zu more", fallen->n - MANY);
	session_warn(b.data);
	buf_release(&b);
}

const struct jobs *standing_fallen(struct firmo_jobs *s)
{
	struct jobs fallen = {0}, standing = {0};
	struct err err = {0};

	if (!s->wrote || s->reused.n == 0)
		return NULL;
	s->wrote = false;
	// All of them fall where the history is lost, and cannot say what they depend on.
	copy_standing(&fallen, &s->run);
	if (fallen.n > 0 &&
	    plan_order(&fallen, &standing, &s->request, s->context.store, NULL, &err) < 0)
		context_lose_store(&s->context, &err);
	jobs_release(&standing);
	if (fallen.n == 0) {
		jobs_release(&fallen);
		return NULL;
	}
	struct jobs *batch = xmalloc(sizeof *batch);
	*batch = fallen;
	VEC_PUSH(&s->fallen, batch);
	run_take_back(&s->run, batch);
	if (s->settings->text.verbose)
		tell(batch);
	return batch;
}
