// SPDX-License-Identifier: MIT
// Which file is started next: those of the plan in its order, as often as they are to be repeated;
// then those that failed, again. A file that may not start yet is passed over: a lock that it needs
// is held, what it depends on is still to be written, it takes more slots than there are. What must
// run alone comes when nothing else is left. Pure: it starts nothing itself.
#ifndef MODEL_QUEUE_H
#define MODEL_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/job.h"

struct locks;
struct result;

// One start of a file.
struct turn {
	const struct job *job;
	int attempt;    // 1 for its first
	int slots;      // that it takes
	bool exclusive; // nothing else may run meanwhile
	int64_t due_ns; // not before that time
};

struct queue_terms {
	long rounds;               // how often each file is run; 0: without end
	int most;                  // the slots there are: no file takes more; 0: it takes one
	bool in_order;             // no file is passed over, for the same order in each run
	bool sets_up;              // files wait for what is set up for them
	const struct locks *locks; // NULL: each can be held by one
};

struct queue {
	const struct jobs *jobs;
	struct queue_terms terms;
	size_t next;           // index in jobs of the next turn of this round
	long round;            // 1 for the first
	struct entry *entries; // what is known of each job
	size_t settled;        // jobs that need no worker
	size_t running;        // turns that have begun and not ended
	int wave;              // in_order: the attempt that files are tried again for
	bool exclusive;        // the one that runs must be alone
	bool stopped;          // nothing is tried again
	int64_t now_ns;        // the time, by the caller's clock
	bool shut;             // another run is alone, or is to be
	bool accompanied;      // another run has files that run
	long *left;            // by lock: how many files may still take it
	bool *lent;            // by lock: other runs hold it
	size_t *needs;         // the locks of each job, one after another, as indices of left
	struct {
		struct turn *items; // to be tried again
		size_t n, cap;
	} again;
};

// jobs, their settings and terms->locks must outlive q.
void queue_init(struct queue *q, const struct jobs *jobs, const struct queue_terms *terms);
// Each of the jobs is run only when it is asked for, once, after those asked for before.
void queue_init_asked(struct queue *q, const struct jobs *jobs, const struct queue_terms *terms);
void queue_ask(struct queue *q, const struct job *job);
void queue_release(struct queue *q);
// Nothing is left to be started, now or later; what runs may still fail and be tried again.
bool queue_is_empty(const struct queue *q);
// What time it is: what is tried again after a delay is due by that. 0 until it is told.
void queue_set_time(struct queue *q, int64_t now_ns);
// When the next of those that wait for nothing but their time is due; -1: there is none.
int64_t queue_due(const struct queue *q);
// How many files may hold the lock at once.
long queue_capacity(const struct queue *q, const char *lock);
// Other runs hold the job's lock of that number: what needs it is passed over.
void queue_lend_lock(struct queue *q, const struct job *job, size_t i);
// Other runs have files that run: what must be alone among all runs is passed over.
void queue_accompany(struct queue *q);
// Nothing may start, as another run is alone.
void queue_shut(struct queue *q);
// All of that may be over.
void queue_retry(struct queue *q);
// The next turn that may be started now in no more than so many slots. False if there is none, or
// it has to wait for an end.
bool queue_peek(const struct queue *q, int slots, struct turn *turn);
// That turn was started (or dealt with in another way): queue_end follows for it.
void queue_begin(struct queue *q, const struct turn *turn);
// The turn of r->job has ended so. Sets r->again if it will be tried again, r->flaky if it has
// passed after a failure.
void queue_end(struct queue *q, struct result *r);
// No further turn will be started.
void queue_stop(struct queue *q);

#endif
