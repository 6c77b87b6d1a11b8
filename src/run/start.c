// SPDX-License-Identifier: MIT
#include "run/start.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "framework/framework.h"
#include "model/fixture.h"
#include "model/job_settings.h"
#include "run/attempt.h"
#include "run/private.h"

static void end_unstarted(struct supervisor *s, struct result *r, enum file_status status,
			  const char *reason)
{
	r->status = status;
	r->reason = xstrdup(reason);
	r->started_ns = clock_real_ns();
	supervisor_pass_on(s, r);
}

// A file that needs no process: true if it was dealt with.
static bool settle(struct supervisor *s, const struct turn *turn)
{
	const struct job *job = turn->job;
	bool selects = selection_is_partial(&job->settings->selection);
	char reason[128] = "the file is empty";

	if (job->unreadable)
		snprintf(reason, sizeof reason, "cannot be read: %s", strerror(job->unreadable));
	else if (job->size > 0 && selects && !framework_has_events(job->framework))
		snprintf(reason, sizeof reason, "a %s file cannot select tests",
			 framework_name(job->framework));
	else if (job->size > 0)
		return false;
	struct result *r = result_new(job);
	r->partial = selects;
	queue_begin(&s->queue, turn);
	end_unstarted(s, r, job->unreadable ? FILE_ERROR : FILE_SKIPPED, reason);
	return true;
}

// A file for which nothing could be set up: true if it was dealt with.
static bool leave_out(struct supervisor *s, const struct turn *turn)
{
	const struct fixture *failed = fixtures_find_failed(turn->job->settings);

	if (!failed)
		return false;
	char *reason = xasprintf("the setup of %s has failed", failed->name);
	queue_begin(&s->queue, turn);
	end_unstarted(s, result_new(turn->job), FILE_NOTRUN, reason);
	free(reason);
	return true;
}

bool start_without_process(struct supervisor *s, const struct turn *turn)
{
	return settle(s, turn) || leave_out(s, turn);
}

bool start_turn(struct supervisor *s, const struct turn *turn, int held)
{
	int64_t since_ns = slots_use(s, held, turn->slots);
	struct attempt *a = supervisor_new_attempt(s, turn->job, turn->attempt, slots_take_lane(s),
						   held, since_ns);
	struct err err = {0};
	bool transient;

	if (attempt_start(a, &transient, &err) == 0) {
		queue_begin(&s->queue, turn);
		supervisor_enlist(s, a);
		if (s->hooks->started)
			s->hooks->started(s->hooks->owner, a->result);
		return true;
	}
	struct result *r = a->result;
	r->slot = -1;
	s->slots.lanes.items[a->slot].taken = false;
	free(a);
	slots_give(s, held);
	if (transient && (s->attempts.n > 0 || s->fixtures.running > 0)) {
		s->out_of_resources = true;
		result_free(r);
		return false;
	}
	// What is too little for one is too little for every other, too.
	if (err.errnum == EMFILE) {
		s->broken = err;
		result_free(r);
		return false;
	}
	queue_begin(&s->queue, turn);
	end_unstarted(s, r, FILE_ERROR, err.message);
	return true;
}
