// SPDX-License-Identifier: MIT
// The command line: one table of options gives the parser and --help.
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdio.h>

#include "cli/settings.h"

struct err;
struct option_row;

// Reads the project's settings, FIRMO_JOBS_FLAGS and argv. On failure err says what is wrong and
// what would be right.
// o points into argv and the environment until options_release.
int options_parse(struct settings *o, int argc, char **argv, struct err *err);
// Has all that is said in o hold in it, and settles what excludes each other.
int options_take(struct settings *o, struct err *err);
void options_release(struct settings *o);
void options_help(FILE *out);
// Those of --print-completion, ended by NULL.
extern const char *const completion_shells[];
// The table, with its n rows.
const struct option_row *options_rows(size_t *n);
// The row behind that one, in the order of --help, then what is no option but a setting all the
// same; NULL: the first one, and behind the last.
const struct option_row *options_next(const struct option_row *row);
// The one of that name, or NULL; a list answers to its plural as well.
const struct option_row *options_find(const char *name);

#endif
