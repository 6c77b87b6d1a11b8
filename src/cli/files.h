// SPDX-License-Identifier: MIT
// The test files of a session, and what runs them.
#ifndef CLI_FILES_H
#define CLI_FILES_H

#include "firmo-jobs.h"

struct firmo_jobs;

// Finds the test files and puts them into jobs. Says on standard error what is wrong, and which
// files may be tests and are not among them.
enum firmo_jobs_status files_find(struct firmo_jobs *s);
// The same, finds the programs that run them, and opens the history to write. There being no file
// is said, too.
enum firmo_jobs_status files_look(struct firmo_jobs *s);
// There is no file to run: says why.
enum firmo_jobs_status files_none(const struct firmo_jobs *s);

#endif
