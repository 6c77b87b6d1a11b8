// SPDX-License-Identifier: MIT
// From what the user asks for to the jobs in the order of their start.
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/job.h"
#include "plan/order.h"

struct err;
struct store;

struct strings {
	char **items;
	size_t n, cap;
};

struct plan_request {
	struct strings paths; // none: tests, test and spec, those that exist
	struct strings
		includes; // globs on the path, or on the last part of it if they hold no slash
	struct strings excludes;
	enum order order;
	uint64_t seed;    // of ORDER_RANDOM
	int slots;        // how many jobs will run at once; 0: unknown
	bool failed_only; // files whose latest result is not a pass
	int framework;    // an enum framework for every file, or -1: by what each file holds
};

// Fills jobs (released by the caller) from the file system and the history, which may be NULL.
// *found is the number of test files before --failed chose among them. Fails if a path of the
// request does not exist. What is wrong with the history is told in *history_err, and is no
// failure.
int plan_make(struct jobs *jobs, const struct plan_request *request, struct store *history,
	      size_t *found, struct err *history_err, struct err *err);

#endif
