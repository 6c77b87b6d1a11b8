// SPDX-License-Identifier: MIT
// The traced process' side of the trace. Every function may be called from a signal handler, in any
// thread and in the child of a vfork; none changes errno, and none does anything where the process
// is not traced.
#ifndef WORKER_TRACE_LOG_H
#define WORKER_TRACE_LOG_H

#include <stdbool.h>
#include <sys/types.h>

#include "worker/trace/record.h"

// Maps the trace and says hello, if that has not been done: what the constructors of other
// libraries do may come before ours.
bool log_is_on(void);
// The same with the arguments of main: then it need not look for the program's name.
bool log_begin(char **argv);

// Something happened of which no record can be written.
void log_lost(void);
// The same with a name for it: the call that was made.
void log_unseen(const char *call);

// The call is over; `failed`: errno tells why. A path that is not absolute counts from the folder
// dir (AT_FDCWD: the current one). Nothing is noted where the kernel could not even read the
// arguments. Returns whether this is the first record of its kind.
bool log_path(enum trace_op op, int dir, const char *path, bool failed);

// The same for calls that list a folder: their ENOTDIR does not tell which part of the path is
// none.
void log_listed(int dir, const char *path, bool failed);

// The same for a path that libc is about to use, and nobody knows yet how that will end.
void log_ahead(enum trace_op op, const char *path);

// The same for the file that is open as fd.
void log_fd(enum trace_op op, int fd);

// The same with a name instead of a path.
void log_name(enum trace_op op, const char *name, int errnum);

// Whether there is a file path, for calls that tell too little of it; true where nothing is traced.
bool log_exists(int dir, const char *path);

// What becomes of processes; these are noted every time.
void log_exec(int dir, const char *path);
void log_exec_failed(int dir, const char *path);
void log_spawn(pid_t pid, const char *path);
void log_shell(void);

#endif
