// SPDX-License-Identifier: MIT
// Starting a process, described as data. Nothing happens between vfork and exec that is not
// async-signal-safe; a failure there comes back as {step, errno} in memory that both have until
// exec.
#ifndef SYS_SPAWN_H
#define SYS_SPAWN_H

#include <signal.h>
#include <sys/types.h>

struct err;
struct limits;

#define SPAWN_EXTRA_FDS 3

struct spawn {
	const char *program; // an absolute or relative path; no search
	char *const *argv;
	char *const *envp;
	int stdin_fd, stdout_fd, stderr_fd; // become 0, 1, 2; stay open in the caller
	int extra_fds[SPAWN_EXTRA_FDS];     // become 3, 4, ...; -1: none. Every other fd is closed
	const struct limits *limits;        // may be NULL
	const sigset_t *mask;               // signal mask of the new process
	const sigset_t *defaults;           // signals put back to their default action
	int terminal;     // > 0: 1 more than the fd of a terminal that is lent to its group
	pid_t *sentry;    // if not NULL: such a process is in its group before exec (sys/sentry.h)
	pid_t *pid_place; // if not NULL: the new process writes its pid there before exec, so
			  // that it is known even if its parent dies at that moment
	char *pid_text; // if not NULL: room for SPAWN_PID_SIZE bytes that envp points into; the new
			// process writes its pid there in decimal before exec
};

#define SPAWN_PID_SIZE 12

enum spawn_step { SPAWN_OK, SPAWN_FORK, SPAWN_GROUP, SPAWN_FDS, SPAWN_LIMITS, SPAWN_EXEC };

struct spawn_report {
	enum spawn_step step; // that failed; SPAWN_OK: none
	int errnum;
};

// Starts s in a process group of its own. On failure returns -1, names the step that failed in
// *step, and leaves no process behind; err->errnum is the step's errno.
int spawn_start(const struct spawn *s, pid_t *pid, enum spawn_step *step, struct err *err);

// The parts of spawn_start, for another way to fork (sys/spawner.h). The child's, which does not
// return, and writes its report where it fails, while the parent waits as after vfork:
void spawn_child(const struct spawn *s, volatile struct spawn_report *report)
	__attribute__((noreturn));
// and that of the process whose child pid is, or would have been. Returns what spawn_start does.
int spawn_settle(const struct spawn *s, const struct spawn_report *r, pid_t pid,
		 enum spawn_step *step, struct err *err);

#endif
