// SPDX-License-Identifier: MIT
// What became of one test file: the outcome, the figures, its tests and what it wrote.
#ifndef MODEL_RESULT_H
#define MODEL_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "model/job.h"
#include "model/status.h"

struct hits;
struct inputs;
struct quarantine;

// The exit status by which a file says that it is to be skipped: automake's, and Firmo's neighbours
// keep to it.
#define EXIT_SKIP 77

// Since when something fails: the first of the runs in a row in which it did.
struct since {
	int64_t run;        // 0: it did in none of the runs before, so it is new
	int64_t started_ns; // of that run
	char *revision;     // that was checked out then, or NULL; owned
	bool or_before;     // no run before that one was looked at
};

// One test. Strings are owned and may be NULL where there is nothing to say; they are valid UTF-8.
struct test_case {
	char **path; // the names of the groups it stands in, outermost first
	size_t npath;
	char *name;
	enum test_status status; // 0 while it runs
	int64_t began_ns;        // monotonic, when its start event arrived
	int64_t wall_ns;         // by the arrival of its events; -1: unknown
	int64_t own_ns;          // the framework's own figure, whatever it measures; -1: unknown
	int round;               // which repetition of the framework's own this is; 0: it has none
	char **tags;
	size_t ntags;
	char *file;
	int line; // 0: unknown
	char *message, *traceback;
	struct since *since; // if it failed; NULL: not known; owned
	long id;             // the framework's, to match a test's end with its start
};

// An error outside of every test: loading the file, a describe body, setup or teardown.
struct file_error {
	char *where;
	char *name; // the test or group it is charged to, or NULL
	char *message, *traceback;
	char *file;
	int line;
};

struct result {
	int64_t id; // in the store, where it comes from there; else 0
	const struct job *job;
	enum framework framework; // as it turned out
	char *learned;            // how, where that was not what the file looked like; else NULL
	enum file_status status;
	char *reason; // why it is not a pass, in a few words; NULL for a pass
	bool cached, leaked;
	bool unsteady;      // before, it passed and failed without a change
	bool slow;          // it takes far longer than it did lately, see deadline_slow_ns
	bool flaky;         // it passed, but not at its first attempt
	bool again;         // it failed, and is to be tried again
	bool partial;       // only some of its tests were wanted
	bool concurrent;    // other files ran at some time while it did
	bool has_tests;     // the tests below come from events; if not, the file counts as one test
	bool nameless;      // it has ended without any name of busted's
	bool unproven;      // besides the tests that failed, some may not have been seen
	bool forgiven;      // it is bad, and does not fail the run: see model/quarantine.h
	int attempt;        // which attempt this result is of; 1 for the first
	int attempts;       // how many there were in all, up to now
	int failures;       // how many of them were bad
	int slot;           // -1: it never ran
	int64_t offset_ns;  // when it started, from the start of the run
	int64_t started_ns; // the same on the real clock
	int64_t wall_ns, user_ns, sys_ns;
	int64_t deadline_ns; // that it had; 0: none
	int64_t delay_ns;    // that its process was ready to run and got no CPU; -1: unknown
	int64_t maxrss;      // bytes
	int exit_code;       // -1: it was not left by exit
	int signal;          // 0: it was not ended by one
	long expected;       // tests that were announced, -1: unknown
	char *seed;          // of the order in which the framework shuffled its tests, or NULL
	struct {
		struct test_case *items;
		size_t n, cap;
	} tests;
	struct {
		struct file_error *items;
		size_t n, cap;
	} errors;
	struct since *since; // of what went wrong outside of tests; NULL: not known; owned
	char *output;        // what it wrote to stdout and stderr, in order; bounded
	size_t output_len;
	uint64_t output_total;      // bytes it really wrote
	struct inputs *inputs;      // what it depended on, or NULL: it was not watched; owned
	struct inputs *last_inputs; // what the last pass of its file did besides, as that is now;
				    // owned; NULL: there was none, or it is not known
	struct hits *hits;          // of the lines that it ran; NULL: not counted; owned
	long process;               // its serial in the run; 0: there was none
	struct fork_memory forks;   // what it has shown of them
	struct digest key;          // of how it was run: program, arguments, settings
	struct quarantine *quarantine; // of its file; owned; NULL: there is none
	struct result *earlier; // the attempt before this one, where it was tried again; owned
};

struct counts {
	long total, passed, failed, errors, skipped, pending;
	long forgiven; // failed and errors that are in quarantine, and are not among those
};

// A result of job before anything is known of it.
struct result *result_new(const struct job *job);
void result_release(struct result *r);
// Releases r and frees it; r may be NULL.
void result_free(struct result *r);
// Forgets what it depended on and counted, and what the last pass did; what it wrote is kept for
// reports.
void result_forget_inputs(struct result *r);
void test_case_release(struct test_case *t);
// Counts the tests of r; a file without per-test results counts as one test. An error outside of
// every test counts in errors, not in total.
struct counts result_counts(const struct result *r);
// Whether it fails the run: it is bad, and not forgiven.
bool result_is_bad(const struct result *r);
// Whether it passed although its file, or some of its tests, are in quarantine.
bool result_could_leave(const struct result *r);
// It was no test: makes it a skipped one of that reason, which r takes over, with its own behind
// it.
void result_skip(struct result *r, char *reason);
// Whether it tells anything of the tests: it ran some, said itself that it is to be skipped, or had
// a verdict otherwise. A skipped file in which no test was seen does not.
bool result_tells(const struct result *r);
// How many of its tests have come to an end.
long result_tests_done(const struct result *r);
// It passed alone, and failed only while other files ran.
bool result_fails_only_concurrently(const struct result *r);
void counts_add(struct counts *sum, const struct counts *c);

#endif
