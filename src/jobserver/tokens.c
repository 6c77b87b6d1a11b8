// SPDX-License-Identifier: MIT
#include "jobserver/tokens.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "jobserver/client.h"
#include "jobserver/makeflags.h"
#include "sys/loop.h"

struct tokens {
	int most;    // slots that may be in use at once
	int running; // slots in use
	bool shared; // a client of make's jobserver
	bool gone;   // its server has closed it: go on with what is held
	struct client client;
	struct {
		char *items; // the bytes taken from make, to be given back as they are
		size_t n, cap;
	} held;
	struct loop *loop;
	struct loop_watch watch;
	void (*ready)(void *owner);
	void *owner;
};

static int least(int a, int b)
{
	return a < b ? a : b;
}

static int pool_size(const struct makeflags *m, int cap, int default_size)
{
	if (cap > 0)
		return cap;
	if (m->jobs > 0)
		return m->jobs;
	return default_size;
}

static void warn(const struct makeflags *m, const char *why, struct err *warning)
{
	if (m->auth == AUTH_MALFORMED)
		err_set(warning, 0,
			"MAKEFLAGS holds --jobserver-auth=%s, which is neither R,W nor fifo:PATH; "
			"going on with one job",
			m->text);
	else if (m->auth == AUTH_FDS)
		err_set(warning, 0,
			"cannot use make's jobserver (--jobserver-auth=%s): %s; put a + in front "
			"of the recipe's "
			"command; going on with one job",
			m->text, why);
	else
		err_set(warning, 0,
			"cannot use make's jobserver (--jobserver-auth=%s): %s; going on with one "
			"job",
			m->text, why);
}

struct tokens *tokens_open(const struct makeflags *m, int cap, int default_size,
			   struct err *warning)
{
	struct tokens *t = xcalloc(1, sizeof *t);
	struct err why = {0};

	*warning = (struct err){0};
	switch (m->auth) {
	case AUTH_NONE:
		t->most = least(pool_size(m, cap, default_size), TOKENS_MAX);
		break;
	case AUTH_FDS:
	case AUTH_FIFO:
		t->shared = client_open(&t->client, m, &why) == 0;
		t->most = !t->shared ? 1 : cap > 0 ? least(cap, TOKENS_MAX) : TOKENS_MAX;
		if (!t->shared)
			warn(m, why.message, warning);
		break;
	case AUTH_MALFORMED:
		warn(m, "", warning);
		t->most = 1;
		break;
	case AUTH_NOT_OURS:
		t->most = 1;
		break;
	}
	return t;
}

static void on_readable(struct loop_watch *w, short revents)
{
	struct tokens *t = w->owner;

	// All writers gone: polling on would spin.
	if (!(revents & POLLIN)) {
		t->gone = true;
		w->events = 0;
	}
	t->ready(t->owner);
}

void tokens_attach(struct tokens *t, struct loop *l, void (*ready)(void *owner), void *owner)
{
	t->ready = ready;
	t->owner = owner;
	if (!t->shared)
		return;
	t->loop = l;
	t->watch = (struct loop_watch){.fd = t->client.poll_fd, .ready = on_readable, .owner = t};
	loop_add_watch(l, &t->watch);
}

void tokens_await(struct tokens *t, bool waiting)
{
	// A pool needs no event: its slots only come back through tokens_give.
	if (!t->shared)
		return;
	t->watch.fd = t->client.poll_fd;
	t->watch.events = waiting && !t->gone && t->running < t->most ? POLLIN : 0;
}

bool tokens_take(struct tokens *t)
{
	char byte = 0;

	if (t->running >= t->most)
		return false;
	if (t->shared && t->running > 0) {
		int taken = t->gone ? 0 : client_take(&t->client, &byte);
		if (taken < 0)
			t->gone = true;
		if (taken <= 0)
			return false;
		VEC_PUSH(&t->held, byte);
	}
	t->running++;
	return true;
}

static void give_surplus(struct tokens *t)
{
	size_t needed = t->running > 0 ? (size_t)t->running - 1 : 0;

	while (t->held.n > needed)
		client_give(&t->client, t->held.items[--t->held.n]);
}

void tokens_give(struct tokens *t)
{
	t->running--;
	give_surplus(t);
}

int tokens_most(const struct tokens *t)
{
	return t->most;
}

bool tokens_shared(const struct tokens *t)
{
	return t->shared;
}

void tokens_close(struct tokens *t)
{
	t->running = 0;
	give_surplus(t);
	if (t->loop)
		loop_remove_watch(t->loop, &t->watch);
	if (t->shared)
		client_close(&t->client);
	free(t->held.items);
	free(t);
}
