// SPDX-License-Identifier: MIT
// One file in some runs, in a few figures.
#ifndef HISTORY_SUMMARY_H
#define HISTORY_SUMMARY_H

#include "model/trend.h"
#include "store/history.h"

struct run_range;

// A lasting change of a figure. run is where it began; NULL: nothing has changed.
struct move {
	const struct past_run *run;
	int64_t before, after;
};

struct summary {
	int64_t file;
	char *path;           // owned
	struct series series; // its results in the range; owned
	enum file_status last;
	size_t passed, bad;
	int64_t median_ns, p95_ns, cpu_ns, peak_bytes; // of the last 100 and, for memory, 8; -1
	struct flips flips;
	const struct past_run *bad_since;  // NULL: its latest result is not bad
	const struct past_run *first_seen; // NULL: before the range
	struct move time, memory;
};

struct summaries {
	struct summary *items; // by path
	size_t n, cap;
};

// Summaries take most of the time of a query: each asks for the parts that it needs.
enum summary_part {
	SUMMARY_FIGURES = 1, // medians and the like
	SUMMARY_MOVES = 2,
	SUMMARY_SERIES = 4, // it is kept
};

// Fills s, which is empty, with the files that had a result in the range, and of which
// wanted(path) is true (NULL: all). The range must outlive it. whole: results that are no longer
// at hand count as well. The caller releases s on failure as well.
int summaries_load(struct summaries *s, struct store *store, const struct run_range *w, bool whole,
		   unsigned parts, bool (*wanted)(const char *path, void *arg), void *arg,
		   struct err *err);
void summaries_release(struct summaries *s);
// How much of its time a file computes, in parts of a million; -1: unknown.
int64_t summary_cpu_share(const struct summary *s);
// The run of the latest bad result; 0: no result is bad. Needs SUMMARY_SERIES.
int64_t summary_last_bad_run(const struct summary *s);

#endif
