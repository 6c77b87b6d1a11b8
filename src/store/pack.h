// SPDX-License-Identifier: MIT
// Figures as bytes of the database: numbers of seven bits a byte, the lowest first. What is packed
// here stands in databases of many years, so these shapes are never changed.
#ifndef STORE_PACK_H
#define STORE_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/series.h"

struct buf;
struct result;

// A place in packed bytes. Behind their end there are only zeros.
struct packed {
	const unsigned char *at, *end;
	bool torn; // there was a number without its end
};

struct numbers {
	int64_t *items;
	size_t n, cap;
};

// a + b, whatever they are.
int64_t pack_wrapping_sum(int64_t a, int64_t b);

void pack_number(struct buf *b, uint64_t n);
uint64_t packed_number(struct packed *p);
// A number that may be negative; small ones of either sign are short.
void pack_signed(struct buf *b, int64_t n);
int64_t packed_signed(struct packed *p);

// For qsort of numbers.
int pack_compare_ids(const void *a, const void *b);
// n ascending numbers as the differences between them.
void pack_ids(struct buf *b, const int64_t *ids, size_t n);
// *count is how many there are. The caller frees them. NULL: they are not what pack_ids has made.
int64_t *packed_ids(struct packed p, size_t *count);

void pack_series(struct buf *b, const struct sample *samples, size_t n);
// Adds to t what is packed, at its end. False: something in it cannot be, and nothing is added.
bool packed_series(struct packed p, struct series *t);

// How each test of a result ended and how long it took, to the microsecond.
void pack_outcomes(struct buf *b, const struct result *r);
// Sets that of the tests of r. False: something in it cannot be, or it is of more or fewer tests.
bool packed_outcomes(struct packed p, struct result *r);

#endif
