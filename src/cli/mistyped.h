// SPDX-License-Identifier: MIT
// What is said of an option that is mistyped, and which one may be meant.
#ifndef CLI_MISTYPED_H
#define CLI_MISTYPED_H

struct err;

// The message of the word that getopt_long, from the words, has just given code for: ':' where a
// value is missing, else '?'. Returns -1.
int mistyped_refuse(int code, char **words, struct err *err);

#endif
