// SPDX-License-Identifier: MIT
// The table of options: the parser, --help=all, completion and the schema of firmo-jobs.json are
// made of it.
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdio.h>

struct option_row;

// The whole table.
void options_help(FILE *out);
// What --help takes, ended by NULL.
extern const char *const help_extents[];
// Those of --print-completion, ended by NULL.
extern const char *const completion_shells[];
// What --print-schema takes.
extern const char *const print_schema_names[];
// The table, with its n rows.
const struct option_row *options_rows(size_t *n);
// The row behind that one, in the order of --help=all, then what is no option but a setting all the
// same; NULL: the first one, and behind the last.
const struct option_row *options_next(const struct option_row *row);
// The one of that name, or NULL; a list answers to its plural as well.
const struct option_row *options_find(const char *name);

#endif
