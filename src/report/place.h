// SPDX-License-Identifier: MIT
// Where a failure is, for programs that go there. Pure.
#ifndef REPORT_PLACE_H
#define REPORT_PLACE_H

struct failure;
struct result;

// Where the message of f, a failure of r, says it is; else where the test is, else r's file. *line
// is 0 where it is not known. The caller frees *file.
void place_find(const struct failure *f, const struct result *r, char **file, int *line);

#endif
