// SPDX-License-Identifier: MIT
// The Test Anything Protocol (versions 12 to 14), as a worker prints it on stdout.
//
// A reader may be fed with any text: what it keeps is bounded, and tap_evidence tells afterwards
// whether the text was TAP. Its tests come to a result only by tap_deliver.
#ifndef FRAMEWORK_TAP_H
#define FRAMEWORK_TAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "model/result.h"

// What would be TAP if it stood in a line of its own.
struct tap_hidden {
	long plans, results, failures;
};

struct tap {
	// What was seen. Indented lines, which belong to subtests, count nowhere else but in
	// bailed.
	int version;                          // of "TAP version N"; 0: there was no such line
	long plans;                           // plan lines
	long plan;                            // N of the first one, 1..N
	long seen;                            // result lines, ok or not ok
	long numbered_oks, numbered_failures; // those of them that have a number
	bool ranges;                          // plan lines that differ
	bool ended_plan;                      // the first plan's line has an end
	// Of subtests, which are indented: plans, results, and failures with a number.
	long inner_plans, inner_results, inner_failures;
	// Within lines: plans at the end of one, "ok", "not ok" with a number, or "Bail out!".
	struct tap_hidden hidden;
	bool bailed;          // a line "Bail out!", of a subtest or not
	bool bailed_outright; // such a line, not indented and in these letters
	char *skip_all;       // the comment behind "1..0", or NULL; owned
	char *bail_out;       // the reason behind "Bail out!", or NULL; owned
	// What is wrong with it: the first breach of the protocol, in words; NULL: none. Whether
	// there is a plan and exit status to match is not for this reader to say. Owned.
	char *fault;

	// Private.
	struct {
		struct test_case *items; // whose id is the test's number
		size_t n, cap;
	} tests;
	size_t kept_bytes; // by the tests
	long last_number;
	bool strict;         // pragma +strict
	bool ended;          // a plan has followed results: there may be no more of them
	bool after_cr;       // a \n that comes now belongs to the line before it
	bool follows_result; // YAML may come now
	bool explains;       // the last test may get diagnostics
	bool inner_failed;   // a subtest has, and its parent's result is not there yet
	bool at_end;         // the line that is taken has no end
	size_t yaml_indent;  // of the YAML block that is open; 0: none
	struct buf line;
	struct buf rest; // of a line that is too long
	struct tap_hidden in_rest;
};

enum tap_evidence {
	TAP_NONE,   // no TAP: at most several ranges like "1..3", or lines like "ok 1" or "not ok
		    // at all"
	TAP_STREAM, // a version line; or a plan: alone it is of tests that never ran
	TAP_BROKEN, // "not ok" with a number, "Bail out!" or a whole subtest, but neither plan nor
		    // version: TAP that lost its plan, which is never a pass
};

void tap_init(struct tap *t);
void tap_release(struct tap *t);
// Takes the next n bytes. Lines end with \n, \r\n or \r.
void tap_feed(struct tap *t, const char *data, size_t n);
// There is no more: takes the last line, and holds the numbers of the tests against the plan.
void tap_finish(struct tap *t);
// Whether what was fed is TAP.
enum tap_evidence tap_evidence(const struct tap *t);
// Whether it may be TAP between pieces of another text, as of standard error.
bool tap_may_hide(const struct tap *t);
// Moves the tests and the plan to result, whose tests they are from now on.
void tap_deliver(struct tap *t, struct result *result);

#endif
