// SPDX-License-Identifier: MIT
// What a framework's own reporter writes of the tests that we tell of: in the output of a worker
// it is no news. What does not have the very shape of it is taken for the test's own.
#ifndef REPORT_REPORTER_H
#define REPORT_REPORTER_H

#include <stddef.h>

#include "model/job.h"

// The length of the summary's lines that s, which is where a line begins, begins with: marks of
// progress, counts, titles. 0: none.
size_t reporter_summary(enum framework framework, const char *s);
// The length of the lines that stand above the message of one failure. 0: none.
size_t reporter_heading(enum framework framework, const char *s);

#endif
