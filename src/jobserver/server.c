// SPDX-License-Identifier: MIT
#include "jobserver/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "jobserver/tokens.h"

#define TOKEN_BYTE '+'

static int lying(const struct loan *loan)
{
	int n = 0;

	return ioctl(loan->fd, FIONREAD, &n) == 0 ? n : 0;
}

static bool take_one(struct loan *loan)
{
	char byte;

	return read(loan->fd, &byte, 1) == 1;
}

// Takes back all but `most` of the tokens that lie unused. True if a slot became free.
static bool take_back(struct loan *loan, struct server *s, int most)
{
	bool freed = false;

	for (int n = lying(loan); n > most && take_one(loan); n--) {
		// Bytes that we never lent are somebody's mistake: they are dropped.
		if (n > loan->out)
			continue;
		loan->out--;
		tokens_give(s->tokens);
		freed = true;
	}
	return freed;
}

static void offer(struct loan *loan, struct server *s)
{
	static const char byte = TOKEN_BYTE;

	if (lying(loan) > 0 || !tokens_take(s->tokens))
		return;
	if (write(loan->fd, &byte, 1) == 1)
		loan->out++;
	else
		tokens_give(s->tokens);
}

static void settle(struct loan *loan, struct server *s)
{
	bool freed = take_back(loan, s, s->lending ? 1 : 0);

	if (s->lending)
		offer(loan, s);
	if (freed)
		s->changed(s->owner);
}

static void on_event(struct loop_watch *w, short revents)
{
	struct server *s = w->owner;
	_Alignas(struct inotify_event) char events[4096];

	// Which fifo it was does not matter much: there are few, and each is asked in one call.
	while (read(w->fd, events, sizeof events) > 0)
		;
	for (size_t i = 0; i < s->loans.n; i++)
		settle(s->loans.items[i], s);
}

int server_open(struct server *s, struct tokens *tokens, struct loop *loop,
		void (*changed)(void *owner), void *owner, struct err *err)
{
	*s = (struct server){.tokens = tokens, .loop = loop, .changed = changed, .owner = owner};
	s->watch = (struct loop_watch){.events = POLLIN, .ready = on_event, .owner = s};
	s->watch.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (s->watch.fd < 0)
		return err_set(err, errno, "inotify");
	loop_add_watch(loop, &s->watch);
	return 0;
}

void server_close(struct server *s)
{
	if (!s->tokens)
		return;
	loop_remove_watch(s->loop, &s->watch);
	close(s->watch.fd);
	free(s->loans.items);
	*s = (struct server){0};
}

void server_allow(struct server *s, bool lending)
{
	s->lending = lending;
	for (size_t i = 0; i < s->loans.n; i++) {
		take_back(s->loans.items[i], s, lending ? 1 : 0);
		if (lending)
			offer(s->loans.items[i], s);
	}
}

bool server_wants(const struct server *s)
{
	for (size_t i = 0; s->lending && i < s->loans.n; i++)
		if (lying(s->loans.items[i]) == 0)
			return true;
	return false;
}

int loan_open(struct loan *loan, struct server *s, const char *path, struct err *err)
{
	*loan = (struct loan){.path = xstrdup(path), .fd = -1, .read_fd = -1, .write_fd = -1};
	VEC_PUSH(&s->loans, loan);
	unlink(path);
	if (mkfifo(path, 0600) == 0) {
		loan->fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
		// Descriptions of their own: the worker may change their flags as it likes.
		loan->read_fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		loan->write_fd = open(path, O_WRONLY | O_CLOEXEC);
		if (loan->read_fd >= 0)
			fcntl(loan->read_fd, F_SETFL, 0);
		loan->wd = inotify_add_watch(s->watch.fd, path, IN_ACCESS | IN_MODIFY);
	}
	if (loan->fd >= 0 && loan->read_fd >= 0 && loan->write_fd >= 0 && loan->wd >= 0)
		return 0;
	err_set(err, errno, "make a jobserver for a worker at %s", path);
	loan_close(loan, s);
	return -1;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void loan_started(struct loan *loan)
{
	if (!loan->path)
		return;
	close_fd(&loan->read_fd);
	close_fd(&loan->write_fd);
}

void loan_close(struct loan *loan, struct server *s)
{
	size_t n = 0;

	if (!loan->path)
		return;
	for (size_t i = 0; i < s->loans.n; i++)
		if (s->loans.items[i] != loan)
			s->loans.items[n++] = s->loans.items[i];
	s->loans.n = n;
	for (; loan->out > 0; loan->out--)
		tokens_give(s->tokens);
	if (loan->fd >= 0)
		inotify_rm_watch(s->watch.fd, loan->wd);
	loan_started(loan);
	close_fd(&loan->fd);
	unlink(loan->path);
	free(loan->path);
	*loan = (struct loan){0};
}
