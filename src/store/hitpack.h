// SPDX-License-Identifier: MIT
// What was counted of a source as bytes of the database: its shape, which many results share, and
// the counts of one of them. Shapes of bytes are never changed, as in store/pack.h.
#ifndef STORE_HITPACK_H
#define STORE_HITPACK_H

#include <stdbool.h>
#include <stdint.h>

#include "store/pack.h"

struct hits_file;

// How many lines it has, which of them have code, and which functions there are.
void hitpack_shape(struct buf *b, const struct hits_file *f);
// Adds that to what is known of f; *lines is how many it has. False: something in it cannot be.
bool hitpack_read_shape(struct packed p, struct hits_file *f, uint32_t *lines);
// How often lines ran and functions were called, of those that did.
void hitpack_counts(struct buf *b, const struct hits_file *f);
// Adds that of a source of so many lines to f, which has as many at least. False: something in it
// cannot be.
bool hitpack_read_counts(struct packed p, struct hits_file *f, uint32_t lines);

#endif
