// SPDX-License-Identifier: MIT
// The table of options: the parser, --help, completion and the schema of firmo-jobs.json are made
// of it.
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdio.h>

struct option_row;

void options_help(FILE *out);
// Those of --print-completion, ended by NULL.
extern const char *const completion_shells[];
// What --print-schema takes.
extern const char *const print_schema_names[];
// The table, with its n rows.
const struct option_row *options_rows(size_t *n);
// The row behind that one, in the order of --help, then what is no option but a setting all the
// same; NULL: the first one, and behind the last.
const struct option_row *options_next(const struct option_row *row);
// The one of that name, or NULL; a list answers to its plural as well.
const struct option_row *options_find(const char *name);

#endif
