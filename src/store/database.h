// SPDX-License-Identifier: MIT
// The open database, for the files of this layer alone.
#ifndef STORE_DATABASE_H
#define STORE_DATABASE_H

#include <sqlite3.h>

#include "base/map.h"
#include "store/pack.h"
#include "store/store.h"

struct err;
struct result;
struct run;

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
	SQL_LOAD_TEST,
	SQL_FIND_ROSTER,
	SQL_ADD_ROSTER,
	SQL_LOAD_ROSTER,
	SQL_ADD_FAILURE,
	SQL_LOAD_FAILURES,
	SQL_ADD_FILE_ERROR,
	SQL_LOAD_FILE_ERRORS,
	SQL_ADD_CHUNK,
	SQL_LOAD_PAST,
	SQL_LOAD_READINGS,
	SQL_NOTE_READING,
	SQL_RUNS,
	SQL_FILES,
	SQL_CHUNKS,
	SQL_TESTS,
	SQL_TESTS_OF_FILE,
	SQL_ENDINGS,
	SQL_RESULTS_OF_FILE,
	SQL_DROP_OUTPUTS,
	SQL_LAST_RUN,
	SQL_FIND_RUN,
	SQL_LOAD_RUN,
	SQL_COUNT_FILES,
	SQL_LOAD_RESULTS,
	SQL_LATEST_INPUT,
	SQL_ADD_INPUT,
	SQL_RENEW_INPUT,
	SQL_PUT_SNAPSHOT,
	SQL_RETIRE_SNAPSHOT,
	SQL_OLD_INPUTS,
	SQL_LOAD_INPUTS,
	SQL_LOAD_INPUT,
	SQL_LOAD_SNAPSHOTS,
	SQL_LOAD_SNAPSHOT,
	SQL_PACKED_INPUTS,
	SQL_INPUT_IDS,
	SQL_DROP_INPUT,
	SQL_LOAD_PASSES,
	SQL_LOAD_RESULT,
	SQL_OLD_RUNS,
	SQL_RUN_IDS,
	SQL_REUSED,
	SQL_STANDING_RESULTS,
	SQL_RESULT_IDS,
	SQL_DETACH_RESULT,
	SQL_DROP_RESULT,
	SQL_DROP_FAILURES,
	SQL_DROP_FILE_ERRORS,
	SQL_DROP_RUN,
	SQL_FORGET_RESULTS,
	SQL_FILE_IDS,
	SQL_FIRST_CHUNK,
	SQL_DROP_CHUNK,
	SQL_FORGOTTEN_FILES,
	SQL_DROP_CHUNKS,
	SQL_DROP_SNAPSHOT,
	SQL_DROP_FILE,
	SQL_DROP_ROSTERS,
	SQL_ROSTER_IDS,
	SQL_TEST_IDS,
	SQL_DROP_TEST,
	SQL_DATABASE_SIZE,
	SQL_RUNS_BY_TIME,
	SQL_RUN_NAMES,
	SQL_COPY_RUNS,
	SQL_IMPORT_RUN,
	SQL_COMPLETE_RUN,
	SQL_SET_REUSED,
	SQL_COPY_RESULTS,
	SQL_COPY_RESULT,
	SQL_FIND_RESULT,
	SQL_COPY_TESTS,
	SQL_COPY_ROSTERS,
	SQL_BEAR_TEST,
	SQL_COPY_FILES,
	SQL_COPY_FILE,
	SQL_BEAR_FILE,
	SQL_DROP_MOST_OUTPUTS,
	SQL_COUNT
};

// What load.c reads of a result.
#define RESULT_COLUMNS(X)                                                                          \
	X(ID, "r.id")                                                                              \
	X(PATH, "f.path")                                                                          \
	X(ATTEMPT, "r.attempt")                                                                    \
	X(STARTED, "r.started")                                                                    \
	X(OFFSET, "r.offset")                                                                      \
	X(WALL, "r.wall")                                                                          \
	X(USER, "r.user")                                                                          \
	X(SYS, "r.sys")                                                                            \
	X(DELAY, "r.delay")                                                                        \
	X(MAXRSS, "r.maxrss")                                                                      \
	X(STATUS, "r.status")                                                                      \
	X(EXIT, "r.exit")                                                                          \
	X(SIGNAL, "r.signal")                                                                      \
	X(SLOT, "r.slot")                                                                          \
	X(LEAKED, "r.leaked")                                                                      \
	X(FRAMEWORK, "r.framework")                                                                \
	X(CROWDED, "r.crowded")                                                                    \
	X(PARTIAL, "r.partial")                                                                    \
	X(HAS_TESTS, "r.has_tests")                                                                \
	X(EXPECTED, "r.expected")                                                                  \
	X(OUTPUT_TOTAL, "r.output_total")                                                          \
	X(REASON, "r.reason")                                                                      \
	X(SEED, "r.seed")                                                                          \
	X(OUTPUT, "r.output")                                                                      \
	X(ROSTER, "r.roster")                                                                      \
	X(ENDINGS, "r.endings")                                                                    \
	X(WRITTEN, "(SELECT written FROM snapshot w WHERE w.file = r.file AND w.result = r.id)")

#define AS_COLUMN(name, sql) COLUMN_##name,
enum result_column { RESULT_COLUMNS(AS_COLUMN) };
#undef AS_COLUMN

struct store {
	sqlite3 *db;
	sqlite3_stmt *statements[SQL_COUNT]; // made when they are first used
	int wal_pages;                       // in the log after our last commit
	long batch;                          // counts the transactions that record results
	struct map inputs;                   // what is known of inputs, private to snapshot.c
};

