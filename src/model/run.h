// SPDX-License-Identifier: MIT
// One run of a suite: its results and its own figures. Reports are functions of this struct.
#ifndef MODEL_RUN_H
#define MODEL_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/conflicts.h"
#include "model/coverage.h"
#include "model/fixture.h"
#include "model/result.h"

// A time at which a file was ready, a worker was allowed, and make had no token to give.
struct wait {
	int64_t from_ns, to_ns; // from the start of the run
};

struct run {
	int64_t id;         // in the store; 0: not stored
	char *name;         // unique in the world; FIRMO_JOBS_RUN of the workers
	int64_t started_ns; // real clock
	int64_t elapsed_ns;
	bool unfinished;        // it is still going on, or was killed: this is what is known of it
	int jobs;               // workers that were allowed at once; 0: as many as make grants
	int peak;               // workers that really ran at once
	int64_t lower_bound_ns; // of the plan, from expected times; -1: unknown
	int64_t longest_ns;     // the longest file of this run
	int64_t sum_ns;         // all files together, every attempt
	uint64_t seed;          // of --order=random; 0: none
	int signal;             // the signal that ended the run early, or 0
	char *stopped;          // why no further file was started, or NULL: "--fail-fast"
	char *project;          // the name of its folder, or NULL: unknown; owned
	char *revision;         // the commit that was checked out, or NULL: unknown
	char *lua;              // the interpreter, as it was asked for; NULL: unknown
	enum conflicts_rule conflicts; // what is told of files that write the same path
	bool repeated;             // every file was run again and again: one failure is a failure
	bool flaky_fails;          // a file that passes at a later attempt is not a success
	bool is_unchecked;         // of cached results nobody knows whether they would come again
	struct coverage *coverage; // NULL: it was not asked for; owned
	struct {
		struct wait *items;
		size_t n, cap;
	} waits;
	struct {
		struct fixture_result *items; // in the order of their ends; owned
		size_t n, cap;
	} fixtures;
	// One for each file, in the order in which their first attempts ended; files that were not
	// run come last.
	struct {
		struct result **items; // owned
		size_t n, cap;
	} results;
};

struct totals {
	size_t files, by_status[FILE_STATUS_COUNT]; // without those that are forgiven
	size_t bad;                                 // fail, error, timeout, limit
	size_t forgiven;                            // bad files in quarantine
	size_t flaky;
	struct counts tests;
};

void run_release(struct run *r);
// Takes over res. What has been run already gets one result for all its attempts: where files are
// repeated, that of the first bad one, if there is one; else that of the last, and the attempts
// before it are kept as `earlier`.
void run_add(struct run *r, struct result *res);
// Gives back the cached results of files with the paths of these jobs.
void run_take_back(struct run *r, const struct jobs *jobs);
// Adds a result with that reason for each job that has none.
void run_add_missing(struct run *r, const struct jobs *jobs, const char *reason);
// The first setup or teardown that has failed, or NULL.
const struct fixture_result *run_failed_fixture(const struct run *r);
// Everything that was planned ran and passed, no setup or teardown has failed, and what was to be
// covered is.
bool run_succeeded(const struct run *r);
// Some file tells of its tests: without one, that nothing has failed is no success.
bool run_tells(const struct run *r);
// Only some tests were wanted, and no file has one of them.
bool run_selected_no_test(const struct run *r);
// No order of its files could have been faster, on as many workers as there were: the longest file,
// or the share of each worker in all of them.
int64_t run_bound_ns(const struct run *r);
// Calls each(path) for every file that ran at some time while res did, once for each.
void run_each_concurrent(const struct run *r, const struct result *res,
			 void (*each)(const char *path, void *arg), void *arg);
struct totals run_totals(const struct run *r);

#endif
