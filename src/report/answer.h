// SPDX-License-Identifier: MIT
// Answers of the history, for people and for programs.
#ifndef REPORT_ANSWER_H
#define REPORT_ANSWER_H

#include <stdbool.h>
#include <stdio.h>

struct answer;
struct err;
struct text_style;

// In lines of at most 80 cells, unless a line of its own is longer. -1 if it cannot be written.
int report_answer_text(FILE *out, const struct answer *a, const struct text_style *style,
		       struct err *err);
// {"schema":1, "view":.., "window":.., "window_runs":.., and each table as an array of objects}.
int report_answer_json(FILE *out, const struct answer *a, struct err *err);
// The main table: a line of keys, then one for each row; RFC 4180, but for the ends of lines.
int report_answer_csv(FILE *out, const struct answer *a, struct err *err);

#endif
