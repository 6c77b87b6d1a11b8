// SPDX-License-Identifier: MIT
// Files that expect to be run in the folder they lie in, where all others run in the project's.
#ifndef LAUNCH_OWN_FOLDER_H
#define LAUNCH_OWN_FOLDER_H

struct result;

// Where a file that failed without a test has looked in vain for one that it would have found in
// its own folder, says so behind its reason. Its inputs are those of the run, cwd the folder it ran
// in.
void own_folder_explain(struct result *r, const char *cwd);

#endif
