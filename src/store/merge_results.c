// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "store/merge.h"
#include "store/pack.h"

// Whatever is known of theirs is known of ours afterwards, whether results come along or not: so it
// does not matter in which order stores are imported.

// ---- files ----

// theirs is a row of SQL_COPY_FILES.
static int add_file(struct merge *m, sqlite3_stmt *theirs, int64_t *file)
{
	sqlite3_stmt *q = database_statement(m->ours, SQL_ADD_FILE);

	if (!q)
		return SQLITE_ERROR;
	sqlite3_bind_value(q, 1, sqlite3_column_value(theirs, 0));
	sqlite3_bind_int64(q, 2, merge_run(m, sqlite3_column_int64(theirs, 7)));
	int code = database_step(q);
	*file = sqlite3_last_insert_rowid(m->ours->db);
	return code;
}

// Finds or makes our row of a file of theirs.
static int put_file(struct merge *m, sqlite3_stmt *theirs)
{
	struct pair p = {.theirs = sqlite3_column_int64(theirs, 6)};
	sqlite3_stmt *q = database_statement(m->ours, SQL_FIND_FILE);

	if (!q)
		return SQLITE_ERROR;
	sqlite3_bind_value(q, 1, sqlite3_column_value(theirs, 0));
	int code = database_next(m->ours, SQL_FIND_FILE);
	int64_t ended = code == SQLITE_ROW ? sqlite3_column_int64(q, 2) : 0;
	p.later = sqlite3_column_int64(theirs, 2) > ended;
	p.ours = code == SQLITE_ROW ? sqlite3_column_int64(q, 0) : 0;
	sqlite3_reset(q);
	if (code == SQLITE_DONE)
		code = add_file(m, theirs, &p.ours);
	VEC_PUSH(&m->files, p);
	return code == SQLITE_ROW ? SQLITE_DONE : code;
}

// ---- tests ----

// Columns of SQL_COPY_TESTS.
enum { TEST_ID, TEST_FILE, TEST_NAME, TEST_TAGS, TEST_BORN };

static int add_test(struct merge *m, sqlite3_stmt *theirs, int64_t file, int64_t *test)
{
	sqlite3_stmt *q = database_statement(m->ours, SQL_ADD_TEST);

	if (!q)
		return SQLITE_ERROR;
	sqlite3_bind_int64(q, 1, file);
	sqlite3_bind_value(q, 2, sqlite3_column_value(theirs, TEST_NAME));
	sqlite3_bind_value(q, 3, sqlite3_column_value(theirs, TEST_TAGS));
	sqlite3_bind_int64(q, 4, merge_run(m, sqlite3_column_int64(theirs, TEST_BORN)));
	int code = database_step(q);
	*test = sqlite3_last_insert_rowid(m->ours->db);
	return code;
}

static int tag_test(struct merge *m, sqlite3_stmt *theirs, int64_t test)
{
	sqlite3_stmt *q = database_statement(m->ours, SQL_TAG_TEST);

	if (!q)
		return SQLITE_ERROR;
	sqlite3_bind_int64(q, 1, test);
	sqlite3_bind_value(q, 2, sqlite3_column_value(theirs, TEST_TAGS));
	return database_step(q);
}

// A test that both know was found by the first run that either knows of, and has the tags of
// whoever has run its file last.
static int join_test(struct merge *m, sqlite3_stmt *theirs, const struct pair *file, int64_t test,
		     int64_t born)
{
	int64_t run = merge_run(m, sqlite3_column_int64(theirs, TEST_BORN));
	int64_t first = merge_earlier(m, born, run);
	int code = first != born ? merge_set_born(m, SQL_BEAR_TEST, test, first) : SQLITE_DONE;

	return code == SQLITE_DONE && file->later ? tag_test(m, theirs, test) : code;
}

// Finds or makes our row of a test of theirs.
static int put_test(struct merge *m, sqlite3_stmt *theirs)
{
	const struct pair *file = merge_find(&m->files, sqlite3_column_int64(theirs, TEST_FILE));
	struct pair p = {.theirs = sqlite3_column_int64(theirs, TEST_ID)};
	sqlite3_stmt *q = file ? database_statement(m->ours, SQL_FIND_TEST) : NULL;

	if (!q)
		return file ? SQLITE_ERROR : SQLITE_CORRUPT;
	sqlite3_bind_int64(q, 1, file->ours);
	sqlite3_bind_value(q, 2, sqlite3_column_value(theirs, TEST_NAME));
	int code = database_next(m->ours, SQL_FIND_TEST);
	p.ours = code == SQLITE_ROW ? sqlite3_column_int64(q, 0) : 0;
	int64_t born = code == SQLITE_ROW ? sqlite3_column_int64(q, 2) : 0;
	sqlite3_reset(q);
	if (code == SQLITE_ROW)
		code = join_test(m, theirs, file, p.ours, born);
	else if (code == SQLITE_DONE)
		code = add_test(m, theirs, file->ours, &p.ours);
	VEC_PUSH(&m->tests, p);
	return code;
}

