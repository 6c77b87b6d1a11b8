// SPDX-License-Identifier: MIT
// Settings that are a program in Lua, evaluated in a process of its own with limits.
#ifndef CLI_EVALUATION_H
#define CLI_EVALUATION_H

#include <stdbool.h>

struct buf;
struct embedded;
struct err;

struct evaluation {
	const char *lua; // the interpreter; NULL: the one that is taken where none is asked for
	const struct embedded *code;  // what evaluates, see framework/answer.h
	const char *const *arguments; // of that, ended by NULL
	bool is_work;                 // it takes more than settings do
};

// Appends what it answers. What it writes to standard error goes to ours. Fails if it cannot be run
// or comes to no end.
int evaluation_run(const struct evaluation *e, struct buf *answer, struct err *err);

#endif
