// SPDX-License-Identifier: MIT
// The report for people.
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "report/layout.h"

struct buf;
struct err;
struct fixture_result;
struct result;
struct run;

// The line of one file, printed as it ends; below the lines of its earlier attempts.
int report_text_file(FILE *out, const struct result *r, const struct text_style *style,
		     struct err *err);
// The line of a setup or teardown, with what it wrote where it has failed.
int report_text_fixture(FILE *out, const struct fixture_result *r, const struct text_style *style,
			struct err *err);
// What comes after the last file: flaky files, failures, the slowest, the sums, the failures once
// more in a line each, and the verdict as the last one.
int report_text_end(FILE *out, const struct run *run, const struct text_style *style,
		    struct err *err);
// That verdict: "FAILED: 2 of 3 files", a line.
void report_text_verdict(struct buf *b, const struct run *run, const struct text_style *style);
// Both.
int report_text(FILE *out, const struct run *run, const struct text_style *style, struct err *err);

#endif
