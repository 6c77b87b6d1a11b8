// SPDX-License-Identifier: MIT
// What the files of this folder share.
#ifndef RUN_PRIVATE_H
#define RUN_PRIVATE_H

#include "base/err.h"
#include "base/map.h"
#include "jobserver/server.h"
#include "launch/local.h"
#include "model/queue.h"
#include "run/admission.h"
#include "run/attempt.h"
#include "run/fixtures.h"
#include "run/forks.h"
#include "run/neighbours.h"
#include "run/slots.h"
#include "run/supervisor.h"
#include "sys/loop.h"

struct supervisor {
	struct run *run;
	struct queue queue;
	struct queue_terms queue_terms;
	const struct run_settings *settings;
	const struct run_hooks *hooks;
	const struct run_means *means;
	struct server server; // in use with settings->share_tokens
	struct local local;   // what starts the processes
	struct attempt_terms terms;
	struct {
		struct attempt **items;
		size_t n, cap;
	} attempts;
	int in_use; // slots that they run in
	struct slots slots;
	struct neighbours neighbours;
	struct fixture_processes fixtures;
	long bad;                // files that have failed, and will not be tried again
	int64_t began_ns;        // monotonic, moved forward by the time the run was suspended
	int64_t wait_ns;         // when a file began to wait for a token, -1: none does
	bool stopping;           // start no more
	bool abandoned;          // end what runs as well
	struct loop_timer limit; // of the whole run
	struct loop_timer again; // when a file that has failed is due to be tried again
	struct forks forks;
	struct admission admission;
	struct err broken;     // why the run cannot go on; its message is empty while it can
	bool out_of_resources; // no process could be started: wait for a worker to end
};

// No file runs any more, or will: nobody may ask for one.
bool supervisor_is_over(const struct supervisor *s);
// The signal ends the run: what runs is ended, at once if one had come before.
void supervisor_stop(struct supervisor *s, int signo);
// An attempt at the job in that lane and in so many slots, which are held since then; not started.
struct attempt *supervisor_new_attempt(struct supervisor *s, const struct job *job, int number,
				       int lane, int held, int64_t since_ns);
// It has been started.
void supervisor_enlist(struct supervisor *s, struct attempt *a);
// The result is there: ends the job's turn, and hands the result over.
void supervisor_pass_on(struct supervisor *s, struct result *r);
// Gives up all that an attempt holds but its slot, its result and itself.
void supervisor_end_attempt(struct supervisor *s, struct attempt *a);

#endif
