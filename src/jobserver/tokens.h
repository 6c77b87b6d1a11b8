// SPDX-License-Identifier: MIT
// The right to run jobs, granted by GNU make's jobserver or by a pool of our own. The caller takes
// a slot when a job is ready to start and gives one back when any job has ended.
//
// Under make the first slot is the implicit one that every recipe has, and needs no token; so the
// tokens held are always max(0, running - 1), by count: a token goes back when that number drops,
// with the end of any job.
#ifndef JOBSERVER_TOKENS_H
#define JOBSERVER_TOKENS_H

#include <stdbool.h>
#include <sys/types.h>

#include "jobserver/client.h"

struct err;
struct loop;
struct makeflags;
struct tokens;

// Takes part in the jobserver that m names, or makes a pool. cap is the -j of our own command line
// (0: none): the size of the pool (default: what -j of make says, else default_size), or the
// most slots to use of make's. warning->message is filled, and the result still usable with one
// slot, if make names a jobserver that cannot be used; it is empty otherwise. marker: the entry
// that every process of the run will have in its environment ("NAME=VALUE"); folder: its temporary
// folder, which need not be there yet. Never NULL.
//
// A watchdog (jobserver/watchdog.h) is started, which cleans up after us and gives back the tokens
// if this process dies, and another one if it is killed; without one, where it cannot be started,
// the tokens are taken directly, and all works the same but for that. So call this early, when the
// process is small. No watchdog is started if marker is NULL.
struct tokens *tokens_open(const struct makeflags *m, int cap, int default_size, const char *marker,
			   const char *folder, struct err *warning);
// Calls back from l when a slot may have become free while tokens_await(true) is in force.
void tokens_attach(struct tokens *t, struct loop *l, void (*ready)(void *owner), void *owner);
// Whether a job is ready to start and waits for a slot. Only then is the jobserver polled.
void tokens_await(struct tokens *t, bool waiting);
// Takes a slot: true, or false if there is none at the moment.
bool tokens_take(struct tokens *t);
// Gives back one slot.
void tokens_give(struct tokens *t);
// Where the process group of the worker on that slot is to stand while there is one (0 otherwise),
// for the watchdog to see; NULL if there is no watchdog. It stays valid until tokens_close.
pid_t *tokens_group(const struct tokens *t, int slot);
// What belongs to that descriptor is not free before all workers are gone, should we die: see
// watchdog_keep.
void tokens_keep(struct tokens *t, int fd);
// The watchdog, which is a child of this process; 0: there is none.
pid_t tokens_watchdog(const struct tokens *t);
// Whether the child is one that this has started.
bool tokens_is_own(const struct tokens *t, pid_t pid);
// How many slots may be in use at once: cap or pool size; TOKENS_MAX under make without a cap.
int tokens_most(const struct tokens *t);
// Whether they come from make's jobserver.
bool tokens_shared(const struct tokens *t);
// Processes of the run may be left that could not be looked for: in the end the watchdog does that,
// as if we were dead.
void tokens_distrust(struct tokens *t);
// Gives back all that is held, detaches from the loop and frees t. False if make's pipe had no room
// for some of it within CLIENT_PATIENCE_NS: the watchdog, if there is one, goes on trying for a
// while.
bool tokens_close(struct tokens *t);

#endif
