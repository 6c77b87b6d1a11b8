// SPDX-License-Identifier: MIT
#include "store/upgrade.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/digest.h"
#include "model/result.h"
#include "store/database.h"
#include "store/pack.h"
#include "store/range.h"

// The SQL of this file is that of the formats that it is about, whatever later ones look like.

// When so many results stood in the row of a file, half of them were moved to a chunk.
#define TRAIL_MOST 128

// ---- tests ----

// Which tests the result r had, and how they ended; old is a statement on the old table.
static int read_tests(struct store *s, sqlite3_stmt *old, sqlite3_int64 result, struct result *r)
{
	int code;

	sqlite3_bind_int64(old, 1, result);
	while ((code = database_next_as(s, old, "Iedalcacc")) == SQLITE_ROW) {
		struct test_case t = {
			.status = (enum test_status)sqlite3_column_int(old, 1),
			.wall_ns = database_number(old, 2, -1),
			.own_ns = range_nearest('d', database_number(old, 3, -1)),
			.round = sqlite3_column_int(old, 4),
			.line = (int)range_nearest('l', sqlite3_column_int64(old, 6)),
			.file = database_text(old, 5),
			.message = database_text(old, 7),
			.traceback = database_text(old, 8),
			.id = (long)sqlite3_column_int64(old, 0),
		};
		VEC_PUSH(&r->tests, t);
	}
	sqlite3_reset(old);
	return code;
}

// The statements that write what was read.
struct writer {
	sqlite3_stmt *old, *result, *find_roster, *roster, *words;
};

static int put_words(const struct writer *w, sqlite3_int64 result, const struct result *r)
{
	int code = SQLITE_DONE;

	for (size_t i = 0; i < r->tests.n && code == SQLITE_DONE; i++) {
		const struct test_case *t = &r->tests.items[i];
		if (!t->message && !t->traceback)
			continue;
		sqlite3_bind_int64(w->words, 1, result);
		sqlite3_bind_int64(w->words, 2, (sqlite3_int64)i);
		database_bind_string(w->words, 3, t->message);
		database_bind_string(w->words, 4, t->traceback);
		code = database_step(w->words);
	}
	return code;
}

static void bind_roster(sqlite3_stmt *q, sqlite3_int64 file, const struct buf *b)
{
	struct digest d = digest_of(b->len ? b->data : "", b->len);
	int64_t number;

	memcpy(&number, d.bytes, sizeof number);
	sqlite3_bind_int64(q, 1, file);
	sqlite3_bind_int64(q, 2, number);
	sqlite3_bind_blob(q, 3, b->len ? b->data : "", (int)b->len, SQLITE_STATIC);
}

static int put_roster(struct store *s, const struct writer *w, sqlite3_int64 file,
		      const struct result *r, sqlite3_int64 *roster)
{
	int64_t *tests = xcalloc(r->tests.n + 1, sizeof *tests);
	struct buf b = {0};

	for (size_t i = 0; i < r->tests.n; i++)
		tests[i] = r->tests.items[i].id;
	database_pack_roster(&b, tests, r);
	free(tests);
	bind_roster(w->find_roster, file, &b);
	int code = database_next_as(s, w->find_roster, "I");
	if (code == SQLITE_ROW) {
		*roster = sqlite3_column_int64(w->find_roster, 0);
		code = SQLITE_DONE;
	} else if (code == SQLITE_DONE) {
		bind_roster(w->roster, file, &b);
		code = database_step(w->roster);
		*roster = sqlite3_last_insert_rowid(s->db);
	}
	sqlite3_reset(w->find_roster);
	buf_release(&b);
	return code;
}

static int pack_tests(struct store *s, const struct writer *w, sqlite3_int64 file,
		      sqlite3_int64 result, const struct result *r)
{
	sqlite3_int64 roster = 0;
	struct buf endings = {0};
	int code = put_roster(s, w, file, r, &roster);

	pack_endings(&endings, r);
	sqlite3_bind_int64(w->result, 1, result);
	sqlite3_bind_int64(w->result, 2, roster);
	sqlite3_bind_blob(w->result, 3, endings.data, (int)endings.len, SQLITE_STATIC);
	if (code == SQLITE_DONE)
		code = database_step(w->result);
	buf_release(&endings);
	return code == SQLITE_DONE ? put_words(w, result, r) : code;
}

static int upgrade_result(struct store *s, const struct writer *w, sqlite3_stmt *row)
{
	struct job job = {.path = (char *)sqlite3_column_text(row, 2)};
	sqlite3_int64 result = sqlite3_column_int64(row, 0);
	struct result *r = result_new(&job);
	int code = read_tests(s, w->old, result, r);

	if (code == SQLITE_DONE)
		code = pack_tests(s, w, sqlite3_column_int64(row, 1), result, r);
	result_free(r);
	return code;
}

