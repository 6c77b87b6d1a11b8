// SPDX-License-Identifier: MIT
// --coverage-diff: how much of what git says has changed was run.
#ifndef CLI_CHANGED_LINES_H
#define CLI_CHANGED_LINES_H

#include "firmo-jobs.h"

struct summary_terms;
struct unloaded_terms;

// Asks git, if that is wanted. Says what is wrong.
enum firmo_jobs_status changed_lines_find(struct firmo_jobs *s);
// Adds these lines to the run's coverage. The terms are those of the rest of it.
void changed_lines_add(struct firmo_jobs *s, const struct summary_terms *terms,
		       const struct unloaded_terms *unloaded_terms);

#endif
