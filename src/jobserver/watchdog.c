// SPDX-License-Identifier: MIT
#include "jobserver/watchdog.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/path.h"
#include "jobserver/client.h"
#include "sys/descendants.h"
#include "sys/descriptors.h"

// What goes over the socket, a packet each.
struct message {
	int tag, value;
};

// In the memory of both processes; untouched pages of it cost nothing. Whoever dies, the other one
// finds here what there was.
struct watchdog_shared {
	pid_t groups[TOKENS_MAX]; // the runner writes there
	int n;                    // the rest is the watchdog's: so many tokens are in its hands
	// Behind them are zeros, but for one that make has given and that is not counted yet.
	char tokens[TOKENS_MAX + 1];
};

enum {
	WATCHDOG_ASK = 1, // to the watchdog: a token, please
	WATCHDOG_CANCEL,  // no token any more
	WATCHDOG_GIVE,    // here is one back; value: the byte
	WATCHDOG_KEEP,    // a descriptor comes with this
	WATCHDOG_BYE,     // all was given back and nobody is left
	WATCHDOG_GRANT,   // from the watchdog: a token; value: the byte
};

// Errors that say nothing of the other end.
static bool may_pass(int errnum)
{
	return errnum == EAGAIN || errnum == EINTR || errnum == ENOBUFS || errnum == ENOMEM;
}

// ---- the process ----

#define YIELD_NS (500 * INT64_C(1000))
// How long a full pipe keeps the watchdog alive.
#define PATIENCE_NS (10 * NS_PER_SEC)

// Of the watchdog's process alone. Untouched pages of it cost nothing.
static struct {
	int socket;
	int kept; // 0: nothing
	struct client *client;
	bool wanted, bye;
	int64_t gave_ns; // when a token went back last
	int owed;        // of the tokens the last ones, which are to go back
	volatile struct watchdog_shared *shared;
} state;

static void give_back(char byte)
{
	int in_use = state.shared->n - state.owed;

	for (int i = 0; i < in_use; i++)
		if (state.shared->tokens[i] == byte) {
			state.shared->tokens[i] = state.shared->tokens[in_use - 1];
			state.shared->tokens[in_use - 1] = byte;
			state.owed++;
			return;
		}
}

static char last_token(void)
{
	return state.shared->tokens[state.shared->n - 1];
}

static void forget_last(void)
{
	state.shared->tokens[--state.shared->n] = '\0';
	state.owed--;
}

// As far as there is room in make's pipe. Between the write and the line behind it a token is in
// the pipe and still in our list: SIGKILL there has the next watchdog give it once more.
static void pay(void)
{
	while (state.owed > 0 && client_give(state.client, last_token())) {
		forget_last();
		state.gave_ns = clock_mono_ns();
	}
}

static void handle(const struct message *m)
{
	switch (m->tag) {
	case WATCHDOG_ASK:
		state.wanted = state.client && state.shared->n < TOKENS_MAX;
		break;
	case WATCHDOG_CANCEL:
		state.wanted = false;
		break;
	case WATCHDOG_GIVE:
		give_back((char)m->value);
		pay();
		break;
	case WATCHDOG_BYE:
		state.bye = true;
		break;
	}
}

// Takes the token that make has for us, if it is still there; one that could not go back is as
// good. The kernel puts it right where it stays: were we killed now, it is found there. A server
// that is gone is not polled.
static void grant(void)
{
	int at = state.shared->n - state.owed;
	int taken =
		state.owed > 0 ? 1 : client_take(state.client, (char *)&state.shared->tokens[at]);

	if (taken == 0)
		return;
	state.wanted = false;
	if (taken < 0)
		return;
	if (state.owed > 0)
		state.owed--;
	else
		state.shared->n++;
	const struct message m = {WATCHDOG_GRANT, (unsigned char)state.shared->tokens[at]};
	// If nobody hears it, the end of the socket follows, and the byte goes back then.
	send(state.socket, &m, sizeof m, MSG_NOSIGNAL);
}

