// SPDX-License-Identifier: MIT
// What a run will take, told from the expected times of its jobs. Pure.
#ifndef PLAN_FORECAST_H
#define PLAN_FORECAST_H

#include <stddef.h>
#include <stdint.h>

#include "model/job.h"

struct locks;

struct forecast {
	int64_t sum_ns, longest_ns;
	int64_t wall_ns; // when the jobs start in their order, as the queue lets them, and what
			 // failed last time is tried again in vain
	// No order can do better: those that run alone, and besides the longest of the others,
	// their share of the slots, or all that one lock keeps apart.
	int64_t lower_bound_ns;
	size_t unknown; // jobs without a time: they are in none of the figures
};

// locks: as in model/queue.h.
void forecast_make(struct forecast *f, const struct jobs *jobs, int slots,
		   const struct locks *locks);

#endif
