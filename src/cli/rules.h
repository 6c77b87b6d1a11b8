// SPDX-License-Identifier: MIT
// The make rules of the test files.
#ifndef CLI_RULES_H
#define CLI_RULES_H

struct err;
struct firmo_jobs;

// Writes the rules that --rules asks for, and settles the stamps. The files and programs are found.
int rules_write(struct firmo_jobs *s, struct err *err);

#endif
