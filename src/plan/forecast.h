// SPDX-License-Identifier: MIT
// What a run will take, told from the expected times of its jobs. Pure.
#ifndef PLAN_FORECAST_H
#define PLAN_FORECAST_H

#include <stddef.h>
#include <stdint.h>

#include "model/job.h"

struct forecast {
	int64_t sum_ns, longest_ns;
	int64_t wall_ns;        // when each slot takes the next job of the order as it becomes free
	int64_t lower_bound_ns; // max(longest, sum / slots): no order can do better
	size_t unknown;         // jobs without a time: they are in none of the figures
};

void forecast_make(struct forecast *f, const struct jobs *jobs, int slots);

#endif
