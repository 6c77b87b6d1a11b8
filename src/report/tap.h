// SPDX-License-Identifier: MIT
// The Test Anything Protocol, version 14: a point for each file, with its tests as a subtest and
// YAML below each point. The version line says 13, which readers of 14 take for theirs: prove, as
// distributions have it, refuses the number 14 and reads everything else.
#ifndef REPORT_TAP_H
#define REPORT_TAP_H

#include <stdio.h>

struct err;
struct run;

int report_tap(FILE *out, const struct run *run, struct err *err);

#endif
