// SPDX-License-Identifier: MIT
// What a trace comes to while it is read: which names were looked at, what was seen there, and
// which files are the same under several names. Private to trace/.
#ifndef TRACE_LOOKS_H
#define TRACE_LOOKS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/map.h"
#include "model/inputs.h"
#include "trace/names.h"
#include "trace/preload/record.h"
#include "trace/trace.h"

// A process that is expected to say hello, or that has said so without being expected.
struct traced_process {
	uint32_t pid;
	const struct trace_record *awaited; // what was executed, NULL: nothing
	const char *program; // what it is since its last hello; NULL: that has been taken
	long hellos;         // that nobody has announced yet
};

// A file that the worker did not make, with what it has done to it besides writing: renamed, its
// mode changed, linked. Each step has to begin where the last one ended.
struct object {
	bool is_met;                           // the times are known
	int64_t first_ctime_ns, last_ctime_ns; // the last is -1 where a step is missing
	bool is_kept;                          // before it was written to, content was this:
	struct digest content;
	int64_t more_links; // names that the worker has given it, less those it has taken away
};

struct trace_reading {
	const struct trace_rules *rules;
	struct inputs *in;
	struct names names;
	struct map looks;     // kind and path -> struct input *, whose name is not set
	struct map written;   // paths
	struct map claims;    // those of them that another one's writing would spoil
	struct map chances;   // those that were given names of chance: nobody else has them
	struct map objects;   // device and inode -> struct object *
	struct buf key;       // of the look that was added last
	struct map variables; // to &used or &missing
	struct {
		struct traced_process *items;
		size_t n, cap;
	} processes;
	long shells;      // were started with unknown pids
	bool has_linked;  // some object has more_links
	bool shells_told; // some have told the variables that their text names
};

bool looks_is_below(const char *path, const char *folder);
// Devices that never say the same twice.
bool looks_is_clock(const char *path);
// Whether the path can be an input at all.
bool looks_counts(const struct trace_reading *r, const char *path);
// Whether it is the index of a write-ahead log, beside a database.
bool looks_is_index(const char *path);
// As inputs name it: from the working folder.
const char *looks_relative(const struct trace_reading *r, const char *path);
// Adds an input that needs no further look; its name is copied.
void looks_tell(struct trace_reading *r, struct input input, const char *name);
// What a process looks up below /proc of itself.
void looks_take_proc(struct trace_reading *r, const char *path);
void looks_remember(struct map *set, const char *path);
// What the record's path was called before the worker came; NULL: it is the worker's own doing that
// it is there, or not.
const char *looks_before(struct trace_reading *r, const struct trace_record *rec, const char *path);
// A look at a name that it had then. The first of its kind counts; one that differs is a doubt.
void looks_add(struct trace_reading *r, enum input_kind kind, const char *before, bool found,
	       struct sight seen);
// The same at a file, which is known by what it is through whatever name.
void looks_add_file(struct trace_reading *r, const struct trace_record *rec, enum input_kind kind,
		    const char *before);
// What a record has seen, as its kinds of inputs have it.
struct sight looks_no_sight(void);
struct sight looks_sight_of(struct digest d);
// Of names those are counted that it had before the worker came.
struct stat looks_stat(struct trace_reading *r, const struct trace_record *rec);
struct sight looks_type_seen(const struct trace_record *rec);
struct sight looks_access_seen(const struct trace_record *rec);
// The worker has changed the file of the record.
void looks_was_changed(struct trace_reading *r, const struct trace_record *rec);
// The worker has given it a name more, or taken one away (-1).
void looks_was_linked(struct trace_reading *r, const struct trace_record *rec, int more);
// What a file held, before the worker first writes to it.
void looks_take_kept(struct trace_reading *r, const struct trace_record *rec);
// At the end: holds what was seen of a file against all that the worker did to it.
void looks_settle(struct sight *seen);

#endif
