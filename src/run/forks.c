// SPDX-License-Identifier: MIT
#include "run/forks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/strings.h"
#include "model/job.h"
#include "model/quarantine.h"
#include "model/result.h"
#include "run/private.h"
#include "run/proof.h"

// So many files that need a new process, and none that does not: all are taken to.
#define UNLIKE_MOST 3

struct forks_check {
	bool runs; // a sample does
	int unlike;
};

struct result *forks_take(struct result **place)
{
	struct result *r = *place;

	*place = NULL;
	return r;
}

// ---- what is known ----

static char verdicts[FORK_UNSAFE + 1]; // what states are mapped to: the places

static void learn(struct supervisor *s, uint64_t state, enum fork_verdict verdict)
{
	char key[24];

	snprintf(key, sizeof key, "%" PRIx64, state);
	map_put(&s->forks.known, key, &verdicts[verdict]);
}

static enum fork_verdict verdict_of(void *owner, uint64_t state)
{
	struct supervisor *s = owner;
	char key[24];

	snprintf(key, sizeof key, "%" PRIx64, state);
	const char *place = map_get(&s->forks.known, key);
	return place ? (enum fork_verdict)(place - verdicts) : FORK_UNKNOWN;
}

static struct forks_check *check_of(struct supervisor *s, uint64_t state)
{
	char key[24];

	snprintf(key, sizeof key, "%" PRIx64, state);
	void **place = map_at(&s->forks.checks, key);
	if (!*place)
		*place = xcalloc(1, sizeof(struct forks_check));
	return *place;
}

void forks_open(struct supervisor *s, const struct jobs *jobs)
{
	const struct forkserver_memory memory = {.of = verdict_of, .owner = s};

	// A run that did not know what another had shown may have shown the opposite.
	for (size_t i = 0; i < jobs->n; i++) {
		const struct fork_memory *shown = &jobs->items[i].forks;
		if (shown->verdict != FORK_UNKNOWN && verdict_of(s, shown->state) != FORK_UNSAFE)
			learn(s, shown->state, shown->verdict);
	}
	local_remember_forks(&s->local, &memory);
}

void forks_close(struct supervisor *s)
{
	for (size_t i = 0; i < s->forks.checks.cap; i++)
		free(s->forks.checks.slots[i].value);
	map_release(&s->forks.checks);
	map_release(&s->forks.known);
	map_release(&s->forks.fresh);
}

bool forks_needs_fresh(struct supervisor *s, const struct job *job)
{
	return map_get(&s->forks.fresh, job->path) != NULL;
}

// The result of a new process is that of its file, which shows that.
static void show(struct supervisor *s, struct result *r, uint64_t state, enum fork_verdict verdict)
{
	learn(s, state, verdict);
	r->forks = (struct fork_memory){verdict, state};
}

// fresh: of its new process. One file in a row is none of its interpreter's fault.
static void show_need(struct supervisor *s, const struct attempt *a, struct result *fresh)
{
	map_put(&s->forks.fresh, fresh->job->path, s);
	if (s->hooks->needs_fresh)
		s->hooks->needs_fresh(s->hooks->owner, fresh->job, a->is_trial);
	show(s, fresh, a->states.file, FORK_UNSAFE);
	bool tells = a->is_trial && a->states.server == a->sampled;
	if (tells && ++check_of(s, a->sampled)->unlike >= UNLIKE_MOST)
		show(s, fresh, a->sampled, FORK_UNSAFE);
}

// ---- another process ----

static struct attempt *another(struct supervisor *s, struct attempt *a)
{
	struct attempt *other = supervisor_new_attempt(s, a->result->job, a->result->attempt,
						       a->slot, a->held, a->slot_since_ns);

	other->reading = a->reading;
	other->tried = a->tried;
	other->is_trial = a->is_trial;
	other->sampled = a->sampled;
	return other;
}

// Starts it in place of a, which is freed, and all that is known beside a's result goes along; the
// result is the caller's to keep. False: it could not be started, and is gone.
static bool replace(struct supervisor *s, struct attempt *a, struct attempt *other)
{
	struct result *before = forks_take(&a->before), *failed = forks_take(&a->failed);
	char *learned = a->learned;
	struct err err;
	bool transient;

	a->learned = NULL;
	other->before_seen = a->before_seen;
	supervisor_end_attempt(s, a);
	bool starts = attempt_start(other, &transient, &err) == 0;
	struct attempt *next = starts ? other : a;
	next->before = before;
	next->failed = failed;
	if (starts) {
		other->learned = learned;
		supervisor_enlist(s, other);
		free(a);
	} else {
		free(learned);
		result_free(other->result);
		free(other);
	}
	return starts;
}

// Runs the file once more, in a process that may be forked or not. False: what there was stands.
static bool run_again(struct supervisor *s, struct attempt *a, bool fresh)
{
	// A pass is settled here: what it proves was proven in a new process.
	if (!fresh)
		proof_choose(a);
	struct attempt *other = another(s, a);
	struct result *now = a->result;
	other->fresh = fresh;
	other->reading.proof &= fresh;
	if (!replace(s, a, other)) {
		attempt_drop(&s->local.launcher, forks_take(&a->failed));
		return false;
	}
	if (fresh)
		other->failed = now;
	else
		other->passed = now;
	return true;
}

static bool is_bad(const struct attempt *a)
{
	return file_status_is_bad(a->result->status);
}

// ---- what a forked process comes to does not count ----

