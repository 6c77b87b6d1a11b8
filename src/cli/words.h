// SPDX-License-Identifier: MIT
// The words of a command line, and of FIRMO_JOBS_FLAGS: what they say of the settings.
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

struct err;
struct settings;

// Adds what the variable says to what has been said in o; program is the name that getopt begins
// with. The words lie in o->flags.
int words_read_flags(struct settings *o, char *program, struct err *err);
// The same of argv, whose array is not changed: o->words holds a copy, and o->extra those for the
// workers. Paths are added to o->plan.paths.
int words_read(struct settings *o, int argc, char **argv, struct err *err);
// The words as they were typed, without those that belong to the one call, and with --failed behind
// the other options; the caller frees it.
char *words_again(int argc, char **argv);

#endif
