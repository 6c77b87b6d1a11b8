// SPDX-License-Identifier: MIT
// The tests of results. Most runs of a file have the same tests in the same order, so that list is
// kept once, as a roster; a result has only how each of them ended, and what the bad ones said.
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/digest.h"
#include "model/result.h"
#include "store/database.h"
#include "store/history.h"
#include "store/pack.h"
#include "store/range.h"

// ---- strings ----

// A list as one string, or NULL where it is empty. The caller frees it.
static char *joined(char *const *items, size_t n, const char *last)
{
	struct buf b = {0};

	for (size_t i = 0; i < n; i++)
		buf_addf(&b, "%s%s", i ? STORE_SEPARATOR : "", items[i]);
	if (last)
		buf_addf(&b, "%s%s", n ? STORE_SEPARATOR : "", last);
	return n > 0 || last ? buf_detach(&b) : NULL;
}

// The opposite. Returns how many there are.
static size_t split(const char *s, char ***items)
{
	struct {
		char **items;
		size_t n, cap;
	} list = {0};

	for (const char *end; s; s = *end ? end + 1 : NULL) {
		end = s + strcspn(s, STORE_SEPARATOR);
		VEC_PUSH(&list, xstrndup(s, (size_t)(end - s)));
	}
	*items = list.items;
	return list.n;
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

// Most tests stand in the test file itself: its name is kept as "".
static const char *shortened(const char *source, const struct result *r)
{
	return source && strcmp(source, r->job->path) == 0 ? "" : source;
}

static char *lengthened(char *source, const struct result *r)
{
	if (!source || *source)
		return source;
	free(source);
	return xstrdup(r->job->path);
}

// ---- the rows of tests ----

static int tag_test(struct store *s, sqlite3_int64 id, const char *tags)
{
	sqlite3_stmt *q = database_statement(s, SQL_TAG_TEST);

	if (!q)
		return SQLITE_ERROR;
	sqlite3_bind_int64(q, 1, id);
	database_bind_string(q, 2, tags);
	return database_step(q);
}

static int add_test(struct store *s, const struct home *home, const char *name, const char *tags,
		    sqlite3_int64 *id)
{
	sqlite3_stmt *q = database_statement(s, SQL_ADD_TEST);

	if (!q)
		return SQLITE_ERROR;
	sqlite3_bind_int64(q, 1, home->file);
	database_bind_string(q, 2, name);
	database_bind_string(q, 3, tags);
	sqlite3_bind_int64(q, 4, home->run);
	int code = database_step(q);
	*id = sqlite3_last_insert_rowid(s->db);
	return code;
}

// Finds or makes the row of a test and brings it up to date; *id is its number.
static int put_row(struct store *s, const struct home *home, const char *name, const char *tags,
		   sqlite3_int64 *id)
{
	sqlite3_stmt *q = database_statement(s, SQL_FIND_TEST);

	if (!q)
		return SQLITE_ERROR;
	sqlite3_bind_int64(q, 1, home->file);
	database_bind_string(q, 2, name);
	int code = database_next(s, SQL_FIND_TEST);
	if (code == SQLITE_ROW)
		*id = sqlite3_column_int64(q, 0);
	bool current = code == SQLITE_ROW && same((const char *)sqlite3_column_text(q, 1), tags);
	sqlite3_reset(q);
	if (code == SQLITE_DONE)
		return add_test(s, home, name, tags, id);
	if (code != SQLITE_ROW)
		return code;
	return current ? SQLITE_DONE : tag_test(s, *id, tags);
}

static int put_test(struct store *s, const struct home *home, const struct test_case *t,
		    sqlite3_int64 *id)
{
	char *name = joined(t->path, t->npath, t->name ? t->name : "");
	char *tags = joined(t->tags, t->ntags, NULL);
	int code = put_row(s, home, name, tags, id);

	free(name);
	free(tags);
	return code;
}

// ---- rosters ----

// What of a test is the same in every run.
struct entry {
	int64_t test;
	int line, round;
};

// 0 stands for none, 1 for ""; then the length and the bytes.
static void pack_string(struct buf *b, const char *s)
{
	size_t n = s ? strlen(s) : 0;

	pack_number(b, s ? n + 1 : 0);
	buf_add(b, s ? s : "", n);
}

static char *unpack_string(struct packed *p)
{
	uint64_t size = unpack_number(p);
	size_t left = (size_t)(p->end - p->at);

	if (size == 0)
		return NULL;
	p->torn = p->torn || size - 1 > left;
	size_t n = p->torn ? left : (size_t)size - 1;
	p->at += n;
	return xstrndup((const char *)p->at - n, n);
}

static void pack_entry(struct buf *b, const struct entry *e, const struct entry *before,
		       const char *source)
{
	pack_signed(b, wrapping_sum(e->test, -before->test));
	pack_signed(b, e->line - before->line);
	pack_number(b, (uint64_t)e->round);
	pack_string(b, source);
}

static char *unpack_entry(struct packed *p, struct entry *e)
{
	e->test = wrapping_sum(e->test, unpack_signed(p));
	int64_t line = wrapping_sum(e->line, unpack_signed(p));
	int64_t round = (int64_t)unpack_number(p);

	p->torn = p->torn || !range_holds('i', e->test) || !range_holds('l', line) ||
		  !range_holds('l', round);
	e->line = p->torn ? 0 : (int)line;
	e->round = p->torn ? 0 : (int)round;
	return unpack_string(p);
}

static int64_t digest_number(const struct buf *b)
{
	struct digest d = digest_of(b->len ? b->data : "", b->len);
	int64_t number;

	memcpy(&number, d.bytes, sizeof number);
	return number;
}

static void bind_roster(sqlite3_stmt *q, const struct home *home, const struct buf *b)
{
	sqlite3_bind_int64(q, 1, home->file);
	sqlite3_bind_int64(q, 2, digest_number(b));
	sqlite3_bind_blob(q, 3, b->len ? b->data : "", (int)b->len, SQLITE_STATIC);
}

// Finds or makes the roster of those bytes.
static int find_roster(struct store *s, const struct home *home, const struct buf *b,
		       sqlite3_int64 *id)
{
	sqlite3_stmt *q = database_statement(s, SQL_FIND_ROSTER);

	if (!q)
		return SQLITE_ERROR;
	bind_roster(q, home, b);
	int code = database_next(s, SQL_FIND_ROSTER);
	if (code == SQLITE_ROW)
		*id = sqlite3_column_int64(q, 0);
	sqlite3_reset(q);
	if (code != SQLITE_DONE)
		return code == SQLITE_ROW ? SQLITE_DONE : code;
	q = database_statement(s, SQL_ADD_ROSTER);
	if (!q)
		return SQLITE_ERROR;
	bind_roster(q, home, b);
	code = database_step(q);
	*id = sqlite3_last_insert_rowid(s->db);
	return code;
}

void database_pack_roster(struct buf *b, const int64_t *tests, const struct result *r)
{
	struct entry before = {0};

	for (size_t i = 0; i < r->tests.n; i++) {
		const struct test_case *t = &r->tests.items[i];
		const struct entry e = {tests[i], (int)range_nearest('l', t->line),
					(int)range_nearest('l', t->round)};
		pack_entry(b, &e, &before, shortened(t->file, r));
		before = e;
	}
}

int database_copy_roster(struct store *s, const struct home *home, struct packed other,
			 int (*map)(int64_t *test, void *arg), void *arg, sqlite3_int64 *roster)
{
	struct entry e = {0}, before = {0};
	struct buf b = {0};
	int code = SQLITE_DONE;

	while (other.at < other.end && code == SQLITE_DONE) {
		char *source = unpack_entry(&other, &e);
		struct entry own = e;
		code = other.torn ? SQLITE_CORRUPT : map(&own.test, arg);
		pack_entry(&b, &own, &before, source);
		before = own;
		free(source);
	}
	if (code == SQLITE_DONE)
		code = find_roster(s, home, &b, roster);
	buf_release(&b);
	return code;
}

int database_put_tests(struct store *s, const struct home *home, const struct result *r,
		       sqlite3_int64 *roster)
{
	int64_t *tests = xcalloc(r->tests.n + 1, sizeof *tests);
	int code = SQLITE_DONE;

	for (size_t i = 0; i < r->tests.n && code == SQLITE_DONE; i++) {
		sqlite3_int64 id = 0;
		code = put_test(s, home, &r->tests.items[i], &id);
		tests[i] = id;
	}
	struct buf b = {0};
	database_pack_roster(&b, tests, r);
	if (code == SQLITE_DONE)
		code = find_roster(s, home, &b, roster);
	buf_release(&b);
	free(tests);
	return code;
}

static int torn_roster(struct store *s)
{
	return database_damaged(s, "a list of tests is torn");
}

int database_load_roster(struct store *s, sqlite3_int64 roster, struct numbers *tests)
{
	sqlite3_stmt *q = database_statement(s, SQL_LOAD_ROSTER);

	if (!q)
		return SQLITE_ERROR;
	sqlite3_bind_int64(q, 1, roster);
	int code = database_next(s, SQL_LOAD_ROSTER);
	if (code == SQLITE_ROW) {
		struct packed p = database_packed(q, 0);
		struct entry e = {0};
		while (p.at < p.end && !p.torn) {
			free(unpack_entry(&p, &e));
			VEC_PUSH(tests, e.test);
		}
		code = p.torn ? torn_roster(s) : SQLITE_DONE;
	}
	sqlite3_reset(q);
	return code;
}

// source is owned.
static int load_test(struct store *s, const struct entry *e, char *source, struct result *r)
{
	struct test_case t = {.line = e->line, .round = e->round, .file = lengthened(source, r)};
	sqlite3_stmt *q = database_statement(s, SQL_LOAD_TEST);

	if (q)
		sqlite3_bind_int64(q, 1, e->test);
	int code = database_next(s, SQL_LOAD_TEST);
	// The name is the last of its groups there.
	t.npath =
		split(code == SQLITE_ROW ? (const char *)sqlite3_column_text(q, 0) : "?", &t.path) -
		1;
	if (code == SQLITE_ROW)
		t.ntags = split((const char *)sqlite3_column_text(q, 1), &t.tags);
	t.name = t.path[t.npath];
	VEC_PUSH(&r->tests, t);
	return code == SQLITE_ROW    ? SQLITE_DONE
	       : code == SQLITE_DONE ? database_damaged(s, "a test is listed and not there")
				     : code;
}

int database_load_tests(struct store *s, sqlite3_int64 roster, struct packed endings,
			struct result *r)
{
	sqlite3_stmt *q = database_statement(s, SQL_LOAD_ROSTER);

	if (!q)
		return SQLITE_ERROR;
	sqlite3_bind_int64(q, 1, roster);
	int code = database_next(s, SQL_LOAD_ROSTER);
	if (code == SQLITE_ROW) {
		struct packed p = database_packed(q, 0);
		struct entry e = {0};
		code = SQLITE_DONE;
		while (p.at < p.end && code == SQLITE_DONE) {
			char *source = unpack_entry(&p, &e);
			code = load_test(s, &e, source, r);
			code = p.torn ? torn_roster(s) : code;
		}
	}
	sqlite3_reset(q);
	if (code == SQLITE_DONE && !unpack_endings(endings, r))
		return database_damaged(s, "how the tests of a result ended is torn");
	return code;
}

// ---- what the bad ones said ----

static int add_failure(struct store *s, sqlite3_int64 result, size_t seq, const struct test_case *t)
{
	sqlite3_stmt *q = database_statement(s, SQL_ADD_FAILURE);

	if (!q)
		return SQLITE_ERROR;
	sqlite3_bind_int64(q, 1, result);
	sqlite3_bind_int64(q, 2, (sqlite3_int64)seq);
	database_bind_string(q, 3, t->message);
	database_bind_string(q, 4, t->traceback);
	return database_step(q);
}

static int add_error(struct store *s, sqlite3_int64 result, size_t seq, const struct result *r)
{
	const struct file_error *e = &r->errors.items[seq];
	sqlite3_stmt *q = database_statement(s, SQL_ADD_FILE_ERROR);

	if (!q)
		return SQLITE_ERROR;
	sqlite3_bind_int64(q, 1, result);
	sqlite3_bind_int64(q, 2, (sqlite3_int64)seq);
	database_bind_string(q, 3, e->where);
	database_bind_string(q, 4, e->name);
	database_bind_string(q, 5, shortened(e->file, r));
	sqlite3_bind_int64(q, 6, range_nearest('l', e->line));
	database_bind_string(q, 7, e->message);
	database_bind_string(q, 8, e->traceback);
	return database_step(q);
}

int database_put_words(struct store *s, sqlite3_int64 result, const struct result *r)
{
	int code = SQLITE_DONE;

	for (size_t i = 0; i < r->tests.n && code == SQLITE_DONE; i++)
		if (r->tests.items[i].message || r->tests.items[i].traceback)
			code = add_failure(s, result, i, &r->tests.items[i]);
	for (size_t i = 0; i < r->errors.n && code == SQLITE_DONE; i++)
		code = add_error(s, result, i, r);
	return code;
}

static void read_failure(sqlite3_stmt *q, struct result *r)
{
	size_t seq = (size_t)sqlite3_column_int64(q, 0);

	if (seq >= r->tests.n || r->tests.items[seq].message || r->tests.items[seq].traceback)
		return;
	r->tests.items[seq].message = database_text(q, 1);
	r->tests.items[seq].traceback = database_text(q, 2);
}

static void read_error(sqlite3_stmt *q, struct result *r)
{
	struct file_error e = {
		.where = database_text(q, 0),
		.name = database_text(q, 1),
		.file = lengthened(database_text(q, 2), r),
		.line = sqlite3_column_int(q, 3),
		.message = database_text(q, 4),
		.traceback = database_text(q, 5),
	};

	VEC_PUSH(&r->errors, e);
}

static int read_all(struct store *s, enum statement which, sqlite3_int64 result,
		    void (*read)(sqlite3_stmt *, struct result *), struct result *r)
{
	sqlite3_stmt *q = database_statement(s, which);
	int code;

	if (q)
		sqlite3_bind_int64(q, 1, result);
	while ((code = database_next(s, which)) == SQLITE_ROW)
		read(q, r);
	return code;
}

int database_load_words(struct store *s, sqlite3_int64 result, struct result *r)
{
	int code =
		r->tests.n ? read_all(s, SQL_LOAD_FAILURES, result, read_failure, r) : SQLITE_DONE;

	return code == SQLITE_DONE ? read_all(s, SQL_LOAD_FILE_ERRORS, result, read_error, r)
				   : code;
}
