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
#ifndef TRACE_PRELOAD_RECORD_H
#define TRACE_PRELOAD_RECORD_H

#include <stdatomic.h>
#include <stdint.h>

// Names the file for the library; absolute.
#define TRACE_VARIABLE "FIRMO_JOBS_TRACE"
#define TRACE_FORMAT   UINT32_C(0x314a4608) // changes with everything below
#define TRACE_BYTES    (UINT32_C(16) << 20)
#define TRACE_ALIGN    8
#define TRACE_FOLDERS  512

struct trace_head {
	uint32_t format;    // TRACE_FORMAT: set by whoever makes the file
	int64_t settled_ns; // what was last changed before (real clock) has stood still since
	// On that device what was changed before that time has, where its time is no multiple of
	// this.
	uint64_t fine_device;
	int64_t fine_settled_ns, coarse_step_ns;
	_Atomic uint32_t used; // bytes reserved behind the head; more than are there: it overflowed
	_Atomic uint32_t lost; // not 0: something happened of which no record could be made
	// How often the processes have changed what names mean: renamed, or made a link. What they
	// have learned of names, and which records they have written, is void then.
	_Atomic uint32_t generation;
	// Hashes of folders' names that are known to be no links, with the generation in them: what
	// one process has looked up the next one need not.
	_Atomic uint64_t folders[TRACE_FOLDERS];
};

// What was there, as the kernel told. mode is 0 where it was not asked.
struct trace_sight {
	uint64_t device, inode;
	int64_t size; // bytes; of TRACE_LISTED the sum of entry_hash() of all entries
	int64_t mtime_ns, ctime_ns;
	int64_t ctime_before_ns; // of a call that has changed it: before that; 0: unknown
	uint32_t mode, user, group;
	uint32_t extra; // TRACE_EXTRA_*
	uint64_t links; // how many names it has
};

#define TRACE_EXTRA_THERE   1  // the name, of two the second, was there before the call; its type:
#define TRACE_EXTRA_TYPE    16 // S_IFMT of its mode, shifted by so many bits
#define TRACE_EXTRA_NAMED   2  // asked for without following it where it is a link; it was none
#define TRACE_EXTRA_CHANCE  4  // the name is one of chance, so that it is free
#define TRACE_EXTRA_ALONE   8  // it had to be free
#define TRACE_EXTRA_APPENDS 32 // opened with O_APPEND, and not emptied

struct trace_record {
	uint16_t bytes;     // of this record, a multiple of TRACE_ALIGN
	_Atomic uint8_t op; // enum trace_op
	uint8_t errnum;     // how the call failed; 0: it succeeded
	// Of TRACE_HELLO, TRACE_EXEC, TRACE_EXEC_FAILED, TRACE_SPAWN, TRACE_TOLD, TRACE_CUT.
	uint32_t pid : 31;
	// A struct trace_sight comes first behind this; most looks find nothing, and each page that
	// a process has to touch costs it more than all it writes there.
	uint32_t has_sight : 1;
	// The real name at that time: absolute, without links, "." and "..", but for the last part
	// of what is not followed. Where there is a second text it comes behind the NUL. Ends with
	// NUL, then padding.
	char rest[];
};

// What was seen; nothing where the record has no sight.
static inline const struct trace_sight *trace_record_seen(const struct trace_record *r)
{
	static const struct trace_sight nothing;

	return r->has_sight ? (const struct trace_sight *)r->rest : &nothing;
}

static inline const char *trace_record_path(const struct trace_record *r)
{
	return r->rest + (r->has_sight ? sizeof(struct trace_sight) : 0);
}

// A process writes each record once in a generation, but for those with a pid and TRACE_SHELL.
enum trace_op {
	TRACE_HELLO = 1,   // the library was loaded; path: the program
	TRACE_EXEC,        // pid is about to become path; a TRACE_HELLO of it follows
	TRACE_EXEC_FAILED, // it did not
	TRACE_SPAWN,       // pid was started as path: its TRACE_HELLO may stand before or after
	TRACE_SHELL,       // path was started by popen or system, with a pid that is not known
	TRACE_READ,        // opened for reading
	TRACE_CHUNK,       // the same by Lua, which compiles it
	TRACE_LOADED,      // a shared object
	TRACE_LOOKED,      // asked whether it is there, and what: entered, as a folder on the way
	TRACE_STATUS,      // asked for all that stat tells
	TRACE_ALLOWED,     // asked for permissions
	TRACE_NAMED,       // asked for, without following it where it is a link; it was none
	TRACE_LINK,        // a link, crossed or read; second: where it leads
	TRACE_REAL,        // asked for its real name
	TRACE_LISTED,      // a folder whose entries were asked for
	TRACE_MADE,        // made, where nothing may be before
	TRACE_WRITTEN,     // made or emptied: what it holds is from now on the program's own
	TRACE_EXTENDED,    // opened to be written to as it was; it was there
	TRACE_CHANGED,     // the same or its mode, times, owner, where it had to be there
	TRACE_REMOVED,     // removed
	TRACE_RENAMED,     // second: its name from now on
	TRACE_LINKED,      // second: another name of it from now on
	TRACE_XATTRS,      // asked for its extended attributes
	TRACE_KEPT, // about to be written to, replaced or removed; second: digest of its content
	TRACE_CONNECTED,     // a local socket
	TRACE_VARIABLE_READ, // path: a variable's name; errnum is ENOENT where it was not set
	TRACE_ENVIRONMENT,   // the environment as a whole was read; path: the program
	TRACE_NETWORK,       // a socket of the internet, or a name looked up; path: the function
	TRACE_ATTRIBUTE,     // path: what a process has, as base/attributes.h names it
	TRACE_LIBRARY,       // path: a library that the loader looks for by its name alone
	TRACE_TOLD,   // of its environment, pid uses the variables that it names; path: itself
	TRACE_UNSEEN, // what it looked at cannot be seen; path: the program, or the call
	TRACE_CUT,    // pid ends with an exit status that the system cuts to 0: seen.size; path: /
	TRACE_OPS
};

#endif
