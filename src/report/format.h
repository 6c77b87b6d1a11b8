// SPDX-License-Identifier: MIT
// Pieces that several reports share. Pure functions of results.
#ifndef REPORT_FORMAT_H
#define REPORT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct file_error;
struct result;
struct test_case;

// "error in setup: database", "error outside of a test".
void format_error_name(struct buf *b, const struct file_error *e);
// It did not run, because the setup of its group failed.
bool format_never_ran(const struct test_case *t);
// The file of a test of r as it is called below the working directory, as far as that can be told:
// a part of one of them.
const char *format_source(const char *file, const struct result *r);
// Calls each(attempt) for the attempts before r, the first one first.
void format_each_earlier(const struct result *r,
			 void (*each)(const struct result *attempt, void *arg), void *arg);
// Appends a duration as people say it, rounded down: "3 days", "1 hour", "20 seconds".
void format_age(struct buf *b, int64_t ns);
// Appends what a worker wrote, as text that is safe in a terminal: invalid UTF-8 replaced, control
// characters but newline and tab removed, colours too unless they are wanted. Each line follows
// prefix.
void format_output(struct buf *b, const char *data, size_t n, const char *prefix, bool colours);

#endif
