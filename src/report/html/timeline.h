// SPDX-License-Identifier: MIT
// The timeline of the HTML report: what ran when on which slot, as an SVG.
#ifndef REPORT_TIMELINE_H
#define REPORT_TIMELINE_H

#include <stdio.h>

struct run;

// A bar for every attempt of every file, a hatched band for every time of waiting for make's
// tokens.
void timeline_write(FILE *out, const struct run *run);

#endif
