// SPDX-License-Identifier: MIT
// What is said between the runner and a fork server: an interpreter that has come to where the
// files of its kind differ, and is forked there for each of them. They talk by a socket of whole
// messages, the server's FORK_FD.
#ifndef TRACE_PRELOAD_FORK_H
#define TRACE_PRELOAD_FORK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

// Is there for the shim of a server alone, in three lines: the library, whose functions it calls
// from Lua; the file that stands for others in the arguments; and, where that is for a script to
// load, FORK_BY_RUNNER.
#define FORK_VARIABLE  "FIRMO_JOBS_FORK"
#define FORK_BY_RUNNER "runner"

#define FORK_FD      3
#define FORK_STREAMS 6           // the worker's descriptors 0 to 5
#define FORK_BYTES   (128 << 10) // of a message

// The server, once: it can be forked, or why it cannot. It ends then.
struct fork_hello {
	int32_t pid;
	char obstacle[252]; // "": none
};

// The runner, for each worker. The descriptors that come with it are in the order of the streams.
struct fork_request {
	bool has[FORK_STREAMS]; // 0 stays the server's
	bool has_cpu, has_pid;
	struct rlimit cpu; // the limit that the server itself cannot have
	uint32_t entries;  // of the environment
	uint32_t bytes;    // of text
	// Each ended by NUL: the word that stands for the file in the server's arguments, the file,
	// the entries of the worker's environment. The last of these ends with the worker's pid,
	// which the worker puts there (has_pid).
	char text[];
};

// The worker, once it is what it is to be; or the process that could not become it, and has ended.
// The server, with pid -1, where it could not be forked.
struct fork_report {
	int32_t pid;
	int32_t errnum; // 0: all is well
};

#endif
