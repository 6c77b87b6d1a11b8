// SPDX-License-Identifier: MIT
// What the HTML report says of the files that failed, at their last attempt or at one before it.
#ifndef REPORT_FAILURES_H
#define REPORT_FAILURES_H

#include <stdio.h>

struct run;

// Everything about every failure: errors, tests, tracebacks, output, earlier attempts, concurrent
// files. Nothing if nothing ever failed.
void failures_write(FILE *out, const struct run *run);
// Which files write the same paths. Nothing if none do.
void failures_write_conflicts(FILE *out, const struct run *run);

#endif
