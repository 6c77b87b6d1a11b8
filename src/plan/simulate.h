// SPDX-License-Identifier: MIT
// How a run goes, told from the loads of its jobs. Pure.
#ifndef PLAN_SIMULATE_H
#define PLAN_SIMULATE_H

#include <stdint.h>

#include "model/job.h"

struct locks;

struct simulation {
	int64_t wall_ns;
	int64_t memory_bytes; // the most that files running at once take, at their peaks
};

// The jobs start in their order, as the queue lets them (model/queue.h, as for locks). As long as
// there is a CPU for each running job, all go at their own pace; else the jobs that want one at the
// same time share the CPUs fairly: a job that both computes and waits loses time only while it
// computes. Jobs without a load are left out.
void simulate(struct simulation *s, const struct jobs *jobs, int slots, int cpus,
	      const struct locks *locks);

#endif
