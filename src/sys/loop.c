// SPDX-License-Identifier: MIT
#include "sys/loop.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"

void loop_release(struct loop *l)
{
	free(l->watches.items);
	free(l->timers.items);
	free(l->polled);
	*l = (struct loop){0};
}

void loop_add_watch(struct loop *l, struct loop_watch *w)
{
	VEC_PUSH(&l->watches, w);
}

// A removed place becomes NULL, so that a walk over the array is not disturbed; loop_step closes
// it.
void loop_remove_watch(struct loop *l, struct loop_watch *w)
{
	for (size_t i = 0; i < l->watches.n; i++)
		if (l->watches.items[i] == w)
			l->watches.items[i] = NULL;
}

void loop_add_timer(struct loop *l, struct loop_timer *t)
{
	VEC_PUSH(&l->timers, t);
}

void loop_remove_timer(struct loop *l, struct loop_timer *t)
{
	for (size_t i = 0; i < l->timers.n; i++)
		if (l->timers.items[i] == t)
			l->timers.items[i] = NULL;
}

static void close_gaps(struct loop *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->watches.n; i++)
		if (l->watches.items[i])
			l->watches.items[n++] = l->watches.items[i];
	l->watches.n = n;
	n = 0;
	for (size_t i = 0; i < l->timers.n; i++)
		if (l->timers.items[i])
			l->timers.items[n++] = l->timers.items[i];
	l->timers.n = n;
}

static int timeout_ms(const struct loop *l, int64_t now)
{
	int64_t next = LOOP_NEVER;

	for (size_t i = 0; i < l->timers.n; i++)
		if (l->timers.items[i]->at_ns < next)
			next = l->timers.items[i]->at_ns;
	if (next == LOOP_NEVER)
		return -1;
	int64_t left = next - now;
	// Rounded up: waking a little late beats spinning through the last millisecond.
	int64_t ms = left <= 0 ? 0 : (left + NS_PER_MS - 1) / NS_PER_MS;
	return ms > INT_MAX ? INT_MAX : (int)ms;
}

static void fill_polled(struct loop *l)
{
	if (l->polled_cap < l->watches.n) {
		l->polled_cap = l->watches.cap;
		l->polled = xrealloc(l->polled, l->polled_cap * sizeof *l->polled);
	}
	for (size_t i = 0; i < l->watches.n; i++) {
		const struct loop_watch *w = l->watches.items[i];
		l->polled[i] = (struct pollfd){.fd = w->events ? w->fd : -1, .events = w->events};
	}
}

static void fire_timers(struct loop *l, int64_t now)
{
	for (size_t i = 0; i < l->timers.n; i++) {
		struct loop_timer *t = l->timers.items[i];
		if (t && t->at_ns <= now) {
			t->at_ns = LOOP_NEVER;
			t->fire(t);
		}
	}
}

int loop_step(struct loop *l)
{
	close_gaps(l);
	fill_polled(l);

	size_t n = l->watches.n; // watches that a callback adds wait for the next step
	int64_t looked_ns = clock_mono_ns();
	int ms = timeout_ms(l, looked_ns);
	int ready = poll(l->polled, n, ms);
	if (ready == 0)
		looked_ns += ms * NS_PER_MS;
	for (size_t i = 0; ready > 0 && i < n; i++) {
		struct loop_watch *w = l->watches.items[i];
		if (w && l->polled[i].revents)
			w->ready(w, l->polled[i].revents);
	}
	if (ready < 0 && errno == ENOMEM)
		alloc_fail();
	if (ready < 0 && errno != EINTR && errno != EAGAIN)
		return -1;
	// Time may have passed since, for whatever reason, and what came in it comes first: nobody
	// is late whom we have not looked for at that time.
	fire_timers(l, looked_ns);
	return 0;
}
