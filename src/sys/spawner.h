// SPDX-License-Identifier: MIT
// The spawner: a tiny process of its own that starts our children for us. A process inherits the
// peak memory of its parent, even over exec: started by us, a small child would have our peak. The
// children are ours all the same (CLONE_PARENT): we reap them.
#ifndef SYS_SPAWNER_H
#define SYS_SPAWNER_H

#include <sys/types.h>

#include "sys/spawn.h"

struct err;
struct letter;

struct spawner {
	int socket; // -1: there is none
	pid_t pid;
	struct letter *letter; // memory shared with it, for what is to be started
};

// Starts it. Call it early: it stays as small as the caller is now, and what its children share
// with it (working folder, session, limits) is that of now. Memory that spawn.pid_place points to
// is shared with it already. Where there can be none, socket is -1, and children are started
// without.
void spawner_open(struct spawner *sp);
// As spawn_start, through the spawner. One that was killed is told by nothing but the larger peaks
// of what is started without it.
int spawner_start(struct spawner *sp, const struct spawn *s, pid_t *pid, enum spawn_step *step,
		  struct err *err);
// Ends it. Once is enough.
void spawner_close(struct spawner *sp);

#endif
