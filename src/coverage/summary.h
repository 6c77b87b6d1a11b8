// SPDX-License-Identifier: MIT
// From what was counted to what is told: the sources are read, and the lines that count found.
#ifndef COVERAGE_SUMMARY_H
#define COVERAGE_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

struct coverage;
struct hits;
struct hits_file;

struct summary_terms {
	const char *cwd; // the working folder: what lies below it is named from there
	bool calls;      // calls of functions were counted
	bool keeps_text; // of the sources
	// Whether the source of that name is told of.
	bool (*wants)(void *owner, const char *path);
	// One that is, and is not there any more or cannot be read: its lines are known from what
	// ran alone.
	void (*unreadable)(void *owner, const char *path, int errnum);
	// One whose text may not be the one that ran: it has changed since the run began, or has
	// fewer lines.
	int64_t since_ns; // real clock: when that was
	void (*changed)(void *owner, const char *path);
	void *owner;
};

// The caller frees it (coverage_free).
struct coverage *summary_make(const struct hits *hits, const struct summary_terms *terms);
// Takes a minimum into account: what matches the glob, or all of them.
void summary_add_minimum(struct coverage *c, double percent, const char *glob,
			 bool (*matches)(const char *glob, const char *path));

#endif
