// SPDX-License-Identifier: MIT
#include "jobserver/tokens.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/path.h"
#include "jobserver/client.h"
#include "jobserver/makeflags.h"
#include "jobserver/watchdog.h"
#include "sys/loop.h"

// So many watchdogs may be killed in a run before it goes on without one.
#define WATCHDOGS_MOST 8

struct tokens {
	char *marker, *folder; // what the watchdog is told; NULL: there is none
	int watchdogs;         // that were started
	int most;              // slots that may be in use at once
	int running;           // slots in use
	bool shared;           // a client of make's jobserver
	bool waiting;          // a job is ready to start
	bool distrusted;       // the watchdog is to look for processes
	bool gone;             // its server has closed it: go on with what is held
	struct client client;
	struct watchdog watchdog; // takes from the client for us while it lives
	struct will will;         // what is done where memory runs out
	struct {
		// The bytes taken from make, to be given back as they are. There is room before one
		// is taken.
		char items[TOKENS_MAX];
		size_t n;
	} held;
	struct loop *loop;
	struct loop_watch watch; // of the next token
	struct loop_watch room;  // in a pipe that is full, for tokens that are to go back
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

// Another watchdog takes over from one that was killed.
static void start_watchdog(struct tokens *t)
{
	struct err err;

	if (t->marker && t->watchdogs++ < WATCHDOGS_MOST)
		watchdog_start(&t->watchdog, t->shared ? &t->client : NULL, t->marker, t->folder,
			       &err);
}

// Without any memory: what the watchdog does when we are dead, and before make hears of our end.
static void abandon(void *owner)
{
	struct tokens *t = owner;

	if (t->watchdog.socket >= 0) {
		watchdog_abandon(&t->watchdog);
		return;
	}
	if (t->marker)
		watchdog_stand_in(&t->watchdog, t->marker);
	while (t->held.n > 0 && client_give(&t->client, t->held.items[t->held.n - 1]))
		t->held.n--;
	if (t->folder)
		path_remove_tree(t->folder);
}

struct tokens *tokens_open(const struct makeflags *m, int cap, int default_size, const char *marker,
			   const char *folder, struct err *warning)
{
	struct tokens *t = xcalloc(1, sizeof *t);
	struct err why = {0};

	*warning = (struct err){0};
	if (cap <= 0)
		cap = m->most;
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
	t->watchdog.socket = -1;
	t->marker = marker ? xstrdup(marker) : NULL;
	t->folder = marker ? xstrdup(folder) : NULL;
	start_watchdog(t);
	t->will = (struct will){.act = abandon, .arg = t};
	will_make(&t->will);
	return t;
}

static size_t needed(const struct tokens *t)
{
	return t->running > 0 ? (size_t)t->running - 1 : 0;
}

// Where the next token shows, and where there is room for returned ones: the watchdog's socket, or
// make's pipe.
static void watch(struct tokens *t)
{
	bool kept = t->watchdog.socket >= 0;
	bool wanted = t->shared && t->waiting && !t->gone && t->running < t->most;

	// What the watchdog has sent, and its death, is to be seen at any time.
	t->watch.fd = kept ? t->watchdog.socket : t->client.poll_fd;
	t->watch.events = kept || wanted ? POLLIN : 0;
	t->room.fd = kept ? t->watchdog.socket : t->client.write_fd;
	t->room.events = t->held.n > needed(t) ? POLLOUT : 0;
}

static void hold(struct tokens *t, char byte)
{
	if (t->held.n < TOKENS_MAX)
		t->held.items[t->held.n++] = byte;
}

// What the watchdog had of make's is ours, and is handed to the next watchdog, which has to be told
// of what goes back.
static void on_watchdog_end(struct tokens *t)
{
	t->held.n = watchdog_forget(&t->watchdog, t->held.items);
	start_watchdog(t);
}

// Gives back what is more than the workers need; what a full pipe has no room for stays held.
static void give_surplus(struct tokens *t)
{
	while (t->held.n > needed(t)) {
		char byte = t->held.items[t->held.n - 1];
		int given = t->watchdog.socket >= 0 ? watchdog_give(&t->watchdog, byte)
						    : client_give(&t->client, byte);
		if (given == 0)
			break;
		if (given > 0)
			t->held.n--;
		else
			on_watchdog_end(t);
	}
	watch(t);
}

static void on_room(struct loop_watch *w, short revents)
{
	give_surplus(w->owner);
}

// 1, 0 or -1 as client_take. Never past a watchdog: it gives back nothing that it does not know of.
static int take(struct tokens *t, char *byte)
{
	while (t->watchdog.socket >= 0) {
		int taken = watchdog_take(&t->watchdog, byte);
		if (taken >= 0)
			return taken;
		on_watchdog_end(t);
	}
	return t->gone ? 0 : client_take(&t->client, byte);
}

// Nothing is wanted, and yet something has come: a token that was on its way, or the watchdog's
// end.
static void drain(struct tokens *t)
{
	char byte;

	if (t->shared && t->watchdog.socket >= 0 && take(t, &byte) == 1)
		hold(t, byte);
	give_surplus(t);
	if (t->watchdog.socket >= 0)
		watchdog_cancel(&t->watchdog);
}

static void on_readable(struct loop_watch *w, short revents)
{
	struct tokens *t = w->owner;

	if (t->watchdog.socket >= 0 && watchdog_has_ended(&t->watchdog)) {
		on_watchdog_end(t);
		give_surplus(t);
		revents |= POLLIN; // that was no word of make
	}
	if (t->waiting)
		t->ready(t->owner);
	else
		drain(t);
	// All writers of make's pipe gone: polling on would spin.
	if (t->watchdog.socket < 0 && !(revents & POLLIN))
		t->gone = true;
	watch(t);
}

void tokens_attach(struct tokens *t, struct loop *l, void (*ready)(void *owner), void *owner)
{
	t->ready = ready;
	t->owner = owner;
	if (!t->shared && t->watchdog.socket < 0)
		return;
	t->loop = l;
	t->watch = (struct loop_watch){.fd = -1, .ready = on_readable, .owner = t};
	t->room = (struct loop_watch){.fd = -1, .ready = on_room, .owner = t};
	loop_add_watch(l, &t->watch);
	loop_add_watch(l, &t->room);
	watch(t);
}

void tokens_await(struct tokens *t, bool waiting)
{
	if (t->waiting && !waiting && t->watchdog.socket >= 0)
		watchdog_cancel(&t->watchdog);
	t->waiting = waiting;
	watch(t);
}

bool tokens_take(struct tokens *t)
{
	char byte = 0;

	if (t->running >= t->most)
		return false;
	// One that could not go back is as good as another.
	if (t->shared && t->running > 0 && t->held.n <= needed(t)) {
		int taken = take(t, &byte);
		if (taken < 0)
			t->gone = true;
		if (taken > 0)
			hold(t, byte);
		if (t->held.n <= needed(t))
			return false;
	}
	t->running++;
	return true;
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

pid_t *tokens_group(const struct tokens *t, int slot)
{
	return t->watchdog.shared && slot < TOKENS_MAX ? watchdog_group(&t->watchdog, slot) : NULL;
}

void tokens_keep(struct tokens *t, int fd)
{
	watchdog_keep(&t->watchdog, fd);
}

pid_t tokens_watchdog(const struct tokens *t)
{
	return t->watchdog.socket >= 0 ? t->watchdog.pid : 0;
}

bool tokens_is_own(const struct tokens *t, pid_t pid)
{
	return pid == tokens_watchdog(t) || (t->client.helper > 0 && pid == t->client.helper);
}

void tokens_distrust(struct tokens *t)
{
	t->distrusted = true;
}

bool tokens_close(struct tokens *t)
{
	int64_t until_ns = clock_mono_ns() + CLIENT_PATIENCE_NS;

	will_drop(&t->will);
	t->running = 0;
	give_surplus(t);
	bool all = watchdog_close(&t->watchdog, t->distrusted, t->held.items, &t->held.n);
	// Without a watchdog, or with one that does not listen: it gives back what it knows of.
	for (; t->held.n > 0 && all &&
	       client_give_until(&t->client, t->held.items[t->held.n - 1], until_ns);
	     t->held.n--)
		;
	all = all && t->held.n == 0;
	if (t->loop) {
		loop_remove_watch(t->loop, &t->watch);
		loop_remove_watch(t->loop, &t->room);
	}
	if (t->shared)
		client_close(&t->client);
	free(t->marker);
	free(t->folder);
	free(t);
	return all;
}
