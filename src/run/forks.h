// SPDX-License-Identifier: MIT
// What is believed of processes that are forked: no failure that a new one does not have; and no
// pass before it is known that such processes have the results of new ones. That is seen by one
// file, which is run both ways. Private to run/.
#ifndef RUN_FORKS_H
#define RUN_FORKS_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/map.h"

struct attempt;
struct job;
struct jobs;
struct result;
struct supervisor;

// A file that takes longer is not worth a fork, nor a sample: that would hold up the run.
#define FORKS_LONG_NS NS_PER_SEC
// Nor is what has taken less, and takes longer than this when it is run once more.
#define FORKS_TRIAL_NS (5 * NS_PER_SEC)
// The part of its deadline that a forked process has.
#define FORKS_HASTE 4

struct forks {
	struct map fresh;  // paths of files that are not to be forked any more
	struct map known;  // of states (struct fork_memory), as text: what stands for a verdict
	struct map checks; // of servers, likewise: struct forks_check *
};

void forks_open(struct supervisor *s, const struct jobs *jobs);
void forks_close(struct supervisor *s);
// Whether the job's file is not to be forked.
bool forks_needs_fresh(struct supervisor *s, const struct job *job);

// The functions below are asked in this order when an attempt has ended. True: another process of
// its file was started in its place, and there is no result yet.

// Its process was forked, and has used what its interpreter had written, or taken too long to go on
// with: what it came to does not count, and a new one is started.
bool forks_discard(struct supervisor *s, struct attempt *a);
// It has failed, or it has not, as `bad` says, and what that means another process has to show.
bool forks_prove(struct supervisor *s, struct attempt *a, bool bad);
// It has passed in a new process, by which it can be seen whether forked ones are like it.
bool forks_check(struct supervisor *s, struct attempt *a);
// No other is needed: a->result becomes what they have come to.
void forks_settle(struct supervisor *s, struct attempt *a);

// What is at the place, which has nothing then.
struct result *forks_take(struct result **place);

#endif
