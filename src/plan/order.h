// SPDX-License-Identifier: MIT
// The order in which jobs are started. Pure.
#ifndef PLAN_ORDER_H
#define PLAN_ORDER_H

#include <stdint.h>

#include "model/job.h"

struct locks;

enum order { ORDER_SLOWEST, ORDER_PATH, ORDER_RANDOM };

// ORDER_SLOWEST: files whose latest result is bad, the slowest first; then files without a time,
// the largest first; then the slowest first, where what shares a lock counts as what all that do
// take, and what takes more than half of the slots as all of those. The path decides between
// equals. ORDER_RANDOM: a permutation that depends on the paths and the seed alone.
void order_jobs(struct jobs *jobs, enum order order, uint64_t seed, int slots,
		const struct locks *locks);
// For jobs in the order ORDER_SLOWEST: where putting the failed and the unknown first would make
// the run longer than it has to be (by 2 % and 0.1 s at least), moves the fewest long jobs to the
// front that mend it. A file that bounds the run cannot wait until the failed ones are through.
void order_promote_longest(struct jobs *jobs, int slots, const struct locks *locks);
// All of it: the order in which a run on so many slots (0: unknown) starts the jobs.
void order_for_run(struct jobs *jobs, enum order order, uint64_t seed, int slots,
		   const struct locks *locks);

#endif