enum { SOCKET, TOKEN, ROOM, POLLED };

// Where the kernel has no ppoll, or refuses it, or has no memory for it: what can be done at once
// is, and then the runner's next word is waited for.
static int wait_without_poll(struct pollfd p[POLLED])
{
	if (p[TOKEN].fd >= 0)
		grant();
	p[ROOM].revents = state.owed > 0 ? POLLOUT : 0;
	p[TOKEN].revents = 0;
	p[SOCKET].revents = POLLIN;
	return 1;
}

// Waits for the runner; if it wants a token, for make; and for room in a full pipe. Other clients
// get a moment to take a token that has just gone back: without, we would always be the first.
static int wait_for_news(struct pollfd p[POLLED])
{
	int64_t left = state.wanted ? state.gave_ns + YIELD_NS - clock_mono_ns() : 0;
	const struct timespec moment = {.tv_nsec = left > 0 ? left : 0};
	bool take = state.wanted && left <= 0;

	p[SOCKET] = (struct pollfd){.fd = state.socket, .events = POLLIN};
	p[TOKEN] = (struct pollfd){.fd = take ? state.client->poll_fd : -1, .events = POLLIN};
	p[ROOM] = (struct pollfd){.fd = state.owed > 0 ? state.client->write_fd : -1,
				  .events = POLLOUT};
	int ready = ppoll(p, POLLED, left > 0 ? &moment : NULL, NULL);
	if (ready < 0 && errno != EINTR)
		ready = wait_without_poll(p);
	return ready;
}

// The runner's next word, and the descriptor that may come with it.
static ssize_t hear(struct message *m)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec text = {m, sizeof *m};
	struct msghdr all = {.msg_iov = &text,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof control};
	ssize_t n = recvmsg(state.socket, &all, MSG_CMSG_CLOEXEC);
	const struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&all) : NULL;

	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(&state.kept, CMSG_DATA(c), sizeof state.kept);
	return n;
}

static void serve(void)
{
	while (!state.bye) {
		struct message m = {0};
		struct pollfd p[POLLED];
		if (wait_for_news(p) < 0)
			continue;
		if (p[ROOM].revents)
			pay();
		if (p[SOCKET].revents) {
			ssize_t n = hear(&m);
			if (n == (ssize_t)sizeof m)
				handle(&m);
			else if (n >= 0 || !may_pass(errno))
				return;
		} else if (p[TOKEN].revents) {
			grant();
		}
	}
}

// Kills the processes in that part of /proc with the run's mark in their environment; returns their
// number.
static int kill_marked_of(const char *entries, ssize_t n, const char *marker)
{
	int found = 0;

	for (ssize_t at = 0; at < n;) {
		const struct dirent64 *e = (const void *)(entries + at);
		pid_t pid = isdigit((unsigned char)*e->d_name) ? (pid_t)atoi(e->d_name) : 0;
		if (pid > 1 && pid != getpid() && descendants_belongs(pid, marker) == BELONGS) {
			kill(pid, SIGKILL);
			found++;
		}
		at += e->d_reclen;
	}
	return found;
}

// Without opendir, which needs memory: the runner may have died of there being none.
static int kill_marked(const char *marker)
{
	_Alignas(struct dirent64) char entries[4096];
	int found = 0, dir = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ssize_t n;

	while (dir >= 0 && (n = getdents64(dir, entries, sizeof entries)) > 0)
		found += kill_marked_of(entries, n, marker);
	if (dir >= 0)
		close(dir);
	return found;
}

// We have outlived the runner: its workers, and descendants outside their groups, until none is
// found.
static void end_workers(const volatile struct watchdog_shared *shared, const char *marker)
{
	for (int i = 0; shared && i < TOKENS_MAX; i++)
		if (shared->groups[i] > 1)
			kill(-shared->groups[i], SIGKILL);
	// Killed processes take a moment to go and may just have had a child, and a process within
	// execve cannot be recognised: so two searches in a row have to find nothing.
	for (int round = 0, quiet = 0; round < 100 && quiet < 2; round++) {
		quiet = kill_marked(marker) > 0 ? 0 : quiet + 1;
		poll(NULL, 0, 10);
	}
}

