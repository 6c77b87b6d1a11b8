// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "store/care.h"
#include "store/database.h"
#include "store/pack.h"

#define DAY_NS (86400 * NS_PER_SEC)
// A file that has no result any more is forgotten when it has not been run for so long.
#define FILE_MEMORY_NS (90 * DAY_NS)
// A run without an end is taken for dead when its last result is so old.
#define RUN_PATIENCE_NS DAY_NS
// How many runs a run that ends removes: one more than it brings, and a few to catch up.
#define BOUND_RUNS 4

// ---- which go, which stay ----

static int find_gone(struct store *s, const struct store_bound *bound, int64_t most,
		     struct numbers *gone)
{
	sqlite3_stmt *q = database_statement(s, SQL_OLD_RUNS);

	if (!q)
		return SQLITE_ERROR;
	sqlite3_bind_int64(q, 1, bound->runs < 0 ? 0 : bound->runs);
	sqlite3_bind_int64(q, 2, bound->before_ns ? bound->before_ns : INT64_MAX);
	sqlite3_bind_int64(q, 3, clock_real_ns() - RUN_PATIENCE_NS);
	sqlite3_bind_int64(q, 4, most);
	int code = database_list(s, SQL_OLD_RUNS, gone);
	database_sort(gone);
	return code;
}

// What the runs that stay have taken over from others.
static int add_reused(struct store *s, const struct numbers *gone, struct numbers *standing)
{
	sqlite3_stmt *q = database_statement(s, SQL_REUSED);
	int code = SQLITE_DONE;

	while (code == SQLITE_DONE && (code = database_next(s, SQL_REUSED)) == SQLITE_ROW) {
		size_t n = 0;
		bool is_gone = database_has(gone, sqlite3_column_int64(q, 0));
		int64_t *ids = is_gone ? NULL : unpack_ids(database_packed(q, 1), &n);
		code = is_gone || ids ? SQLITE_DONE
				      : database_damaged(s, "a list of numbers is torn");
		for (size_t i = 0; i < n; i++)
			VEC_PUSH(standing, ids[i]);
		free(ids);
	}
	return code;
}

// The results that stay though their run may go.
static int find_standing(struct store *s, const struct numbers *gone, struct numbers *standing)
{
	int code = database_list_all(s, SQL_STANDING_RESULTS, standing);

	if (code == SQLITE_DONE)
		code = add_reused(s, gone, standing);
	database_sort(standing);
	return code;
}

// ---- removing runs ----

static int drop_result(struct store *s, int64_t result)
{
	int code = database_do(s, SQL_DROP_FAILURES, result);

	if (code == SQLITE_DONE)
		code = database_do(s, SQL_DROP_FILE_ERRORS, result);
	return code == SQLITE_DONE ? database_do(s, SQL_DROP_RESULT, result) : code;
}

// The results of a run; run 0 has those that have outlived theirs.
static int drop_results(struct store *s, int64_t run, const struct numbers *standing, long *dropped)
{
	struct numbers ids = {0};
	sqlite3_stmt *q = database_statement(s, SQL_RESULT_IDS);

	if (q)
		sqlite3_bind_int64(q, 1, run);
	int code = database_list(s, SQL_RESULT_IDS, &ids);
	for (size_t i = 0; i < ids.n && code == SQLITE_DONE; i++) {
		bool stays = database_has(standing, ids.items[i]);
		if (!stays)
			code = drop_result(s, ids.items[i]);
		else if (run)
			code = database_do(s, SQL_DETACH_RESULT, ids.items[i]);
		*dropped += !stays;
	}
	free(ids.items);
	return code;
}

static int drop_runs(struct store *s, const struct numbers *gone, const struct numbers *standing,
		     long *results)
{
	int code = drop_results(s, 0, standing, results);

	for (size_t i = 0; i < gone->n && code == SQLITE_DONE; i++) {
		code = drop_results(s, gone->items[i], standing, results);
		if (code == SQLITE_DONE)
			code = database_do(s, SQL_DROP_RUN, gone->items[i]);
	}
	return code == SQLITE_DONE ? database_step(database_statement(s, SQL_FORGET_RESULTS))
				   : code;
}

// ---- trails ----

// *gone: all runs of these samples are.
static int look_at_chunk(struct store *s, struct packed samples, const struct numbers *runs,
			 bool *gone)
{
	struct trail t = {0};
	bool whole = unpack_trail(samples, &t);

	*gone = whole;
	for (size_t i = 0; i < t.n && *gone; i++)
		*gone = !database_has(runs, t.items[i].run);
	trail_release(&t);
	return whole ? SQLITE_DONE : database_damaged(s, "the figures of a file are torn");
}

static int drop_chunk(struct store *s, int64_t file, int64_t seq)
{
	sqlite3_stmt *q = database_statement(s, SQL_DROP_CHUNK);

	if (!q)
		return SQLITE_ERROR;
	sqlite3_bind_int64(q, 1, file);
	sqlite3_bind_int64(q, 2, seq);
	return database_step(q);
}

