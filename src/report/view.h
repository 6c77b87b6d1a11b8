// SPDX-License-Identifier: MIT
// Answers of the history, for people and for programs.
#ifndef REPORT_VIEW_H
#define REPORT_VIEW_H

#include <stdbool.h>
#include <stdio.h>

struct view;
struct err;
struct text_style;

// In lines of at most 80 cells, unless a line of its own is longer. -1 if it cannot be written.
int report_view_text(FILE *out, const struct view *v, const struct text_style *style,
		     struct err *err);
// {"schema":1, "view":.., "window":.., "window_runs":.., and each table as an array of objects}.
int report_view_json(FILE *out, const struct view *v, struct err *err);
// The main table: a line of keys, then one for each row; RFC 4180, but for the ends of lines.
int report_view_csv(FILE *out, const struct view *v, struct err *err);

#endif
