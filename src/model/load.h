// SPDX-License-Identifier: MIT
// How much one file asks of a machine, told from its past.
#ifndef MODEL_LOAD_H
#define MODEL_LOAD_H

#include <stdbool.h>
#include <stdint.h>

struct series;

struct load {
	int64_t wall_ns; // how long it takes where it never waits for a CPU, -1: unknown
	int64_t cpu_ns;  // of all its processes; more than wall_ns where they work side by side
	bool certain;    // no wait for a CPU is in these times
};

// The medians of its last timed results that ran alone, or whose wait for a CPU is known. Without
// any, the medians of all its last ones, which may have waited for other files.
struct load load_of(const struct series *t);

#endif
