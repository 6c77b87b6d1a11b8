// SPDX-License-Identifier: MIT
// Questions to the database: the SQL stands beside its user, as a literal whose address is its key.
// A statement is made when its text is first used, and kept until the store is closed.
#ifndef STORE_QUERY_H
#define STORE_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "store/pack.h"
#include "store/store.h"

struct store;
struct query;

// What a parameter of a statement is. Text and bytes stay until the statement has been stepped.
struct value {
	enum { VALUE_END, VALUE_NUMBER, VALUE_TEXT, VALUE_BYTES, VALUE_KNOWN_BYTES } type;
	int64_t number;
	const void *data;
	size_t n;
};

#define VALUES(...) ((const struct value[]){__VA_ARGS__, {VALUE_END, 0, NULL, 0}})
#define NUMBER(x)                                                                                  \
	{                                                                                          \
		VALUE_NUMBER, (int64_t)(x), NULL, 0                                                \
	}
// The nearest number that the letter allows (store/range.h): what is written is read again.
#define WITHIN(letter, x)                                                                          \
	{                                                                                          \
		VALUE_NUMBER, range_nearest(letter, (int64_t)(x)), NULL, 0                         \
	}
#define TEXT(s)                                                                                    \
	{                                                                                          \
		VALUE_TEXT, 0, s, 0                                                                \
	} // NULL is NULL
#define BYTES(p, n)                                                                                \
	{                                                                                          \
		VALUE_BYTES, 0, p, n                                                               \
	}
#define KNOWN_BYTES(p, n)                                                                          \
	{                                                                                          \
		VALUE_KNOWN_BYTES, 0, p, n                                                         \
	} // none are NULL

// Begins a statement; values is NULL where it has no parameters. Never NULL: whatever fails is the
// code of query_next.
struct query *query(struct store *s, const char *sql, const struct value *values);
// The next row: SQLITE_ROW, SQLITE_DONE or an error's code. letters: what its columns may be
// (store/range.h); a row that has what it must not is damage.
int query_next(struct query *q, const char *letters);
// Whether the row at hand is what the letters say.
bool query_holds(const struct query *q, const char *letters);
// Leaves a statement of which no more rows are wanted. Gives code back, SQLITE_DONE for a row.
int query_end(struct query *q, int code);
// All of a statement that gives no rows: SQLITE_DONE, or an error's code.
int query_do(struct store *s, const char *sql, const struct value *values);
// The same with several of them, one after another, with the same values; the list ends in NULL.
int query_do_all(struct store *s, const char *const *statements, const struct value *values);
// The one number that a statement gives; *number stays as it is where it gives no row, or NULL.
int query_number(struct store *s, const char *sql, const struct value *values, int64_t *number);

// The columns of the row at hand; texts and bytes last until the next step.
int64_t query_int(const struct query *q, int column);
int64_t query_known(const struct query *q, int column, int64_t otherwise); // otherwise: NULL
bool query_is_null(const struct query *q, int column);
const char *query_text(const struct query *q, int column);
char *query_copy(const struct query *q, int column); // NULL, or the caller frees it
struct packed query_bytes(const struct query *q, int column);

// Binds all columns of the row at hand as the parameters of a statement of another store.
void query_bind_row(const struct query *q, sqlite3_stmt *to);

// Begin and end a transaction: store_status as store_record has it. query_commit does so if code is
// SQLITE_DONE, and undoes it otherwise.
enum store_status query_begin(struct store *s, struct err *err);
enum store_status query_commit(struct store *s, int code, struct err *err);

// Of all statements of a store. One that is left at a row goes on with what the database was at
// that moment: while there is one, nothing can be written once another process has written.
void query_end_all(struct store *s);
// Frees them: the tables are about to change.
void query_forget_all(struct store *s);

#endif
