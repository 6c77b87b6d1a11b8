// SPDX-License-Identifier: MIT
// How much time each lock keeps apart: its files run one after another. Pure.
#ifndef PLAN_LOCK_LOAD_H
#define PLAN_LOCK_LOAD_H

#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "model/job.h"

struct locks;

struct lock_load {
	struct map places; // name of a lock -> its place in sums_ns and 1, in place of a pointer
	int64_t *sums_ns;  // the expected times of its files, by what it lets run at once
};

// The jobs with a time. Those of which no two run at once, as they need more than half of the
// slots, have the lock "". slots 0: nobody knows how many there are.
void lock_load_make(struct lock_load *l, const struct jobs *jobs, const struct locks *locks,
		    int slots);
void lock_load_release(struct lock_load *l);
// The most that one of its locks keeps apart; at least what the job takes itself.
int64_t lock_load_of(const struct lock_load *l, const struct job *job, int slots);

#endif
