// SPDX-License-Identifier: MIT
// The head of the HTML report: how the run ended, and its sums.
#ifndef REPORT_SUMMARY_H
#define REPORT_SUMMARY_H

#include <stdbool.h>

struct buf;
struct run;

// It passed, and all of it is known.
bool summary_is_good(const struct run *run);
// "Failed: 3 of 62 files failed, 1 flaky".
void summary_sentence(struct buf *b, const struct run *run);
void summary_add(struct buf *b, const struct run *run);

#endif
