// SPDX-License-Identifier: MIT
// Care of the store: what is too old goes, copies of it are made and joined, and it is looked
// whether it is sound.
#ifndef STORE_MAINTENANCE_H
#define STORE_MAINTENANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct store;

// So many runs stay where nobody says otherwise.
#define STORE_KEPT_RUNS 2000

// Which runs stay. A run that has no end yet, and a result of the last day, stays in any case: it
// may be going on.
struct store_bound {
	int64_t runs;      // so many, the latest ones; -1: any number of them
	int64_t before_ns; // none that began before that, real clock; 0: however old
};

struct pruned {
	long runs, results;
	int64_t bytes_before, bytes_after; // of the database
	struct err space; // why its file is still as large as it was; no message: it is not
};

// Removes the other runs with all that only they needed. What is still needed stays: the last pass
// of each file, the results that a run that stays has taken over, and the latest figures of each
// file, from which its time is expected. Waits a few seconds for other processes.
int store_prune(struct store *s, const struct store_bound *bound, struct pruned *out,
		struct err *err);

// Opens a private copy, brought up to date, of the history in the file path, which is only read:
// nothing is written to it or left beside it, and runs may go on. *format, which may be NULL, is
// set to the version of the file. NULL if that is no history or cannot be read; err->errnum is
// ENOENT if there is no file, STORE_FOREIGN, or STORE_DAMAGED, where the message only says how.
struct store *copy_open(const char *path, int *format, struct err *err);
// Writes the whole history, as it is at one moment, to the file path. What is there already is
// replaced if it is a history that nobody uses. *bytes is the size of the file.
int copy_export(struct store *s, const char *path, int64_t *bytes, struct err *err);

// What came of one store.
struct imported {
	long runs, results; // that are new, or complete now
	long known;         // runs that were there already
	bool refused;       // it is to blame where nothing was imported
};

// Takes over the runs of n other stores that s does not have, in one transaction; a run that has no
// end in s and one in the other is completed. What files depend on is not taken over: that is
// learned where they run. Waits a few seconds for other processes. out has room for n.
int store_import(struct store *s, struct store *const *others, size_t n, struct imported *out,
		 struct err *err);

// What a store holds.
struct store_facts {
	int64_t runs, files, results, tests;
	int64_t first_ns, last_ns; // when the first and the last run began; 0: there is none
	int64_t bytes;
	struct {
		char **items; // owned
		size_t n, cap;
	} problems; // in words; none if it is sound
};

// Looks at all of it. The caller releases facts, which is empty before.
void store_check(struct store *s, struct store_facts *facts);
// Makes what is derived of rows anew: the series of files; and forgets coverage that is torn. 0, or
// -1 and err.
int check_repair(struct store *s, struct err *err);
void check_facts_release(struct store_facts *facts);

#endif
