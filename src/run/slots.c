// SPDX-License-Identifier: MIT
#include "run/slots.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "jobserver/tokens.h"
#include "model/run.h"
#include "run/private.h"
#include "sys/lease.h"

// How long a slot goes from job to job, or waits for others of its set, before make may give it to
// somebody else.
#define HOLD_NS (100 * NS_PER_MS)
// How long no set is asked for: so long, and up to twice that more.
#define REST_NS (50 * NS_PER_MS)
// After so many sets a file starts in what there is.
#define TRIES 20
// A token that comes sooner was not waited for.
#define WAIT_SEEN_NS NS_PER_MS

void slots_open(struct supervisor *s, void (*fire)(struct loop_timer *t))
{
	s->slots.timer = (struct loop_timer){.at_ns = LOOP_NEVER, .fire = fire, .owner = s};
	loop_add_timer(s->means->loop, &s->slots.timer);
}

static void give_spare(struct supervisor *s)
{
	for (; s->slots.spare.n > 0; s->slots.spare.n--)
		tokens_give(s->means->tokens);
}

void slots_close(struct supervisor *s)
{
	give_spare(s);
	loop_remove_timer(s->means->loop, &s->slots.timer);
	free(s->slots.lanes.items);
	free(s->slots.spare.items);
}

int slots_take_lane(struct supervisor *s)
{
	for (size_t i = 0; i < s->slots.lanes.n; i++)
		if (!s->slots.lanes.items[i].taken) {
			s->slots.lanes.items[i].taken = true;
			return (int)i;
		}
	const char *shared = s->means->slots;
	struct lane lane = {true, shared ? lease_number(shared) : (int)s->slots.lanes.n};
	VEC_PUSH(&s->slots.lanes, lane);
	return (int)s->slots.lanes.n - 1;
}

int slots_limit(const struct supervisor *s)
{
	return s->slots.resting ? 1 : INT_MAX;
}

// Others may be waiting for what has gone from job to job for long.
static void give_old(struct supervisor *s)
{
	int64_t now = clock_mono_ns();
	size_t n = 0;

	for (size_t i = 0; i < s->slots.spare.n; i++)
		if (now - s->slots.spare.items[i] < HOLD_NS)
			s->slots.spare.items[n++] = s->slots.spare.items[i];
		else
			tokens_give(s->means->tokens);
	s->slots.spare.n = n;
}

int slots_gather(struct supervisor *s, int n)
{
	give_old(s);
	while ((int)s->slots.spare.n < n && tokens_take(s->means->tokens)) {
		int64_t now = clock_mono_ns();
		VEC_PUSH(&s->slots.spare, now);
	}
	return (int)s->slots.spare.n < n ? (int)s->slots.spare.n : n;
}

bool slots_suffice(const struct supervisor *s)
{
	return s->slots.tries >= TRIES && s->attempts.n == 0 && s->slots.spare.n > 0;
}

int64_t slots_use(struct supervisor *s, int n, int wanted)
{
	int64_t since_ns = clock_mono_ns();

	if (n < wanted)
		s->slots.tries = TRIES - 1;
	else if (n > 1)
		s->slots.tries = 0;
	for (; n > 0; n--) {
		int64_t held_ns = s->slots.spare.items[--s->slots.spare.n];
		since_ns = held_ns < since_ns ? held_ns : since_ns;
	}
	return since_ns;
}

void slots_reuse(struct supervisor *s, int n, int64_t since_ns)
{
	for (; n > 0; n--)
		VEC_PUSH(&s->slots.spare, since_ns);
}

void slots_settle(struct supervisor *s, bool part)
{
	bool waits = part && tokens_shared(s->means->tokens);

	// What nobody else can take need not be held.
	if (!waits)
		give_spare(s);
	if (!part && !s->slots.resting)
		s->slots.timer.at_ns = LOOP_NEVER;
	if (waits && s->slots.timer.at_ns == LOOP_NEVER)
		s->slots.timer.at_ns = clock_mono_ns() + HOLD_NS;
}

// Two runs that were started together must not ask in step.
static int64_t rest_ns(void)
{
	uint64_t x = ((uint64_t)clock_mono_ns() ^ (uint64_t)getpid() << 32) *
		     UINT64_C(0x9e3779b97f4a7c15);

	return REST_NS + (int64_t)((x >> 32) % (2 * REST_NS));
}

void slots_look_again(struct supervisor *s)
{
	s->slots.resting = !s->slots.resting;
	s->slots.timer.at_ns = LOOP_NEVER;
	if (!s->slots.resting)
		return;
	give_spare(s);
	s->slots.tries++;
	s->slots.timer.at_ns = clock_mono_ns() + rest_ns();
}

void slots_give(struct supervisor *s, int n)
{
	for (; n > 0; n--)
		tokens_give(s->means->tokens);
}

void slots_note_wait(struct supervisor *s, bool ready)
{
	int most = s->run->jobs;
	bool waits = ready && tokens_shared(s->means->tokens) && (most == 0 || s->in_use < most);
	int64_t now = clock_mono_ns() - s->began_ns;

	if (waits && s->wait_ns < 0) {
		s->wait_ns = now;
	} else if (!waits && s->wait_ns >= 0) {
		const struct wait wait = {s->wait_ns, now};
		if (now - s->wait_ns >= WAIT_SEEN_NS)
			VEC_PUSH(&s->run->waits, wait);
		s->wait_ns = -1;
	}
}
