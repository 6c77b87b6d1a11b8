// SPDX-License-Identifier: MIT
// A lookup in the history: what all views need, and the views themselves. Private to
// history/.
#ifndef HISTORY_LOOKUP_H
#define HISTORY_LOOKUP_H

#include "history/request.h"
#include "history/run_range.h"
#include "history/summary.h"
#include "model/table.h"

struct buf;

#define COLUMNS(c) c, sizeof c / sizeof *c

struct lookup {
	struct view *view;
	struct store *store;
	const struct history_request *request;
	const struct run_range *range;
	bool *found; // for each path of the request: something below it is known
};

// Loads the files of the request. The caller releases s on failure as well.
int lookup_files(struct lookup *l, unsigned parts, struct summaries *s, struct err *err);
// Whether the path is asked for; notes that it is known.
bool lookup_wants(const char *path, void *lookup);
// Adds a line to a view without rows, unless none of the paths is known: views_show says so.
void lookup_nothing(struct lookup *l, const char *line);
// The name of a test, with blanks between its groups; the caller frees it.
char *lookup_test_name(const char *name);
// Three cells: a run, its begin, and its commit. NULL: unknown.
void lookup_add_run(struct table *t, const struct past_run *run);
// Appends a bar for each of n figures, from 0 to the greatest; -1 is a gap.
void lookup_draw(const struct lookup *l, struct buf *b, const int64_t *figures, size_t n);

// The first failure in a result. Strings are owned; NULL: unknown.
struct last_failure {
	char *test, *message;
	char *quarantine; // in which it was, in words; NULL: it was in none, or that had ended
};

// Of the file's result in that run. The caller releases last on failure as well.
int lookup_last_failure(struct lookup *l, const struct summary *s, int64_t run,
			struct last_failure *last, struct err *err);
void last_failure_release(struct last_failure *last);

// Begins a table of tests; title as view_table has it.
struct table *tests_begin(struct lookup *l, const char *title);
// Such a table with the tests of the file for which wanted(name) is true, by the runs of its last
// `most` results.
int tests_add(struct lookup *l, const struct summary *s, const char *title, size_t most,
	      bool (*wanted)(const char *name, void *arg), void *arg, struct err *err);

// The views: each adds its tables and lines to the view.
int runs_overview(struct lookup *l, struct err *err);
int runs_view(struct lookup *l, struct err *err);
int files_view(struct lookup *l, struct err *err);
int lists_slowest(struct lookup *l, struct err *err);
int lists_failing(struct lookup *l, struct err *err);
int lists_flaky(struct lookup *l, struct err *err);
int lists_regressions(struct lookup *l, struct err *err);
int lists_new(struct lookup *l, struct err *err);
int tests_view(struct lookup *l, struct err *err);
int covered_view(struct lookup *l, struct err *err);

#endif
