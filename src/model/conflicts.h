// SPDX-License-Identifier: MIT
// Paths that more than one test file writes: these files are not safe side by side.
#ifndef MODEL_CONFLICTS_H
#define MODEL_CONFLICTS_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct result;
struct run;

// What is made of them: the files are kept apart from the next run on, they are only told, or not
// even that.
enum conflicts_rule { CONFLICTS_AVOID, CONFLICTS_WARN, CONFLICTS_IGNORE };

// Files that write the same paths.
struct conflict {
	const char **paths; // the results' that wrote them; owned
	size_t n_paths;
	const struct result **results; // of the files, by their paths; owned
	size_t n;
	bool at_once;  // two of them ran at the same time
	bool is_known; // the settings keep them apart: they share a lock, or run alone
};

struct conflicts {
	struct conflict *items; // by their first paths
	size_t n, cap;
};

// As far as the files of the run were watched; none where they are to be ignored. The run must
// outlive c.
void conflicts_find(struct conflicts *c, const struct run *run);
void conflicts_release(struct conflicts *c);

#endif
