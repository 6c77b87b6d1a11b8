// SPDX-License-Identifier: MIT
// Coverage as Cobertura has it, for GitLab and other services. Nothing is known of branches.
#ifndef REPORT_COBERTURA_H
#define REPORT_COBERTURA_H

#include <stdio.h>

struct err;
struct run;

// run->coverage is there. source: the folder that the names count from.
int report_cobertura(FILE *out, const struct run *run, const char *source, struct err *err);

#endif
