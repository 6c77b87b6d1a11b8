// SPDX-License-Identifier: MIT
// The traced process' side of the trace. Every function may be called from a signal handler, in any
// thread and in the child of a vfork; none changes errno, and none does anything where the process
// is not traced.
#ifndef TRACE_PRELOAD_LOG_H
#define TRACE_PRELOAD_LOG_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "trace/preload/record.h"

// Maps the trace and says hello, if that has not been done: what the constructors of other
// libraries do may come before ours.
bool log_is_on(void);
// The same with the arguments of main: then it need not look for the program's name.
bool log_begin(char **argv);

// In a process that was forked to be a worker of its own: what it does is noted in the trace that
// its environment names now, which begins with all that was noted before; without one nothing is.
// False: that trace cannot be had.
bool log_take_over(void);

// Something happened of which no record can be written.
void log_lost(void);
// The same with a name for it: the call that was made.
void log_unseen(const char *call);

// A call on a path that is over.
struct look {
	enum trace_op op;
	int dir;          // what the path counts from if it is not absolute
	const char *path; // nothing is noted where the kernel could not even read it
	int errnum;       // how the call failed; 0: it succeeded
	bool nofollow;    // the last part of the path counts itself where it is a link
	bool whole_fd;    // the path is empty, and the file that is open as dir is meant
	bool repeats;     // noted every time
	pid_t pid;        // 0: it does not matter
	const char *second;
	int second_dir;
	int fd; // the file is open as this; -1: it is not
	enum {
		UNSEEN,     // nothing is known of what was there
		SEEN,       // seen
		ASK,        // it is asked for if this is news
		ASK_ENTRIES // the same with the entries of a folder
	} ask;
	struct trace_sight seen;
};

// Notes it. Returns whether this is the first record of its kind.
bool log_look(const struct look *look);
// What fstat is, without being noted.
bool log_stat(int fd, struct stat *st);
void log_sight(struct trace_sight *s, const struct stat *st);

// The same in short; `failed`: errno tells why. A path that is not absolute counts from the folder
// dir (AT_FDCWD: the current one).
bool log_path(enum trace_op op, int dir, const char *path, bool failed);

// The same for calls that list a folder: their ENOTDIR does not tell which part of the path is
// none. fd: it is open as this; -1: it is not.
void log_listed(int dir, const char *path, bool failed, int fd);

// The same for a path that libc is about to use, and nobody knows yet how that will end.
void log_ahead(enum trace_op op, const char *path);

// The same for the file that is open as fd.
void log_fd(enum trace_op op, int fd);

// Names mean something else from now on.
void log_moved(void);

// What is there before a call changes it.
struct before {
	bool known, exists;
	bool has_more_names; // it is a file that has
	struct trace_sight seen;
};
struct before log_before(int dir, const char *path, bool nofollow);

// Whether what was seen had last changed before the worker's start, and so long before that another
// change since would have another time.
bool log_is_settled(const struct trace_sight *seen);

// The real name of the path at this moment, its last part not followed; false: unknown, or longer.
bool log_real(char *room, size_t size, int dir, const char *path);

// On the way to another: n bytes of a real path. A TRACE_LINK, with its target, or a folder that
// has to be none, a TRACE_NAMED.
void log_crossed(enum trace_op op, const char *path, size_t n, const char *second, size_t nsecond);

// The same with a name instead of a path.
void log_name(enum trace_op op, const char *name, int errnum);

// Whether there is a file path, for calls that tell too little of it; true where nothing is traced.
bool log_exists(int dir, const char *path);

// What becomes of processes; these are noted every time.
void log_exec(int dir, const char *path);
void log_exec_failed(int dir, const char *path);
void log_spawn(pid_t pid, const char *path);
void log_shell(void);
// The process is about to leave with that status.
void log_exit(int status);
// All that this process takes from its environment has been noted, or will be.
void log_told(void);

#endif
