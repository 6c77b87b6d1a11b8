// SPDX-License-Identifier: MIT
// A test file as JUnit has it: a suite of what its attempts have shown, under one name each. Pure.
#ifndef REPORT_JUNIT_SUITE_H
#define REPORT_JUNIT_SUITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "model/result.h"

// How a test, an error outside of tests or a whole file ended at one attempt. Its strings are the
// result's.
struct junit_outcome {
	enum test_status status;
	const char *message, *traceback;
	int64_t wall_ns;              // -1: unknown
	const struct result *attempt; // which one
	bool first_bad;               // of its attempt: the output goes with it
	const char *file;             // where it stands; NULL: in the test file
	int line;                     // 0: unknown
	bool forgiven;                // it is bad, and in quarantine
};

// All attempts of one of them, in their order.
struct junit_entry {
	char *class, *name, *tags;
	const char *file; // the result's, where it stands; NULL: in the test file
	int line;         // 0: unknown
	size_t number;    // in the suite
	struct {
		struct junit_outcome *items;
		size_t n, cap;
	} outcomes;
};

// Those of one name, in the order in which an attempt has them: several tests may have one.
struct junit_namesakes {
	struct {
		struct junit_entry **items; // the suite's
		size_t n, cap;
	} entries;
	const struct result *attempt;
	size_t next; // that this attempt will come to
};

struct junit_suite {
	const struct result *last; // attempt
	struct map by_name;        // of namesakes
	struct {
		struct junit_entry **items;
		size_t n, cap;
	} entries;
	bool said_bad; // of the attempt that is being added
};

struct junit_tally {
	size_t tests, failures, errors, skipped;
};

// With all attempts of the file, of which the result is the last one; both stay until it is
// released.
void junit_suite_open(struct junit_suite *s, const struct result *r);
void junit_suite_release(struct junit_suite *s);
// Gives each entry a classname and name that no other has; taken: those of other suites, which
// grows by its own. A CI server knows a test by them from run to run, and shows one of several with
// the same. Namesakes are counted by their lines, not in the order of this run.
void junit_suite_tell_apart(struct junit_suite *s, struct map *taken);
bool junit_outcome_is_bad(const struct junit_outcome *o);
const struct junit_outcome *junit_entry_last(const struct junit_entry *e);
bool junit_entry_is_skipped(const struct junit_entry *e);
// The first bad outcome, which stands for the entry as Surefire has it; NULL if it ended well.
const struct junit_outcome *junit_suite_primary(const struct junit_suite *s,
						const struct junit_entry *e);
// Counted as they are written: the attributes must agree with the elements.
struct junit_tally junit_suite_tally(const struct junit_suite *s);

#endif
