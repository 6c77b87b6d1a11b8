// SPDX-License-Identifier: MIT
// What is seen of a worker that has ended, by its trace, its inputs and its events, and what its
// result is by that. Private to run/.
#ifndef RUN_OBSERVATION_H
#define RUN_OBSERVATION_H

#include "framework/reading.h"

struct attempt;

// The attempt has finished: decides its result, and sets *o, which points into the attempt and the
// result.
void observation_decide(struct attempt *a, struct observation *o);

#endif
