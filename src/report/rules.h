// SPDX-License-Identifier: MIT
// Make rules for test files: a stamp for each, newer than nothing that the file depended on while
// its last pass is valid. firmo-jobs.mk, which includes them, defines firmo_s (the folder of the
// stamps) and firmo_one and firmo_args (the words around a file's name that run it).
#ifndef REPORT_RULES_H
#define REPORT_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct buf;
struct err;

struct rule {
	const char *path;   // of the test file
	const char **files; // what it depended on, without paths that no rule can name
	size_t n;
	bool later;         // it runs when make has ended: only what it depends on is made before
	const char **after; // test files that write what it depends on, in front of it
	size_t nafter;
};

// The rules in the order in which make starts them, for files that rules_can_run only. A file that
// has vanished since is no error: what depends on it runs.
int report_rules(FILE *out, const struct rule *rules, size_t n, struct err *err);
// A recipe is a line: a path that holds a newline has no place in it.
bool rules_can_run(const char *path);
// Whether make takes the path, in some form, for a target and a prerequisite. Not paths with a
// newline, tab or semicolon, of blanks alone, with a tilde in front, of an archive's member, with a
// backslash at the end or beside a wildcard, or like .PHONY.
bool rules_can_name(const char *path);
// Appends the path as make reads it in a list of prerequisites, or of targets.
void rules_add_name(struct buf *b, const char *path, bool is_target);
// Appends the name of the test file's stamp: one for each path, harmless to make and to shells, and
// short enough for every file system.
void rules_add_stamp(struct buf *b, const char *path);

#endif
