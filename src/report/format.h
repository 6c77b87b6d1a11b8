// SPDX-License-Identifier: MIT
// Pieces that several reports share. Pure functions of results.
#ifndef REPORT_FORMAT_H
#define REPORT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct result;
struct run;
struct test_case;

// The groups and the name of a test: "queue push keeps the order".
void format_test_name(struct buf *b, const struct test_case *t);
// True if a failed test or an error of r says why it is bad; if not, its reason must be shown.
bool format_is_explained(const struct result *r);
// Appends what a worker wrote, as text that is safe in a terminal: invalid UTF-8 replaced, control
// characters but newline and tab removed, colours too unless they are wanted. Each line follows
// prefix.
void format_output(struct buf *b, const char *data, size_t n, const char *prefix, bool colours);

#endif
