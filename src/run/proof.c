// SPDX-License-Identifier: MIT
#include "run/proof.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "framework/reading.h"
#include "model/inputs.h"
#include "run/attempt.h"
#include "run/forks.h"
#include "run/private.h"

struct result *proof_choose(struct attempt *a)
{
	struct result *r = a->result, *before = a->before;

	if (!before)
		return r;
	a->before = NULL;
	bool better = !a->reading.proof && reading_is_better(r, &a->reading, before);
	if (a->reading.proof && before->inputs && r->inputs)
		inputs_take_whole(before->inputs, r->inputs);
	if (better) {
		struct result swapped = *before;
		*before = *r;
		*r = swapped;
	}
	if (!better)
		a->seen = a->before_seen;
	if (better && !before->learned) {
		before->learned = a->learned;
		a->learned = NULL;
	}
	attempt_drop(a->terms->launcher, r);
	a->result = before;
	return before;
}

// It is an error unless it is bad already.
static void refuse(struct result *r, char *reason)
{
	if (file_status_is_bad(r->status)) {
		free(reason);
		return;
	}
	r->status = FILE_ERROR;
	free(r->reason);
	r->reason = reason;
}

// A pass of a file that should be run in another way to be understood, and cannot be, is none.
static void leave_unproven(struct result *r, const char *learned, const char *problem)
{
	refuse(r, xasprintf("its tests were not seen (%s): %s", learned, problem));
}

// One for each way to read a file.
static unsigned bit_of(const struct reading *reading)
{
	return 1u << (4 * reading->framework + 2 * reading->proof + reading->shim);
}

// Whether another file, which this one has loaded, may be its support and no test, as only a run
// for proof can tell.
static bool wants_proof(const struct supervisor *s, const struct attempt *a,
			const struct observation *o, struct reading *next, char **why)
{
	const struct result *r = a->result;
	const char *path = NULL;

	if (!o->reading.proof && o->reading.source != READING_GIVEN && r->status != FILE_NOTRUN &&
	    r->status != FILE_TIMEOUT && r->status != FILE_LIMIT && s->hooks->asks)
		path = s->hooks->asks(s->hooks->owner, r);
	if (!path)
		return false;
	*next = o->reading;
	next->shim = next->proof = true;
	*why = xasprintf("it loads %s", path);
	return true;
}

// Runs the file once more in the worker's slot, read in another way. False: its result stands.
static bool read_again(struct supervisor *s, struct attempt *a, const struct observation *o)
{
	struct attempt *other;
	struct err err = {0};
	struct reading next;
	char *learned = NULL;
	bool transient;

	// What another one is held against, or proves, is read as that was.
	if (a->passed || a->is_trial)
		return false;
	if (!reading_revise(a->result, o, &next, &learned) &&
	    !wants_proof(s, a, o, &next, &learned))
		return false;
	// Each way is tried once.
	unsigned tried = a->tried | bit_of(&a->reading);
	if (tried & bit_of(&next)) {
		free(learned);
		return false;
	}
	if (!s->abandoned) {
		other = supervisor_new_attempt(s, a->result->job, a->result->attempt, a->slot,
					       a->held, a->slot_since_ns);
		other->reading = next;
		proof_choose(a);
		// What a forked process has failed at is not proven by another reading.
		struct result *failed = forks_take(&a->failed);
		other->fresh |= failed != NULL;
		supervisor_end_attempt(s, a);
		if (attempt_start(other, &transient, &err) == 0) {
			other->failed = failed;
			other->before = a->result;
			other->before_seen = a->seen;
			other->tried = tried;
			other->learned = learned;
			supervisor_enlist(s, other);
			free(a);
			return true;
		}
		attempt_drop(&s->local.launcher, failed);
		result_free(other->result);
		free(other);
	}
	if (!next.proof)
		leave_unproven(a->result, learned,
			       *err.message ? err.message : "the run was stopped");
	free(learned);
	return false;
}

// The exit status of a file is not believed that may hold tests which nobody saw: those of a
// framework in its own text, which no shim finds, or of any, where neither a shim nor a trace tells
// of it.
static void doubt_plain(struct supervisor *s, struct result *r, bool seen)
{
	struct launcher *l = &s->local.launcher;
	enum framework f = FRAMEWORK_PLAIN;

	if (!seen)
		leave_unproven(r,
			       "it cannot be watched, and Lua ran without LUA_INIT or in a child",
			       "--framework=plain takes its exit status");
	else
		f = l->operations->library(l, r->job->path);
	if (f == FRAMEWORK_LUAUNIT || f == FRAMEWORK_LUST) {
		char *holds = xasprintf("it holds %s itself", framework_name(f));
		leave_unproven(r, holds, "--framework=plain takes its exit status");
		free(holds);
	}
}

// Whether the worker was watched whole, and the file was not read: its command leaves it out, or an
// end came before its beginning.
static bool never_began(const struct supervisor *s, const struct result *r)
{
	const struct inputs *in = r->inputs;

	return s->local.launcher.sees_files && in && in->unread && !in->blind && !in->overflow;
}

static void doubt(struct supervisor *s, struct result *r, bool seen)
{
	if (r->job->source == READING_GIVEN || r->status != FILE_PASSED)
		return;
	if (never_began(s, r))
		leave_unproven(r, "nothing has read the file",
			       "a --framework=NAME has its result count all the same");
	else if (r->framework == FRAMEWORK_PLAIN)
		doubt_plain(s, r, seen);
}

bool proof_goes_on(struct supervisor *s, struct attempt *a, const struct observation *o)
{
	return forks_discard(s, a) || forks_prove(s, a, true) || read_again(s, a, o) ||
	       forks_prove(s, a, false) || forks_check(s, a);
}

struct result *proof_settle(struct supervisor *s, struct attempt *a)
{
	forks_settle(s, a);
	struct result *r = proof_choose(a);
	if (a->lacks_modules && r->status == FILE_PASSED)
		refuse(r,
		       xstrdup("the modules of --preload were not loaded: Lua ran without LUA_INIT "
			       "or in a child"));
	doubt(s, r, a->seen);
	return r;
}
