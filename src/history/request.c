// SPDX-License-Identifier: MIT
#include "history/request.h"

static const char *const names[VIEW_COUNT] = {
	[VIEW_RUNS] = "runs",   [VIEW_SLOWEST] = "slowest",         [VIEW_FAILING] = "failing",
	[VIEW_FLAKY] = "flaky", [VIEW_REGRESSIONS] = "regressions", [VIEW_NEW] = "new",
	[VIEW_TESTS] = "tests",
};

const char *history_view_name(enum history_view view)
{
	return names[view];
}