struct numbers {
	int64_t *items;
	size_t n, cap;
};

// Opens and checks; *code is sqlite's code where it failed.
struct store *database_open(const char *path, enum store_mode mode, int *code, struct err *err);
// The statement, reset and ready for its bindings; NULL on failure.
sqlite3_stmt *database_statement(struct store *s, enum statement which);
// A statement for what is asked once; the caller finalizes it. NULL on failure.
sqlite3_stmt *database_prepare(struct store *s, const char *text);
// Finalizes all statements: the tables are about to change.
void database_forget_statements(struct store *s);
// Steps a statement that returns no row. SQLITE_DONE, or the error's code.
int database_step(sqlite3_stmt *stmt);
// Adds the first column of all rows. SQLITE_DONE, or an error's code, also where q is NULL.
int database_list(sqlite3_stmt *q, struct numbers *list);
// Sorts them for database_has.
void database_sort(struct numbers *list);
bool database_has(const struct numbers *list, int64_t number);
// Steps a statement with one number as its only parameter. As database_step.
int database_do(struct store *s, enum statement which, int64_t number);
// For what touches much of the database at the wish of a person: more memory, and waiting for other
// processes.
void database_take_time(struct store *s);
int64_t database_bytes(struct store *s);
// Moves the log into the database if it has more pages than that.
void database_move_log(struct store *s, int most_pages);
// A text column as a string of its own, or NULL where it is NULL; the caller frees it.
char *database_text(sqlite3_stmt *q, int column);
// The bytes of a column; valid until the statement is stepped or reset.
struct packed database_packed(sqlite3_stmt *q, int column);
// A number, or that where the column is NULL.
int64_t database_number(sqlite3_stmt *q, int column, int64_t otherwise);
// Binds s, which stays until the statement has been stepped; NULL is NULL.
void database_bind_string(sqlite3_stmt *q, int column, const char *s);

// Where a result belongs.
struct home {
	sqlite3_int64 run, file;
};

// The functions below return SQLITE_DONE, or an error's code.

// Finds or makes the row of the result's file, *id, and tells it of the result.
int database_put_file(struct store *s, const struct run *run, const struct result *r,
		      sqlite3_int64 *id);
// Reads columns 1 to 5 of a row of SQL_LOAD_PAST; adds to the trail that p has.
void database_read_past(sqlite3_stmt *row, struct past *p);
// Remembers which framework the file of a result turned out to be of.
int database_note_reading(struct store *s, sqlite3_int64 file, const struct result *r);
// Tells these files (path -> struct past *) so.
int database_load_readings(struct store *s, const struct map *past);
// Adds to the trail what does not stand in the file's row, the oldest first.
int database_load_chunks(struct store *s, int64_t file, struct trail *t);
// Writes what is known of a file into its row; what is too much for it into chunks.
int database_write_past(struct store *s, sqlite3_int64 file, const struct past *p);
// Finds or makes the rows of the result's tests, and the roster that lists them.
int database_put_tests(struct store *s, const struct home *home, const struct result *r,
		       sqlite3_int64 *roster);
// The same with a roster of another store: map(&test, arg) makes a number of that one of ours.
int database_copy_roster(struct store *s, const struct home *home, struct packed other,
			 int (*map)(int64_t *test, void *arg), void *arg, sqlite3_int64 *roster);
// The last of that: tests are the numbers of their rows, in order.
int database_put_roster(struct store *s, const struct home *home, const int64_t *tests,
			const struct result *r, sqlite3_int64 *roster);
// Adds the tests of a roster to a list: the number of the row of each.
int database_load_roster(struct store *s, sqlite3_int64 roster, struct numbers *tests);
// Adds the tests of a roster to r, which has none, with their endings.
int database_load_tests(struct store *s, sqlite3_int64 roster, struct packed endings,
			struct result *r);
// The messages and tracebacks of the tests, and the errors outside of them.
int database_put_words(struct store *s, sqlite3_int64 result, const struct result *r);
int database_load_words(struct store *s, sqlite3_int64 result, struct result *r);
// Whether the inputs of the last pass are what they were at the file's latest result, for which
// *state stands; from now on it stands for r. To be called before the inputs of r are recorded.
int database_judge_inputs(struct store *s, const struct result *r, sqlite3_int64 file,
			  int64_t *state, enum inputs_state *inputs);
// Records what a result depended on, if that was watched and it is a pass; else what the last pass
// depended on is no reason any more not to run the file.
int database_record_inputs(struct store *s, const struct result *r, sqlite3_int64 file,
			   sqlite3_int64 result);
// Begin and end a transaction: store_status as store_record has it. end commits if code is
// SQLITE_DONE.
enum store_status database_begin(struct store *s, struct err *err);
enum store_status database_end(struct store *s, int code, struct err *err);
// For qsort.
int database_compare_ids(const void *a, const void *b);
// Removes the runs beyond the bound that every history has, a few of them at a time.
int database_keep_bound(struct store *s);
// Forgets what no result names any more: rosters, tests, files, versions of inputs.
int database_sweep(struct store *s);
// Forgets versions of inputs that no snapshot has any more. SQLITE_DONE, or an error's code.
int database_sweep_inputs(struct store *s);
// What is known of inputs may not be stored after all.
void database_forget_inputs(struct store *s);
// Sets err from the database's own words; returns -1.
int database_error(struct store *s, struct err *err);

#endif
