// SPDX-License-Identifier: MIT
// What went wrong in a file.
#ifndef MODEL_FAILURE_H
#define MODEL_FAILURE_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct result;
struct since;
struct test_case;

// One thing that went wrong. Its strings are the result's, but for the name.
struct failure {
	const char *test; // the full name of the test or group, or NULL: it is the file's
	const char *message, *traceback;
	const char *file;          // where, or NULL
	int line;                  // 0: unknown
	const struct since *since; // NULL: not known
	bool forgiven;             // it is in quarantine
};

// A place that a message names: NAME:LINE:.
struct place {
	size_t at, n; // of NAME
	int line;
};

// The groups and the name of a test: "queue push keeps the order".
void failure_test_name(struct buf *b, const struct test_case *t);
bool failure_is_test(const struct test_case *t);
// True if a failed test or an error of r says why it is bad; if not, its reason must be shown.
bool failure_is_explained(const struct result *r);
// Calls each(f) for everything that went wrong in r, errors outside of tests first; its reason, if
// nothing else says why r is bad. f is valid during the call.
void failure_each(const struct result *r, void (*each)(const struct failure *f, void *arg),
		  void *arg);
// Finds the first place in the first line of what f, a failure of r, says: NAME is that of r's file
// or of f's, stands in the traceback, is one that Lua gives to a text, or ends as sources do. A
// host and its port, or a time, are none.
bool failure_place(const struct failure *f, const struct result *r, struct place *place);

#endif
