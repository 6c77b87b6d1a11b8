// SPDX-License-Identifier: MIT
#include "store/tests.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/digest.h"
#include "model/result.h"
#include "store/database.h"
#include "store/history.h"
#include "store/query.h"
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

// ---- test lists ----

static void pack_text(struct buf *b, const char *s)
{
	size_t n = s ? strlen(s) : 0;

	pack_number(b, s ? n + 1 : 0);
	buf_add(b, s ? s : "", n);
}

void tests_pack(struct buf *b, const struct listed *test)
{
	pack_text(b, test->name);
	pack_text(b, test->tags);
	pack_text(b, test->source);
	pack_number(b, (uint64_t)test->line);
	pack_number(b, (uint64_t)test->round);
}

int64_t tests_digest(const struct buf *b)
{
	struct digest d = digest_of(b->len ? b->data : "", b->len);
	int64_t number;

	memcpy(&number, d.bytes, sizeof number);
	return number;
}

// The tests of a result as they are listed.
struct list {
	struct listed *tests; // their names and tags are owned
	size_t n;
	int64_t digest;
};

static struct list list_of(const struct result *r)
{
	struct list l = {.tests = xcalloc(r->tests.n + 1, sizeof *l.tests), .n = r->tests.n};
	struct buf b = {0};

	for (size_t i = 0; i < l.n; i++) {
		const struct test_case *t = &r->tests.items[i];
		l.tests[i] = (struct listed){
			.name = joined(t->path, t->npath, t->name ? t->name : ""),
			.tags = joined(t->tags, t->ntags, NULL),
			.source = shortened(t->file, r),
			.line = (int)range_nearest('l', t->line),
			.round = (int)range_nearest('l', t->round),
		};
		tests_pack(&b, &l.tests[i]);
	}
	l.digest = tests_digest(&b);
	buf_release(&b);
	return l;
}

static void list_release(struct list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free((char *)l->tests[i].name);
		free((char *)l->tests[i].tags);
	}
	free(l->tests);
}

static int add_listed(struct store *s, int64_t run, int64_t file, int64_t test_list, size_t seq,
		      const struct listed *t)
{
	int code = query_do(s, "INSERT OR IGNORE INTO test(file, name, born) VALUES(?,?,?)",
			    VALUES(NUMBER(file), TEXT(t->name), NUMBER(run)));

	return code == SQLITE_DONE
		       ? query_do(s,
				  "INSERT INTO listed VALUES(?1, ?2, (SELECT id FROM test WHERE "
				  "file=?3 AND name=?4), ?5, ?6, ?7, ?8)",
				  VALUES(NUMBER(test_list), NUMBER(seq), NUMBER(file),
					 TEXT(t->name), NUMBER(t->line), NUMBER(t->round),
					 TEXT(t->source), TEXT(t->tags)))
		       : code;
}

static int add_test_list(struct store *s, int64_t run, int64_t file, const struct list *l,
			 int64_t *test_list)
{
	int code = query_do(s, "INSERT INTO roster(file, digest, tests) VALUES(?,?,?)",
			    VALUES(NUMBER(file), NUMBER(l->digest), NUMBER(l->n)));

	*test_list = sqlite3_last_insert_rowid(s->db);
	for (size_t i = 0; i < l->n && code == SQLITE_DONE; i++)
		code = add_listed(s, run, file, *test_list, i, &l->tests[i]);
	return code;
}

int tests_put(struct store *s, int64_t run, int64_t file, const struct result *r,
	      int64_t *test_list)
{
	struct list l = list_of(r);
	int code = query_number(s, "SELECT id FROM roster WHERE file=? AND digest=? AND tests=?",
				VALUES(NUMBER(file), NUMBER(l.digest), NUMBER(l.n)), test_list);

	if (code == SQLITE_DONE && *test_list == 0)
		code = add_test_list(s, run, file, &l, test_list);
	list_release(&l);
	return code;
}

