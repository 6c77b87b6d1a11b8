// SPDX-License-Identifier: MIT
// What the text report says of a file that failed, at its last attempt or at one before it.
#ifndef REPORT_EXPLAIN_H
#define REPORT_EXPLAIN_H

struct buf;
struct result;
struct run;
struct text_style;

// Appends everything about a file that is bad: its errors and failed tests with their messages and
// tracebacks, what it wrote, its earlier attempts.
void explain_failure(struct buf *b, const struct run *run, const struct result *r,
		     const struct text_style *style);
// The same of a file that passed at last: its failed attempts, and what ran beside them where that
// seems to be the cause.
void explain_flaky(struct buf *b, const struct run *run, const struct result *r,
		   const struct text_style *style);

#endif
