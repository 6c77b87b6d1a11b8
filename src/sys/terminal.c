// SPDX-License-Identifier: MIT
#include "sys/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

void terminal_open(struct terminal *t)
{
	*t = (struct terminal){.fd = -1};
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO && t->fd < 0; fd++)
		if (tcgetattr(fd, &t->modes) == 0)
			t->fd = fd;
}

// From the background that is answered by SIGTTOU, which would stop us.
static void set_group(int fd, pid_t group, const struct termios *modes)
{
	sigset_t stop, before;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTTOU);
	sigprocmask(SIG_BLOCK, &stop, &before);
	tcsetpgrp(fd, group);
	if (modes)
		tcsetattr(fd, TCSADRAIN, modes);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static bool is_ours(int fd)
{
	return fd >= 0 && tcgetpgrp(fd) == getpgrp();
}

void terminal_lend(struct terminal *t, pid_t group)
{
	if (!is_ours(t->fd))
		return;
	set_group(t->fd, group, NULL);
	t->is_lent = true;
}

void terminal_seize(int fd)
{
	set_group(fd, getpid(), NULL);
}

void terminal_note(struct terminal *t)
{
	t->is_lent = true;
}

void terminal_take_back(struct terminal *t)
{
	if (t->is_lent)
		set_group(t->fd, getpgrp(), &t->modes);
	t->is_lent = false;
}

void terminal_resize(int fd)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		ioctl(fd, TIOCSWINSZ, &size);
}

int terminal_make(int *write_fd)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios modes;

	*write_fd = -1;
	if (fd >= 0 && grantpt(fd) == 0 && unlockpt(fd) == 0)
		*write_fd = ioctl(fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*write_fd < 0) {
		int errnum = errno;
		if (fd >= 0)
			close(fd);
		errno = errnum;
		return -1;
	}
	if (tcgetattr(*write_fd, &modes) == 0) {
		modes.c_oflag &= ~(tcflag_t)OPOST;
		tcsetattr(*write_fd, TCSANOW, &modes);
	}
	terminal_resize(fd);
	return fd;
}
