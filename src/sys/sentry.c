// SPDX-License-Identifier: MIT
#include "sys/sentry.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void stand(pid_t parent)
{
	sigset_t others;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	// The parent may have ended before.
	if (getppid() != parent)
		syscall(SYS_exit_group, 0);
	// Nobody waits for an end of ours in vain.
	syscall(SYS_close_range, 0, ~0U, 0);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	// Of signals that wait the lowest number is delivered first (signal(7)): a SIGINT that came
	// before this has begun to stand ends it, whatever came after.
	sigfillset(&others);
	sigdelset(&others, SIGINT);
	sigdelset(&others, SIGTERM);
	sigprocmask(SIG_SETMASK, &others, NULL);
	for (;;)
		pause();
}

pid_t sentry_start(void)
{
	const pid_t parent = getppid();
	pid_t pid = (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		stand(parent);
	return pid;
}

bool sentry_saw(int status)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGINT;
}

bool sentry_end(pid_t sentry)
{
	int status = 0;
	pid_t reaped;

	// No SIGKILL, which would be told in place of a SIGINT that it has not seen yet.
	kill(sentry, SIGTERM);
	kill(sentry, SIGCONT);
	while ((reaped = waitpid(sentry, &status, 0)) < 0 && errno == EINTR)
		;
	return reaped == sentry && sentry_saw(status);
}
