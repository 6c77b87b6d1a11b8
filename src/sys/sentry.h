// SPDX-License-Identifier: MIT
// A process that stands in the process group of another to tell whether Ctrl-C came there: those of
// the group may make of it what they like, and a terminal tells nobody else.
#ifndef SYS_SENTRY_H
#define SYS_SENTRY_H

#include <stdbool.h>
#include <sys/types.h>

// In a child between vfork and exec, whose group it stands in: its sibling, or -1. It ends with the
// parent.
pid_t sentry_start(void);
// Whether that is what has ended it, as waitpid(2) tells of its end.
bool sentry_saw(int status);
// Ends and reaps it: whether Ctrl-C had come.
bool sentry_end(pid_t sentry);

#endif
