// SPDX-License-Identifier: MIT
// The open database, for the files of this layer alone.
#ifndef STORE_DATABASE_H
#define STORE_DATABASE_H

#include <sys/types.h>

#include <sqlite3.h>

#include "base/buf.h"
#include "base/map.h"
#include "store/store.h"

struct err;
struct result;
struct query;

// The latest run first.
#define BY_TIME "ORDER BY started DESC, id DESC "

struct store {
	sqlite3 *db;
	char *path; // owned
	enum store_mode mode;
	dev_t device; // of its file, as the number is; 0: unknown
	ino_t inode;
	ino_t log;          // the inode of its log; 0: unknown
	int64_t bytes;      // of it when it was opened
	int64_t lent_bytes; // of other databases that its statements read
	int64_t steps;      // of sqlite, since a statement was begun
	char damage[128];   // what of it cannot be, in words; "": nothing was found
	bool gone;          // its file is not there any more
	bool refused;       // the locks of the file, by the system
	int failed;         // the code of the last statement if it failed, else 0
	char failure[128];  // what sqlite said of it
	struct {
		struct query **items;
		size_t n, cap;
	} queries;                       // private to query.c
	int wal_pages;                   // in the log after our last commit
	struct map inputs, input_states; // what is known of inputs, private to input_state.c
	int64_t data_version;            // of the database when it was known
	struct buf key;                  // of one of them
	const struct result *gathered;   // whose inputs are in gathered_ids; NULL: nobody's
	struct buf gathered_ids;
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
int store_check_files(const char *path, struct err *err);
// Opens and checks. NULL where the verdict is neither that it is sound nor, to write, that it is
// empty. To be read it is brought up to date if it is older.
struct store *store_open_database(const char *path, enum store_mode mode, enum verdict *verdict,
				  struct err *err);
// Looks at an open database within one transaction; *version is the format of its tables.
enum verdict identity_find(struct store *s, int *version, struct err *err);
// For what touches much of the database at the wish of a person: more memory, and waiting for other
// processes.
void store_take_time(struct store *s);
int64_t store_bytes(struct store *s);
// The size of its file and of the log.
int64_t store_file_bytes(const struct store *s);
// Moves the log into the database if it has more pages than that.
void store_move_log(struct store *s, int most_pages);
// Remembers what cannot be, which is SQLITE_CORRUPT.
int store_damaged(struct store *s, const char *words);
// Whether an error's code says that the file, and not its surroundings, is to blame.
bool store_is_damage(int code);
// Looks whether the file is still where it was opened.
bool store_is_gone(struct store *s);

// The functions below return SQLITE_DONE, or an error's code.

// Whether the inputs of the last pass are what they were at the file's latest result, for which
// *state stands; from now on it stands for r. To be called before the inputs of r are recorded.
int snapshot_judge_inputs(struct store *s, const struct result *r, int64_t file, int64_t *state,
			  enum inputs_state *inputs);
// Records what a result depended on, if it is a pass, was watched, and tells no less than a valid
// pass: one at the first attempt. A pass of some tests is kept beside that of all. After a failure,
// or a skip although nothing has changed, neither is a reason any more not to run the file; a skip
// of some tests ends the pass of the same ones.
int snapshot_record_inputs(struct store *s, const struct result *r, int64_t file, int64_t result);
// Behind the words for damage: what to do.
#define STORE_HINT "; firmo-jobs --check tells more"
// Sets err from the database's own words, or from what was found to be damaged; returns -1.
int store_error(struct store *s, struct err *err);
// The same without the hint.
int store_reason(struct store *s, struct err *err);

#endif