static void pay_patiently(void)
{
	int64_t until_ns = clock_mono_ns() + PATIENCE_NS;

	while (state.owed > 0 && client_give_until(state.client, last_token(), until_ns))
		forget_last();
}

static void detach(void)
{
	const int ours[] = {state.socket, state.client ? state.client->read_fd : -1,
			    state.client ? state.client->write_fd : -1,
			    state.kept > 0 ? state.kept : -1};
	sigset_t all;

	// A killall of firmo-jobs must not reach the process that cleans up after it.
	prctl(PR_SET_NAME, "jobserver-watch");
	setsid();
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	signal(SIGPIPE, SIG_IGN);
	descriptors_keep(ours, sizeof ours / sizeof *ours);
	// Our folder may be one that somebody wants to unmount.
	if (chdir("/") < 0)
		return;
}

static void keep(const char *marker, const char *folder) __attribute__((noreturn));
static void keep(const char *marker, const char *folder)
{
	detach();
	serve();
	// First the tokens: were we killed now, nobody could give them back.
	state.owed = state.shared->n;
	pay();
	if (!state.bye)
		end_workers(state.shared, marker);
	if (state.kept > 0)
		close(state.kept);
	pay_patiently();
	if (!state.bye)
		path_remove_tree(folder);
	if (state.client)
		client_close(state.client);
	_exit(0);
}

// ---- the runner's side ----