static int upgrade_tests(struct store *s)
{
	// Its errors stand where they were.
	sqlite3_stmt *all = database_prepare(s, "SELECT r.id, r.file, f.path FROM result r "
						"JOIN file f ON f.id = r.file WHERE r.has_tests");
	const struct writer w = {
		.old = database_prepare(s, "SELECT test, status, wall, own, round, source, line, "
					   "message, traceback FROM test_result WHERE result=? "
					   "ORDER BY seq"),
		.result =
			database_prepare(s, "UPDATE result SET roster=?2, endings=?3 WHERE id=?1"),
		.find_roster = database_prepare(
			s, "SELECT id FROM roster WHERE file=? AND digest=? AND tests=?"),
		.roster = database_prepare(s,
					   "INSERT INTO roster(file, digest, tests) VALUES(?,?,?)"),
		.words = database_prepare(s, "INSERT INTO failure(result, seq, message, traceback) "
					     "VALUES(?,?,?,?)"),
	};
	bool ready = w.old && w.result && w.find_roster && w.roster && w.words;
	int code = ready ? SQLITE_DONE : SQLITE_ERROR;

	while (code == SQLITE_DONE && (code = database_next_as(s, all, "IIC")) == SQLITE_ROW)
		code = upgrade_result(s, &w, all);
	sqlite3_stmt *const made[] = {all, w.old, w.result, w.find_roster, w.roster, w.words};
	for (size_t i = 0; i < sizeof made / sizeof *made; i++)
		sqlite3_finalize(made[i]);
	return code;
}

// ---- trails ----

static struct sample read_sample(sqlite3_stmt *q)
{
	return (struct sample){
		.run = sqlite3_column_int64(q, 1),
		.status = (enum file_status)sqlite3_column_int(q, 2),
		.attempt = sqlite3_column_int(q, 3),
		.crowded = sqlite3_column_int(q, 4),
		.partial = sqlite3_column_int(q, 5),
		.wall_ns = sqlite3_column_int64(q, 6),
		.cpu_ns = sqlite3_column_int64(q, 7),
		.peak_bytes = sqlite3_column_int64(q, 8),
		.delay_ns = -1,
	};
}

static int write_samples(sqlite3_stmt *q, sqlite3_int64 file, const struct sample *samples,
			 size_t n)
{
	struct buf b = {0};

	pack_trail(&b, samples, n);
	sqlite3_bind_int64(q, 1, file);
	sqlite3_bind_blob(q, 2, b.len ? b.data : "", (int)b.len, SQLITE_STATIC);
	int code = database_step(q);
	buf_release(&b);
	return code;
}

struct trail_writer {
	sqlite3_stmt *chunk, *row;
};

static int write_trail(const struct trail_writer *w, sqlite3_int64 file, struct trail *t)
{
	int code = SQLITE_DONE;
	size_t from = 0;

	for (; t->n - from >= TRAIL_MOST && code == SQLITE_DONE; from += TRAIL_MOST / 2)
		code = write_samples(w->chunk, file, t->items + from, TRAIL_MOST / 2);
	if (code == SQLITE_DONE && file)
		code = write_samples(w->row, file, t->items + from, t->n - from);
	t->n = 0;
	return code;
}

static int upgrade_trails(struct store *s)
{
	sqlite3_stmt *q =
		database_prepare(s, "SELECT r.file, r.run, r.status, r.attempt, r.crowded, "
				    "r.partial, r.wall, r.user + r.sys, r.maxrss "
				    "FROM result r JOIN file f ON f.id = r.file "
				    "WHERE r.status <> 0 ORDER BY r.file, r.id");
	const struct trail_writer w = {
		.chunk = database_prepare(s, "INSERT INTO trail SELECT ?1, ifnull(max(seq), 0) + "
					     "1, ?2 FROM trail WHERE file=?1"),
		.row = database_prepare(s, "UPDATE file SET trail=?2 WHERE id=?1"),
	};
	struct trail t = {0};
	sqlite3_int64 file = 0;
	int code = w.chunk && w.row ? SQLITE_DONE : SQLITE_ERROR;

	while (code == SQLITE_DONE && (code = database_next_as(s, q, "IISRffYYZ")) == SQLITE_ROW) {
		code = sqlite3_column_int64(q, 0) != file ? write_trail(&w, file, &t) : SQLITE_DONE;
		file = sqlite3_column_int64(q, 0);
		const struct sample sample = read_sample(q);
		VEC_PUSH(&t, sample);
	}
	if (code == SQLITE_DONE)
		code = write_trail(&w, file, &t);
	trail_release(&t);
	sqlite3_finalize(q);
	sqlite3_finalize(w.chunk);
	sqlite3_finalize(w.row);
	return code;
}

int upgrade_results(struct store *s)
{
	int code = upgrade_tests(s);

	return code == SQLITE_DONE ? upgrade_trails(s) : code;
}
