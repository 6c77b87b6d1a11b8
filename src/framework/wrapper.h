// SPDX-License-Identifier: MIT
// --wrap: a command that is put in front of the command of each worker, such as valgrind, strace -f
// or timeout 5. It starts the worker as it likes: in its own place, or as a child.
#ifndef FRAMEWORK_WRAPPER_H
#define FRAMEWORK_WRAPPER_H

struct command;
struct err;

struct wrapper {
	char **words;  // as they were given; NULL: there is none; owned
	char *program; // the path of the first; owned
};

// Splits the text into words and finds the program in PATH (path_list). Without a word there is no
// wrapper.
int wrapper_init(struct wrapper *w, const char *text, const char *path_list, struct err *err);
void wrapper_release(struct wrapper *w);
// Has cmd, which is its own, run below the wrapper.
void wrapper_apply(const struct wrapper *w, struct command *cmd);

#endif
