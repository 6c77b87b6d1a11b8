// SPDX-License-Identifier: MIT
// Which test files have to do with some sources, by what their last passes depended on.
#ifndef PLAN_RELATED_H
#define PLAN_RELATED_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct jobs;
struct store;

struct related {
	struct related_source {
		char *path;   // from the working folder if it lies below that; a file, or a folder
			      // that stands for all below it; owned
		bool is_news; // it is new there, or gone: who lists its folder has to do with it
		bool is_used; // set where a file of the plan has to do with it
	} * items;
	size_t n, cap;
	size_t unknown; // set to how many files are kept because nothing is known of them
};

// Takes over the path.
void related_add(struct related *r, char *path, bool is_news);
// Leaves out the jobs that have nothing to do with the sources. Those of which no pass stands are
// kept: nobody knows what they depend on. history: NULL: of nothing anything is known.
int related_filter(struct related *r, struct jobs *jobs, struct store *history, struct err *err);
void related_release(struct related *r);

#endif
