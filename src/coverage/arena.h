// SPDX-License-Identifier: MIT
// The memory in which a worker counts (coverage/hook/memory.h), from our side. It has no name on
// any disk, and takes as much as is really counted in it.
//
//	arena_open(&a, root, true, &err), then a worker that has a.variable in its environment
//	arena_read(&a) at any time
//	arena_close(&a)
#ifndef COVERAGE_ARENA_H
#define COVERAGE_ARENA_H

#include <stdbool.h>

struct err;
struct hits;

// As those see its name that look at what has it open.
#define ARENA_NAME  "/memfd:" ARENA_LABEL " (deleted)"
#define ARENA_LABEL "firmo-jobs-coverage"

struct arena {
	int fd;
	char *variable;   // the entry of the environment that names it; owned
	const char *path; // its value
};

// root: an absolute path without links; what lies below it is counted. "": all. calls: calls of
// functions are counted, too.
int arena_open(struct arena *a, const char *root, bool calls, struct err *err);
// What has been counted by now; the caller frees it (hits_free). What is no sound entry is left
// out.
struct hits *arena_read(const struct arena *a);
void arena_close(struct arena *a);

#endif
