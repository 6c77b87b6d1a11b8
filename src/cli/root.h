// SPDX-License-Identifier: MIT
// The project's root: the nearest folder, from the current one upward, that holds firmo-jobs.json
// or .firmo-jobs. All paths of the project start there.
#ifndef CLI_ROOT_H
#define CLI_ROOT_H

#include <stdbool.h>

struct err;

// Makes the root the current folder: `named`, or what a search finds that stops at a folder of
// another owner or file system, at the root of a repository, and, below a test, at once; where it
// finds nothing the folder stays. *below is the way back, "" if there is none; the caller frees it.
int root_enter(const char *named, char **below, struct err *err);
// A path that a person means from the folder `below` the root, as it is from the root. The caller
// frees it.
char *root_path(const char *below, const char *path);
// Whether git may find a repository from the current folder: else it need not be asked, for its
// start costs as much as a small test.
bool root_in_repository(void);
// The file in which git notes where HEAD has moved, be it there or not; the caller frees it. NULL:
// there is no work tree.
char *root_head_log(void);

#endif
