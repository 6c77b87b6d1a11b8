// SPDX-License-Identifier: MIT
// The run's private folder: the shim, and a TMPDIR for each worker.
#ifndef LAUNCH_WORKSPACE_H
#define LAUNCH_WORKSPACE_H

#include <stddef.h>

struct err;

// In the folder: an empty file that stands for any test file.
#define WORKSPACE_PLACEHOLDER "firmo-jobs.fork/file.lua"

// The TMPDIR of a slot. Most tests leave it untouched, and then the next one gets it as it is:
// making and removing folders would cost more than all the rest that is done for a small file.
struct tmpdir {
	char *path; // NULL: not made yet
	int fd;     // the folder, open
};

struct workspace {
	char *dir;      // owned
	char *stats;    // its folder for what LuaCov would write; owned
	char *preload;  // of workspace_preload, or NULL; owned
	int preload_fd; // held open for it; 0: none
	struct {
		struct tmpdir *items; // by slot
		size_t n, cap;
	} tmpdirs;
};

// Where the folder of the run of that name is to be: below $TMPDIR (or /tmp), absolute. The caller
// frees it.
char *workspace_path(const char *run_name);
// Makes the folder, which must not be there yet, and writes the shim into it.
int workspace_open(struct workspace *w, const char *path, struct err *err);
// Has the interpreter at that path compile the shim for its workers, which it may fail to do.
void workspace_compile(const struct workspace *w, const char *interpreter);
// Makes the file that stands for any other. The caller frees its path; NULL on failure.
char *workspace_make_placeholder(const struct workspace *w, struct err *err);
// The path by which ld.so can be told of that library in LD_PRELOAD, where blanks and colons stand
// between paths: its own; else a link in the folder; else the file as we hold it open, until
// workspace_close. The path is the workspace's. NULL on failure.
const char *workspace_preload(struct workspace *w, const char *library, struct err *err);
// Removes it with all that is in it.
void workspace_close(struct workspace *w);
// What LuaCov has written in the process of that serial counts for nothing.
void workspace_forget_stats(const struct workspace *w, long serial);
// An empty TMPDIR for the worker on that slot. The path is the workspace's. NULL on failure.
const char *workspace_take_tmpdir(struct workspace *w, int slot, struct err *err);
// That worker has ended: what it left there is removed.
void workspace_clear_tmpdir(struct workspace *w, int slot);

#endif
