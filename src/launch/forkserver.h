// SPDX-License-Identifier: MIT
// Fork servers: interpreters that have come to where the files of their kind differ, and are forked
// there for each file instead of being started anew. What they are forked to is in every other way
// a local process: our own child, with a process group, descriptors, limits and an environment of
// its own. Where a file cannot be forked for, it gets a process of its own from the beginning.
//
// A server is kept for each kind: the program with its words, the settings of the file, the shim.
// All that its start depended on is in the trace of each of its workers, and it is replaced when
// that has changed. Private to launch/.
#ifndef LAUNCH_FORKSERVER_H
#define LAUNCH_FORKSERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/strings.h"
#include "launch/environment.h"
#include "model/inputs.h"
#include "trace/trace.h"

struct launch;
struct local;
struct spawn;

struct forkserver_settings {
	const char *library; // what is preloaded to fork them; NULL: nothing is forked
	// Files of a kind are not forked: why, once for each kind. file: one of them.
	void (*refused)(void *owner, const char *file, const char *why);
	void *owner;
};

// A folder as it was when nothing was there that the start of a server has missed below it.
struct forkserver_folder {
	char *path;
	int64_t inode, ctime_ns;
};

struct forkserver {
	char *kind;
	pid_t pid;  // 0: it has ended
	int socket; // -1: it is of no use any more
	bool ready; // to be forked
	long forked;
	struct worker_environment environment; // that it was started with
	struct trace trace;
	char *start; // what its trace held when it was ready
	size_t nstart;
	struct inputs inputs; // what that comes to
	struct {
		struct forkserver_folder *items;
		size_t n, cap;
	} folders;
	int64_t began_ns; // of the real clock
};

struct forkservers {
	struct forkserver **items; // those that have ended stay: their workers may run yet
	size_t n, cap;
	struct strings refused; // kinds that are not tried again
};

// One that can be forked for it, which waits until it is ready, unless a signal comes; NULL: it
// gets a process of its own, for a reason that has been told.
struct forkserver *forkserver_find(struct local *l, const struct launch *what);
// Forks it to be what s says, as spawn_start would start it. False: it could not be, and nothing is
// left of it.
bool forkserver_fork(struct local *l, struct forkserver *f, const struct launch *what,
		     const struct spawn *s, pid_t *pid);
// Whether the child is a server.
bool forkserver_is(const struct local *l, pid_t pid);
// That child has ended and was reaped.
void forkserver_reaped(struct local *l, pid_t pid);
// Ends and reaps all of them.
void forkservers_close(struct local *l);

#endif
