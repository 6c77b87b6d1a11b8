// SPDX-License-Identifier: MIT
// The line below a watch that waits. Pure: it renders a state into a string.
#ifndef REPORT_WATCHLINE_H
#define REPORT_WATCHLINE_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

struct watchline {
	size_t files, bad, unknown; // that are watched; whose last result is bad; without any
	size_t paths;               // that they depend on
	const char *pattern;        // of the files that run, or NULL
	const char *typed;          // what is typed as one, or NULL: keys are waited for
	bool has_keys;
	bool colours;
};

// Appends "2 of 40 failed | watching 253 paths | Enter all, f failed, p pattern, u settings, q
// quit" in no more than `columns` cells: what matters least is left out.
void watchline_render(struct buf *b, const struct watchline *w, size_t columns);

#endif
