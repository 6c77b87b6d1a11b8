// SPDX-License-Identifier: MIT
// Locks that the past tells: of files that write the same path. Files of which the same is written
// share one of them, however many paths they are.
#ifndef PLAN_LEARNED_H
#define PLAN_LEARNED_H

#include <stdbool.h>

#include "base/map.h"

struct err;
struct jobs;
struct store;

// Empty at first. Jobs point to it.
struct learned {
	bool is_loaded;
	struct map by_file; // path of a test file -> struct strings *, its locks
};

// Has the jobs keep those locks, which are loaded when they are first needed.
int learned_apply(struct learned *l, struct jobs *jobs, struct store *history, struct err *err);
void learned_release(struct learned *l);

#endif
