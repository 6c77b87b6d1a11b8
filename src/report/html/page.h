// SPDX-License-Identifier: MIT
// The report for people who want to look around: one HTML page that needs nothing but itself. All
// of it stands there without its script, which adds sorting, searching and the choice of colours.
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include <stdio.h>

struct err;
struct run;

int report_html(FILE *out, const struct run *run, struct err *err);

#endif
