// SPDX-License-Identifier: MIT
// Carrying out the jobs of a session as a part of its run: tokens, hooks, the way of results to the
// terminal and the history.
#ifndef CLI_EXECUTION_H
#define CLI_EXECUTION_H

#include "firmo-jobs.h"

struct err;
struct firmo_jobs;
struct jobs;
struct makeflags;

// A name for a run that no other has. A run inside of a worker of another run is marked as a part
// of that one. The caller frees it.
char *execution_name(void);
// Makes the pool of slots, or takes part in the jobserver that m names, until execution_supervise:
// at most so many (0: by default). The run has its name.
void execution_open_tokens(struct firmo_jobs *s, const struct makeflags *m, int most);
// Sets what the settings make of the run.
void execution_describe(struct firmo_jobs *s);
// Makes ready for results: the lines of the files, and their way to the history.
void execution_open_journal(struct firmo_jobs *s);
// Runs the jobs, or serves them; the journal and the display are open, and support has begun. Gives
// the tokens back.
int execution_supervise(struct firmo_jobs *s, const struct jobs *jobs, struct err *err);
// Adds what was to be run and was not.
void execution_add_missing(struct firmo_jobs *s);
// Adds the valid passes to the run.
enum firmo_jobs_status execution_add_reused(struct firmo_jobs *s);
// What the run's results come to.
enum firmo_jobs_status execution_outcome(const struct firmo_jobs *s);

#endif
