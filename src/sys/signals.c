// SPDX-License-Identifier: MIT
#include "sys/signals.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/err.h"

static const int fatal[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
static const int other[] = {SIGTSTP, SIGUSR1, SIGWINCH};

bool signals_is_fatal(int signo)
{
	for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
		if (fatal[i] == signo)
			return true;
	return false;
}

static void find_ignored(sigset_t *ignored)
{
	struct sigaction sa;

	sigemptyset(ignored);
	for (int i = 1; i < NSIG; i++)
		if (sigaction(i, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN)
			sigaddset(ignored, i);
}

static void add_unless_ignored(const struct signals *s, sigset_t *set, const int *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!sigismember(&s->ignored, list[i]))
			sigaddset(set, list[i]);
}

int signals_open(struct signals *s, struct err *err)
{
	sigset_t watched;

	find_ignored(&s->ignored);
	sigemptyset(&watched);
	sigaddset(&watched, SIGCHLD);
	add_unless_ignored(s, &watched, fatal, sizeof fatal / sizeof *fatal);
	add_unless_ignored(s, &watched, other, sizeof other / sizeof *other);

	// With SIGCHLD ignored the kernel would reap our children before we read their status.
	signal(SIGCHLD, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &watched, &s->inherited);
	s->fd = signalfd(-1, &watched, SFD_NONBLOCK | SFD_CLOEXEC);
	if (s->fd < 0)
		return err_set(err, errno, "signalfd");
	return 0;
}

int signals_next(struct signals *s)
{
	struct signalfd_siginfo info;

	return read(s->fd, &info, sizeof info) == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

void signals_close(struct signals *s)
{
	close(s->fd);
	if (!sigismember(&s->ignored, SIGPIPE))
		signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &s->inherited, NULL);
}

void signals_reraise(int signo)
{
	sigset_t only;

	sigemptyset(&only);
	sigaddset(&only, signo);
	signal(signo, SIG_DFL);
	raise(signo);
	sigprocmask(SIG_UNBLOCK, &only, NULL);
	_exit(128 + signo); // not reached: the signal has ended us
}
