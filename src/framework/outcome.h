// SPDX-License-Identifier: MIT
// From what happened to a worker to the outcome of its file. A pure function of its arguments.
#ifndef FRAMEWORK_OUTCOME_H
#define FRAMEWORK_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

struct events;
struct result;
struct tap;

// How a worker ended, and what was done to it.
struct ending {
	int64_t timeout_ns;          // the deadline that passed, or 0
	long hung;                   // index of the test that ran when it passed, or -1
	long done;                   // how many tests had ended by then
	bool cut_short;              // the run was stopped while it ran
	bool unended;                // what it left behind might have written more
	int64_t cpu_limit_s;         // RLIMIT_CPU, or 0
	bool memory_limit;           // RLIMIT_AS was set
	const char *argv0;           // what the interpreter calls itself in its messages
	const struct events *events; // NULL: the worker had no shim
	const struct tap *tap;       // its stdout, as far as it is TAP
};

// Sets status and reason of r, whose framework, exit_code, signal, times, output, tests and errors
// are there already, and charges a death to the test that was running. A message of the interpreter
// in the output becomes an error of the file, if no event has told it.
void outcome_decide(struct result *r, const struct ending *e);
// The outcome is decided, and the file had asked for that exit status, of which the system keeps
// only 0.
void outcome_charge_cut(struct result *r, int64_t asked);

#endif
