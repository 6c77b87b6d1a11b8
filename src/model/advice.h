// SPDX-License-Identifier: MIT
// What a suite's past says of how to run it. Times are predictions, except those of single files.
#ifndef MODEL_ADVICE_H
#define MODEL_ADVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What no order can change.
enum advice_bound {
	BOUND_WORKERS, // the share of each worker in all files
	BOUND_CPUS,    // the share of each CPU in what they compute
	BOUND_FILE,    // the longest file
};

// "workers", "CPUs", "file".
const char *advice_bound_name(enum advice_bound b);

// A run of all files with -j `workers`.
struct advice_row {
	int workers;
	int64_t wall_ns;
	int64_t lower_bound_ns; // the largest of the bounds
	enum advice_bound bound;
	int64_t memory_bytes; // the most that is needed at once
	int64_t worst_bytes;  // if the largest files happen to run at once
};

// A file whose deadline should be another than that of the most.
struct advice_deadline {
	const char *path; // the job's
	int64_t p99_ns, deadline_ns;
};

struct advice {
	int cpus;
	size_t files;            // files with a time; nothing below counts the others
	size_t unknown;          // files without one
	size_t uncertain;        // files that may have waited for others in all their times
	int64_t available_bytes; // memory of the machine; 0: unknown
	struct {
		struct advice_row *items; // owned; by workers, which begin at 1
		size_t n, cap;
	} rows;
	size_t enough; // the first row after which none is worthwhile
	struct {
		const char *path; // the job's; NULL: there is no file
		int64_t wall_ns;
		int split_workers; // what would be enough if it were two files of half the size
		int64_t split_wall_ns;
	} longest;
	struct {
		int64_t all_ns;  // has room for every file; 0: no percentile is known
		int64_t most_ns; // has room for all but `others`
		struct {
			struct advice_deadline *items; // owned; the longest first
			size_t n, cap;
		} others;
	} timeout;
};

void advice_release(struct advice *a);
// Whether a run that takes less is worth an effort: 5 % less at least.
bool advice_is_worthwhile(int64_t from_ns, int64_t to_ns);
// How many times as fast as with one worker.
double advice_speedup(const struct advice *a, const struct advice_row *row);

#endif
