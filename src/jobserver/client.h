// SPDX-License-Identifier: MIT
// One end of a jobserver that somebody else (GNU make) serves: bytes are taken and given back.
// Protocol: "POSIX Jobserver" of the GNU make manual. What is not surely make's pipe is never read.
#ifndef JOBSERVER_CLIENT_H
#define JOBSERVER_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct err;
struct makeflags;

// The most tokens that one process holds.
#define TOKENS_MAX 4096

struct client {
	int poll_fd;      // readable when a token may be there
	int read_fd;      // where a token is read
	int write_fd;     // where it goes back
	int own_write_fd; // owned, or -1: the write end that we opened ourselves
	int own_fd;       // owned, or -1: the read end that we opened ourselves
	enum { READ_NONBLOCK, READ_NOWAIT, READ_HELPER } how;
	pid_t helper; // READ_HELPER: the process that blocks in read(2) for us
	bool asked;   // it has been asked for a token
};

// How long a full pipe may keep us from giving a token back when a run ends, in nanoseconds.
#define CLIENT_PATIENCE_NS (2 * INT64_C(1000000000))

// Where make was started with a closed standard file descriptor, its pipe stands there: moves it,
// so that nothing of ours is written into it. /dev/null takes its place; a standard output stays
// one that cannot be written. Call it before anything is written or opened. m follows the move.
void client_clear_standard_fds(struct makeflags *m);
// Opens the jobserver that m names (AUTH_FDS or AUTH_FIFO). On failure nothing was read or written
// and err says why it is not usable.
int client_open(struct client *c, const struct makeflags *m, struct err *err);
// Takes one token into *byte: 1; 0 if there is none at the moment; -1 if the server is gone.
// Never blocks. May change poll_fd.
int client_take(struct client *c, char *byte);
// Gives back a token: the very byte that was taken. False if the pipe is full at the moment (pipes
// fill by the page: to take a byte need not make room for one); write_fd tells when it is not.
// Never blocks.
bool client_give(struct client *c, char byte);
// The same, and waits for room until then (clock_mono_ns).
bool client_give_until(struct client *c, char byte, int64_t until_ns);
// Closes what client_open opened. The caller has given back its tokens before.
void client_close(struct client *c);

#endif
