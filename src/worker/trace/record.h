// SPDX-License-Identifier: MIT
// What the preload library tells of a process tree, as bytes: the one thing that it and its reader
// share.
//
// The trace is a file of TRACE_BYTES that every process of the tree maps: writing a record is a
// reservation and a copy. No system call is made, no file descriptor is held that a program could
// close or count, and no limit of the process (RLIMIT_FSIZE, RLIMIT_NOFILE) is in the way.
//
// The head is followed by records, each at a multiple of TRACE_ALIGN. A writer reserves room by
// adding to `used`, stores `bytes`, copies the path and stores `op` last. So a reader that finds
// no bytes, or no op, looks at a record whose writer was killed in the middle of it.
#ifndef WORKER_TRACE_RECORD_H
#define WORKER_TRACE_RECORD_H

#include <stdatomic.h>
#include <stdint.h>

// Names the file for the library; absolute.
#define TRACE_VARIABLE "FIRMO_JOBS_TRACE"
#define TRACE_FORMAT   UINT32_C(0x314a4601) // changes with everything below
#define TRACE_BYTES    (UINT32_C(4) << 20)
#define TRACE_ALIGN    8

struct trace_head {
	uint32_t format;       // TRACE_FORMAT: set by whoever makes the file
	_Atomic uint32_t used; // bytes reserved behind the head; more than are there: it overflowed
	_Atomic uint32_t lost; // not 0: something happened of which no record could be made
	uint32_t unused;
};

struct trace_record {
	uint16_t bytes;     // of this record, a multiple of TRACE_ALIGN
	_Atomic uint8_t op; // enum trace_op
	uint8_t errnum;     // how the call failed; 0: it succeeded
	uint32_t pid;       // of TRACE_HELLO, TRACE_EXEC, TRACE_EXEC_FAILED, TRACE_SPAWN
	char path[];        // absolute, as the program named it; ends with NUL, then padding
};

// A process writes each record once, but for those with a pid and TRACE_SHELL.
enum trace_op {
	TRACE_HELLO = 1,     // the library was loaded; path: the program
	TRACE_EXEC,          // pid is about to become path; a TRACE_HELLO of it follows
	TRACE_EXEC_FAILED,   // it did not
	TRACE_SPAWN,         // pid was started as path: its TRACE_HELLO may stand before or after
	TRACE_SHELL,         // path was started by popen or system, with a pid that is not known
	TRACE_READ,          // opened for reading
	TRACE_LOOKED,        // asked for: stat, access, readlink, ...
	TRACE_LISTED,        // a folder whose entries were asked for
	TRACE_LOADED,        // a shared object
	TRACE_WRITTEN,       // made or emptied: what it holds is from now on the program's own
	TRACE_EXTENDED,      // opened to be written to as it was; it need not have been there
	TRACE_CHANGED,       // the same or its mode, times, owner, where it had to be there
	TRACE_REMOVED,       // removed, or renamed to something else
	TRACE_CONNECTED,     // a local socket
	TRACE_VARIABLE_READ, // path: a variable's name; errnum is ENOENT where it was not set
	TRACE_ENVIRONMENT,   // the environment as a whole was read; path: the program
	TRACE_NETWORK,       // a socket of the internet, or a name looked up; path: the function
	TRACE_UNSEEN,        // what it looked at cannot be seen; path: the program, or the call
	TRACE_OPS
};

#endif
