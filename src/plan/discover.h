// SPDX-License-Identifier: MIT
// Finding test files.
#ifndef PLAN_DISCOVER_H
#define PLAN_DISCOVER_H

#include "model/job.h"

struct err;

// Adds to jobs every file that `path` names: the file itself, or the test files in that folder and
// below it. A folder's test files are *_test.lua, *_spec.lua, test_*.lua and spec_*.lua; folders
// below it that are hidden or called node_modules, vendor or fixtures are left out. Sets path and
// size of each job. Fails if there is no such path.
int discover(struct jobs *jobs, const char *path, struct err *err);

#endif
