// SPDX-License-Identifier: MIT
// The state of an import, for the files of it alone: taking over the runs of another store. The
// numbers of its rows are not ours: a run is known by its name, a file by its path, a test by its
// name, a result by its run, file, attempt and time.
#ifndef STORE_MERGE_H
#define STORE_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/care.h"
#include "store/database.h"

// What is done with a run of theirs.
enum fate { KNOWN, NEW, COMPLETED };

struct pair {
	int64_t theirs, ours;
	enum fate fate; // of a run
	bool later;     // of a file: their latest result of it is after our latest
};

struct pairs {
	struct pair *items; // by theirs
	size_t n, cap;
};

// How late each of our runs began among all of them.
struct rank {
	int64_t run, rank;
};

struct ranks {
	struct rank *items; // by run
	size_t n, cap;
};

struct merge {
	struct store *ours, *theirs;
	struct pairs runs, files, rosters, tests, results;
	struct ranks ranks;
	struct imported *out;
};

// The pair of a number of theirs, or NULL.
struct pair *merge_find(const struct pairs *p, int64_t theirs);
// Our number of a run of theirs; 0: it is gone there.
int64_t merge_run(const struct merge *m, int64_t theirs);
// How late one of our runs began among all of them; -1 if it is gone: it was before all others.
int64_t merge_rank(const struct merge *m, int64_t run);
// Of two of our runs that have found something, the earlier one.
int64_t merge_earlier(const struct merge *m, int64_t a, int64_t b);
// Binds n columns of a row, from that one on, as parameters 1 to n.
void merge_copy_columns(sqlite3_stmt *row, int from, int n, sqlite3_stmt *into);
// Steps a statement of ours with two numbers.
int merge_set_born(struct merge *m, enum statement which, int64_t id, int64_t run);

// The functions below return SQLITE_DONE, or an error's code.

// Takes over files and tests, and the results of the runs that are new or completed.
int merge_results(struct merge *m);
// What the new and completed runs have taken over from others, in our numbers.
int merge_reused(struct merge *m);
// What is known of each file of both: its trail is that of both, in the order of time.
int merge_trails(struct merge *m);

#endif
