// SPDX-License-Identifier: MIT
// Whether the last pass of a file would come again: nothing that it depended on has changed, it was
// run in the same way, and it told all that it depended on.
#ifndef PLAN_UPTODATE_H
#define PLAN_UPTODATE_H

#include <stdbool.h>

#include "base/map.h"
#include "plan/counting.h"
#include "store/snapshot.h"

struct err;
struct fixtures;
struct job;
struct job_settings;
struct jobs;
struct store;

enum uptodate_verdict {
	UPTODATE,
	STALE_NEW,       // it has never passed, or was not watched when it did
	STALE_FAILED,    // its last result is not a pass
	STALE_OTHER_KEY, // it was run with another command, interpreter or settings
	STALE_DEADLINE,  // its deadline would be too short for what it took: deadline_ns
	STALE_DOUBTED,   // its pass is not trusted: doubts
	STALE_CHANGED,   // an input is not what it was: state, now
	STALE_UNCOUNTED, // its coverage is asked for, and is not known: lack
};

struct uptodate_finding {
	enum uptodate_verdict verdict;
	unsigned doubts;                       // enum doubt, those that count
	int64_t deadline_ns;                   // that it would have; 0: none
	const struct input_state *input_state; // the first input that has changed
	struct fingerprint now;                // what that is at present
	enum counting_lack lack;
	const struct snapshot *snapshot; // of its last pass, or NULL
};

struct uptodate {
	struct input_states input_states;
	struct map snapshots, parts; // of the last passes of all tests, and of some
	signed char *current; // of each state: 1 it still is so, 0 it is not, -1 not looked yet
	struct fingerprint *now;
	size_t moved;     // how many are still the same though their stamps have moved
	unsigned trusted; // doubts that do not count
	const struct fixtures *fixtures; // that may be up, or NULL
	struct counting counting;        // without a wish: coverage is not asked for
	struct {
		const struct job_settings *settings; // NULL: none
		enum framework framework;
		struct digest key;
	} last; // files of the same settings have the same key, for plan.c
};

// Loads what is known of these jobs. trusted: doubts that do not count, added up. Release it on
// failure, too.
int uptodate_open(struct uptodate *u, struct store *store, const struct jobs *jobs,
		  unsigned trusted, struct err *err);
// Tells the jobs of which files the head is known to be bare: they are what they were when they
// passed.
void uptodate_recall_heads(struct uptodate *u, struct jobs *jobs);
// The pass that the job may have again: of some tests where it is to run some, and they have
// passed; else of all. NULL: there is none.
const struct snapshot *uptodate_snapshot(const struct uptodate *u, const struct job *job);
// key: of how the job would be run now; deadline_ns: under which deadline, 0: none.
struct uptodate_finding uptodate_ask(struct uptodate *u, const struct job *job,
				     const struct digest *key, int64_t deadline_ns);
// Calls each() for every input of the snapshot that has changed.
void uptodate_changes(struct uptodate *u, const struct snapshot *snapshot,
		      void (*each)(const struct input_state *was, const struct fingerprint *now,
				   void *arg),
		      void *arg);
// Calls each() for every file that the snapshot's test has loaded as Lua, and for every one that
// has come to its end as a chunk: whole.
void uptodate_chunks(const struct uptodate *u, const struct snapshot *snapshot,
		     void (*each)(const char *path, bool whole, void *arg), void *arg);
// Tells the store of the stamps that have moved, so that nobody reads those files again. Where that
// cannot be done, it is done another time.
void uptodate_renew(struct uptodate *u, struct store *store);
void uptodate_release(struct uptodate *u);
bool uptodate_is_open(const struct uptodate *u);

#endif
