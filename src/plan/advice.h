// SPDX-License-Identifier: MIT
// Advice on how to run jobs, told from their loads by simulating their run. Pure.
#ifndef PLAN_ADVICE_H
#define PLAN_ADVICE_H

#include "model/advice.h"
#include "plan/order.h"

struct advice_request {
	enum order order;
	uint64_t seed; // of ORDER_RANDOM
	int cpus;
	int asked; // one more -j to tell of, 0: none
	int64_t available_bytes;
	const struct locks *locks; // as in model/queue.h
};

// Fills a, which points into jobs. Where no job has a load, there are no rows.
void advice_make(struct advice *a, const struct jobs *jobs, const struct advice_request *request);

#endif
