// SPDX-License-Identifier: MIT
// The open database, for the files of this layer alone.
#ifndef STORE_DATABASE_H
#define STORE_DATABASE_H

#include <sys/types.h>

#include <sqlite3.h>

#include "base/buf.h"
#include "base/map.h"
#include "store/pack.h"
#include "store/store.h"

struct buf;
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
	SQL_LOAD_PAST_OF,
	SQL_LOAD_READINGS,
	SQL_LOAD_READING_OF,
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
	SQL_BEGIN_READING,
	SQL_LAST_INPUTS,
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
	SQL_LOAD_WRITTEN,
	SQL_INPUTS_NAMED,
	SQL_LOAD_READERS,
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

// What load.c reads of a result, and what that may be: store/range.h.
#define RESULT_COLUMNS(X)                                                                          \
	X(ID, "r.id", "I")                                                                         \
	X(PATH, "f.path", "C")                                                                     \
	X(ATTEMPT, "r.attempt", "R")                                                               \
	X(STARTED, "r.started", "T")                                                               \
	X(OFFSET, "r.offset", "y")                                                                 \
	X(WALL, "r.wall", "Y")                                                                     \
	X(USER, "r.user", "Y")                                                                     \
	X(SYS, "r.sys", "Y")                                                                       \
	X(DELAY, "r.delay", "d")                                                                   \
	X(MAXRSS, "r.maxrss", "Z")                                                                 \
	X(STATUS, "r.status", "S")                                                                 \
	X(EXIT, "r.exit", "x")                                                                     \
	X(SIGNAL, "r.signal", "g")                                                                 \
	X(SLOT, "r.slot", "o")                                                                     \
	X(LEAKED, "r.leaked", "f")                                                                 \
	X(FRAMEWORK, "r.framework", "w")                                                           \
	X(CROWDED, "r.crowded", "f")                                                               \
	X(PARTIAL, "r.partial", "f")                                                               \
	X(HAS_TESTS, "r.has_tests", "f")                                                           \
	X(EXPECTED, "r.expected", "n")                                                             \
	X(OUTPUT_TOTAL, "r.output_total", "z")                                                     \
	X(REASON, "r.reason", "c")                                                                 \
	X(SEED, "r.seed", "c")                                                                     \
	X(LEARNED, "r.learned", "c")                                                               \
	X(OUTPUT, "r.output", "b")                                                                 \
	X(ROSTER, "r.roster", "i")                                                                 \
	X(ENDINGS, "r.endings", "b")                                                               \
	X(WRITTEN, "(SELECT written FROM snapshot w WHERE w.file = r.file AND w.result = r.id)",   \
	  "b")

#define AS_COLUMN(name, sql, letter) COLUMN_##name,
enum result_column { RESULT_COLUMNS(AS_COLUMN) };
#undef AS_COLUMN

struct store {
	sqlite3 *db;
	char *path; // owned
	enum store_mode mode;
	dev_t device; // of its file, as the number is; 0: unknown
	ino_t inode;
	int64_t steps;           // of sqlite, since a statement was begun
	int64_t rows[SQL_COUNT]; // since it was begun
	char damage[128];        // what of it cannot be, in words; "": nothing was found
	bool gone;               // its file is not there any more
	sqlite3_stmt *statements[SQL_COUNT]; // made when they are first used
	int wal_pages;                       // in the log after our last commit
	struct map inputs, versions;         // what is known of inputs, private to snapshot.c
	struct buf key;                      // of one of them
};

struct numbers {
	int64_t *items;
	size_t n, cap;
};

// What opening a file may come to.
enum verdict {
	VERDICT_SOUND,   // as far as can be seen
	VERDICT_EMPTY,   // there is nothing in it yet
	VERDICT_DAMAGED, // it is ours
	VERDICT_FOREIGN, // it is another program's
	VERDICT_NEWER,   // of a newer firmo-jobs
	VERDICT_UNUSABLE // locked, not readable, ...
};

// A history and what lies beside it are files: a fifo would hold us up, a device has no end.
int database_check_files(const char *path, struct err *err);
// Opens and checks. NULL where the verdict is neither that it is sound nor, to write, that it is
// empty. To be read it is brought up to date if it is older.
struct store *database_open(const char *path, enum store_mode mode, enum verdict *verdict,
			    struct err *err);
