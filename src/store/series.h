// SPDX-License-Identifier: MIT
// The series of files: a cache of the figures of their results, which the rows of results tell as
// well while their runs are there. The latest stand in the row of the file, where a plan finds them
// at once; what is older is moved to chunks of its own.
#ifndef STORE_SERIES_H
#define STORE_SERIES_H

#include <stdint.h>

struct buf;
struct query;
struct store;
struct series;

// The functions below return SQLITE_DONE, or an error's code.

// Adds to the series what does not stand in the file's row, the oldest first.
int series_load_chunks(struct store *s, int64_t file, struct series *t);
// Adds what is packed in a column.
int series_read(struct store *s, const struct query *q, int column, struct series *t);
// Packs the part of a series that is to stand in the row of the file; what is too much for it is
// written to chunks.
int series_pack(struct store *s, int64_t file, const struct series *t, struct buf *row);
// Writes the series of files anew. The rows, sorted by file, are: file, run, status, attempt,
// crowded, partial, wall, cpu, delay, peak, inputs.
int series_write_all(struct store *s, struct query *rows);
// Makes the series of all files out of the rows of results. What these do not tell is kept where it
// can be read: whether inputs had moved, and the figures whose runs are gone.
int series_rebuild_all(struct store *s);

#endif
