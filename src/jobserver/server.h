// SPDX-License-Identifier: MIT
// A jobserver for workers that run make or cargo themselves; its tokens are slots of our own pool,
// so their jobs and ours together never oversubscribe the machine. Slots are only lent while no
// file of ours waits for one.
//
// Each worker has a fifo of its own, so that its loan is known: when the worker ends, in whatever
// way, all of its tokens come back. At most one token lies in a fifo unused; inotify tells when it
// was taken or when one was given back: poll(2) does not.
#ifndef JOBSERVER_SERVER_H
#define JOBSERVER_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "sys/loop.h"

struct err;
struct tokens;

struct server {
	struct tokens *tokens;
	struct loop *loop;
	struct loop_watch watch; // of inotify; fd -1: nothing is lent
	bool lending;            // slots may be lent now
	void (*changed)(void *owner);
	void *owner;
	struct {
		struct loan **items;
		size_t n, cap;
	} loans;
};

// What is lent to one worker. The worker gets read_fd and write_fd, as file descriptors
// LOAN_READ_FD and LOAN_WRITE_FD; they may be closed here once it runs (loan_started).
struct loan {
	char *path;
	int fd; // ours, for reading and writing; -1: none
	int read_fd, write_fd;
	int wd;
	int out; // tokens that are in the fifo or in use
};

#define LOAN_READ_FD  4
#define LOAN_WRITE_FD 5

// changed is called when a token has come back, after which another slot may be free.
int server_open(struct server *s, struct tokens *tokens, struct loop *loop,
		void (*changed)(void *owner), void *owner, struct err *err);
void server_close(struct server *s);
// Whether slots may be lent: offers a free one to each worker whose fifo is empty, or takes back
// the unused ones.
void server_allow(struct server *s, bool lending);
// True if a slot would be lent if there were one.
bool server_wants(const struct server *s);

// Makes the fifo of one worker at path, which is copied. *loan is known to s until loan_close.
int loan_open(struct loan *loan, struct server *s, const char *path, struct err *err);
// The worker runs and has its file descriptors. Safe on a zeroed struct, like loan_close.
void loan_started(struct loan *loan);
// The worker has ended: everything that was lent to it is ours again.
void loan_close(struct loan *loan, struct server *s);

#endif
