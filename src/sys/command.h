// SPDX-License-Identifier: MIT
// Another program, run in our place and in our process group while we wait.
#ifndef SYS_COMMAND_H
#define SYS_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct buf;
struct err;
struct limits;
struct signals;

// Starts the program argv[0], found in PATH, with our environment and all files that are not
// close-on-exec. It gets SIGTERM when we die. Fails if it could not be started.
int command_start(char *const *argv, const struct signals *signals, pid_t *pid, struct err *err);
// Starts it, and waits for its end: *status is as waitpid(2) has it. Fatal signals meanwhile are
// passed on (from a terminal it has them twice), and the first of them is in *signo; 0: none. Fails
// if it could not be started.
int command_run(char *const *argv, struct signals *signals, int *status, int *signo,
		struct err *err);

// A program that is asked something.
struct question {
	char *const *argv; // argv[0] is its path; no search
	const char *input; // what it reads on standard input: no more than a pipe holds, 4096 bytes
	size_t input_bytes; // for sure
	const struct limits *limits;
	int64_t timeout_ns; // by the clock on the wall
	size_t most_bytes;  // of its answer, and of its errors
	struct buf *errors; // gets what it writes to standard error; NULL: answer does
};

// Runs it in a process group of its own, with our environment, appends what it writes to standard
// output to answer, and ends the whole group at its end. *status is as waitpid(2) has it. Fails if
// it could not be started, writes more or takes longer.
int command_ask(const struct question *q, struct buf *answer, int *status, struct err *err);

// The first line that a command of the shell prints, without its end; the caller frees it. NULL if
// it prints none or fails.
char *command_first_line(const char *command);

#endif
