// SPDX-License-Identifier: MIT
// What the values of the database may be. Each kind has a letter, and a statement says with one
// letter a column what its rows hold. Whatever else a row has is damage: it never gets to where it
// would be an enum, an index, a size or a time.
#ifndef STORE_RANGE_H
#define STORE_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

// The letters of numbers are those of range.c. Besides: 'c' text without a NUL, 'b' bytes, 'h' a
// digest. A capital letter: it is never NULL.

extern const struct range {
	int64_t least, most;
} ranges['z' - 'a' + 1];

static inline bool range_holds(char letter, int64_t number)
{
	return number >= ranges[letter - 'a'].least && number <= ranges[letter - 'a'].most;
}

// The number of that range that is nearest.
static inline int64_t range_nearest(char letter, int64_t number)
{
	int64_t least = ranges[letter - 'a'].least, most = ranges[letter - 'a'].most;

	return number < least ? least : number > most ? most : number;
}

// Whether all columns of the row at hand, as many as there are letters, are what they may be.
bool range_holds_row(sqlite3_stmt *row, const char *letters);

#endif
