// SPDX-License-Identifier: MIT
// The way of a result to the history and then to the eyes: nothing is published before it is
// recorded, so that a killed run has lost nothing that somebody has seen. Results that end within
// batch_ns are recorded together. While another process holds the lock, the run goes on
// and they wait.
#ifndef CLI_JOURNAL_H
#define CLI_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/loop.h"

struct result;
struct run;
struct store;

struct journal {
	// Where *store is damaged, or is not there any more, a new one is begun, once, with all
	// that the run has so far. It is closed and set to NULL when it cannot be used any more.
	struct store **store;
	bool renewed;
	struct run *run;
	bool joined; // the run is completed by another process
	// Tells of results that have been recorded, in the order of their ends.
	void (*publish)(void *owner, struct result *const *results, size_t n);
	void (*warn)(void *owner, const char *message);
	void *owner;
	int64_t batch_ns; // how long a result may wait for others to be recorded with
	struct {
		struct result **items;
		size_t n, cap;
	} waiting;
	int64_t locked_since_ns; // 0: not
	struct loop *loop;
	struct loop_timer timer;
};

// store, run, joined, publish, warn, owner and batch_ns are set by the caller before.
void journal_open(struct journal *j, struct loop *loop);
// Records the run before it has any result. Waits for a lock like journal_close.
void journal_begin(struct journal *j);
void journal_add(struct journal *j, struct result *r);
// Records and publishes what still waits. Waits for a lock, but not beyond the time it may be held.
void journal_flush(struct journal *j);
// The same, and completes the run's record. Detaches from the loop.
void journal_close(struct journal *j);

#endif
