// SPDX-License-Identifier: MIT
// What git says has changed below the working folder.
#ifndef CLI_GIT_H
#define CLI_GIT_H

#include <stdbool.h>
#include <stddef.h>

#include "model/coverage.h"

struct err;

struct git_file {
	char *path;    // from the working folder; owned
	bool is_news;  // it is new there, or gone
	bool is_whole; // all of its lines are new, as git does not know it
	struct {
		struct line_range *items; // that are new or changed, ascending; owned
		size_t n, cap;
	} lines;
};

struct git_changes {
	struct git_file *items;
	size_t n, cap;
};

// Fills changes, which is empty, with what is different in the working tree from what it is in the
// revision, and with what git does not know and is not told to ignore. The caller releases it on
// failure as well.
int git_find_changes(const char *revision, struct git_changes *changes, struct err *err);
// What the text of `git diff -U0`, whose prefixes are a/ and b/, tells.
void git_read_diff(struct git_changes *changes, const char *text, size_t n);
void git_changes_release(struct git_changes *changes);

#endif
