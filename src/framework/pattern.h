// SPDX-License-Identifier: MIT
// Lua's patterns, as its manual has them in "Patterns". Lua itself is only ever run, never linked.
#ifndef FRAMEWORK_PATTERN_H
#define FRAMEWORK_PATTERN_H

struct err;

// Fails and says why if the pattern is none that Lua takes.
int pattern_check(const char *pattern, struct err *err);
// 1 if the text has the pattern, as string.find has it, 0 if not. -1, without an answer, if finding
// out takes out of all proportion long. The pattern is one that pattern_check has passed.
int pattern_find(const char *pattern, const char *text);

#endif
