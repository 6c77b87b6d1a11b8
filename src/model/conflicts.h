// SPDX-License-Identifier: MIT
// Paths that more than one test file writes: these files are not safe side by side.
#ifndef MODEL_CONFLICTS_H
#define MODEL_CONFLICTS_H

#include <stddef.h>

struct run;

struct conflict {
	const char *path;   // the result's that wrote it
	const char **files; // the paths of the test files, in the order of the run; owned
	size_t n;
};

struct conflicts {
	struct conflict *items; // by path
	size_t n, cap;
};

// As far as the files of the run were watched. The run must outlive c.
void conflicts_find(struct conflicts *c, const struct run *run);
void conflicts_release(struct conflicts *c);

#endif
