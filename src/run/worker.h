// SPDX-License-Identifier: MIT
// One test file while it runs: its processes, what they write, its deadline. Private to run/.
//
// A worker is running until the process that was started has exited, then lingering until its
// output has ended and no process is left of it, which is given LINGER_NS; then it is finished.
#ifndef RUN_WORKER_H
#define RUN_WORKER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "jobserver/lender.h"
#include "run/environment.h"
#include "sys/capture.h"
#include "sys/loop.h"
#include "sys/process.h"
#include "worker/events.h"
#include "worker/framework.h"
#include "worker/tap.h"
#include "worker/trace.h"

#define LINGER_NS (250 * INT64_C(1000000))
// How long a process may take to end of SIGKILL.
#define KILL_NS (5 * INT64_C(1000000000))

enum worker_state {
	WORKER_RUNNING,
	WORKER_INTERRUPTED, // SIGINT was sent
	WORKER_TERMINATED,  // SIGTERM was sent
	WORKER_KILLED,      // SIGKILL was sent
	WORKER_LINGERING,   // the started process has exited
	WORKER_FINISHED,
	WORKER_STATES
};

enum worker_event {
	WORKER_TIMER,    // the deadline of this state has passed
	WORKER_EXITED,   // the started process has exited
	WORKER_QUIET,    // its output has ended and no process is left
	WORKER_STOP,     // the run is to end
	WORKER_STOP_NOW, // the run is to end at once
	WORKER_EVENTS
};

struct supervisor;

struct worker {
	struct supervisor *supervisor;
	struct result *result;
	enum worker_state state;
	pid_t pid;                // of the started process and its group
	bool reaped;              // pid has been waited for
	struct schedule schedule; // of the started process, if is_accounted
	bool is_accounted;
	int slot;
	int64_t slot_since_ns;  // monotonic: when its slot was granted, to it or to a worker before
				// it
	int64_t began_ns;       // monotonic; moved forward by the time the run was suspended
	struct reading reading; // what it was started as
	struct result *before;  // of its file read in another way, where that was not enough; owned
	char *learned;          // what that has taught, where there was one; owned
	bool has_shim;
	bool ended; // nothing but its result is left of it
	bool timed_out, cut_short;
	long hung; // index of the test that ran at the deadline, or -1
	long done; // how many had ended by then
	struct loop_timer timer;
	struct loop_timer slow;            // when it takes longer than it should
	struct loop_watch out, err, event; // fd -1 once closed
	struct capture capture;
	struct buf out_line, err_line; // with two pipes: what is no whole line yet
	struct events events;          // if has_shim
	struct tap tap;
	struct command command;
	struct trace trace; // fd -1: it is not watched
	struct loan loan;   // tokens that are lent to it
	struct worker_environment environment;
};

// Starts the worker of result->job, read as reading says. On failure nothing is left behind;
// *transient tells whether it may work once another worker has ended (no more processes or file
// descriptors).
int worker_start(struct worker *w, bool *transient, struct err *err);
// Drives the state machine.
void worker_handle(struct worker *w, enum worker_event event);
// The started process has ended, and is not reaped yet.
void worker_on_death(struct worker *w);
// It has been reaped, with that wait status.
void worker_on_exit(struct worker *w, int status, const struct rusage *usage);
// Looks whether a lingering worker has become quiet.
void worker_check_quiet(struct worker *w);
// Our children that are no workers themselves and carry the mark: descendants that have outlived
// their parent, wherever they moved to. Sends them SIGKILL, if wanted. Returns how many there are,
// those that cannot be told at this moment included.
size_t worker_escaped(const struct supervisor *s, const char *marker, bool end_them);
// Moves all clocks by the time the run was suspended.
void worker_shift_clocks(struct worker *w, int64_t ns);
// Nothing more will be written: puts the unfinished lines to the rest.
void worker_finish_output(struct worker *w);
// Sends a signal to its process group, and to the started process where it has left that.
void worker_signal(const struct worker *w, int signo);
// What it depended on, as far as it was watched. The caller releases and frees it.
struct inputs *worker_inputs(const struct worker *w);
// Its process group is no more: the keeper need not end it.
void worker_forget_group(struct worker *w);
// Frees everything but the result and the struct itself.
void worker_release(struct worker *w);

#endif
