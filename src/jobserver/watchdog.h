// SPDX-License-Identifier: MIT
// The watchdog: a tiny process of its own that takes tokens from make and holds them for us.
// Whatever becomes of us, SIGKILL included, it notices by the end of a socket, ends the workers we
// leave behind and gives back every token, byte for byte. It lives in a session of its own with all
// signals blocked, so that what is sent to our process group does not reach it.
#ifndef JOBSERVER_WATCHDOG_H
#define JOBSERVER_WATCHDOG_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct client;
struct err;
struct watchdog_shared;

struct watchdog {
	int socket; // -1: there is none
	pid_t pid;
	struct watchdog_shared *shared; // memory that is its own, too
	bool asked;                     // for a token that has not come yet
	int kept;                       // see watchdog_keep; 0: nothing
};

// Starts it. client: the opened jobserver, which the watchdog uses from then on; NULL if there is
// none, and only workers are to be looked after. marker: the entry "NAME=VALUE" that every process
// of the run has in its environment; folder: an absolute path that is removed, with all that is in
// it, if we die. Call it early: the process stays as small as the caller is now. w is zeroed, or
// that of a watchdog that was forgotten, whose tokens it takes over; on failure socket is -1.
int watchdog_start(struct watchdog *w, struct client *client, const char *marker,
		   const char *folder, struct err *err);
// Takes a token, like client_take: 1 and *byte, 0 if there is none yet (it is asked for, and the
// socket becomes readable when it has come), -1 if the watchdog has died.
int watchdog_take(struct watchdog *w, char *byte);
// No token is wanted any more. One may be on its way all the same.
void watchdog_cancel(struct watchdog *w);
// Gives one token back: 1; 0 if the watchdog has not heard yet what it was told before, which is to
// be tried again when the socket is writable; -1 if it has died.
int watchdog_give(struct watchdog *w, char byte);
// Has it, and each that follows it, hold a copy of the descriptor for as long as it lives or
// workers of ours do: what belongs to that is not free before these are gone.
void watchdog_keep(struct watchdog *w, int fd);
// Whether it has died, whatever was polled before: another one may have its descriptor by now.
bool watchdog_has_ended(const struct watchdog *w);
// Its end was seen: closes the socket. The shared memory stays. Writes to tokens, which has room
// for TOKENS_MAX, what it had of make's, and returns how many: granted or on their way in either
// direction.
size_t watchdog_forget(struct watchdog *w, char *tokens);
// Where the process group of the worker on that slot (below TOKENS_MAX) is to stand while there is
// one, 0 otherwise. No call tells the watchdog of it: it looks there when we are dead.
pid_t *watchdog_group(const struct watchdog *w, int slot);
// Everything was given to it and no worker is left, or it is to look for what is (distrust): ends
// the watchdog and waits until it has given all back to make. False if that takes too long, as the
// pipe is full: it goes on trying for some time. If there was one and it has ended, what it has
// left is in tokens and *n as from watchdog_forget: none, unless it was killed.
bool watchdog_close(struct watchdog *w, bool distrust, char *tokens, size_t *n);
// Lets it do its work as if we were dead, and waits for that, in no memory: the process ends next.
void watchdog_abandon(struct watchdog *w);
// Where there is no watchdog: ends the workers, as it would.
void watchdog_stand_in(const struct watchdog *w, const char *marker);

#endif
