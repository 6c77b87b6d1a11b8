// SPDX-License-Identifier: MIT
// Signals as a file descriptor. They are blocked from signals_open on and read from fd, so no code
// of ours ever runs inside a handler.
#ifndef SYS_SIGNALS_H
#define SYS_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

struct err;

struct signals {
	int fd;             // readable when a signal waits; owned
	sigset_t inherited; // the mask before
	sigset_t ignored;   // the signals that were ignored when we were started
};

// Watches SIGCHLD, SIGTSTP, SIGUSR1, SIGWINCH and the fatal ones (SIGINT SIGTERM SIGHUP SIGQUIT),
// except signals inherited as ignored (nohup), which stay so. SIGPIPE is ignored from here on.
int signals_open(struct signals *s, struct err *err);
// The next waiting signal number, or 0.
int signals_next(struct signals *s);
// Restores the inherited mask and the disposition of SIGPIPE; closes fd.
void signals_close(struct signals *s);
bool signals_is_fatal(int signo);
// Ends this process by the default action of signo, so that the parent sees it. Does not return.
void signals_reraise(int signo) __attribute__((noreturn));

#endif
