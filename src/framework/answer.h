// SPDX-License-Identifier: MIT
// What a program in Lua answers that evaluates settings which are Lua themselves: behind what these
// have printed stands a mark, and then names and values, "end" the last of the names; "error" is
// that of what has gone wrong.
#ifndef FRAMEWORK_ANSWER_H
#define FRAMEWORK_ANSWER_H

#include <stddef.h>

struct err;

// Takes one pair; -1 fills err.
typedef int answer_take(void *owner, const char *name, const char *value, struct err *err);

// Has each pair of the n bytes of text taken, to the first that is not. Fails as well for an error
// that the program tells, and where the answer has no end, or no beginning.
int answer_read(const char *text, size_t n, answer_take *take, void *owner, struct err *err);

#endif
