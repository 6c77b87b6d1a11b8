// SPDX-License-Identifier: MIT
// What is asked of the history.
#ifndef HISTORY_REQUEST_H
#define HISTORY_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

struct run_range;

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
	VIEW_COVERAGE,
	VIEW_COUNT,
	VIEW_NAMED = VIEW_RUNS // the first that has a name of its own
};

// What --history= takes, ended by NULL, from VIEW_NAMED on.
extern const char *const history_view_names[];
// What --history= calls it; NULL: it has no name, but follows from what is asked for.
const char *history_view_name(enum history_view view);

struct history_request {
	enum history_view view;
	const char *pattern;      // VIEW_TESTS: which, by a glob or a part of the name; NULL: all
	const char *const *paths; // files, or folders of files; none: all
	size_t n_paths;
	const struct run_range *range;
	bool is_utf8; // what people see may have more than ASCII
};

#endif
