// SPDX-License-Identifier: MIT
// The live line: how far the run is and what is running. Pure: it renders a state into a string.
#ifndef REPORT_PROGRESS_H
#define REPORT_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct result;

struct progress {
	size_t total, ended, bad;            // total 0: there is no end to them
	size_t retried;                      // attempts that were followed by another
	int64_t elapsed_ns;                  // 0: nothing is said of the time
	int64_t left_ns;                     // what may be left of it; -1: unknown
	const struct result *const *running; // in the order of their start
	size_t nrunning;
	bool colours;
};

// Appends "[12/62] ##------ 1 failed, 2 retried; 12s, 40s left; SLOW tests/a_test.lua 12s,
// tests/b_test.lua 3s, ...", no wider than `columns` cells; the bar where there is room for it.
// What is slow comes first; long paths are shortened in their middle.
void progress_render(struct buf *b, const struct progress *p, int64_t now_real_ns, size_t columns);
// Appends a line's worth of one file that runs, without a newline:
// "SLOW     3.012s tests/a_test.lua (usually at most 1.000s)".
void progress_add_file(struct buf *b, const struct result *r, int64_t now_real_ns, bool colours);

#endif
