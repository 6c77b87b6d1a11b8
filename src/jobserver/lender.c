// SPDX-License-Identifier: MIT
#include "jobserver/lender.h"

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
static bool take_back(struct loan *loan, struct lender *l, int most)
{
	bool freed = false;

	for (int n = lying(loan); n > most && take_one(loan); n--) {
		// Bytes that we never lent are somebody's mistake: they are dropped.
		if (n > loan->out)
			continue;
		loan->out--;
		tokens_give(l->tokens);
		freed = true;
	}
	return freed;
}

static void offer(struct loan *loan, struct lender *l)
{
	static const char byte = TOKEN_BYTE;

	if (lying(loan) > 0 || !tokens_take(l->tokens))
		return;
	if (write(loan->fd, &byte, 1) == 1)
		loan->out++;
	else
		tokens_give(l->tokens);
}

static void settle(struct loan *loan, struct lender *l)
{
	bool freed = take_back(loan, l, l->lending ? 1 : 0);

	if (l->lending)
		offer(loan, l);
	if (freed)
		l->changed(l->owner);
}

static void on_event(struct loop_watch *w, short revents)
{
	struct lender *l = w->owner;
	_Alignas(struct inotify_event) char events[4096];

	// Which fifo it was does not matter much: there are few, and each is asked in one call.
	while (read(w->fd, events, sizeof events) > 0)
		;
	for (size_t i = 0; i < l->loans.n; i++)
		settle(l->loans.items[i], l);
}

int lender_open(struct lender *l, struct tokens *tokens, struct loop *loop,
		void (*changed)(void *owner), void *owner, struct err *err)
{
	*l = (struct lender){.tokens = tokens, .loop = loop, .changed = changed, .owner = owner};
	l->watch = (struct loop_watch){.events = POLLIN, .ready = on_event, .owner = l};
	l->watch.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (l->watch.fd < 0)
		return err_set(err, errno, "inotify");
	loop_add_watch(loop, &l->watch);
	return 0;
}

void lender_close(struct lender *l)
{
	if (!l->tokens)
		return;
	loop_remove_watch(l->loop, &l->watch);
	close(l->watch.fd);
	free(l->loans.items);
	*l = (struct lender){0};
}

void lender_allow(struct lender *l, bool lending)
{
	l->lending = lending;
	for (size_t i = 0; i < l->loans.n; i++) {
		take_back(l->loans.items[i], l, lending ? 1 : 0);
		if (lending)
			offer(l->loans.items[i], l);
	}
}

bool lender_wants(const struct lender *l)
{
	for (size_t i = 0; l->lending && i < l->loans.n; i++)
		if (lying(l->loans.items[i]) == 0)
			return true;
	return false;
}

int loan_open(struct loan *loan, struct lender *l, const char *path, struct err *err)
{
	*loan = (struct loan){.path = xstrdup(path), .fd = -1, .read_fd = -1, .write_fd = -1};
	VEC_PUSH(&l->loans, loan);
	unlink(path);
	if (mkfifo(path, 0600) == 0) {
		loan->fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
		// Descriptions of their own: the worker may change their flags as it likes.
		loan->read_fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		loan->write_fd = open(path, O_WRONLY | O_CLOEXEC);
		if (loan->read_fd >= 0)
			fcntl(loan->read_fd, F_SETFL, 0);
		loan->wd = inotify_add_watch(l->watch.fd, path, IN_ACCESS | IN_MODIFY);
	}
	if (loan->fd >= 0 && loan->read_fd >= 0 && loan->write_fd >= 0 && loan->wd >= 0)
		return 0;
	err_set(err, errno, "make a jobserver for a worker at %s", path);
	loan_close(loan, l);
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

void loan_close(struct loan *loan, struct lender *l)
{
	size_t n = 0;

	if (!loan->path)
		return;
	for (size_t i = 0; i < l->loans.n; i++)
		if (l->loans.items[i] != loan)
			l->loans.items[n++] = l->loans.items[i];
	l->loans.n = n;
	for (; loan->out > 0; loan->out--)
		tokens_give(l->tokens);
	if (loan->fd >= 0)
		inotify_rm_watch(l->watch.fd, loan->wd);
	loan_started(loan);
	close_fd(&loan->fd);
	unlink(loan->path);
	free(loan->path);
	*loan = (struct loan){0};
}
