// SPDX-License-Identifier: MIT
// JUnit XML as CI servers read it: a testsuite for each file. It is valid for Jenkins, and each
// suite is in the order of Surefire. A test that failed and passed when its file was tried again
// has flakyFailure or flakyError; one that failed again has its first failure, then rerunFailure or
// rerunError.
#ifndef REPORT_JUNIT_H
#define REPORT_JUNIT_H

#include <stdio.h>

struct err;
struct run;

int report_junit(FILE *out, const struct run *run, struct err *err);

#endif
