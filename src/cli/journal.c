// SPDX-License-Identifier: MIT
#include "cli/journal.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "model/run.h"
#include "store/store.h"

#define LOCK_PATIENCE_NS (5 * NS_PER_SEC)
#define RETRY_NS         (20 * NS_PER_MS)

static void publish_all(struct journal *j)
{
	j->publish(j->owner, j->waiting.items, j->waiting.n);
	j->waiting.n = 0;
}

static void give_up(struct journal *j, const char *why)
{
	char *message =
		xasprintf("the history cannot be written (%s): the run goes on without it", why);

	j->warn(j->owner, message);
	free(message);
	store_close(*j->store);
	*j->store = NULL;
	j->run->id = 0;
}

static void add_attempts(struct result *r, struct result **list, size_t *n)
{
	if (r->earlier)
		add_attempts(r->earlier, list, n);
	if (!r->cached && r->status != FILE_NOTRUN)
		list[(*n)++] = r;
}

// What the run has so far is recorded anew. The passes that it has taken over are gone.
static enum store_status record_again(struct journal *j, struct err *err)
{
	size_t n = 0, most = 0;

	for (size_t i = 0; i < j->run->results.n; i++) {
		j->run->results.items[i]->id = 0;
		most += (size_t)j->run->results.items[i]->attempts;
	}
	struct result **list = xcalloc(most + 1, sizeof *list);
	for (size_t i = 0; i < j->run->results.n; i++)
		add_attempts(j->run->results.items[i], list, &n);
	enum store_status status = store_record(*j->store, j->run, list, n, err);
	free(list);
	return status;
}

// True if the journal goes on in a new store.
static bool renew(struct journal *j, struct err *err)
{
	char *notice;

	if (j->renewed || !store_is_broken(*j->store))
		return false;
	j->renewed = true;
	*j->store = store_renew(*j->store, &notice, err);
	if (notice)
		j->warn(j->owner, notice);
	free(notice);
	// It was a part of another run, which is gone.
	j->joined = false;
	j->run->id = 0;
	return *j->store && record_again(j, err) == STORE_OK;
}

// True if it is to be tried again.
static bool settle(struct journal *j, enum store_status status, struct err *err)
{
	if (status == STORE_OK) {
		j->locked_since_ns = 0;
		return false;
	}
	if (status == STORE_FAILED) {
		if (renew(j, err))
			return true;
		give_up(j, err->message);
		return false;
	}
	int64_t now = clock_mono_ns();
	if (j->locked_since_ns == 0)
		j->locked_since_ns = now;
	if (now - j->locked_since_ns < LOCK_PATIENCE_NS)
		return true;
	give_up(j, "another process has kept it locked for 5 s");
	return false;
}

static void flush(struct journal *j)
{
	struct err err = {0};

	if (j->waiting.n == 0)
		return;
	if (*j->store) {
		enum store_status status =
			store_record(*j->store, j->run, j->waiting.items, j->waiting.n, &err);
		if (settle(j, status, &err)) {
			j->timer.at_ns = clock_mono_ns() + RETRY_NS;
			return;
		}
	}
	publish_all(j);
}

static void on_timer(struct loop_timer *t)
{
	flush(t->owner);
}

void journal_open(struct journal *j, struct loop *loop)
{
	j->loop = loop;
	j->timer = (struct loop_timer){.at_ns = LOOP_NEVER, .fire = on_timer, .owner = j};
	loop_add_timer(loop, &j->timer);
}

void journal_add(struct journal *j, struct result *r)
{
	VEC_PUSH(&j->waiting, r);
	if (j->timer.at_ns == LOOP_NEVER)
		j->timer.at_ns = clock_mono_ns() + j->batch_ns;
}

void journal_begin(struct journal *j)
{
	struct err err = {0};

	while (*j->store && settle(j, store_record(*j->store, j->run, NULL, 0, &err), &err))
		poll(NULL, 0, (int)(RETRY_NS / NS_PER_MS));
}

void journal_flush(struct journal *j)
{
	for (flush(j); j->waiting.n > 0; flush(j))
		poll(NULL, 0, (int)(RETRY_NS / NS_PER_MS));
}

void journal_close(struct journal *j)
{
	struct err err = {0};

	journal_flush(j);
	while (!j->joined && *j->store &&
	       settle(j, record_finish_run(*j->store, j->run, &err), &err))
		poll(NULL, 0, (int)(RETRY_NS / NS_PER_MS));
	loop_remove_timer(j->loop, &j->timer);
	free(j->waiting.items);
}
