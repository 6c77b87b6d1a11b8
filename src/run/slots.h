// SPDX-License-Identifier: MIT
// The slots of a run: those granted to it and in no use yet, and the numbers by which workers know
// theirs. Private to run/.
//
// A file that takes several is given them together. Part of them is held for HOLD_NS at most, while
// files that need less may use it, and goes back then; it is asked for again after a time of a
// random length. So two runs below one make, each of which holds what the other needs, both go on.
#ifndef RUN_SLOTS_H
#define RUN_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/loop.h"

struct lane {
	bool taken;
	int number; // as workers and reports know it
};

struct slots {
	struct {
		struct lane *items;
		size_t n, cap;
	} lanes;
	struct {
		int64_t *items; // monotonic: since when each is held
		size_t n, cap;
	} spare;
	struct loop_timer timer; // while part of a set is held, or not asked for
	bool resting;            // it is not asked for
	int tries;               // sets that did not become complete since one did
};

struct supervisor;

// fire is called when the slots are to be looked at again; its timer's owner is s.
void slots_open(struct supervisor *s, void (*fire)(struct loop_timer *t));
// Gives back what is spare.
void slots_close(struct supervisor *s);
// A lane for a worker, by its index.
int slots_take_lane(struct supervisor *s);
// The most slots that a file may ask for now.
int slots_limit(const struct supervisor *s);
// Takes as many as it gets, until n are spare; how many there are, n at most.
int slots_gather(struct supervisor *s, int n);
// Whether a file is to start in less than it takes, as nothing runs and more has not come for long:
// whoever has the rest may be waiting for what we hold.
bool slots_suffice(const struct supervisor *s);
// A worker that takes `wanted` starts in n of those that are spare: since when the oldest of them
// is held. Where n is less, the next one need not try for as long.
int64_t slots_use(struct supervisor *s, int n, int wanted);
// A worker has ended in n slots, held since then. They are spare, which spares a suite of tiny
// files the way through make and back.
void slots_reuse(struct supervisor *s, int n, int64_t since_ns);
// Nothing more can be started now. Gives back what is spare, unless it is part of a set.
void slots_settle(struct supervisor *s, bool part);
// Gives n back to make, or to ourselves.
void slots_give(struct supervisor *s, int n);
// Remembers the times at which a file that is ready waited for make's tokens, where one more worker
// was allowed.
void slots_note_wait(struct supervisor *s, bool ready);
// The timer has fired.
void slots_look_again(struct supervisor *s);

#endif