// Of a row: the name, the tags, the source, the line, the round.
static int load_test(struct store *s, const struct query *q, struct result *r)
{
	struct test_case t = {
		.file = lengthened(query_copy(q, 2), r),
		.line = (int)query_int(q, 3),
		.round = (int)query_int(q, 4),
	};
	const char *name = query_text(q, 0);

	// The name is the last of its groups there.
	t.npath = split(name ? name : "?", &t.path) - 1;
	t.ntags = split(query_text(q, 1), &t.tags);
	t.name = t.path[t.npath];
	VEC_PUSH(&r->tests, t);
	return name ? SQLITE_DONE : store_damaged(s, "a test is listed and not there");
}

int tests_load(struct store *s, int64_t test_list, struct packed outcomes, struct result *r)
{
	struct query *q = query(s,
				"SELECT t.name, l.tags, l.source, l.line, l.round FROM listed l "
				"LEFT JOIN test t ON t.id = l.test WHERE l.roster=? ORDER BY l.seq",
				VALUES(NUMBER(test_list)));
	int code = SQLITE_DONE;

	while (code == SQLITE_DONE && (code = query_next(q, "cccLL")) == SQLITE_ROW)
		code = load_test(s, q, r);
	code = query_end(q, code);
	if (code == SQLITE_DONE && !packed_outcomes(outcomes, r))
		return store_damaged(s, "how the tests of a result ended is torn");
	return code;
}

// ---- what the bad ones said ----

static int add_failure(struct store *s, int64_t result, size_t seq, const struct test_case *t)
{
	return query_do(s, "INSERT INTO failure VALUES(?,?,?,?)",
			VALUES(NUMBER(result), NUMBER(seq), TEXT(t->message), TEXT(t->traceback)));
}

static int add_error(struct store *s, int64_t result, size_t seq, const struct result *r)
{
	const struct file_error *e = &r->errors.items[seq];

	return query_do(s, "INSERT INTO file_error VALUES(?,?,?,?,?,?,?,?)",
			VALUES(NUMBER(result), NUMBER(seq), TEXT(e->where), TEXT(e->name),
			       TEXT(shortened(e->file, r)), WITHIN('l', e->line), TEXT(e->message),
			       TEXT(e->traceback)));
}

int tests_put_words(struct store *s, int64_t result, const struct result *r)
{
	int code = SQLITE_DONE;

	for (size_t i = 0; i < r->tests.n && code == SQLITE_DONE; i++)
		if (r->tests.items[i].message || r->tests.items[i].traceback)
			code = add_failure(s, result, i, &r->tests.items[i]);
	for (size_t i = 0; i < r->errors.n && code == SQLITE_DONE; i++)
		code = add_error(s, result, i, r);
	return code;
}

static int load_failures(struct store *s, int64_t result, struct result *r)
{
	struct query *q = query(s, "SELECT seq, message, traceback FROM failure WHERE result=?",
				VALUES(NUMBER(result)));
	int code;

	while ((code = query_next(q, "Ncc")) == SQLITE_ROW) {
		size_t seq = (size_t)query_int(q, 0);
		struct test_case *t = seq < r->tests.n ? &r->tests.items[seq] : NULL;
		if (!t || t->message || t->traceback)
			continue;
		t->message = query_copy(q, 1);
		t->traceback = query_copy(q, 2);
	}
	return code;
}

int tests_load_words(struct store *s, int64_t result, struct result *r)
{
	int code = r->tests.n ? load_failures(s, result, r) : SQLITE_DONE;

	if (code != SQLITE_DONE)
		return code;
	struct query *q = query(s,
				"SELECT place, name, source, line, message, traceback "
				"FROM file_error WHERE result=? ORDER BY seq",
				VALUES(NUMBER(result)));

	while ((code = query_next(q, "ccclcc")) == SQLITE_ROW) {
		struct file_error e = {
			.where = query_copy(q, 0),
			.name = query_copy(q, 1),
			.file = lengthened(query_copy(q, 2), r),
			.line = (int)query_int(q, 3),
			.message = query_copy(q, 4),
			.traceback = query_copy(q, 5),
		};
		VEC_PUSH(&r->errors, e);
	}
	return code;
}
