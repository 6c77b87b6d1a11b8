// SPDX-License-Identifier: MIT
// The failures of a run once more, a line each: what people read first, and editors can step
// through.
#ifndef REPORT_RECAP_H
#define REPORT_RECAP_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct result;
struct run;
struct since;

struct recap_entry {
	const struct result *result;
	char *file;                // where it failed
	int line;                  // 1 where it is not known
	char *name;                // of the test; NULL: the whole file
	char *cause;               // the message without its place
	const struct since *since; // NULL: not known
	size_t n;                  // failures of that cause, where they stand together; else 1
	size_t rank;               // of the result, in the run
};

// New failures come first; then those whose cause is the most frequent one; then by file.
struct recap {
	struct recap_entry *items; // owned
	size_t n, cap;
};

void recap_open(struct recap *c, const struct run *run);
void recap_close(struct recap *c);
// Whether it failed in an earlier run already.
bool recap_is_old(const struct recap_entry *e);
// Whether an entry is the first of the new ones, or of those of before; and what they are called.
bool recap_begins(const struct recap *c, size_t i);
const char *recap_headline(const struct recap_entry *e);
// Whether it is the first of several with one cause.
bool recap_begins_cause(const struct recap *c, size_t i);
// The cause in one line of text.
void recap_add_cause(struct buf *b, const char *cause);
// "flaky before, since run 5, c31f2a9b, 3 days"; nothing where there is nothing to say.
void recap_add_past(struct buf *b, const struct run *run, const struct recap_entry *e);

// Appends "FILE:LINE: NAME: MESSAGE" for each failure of the run, in that order, those of one cause
// below it. Nothing where nothing has failed.
void recap_add(struct buf *b, const struct run *run);

#endif
