// SPDX-License-Identifier: MIT
// Tests by their names, whatever file they stand in.
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "history/private.h"

#define RESULTS 20 // of each file

// The groups and the name of a test, with blanks between them.
static bool matches(const char *name, void *arg)
{
	const struct question *q = arg;
	const char *pattern = q->request->pattern;

	if (!pattern)
		return true;
	char *visible = question_test_name(name);
	bool found = strpbrk(pattern, "*?[") ? fnmatch(pattern, visible, 0) == 0
					     : strstr(visible, pattern) != NULL;
	free(visible);
	return found;
}

int answer_tests(struct question *q, struct err *err)
{
	const char *pattern = q->request->pattern;
	struct summaries s = {0};
	int status = question_files(q, SUMMARY_TRAIL, &s, err);
	bool any = false;

	question_begin_tests(q, NULL);
	for (size_t i = 0; status == 0 && i < s.n; i++)
		status = question_add_tests(q, &s.items[i], s.items[i].path, RESULTS, matches, q,
					    err);
	for (size_t i = 0; i < q->answer->parts.n; i++)
		any = any || table_rows(&q->answer->parts.items[i].table) > 0;
	if (!any)
		question_nothing(q, pattern ? "No test has such a name." : "No test is known.");
	summaries_release(&s);
	return status;
}