// Removes the oldest chunks of a file as far as all of their runs are gone.
static int cut_trail(struct store *s, int64_t file, const struct numbers *runs)
{
	for (;;) {
		sqlite3_stmt *q = database_statement(s, SQL_FIRST_CHUNK);
		if (!q)
			return SQLITE_ERROR;
		sqlite3_bind_int64(q, 1, file);
		int code = database_next(s, SQL_FIRST_CHUNK);
		if (code != SQLITE_ROW)
			return code;
		int64_t seq = sqlite3_column_int64(q, 0);
		bool gone;
		code = look_at_chunk(s, database_packed(q, 1), runs, &gone);
		sqlite3_reset(q);
		if (gone)
			code = drop_chunk(s, file, seq);
		if (!gone || code != SQLITE_DONE)
			return code;
	}
}

// What stands in the row of a file stays, whatever has become of the runs: its time is expected
// from that.
static int cut_trails(struct store *s)
{
	struct numbers runs = {0}, files = {0};
	int code = database_list_all(s, SQL_RUN_IDS, &runs);

	if (code == SQLITE_DONE)
		code = database_list_all(s, SQL_FILE_IDS, &files);
	for (size_t i = 0; i < files.n && code == SQLITE_DONE; i++)
		code = cut_trail(s, files.items[i], &runs);
	free(runs.items);
	free(files.items);
	return code;
}

// ---- what nothing names any more ----

static int drop_file(struct store *s, int64_t file)
{
	static const enum statement parts[] = {SQL_DROP_CHUNKS, SQL_DROP_SNAPSHOT, SQL_DROP_FILE};
	int code = SQLITE_DONE;

	for (size_t i = 0; i < sizeof parts / sizeof *parts && code == SQLITE_DONE; i++)
		code = database_do(s, parts[i], file);
	return code;
}

static int sweep_files(struct store *s)
{
	struct numbers files = {0};
	sqlite3_stmt *q = database_statement(s, SQL_FORGOTTEN_FILES);

	if (q)
		sqlite3_bind_int64(q, 1, clock_real_ns() - FILE_MEMORY_NS);
	int code = database_list(s, SQL_FORGOTTEN_FILES, &files);
	for (size_t i = 0; i < files.n && code == SQLITE_DONE; i++)
		code = drop_file(s, files.items[i]);
	free(files.items);
	return code;
}

static int find_used_tests(struct store *s, struct numbers *used)
{
	struct numbers rosters = {0};
	int code = database_list_all(s, SQL_ROSTER_IDS, &rosters);

	for (size_t i = 0; i < rosters.n && code == SQLITE_DONE; i++)
		code = database_load_roster(s, rosters.items[i], used);
	free(rosters.items);
	database_sort(used);
	return code;
}

static int sweep_tests(struct store *s)
{
	struct numbers used = {0}, tests = {0};
	int code = find_used_tests(s, &used);

	if (code == SQLITE_DONE)
		code = database_list_all(s, SQL_TEST_IDS, &tests);
	for (size_t i = 0; i < tests.n && code == SQLITE_DONE; i++)
		if (!database_has(&used, tests.items[i]))
			code = database_do(s, SQL_DROP_TEST, tests.items[i]);
	free(used.items);
	free(tests.items);
	return code;
}

int database_sweep(struct store *s)
{
	int code = sweep_files(s);

	if (code == SQLITE_DONE)
		code = database_step(database_statement(s, SQL_DROP_ROSTERS));
	if (code == SQLITE_DONE)
		code = sweep_tests(s);
	return code == SQLITE_DONE ? database_sweep_inputs(s) : code;
}

// ---- all of it ----

// At most so many runs, the oldest first.
static int prune(struct store *s, const struct store_bound *bound, int64_t most, struct pruned *out)
{
	struct numbers gone = {0}, standing = {0};
	int code = find_gone(s, bound, most, &gone);

	out->runs = (long)gone.n;
	if (code == SQLITE_DONE && gone.n > 0) {
		code = find_standing(s, &gone, &standing);
		if (code == SQLITE_DONE)
			code = drop_runs(s, &gone, &standing, &out->results);
		if (code == SQLITE_DONE)
			code = cut_trails(s);
	}
	free(gone.items);
	free(standing.items);
	return code;
}

int database_keep_bound(struct store *s)
{
	struct pruned out = {0};

	return prune(s, &(struct store_bound){.runs = STORE_KEPT_RUNS}, BOUND_RUNS, &out);
}

// Makes the file as small as what it holds.
static void give_space_back(struct store *s, struct err *err)
{
	database_forget_statements(s);
	int code = sqlite3_exec(s->db, "VACUUM", NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL,
						 NULL);
	if (code != SQLITE_OK)
		database_error(s, err);
}

int store_prune(struct store *s, const struct store_bound *bound, struct pruned *out,
		struct err *err)
{
	*out = (struct pruned){.bytes_before = database_bytes(s)};
	database_take_time(s);
	if (database_begin(s, err) != STORE_OK)
		return database_error(s, err);
	int code = prune(s, bound, -1, out);
	if (code == SQLITE_DONE)
		code = database_sweep(s);
	if (database_end(s, code, err) != STORE_OK)
		return -1;
	give_space_back(s, &out->space);
	out->bytes_after = database_bytes(s);
	return 0;
}
