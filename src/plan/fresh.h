// SPDX-License-Identifier: MIT
// Whether the last pass of a file would come again: nothing that it depended on has changed, it was
// run in the same way, and it told all that it depended on.
#ifndef PLAN_FRESH_H
#define PLAN_FRESH_H

#include <stdbool.h>

#include "base/map.h"
#include "store/snapshot.h"

struct err;
struct job;
struct jobs;
struct store;

enum fresh_verdict {
	FRESH,
	FRESH_NEW,       // it has never passed, or was not watched when it did
	FRESH_FAILED,    // its last result is not a pass
	FRESH_OTHER_KEY, // it was run with another command, interpreter or settings
	FRESH_HURRIED,   // its deadline would be too short for what it took: deadline_ns
	FRESH_DOUBTED,   // its pass is not trusted: doubts
	FRESH_CHANGED,   // an input is not what it was: version, now
};

struct fresh_answer {
	enum fresh_verdict verdict;
	unsigned doubts;                 // enum doubt, those that count
	int64_t deadline_ns;             // that it would have; 0: none
	const struct version *version;   // the first input that has changed
	struct fingerprint now;          // what that is at present
	const struct snapshot *snapshot; // of its last pass, or NULL
};

struct fresh {
	struct versions versions;
	struct map snapshots;
	signed char *current; // of each version: 1 it still is so, 0 it is not, -1 not looked yet
	struct fingerprint *now;
	size_t moved;     // how many are still the same though their stamps have moved
	unsigned trusted; // doubts that do not count
};

// Loads what is known of these jobs. trusted: doubts that do not count, added up. Release it on
// failure, too.
int fresh_open(struct fresh *f, struct store *store, const struct jobs *jobs, unsigned trusted,
	       struct err *err);
// key: of how the job would be run now; deadline_ns: under which deadline, 0: none.
struct fresh_answer fresh_ask(struct fresh *f, const struct job *job, const struct digest *key,
			      int64_t deadline_ns);
// Calls each() for every input of the snapshot that has changed.
void fresh_changes(struct fresh *f, const struct snapshot *snapshot,
		   void (*each)(const struct version *was, const struct fingerprint *now,
				void *arg),
		   void *arg);
// Calls each() for every file that the snapshot's test has loaded as Lua, and for every one that
// has come to its end as a chunk: whole.
void fresh_chunks(const struct fresh *f, const struct snapshot *snapshot,
		  void (*each)(const char *path, bool whole, void *arg), void *arg);
// Tells the store of the stamps that have moved, so that nobody reads those files again. Where that
// cannot be done, it is done another time.
void fresh_renew(struct fresh *f, struct store *store);
void fresh_release(struct fresh *f);

#endif
