// SPDX-License-Identifier: MIT
// What is left of a run under make -n, -t and -q.
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "firmo-jobs.h"

// make carries out recipes that hold a + all the same: nothing happens, and -q is answered by
// FIRMO_JOBS_FAILED where some file would run.
enum firmo_jobs_status run_dry(struct firmo_jobs *s);

#endif
