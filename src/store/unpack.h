// SPDX-License-Identifier: MIT
// Packed bytes as tables within SQL, so that a join can see what they hold:
//   numbers(bytes): number
//   samples(bytes): run, status, attempt, crowded, partial, wall, cpu, delay, peak, inputs
//   paths(bytes): path
// in the order in which they are packed, which is that of rowid. What is torn is SQLITE_CORRUPT.
// Whether bytes are what comes out when they are packed again:
//   whole_series(bytes)
//   whole_outcomes(bytes, tests): and of so many tests
//   whole_counts(shape, counts): of one source
#ifndef STORE_UNPACK_H
#define STORE_UNPACK_H

#include <stdbool.h>

#include <sqlite3.h>

#include "store/pack.h"

// A table-valued function. Each row is so many numbers; a text is two of them, where it begins in
// the bytes and its length, -1 for NULL.
struct shape {
	const char *name;
	const char *columns; // the last one is the text, if it has one
	int numbers;         // of columns
	bool has_text;
	const char *torn; // words for what cannot be
	// Adds the numbers of all rows. False: it is torn.
	bool (*unpack)(struct packed p, struct numbers *cells);
};

// SQLITE_OK, or an error's code. shape stays.
int unpack_add(sqlite3 *db, const struct shape *shape);
// All that are named above.
int unpack_add_all(sqlite3 *db);

#endif
