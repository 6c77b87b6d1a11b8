// SPDX-License-Identifier: MIT
// What is seen of a worker that has ended, by its trace, its inputs and its events, and what its
// result is by that. Private to run/.
#ifndef RUN_OBSERVATION_H
#define RUN_OBSERVATION_H

#include <stdbool.h>

#include "base/map.h"
#include "framework/reading.h"

struct attempt;

// What is known by now of the files that workers load.
struct observer {
	bool has_proc;           // the kernel tells of processes
	struct map libraries;    // path of a file -> the framework that it is the core of, and 1
	struct map busted_names; // path of a file -> whether it names what busted gives, and 1
};

void observer_open(struct observer *w);
void observer_close(struct observer *w);
// The framework that the file of that name is the core of, or FRAMEWORK_PLAIN.
enum framework observer_library(struct observer *w, const char *path);
// The attempt has finished: decides its result, and sets *o, which points into the attempt and the
// result.
void observation_decide(struct observer *w, struct attempt *a, struct observation *o);

#endif
