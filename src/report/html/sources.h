// SPDX-License-Identifier: MIT
// The sources in the HTML report: a tree of folders, and each source with how often its lines ran
// and which files ran them.
#ifndef REPORT_SOURCES_H
#define REPORT_SOURCES_H

#include <stdio.h>

struct run;

// Nothing where coverage was not asked for.
void sources_write(FILE *out, const struct run *run);

#endif
