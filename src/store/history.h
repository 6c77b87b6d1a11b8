// SPDX-License-Identifier: MIT
// Questions to the store about runs and files that are over.
#ifndef STORE_HISTORY_H
#define STORE_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "model/status.h"

struct err;
struct store;

struct past_run {
	int64_t id, started_ns;
	int64_t elapsed_ns;     // -1: the run was killed before it could say
	int64_t lower_bound_ns; // -1: unknown
	int jobs, peak, signal;
	long files, bad, tests, failed;
};

struct past_result {
	int64_t run_id, started_ns, wall_ns, user_ns, sys_ns, maxrss;
	enum file_status status;
	const char *path, *reason; // valid during the call only; reason may be NULL
	long tests, failed;
};

// The last `most` runs, the latest first.
int history_runs(struct store *s, long most, void (*each)(const struct past_run *, void *),
		 void *arg, struct err *err);
// The last `most` results of each file whose path is `path` or lies in a folder of that name (NULL:
// every file), sorted by path, the latest first.
int history_results(struct store *s, const char *path, long most,
		    void (*each)(const struct past_result *, void *), void *arg, struct err *err);

#endif
