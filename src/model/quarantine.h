// SPDX-License-Identifier: MIT
// Quarantine: failures of a file, or of some of its tests, that are shown and do not fail the run,
// until a day is over. Pure.
#ifndef MODEL_QUARANTINE_H
#define MODEL_QUARANTINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strings.h"

struct buf;
struct err;
struct result;
struct test_case;

struct quarantine {
	char *text;           // all of it, as quarantine_read takes it; NULL: there is none; owned
	char *until;          // the last day on which it holds, or NULL: until it is removed; owned
	char *reason;         // or NULL; owned
	struct strings tests; // their names, owned; none: the whole file
	int64_t end_s;        // of the real clock; 0: it has no end
};

// Reads "true", "false" (there is none), a day alone (2027-01-31), or members with commas between
// them: until=DAY, reason=TEXT, tests=NAME for each test; a backslash takes the meaning of the
// character behind it. What q was is released. The message of an error begins with "quarantine".
int quarantine_read(struct quarantine *q, const char *text, struct err *err);
// Appends a member of such a text.
void quarantine_add_member(struct buf *text, const char *name, const char *value);
void quarantine_release(struct quarantine *q);
// A copy for quarantine_free; NULL where there is none, and where q is NULL.
struct quarantine *quarantine_copy(const struct quarantine *q);
void quarantine_free(struct quarantine *q);

// Whether it holds at a time of the real clock: days are those of UTC.
bool quarantine_holds(const struct quarantine *q, int64_t real_ns);
// Whether the test is one that it is about: all are if it names none; a name is that of the test
// with its groups, or without them.
bool quarantine_names(const struct quarantine *q, const struct test_case *t);
// Whether r failed in a test that is forgiven for being in quarantine when r started.
bool quarantine_forgives(const struct result *r, const struct test_case *t);
// Decides whether r as a whole is forgiven: all of it if the whole file is in quarantine; else a
// file that came to its end and in which nothing else was wrong.
void quarantine_judge(struct result *r);
// "in quarantine until 2027-01-31", or "its quarantine ended on 2027-01-31"; with `reason`, why.
void quarantine_describe(struct buf *b, const struct quarantine *q, int64_t real_ns, bool reason);

#endif
