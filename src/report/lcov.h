// SPDX-License-Identifier: MIT
// Coverage as lcov, genhtml and many services read it.
#ifndef REPORT_LCOV_H
#define REPORT_LCOV_H

#include <stdio.h>

struct err;
struct run;

// run->coverage is there.
int report_lcov(FILE *out, const struct run *run, struct err *err);

#endif
