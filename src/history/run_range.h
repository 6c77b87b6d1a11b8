// SPDX-License-Identifier: MIT
// The range of runs that a query is about.
#ifndef HISTORY_RUN_RANGE_H
#define HISTORY_RUN_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/history.h"

struct err;
struct store;

struct run_range {
	struct past_runs runs; // all of them, in the order of time
	size_t from;           // the place of the first one in the range
	bool is_limited;       // some are left out
	size_t *by_id;         // the places of the runs, sorted by id
};

// When a commit was made, as version control knows it (nanoseconds), or -1.
typedef int64_t commit_time(const char *commit);

// All runs. The caller releases r on failure as well.
int run_range_open(struct run_range *r, struct store *s, struct err *err);
void run_range_release(struct run_range *r);
// Leaves out the runs before the one that `since` names: the number of a run; a commit of 4 to 40
// hexadecimal digits (the first run that had it checked out, else the first one after it was made);
// a day or a time ("2026-11-25", "2026-11-25 20:10"); an age ("90m", "12h", "3d", "2w"). Fails if
// it names no run; err says what would.
int run_range_since(struct run_range *r, const char *since, int64_t now_ns, commit_time *when,
		    struct err *err);
// Leaves out all but the last n of the remaining runs.
void run_range_last(struct run_range *r, size_t n);
// Takes out the runs that began after that one of them.
void run_range_until(struct run_range *r, const struct past_run *last);
// The run of that id, if it is in the range; else NULL.
const struct past_run *run_range_run(const struct run_range *r, int64_t id);
size_t run_range_size(const struct run_range *r);

#endif