// ---- rosters ----

static int map_test(int64_t *test, void *arg)
{
	const struct pair *p = merge_find(&((struct merge *)arg)->tests, *test);

	*test = p ? p->ours : 0;
	return p ? SQLITE_DONE : SQLITE_CORRUPT;
}

// Finds or makes our roster for one of theirs.
static int put_roster(struct merge *m, sqlite3_stmt *theirs)
{
	const struct pair *file = merge_find(&m->files, sqlite3_column_int64(theirs, 1));
	sqlite3_int64 id = 0;

	if (!file)
		return SQLITE_CORRUPT;
	const struct home home = {.file = file->ours};
	int code =
		database_copy_roster(m->ours, &home, database_packed(theirs, 2), map_test, m, &id);
	struct pair p = {.theirs = sqlite3_column_int64(theirs, 0), .ours = id};
	VEC_PUSH(&m->rosters, p);
	return code;
}

// ---- results ----

// Columns of SQL_COPY_RESULTS: the number, and the parameters of SQL_ADD_RESULT.
enum { RUN = 1, FILE_ID = 2, ATTEMPT = 3, STARTED = 4, ROSTER = 23, RESULT_COLUMNS_COUNT = 29 };

// *ours is 0 if we do not have it.
static int find_our_result(struct merge *m, sqlite3_stmt *theirs, const struct home *home,
			   int64_t *ours)
{
	sqlite3_stmt *q = database_statement(m->ours, SQL_FIND_RESULT);
	struct numbers found = {0};

	if (!q)
		return SQLITE_ERROR;
	sqlite3_bind_int64(q, 1, home->run);
	sqlite3_bind_int64(q, 2, home->file);
	sqlite3_bind_value(q, 3, sqlite3_column_value(theirs, ATTEMPT));
	sqlite3_bind_value(q, 4, sqlite3_column_value(theirs, STARTED));
	int code = database_list(m->ours, SQL_FIND_RESULT, &found);
	*ours = found.n > 0 ? found.items[0] : 0;
	free(found.items);
	return code;
}

static int copy_failures(struct merge *m, int64_t theirs, int64_t ours)
{
	sqlite3_stmt *row = database_statement(m->theirs, SQL_LOAD_FAILURES);
	int code = SQLITE_DONE;

	if (row)
		sqlite3_bind_int64(row, 1, theirs);
	while (code == SQLITE_DONE &&
	       (code = database_next(m->theirs, SQL_LOAD_FAILURES)) == SQLITE_ROW) {
		sqlite3_stmt *q = database_statement(m->ours, SQL_ADD_FAILURE);
		if (!q)
			return SQLITE_ERROR;
		sqlite3_bind_int64(q, 1, ours);
		for (int i = 0; i < 3; i++)
			sqlite3_bind_value(q, i + 2, sqlite3_column_value(row, i));
		code = database_step(q);
	}
	return code;
}

static int copy_errors(struct merge *m, int64_t theirs, int64_t ours)
{
	sqlite3_stmt *row = database_statement(m->theirs, SQL_LOAD_FILE_ERRORS);
	int code = SQLITE_DONE, seq = 0;

	if (row)
		sqlite3_bind_int64(row, 1, theirs);
	while (code == SQLITE_DONE &&
	       (code = database_next(m->theirs, SQL_LOAD_FILE_ERRORS)) == SQLITE_ROW) {
		sqlite3_stmt *q = database_statement(m->ours, SQL_ADD_FILE_ERROR);
		if (!q)
			return SQLITE_ERROR;
		sqlite3_bind_int64(q, 1, ours);
		sqlite3_bind_int(q, 2, seq++);
		for (int i = 0; i < 6; i++)
			sqlite3_bind_value(q, i + 3, sqlite3_column_value(row, i));
		code = database_step(q);
	}
	return code;
}

static int add_result(struct merge *m, sqlite3_stmt *theirs, const struct home *home, int64_t *ours)
{
	const struct pair *roster = merge_find(&m->rosters, sqlite3_column_int64(theirs, ROSTER));
	sqlite3_stmt *q = database_statement(m->ours, SQL_ADD_RESULT);

	if (!q)
		return SQLITE_ERROR;
	merge_copy_columns(theirs, 1, RESULT_COLUMNS_COUNT, q);
	sqlite3_bind_int64(q, RUN, home->run);
	sqlite3_bind_int64(q, FILE_ID, home->file);
	sqlite3_bind_int64(q, ROSTER, roster ? roster->ours : 0);
	int code = database_step(q);
	*ours = sqlite3_last_insert_rowid(m->ours->db);
	if (code == SQLITE_DONE)
		code = copy_failures(m, sqlite3_column_int64(theirs, 0), *ours);
	if (code == SQLITE_DONE)
		code = copy_errors(m, sqlite3_column_int64(theirs, 0), *ours);
	m->out->results++;
	return code;
}

