// SPDX-License-Identifier: MIT
#include "cli/reused.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/text.h"
#include "cli/session.h"
#include "model/inputs.h"
#include "plan/plan.h"

#define MANY 10 // names of a line

void reused_note(struct firmo_jobs *s, const struct result *r)
{
	const struct inputs *in = r->inputs;

	// Of one that never ran nothing is there to be known.
	s->wrote |= r->slot >= 0 &&
		    (!in || in->written.n > 0 || in->blind || in->overflow || in->network);
}

static void copy_reused(struct jobs *jobs, const struct run *run)
{
	for (size_t i = 0; i < run->results.n; i++) {
		if (!run->results.items[i]->cached)
			continue;
		struct job job = *run->results.items[i]->job;
		job.path = xstrdup(job.path);
		VEC_PUSH(jobs, job);
	}
}

static void tell(const struct jobs *invalidated)
{
	struct buf b = {0};

	buf_addstr(&b, "what this run has changed matters to files that had not been run:");
	for (size_t i = 0; i < invalidated->n && i < MANY; i++)
		buf_addf(&b, "%s %s", i ? "," : "", invalidated->items[i].path);
	if (invalidated->n > MANY)
		buf_addf(&b, " and %zu more", invalidated->n - MANY);
	session_warn(b.data);
	buf_release(&b);
}

static const struct jobs *take_batch(struct firmo_jobs *s, struct jobs jobs)
{
	struct jobs *batch = xmalloc(sizeof *batch);

	*batch = jobs;
	VEC_PUSH(&s->invalidated, batch);
	run_take_back(&s->run, batch);
	return batch;
}

const struct jobs *reused_invalidated(struct firmo_jobs *s)
{
	struct jobs invalidated = {0}, still_valid = {0};
	struct err err = {0};

	if (!s->wrote || s->reused.n == 0)
		return NULL;
	s->wrote = false;
	// All of them fall where the history is lost, and cannot say what they depend on.
	copy_reused(&invalidated, &s->run);
	if (invalidated.n > 0 &&
	    plan_order(&invalidated, &still_valid, &s->request, s->context.store, NULL, &err) < 0)
		context_lose_store(&s->context, &err);
	jobs_release(&still_valid);
	if (invalidated.n == 0) {
		jobs_release(&invalidated);
		return NULL;
	}
	const struct jobs *batch = take_batch(s, invalidated);
	if (s->settings->text.verbose)
		tell(batch);
	return batch;
}

static const struct job *find_standing(const struct jobs *still_valid, const char *path)
{
	for (size_t i = 0; i < still_valid->n; i++)
		if (strcmp(still_valid->items[i].path, path) == 0)
			return &still_valid->items[i];
	return NULL;
}

const struct jobs *reused_asked(struct firmo_jobs *s)
{
	struct jobs still_valid = {0}, asked = {0};
	struct map taken = {0};

	if (s->has_asked || s->reused.n == 0)
		return NULL;
	copy_reused(&still_valid, &s->run);
	for (size_t i = 0; i < s->open.n; i++) {
		const char *loader = support_unproven(&s->support, s->open.items[i]);
		const struct job *job = loader ? find_standing(&still_valid, loader) : NULL;
		if (!job || map_get(&taken, loader))
			continue;
		struct job again = *job;
		again.path = xstrdup(job->path);
		plan_look(&again, &s->request);
		again.shim = true;
		map_put(&taken, loader, s);
		VEC_PUSH(&asked, again);
	}
	s->has_asked |= asked.n > 0;
	map_release(&taken);
	jobs_release(&still_valid);
	return asked.n > 0 ? take_batch(s, asked) : NULL;
}
