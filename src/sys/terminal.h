// SPDX-License-Identifier: MIT
// The terminal that we were started in, lent to one process group after another: keys and Ctrl-C go
// to that one meanwhile.
#ifndef SYS_TERMINAL_H
#define SYS_TERMINAL_H

#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

struct terminal {
	int fd;               // one of the standard ones; -1: none of them is a terminal
	struct termios modes; // as they were at first
	bool is_lent;
};

void terminal_open(struct terminal *t);
// Lends it to the group, if it is ours: not where we run in the background.
void terminal_lend(struct terminal *t, pid_t group);
// In a child between fork and exec, whose group has the number of its pid: the same.
void terminal_seize(int fd);
// It was lent by terminal_seize.
void terminal_note(struct terminal *t);
// Takes it back from whoever has it, and puts its modes back as they were. Nothing, if it is not
// lent.
void terminal_take_back(struct terminal *t);
// A terminal of its own for one process, as wide as the one that our standard output is: the fd to
// read from, and that to write to, both close-on-exec. What is written comes unchanged. -1 and
// errno on failure.
int terminal_make(int *write_fd);
// Gives it the size that ours has by now.
void terminal_resize(int fd);

#endif