static int share_memory(struct watchdog *w, struct err *err)
{
	void *p = w->shared;

	if (!p)
		p = mmap(NULL, sizeof *w->shared, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return err_set(err, errno, "mmap");
	w->shared = p;
	return 0;
}

static int fork_watchdog(struct watchdog *w, const int pair[2], struct client *client,
			 const char *marker, const char *folder)
{
	sigset_t all, before;

	// No signal may end the watchdog before it has blocked them all.
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	w->pid = fork();
	if (w->pid == 0) {
		close(pair[0]);
		state.socket = pair[1];
		state.client = client;
		state.kept = w->kept;
		state.shared = w->shared;
		keep(marker, folder);
	}
	int errnum = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return w->pid < 0 ? errnum : 0;
}

int watchdog_start(struct watchdog *w, struct client *client, const char *marker,
		   const char *folder, struct err *err)
{
	int pair[2];

	w->socket = -1;
	w->asked = false;
	if (share_memory(w, err) < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(err, errno, "socketpair");
	int errnum = fork_watchdog(w, pair, client, marker, folder);
	close(pair[1]);
	if (errnum) {
		close(pair[0]);
		return err_set(err, errnum, "fork");
	}
	w->socket = pair[0];
	return 0;
}

// 1; 0 if there is no room: the watchdog does not listen at the moment; -1 if it has died.
static int tell(const struct watchdog *w, int tag, int value)
{
	const struct message m = {tag, value};

	if (send(w->socket, &m, sizeof m, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof m)
		return 1;
	return may_pass(errno) ? 0 : -1;
}

int watchdog_take(struct watchdog *w, char *byte)
{
	struct message m;
	ssize_t n = recv(w->socket, &m, sizeof m, MSG_DONTWAIT);

	// The watchdog's death is told once in front of what it had sent before.
	if (n < 0 && errno == ECONNRESET)
		n = recv(w->socket, &m, sizeof m, MSG_DONTWAIT);
	if (n == (ssize_t)sizeof m) {
		w->asked = false;
		*byte = (char)m.value;
		return 1;
	}
	// Without memory for it, it has not come yet.
	if (n >= 0 || !may_pass(errno))
		return -1;
	if (w->asked)
		return 0;
	int told = tell(w, WATCHDOG_ASK, 0);
	w->asked = told > 0;
	return told < 0 ? -1 : 0;
}

void watchdog_cancel(struct watchdog *w)
{
	if (w->asked && tell(w, WATCHDOG_CANCEL, 0) != 0)
		w->asked = false;
}

int watchdog_give(struct watchdog *w, char byte)
{
	return tell(w, WATCHDOG_GIVE, (unsigned char)byte);
}

void watchdog_keep(struct watchdog *w, int fd)
{
	const struct message m = {WATCHDOG_KEEP, 0};
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof fd)];
	} control = {.head = {.cmsg_level = SOL_SOCKET,
			      .cmsg_type = SCM_RIGHTS,
			      .cmsg_len = CMSG_LEN(sizeof fd)}};
	struct iovec text = {(void *)&m, sizeof m};
	const struct msghdr all = {.msg_iov = &text,
				   .msg_iovlen = 1,
				   .msg_control = &control,
				   .msg_controllen = sizeof control};

	w->kept = fd;
	memcpy(CMSG_DATA(&control.head), &fd, sizeof fd);
	// Where it does not hear that, the kernel frees what is held with our end.
	if (fd > 0 && w->socket >= 0 && sendmsg(w->socket, &all, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return;
}

pid_t *watchdog_group(const struct watchdog *w, int slot)
{
	return &w->shared->groups[slot];
}

bool watchdog_has_ended(const struct watchdog *w)
{
	struct pollfd p = {.fd = w->socket};

	return poll(&p, 1, 0) > 0;
}

// What it had taken from make and not given back, whether or not that had been told.
static size_t read_tokens(struct watchdog_shared *shared, char *tokens)
{
	if (shared->n < TOKENS_MAX && shared->tokens[shared->n])
		shared->n++;
	memcpy(tokens, shared->tokens, (size_t)shared->n);
	return (size_t)shared->n;
}

size_t watchdog_forget(struct watchdog *w, char *tokens)
{
	close(w->socket);
	w->socket = -1;
	w->asked = false;
	waitpid(w->pid, NULL, WNOHANG);
	return read_tokens(w->shared, tokens);
}

// Make must not count its tokens before the last one is back. Somebody may have stopped the
// watchdog, who did not stop us. True if it has ended.
static bool await_end(const struct watchdog *w)
{
	int64_t until_ns = clock_mono_ns() + CLIENT_PATIENCE_NS;
	struct pollfd p = {.fd = w->socket};

	kill(w->pid, SIGCONT);
	for (int64_t left = CLIENT_PATIENCE_NS; left > 0; left = until_ns - clock_mono_ns()) {
		int ended = poll(&p, 1, (int)(left / NS_PER_MS) + 1);
		if (ended > 0)
			return true;
		// Where waiting is refused, its own patience bounds ours.
		if (ended < 0 && errno != EINTR)
			return waitpid(w->pid, NULL, 0) == w->pid;
	}
	return false;
}

void watchdog_abandon(struct watchdog *w)
{
	shutdown(w->socket, SHUT_WR);
	await_end(w);
}

void watchdog_stand_in(const struct watchdog *w, const char *marker)
{
	end_workers(w->shared, marker);
}

bool watchdog_close(struct watchdog *w, bool distrust, char *tokens, size_t *n)
{
	bool ended = true;

	if (w->socket >= 0) {
		// Without a word it takes us for dead.
		if (distrust)
			shutdown(w->socket, SHUT_WR);
		else
			tell(w, WATCHDOG_BYE, 0);
		ended = await_end(w);
		close(w->socket);
		while (ended && waitpid(w->pid, NULL, 0) < 0 && errno == EINTR)
			;
		if (ended)
			*n = read_tokens(w->shared, tokens);
	}
	if (w->shared)
		munmap(w->shared, sizeof *w->shared);
	*w = (struct watchdog){.socket = -1};
	return ended;
}
