// SPDX-License-Identifier: MIT
// The live line: how far the run is and what is running. Pure: it renders a state into a string.
#ifndef REPORT_PROGRESS_H
#define REPORT_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

struct buf;
struct result;

struct progress {
	size_t total, ended, bad;            // total 0: there is no end to them
	const struct result *const *running; // in the order of their start
	size_t nrunning;
};

// Appends "[12/62] 1 failed; tests/a_test.lua 12s, ...", no wider than `columns` cells.
void progress_render(struct buf *b, const struct progress *p, int64_t now_real_ns, size_t columns);

#endif
