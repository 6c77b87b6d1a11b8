// SPDX-License-Identifier: MIT
// The rows of files.
#ifndef STORE_FILE_H
#define STORE_FILE_H

#include <stdint.h>

struct past;
struct query;
struct result;
struct run;
struct store;

// In the column reading: the head of the file is bare as long as it is what its snapshot says.
#define FILE_HAS_BARE_HEAD 1024

// The functions below return SQLITE_DONE, or an error's code.

// Finds or makes the row of the result's file, *id, and tells it of the result.
int file_put(struct store *s, const struct run *run, const struct result *r, int64_t *id);
// Reads columns 1 to 5 of a row: status, ended, tests, state, series; adds to the series that p
// has.
int file_read_past(struct store *s, const struct query *q, struct past *p);

#endif
