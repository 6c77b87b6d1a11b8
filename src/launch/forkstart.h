// SPDX-License-Identifier: MIT
// What the start of a fork server has done and looked at, until it was ready: what all its workers
// have in common. Private to launch/.
#ifndef LAUNCH_FORKSTART_H
#define LAUNCH_FORKSTART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/inputs.h"
#include "trace/trace.h"

struct err;

// A folder as it was when the names that the start has looked for below it were as it has found
// them.
struct forkstart_folder {
	char *path;
	int64_t inode, ctime_ns;
};

struct forkstart {
	char *trace; // what it has noted; owned
	size_t bytes;
	struct inputs inputs; // what that comes to
	struct {
		struct forkstart_folder *items;
		size_t n, cap;
	} folders;
	uint64_t state; // stands for its inputs as they were, see struct fork_memory
};

// Takes it from the trace. way, library: what else its workers depend on, as text and as a file.
// Fails where the trace cannot be read.
int forkstart_take(struct forkstart *f, const struct trace *t, const struct trace_rules *rules,
		   const char *way, const char *library, struct err *err);
void forkstart_release(struct forkstart *f);
// Whether another start would find the same now, as far as that can be told by looking at files.
bool forkstart_is_current(struct forkstart *f);
// What it has done that each worker would have to do for itself, or NULL; the caller frees it.
// watched: forkstart_find_touched will be asked of each worker.
char *forkstart_fault(const struct forkstart *f, bool watched);
// A path that the start has written to, and that the worker of that trace has looked at or changed
// since, or may have, where not all of it was seen: a new process would have written it once more.
// all: what the whole trace comes to. NULL: there is none; the caller frees it.
char *forkstart_find_touched(const struct forkstart *f, const struct trace *worker,
			     const struct trace_rules *rules, const struct inputs *all);
// Stands for the state and the file as it is now.
uint64_t forkstart_state_with(const struct forkstart *f, const char *file);

#endif
