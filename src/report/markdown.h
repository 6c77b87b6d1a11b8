// SPDX-License-Identifier: MIT
// A run as GitHub's Markdown, for the summary of a job or a comment: the verdict, the sums and the
// failures.
#ifndef REPORT_MARKDOWN_H
#define REPORT_MARKDOWN_H

#include <stdio.h>

struct err;
struct run;

// again: the command that runs what failed once more, or NULL.
int report_markdown(FILE *out, const struct run *run, const char *again, struct err *err);

#endif
