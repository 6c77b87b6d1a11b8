// SPDX-License-Identifier: MIT
// Changes of paths, as the system tells of them (inotify). What is watched is the folders in which
// the paths stand, so that a file may be replaced, or not be there yet.
#ifndef SYS_CHANGES_H
#define SYS_CHANGES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/map.h"
#include "sys/loop.h"

struct err;

struct changes {
	// Something may have happened to the path; below: to all that lies below it as well, which
	// is to be watched anew then. NULL: to all paths.
	void (*changed)(void *owner, const char *path, bool below);
	void *owner;
	bool is_partial; // the system's limits have left some folder out, which is not watched
	struct loop *loop;
	struct loop_watch watch;
	struct map folders;  // by its path: the number that inotify has given it, + 1
	struct map subjects; // by that number and an entry: struct strings *, the paths concerned
	long round;
};

// changed and owner are set by the caller. Fails where the system has no inotify left to give:
// then nothing is watched, and is_partial says so.
int changes_open(struct changes *c, struct loop *loop, struct err *err);
// Watches a path, be it there or not: its entry, where links lead, and from a relative path each of
// its folders. What is watched already costs little.
void changes_add(struct changes *c, const char *path);
// Watches which entries the folder has. The path itself is what is told.
void changes_add_entries(struct changes *c, const char *folder);
// Forgets all paths.
void changes_clear(struct changes *c);
// Tells of what has happened so far.
void changes_read(struct changes *c);
// How many folders are watched.
size_t changes_count(const struct changes *c);
void changes_close(struct changes *c);

#endif
