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

// One thing that went wrong in a file. Its strings are the result's, but for the name.
struct failure {
	const char *test; // the full name of the test or group, or NULL: it is the file's
	const char *message, *traceback;
	const char *file; // where, or NULL
	int line;         // 0: unknown
};

// The groups and the name of a test: "queue push keeps the order".
void format_test_name(struct buf *b, const struct test_case *t);
// "error in setup: database", "error outside of a test".
void format_error_name(struct buf *b, const struct file_error *e);
bool format_is_bad(const struct test_case *t);
// It did not run, because the setup of its group failed.
bool format_never_ran(const struct test_case *t);
// True if a failed test or an error of r says why it is bad; if not, its reason must be shown.
bool format_is_explained(const struct result *r);
// Calls each(f) for everything that went wrong in r, errors outside of tests first; its reason, if
// nothing else says why r is bad. f is valid during the call.
void format_each_failure(const struct result *r, void (*each)(const struct failure *f, void *arg),
			 void *arg);
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
