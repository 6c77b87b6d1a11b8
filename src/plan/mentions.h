// SPDX-License-Identifier: MIT
// Which of the planned files are named in the texts of others, as a file is that they load. Pure.
#ifndef PLAN_MENTIONS_H
#define PLAN_MENTIONS_H

#include <stddef.h>

#include "base/map.h"

struct job;
struct jobs;

struct mentions {
	struct jobs *jobs;
	struct map
		words; // of each name, without its ending, the first job; others follow by `next`
	size_t *next;
};

// Takes the jobs that were found by their names.
void mentions_begin(struct mentions *m, struct jobs *jobs);
// Marks the jobs whose names stand in the text of `by` (NULL: of no job), n bytes.
void mentions_look(struct mentions *m, const struct job *by, const char *text, size_t n);
void mentions_release(struct mentions *m);

#endif
