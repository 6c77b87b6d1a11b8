// SPDX-License-Identifier: MIT
// The run's private folder: the shim, and a TMPDIR for each worker.
#ifndef RUN_WORKSPACE_H
#define RUN_WORKSPACE_H

struct err;

struct workspace {
	char *dir; // owned
};

// Makes the folder below $TMPDIR (or /tmp) and writes the shim into it.
int workspace_open(struct workspace *w, struct err *err);
// Removes it with all that is in it.
void workspace_close(struct workspace *w);
// Makes the TMPDIR of the worker on that slot, fresh and empty. The caller frees the path.
char *workspace_make_tmpdir(const struct workspace *w, int slot, struct err *err);

#endif
