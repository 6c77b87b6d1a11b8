// SPDX-License-Identifier: MIT
#include "jobserver/client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "jobserver/makeflags.h"

// How long it takes to try again where the kernel had no memory for a byte in the pipe.
#define SHORTAGE_MS 1

static bool can(int fd, int wanted)
{
	int mode = fcntl(fd, F_GETFL);

	return mode >= 0 && ((mode & O_ACCMODE) == wanted || (mode & O_ACCMODE) == O_RDWR);
}

// Both a pipe or fifo: what comes from anything else, a terminal, is no token.
static bool are_pipes(int read_fd, int write_fd, struct stat *r, struct stat *w)
{
	return fstat(read_fd, r) == 0 && fstat(write_fd, w) == 0 && S_ISFIFO(r->st_mode) &&
	       S_ISFIFO(w->st_mode);
}

// The two ends of one pipe or fifo, readable and writable.
static bool is_jobserver(int read_fd, int write_fd)
{
	struct stat r, w;

	return are_pipes(read_fd, write_fd, &r, &w) && r.st_dev == w.st_dev &&
	       r.st_ino == w.st_ino && can(read_fd, O_RDONLY) && can(write_fd, O_WRONLY);
}

static void clear_standard_fd(int *fd)
{
	if (*fd > STDERR_FILENO)
		return;
	int moved = fcntl(*fd, F_DUPFD, STDERR_FILENO + 1);
	int null_fd = open("/dev/null", *fd == STDOUT_FILENO ? O_RDONLY : O_RDWR);
	if (null_fd >= 0) {
		dup2(null_fd, *fd);
		close(null_fd);
	} else {
		close(*fd);
	}
	*fd = moved;
}

void client_clear_standard_fds(struct makeflags *m)
{
	struct stat r, w;

	if (m->auth != AUTH_FDS || !are_pipes(m->read_fd, m->write_fd, &r, &w))
		return;
	// One file descriptor may be both ends.
	bool same = m->read_fd == m->write_fd;
	clear_standard_fd(&m->read_fd);
	if (same)
		m->write_fd = m->read_fd;
	else
		clear_standard_fd(&m->write_fd);
}

static int helper_fd; // in the helper process alone: the fd that its signal handler closes

static void stop_reading(int signo)
{
	close(helper_fd);
}

// For each byte that arrives on the socket reads one token and sends it back. SIGTERM closes the fd
// that read(2) uses: whether it was already blocked (EINTR) or about to be (EBADF), no token is
// lost.
static void help(int read_fd, int socket) __attribute__((noreturn));
static void help(int read_fd, int socket)
{
	struct sigaction sa = {.sa_handler = stop_reading};
	sigset_t term;
	char byte;

	helper_fd = dup(read_fd);
	sigaction(SIGTERM, &sa, NULL);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	while (read(socket, &byte, 1) == 1) {
		sigprocmask(SIG_UNBLOCK, &term, NULL);
		ssize_t n = read(helper_fd, &byte, 1);
		sigprocmask(SIG_BLOCK, &term, NULL);
		if (n != 1 || write(socket, &byte, 1) != 1)
			break;
	}
	_exit(0);
}

static int ask_helper(struct client *c)
{
	c->asked = true;
	return send(c->own_fd, "a", 1, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

static int start_helper(struct client *c)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	const pid_t parent = getpid();
	sigset_t all, before;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	c->helper = fork();
	if (c->helper == 0) {
		close(pair[0]);
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		// Whoever is killed before has asked for a token that nobody would give back.
		if (getppid() != parent)
			_exit(0);
		help(c->read_fd, pair[1]);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(pair[1]);
	if (c->helper < 0) {
		close(pair[0]);
		return -1;
	}
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	c->how = READ_HELPER;
	c->poll_fd = c->own_fd = pair[0];
	return ask_helper(c);
}

// The descriptions behind inherited fds are shared with make and all its children: their flags are
// never changed. A description of our own comes from /proc; where that is refused (another user's
// pipe, no /proc), preadv2 does not block; where the kernel cannot do that on pipes (before Linux
// 6.4), which only the first read tells, a helper does.
static void open_reader(struct client *c, int read_fd)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/self/fd/%d", read_fd);
	c->own_fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	c->read_fd = c->poll_fd = c->own_fd >= 0 ? c->own_fd : read_fd;
	bool nonblocking = c->own_fd >= 0 || (fcntl(read_fd, F_GETFL) & O_NONBLOCK);
	c->how = nonblocking ? READ_NONBLOCK : READ_NOWAIT;
}

static void open_writer(struct client *c, int write_fd)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/self/fd/%d", write_fd);
	c->own_write_fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	c->write_fd = c->own_write_fd >= 0 ? c->own_write_fd : write_fd;
}

