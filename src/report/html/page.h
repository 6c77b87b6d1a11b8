// SPDX-License-Identifier: MIT
// The report as one HTML page without any other file, to look around in. It is complete without its
// script, which adds sorting, searching and the choice of colours.
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include <stdio.h>

struct err;
struct run;

int report_html(FILE *out, const struct run *run, struct err *err);

#endif
