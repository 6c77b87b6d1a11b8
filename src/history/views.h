// SPDX-License-Identifier: MIT
// Questions to the history, and their answers.
#ifndef HISTORY_VIEWS_H
#define HISTORY_VIEWS_H

#include <stdbool.h>
#include <stddef.h>

#include "model/table.h"

struct err;
struct store;
struct window;

enum history_view {
	VIEW_OVERVIEW,
	VIEW_FILES, // each of the files that were named
	VIEW_RUNS,
	VIEW_SLOWEST,
	VIEW_FAILING,
	VIEW_FLAKY,
	VIEW_REGRESSIONS,
	VIEW_NEW,
	VIEW_TESTS,
	VIEW_COUNT
};

// What --history= calls it; NULL: it has no name, but follows from what is asked for.
const char *history_view_name(enum history_view view);

struct history_request {
	enum history_view view;
	const char *pattern;      // VIEW_TESTS: which, by a glob or a part of the name; NULL: all
	const char *const *paths; // files, or folders of files; none: all
	size_t n_paths;
	const struct window *window;
	bool is_utf8; // what people see may have more than ASCII
};

// Fills answer, which the caller releases on failure as well. store: NULL if there is none yet.
int views_show(struct answer *answer, struct store *store, const struct history_request *request,
	       struct err *err);

#endif
