// SPDX-License-Identifier: MIT
// The trails of files: a cache of the figures of their results, which the rows of results tell as
// well while their runs are there. The latest stand in the row of the file, where a plan finds them
// at once; what is older is moved to chunks of its own.
#ifndef STORE_TRAIL_H
#define STORE_TRAIL_H

#include <stdint.h>

struct buf;
struct query;
struct store;
struct trail;

// The functions below return SQLITE_DONE, or an error's code.

// Adds to the trail what does not stand in the file's row, the oldest first.
int trail_load_chunks(struct store *s, int64_t file, struct trail *t);
// Adds what is packed in a column.
int trail_read(struct store *s, const struct query *q, int column, struct trail *t);
// Packs the part of a trail that is to stand in the row of the file; what is too much for it is
// written to chunks.
int trail_pack(struct store *s, int64_t file, const struct trail *t, struct buf *row);
// Writes the trails of files anew. The rows, sorted by file, are: file, run, status, attempt,
// crowded, partial, wall, cpu, delay, peak, inputs.
int trail_write_all(struct store *s, struct query *rows);
// Makes the trails of all files out of the rows of results; whether inputs had moved is not known
// of them then. Figures whose runs are gone are kept where they can be read.
int trail_rebuild_all(struct store *s);

#endif
