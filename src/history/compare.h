// SPDX-License-Identifier: MIT
// What is different in one run from what it was in an earlier one.
#ifndef HISTORY_COMPARE_H
#define HISTORY_COMPARE_H

#include <stdbool.h>

#include "history/run_range.h"
#include "model/table.h"

struct err;
struct store;

// The commit of that name, as version control knows it; NULL: none. The caller frees it.
typedef char *commit_named(const char *name);

// Sets *old and *now to two runs of r, all of which are in it: those of words, "A..B", or "A" and
// the latest one. Each is the number of a run, or a commit (from 4 digits on, or a name of it),
// which stands for the last run that had it checked out. What began after *now is taken out of r.
// Fails if there is no such run, or *old is the later one; err says so.
int compare_find(struct run_range *r, const char *words, commit_named *named,
		 const struct past_run **old, const struct past_run **now, struct err *err);
// Fills view, which the caller releases on failure as well, with what broke between these runs,
// what was mended, what has become slower, what is new and what is gone. *broke: something that is
// not in quarantine did.
int compare_show(struct view *view, struct store *store, const struct run_range *r,
		 const struct past_run *old, const struct past_run *now, bool *broke,
		 struct err *err);

#endif
