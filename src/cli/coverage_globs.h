// SPDX-License-Identifier: MIT
// The globs of --coverage-include, --coverage-exclude and --coverage-min.
#ifndef CLI_COVERAGE_GLOBS_H
#define CLI_COVERAGE_GLOBS_H

#include <stdbool.h>

struct firmo_jobs;

// Whether the source of that path is one of those of the glob.
bool coverage_globs_match(const char *glob, const char *path);
// The run's coverage is known: says which of the first two match nothing.
void coverage_globs_tell(const struct firmo_jobs *s);

#endif
