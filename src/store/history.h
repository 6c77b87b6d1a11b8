// SPDX-License-Identifier: MIT
// Questions to the store about runs and files that are over.
#ifndef STORE_HISTORY_H
#define STORE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

struct err;
struct jobs;
struct run;

// One run as a whole.
struct past_run {
	int64_t id, started_ns;
	int64_t elapsed_ns; // -1: the run goes on, or was killed before it could say
	int64_t bound_ns;   // no order could have been faster; -1: unknown
	int jobs;           // workers that were allowed at once; 0: as many as make granted
	int peak, signal;
	long files, bad, tests, failed;
	long failed_fixtures; // setups and teardowns
	char *revision;       // the commit that was checked out, or NULL: unknown; owned
};

struct past_runs {
	struct past_run *items; // in the order of time, the latest last
	size_t n, cap;
};

// Fills runs, which is empty. The caller releases it on failure as well.
int history_load_runs(struct store *s, struct past_runs *runs, struct err *err);
void past_runs_release(struct past_runs *runs);

// One file; all of it is valid during the call only.
struct past_file {
	int64_t id;
	const char *path;
	int64_t first_seen; // the run that found it, 0: unknown; it may be forgotten
	struct past past;
};

// Calls each(file) for every file of which wanted(path) is true (NULL: all), sorted by path. whole:
// with all its results; else its series holds what is at hand: all of them, or the latest 64 at
// least, which is many times faster.
int history_each_file(struct store *s, bool whole, bool (*wanted)(const char *path, void *arg),
		      void (*each)(const struct past_file *f, void *arg), void *arg,
		      struct err *err);

// What became of a test in some runs of its file.
struct past_test {
	int64_t id;
	int64_t first_seen;    // the run that found it, 0: unknown; it may be forgotten
	char *name;            // its groups and its own name, STORE_SEPARATOR between them; owned
	long ran, passed, bad; // of the times it had an outcome; skipped and pending ones are none
	enum test_status last; // 0: it was in none of the runs
	int64_t last_run;      // of that
	int64_t last_bad_run;  // 0: in none of the runs
	int64_t median_ns;     // of how long it took where it ran, -1: unknown
};

struct past_tests {
	struct past_test *items;
	size_t n, cap;
};

// Between the groups and the name of a test: the unit separator.
#define STORE_SEPARATOR "\x1f"

// Fills tests, which is empty, with those of a file of which wanted(name) is true (NULL: all), in
// the order in which they were first seen; their figures are of the n runs, in the order of time.
// Those that no run of them had have only a name. The caller releases it on failure as well.
int history_load_tests(struct store *s, int64_t file, const int64_t *runs, size_t n,
		       bool (*wanted)(const char *name, void *arg), void *arg,
		       struct past_tests *tests, struct err *err);
void past_tests_release(struct past_tests *tests);
// Calls each(file, name, first_seen) for every test of every file.
int history_each_test(struct store *s,
		      void (*each)(int64_t file, const char *name, int64_t first_seen, void *arg),
		      void *arg, struct err *err);

// Adds what a file was in a run to out and jobs, both empty: one result with all its attempts, or
// none if it was not run.
int load_result(struct store *s, int64_t run, int64_t file, struct run *out, struct jobs *jobs,
		struct err *err);

#endif
