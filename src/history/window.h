// SPDX-License-Identifier: MIT
// The range of runs that a question is about.
#ifndef HISTORY_WINDOW_H
#define HISTORY_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/history.h"

struct err;
struct store;

struct window {
	struct past_runs runs; // all of them, in the order of time
	size_t from;           // the place of the first one in the window
	bool is_limited;       // some are left out
	size_t *by_id;         // the places of the runs, sorted by id
};

// When a commit was made, as version control knows it (nanoseconds), or -1.
typedef int64_t commit_time(const char *commit);

// All runs. The caller releases w on failure as well.
int window_open(struct window *w, struct store *s, struct err *err);
void window_release(struct window *w);
// Leaves out the runs before the one that `since` names: the number of a run; a commit of 4 to 40
// hexadecimal digits (the first run that had it checked out, else the first one after it was made);
// a day or a time ("2026-11-25", "2026-11-25 20:10"); an age ("90m", "12h", "3d", "2w"). Fails if
// it names no run; err says what would.
int window_since(struct window *w, const char *since, int64_t now_ns, commit_time *when,
		 struct err *err);
// Leaves out all but the last n of the remaining runs.
void window_last(struct window *w, size_t n);
// The run of that id, if it is in the window; else NULL.
const struct past_run *window_run(const struct window *w, int64_t id);
size_t window_size(const struct window *w);

#endif
