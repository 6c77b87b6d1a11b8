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
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/path.h"
#include "jobserver/client.h"
#include "jobserver/tokens.h"
#include "sys/descendants.h"

// What goes over the socket, a packet each.
struct message {
	int tag, value;
};

#define GROUPS_BYTES (TOKENS_MAX * sizeof(pid_t)) // untouched pages cost nothing

enum {
	KEEPER_ASK = 1, // to the keeper: a token, please
	KEEPER_CANCEL,  // no token any more
	KEEPER_GIVE,    // here is one back; value: the byte
	KEEPER_BYE,     // nothing is held and nobody is left
	KEEPER_GRANT,   // from the keeper: a token; value: the byte
};

// ---- the process ----

#define YIELD_NS (500 * INT64_C(1000))

// Of the keeper's process alone. Untouched pages of it cost nothing.
static struct {
	int socket;
	struct client *client;
	bool wanted, bye;
	int64_t gave_ns; // when a token went back last
	char held[TOKENS_MAX];
	int nheld;
	const volatile pid_t *groups; // the runner writes there
} state;

static void give_back(char byte)
{
	for (int i = 0; i < state.nheld; i++)
		if (state.held[i] == byte) {
			state.held[i] = state.held[--state.nheld];
			client_give(state.client, byte);
			state.gave_ns = clock_mono_ns();
			return;
		}
}

static void handle(const struct message *m)
{
	switch (m->tag) {
	case KEEPER_ASK:
		state.wanted = state.client && state.nheld < TOKENS_MAX;
		break;
	case KEEPER_CANCEL:
		state.wanted = false;
		break;
	case KEEPER_GIVE:
		give_back((char)m->value);
		break;
	case KEEPER_BYE:
		state.bye = true;
		break;
	}
}

// Takes the token that make has for us, if it is still there. A server that is gone is not polled.
static void grant(void)
{
	char byte = 0;
	int taken = client_take(state.client, &byte);

	if (taken == 0)
		return;
	state.wanted = false;
	if (taken < 0)
		return;
	state.held[state.nheld++] = byte;
	const struct message m = {KEEPER_GRANT, (unsigned char)byte};
	// If nobody hears it, the end of the socket follows, and the byte goes back then.
	send(state.socket, &m, sizeof m, MSG_NOSIGNAL);
}

// Waits for the runner and, if it wants a token, for make. Whoever else waits for the token that
// has just gone back gets a moment to take it: without, we would always be the first.
static int wait_for_news(struct pollfd p[2])
{
	int64_t left = state.wanted ? state.gave_ns + YIELD_NS - clock_mono_ns() : 0;

	p[0] = (struct pollfd){.fd = state.socket, .events = POLLIN};
	p[1] = (struct pollfd){.fd = -1};
	if (left > 0) {
		const struct timespec moment = {.tv_nsec = left};
		return ppoll(p, 1, &moment, NULL);
	}
	if (state.wanted)
		p[1] = (struct pollfd){.fd = state.client->poll_fd, .events = POLLIN};
	return poll(p, 2, -1);
}

static void serve(void)
{
	for (;;) {
		struct message m;
		struct pollfd p[2];
		if (wait_for_news(p) < 0)
			continue;
		if (p[0].revents) {
			ssize_t n = recv(state.socket, &m, sizeof m, 0);
			if (n == (ssize_t)sizeof m)
				handle(&m);
			else if (n >= 0 || errno != EINTR)
				return;
		} else if (p[1].revents) {
			grant();
		}
	}
}

// Kills every process that has the run's mark in its environment; how many there were.
static int kill_marked(const char *marker)
{
	DIR *dir = opendir("/proc");
	struct dirent *e;
	int found = 0;

	while (dir && (e = readdir(dir))) {
		pid_t pid = isdigit((unsigned char)*e->d_name) ? (pid_t)atoi(e->d_name) : 0;
		if (pid > 1 && pid != getpid() && descendants_belongs(pid, marker) == BELONGS) {
			kill(pid, SIGKILL);
			found++;
		}
	}
	if (dir)
		closedir(dir);
	return found;
}

