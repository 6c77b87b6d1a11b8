// SPDX-License-Identifier: MIT
#include "jobserver/keeper.h"

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
struct keeper_shared {
	pid_t groups[TOKENS_MAX]; // the runner writes there
	int n;                    // the rest is the keeper's: so many tokens are in its hands
	// Behind them are zeros, but for one that make has given and that is not counted yet.
	char tokens[TOKENS_MAX + 1];
};

enum {
	KEEPER_ASK = 1, // to the keeper: a token, please
	KEEPER_CANCEL,  // no token any more
	KEEPER_GIVE,    // here is one back; value: the byte
	KEEPER_BYE,     // all was given back and nobody is left
	KEEPER_GRANT,   // from the keeper: a token; value: the byte
};

// Errors that say nothing of the other end.
static bool may_pass(int errnum)
{
	return errnum == EAGAIN || errnum == EINTR || errnum == ENOBUFS || errnum == ENOMEM;
}

// ---- the process ----

#define YIELD_NS (500 * INT64_C(1000))
// How long a full pipe keeps the keeper alive.
#define PATIENCE_NS (10 * NS_PER_SEC)

// Of the keeper's process alone. Untouched pages of it cost nothing.
static struct {
	int socket;
	struct client *client;
	bool wanted, bye;
	int64_t gave_ns; // when a token went back last
	int owed;        // of the tokens the last ones, which are to go back
	volatile struct keeper_shared *shared;
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

// As far as there is room in make's pipe.
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
	case KEEPER_ASK:
		state.wanted = state.client && state.shared->n < TOKENS_MAX;
		break;
	case KEEPER_CANCEL:
		state.wanted = false;
		break;
	case KEEPER_GIVE:
		give_back((char)m->value);
		pay();
		break;
	case KEEPER_BYE:
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
	const struct message m = {KEEPER_GRANT, (unsigned char)state.shared->tokens[at]};
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

static void serve(void)
{
	while (!state.bye) {
		struct message m;
		struct pollfd p[POLLED];
		if (wait_for_news(p) < 0)
			continue;
		if (p[ROOM].revents)
			pay();
		if (p[SOCKET].revents) {
			ssize_t n = recv(state.socket, &m, sizeof m, 0);
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
static void end_workers(const volatile struct keeper_shared *shared, const char *marker)
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
			    state.client ? state.client->write_fd : -1};
	sigset_t all;

	// A killall of firmo-jobs must not reach the process that cleans up after it.
	prctl(PR_SET_NAME, "jobserver-keep");
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
	pay_patiently();
	if (!state.bye)
		path_remove_tree(folder);
	if (state.client)
		client_close(state.client);
	_exit(0);
}

// ---- the runner's side ----

static int share_memory(struct keeper *k, struct err *err)
{
	void *p = k->shared;

	if (!p)
		p = mmap(NULL, sizeof *k->shared, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return err_set(err, errno, "mmap");
	k->shared = p;
	return 0;
}

static int fork_keeper(struct keeper *k, const int pair[2], struct client *client,
		       const char *marker, const char *folder)
{
	sigset_t all, before;

	// No signal may end the keeper before it has blocked them all.
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	k->pid = fork();
	if (k->pid == 0) {
		close(pair[0]);
		state.socket = pair[1];
		state.client = client;
		state.shared = k->shared;
		keep(marker, folder);
	}
	int errnum = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return k->pid < 0 ? errnum : 0;
}

int keeper_start(struct keeper *k, struct client *client, const char *marker, const char *folder,
		 struct err *err)
{
	int pair[2];

	k->socket = -1;
	k->asked = false;
	if (share_memory(k, err) < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(err, errno, "socketpair");
	int errnum = fork_keeper(k, pair, client, marker, folder);
	close(pair[1]);
	if (errnum) {
		close(pair[0]);
		return err_set(err, errnum, "fork");
	}
	k->socket = pair[0];
	return 0;
}

// 1; 0 if there is no room: the keeper does not listen at the moment; -1 if it has died.
static int tell(const struct keeper *k, int tag, int value)
{
	const struct message m = {tag, value};

	if (send(k->socket, &m, sizeof m, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof m)
		return 1;
	return may_pass(errno) ? 0 : -1;
}

int keeper_take(struct keeper *k, char *byte)
{
	struct message m;
	ssize_t n = recv(k->socket, &m, sizeof m, MSG_DONTWAIT);

	// The keeper's death is told once in front of what it had sent before.
	if (n < 0 && errno == ECONNRESET)
		n = recv(k->socket, &m, sizeof m, MSG_DONTWAIT);
	if (n == (ssize_t)sizeof m) {
		k->asked = false;
		*byte = (char)m.value;
		return 1;
	}
	// Without memory for it, it has not come yet.
	if (n >= 0 || !may_pass(errno))
		return -1;
	if (k->asked)
		return 0;
	int told = tell(k, KEEPER_ASK, 0);
	k->asked = told > 0;
	return told < 0 ? -1 : 0;
}

void keeper_cancel(struct keeper *k)
{
	if (k->asked && tell(k, KEEPER_CANCEL, 0) != 0)
		k->asked = false;
}

int keeper_give(struct keeper *k, char byte)
{
	return tell(k, KEEPER_GIVE, (unsigned char)byte);
}

pid_t *keeper_group(const struct keeper *k, int slot)
{
	return &k->shared->groups[slot];
}

bool keeper_has_ended(const struct keeper *k)
{
	struct pollfd p = {.fd = k->socket};

	return poll(&p, 1, 0) > 0;
}

// What it had taken from make and not given back, whether or not that had been told.
static size_t read_tokens(struct keeper_shared *shared, char *tokens)
{
	if (shared->n < TOKENS_MAX && shared->tokens[shared->n])
		shared->n++;
	memcpy(tokens, shared->tokens, (size_t)shared->n);
	return (size_t)shared->n;
}

size_t keeper_forget(struct keeper *k, char *tokens)
{
	close(k->socket);
	k->socket = -1;
	k->asked = false;
	waitpid(k->pid, NULL, WNOHANG);
	return read_tokens(k->shared, tokens);
}

// Make must not count its tokens before the last one is back. Somebody may have stopped the keeper,
// who did not stop us. True if it has ended.
static bool await_end(const struct keeper *k)
{
	int64_t until_ns = clock_mono_ns() + CLIENT_PATIENCE_NS;
	struct pollfd p = {.fd = k->socket};

	kill(k->pid, SIGCONT);
	for (int64_t left = CLIENT_PATIENCE_NS; left > 0; left = until_ns - clock_mono_ns()) {
		int ended = poll(&p, 1, (int)(left / NS_PER_MS) + 1);
		if (ended > 0)
			return true;
		// Where waiting is refused, its own patience bounds ours.
		if (ended < 0 && errno != EINTR)
			return waitpid(k->pid, NULL, 0) == k->pid;
	}
	return false;
}

void keeper_abandon(struct keeper *k)
{
	shutdown(k->socket, SHUT_WR);
	await_end(k);
}

void keeper_stand_in(const struct keeper *k, const char *marker)
{
	end_workers(k->shared, marker);
}

bool keeper_close(struct keeper *k, bool distrust, char *tokens, size_t *n)
{
	bool ended = true;

	if (k->socket >= 0) {
		// Without a word it takes us for dead.
		if (distrust)
			shutdown(k->socket, SHUT_WR);
		else
			tell(k, KEEPER_BYE, 0);
		ended = await_end(k);
		close(k->socket);
		while (ended && waitpid(k->pid, NULL, 0) < 0 && errno == EINTR)
			;
		if (ended)
			*n = read_tokens(k->shared, tokens);
	}
	if (k->shared)
		munmap(k->shared, sizeof *k->shared);
	*k = (struct keeper){.socket = -1};
	return ended;
}
