// SPDX-License-Identifier: MIT
// Coverage as a stats file of LuaCov's, for its reporters.
#ifndef REPORT_LUACOV_H
#define REPORT_LUACOV_H

#include <stdio.h>

struct err;
struct run;

// run->coverage is there.
int report_luacov(FILE *out, const struct run *run, struct err *err);

#endif
