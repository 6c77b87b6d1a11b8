// SPDX-License-Identifier: MIT
// One attempt to run a test file: what its process writes, its deadline, its end. Private to run/.
//
// An attempt is running until the process that was started has exited, then lingering until
// nothing of it is left, which is given LINGER_NS; then it is finished. What starts and signals
// processes is the launcher's; no process is needed for the states.
#ifndef RUN_ATTEMPT_H
#define RUN_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "framework/events.h"
#include "framework/framework.h"
#include "framework/tap.h"
#include "launch/launch.h"
#include "model/job.h"
#include "sys/capture.h"
#include "sys/loop.h"

#define LINGER_NS (250 * INT64_C(1000000))
// How long a process may take to end of SIGKILL.
#define KILL_NS (5 * INT64_C(1000000000))

struct hits;
struct run_means;

enum attempt_state {
	ATTEMPT_RUNNING,
	ATTEMPT_INTERRUPTED, // SIGINT was sent
	ATTEMPT_TERMINATED,  // SIGTERM was sent
	ATTEMPT_KILLED,      // SIGKILL was sent
	ATTEMPT_LINGERING,   // the started process has exited
	ATTEMPT_FINISHED,
	ATTEMPT_STATES
};

enum attempt_event {
	ATTEMPT_TIMER,    // the deadline of this state has passed
	ATTEMPT_EXITED,   // the started process has exited
	ATTEMPT_QUIET,    // its output has ended and no process is left
	ATTEMPT_STOP,     // the run is to end
	ATTEMPT_STOP_NOW, // the run is to end at once
	ATTEMPT_EVENTS
};

struct attempt;

// What the attempts of a run share.
struct attempt_terms {
	const struct run_means *means;
	struct launcher *launcher;
	// Has reached ATTEMPT_FINISHED; may free the attempt.
	void (*finished)(void *owner, struct attempt *a);
	void (*slow)(void *owner, const struct result *r); // r->slow has just become true
	// Of what a process does, as it does it; NULL: nobody asks.
	void (*test_ended)(void *owner, const struct result *r, const struct test_case *t);
	void (*wrote)(void *owner, const struct result *r, const char *data, size_t n);
	void *owner;
};

struct attempt {
	const struct attempt_terms *terms;
	struct result *result;
	enum attempt_state state;
	struct process *process; // NULL: not started
	bool exited;             // the process has
	int slot;                // from 0; result->slot is its number
	int held;                // slots, of make's or ours, that it runs in
	int64_t slot_since_ns;   // monotonic: when they were granted, to it or to an attempt
				 // before it
	int64_t began_ns;        // monotonic; moved forward by the time the run was suspended
	struct reading reading;  // what it was started as
	struct result *before; // of its file read in another way, where that was not enough; owned
	char *learned;         // what that has taught, where there was one; owned
	bool seen;             // what it has loaded was seen, by its shim or by a trace
	bool before_seen;      // the same of before
	bool lacks_modules;    // those of --preload: its shim did not tell of itself
	struct result *failed; // of a forked process, which a fresh one is to prove; owned
	struct result *passed; // of that fresh one, which one more forked is to prove; owned
	struct result *sample; // of a fresh process, which this one is to be held against; owned
	bool sample_seen;      // as seen, of that
	uint64_t sampled;      // the state of the server that a sample is of
	bool fresh;            // it may not be forked
	bool is_trial;         // it may be, whether or not that is known to be safe
	bool forked;           // its process was
	bool is_hasty;         // and has a part of the deadline
	bool spoilt;           // and its end tells nothing of a fresh one's
	struct fork_states states;
	unsigned tried; // the ways in which its file was read before, as bits
	bool has_shim;
	bool released; // nothing but its result is left of it
	bool timed_out, cut_short;
	bool unended; // its standard output had not ended when what it left behind was
	long hung;    // index of the test that ran at the deadline, or -1
	long done;    // how many had ended by then
	struct loop_timer timer;
	struct loop_timer slow; // when it takes longer than it should
	struct capture capture;
	struct buf out_line, err_line; // with a stderr of its own: what is no whole line yet
	struct events events;          // if has_shim
	struct tap tap;
	struct command command;
	char *way; // see command_way; NULL: unknown
};

// An attempt at the job in that slot, with a result of its own; the caller frees it, when it is
// released.
struct attempt *attempt_new(const struct attempt_terms *terms, const struct job *job, int number);
// Starts its process, read as reading says. On failure nothing is left behind but the result;
// *transient as in launch/launch.h.
int attempt_start(struct attempt *a, bool *transient, struct err *err);
// Drives the state machine.
void attempt_handle(struct attempt *a, enum attempt_event event);
// Sends a signal to its processes, whatever its state.
void attempt_signal(const struct attempt *a, int signo);
// Moves all clocks by the time the run was suspended.
void attempt_shift_clocks(struct attempt *a, int64_t ns);
// Nothing more will be written: puts the unfinished lines to the rest.
void attempt_finish_output(struct attempt *a);
// What it depended on, as far as it was watched. The caller releases and frees it. NULL: nothing is
// to be learned.
struct inputs *attempt_inputs(struct attempt *a);
// How often the lines of the sources have run, or NULL: they are not counted. The caller frees it.
struct hits *attempt_hits(const struct attempt *a);
// Frees the result of a process that does not count, nor what LuaCov has counted in it. NULL is
// none.
void attempt_drop(struct launcher *l, struct result *r);
// Frees everything but the result and the struct itself. Once is enough.
void attempt_release(struct attempt *a);

#endif
