// SPDX-License-Identifier: MIT
// The tables of the present format. What older ones had is in upgrade.c.
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include <stddef.h>

struct err;
struct store;

// The format that this program writes.
#define SCHEMA_FORMAT 14
// What application_id says in our databases: "Fjob".
#define SCHEMA_MARK 0x466a6f62

// All columns of a result but its number, as they stand in the table, and what each may be
// (store/range.h). KEY: those that name another row.
#define RESULT_COLUMNS(X, KEY)                                                                     \
	KEY(run, "I")                                                                              \
	KEY(file, "I")                                                                             \
	X(attempt, "R")                                                                            \
	X(started, "T")                                                                            \
	X(wall, "Y")                                                                               \
	X(user, "Y")                                                                               \
	X(sys, "Y")                                                                                \
	X(maxrss, "Z")                                                                             \
	X(status, "S")                                                                             \
	X(reason, "c")                                                                             \
	X(exit, "x")                                                                               \
	X(signal, "g")                                                                             \
	X(slot, "o")                                                                               \
	X(leaked, "f")                                                                             \
	X(tests, "n")                                                                              \
	X(failed, "n")                                                                             \
	X(output, "b")                                                                             \
	X(offset, "y")                                                                             \
	X(framework, "w")                                                                          \
	X(crowded, "f")                                                                            \
	X(partial, "f")                                                                            \
	X(has_tests, "f")                                                                          \
	X(expected, "n")                                                                           \
	X(seed, "c")                                                                               \
	X(output_total, "z")                                                                       \
	KEY(roster, "i")                                                                           \
	X(endings, "b")                                                                            \
	X(delay, "d")                                                                              \
	X(learned, "c")                                                                            \
	X(quarantine, "c")                                                                         \
	X(forgiven, "f")                                                                           \
	X(counted, "l")

// All columns of a run but its number.
#define RUN_COLUMNS                                                                                \
	"name, started, elapsed, jobs, peak, files, bad, tests, failed, lower_bound, bound, "      \
	"seed, signal, repeated, flaky_fails, version, revision, stopped, lua, waits"

// Those of a setup or a teardown but for its run and its place, and what each may be.
#define FIXTURE_COLUMNS "name, tears_down, failed, reason, output, started, wall"
#define FIXTURE_LETTERS "CFFcbTY"

// Every table with its columns, in their order, and what they may hold; the list ends in NULL.
extern const struct schema_table {
	const char *name, *columns, *letters;
	const char *rows; // the statement that gives all of it
} schema_tables[];

// Makes the tables where there are none, and brings older ones up to date. SQLITE_OK, or an error's
// code.
int schema_make(struct store *s, struct err *err);

#endif
