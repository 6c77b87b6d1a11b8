// SPDX-License-Identifier: MIT
#include "sys/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "sys/signals.h"
#include "sys/spawn.h"

extern char **environ;

// In the child: with the signals as we found them.
static void become(char *const *argv, const struct signals *signals, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(127);
	if (sigismember(&signals->ignored, SIGPIPE) != 1)
		signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &signals->inherited, NULL);
	execvp(argv[0], argv);
}

int command_start(char *const *argv, const struct signals *signals, pid_t *pid, struct err *err)
{
	pid_t parent = getpid();
	int failure[2], errnum = 0;

	if (pipe2(failure, O_CLOEXEC) < 0)
		return err_set(err, errno, "run %s", argv[0]);
	*pid = fork();
	if (*pid == 0) {
		become(argv, signals, parent);
		errnum = errno;
		_exit(write(failure[1], &errnum, sizeof errnum) < 0 ? 126 : 127);
	}
	if (*pid < 0)
		errnum = errno;
	close(failure[1]);
	bool failed = *pid > 0 && read(failure[0], &errnum, sizeof errnum) == sizeof errnum;
	close(failure[0]);
	if (failed)
		waitpid(*pid, NULL, 0);
	return *pid < 0 || failed ? err_set(err, errnum, "run %s", argv[0]) : 0;
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

	*signo = *status = 0;
	if (command_start(argv, signals, &pid, err) < 0)
		return -1;
	pid_t reaped;
	while ((reaped = waitpid(pid, status, WNOHANG)) == 0 || (reaped < 0 && errno == EINTR)) {
		poll(&ready, 1, -1);
		handle_signals(signals, pid, signo);
	}
	if (reaped > 0)
		return 0;
	err_set(err, errno, "wait for the command");
	kill(pid, SIGTERM);
	return -1;
}

// Appends what is there. 0: the other end is closed.
static int read_some(int fd, const struct question *q, struct buf *into, struct err *err)
{
	buf_reserve(into, 4096);
	ssize_t n = read(fd, into->data + into->len, 4096);
	if (n <= 0)
		return 0;
	into->len += (size_t)n;
	into->data[into->len] = '\0';
	return into->len <= q->most_bytes
		       ? 1
		       : err_set(err, 0, "it writes more than %zu bytes", q->most_bytes);
}

// Everything that comes until the other end of out is closed, or until the time is up. What is
// there of errors is read first, so that all is which came before that.
static int read_all(int out, int errors, const struct question *q, struct buf *answer,
		    struct err *err)
{
	int64_t end_ns = clock_mono_ns() + q->timeout_ns;
	struct pollfd fds[] = {{.fd = out, .events = POLLIN}, {.fd = errors, .events = POLLIN}};

	for (;;) {
		int64_t left_ns = end_ns - clock_mono_ns();
		if (left_ns <= 0)
			return err_set(err, 0, "it takes longer than %g s",
				       ns_to_sec(q->timeout_ns));
		if (poll(fds, 2, (int)(left_ns / NS_PER_MS) + 1) <= 0)
			continue;
		bool is_error = fds[1].revents != 0;
		int more = read_some(fds[is_error].fd, q, is_error ? q->errors : answer, err);
		if (more < 0 || (more == 0 && !is_error))
			return more;
		if (more == 0)
			fds[1].fd = -1;
	}
}

// It has its input before it starts, so that nothing has to be written while its answer is read.
static int start_asked(const struct question *q, int in, int out, int errors, pid_t *pid,
		       struct err *err)
{
	sigset_t none, all;
	enum spawn_step step;

	sigemptyset(&none);
	sigfillset(&all);
	const struct spawn s = {.program = q->argv[0],
				.argv = q->argv,
				.envp = environ,
				.stdin_fd = in,
				.stdout_fd = out,
				.stderr_fd = errors,
				.extra_fds = {-1, -1, -1},
				.limits = q->limits,
				.mask = &none,
				.defaults = &all};
	return spawn_start(&s, pid, &step, err);
}

static int ask(const struct question *q, struct buf *answer, int *status, struct err *err)
{
	int in[2] = {-1, -1}, out[2] = {-1, -1}, errors[2] = {-1, -1}, outcome = -1;
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 ||
	    (q->errors && pipe2(errors, O_CLOEXEC) < 0) ||
	    write(in[1], q->input, q->input_bytes) != (ssize_t)q->input_bytes) {
		err_set(err, errno, "pipe");
	} else {
		close(in[1]);
		in[1] = -1;
		outcome = start_asked(q, in[0], out[1], q->errors ? errors[1] : out[1], &pid, err);
	}
	close(out[1]);
	close(errors[1]);
	if (outcome == 0) {
		outcome = read_all(out[0], errors[0], q, answer, err);
		kill(-pid, SIGKILL);
		pid_t reaped;
		while ((reaped = waitpid(pid, status, 0)) < 0 && errno == EINTR)
			;
		if (reaped < 0 && outcome == 0)
			outcome = err_set(err, errno, "wait");
	}
	close(in[0]);
	close(out[0]);
	close(errors[0]);
	if (in[1] >= 0)
		close(in[1]);
	return outcome;
}

int command_ask(const struct question *q, struct buf *answer, int *status, struct err *err)
{
	const struct sigaction usual = {.sa_handler = SIG_DFL};
	struct sigaction before;

	// With SIGCHLD ignored the kernel would reap it before we read its status.
	sigaction(SIGCHLD, &usual, &before);
	int outcome = ask(q, answer, status, err);
	sigaction(SIGCHLD, &before, NULL);
	return outcome;
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
