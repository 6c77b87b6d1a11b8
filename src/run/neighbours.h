// SPDX-License-Identifier: MIT
// What other runs of the project hold: a file's locks hold among all of them, and one that is
// exclusive is alone among them. Private to run/.
//
// A lock that may be held by N has the places from 0 to N-1 under its name. A file takes one of
// each of its locks when it starts, or none: what has some never waits for more. Under no name
// stand two more: a run holds the first, shared, while a file of it runs; one with an exclusive
// file takes it alone. Before that it takes the second, which keeps others from starting anything
// else.
//
// Who waits says so at the last place of the name. Then whoever gives a place tells, and takes none
// of that name himself for a moment: the others come first.
#ifndef RUN_NEIGHBOURS_H
#define RUN_NEIGHBOURS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/loop.h"
#include "sys/places.h"

struct job;
struct supervisor;
struct turn;

struct neighbours {
	const struct places *places; // NULL: there are no other runs
	struct {
		struct hold {
			const struct job *job;
			places_name name;
			long place;
		} * items;
		size_t n, cap;
	} holds;
	struct {
		places_name *items;
		size_t n, cap;
	} awaited, told; // names that we say we wait for; those of which that was reported
	struct {
		struct rest {
			places_name name;
			int64_t until_ns;
		} * items;
		size_t n, cap;
	} rests;                 // names of which others come first
	bool present;            // a file of ours may run: others are not alone
	bool at_door;            // we hold what keeps others from starting anything
	const struct job *alone; // the exclusive file that runs
	void (*retry)(struct supervisor *s);
	struct loop_watch watch; // tells when something may be free; its fd is -1 until we wait
	struct loop_timer timer; // when to look again in any case
};

// start_ready is called when a file that had to wait may start.
void neighbours_open(struct supervisor *s, void (*start_ready)(struct supervisor *s));
// Gives all that is held; no file runs.
void neighbours_close(struct supervisor *s);
// Takes what the turn needs among all runs. False: others have it, and the queue passes the turn
// over until it may be free.
bool neighbours_admit(struct supervisor *s, const struct turn *turn);
// The job's turn has ended, or has not begun after all.
void neighbours_dismiss(struct supervisor *s, const struct job *job);
// A setup is to start beside the files of other runs. False: it has to wait.
bool neighbours_admit_setup(struct supervisor *s, const char *name);
// The same with a teardown, which waits only for an exclusive file that runs already.
bool neighbours_admit_teardown(struct supervisor *s, const char *name);
// Nothing more can be started now: others may be alone, if nothing runs either, or start what they
// have, unless a file of ours waits to be alone.
void neighbours_settle(struct supervisor *s);

#endif