bool forks_discard(struct supervisor *s, struct attempt *a)
{
	bool is_late = a->is_hasty && a->timed_out;

	if (!a->forked || !(a->spoilt || is_late) || a->sample || a->passed)
		return false;
	if (!s->abandoned) {
		struct attempt *other = another(s, a);
		struct result *dropped = a->result;
		other->fresh = true;
		map_put(&s->forks.fresh, dropped->job->path, s);
		if (a->spoilt)
			show(s, other->result, a->states.file, FORK_UNSAFE);
		if (replace(s, a, other)) {
			attempt_drop(&s->local.launcher, dropped);
			return true;
		}
	}
	if (!is_bad(a)) {
		free(a->result->reason);
		a->result->status = FILE_ERROR;
		a->result->reason = xstrdup(
			"it was forked, used what had been written before, and could not be "
			"run anew");
	}
	return false;
}

// ---- samples ----

static void add_test(struct strings *lines, const struct test_case *t)
{
	struct buf b = {0};

	for (size_t i = 0; i < t->npath; i++)
		buf_addf(&b, "%s\x1f", t->path[i]);
	buf_addf(&b, "%s\x1f%d\x1f%d", t->name, (int)t->status, t->round);
	VEC_PUSH(lines, buf_detach(&b));
}

// The same tests, in the same order, with the same ends; the order is one of chance where there is
// a seed.
static bool has_same_tests(const struct result *a, const struct result *b)
{
	struct strings one = {0}, two = {0};
	bool same = a->tests.n == b->tests.n;

	for (size_t i = 0; same && i < a->tests.n; i++) {
		add_test(&one, &a->tests.items[i]);
		add_test(&two, &b->tests.items[i]);
	}
	if (a->seed || b->seed) {
		strings_sort(&one);
		strings_sort(&two);
	}
	for (size_t i = 0; same && i < one.n; i++)
		same = strcmp(one.items[i], two.items[i]) == 0;
	strings_free_all(&one);
	strings_free_all(&two);
	return same;
}

static bool is_alike(const struct result *a, const struct result *b)
{
	return a->status == b->status && a->framework == b->framework &&
	       a->exit_code == b->exit_code && a->errors.n == b->errors.n && has_same_tests(a, b);
}

// Whether the attempt can be one, and one is wanted.
static bool is_sample(struct supervisor *s, const struct attempt *a)
{
	const struct result *r = a->result;
	bool is_first = !a->forked && !a->fresh && !a->is_trial && !a->failed && !a->passed &&
			!a->reading.proof;

	return s->means->local.fork.checks && a->states.known && is_first && !s->abandoned &&
	       r->status == FILE_PASSED && !r->partial && r->wall_ns < FORKS_LONG_NS &&
	       verdict_of(s, a->states.server) == FORK_UNKNOWN &&
	       verdict_of(s, a->states.file) == FORK_UNKNOWN &&
	       !check_of(s, a->states.server)->runs;
}

bool forks_check(struct supervisor *s, struct attempt *a)
{
	if (!is_sample(s, a))
		return false;
	struct forks_check *check = check_of(s, a->states.server);
	struct attempt *other = another(s, a);
	struct result *fresh = a->result;
	bool seen = a->seen;
	other->is_trial = true;
	other->sampled = a->states.server;
	if (!replace(s, a, other))
		return false;
	other->sample = fresh;
	other->sample_seen = seen;
	check->runs = true;
	return true;
}

// A sample has been run forked. It was nothing to go by where it was not forked after all, or from
// another interpreter. Its result stays that of its new process: whatever a second run comes to, on
// what the first has left behind or by chance, only we have asked for it.
static void judge_sample(struct supervisor *s, struct attempt *a)
{
	struct result *fresh = forks_take(&a->sample), *forked = a->result;
	bool is_same = a->states.server == a->sampled;
	bool counts = a->forked && is_same && !a->spoilt && !s->abandoned &&
		      forked->status != FILE_NOTRUN;

	a->result = fresh;
	a->seen = a->sample_seen;
	check_of(s, a->sampled)->runs = false;
	if (counts && !a->timed_out && is_alike(fresh, forked))
		show(s, fresh, a->sampled, FORK_SAFE);
	else if (counts)
		show_need(s, a, fresh);
	attempt_drop(&s->local.launcher, forked);
}

// ---- failures ----

bool forks_prove(struct supervisor *s, struct attempt *a, bool bad)
{
	if (a->sample) {
		judge_sample(s, a);
		return false;
	}
	if (s->abandoned || a->passed || is_bad(a) != bad)
		return false;
	// Where a new one has passed, another forked one tells whether the fork or chance was to
	// blame.
	return bad ? a->forked && run_again(s, a, true) : a->failed && run_again(s, a, false);
}

// Whether a failure by chance is its file's result, as it would be of a new process: where failures
// are looked for, or where it is forgiven.
static bool stands(const struct supervisor *s, struct result *failed)
{
	quarantine_judge(failed);
	return failed->forgiven || s->settings->rounds != 1;
}

void forks_settle(struct supervisor *s, struct attempt *a)
{
	struct result *passed = forks_take(&a->passed), *failed, *last = a->result;

	if (!passed)
		return;
	failed = forks_take(&a->failed);
	a->result = passed;
	if (a->forked && last->status != FILE_NOTRUN && file_status_is_bad(last->status)) {
		show_need(s, a, passed);
		attempt_drop(&s->local.launcher, failed);
	} else if (stands(s, failed)) {
		a->result = failed;
		attempt_drop(&s->local.launcher, passed);
	} else {
		failed->again = true;
		s->hooks->ended(s->hooks->owner, failed);
		passed->attempt++;
		passed->flaky = true;
	}
	attempt_drop(&s->local.launcher, last);
}
