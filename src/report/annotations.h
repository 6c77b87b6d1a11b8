// SPDX-License-Identifier: MIT
// Workflow commands by which GitHub Actions shows failures in the files that were changed: an
// ::error for each failure, a ::warning for each flaky file.
#ifndef REPORT_ANNOTATIONS_H
#define REPORT_ANNOTATIONS_H

#include <stdio.h>

struct err;
struct run;

int report_annotations(FILE *out, const struct run *run, struct err *err);

#endif
