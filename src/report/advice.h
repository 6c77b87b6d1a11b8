// SPDX-License-Identifier: MIT
// What --advise tells: for people, for programs, and the table of the workers as CSV with a line of
// names.
#ifndef REPORT_ADVICE_H
#define REPORT_ADVICE_H

#include <stdio.h>

struct advice;
struct err;
struct text_style;

int report_advice_text(FILE *out, const struct advice *a, const struct text_style *style,
		       struct err *err);
int report_advice_json(FILE *out, const struct advice *a, struct err *err);
int report_advice_csv(FILE *out, const struct advice *a, struct err *err);

#endif
