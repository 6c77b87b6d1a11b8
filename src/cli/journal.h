// SPDX-License-Identifier: MIT
// The way of a result to the history and then to the eyes: nothing is announced before it is
// recorded, so that a killed run has lost nothing that somebody has seen. Results that end within
// a few milliseconds are recorded together. While another process holds the lock, the run goes on
// and they wait.
#ifndef CLI_JOURNAL_H
#define CLI_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "sys/loop.h"

struct result;
struct run;
struct store;

struct journal {
	struct store **store; // *store is closed and set to NULL when it cannot be used any more
	struct run *run;
	void (*announce)(void *owner, const struct result *r);
	void (*warn)(const char *message);
	void *owner;
	struct {
		struct result **items;
		size_t n, cap;
	} waiting;
	int64_t locked_since_ns; // 0: not
	struct loop *loop;
	struct loop_timer timer;
};

// store, run, announce, warn and owner are set by the caller before.
void journal_open(struct journal *j, struct loop *loop);
void journal_add(struct journal *j, struct result *r);
// Records and announces what still waits, and completes the run's record. Waits for a lock, but not
// beyond the time it may be held. Detaches from the loop.
void journal_close(struct journal *j);

#endif
