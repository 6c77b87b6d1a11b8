// SPDX-License-Identifier: MIT
// The keeper: a tiny process of its own that takes tokens from make and holds them for us. Whatever
// becomes of us, SIGKILL included, it notices by the end of a socket, ends the workers we leave
// behind and gives back every token, byte for byte. It lives in a session of its own with all
// signals blocked, so that what is sent to our process group does not reach it.
#ifndef JOBSERVER_KEEPER_H
#define JOBSERVER_KEEPER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct client;
struct err;
struct keeper_shared;

struct keeper {
	int socket; // -1: there is none
	pid_t pid;
	struct keeper_shared *shared; // memory that is its own, too
	bool asked;                   // for a token that has not come yet
};

// Starts it. client: the opened jobserver, which the keeper uses from then on; NULL if there is
// none, and only workers are to be looked after. marker: the entry "NAME=VALUE" that every process
// of the run has in its environment; folder: an absolute path that is removed, with all that is in
// it, if we die. Call it early: the process stays as small as the caller is now. k is zeroed, or
// that of a keeper that was forgotten, whose tokens it takes over; on failure socket is -1.
int keeper_start(struct keeper *k, struct client *client, const char *marker, const char *folder,
		 struct err *err);
// Takes a token, like client_take: 1 and *byte, 0 if there is none yet (it is asked for, and the
// socket becomes readable when it has come), -1 if the keeper has died.
int keeper_take(struct keeper *k, char *byte);
// No token is wanted any more. One may be on its way all the same.
void keeper_cancel(struct keeper *k);
// Gives one token back: 1; 0 if the keeper has not heard yet what it was told before, which is to
// be tried again when the socket is writable; -1 if it has died.
int keeper_give(struct keeper *k, char byte);
// Whether it has died, whatever was polled before: another one may have its descriptor by now.
bool keeper_has_ended(const struct keeper *k);
// Its end was seen: closes the socket. The shared memory stays. Writes to tokens, which has room
// for TOKENS_MAX, what it had of make's, and returns how many: granted or on their way in either
// direction.
size_t keeper_forget(struct keeper *k, char *tokens);
// Where the process group of the worker on that slot (below TOKENS_MAX) is to stand while there is
// one, 0 otherwise. No call tells the keeper of it: it looks there when we are dead.
pid_t *keeper_group(const struct keeper *k, int slot);
// Everything was given to it and no worker is left, or it is to look for what is (distrust): ends
// the keeper and waits until it has given all back to make. False if that takes too long, as the
// pipe is full: it goes on trying for some time. If there was one and it has ended, what it has
// left is in tokens and *n as from keeper_forget: none, unless it was killed.
bool keeper_close(struct keeper *k, bool distrust, char *tokens, size_t *n);
// Lets it do its work as if we were dead, and waits for that, in no memory: the process ends next.
void keeper_abandon(struct keeper *k);
// Where there is no keeper: ends the workers, as it would.
void keeper_stand_in(const struct keeper *k, const char *marker);

#endif
