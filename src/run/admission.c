// SPDX-License-Identifier: MIT
#include "run/admission.h"

#include "base/clock.h"
#include "jobserver/tokens.h"
#include "model/result.h"
#include "run/private.h"
#include "sys/pressure.h"

// How often a machine that was too busy is looked at again.
#define LOOK_AGAIN_NS (250 * NS_PER_MS)
// How long what was seen of the memory holds, where it was plenty.
#define SEEN_HOLDS_NS NS_PER_SEC
// No peak counts for more, so that no sum of them is too large for its type.
#define MOST_BYTES (INT64_C(1) << 50)

void admission_reopen(struct admission *r)
{
	r->timer.at_ns = LOOP_NEVER;
}

// Workers that have just been started: they may not show in the load yet.
static int young(const struct supervisor *s)
{
	int64_t since = clock_mono_ns() - LOOK_AGAIN_NS;
	int n = 0;

	for (size_t i = 0; i < s->attempts.n; i++)
		n += s->attempts.items[i]->began_ns > since;
	return n;
}

static bool is_busy(const struct supervisor *s)
{
	const struct run_settings *set = s->settings;

	double load = set->max_load > 0 || s->means->has_make_load ? pressure_load() + young(s) : 0;

	return (set->max_load > 0 && load >= set->max_load) ||
	       (s->means->has_make_load &&
		(load >= s->means->make_load || pressure_average() >= s->means->make_load)) ||
	       (set->min_memory > 0 && pressure_memory() < set->min_memory);
}

static int64_t peak_of(const struct job *job)
{
	return job->peak_bytes < MOST_BYTES ? job->peak_bytes : MOST_BYTES;
}

int64_t admission_claimed(const struct supervisor *s, int64_t (*held)(const struct process *p))
{
	int64_t sum = 0;

	for (size_t i = 0; i < s->attempts.n; i++) {
		const struct attempt *a = s->attempts.items[i];
		int64_t peak = peak_of(a->result->job);
		if (peak == 0 || a->exited)
			continue;
		int64_t has = held ? held(a->process) : 0;
		sum += peak > has ? peak - has : 0;
	}
	return sum;
}

// Whether the memory that the job once took is there, beside what the others may still take.
//
// Looking takes some tens of microseconds, as much as a percent of a tiny file. So nothing is
// looked at for files that are not known to need any, and while all the peaks together need less
// than half of what was there within the last second.
static bool has_memory(struct supervisor *s, const struct job *job)
{
	struct admission *r = &s->admission;
	int64_t wanted = peak_of(job), peaks = wanted + admission_claimed(s, NULL);
	int64_t now = clock_mono_ns();

	if (peaks == 0 || (now - r->seen_ns < SEEN_HOLDS_NS && peaks <= r->seen_bytes / 2))
		return true;
	r->seen_ns = now;
	r->seen_bytes = pressure_memory();
	int64_t left = r->seen_bytes - admission_claimed(s, s->terms.launcher->operations->memory);
	if (wanted <= left)
		return true;
	if (!r->told && s->hooks->waits)
		s->hooks->waits(s->hooks->owner, job, left > 0 ? left : 0);
	r->told = true;
	return false;
}

bool admission_must_wait(struct supervisor *s, const struct job *job)
{
	// Without a free slot it has to wait anyway.
	if (s->attempts.n == 0 || s->in_use >= tokens_most(s->means->tokens))
		return false;
	if (s->admission.timer.at_ns != LOOP_NEVER)
		return true;
	if (!is_busy(s) && (!s->settings->memory_guard || has_memory(s, job)))
		return false;
	// Nothing tells when that changes.
	s->admission.timer.at_ns = clock_mono_ns() + LOOK_AGAIN_NS;
	return true;
}
