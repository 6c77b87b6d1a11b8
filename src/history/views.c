// SPDX-License-Identifier: MIT
#include "history/views.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "history/lookup.h"

static const struct {
	const char *main;
	int (*show)(struct lookup *l, struct err *err);
} views[VIEW_COUNT] = {
	[VIEW_OVERVIEW] = {"runs", runs_overview},
	[VIEW_FILES] = {"results", files_view},
	[VIEW_RUNS] = {"runs", runs_view},
	[VIEW_SLOWEST] = {"files", lists_slowest},
	[VIEW_FAILING] = {"files", lists_failing},
	[VIEW_FLAKY] = {"files", lists_flaky},
	[VIEW_REGRESSIONS] = {"moves", lists_regressions},
	[VIEW_NEW] = {"new", lists_new},
	[VIEW_TESTS] = {"tests", tests_view},
	[VIEW_COVERAGE] = {"sources", covered_view},
};

static char *describe(const struct run_range *w)
{
	if (!w->is_limited)
		return NULL;
	if (run_range_size(w) == 0)
		return xstrdup("no run");
	return xasprintf("run %lld to run %lld", (long long)w->runs.items[w->from].id,
			 (long long)w->runs.items[w->runs.n - 1].id);
}

// Of each path that stands for nothing.
static void tell_unknown(struct lookup *l)
{
	const struct history_request *r = l->request;

	for (size_t i = 0; i < r->n_paths && l->range->runs.n > 0; i++)
		if (!l->found[i])
			view_line(l->view, "%s: there is nothing in the history.", r->paths[i]);
}

int views_show(struct view *view, struct store *store, const struct history_request *request,
	       struct err *err)
{
	struct lookup l = {view, store, request, request->range,
			   xcalloc(request->n_paths + 1, sizeof *l.found)};
	const char *name = history_view_name(request->view);

	view->name = name ? name : request->view == VIEW_FILES ? "files" : "overview";
	view->main = views[request->view].main;
	view->range = describe(request->range);
	view->n_runs = run_range_size(request->range);
	int status = views[request->view].show(&l, err);
	if (status == 0)
		tell_unknown(&l);
	free(l.found);
	return status;
}
