// SPDX-License-Identifier: MIT
#include "history/request.h"

const char *const history_view_names[] = {
	[VIEW_RUNS - VIEW_NAMED] = "runs",
	[VIEW_SLOWEST - VIEW_NAMED] = "slowest",
	[VIEW_FAILING - VIEW_NAMED] = "failing",
	[VIEW_FLAKY - VIEW_NAMED] = "flaky",
	[VIEW_REGRESSIONS - VIEW_NAMED] = "regressions",
	[VIEW_NEW - VIEW_NAMED] = "new",
	[VIEW_TESTS - VIEW_NAMED] = "tests",
	[VIEW_COVERAGE - VIEW_NAMED] = "coverage",
	[VIEW_COUNT - VIEW_NAMED] = NULL,
};

const char *history_view_name(enum history_view view)
{
	return view < VIEW_NAMED ? NULL : history_view_names[view - VIEW_NAMED];
}
