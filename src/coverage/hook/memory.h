// SPDX-License-Identifier: MIT
// The memory in which a worker counts the lines that it runs: a file without a name that the runner
// has made, as long as it will ever be. It can be read at any moment, so that nothing is lost with
// a process that is killed.
//
// Behind the head stand the entries, one for each source and process: a forked child begins its
// own. An entry is whole before its place in the head tells where it is. Only as much is mapped at
// once as is needed, for processes that may have little memory.
#ifndef COVERAGE_HOOK_MEMORY_H
#define COVERAGE_HOOK_MEMORY_H

#include <stdatomic.h>
#include <stdint.h>

// Names the memory in the environment of a worker: /proc/PID/fd/N of the runner.
#define MEMORY_VARIABLE "FIRMO_JOBS_COVERAGE"
// And the library that counts.
#define MEMORY_LIBRARY_VARIABLE "FIRMO_JOBS_COVERAGE_LIBRARY"

#define MEMORY_FORMAT     0x46434d31u
#define MEMORY_STEP       (UINT64_C(1) << 20)   // mapped at once; no smaller entry lies across two
#define MEMORY_TEXT       (UINT64_C(224) << 20) // where a hook in Lua writes; entries end here
#define MEMORY_TEXT_BYTES (UINT64_C(16) << 20)  // of each of the two places that it takes in turn
#define MEMORY_BYTES      (MEMORY_TEXT + 2 * MEMORY_TEXT_BYTES)
#define MEMORY_ENTRIES    65536 // their places lie in the first step
#define MEMORY_ROOT       4096

struct memory_head {
	uint32_t format;
	uint32_t calls;             // calls of functions are counted as well
	char root[MEMORY_ROOT];     // sources count that lie below this folder; "": all
	_Atomic uint64_t used;      // bytes, with the head
	_Atomic uint32_t entries;   // places that are taken
	_Atomic uint32_t processes; // that have begun to count
	_Atomic uint32_t lost;      // sources for which there was no room
	_Atomic uint32_t displaced; // processes whose hook another one has replaced
	_Atomic uint64_t places[MEMORY_ENTRIES]; // 0: not whole yet
};

// Behind it, each at a multiple of 8: the name with its NUL, the counts of the lines 0 to `lines`,
// the calls of the functions that begin in these, a bit for each of them that has code, the
// functions.
struct memory_entry {
	uint32_t lines;
	uint32_t functions;
	uint32_t is_known; // all lines that have code, and all functions, are known
	uint32_t name_bytes;
};

struct memory_function {
	uint32_t first, last; // lines
};

// Where the parts of an entry lie, in bytes from its beginning, and how many it has.
struct memory_layout {
	uint64_t counts, calls, active, functions, bytes;
};

static inline uint64_t memory_align(uint64_t n)
{
	return (n + 7) & ~UINT64_C(7);
}

static inline struct memory_layout memory_layout_of(const struct memory_entry *e)
{
	uint64_t lines = (uint64_t)e->lines + 1;
	struct memory_layout l = {.counts = memory_align(sizeof *e + e->name_bytes)};

	l.calls = memory_align(l.counts + lines * sizeof(uint32_t));
	l.active = memory_align(l.calls + lines * sizeof(uint32_t));
	l.functions = memory_align(l.active + (lines + 7) / 8);
	l.bytes = memory_align(l.functions + e->functions * sizeof(struct memory_function));
	return l;
}

#endif
