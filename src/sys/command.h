// SPDX-License-Identifier: MIT
// Another program, run in our place and in our process group while we wait.
#ifndef SYS_COMMAND_H
#define SYS_COMMAND_H

struct err;
struct signals;

// Runs the program argv[0], found in PATH, with our environment and all files that are not
// close-on-exec, and waits for its end: *status is as waitpid(2) has it. Fatal signals that we get
// meanwhile it gets too (from a terminal it has them twice), and the first of them is in *signo; 0:
// none. Fails if it could not be started.
int command_run(char *const *argv, struct signals *signals, int *status, int *signo,
		struct err *err);

// The first line that a command of the shell prints, without its end; the caller frees it. NULL if
// it prints none or fails.
char *command_first_line(const char *command);

#endif
