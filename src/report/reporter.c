// SPDX-License-Identifier: MIT
#include "report/reporter.h"

#include <fnmatch.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define PATTERNS 4

// Patterns of lines, as fnmatch has them; NULL ends each list.
struct reporter_shape {
	const char *const *marks;           // a mark for each test, in a line of nothing else
	const char *counts[PATTERNS];       // stand below the marks
	const char *titles[PATTERNS];       // a rule of dashes stands below them
	const char *headings[2 * PATTERNS]; // above the message of a failure
	bool names;                         // a line with the test's name is below the heading
};

static const char *const busted_marks[] = {"+",      "-",      "*",      ".", "\u25cf",
					   "\u25fc", "\u2731", "\u25cc", NULL};
static const char *const luaunit_marks[] = {".", "F", "E", "S", NULL};

static const struct reporter_shape shapes[FRAMEWORK_COUNT] = {
	[FRAMEWORK_BUSTED] =
		{
			.marks = busted_marks,
			.counts = {"[0-9]* success* / [0-9]* failure* / [0-9]* error* / [0-9]* "
				   "pending : [0-9]* seconds"},
			.headings = {"Failure -> *", "Error -> *", "Failure \u2192 *",
				     "Error \u2192 *"},
			.names = true,
		},
	[FRAMEWORK_LUAUNIT] =
		{
			.marks = luaunit_marks,
			.counts = {"Ran [0-9]* tests in [0-9]* seconds, *"},
			.titles = {"Tests with errors:", "Failed tests:"},
			.headings = {"[0-9]*) *"},
		},
};

static size_t line_length(const char *s)
{
	size_t n = strcspn(s, "\n");

	return n + (s[n] == '\n');
}

static bool matches(const char *const *patterns, const char *s)
{
	char *line = xstrndup(s, strcspn(s, "\n"));
	bool found = false;

	for (; *patterns && !found; patterns++)
		found = fnmatch(*patterns, line, 0) == 0;
	free(line);
	return found;
}

static size_t mark_length(const char *const *marks, const char *s)
{
	for (; *marks; marks++)
		if (strncmp(s, *marks, strlen(*marks)) == 0)
			return strlen(*marks);
	return 0;
}

// Of a line of marks alone, with its end.
static size_t progress_length(const struct reporter_shape *shape, const char *s)
{
	size_t n = 0, mark;

	while ((mark = mark_length(shape->marks, s + n)) > 0)
		n += mark;
	return n > 0 && s[n] == '\n' ? n + 1 : 0;
}

static size_t title_length(const struct reporter_shape *shape, const char *s)
{
	size_t n = line_length(s), rule = strspn(s + n, "-");

	return matches(shape->titles, s) && rule > 0 && s[n + rule] == '\n' ? n + rule + 1 : 0;
}

static size_t sum_length(const struct reporter_shape *shape, const char *s)
{
	return matches(shape->counts, s) ? line_length(s) : title_length(shape, s);
}

size_t reporter_summary(enum framework framework, const char *s)
{
	const struct reporter_shape *shape = &shapes[framework];

	if (!shape->marks)
		return 0;
	// Marks are some test's own words where no summary follows.
	size_t progress = progress_length(shape, s), sum = sum_length(shape, s + progress);
	return sum ? progress + sum : 0;
}

size_t reporter_heading(enum framework framework, const char *s)
{
	const struct reporter_shape *shape = &shapes[framework];

	if (!matches(shape->headings, s))
		return 0;
	size_t n = line_length(s);
	return n + (shape->names ? line_length(s + n) : 0);
}
