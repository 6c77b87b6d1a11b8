// SPDX-License-Identifier: MIT
#include "sys/command.h"

#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/err.h"
#include "sys/signals.h"

extern char **environ;

// With the signals as we found them.
static int start(char *const *argv, const struct signals *signals, pid_t *pid)
{
	posix_spawnattr_t attr;
	sigset_t defaults;

	sigemptyset(&defaults);
	if (sigismember(&signals->ignored, SIGPIPE) != 1)
		sigaddset(&defaults, SIGPIPE);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &signals->inherited);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	int errnum = posix_spawnp(pid, argv[0], NULL, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	return errnum;
}

// All that waits. The terminal has stopped the program as well, when it stops us.
static void handle_signals(struct signals *signals, pid_t pid, int *first)
{
	int signo;

	while ((signo = signals_next(signals)) != 0) {
		if (signo == SIGTSTP)
			raise(SIGSTOP);
		if (!signals_is_fatal(signo))
			continue;
		if (*first == 0)
			*first = signo;
		kill(pid, signo);
	}
}

int command_run(char *const *argv, struct signals *signals, int *status, int *signo,
		struct err *err)
{
	struct pollfd ready = {.fd = signals->fd, .events = POLLIN};
	pid_t pid;
	int errnum = start(argv, signals, &pid);

	*signo = *status = 0;
	if (errnum != 0)
		return err_set(err, errnum, "run %s", argv[0]);
	while (waitpid(pid, status, WNOHANG) == 0) {
		poll(&ready, 1, -1);
		handle_signals(signals, pid, signo);
	}
	return 0;
}

char *command_first_line(const char *command)
{
	char line[4096] = "";
	FILE *f = popen(command, "re");

	if (!f)
		return NULL;
	bool any = fgets(line, sizeof line, f) != NULL;
	while (getc(f) != EOF)
		;
	if (pclose(f) != 0 || !any)
		return NULL;
	line[strcspn(line, "\n")] = '\0';
	return xstrdup(line);
}
