// SPDX-License-Identifier: MIT
// The parts of a run that other modes carry out as well.
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "firmo-jobs.h"

// Plans the files that are in the session's jobs, of a run that has just begun: firmo_jobs_run() is
// next. The history is open, if there is one.
enum firmo_jobs_status run_plan(struct firmo_jobs *s);
// make carries out recipes that hold a + all the same: nothing happens, and -q is answered by
// FIRMO_JOBS_FAILED where some file would run.
enum firmo_jobs_status run_dry(struct firmo_jobs *s);

#endif
