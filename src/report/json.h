// SPDX-License-Identifier: MIT
// The report for programs: one JSON object, schema 1. Strings are valid UTF-8 whatever the tests
// wrote; seconds are numbers with a fraction, sizes are bytes.
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include <stdio.h>

struct err;
struct run;

int report_json(FILE *out, const struct run *run, struct err *err);

#endif
