// SPDX-License-Identifier: MIT
// JUnit XML as CI servers read it (the Jenkins/Surefire form): a testsuite for each file.
#ifndef REPORT_JUNIT_H
#define REPORT_JUNIT_H

#include <stdio.h>

struct err;
struct run;

int report_junit(FILE *out, const struct run *run, struct err *err);

#endif
