// SPDX-License-Identifier: MIT
// What processes have counted: how often each line of each source ran, and how often each function
// was called. What of that is told, coverage/coverage.h says.
#ifndef MODEL_HITS_H
#define MODEL_HITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/map.h"

#define HITS_LINES_MOST 4000000 // of a source

struct hits_function {
	uint32_t first, last; // lines
};

// One source. The lines are numbered from 1; the arrays have lines + 1 elements.
struct hits_file {
	char *path;           // absolute, or from the working folder where it lies below that
	struct digest digest; // of the text that ran
	bool has_digest;      // that is known
	bool is_passing;      // it is gone when the test has ended, as its temporary folder is
	uint32_t lines;
	uint64_t *counts, *calls; // of each line, and of the functions that begin there
	bool *active;             // the line has code
	bool is_known;            // of all lines and functions it is known whether they are there
	struct hits_function *functions; // in the order of their lines
	size_t n_functions;
};

struct hits {
	struct hits_file **items; // owned
	size_t n, cap;
	struct map by_path;
	bool has_begun; // at least one process has counted
	bool calls;     // functions, too
	bool is_wide;   // sources that lie elsewhere than in the project, too
	bool by_lua;    // by a hook in Lua
	bool lost;      // some had no room for it
	bool displaced; // a hook of another has taken the place of ours
	bool is_bad;    // some of it is nonsense, and was left out
};

// The source of that path, with room for so many lines at least (HITS_LINES_MOST at most).
struct hits_file *hits_file(struct hits *h, const char *path, uint32_t lines);
// Gives one that has no room yet room for so many lines.
void hits_file_grow(struct hits_file *f, uint32_t lines);
// Those functions are all that it has, unless they are known already.
void hits_file_know(struct hits_file *f, const struct hits_function *functions, size_t n);
// Adds what the other has counted.
void hits_add(struct hits *h, const struct hits *other);
// Names what lies below that folder from there.
void hits_name(struct hits *h, const char *cwd);
// Takes over a source that h does not have yet.
void hits_take(struct hits *h, struct hits_file *f);
void hits_file_free(struct hits_file *f);
void hits_release(struct hits *h);
// h may be NULL.
void hits_free(struct hits *h);

#endif