static int open_fds(struct client *c, const struct makeflags *m, struct err *err)
{
	if (!is_jobserver(m->read_fd, m->write_fd))
		return err_set(err, 0, "the file descriptors are not make's jobserver here");
	fcntl(m->read_fd, F_SETFD, FD_CLOEXEC);
	fcntl(m->write_fd, F_SETFD, FD_CLOEXEC);
	open_writer(c, m->write_fd);
	open_reader(c, m->read_fd);
	return 0;
}

// The write end first: ENXIO then means that no one reads, so the server is dead (a killed make
// leaves its fifo behind).
static int open_fifo(struct client *c, const char *path, struct err *err)
{
	struct stat st;

	// To open a device may do something to it.
	if (stat(path, &st) == 0 && !S_ISFIFO(st.st_mode))
		return err_set(err, 0, "it is no fifo");
	c->own_write_fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (c->own_write_fd < 0)
		return err_set(err, errno == ENXIO ? 0 : errno,
			       errno == ENXIO ? "no make serves the fifo" : "open");
	c->own_fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (c->own_fd < 0 || !is_jobserver(c->own_fd, c->own_write_fd)) {
		err_set(err, 0, "it is no fifo");
		client_close(c);
		return -1;
	}
	c->write_fd = c->own_write_fd;
	c->read_fd = c->poll_fd = c->own_fd;
	c->how = READ_NONBLOCK;
	return 0;
}

int client_open(struct client *c, const struct makeflags *m, struct err *err)
{
	*c = (struct client){
		.poll_fd = -1, .read_fd = -1, .write_fd = -1, .own_write_fd = -1, .own_fd = -1};
	return m->auth == AUTH_FIFO ? open_fifo(c, m->path, err) : open_fds(c, m, err);
}

static ssize_t read_token(const struct client *c, char *byte)
{
	struct iovec v = {byte, 1};

	switch (c->how) {
	case READ_NOWAIT:
		return preadv2(c->read_fd, &v, 1, -1, RWF_NOWAIT);
	case READ_HELPER:
		return read(c->own_fd, byte, 1);
	default:
		return read(c->read_fd, byte, 1);
	}
}

int client_take(struct client *c, char *byte)
{
	ssize_t n;

	do
		n = read_token(c, byte);
	while (n < 0 && errno == EINTR);
	if (n == 1) {
		c->asked = false;
		return 1;
	}
	if (n < 0 && c->how == READ_HELPER && errno == EAGAIN && !c->asked)
		return ask_helper(c);
	if (n < 0 && c->how == READ_NOWAIT && (errno == EOPNOTSUPP || errno == ENOSYS))
		return start_helper(c);
	return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? 0 : -1;
}

// Where we have no description of our own, which would not block, preadv2's counterpart does not;
// where the kernel has none, there is room behind POLLOUT, unless somebody fills just that.
static ssize_t write_token(const struct client *c, const char *byte)
{
	struct iovec v = {(char *)byte, 1};
	struct pollfd p = {c->write_fd, POLLOUT, 0};

	if (c->own_write_fd >= 0)
		return write(c->write_fd, byte, 1);
	ssize_t n = pwritev2(c->write_fd, &v, 1, -1, RWF_NOWAIT);
	if (n >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS))
		return n;
	if (poll(&p, 1, 0) != 0)
		return write(c->write_fd, byte, 1);
	errno = EAGAIN;
	return -1;
}

bool client_give(struct client *c, char byte)
{
	ssize_t n;

	do
		n = write_token(c, &byte);
	while (n < 0 && errno == EINTR);
	// There is room, and no memory to fill it: a caller that waits for room must not spin.
	if (n < 0 && errno == ENOMEM) {
		poll(NULL, 0, SHORTAGE_MS);
		return false;
	}
	// A server that is gone wants none back.
	return n == 1 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

bool client_give_until(struct client *c, char byte, int64_t until_ns)
{
	while (!client_give(c, byte)) {
		struct pollfd p = {c->write_fd, POLLOUT, 0};
		int64_t left_ns = until_ns - clock_mono_ns();
		if (left_ns <= 0)
			return false;
		poll(&p, 1, (int)(left_ns / NS_PER_MS) + 1);
	}
	return true;
}

// The helper may just have got a token that no job waits for any more: that one goes back too.
static void stop_helper(struct client *c)
{
	int64_t until_ns = clock_mono_ns() + CLIENT_PATIENCE_NS;
	char byte;

	kill(c->helper, SIGTERM);
	kill(c->helper, SIGCONT);
	shutdown(c->own_fd, SHUT_WR);
	fcntl(c->own_fd, F_SETFL, 0);
	while (read(c->own_fd, &byte, 1) == 1)
		client_give_until(c, byte, until_ns);
	waitpid(c->helper, NULL, 0);
}

void client_close(struct client *c)
{
	if (c->how == READ_HELPER)
		stop_helper(c);
	if (c->own_fd >= 0)
		close(c->own_fd);
	if (c->own_write_fd >= 0)
		close(c->own_write_fd);
	*c = (struct client){
		.poll_fd = -1, .read_fd = -1, .write_fd = -1, .own_write_fd = -1, .own_fd = -1};
}
