// SPDX-License-Identifier: MIT
// What a program in Lua answers that evaluates settings which are Lua themselves: behind what these
// have printed stands a mark, and then names and values, "end" the last of the names.
#ifndef FRAMEWORK_ANSWER_H
#define FRAMEWORK_ANSWER_H

#include <stddef.h>

struct answer {
	const char *rest, *end;
};

// Of the n bytes of text, which have to stay.
struct answer answer_begin(const char *text, size_t n);
// Fills *name and *value with the next pair, which point into the text. 1: there is one; 0: they
// have come to their end; -1: the answer ends in their midst, or never began.
int answer_next(struct answer *a, const char **name, const char **value);

#endif
