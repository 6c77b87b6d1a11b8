// SPDX-License-Identifier: MIT
// One run of a suite: its results and its own figures. Reports are functions of this struct.
#ifndef MODEL_RUN_H
#define MODEL_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "model/result.h"

struct run {
	int64_t id;         // in the store; 0: not stored
	char *name;         // unique in the world; FIRMO_JOBS_RUN of the workers
	int64_t started_ns; // real clock
	int64_t elapsed_ns;
	int jobs;               // workers that were allowed at once; 0: as many as make grants
	int peak;               // workers that really ran at once
	int64_t lower_bound_ns; // of the plan, from expected times; -1: unknown
	int64_t longest_ns;     // the longest file of this run
	int64_t sum_ns;         // all files together
	uint64_t seed;          // of --order=random; 0: none
	int signal;             // the signal that ended the run early, or 0
	const char *stopped;    // why no further file was started, or NULL: "--fail-fast"
	struct {
		struct result *
			*items; // in the order in which they ended; those not run last; owned
		size_t n, cap;
	} results;
};

struct totals {
	size_t files, by_status[FILE_STATUS_COUNT];
	size_t bad; // fail, error, timeout, limit
	struct counts tests;
};

void run_release(struct run *r);
struct totals run_totals(const struct run *r);

#endif
