// SPDX-License-Identifier: MIT
#include "store/query.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "store/database.h"
#include "store/range.h"
#include "store/vfs.h"

// More rows than this have to fit into the file.
#define USUAL_ROWS 100000

struct query {
	struct store *store;
	const char *sql;
	sqlite3_stmt *stmt;
	int code;     // why there is no statement
	int64_t rows; // since it was begun
};

static struct query *find(struct store *s, const char *sql)
{
	for (size_t i = 0; i < s->queries.n; i++)
		if (s->queries.items[i]->sql == sql)
			return s->queries.items[i];
	struct query *q = xcalloc(1, sizeof *q);
	q->store = s;
	q->sql = sql;
	VEC_PUSH(&s->queries, q);
	return q;
}

static void bind(sqlite3_stmt *stmt, int at, const struct value *v)
{
	if (v->type == VALUE_NUMBER)
		sqlite3_bind_int64(stmt, at, v->number);
	else if (v->type == VALUE_TEXT && v->data)
		sqlite3_bind_text(stmt, at, v->data, -1, SQLITE_STATIC);
	else if (v->type == VALUE_BYTES || (v->type == VALUE_KNOWN_BYTES && v->n > 0))
		sqlite3_bind_blob(stmt, at, v->n > 0 ? v->data : "", (int)v->n, SQLITE_STATIC);
	else
		sqlite3_bind_null(stmt, at);
}

struct query *query(struct store *s, const char *sql, const struct value *values)
{
	struct query *q = find(s, sql);

	s->steps = q->rows = s->failed = 0;
	if (q->stmt)
		sqlite3_reset(q->stmt);
	else
		q->code = sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &q->stmt,
					     NULL);
	for (int i = 0; q->stmt && values && values[i].type != VALUE_END; i++)
		bind(q->stmt, i + 1, &values[i]);
	return q;
}

// What sqlite says of a failure is kept: it forgets that when another statement, left at a row, is
// reset.
static int step(struct query *q)
{
	struct store *s = q->store;
	int code = q->code;

	// sqlite tries for ten seconds to lock the file, and would for each statement that follows.
	if (s->refused)
		code = SQLITE_PROTOCOL;
	else if (q->stmt)
		code = sqlite3_step(q->stmt);
	s->refused = code == SQLITE_PROTOCOL;
	// What was read may be older than it should.
	if (vfs_damage())
		code = store_damaged(s, vfs_damage());
	if (code == SQLITE_ROW || code == SQLITE_DONE)
		return code;
	s->failed = code;
	snprintf(s->failure, sizeof s->failure, "%s",
		 s->refused ? sqlite3_errstr(code) : sqlite3_errmsg(s->db));
	return code;
}

int query_next(struct query *q, const char *letters)
{
	int code = step(q);

	if (code != SQLITE_ROW)
		return code;
	if (!range_holds_row(q->stmt, letters))
		return store_damaged(q->store, "a value is outside of its range");
	// A row takes a byte at least.
	if (++q->rows > USUAL_ROWS && q->rows > q->store->bytes + q->store->lent_bytes &&
	    q->rows > store_file_bytes(q->store))
		return store_damaged(q->store, "it has more rows than it has room for");
	return code;
}

bool query_holds(const struct query *q, const char *letters)
{
	return range_holds_row(q->stmt, letters);
}

int query_end(struct query *q, int code)
{
	sqlite3_reset(q->stmt);
	return code == SQLITE_ROW ? SQLITE_DONE : code;
}

int query_do(struct store *s, const char *sql, const struct value *values)
{
	struct query *q = query(s, sql, values);

	return query_end(q, step(q));
}

int query_do_all(struct store *s, const char *const *statements, const struct value *values)
{
	int code = SQLITE_DONE;

	for (; *statements && code == SQLITE_DONE; statements++)
		code = query_do(s, *statements, values);
	return code;
}

int query_number(struct store *s, const char *sql, const struct value *values, int64_t *number)
{
	struct query *q = query(s, sql, values);
	int code = query_next(q, "a");

	if (code == SQLITE_ROW)
		*number = query_known(q, 0, *number);
	return query_end(q, code);
}

int64_t query_int(const struct query *q, int column)
{
	return sqlite3_column_int64(q->stmt, column);
}

int64_t query_known(const struct query *q, int column, int64_t otherwise)
{
	return query_is_null(q, column) ? otherwise : query_int(q, column);
}

bool query_is_null(const struct query *q, int column)
{
	return sqlite3_column_type(q->stmt, column) == SQLITE_NULL;
}

const char *query_text(const struct query *q, int column)
{
	return (const char *)sqlite3_column_text(q->stmt, column);
}

char *query_copy(const struct query *q, int column)
{
	const char *s = query_text(q, column);

	return s ? xstrdup(s) : NULL;
}

struct packed query_bytes(const struct query *q, int column)
{
	const unsigned char *bytes = sqlite3_column_blob(q->stmt, column);
	size_t n = (size_t)sqlite3_column_bytes(q->stmt, column);

	return (struct packed){bytes, bytes ? bytes + n : NULL, false};
}

void query_bind_row(const struct query *q, sqlite3_stmt *to)
{
	for (int i = 0; i < sqlite3_column_count(q->stmt); i++)
		sqlite3_bind_value(to, i + 1, sqlite3_column_value(q->stmt, i));
}

void query_end_all(struct store *s)
{
	for (size_t i = 0; i < s->queries.n; i++)
		sqlite3_reset(s->queries.items[i]->stmt);
}

void query_forget_all(struct store *s)
{
	for (size_t i = 0; i < s->queries.n; i++) {
		sqlite3_finalize(s->queries.items[i]->stmt);
		free(s->queries.items[i]);
	}
	free(s->queries.items);
	s->queries.items = NULL;
	s->queries.n = s->queries.cap = 0;
}

// ---- transactions ----

enum store_status query_begin(struct store *s, struct err *err)
{
	query_end_all(s);
	int code = query_do(s, "BEGIN IMMEDIATE", NULL);

	if (code == SQLITE_DONE)
		return STORE_OK;
	if ((code & 0xff) == SQLITE_BUSY)
		return STORE_BUSY;
	store_error(s, err);
	return STORE_FAILED;
}

enum store_status query_commit(struct store *s, int code, struct err *err)
{
	query_end_all(s);
	if (code == SQLITE_DONE)
		code = query_do(s, "COMMIT", NULL);
	if (code == SQLITE_DONE && store_is_gone(s)) {
		err_set(err, 0, "its file is not there any more");
		return STORE_FAILED;
	}
	if (code == SQLITE_DONE)
		return STORE_OK;
	store_error(s, err);
	query_do(s, "ROLLBACK", NULL);
	return (code & 0xff) == SQLITE_BUSY ? STORE_BUSY : STORE_FAILED;
}
