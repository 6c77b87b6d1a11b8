// SPDX-License-Identifier: MIT
// The trace of a worker, from our side: the file that the preload library (trace/preload/) writes
// to, and what its records come to.
//
// The file has no name on any disk: it cannot run out of space, and nothing is left of it. The
// library finds it below /proc/PID/fd of the process that opened it. A process that cannot look
// there (another user, another pid namespace) or does not load the library (static, setuid, without
// our environment) writes nothing, and that is noticed: whoever starts a program says so.
//
//	trace_open(&t, &err), then a worker that has in its environment
//		t.variable			FIRMO_JOBS_TRACE=...
//		LD_PRELOAD=THEIRS:LIBRARY	the user's own first, where there is one; no path in
//						it may have a blank or a colon
//	trace_read(&t, &rules, &inputs, &err) once its processes have ended
//	trace_close(&t)
#ifndef TRACE_TRACE_H
#define TRACE_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "model/inputs.h"

struct err;

struct trace {
	int fd;
	char *variable; // the entry of the environment that names it; owned
};

// What does not count as an input. /proc, /sys, terminals and the like never do, nor does the index
// that sqlite keeps beside a database ("-shm"), nor what the worker had made itself.
struct trace_rules {
	const char *cwd;              // the working folder: what lies below it is named from there
	const char *const *below;     // absolute paths without "//", "." and "..", and all that is
				      // below them; NULL at the end
	const char *const *variables; // names; with `*` at the end all that begin so; NULL at the
				      // end
	uint32_t server; // the process that the worker was forked from when it had noted all that
			 // it has, and the worker's: what one has noted the other has; 0: none
	uint32_t worker;
	size_t from; // of so many bytes at the beginning nothing is read: they are what it was
		     // begun with
	char *const *environ; // what the worker was started with, or NULL: a variable that it
			      // finds set or unset otherwise it has set or unset itself
};

// Makes an empty trace.
int trace_open(struct trace *t, struct err *err);
void trace_close(struct trace *t);
// The bytes of it that there are now, *n of them; the caller frees them. NULL on failure.
char *trace_copy(const struct trace *t, size_t *n, struct err *err);
// Whoever goes on with these bytes notes anew what it looks at, though they have it.
void trace_note_again(char *data);
// Begins an empty one with such bytes, of a trace whose process is forked.
int trace_continue(const struct trace *t, const char *data, size_t n, struct err *err);

// Fills *in (empty; the caller releases it). Programs that were executed, shared objects, files
// that were read or only looked for are all paths; `found` is false for one that was missing once.
// What is both written and an input was so before. Nothing is sorted yet (inputs_sort).
int trace_read(const struct trace *t, const struct trace_rules *rules, struct inputs *in,
	       struct err *err);
// The same with the n bytes of such a file. One thing is looked up in the file system: whether a
// database stands beside what is called like its index.
void trace_parse(const void *data, size_t n, const struct trace_rules *rules, struct inputs *in);

#endif
