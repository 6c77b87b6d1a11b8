// SPDX-License-Identifier: MIT
// What ran of the sources: the table in the text, and the part of the JSON report.
#ifndef REPORT_COVERAGE_H
#define REPORT_COVERAGE_H

#include <stdbool.h>

struct buf;
struct coverage;
struct json_object;

// The worst files first; some of many, unless all is asked for.
void report_coverage_add(struct buf *b, const struct coverage *c, bool all);
// Of what has changed: nothing where that was not asked for.
void report_coverage_add_diff(struct buf *b, const struct coverage *c);
// The minima that do not hold, each in a line.
void report_coverage_add_minima(struct buf *b, const struct coverage *c);
// JSON's null where c is NULL.
struct json_object *report_coverage_object(const struct coverage *c);

#endif
