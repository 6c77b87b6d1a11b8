// SPDX-License-Identifier: MIT
// Tests: by their names, in whatever file, and the table of the tests of one file.
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "history/lookup.h"

#define RESULTS 20 // of each file
#define MILLION 1000000

static const struct column test_columns[] = {
	{"path", NULL, CELL_PATH},          {"pass_rate", "Passed", CELL_SHARE},
	{"ran", "Of", CELL_NUMBER},         {"last", "Last", CELL_STATUS},
	{"median", "Median", CELL_SECONDS}, {"last_bad_run", "Failed", CELL_NUMBER},
	{"test", "Test", CELL_TEXT},
};

// The runs of the last `most` results, in the order of time. The caller frees them.
static int64_t *latest_runs(const struct summary *s, size_t most, size_t *n)
{
	size_t from = s->series.n > most ? s->series.n - most : 0;
	int64_t *runs = xcalloc(s->series.n - from + 1, sizeof *runs);

	*n = 0;
	for (size_t i = from; i < s->series.n; i++)
		if (*n == 0 || runs[*n - 1] != s->series.items[i].run)
			runs[(*n)++] = s->series.items[i].run;
	return runs;
}

static void add_test(struct table *t, const char *path, const struct past_test *p)
{
	char *name = lookup_test_name(p->name);

	table_text(t, path);
	table_number(t, p->ran ? (int64_t)((double)p->passed / (double)p->ran * MILLION) : -1);
	table_number(t, p->ran);
	table_text(t, p->last ? test_status_name(p->last) : NULL);
	table_number(t, p->median_ns);
	table_number(t, p->last_bad_run ? p->last_bad_run : -1);
	table_text(t, name);
	free(name);
}

struct table *tests_begin(struct lookup *l, const char *title)
{
	return view_table(l->view, "tests", title, COLUMNS(test_columns));
}

int tests_add(struct lookup *l, const struct summary *s, const char *title, size_t most,
	      bool (*wanted)(const char *name, void *arg), void *arg, struct err *err)
{
	struct table *t = tests_begin(l, title);
	struct past_tests tests = {0};
	size_t n;
	int64_t *runs = latest_runs(s, most, &n);
	int status = history_load_tests(l->store, s->file, runs, n, wanted, arg, &tests, err);

	// Those that are no more are not told of.
	for (size_t i = 0; status == 0 && i < tests.n; i++)
		if (tests.items[i].last)
			add_test(t, s->path, &tests.items[i]);
	past_tests_release(&tests);
	free(runs);
	return status;
}

// The groups and the name of a test, with blanks between them.
static bool matches(const char *name, void *arg)
{
	const struct lookup *l = arg;
	const char *pattern = l->request->pattern;

	if (!pattern)
		return true;
	char *visible = lookup_test_name(name);
	bool found = strpbrk(pattern, "*?[") ? fnmatch(pattern, visible, 0) == 0
					     : strstr(visible, pattern) != NULL;
	free(visible);
	return found;
}

int tests_view(struct lookup *l, struct err *err)
{
	const char *pattern = l->request->pattern;
	struct summaries s = {0};
	int status = lookup_files(l, SUMMARY_SERIES, &s, err);
	bool any = false;

	tests_begin(l, NULL);
	for (size_t i = 0; status == 0 && i < s.n; i++)
		status = tests_add(l, &s.items[i], s.items[i].path, RESULTS, matches, l, err);
	for (size_t i = 0; i < l->view->parts.n; i++)
		any = any || table_rows(&l->view->parts.items[i].table) > 0;
	if (!any)
		lookup_nothing(l, pattern ? "No test has such a name." : "No test is known.");
	summaries_release(&s);
	return status;
}