// We have outlived the runner. First the workers, so that no slot is used twice; then the tokens,
// at once, before make counts them; then whoever has left the groups, until nobody is found.
static void clean_up(const char *marker)
{
	for (int i = 0; i < TOKENS_MAX; i++)
		if (state.groups[i] > 1)
			kill(-state.groups[i], SIGKILL);
	while (state.nheld > 0)
		client_give(state.client, state.held[--state.nheld]);
	// The killed take a moment to go and may just have had a child; and who is about to execute
	// something cannot be recognised at that moment: so nobody has to be found twice.
	for (int round = 0, quiet = 0; !state.bye && round < 100 && quiet < 2; round++) {
		quiet = kill_marked(marker) > 0 ? 0 : quiet + 1;
		poll(NULL, 0, 10);
	}
}

static void close_other_fds(void)
{
	int keep[3] = {state.socket, state.client ? state.client->read_fd : -1,
		       state.client ? state.client->write_fd : -1};
	unsigned from = 3;

	// Three numbers in rising order, and the gaps between them.
	for (int round = 0; round < 3; round++) {
		int next = -1;
		for (int i = 0; i < 3; i++)
			if (keep[i] >= (int)from && (next < 0 || keep[i] < next))
				next = keep[i];
		if (next < 0)
			break;
		if ((unsigned)next > from)
			syscall(SYS_close_range, from, next - 1, 0);
		from = (unsigned)next + 1;
	}
	syscall(SYS_close_range, from, ~0U, 0);
}

static void detach(void)
{
	sigset_t all;
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_NAME, "firmo-jobs-keep");
	for (int fd = 0; fd < 3; fd++)
		dup2(null_fd, fd);
	close_other_fds();
	// Our folder may be one that somebody wants to unmount.
	if (chdir("/") < 0)
		return;
}

static void keep(int socket, struct client *client, const pid_t *groups, const char *marker,
		 const char *folder) __attribute__((noreturn));
static void keep(int socket, struct client *client, const pid_t *groups, const char *marker,
		 const char *folder)
{
	state.socket = socket;
	state.client = client;
	state.groups = groups;
	detach();
	serve();
	clean_up(marker);
	if (!state.bye)
		path_remove_tree(folder);
	if (client)
		client_close(client);
	_exit(0);
}

// ---- the runner's side ----

int keeper_start(struct keeper *k, struct client *client, const char *marker, const char *folder,
		 struct err *err)
{
	int pair[2];
	sigset_t all, before;

	*k = (struct keeper){.socket = -1};
	pid_t *groups =
		mmap(NULL, GROUPS_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (groups == MAP_FAILED)
		return err_set(err, errno, "mmap");
	k->groups = groups;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(err, errno, "socketpair");
	// No signal may end the keeper before it has blocked them all.
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	k->pid = fork();
	if (k->pid == 0) {
		close(pair[0]);
		keep(pair[1], client, k->groups, marker, folder);
	}
	int errnum = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(pair[1]);
	if (k->pid < 0) {
		close(pair[0]);
		return err_set(err, errnum, "fork");
	}
	k->socket = pair[0];
	return 0;
}

static int tell(const struct keeper *k, int tag, int value)
{
	const struct message m = {tag, value};

	return send(k->socket, &m, sizeof m, MSG_NOSIGNAL) == (ssize_t)sizeof m ? 0 : -1;
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
	if (n >= 0 || (errno != EAGAIN && errno != EINTR))
		return -1;
	if (k->asked)
		return 0;
	k->asked = true;
	return tell(k, KEEPER_ASK, 0);
}

void keeper_cancel(struct keeper *k)
{
	if (k->asked)
		tell(k, KEEPER_CANCEL, 0);
	k->asked = false;
}

int keeper_give(struct keeper *k, char byte)
{
	return tell(k, KEEPER_GIVE, (unsigned char)byte);
}

pid_t *keeper_group(const struct keeper *k, int slot)
{
	return &k->groups[slot];
}

void keeper_close(struct keeper *k)
{
	if (k->socket >= 0) {
		tell(k, KEEPER_BYE, 0);
		close(k->socket);
		// Make must not count its tokens before the last one is back.
		while (waitpid(k->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (k->groups)
		munmap(k->groups, GROUPS_BYTES);
	*k = (struct keeper){.socket = -1};
}