// Looks at an open database within one transaction; *version is the format of its tables.
enum verdict database_identify(struct store *s, int *version, struct err *err);
// The statement, reset and ready for its bindings; NULL on failure.
sqlite3_stmt *database_statement(struct store *s, enum statement which);
// A statement for what is asked once; the caller finalizes it. NULL on failure.
sqlite3_stmt *database_prepare(struct store *s, const char *text);
// Finalizes all statements: the tables are about to change.
void database_forget_statements(struct store *s);
// A statement that is left where it has told a row goes on with what the database was at that
// moment: while there is one, nothing can be written once another process has written.
void database_end_reading(struct store *s);
// The next row of a statement that has been begun with database_statement: SQLITE_ROW, SQLITE_DONE
// or an error's code. A row that has what it must not is damage.
int database_next(struct store *s, enum statement which);
// The same of any statement, which may be NULL; letters: store/range.h.
int database_next_as(struct store *s, sqlite3_stmt *q, const char *letters);
// Steps a statement that returns no row. SQLITE_DONE, or the error's code, also where it is NULL.
int database_step(sqlite3_stmt *stmt);
// Adds the first column of all rows of a statement that has been begun. SQLITE_DONE, or an error's
// code.
int database_list(struct store *s, enum statement which, struct numbers *list);
// The same, and begins one that has no parameters.
int database_list_all(struct store *s, enum statement which, struct numbers *list);
// Sorts them for database_has.
void database_sort(struct numbers *list);
bool database_has(const struct numbers *list, int64_t number);
// Steps a statement with one number as its only parameter. As database_step.
int database_do(struct store *s, enum statement which, int64_t number);
// For what touches much of the database at the wish of a person: more memory, and waiting for other
// processes.
void database_take_time(struct store *s);
int64_t database_bytes(struct store *s);
// The size of its file and of the log.
int64_t database_file_bytes(const struct store *s);
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
// Binds as many numbers as there are letters, from parameter 1 on: each is the nearest that its
// letter allows, so that nothing is written that would be damage when it is read.
void database_bind_numbers(sqlite3_stmt *q, const char *letters, const int64_t *numbers);
// Remembers what cannot be, which is SQLITE_CORRUPT.
int database_damaged(struct store *s, const char *words);
// Whether an error's code says that the file, and not its surroundings, is to blame.
bool database_is_damage(int code);
// Looks whether the file is still where it was opened.
bool database_is_gone(struct store *s);

// Where a result belongs.
struct home {
	sqlite3_int64 run, file;
};

// The functions below return SQLITE_DONE, or an error's code.

// Finds or makes the row of the result's file, *id, and tells it of the result.
int database_put_file(struct store *s, const struct run *run, const struct result *r,
		      sqlite3_int64 *id);
// Reads columns 1 to 5 of a row of SQL_LOAD_PAST; adds to the trail that p has. SQLITE_DONE, or
// SQLITE_CORRUPT.
int database_read_past(struct store *s, sqlite3_stmt *row, struct past *p);
// Remembers which framework the file of a result turned out to be of.
int database_note_reading(struct store *s, sqlite3_int64 file, const struct result *r);
// Tells these files (path -> struct past *) so, or only that of the path, if it is not NULL.
int database_load_readings(struct store *s, const char *path, const struct map *past);
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
// The bytes of a roster: tests are the numbers of the rows of the result's tests, in order.
void database_pack_roster(struct buf *b, const int64_t *tests, const struct result *r);
// Adds the tests of a roster to a list: the number of the row of each.
int database_load_roster(struct store *s, sqlite3_int64 roster, struct numbers *tests);
// Adds the tests of a roster to r, which has none, with their endings.
int database_load_tests(struct store *s, sqlite3_int64 roster, struct packed endings,
			struct result *r);
// The messages and tracebacks of the tests, and the errors outside of them.
int database_put_words(struct store *s, sqlite3_int64 result, const struct result *r);
int database_load_words(struct store *s, sqlite3_int64 result, struct result *r);
// Whether all of a run's row can be read; -1: no.
int database_check_run(struct store *s, int64_t id, struct err *err);
// Whether the inputs of the last pass are what they were at the file's latest result, for which
// *state stands; from now on it stands for r. To be called before the inputs of r are recorded.
int database_judge_inputs(struct store *s, const struct result *r, sqlite3_int64 file,
			  int64_t *state, enum inputs_state *inputs);
// Records what a result depended on, if it is a pass, was watched, and tells no less than a pass
// that stands: one of all tests at the first attempt. After a failure, or a skip although nothing
// has changed, the last pass is no reason any more not to run the file.
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
// Sets err from the database's own words, or from what was found to be damaged; returns -1.
int database_error(struct store *s, struct err *err);

#endif
