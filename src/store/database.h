// SPDX-License-Identifier: MIT
// The open database, for the files of this layer alone.
#ifndef STORE_DATABASE_H
#define STORE_DATABASE_H

#include <sqlite3.h>

#include "base/map.h"
#include "store/store.h"

struct buf;
struct err;
struct past;
struct result;

enum statement {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_ADD_RUN,
	SQL_FINISH_RUN,
	SQL_FIND_FILE,
	SQL_ADD_FILE,
	SQL_UPDATE_FILE,
	SQL_ADD_RESULT,
	SQL_FIND_TEST,
	SQL_ADD_TEST,
	SQL_TAG_TEST,
	SQL_ADD_TEST_RESULT,
	SQL_ADD_FILE_ERROR,
	SQL_LOAD_PAST,
	SQL_LAST_RUNS,
	SQL_RESULTS,
	SQL_DROP_OUTPUTS,
	SQL_LAST_RUN,
	SQL_FIND_RUN,
	SQL_LOAD_RUN,
	SQL_COUNT_FILES,
	SQL_LOAD_RESULTS,
	SQL_LOAD_TESTS,
	SQL_LOAD_FILE_ERRORS,
	SQL_LATEST_INPUT,
	SQL_ADD_INPUT,
	SQL_RENEW_INPUT,
	SQL_PUT_SNAPSHOT,
	SQL_DROP_SNAPSHOT,
	SQL_LOAD_INPUTS,
	SQL_LOAD_INPUT,
	SQL_LOAD_SNAPSHOTS,
	SQL_LOAD_SNAPSHOT,
	SQL_PACKED_INPUTS,
	SQL_INPUT_IDS,
	SQL_DROP_INPUT,
	SQL_LOAD_PASSES,
	SQL_LOAD_RESULT,
	SQL_COUNT
};

// Between the parts of a list that is kept as one string: the unit separator.
#define SEPARATOR "\x1f"

struct store {
	sqlite3 *db;
	sqlite3_stmt *statements[SQL_COUNT]; // made when they are first used
	int wal_pages;                       // in the log after our last commit
	long batch;                          // counts the transactions that record results
	struct map inputs;                   // what is known of inputs, private to snapshot.c
};

// The statement, reset and ready for its bindings; NULL on failure.
sqlite3_stmt *database_statement(struct store *s, enum statement which);
// Steps a statement that returns no row. SQLITE_DONE, or the error's code.
int database_step(sqlite3_stmt *stmt);
// Moves the log into the database if it has more pages than that.
void database_move_log(struct store *s, int most_pages);
// What the row of SQL_LOAD_PAST and SQL_FIND_FILE says behind its first column.
void database_read_past(sqlite3_stmt *row, struct past *p);
// Records what a result depended on, if that was watched and it is a pass; forgets what it did
// before.
int database_record_inputs(struct store *s, const struct result *r, sqlite3_int64 file,
			   sqlite3_int64 result);
// Begin and end a transaction: store_status as store_record has it. end commits if code is
// SQLITE_DONE.
enum store_status database_begin(struct store *s, struct err *err);
enum store_status database_end(struct store *s, int code, struct err *err);
// Appends n ascending numbers as the differences between them, seven bits a byte, the lowest first.
void database_pack(struct buf *b, const int64_t *ids, size_t n);
// The opposite; *count is how many there are. The caller frees them.
int64_t *database_unpack(const void *data, size_t n, size_t *count);
// For qsort.
int database_compare_ids(const void *a, const void *b);
// Forgets versions of inputs that no snapshot has any more. SQLITE_DONE, or an error's code.
int database_sweep_inputs(struct store *s);
// What is known of inputs may not be stored after all.
void database_forget_inputs(struct store *s);
// Sets err from the database's own words; returns -1.
int database_error(struct store *s, struct err *err);

#endif
