// SPDX-License-Identifier: MIT
// The right name for a mistyped one. Pure.
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include <stddef.h>

// How many letters have to be put in, left out, replaced, or swapped with their neighbour, to make
// the n bytes at word into name. Bytes, not characters.
size_t nearest_distance(const char *word, size_t n, const char *name);

// A search: begin with {.word, .n}, offer each name, read best.
struct nearest {
	const char *word; // as it was typed
	size_t n;         // its length in bytes
	const char *best; // the nearest name so far that is near enough to be meant, or NULL
	size_t distance;  // of best
};

// A name is meant where at most one letter in three is wrong. Of two as near, the first one stays.
// best points to the name that was offered.
void nearest_offer(struct nearest *s, const char *name);

#endif