// Finds or makes our result for the one of a row; run is ours. look: we may have it.
static int put_result(struct merge *m, sqlite3_stmt *theirs, int64_t run, bool look, int64_t *ours)
{
	const struct pair *file = merge_find(&m->files, sqlite3_column_int64(theirs, FILE_ID));
	int code = file ? SQLITE_DONE : SQLITE_CORRUPT;

	*ours = 0;
	if (!file)
		return code;
	const struct home home = {run, file->ours};
	if (look)
		code = find_our_result(m, theirs, &home, ours);
	return code == SQLITE_DONE && *ours == 0 ? add_result(m, theirs, &home, ours) : code;
}

static int take_result(struct merge *m, sqlite3_stmt *theirs)
{
	const struct pair *run = merge_find(&m->runs, sqlite3_column_int64(theirs, RUN));
	struct pair p = {.theirs = sqlite3_column_int64(theirs, 0)};

	if (!run || run->fate == KNOWN)
		return SQLITE_DONE;
	int code = put_result(m, theirs, run->ours, run->fate == COMPLETED, &p.ours);
	VEC_PUSH(&m->results, p);
	return code;
}

// ---- all rows of theirs ----

static int take_all(struct merge *m, enum statement which,
		    int (*take)(struct merge *m, sqlite3_stmt *theirs))
{
	sqlite3_stmt *q = database_statement(m->theirs, which);
	int code = SQLITE_DONE;

	while (code == SQLITE_DONE && (code = database_next(m->theirs, which)) == SQLITE_ROW)
		code = take(m, q);
	return code;
}

int merge_results(struct merge *m)
{
	int code = take_all(m, SQL_COPY_FILES, put_file);

	if (code == SQLITE_DONE)
		code = take_all(m, SQL_COPY_TESTS, put_test);
	if (code == SQLITE_DONE)
		code = take_all(m, SQL_COPY_ROSTERS, put_roster);
	return code == SQLITE_DONE ? take_all(m, SQL_COPY_RESULTS, take_result) : code;
}

// ---- results that a run has taken over ----

// One that was not among those of the new runs: of a run that we know, or of one that is gone.
static int find_older(struct merge *m, int64_t theirs, int64_t *ours)
{
	sqlite3_stmt *q = database_statement(m->theirs, SQL_COPY_RESULT);

	*ours = 0;
	if (!q)
		return SQLITE_ERROR;
	sqlite3_bind_int64(q, 1, theirs);
	int code = database_next(m->theirs, SQL_COPY_RESULT);
	if (code == SQLITE_ROW) {
		int64_t run = sqlite3_column_int64(q, RUN);
		code = put_result(m, q, run ? merge_run(m, run) : 0, true, ours);
	}
	sqlite3_reset(q);
	return code;
}

static int map_reused(struct merge *m, struct packed theirs, struct numbers *ours)
{
	size_t n;
	int64_t *ids = unpack_ids(theirs, &n);
	int code = ids ? SQLITE_DONE : SQLITE_CORRUPT;

	for (size_t i = 0; i < n && code == SQLITE_DONE; i++) {
		const struct pair *p = merge_find(&m->results, ids[i]);
		int64_t id = p ? p->ours : 0;
		if (!p)
			code = find_older(m, ids[i], &id);
		if (id)
			VEC_PUSH(ours, id);
	}
	free(ids);
	database_sort(ours);
	return code;
}

static int set_reused(struct merge *m, int64_t run, struct packed theirs)
{
	struct numbers ours = {0};
	struct buf packed = {0};
	int code = map_reused(m, theirs, &ours);
	sqlite3_stmt *q = code == SQLITE_DONE ? database_statement(m->ours, SQL_SET_REUSED) : NULL;

	pack_ids(&packed, ours.items, ours.n);
	if (q) {
		sqlite3_bind_int64(q, 1, run);
		sqlite3_bind_blob(q, 2, packed.data, (int)packed.len, SQLITE_STATIC);
		code = database_step(q);
	} else if (code == SQLITE_DONE) {
		code = SQLITE_ERROR;
	}
	free(ours.items);
	buf_release(&packed);
	return code;
}

static int take_reused(struct merge *m, sqlite3_stmt *theirs)
{
	const struct pair *run = merge_find(&m->runs, sqlite3_column_int64(theirs, 0));

	return run && run->fate != KNOWN ? set_reused(m, run->ours, database_packed(theirs, 1))
					 : SQLITE_DONE;
}

int merge_reused(struct merge *m)
{
	return take_all(m, SQL_REUSED, take_reused);
}
