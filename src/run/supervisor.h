// SPDX-License-Identifier: MIT
// Carrying out a plan: as many workers at once as there are slots, each held to its limits.
#ifndef RUN_SUPERVISOR_H
#define RUN_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "launch/local.h"
#include "model/lock.h"

struct err;
struct fixture;
struct fixture_result;
struct fixtures;
struct job;
struct jobs;
struct loop;
struct places;
struct result;
struct run;
struct signals;
struct supervisor;
struct test_case;
struct tokens;

struct run_settings {
	long max_failures;     // start no more files after so many bad ones; 0: go on
	const char *stop_word; // what the user asked that by
	int64_t limit_ns;      // end the whole run after so long; 0: never
	long rounds;           // how often each file is run; 0: without end
	double max_load;    // start no further worker while the machine is that busy; 0: never mind
	int64_t min_memory; // nor while less than this is available; 0: never mind
	bool memory_guard;  // nor while less is available than it and those that run took before
	struct locks locks; // those that more than one file may hold
	bool in_order;      // files start in the order of the jobs, whatever they wait for
	bool end_with_input; // the run ends as by SIGTERM where standard input does
	bool share_tokens;   // workers get a jobserver whose tokens are our slots
};

// What a run is carried out with.
struct run_means {
	struct local_settings local; // how processes are started
	const char *slots; // a folder by which slots are shared out among processes, or NULL
	const struct places *places; // by which locks hold among runs, or NULL: within this one
	bool has_make_load; // start no worker either while that, or the load average, has come to
	double make_load;   // the N of make's -l
	struct fixtures *fixtures; // what may be set up, or NULL
	struct tokens *tokens;
	struct loop *loop;
	struct signals *signals;
};

// Where it is others that ask for the jobs, while we run. Called from inside supervisor_run().
struct run_service {
	bool (*goes_on)(void *owner); // whether anybody may still ask
	void (*stopped)(void *owner); // no further job is started: run->signal or run->stopped
	pid_t command;                // a child that was started before
	void (*reaped)(void *owner, int status); // it has ended, as waitpid(2) has it
	void *owner;
};

// Called from inside supervisor_run().
struct run_hooks {
	void (*begun)(void *owner, struct supervisor *s); // who is to be asked from now on
	void (*started)(void *owner, const struct result *r);
	// What can be told while a file runs. A file may have several processes, one after another,
	// also at one attempt: where one does not tell enough, the next has the last word. NULL:
	// nobody asks.
	void (*process_started)(void *owner, const struct result *r);
	void (*test_ended)(void *owner, const struct result *r, const struct test_case *t);
	void (*wrote)(void *owner, const struct result *r, const char *data, size_t n);
	// A file must wait, though it has a slot for all we know, as it once took more memory than
	// these bytes, which are left beside what those that run may take. Once in a run.
	void (*waits)(void *owner, const struct job *job, int64_t left_bytes);
	// A file or fixture must wait for another run: for that lock; or, without one, to be alone,
	// or for a file that is. pid: whose it is, 0: that is not known. Once for each in a run.
	void (*waits_for_run)(void *owner, const char *who, const char *lock, bool exclusive,
			      pid_t pid);
	void (*slow)(void *owner, const struct result *r); // r->slow has just become true
	// A file has other results in a process that is forked than in one of its own, where it
	// passes. again: that may be as well because it has run before, which only we have asked
	// for.
	void (*needs_fresh)(void *owner, const struct job *job, bool again);
	// A result is there: sets r->last_inputs, and tells of these and of r's own inputs what is
	// known of an earlier time.
	void (*recall)(void *owner, struct result *r);
	void (*ended)(void *owner, struct result *r); // takes over r; run_add is still to be done
	// A setup or teardown has ended; takes over what r holds. The fixture's variables are what
	// its setup has given, before any of its files starts.
	void (*fixture_ended)(void *owner, struct fixture *f, struct fixture_result *r);
	// Whether a bad result may yet turn out to be none: then it ends no run early.
	bool (*is_open)(void *owner, const struct result *r);
	// The file that the result's has loaded and of which its shim, had it one, should tell
	// whether it came to its end; NULL: none.
	const char *(*asks)(void *owner, const struct result *r);
	// All jobs have ended: what is to be run besides, or NULL; it has to outlive run.
	const struct jobs *(*done)(void *owner);
	void (*asked)(void *owner); // SIGUSR1: what is running?
	void (*suspended)(void *owner,
			  bool now);       // true before, false after a Ctrl-Z; both may be slow
	const struct run_service *service; // NULL: all jobs are run, in their order
	void *owner;
};

// Runs the jobs in their order, each with its own settings, as a part of a run that began at
// run->started_ns; hands over each result as it comes, and fills run->peak, waits, elapsed_ns,
// signal and stopped. jobs must outlive run. Fails only if it could not begin; tokens are given
// back and no worker is alive when it returns.
int supervisor_run(struct run *run, const struct jobs *jobs, const struct run_settings *settings,
		   const struct run_means *means, const struct run_hooks *hooks, struct err *err);

// Asks for one of the jobs. False: it will not be started any more.
bool supervisor_ask(struct supervisor *s, const struct job *job);
// Whether a file waits for nothing but its start: no lock, slot or end of another one.
bool supervisor_has_ready(const struct supervisor *s);
// Nobody waits for the results any more: what runs is ended.
void supervisor_end(struct supervisor *s);
// Sets up what somebody else asks for. False: it will not be.
bool supervisor_set_up(struct supervisor *s, struct fixture *f);

#endif
