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

#include "base/map.h"
#include "base/strings.h"
#include "launch/environment.h"
#include "launch/forkstart.h"
#include "model/job.h"
#include "trace/trace.h"

struct fork_states;
struct launch;
struct local;
struct spawn;

struct forkserver_settings {
	const char *library; // what is preloaded to fork them; NULL: nothing is forked
	bool checks;         // a file is forked only where that is known to be safe
	// Files of a kind are not forked: why, once for each kind. file: one of them. why NULL: it
	// alone, as it is known to be unsafe.
	void (*refused)(void *owner, const char *file, const char *why);
	void *owner;
};

struct forkserver {
	char *kind;
	pid_t pid;  // 0: it has ended
	int status; // as waitpid(2) has it, once it has
	int socket; // -1: it is of no use any more
	bool ready; // to be forked
	long forked;
	long used; // the serial of the worker that was the last to find it
	struct worker_environment environment; // that it was started with
	struct trace trace;
	struct forkstart start; // once it is ready
	int64_t began_ns;       // of the real clock
};

// What is known of a state (struct fork_memory).
struct forkserver_memory {
	enum fork_verdict (*of)(void *owner, uint64_t state);
	void *owner;
};

struct forkserver_counts {
	long started;  // files for which a server was missing
	long killed;   // servers, by others, before they were ready
	long stale;    // servers whose start would be another one before it was worth it
	long touching; // files that have used what the start had written
};

struct forkservers {
	struct forkserver **items; // those that have ended stay: their workers may run yet
	size_t n, cap;
	struct forkserver_memory memory;
	struct strings refused; // kinds that are not tried again
	struct map counts;      // kind -> struct forkserver_counts *
	struct map told;        // files that are known to be unsafe, and were told
};

// One that can be forked for it, which waits until it is ready, unless a signal comes; NULL: it
// gets a process of its own, for a reason that has been told.
struct forkserver *forkserver_find(struct local *l, const struct launch *what);
// Whether the file may be forked from it; *states: from what it could be.
bool forkserver_admits(struct local *l, const struct forkserver *f, const struct launch *what,
		       struct fork_states *states);
// A worker of it has used what its start has written: with some of them, the kind is forked no
// more.
void forkserver_note_touched(struct local *l, const struct forkserver *f, const char *file,
			     const char *path);
// Forks it to be what s says, as spawn_start would start it. False: it could not be, and nothing is
// left of it.
bool forkserver_fork(struct local *l, struct forkserver *f, const struct launch *what,
		     const struct spawn *s, pid_t *pid);
// Whether the child is a server.
bool forkserver_is(const struct local *l, pid_t pid);
// That child has ended and was reaped.
void forkserver_reaped(struct local *l, pid_t pid, int status);
// Ends those that there are, where there is room for nothing more. False: there are none.
bool forkservers_shed(struct local *l);
// Ends and reaps all of them.
void forkservers_close(struct local *l);

#endif
