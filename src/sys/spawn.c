// SPDX-License-Identifier: MIT
#include "sys/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"
#include "sys/sentry.h"
#include "sys/terminal.h"

static const char *const step_names[] = {
	[SPAWN_FORK] = "fork",
	[SPAWN_GROUP] = "new process group",
	[SPAWN_FDS] = "file descriptors",
	[SPAWN_LIMITS] = "set limits",
	[SPAWN_EXEC] = "exec",
};

static void write_pid(char *text, pid_t pid)
{
	char digits[SPAWN_PID_SIZE];
	int n = 0;

	do
		digits[n++] = (char)('0' + pid % 10);
	while ((pid /= 10) > 0);
	while (n > 0)
		*text++ = digits[--n];
	*text = '\0';
}

#define FDS (3 + SPAWN_EXTRA_FDS)

// Places the fds at 0, 1, ... They are first moved above these numbers, so that none is overwritten
// before its turn.
static int place_fds(const struct spawn *s)
{
	int fds[FDS] = {s->stdin_fd, s->stdout_fd, s->stderr_fd};

	for (int i = 0; i < FDS; i++) {
		if (i >= 3)
			fds[i] = s->extra_fds[i - 3];
		if (fds[i] < 0 && i >= 3)
			continue;
		if (fds[i] < FDS && (fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 2 * FDS)) < 0)
			return -1;
	}
	// Where close_range is missing (before Linux 5.11) ours are close-on-exec anyway.
	syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC);
	for (int i = 0; i < FDS; i++)
		if (fds[i] >= 0 && dup2(fds[i], i) < 0)
			return -1;
	return 0;
}

static void reset_signals(const struct spawn *s)
{
	struct sigaction sa = {.sa_handler = SIG_DFL};

	for (int i = 1; i < NSIG; i++)
		if (sigismember(s->defaults, i) == 1)
			sigaction(i, &sa, NULL);
	sigprocmask(SIG_SETMASK, s->mask, NULL);
}

// The child's part. It shares the parent's memory until exec (vfork), so it changes none of it but
// pid_place and pid_text, which is the caller's wish, and the report.
void spawn_child(const struct spawn *s, volatile struct spawn_report *report)
{
	enum spawn_step step = SPAWN_GROUP;

	if (setpgid(0, 0) < 0)
		goto failed;
	if (s->pid_place)
		*s->pid_place = getpid();
	if (s->terminal > 0)
		terminal_seize(s->terminal - 1);
	if (s->sentry)
		*s->sentry = sentry_start();
	step = SPAWN_FDS;
	if (place_fds(s) < 0)
		goto failed;
	step = SPAWN_LIMITS;
	if (s->limits && (errno = limits_apply(s->limits)) != 0)
		goto failed;
	if (s->pid_text)
		write_pid(s->pid_text, getpid());
	reset_signals(s);
	step = SPAWN_EXEC;
	execve(s->program, s->argv, s->envp);
failed:
	report->errnum = errno;
	report->step = step;
	_exit(127);
}

int spawn_settle(const struct spawn *s, const struct spawn_report *r, pid_t pid,
		 enum spawn_step *step, struct err *err)
{
	*step = r->step;
	// A child that could not become what it was to be is no child of the caller.
	while (pid > 0 && r->step != SPAWN_OK && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (r->step == SPAWN_OK)
		return 0;
	return err_set(err, r->errnum, "start %s: %s", s->program, step_names[r->step]);
}

int spawn_start(const struct spawn *s, pid_t *pid, enum spawn_step *step, struct err *err)
{
	volatile struct spawn_report report = {SPAWN_OK, 0};
	pid_t p = vfork();

	if (p == 0)
		spawn_child(s, &report);
	struct spawn_report r = {report.step, report.errnum};
	if (p < 0)
		r = (struct spawn_report){SPAWN_FORK, errno};
	*pid = p;
	return spawn_settle(s, &r, p, step, err);
}
