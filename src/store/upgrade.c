// SPDX-License-Identifier: MIT
#include "store/upgrade.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "model/result.h"
#include "store/database.h"

// ---- tests ----

// Which tests the result r had, and how they ended; old is a statement on the old table.
static void read_tests(sqlite3_stmt *old, sqlite3_int64 result, struct result *r)
{
	sqlite3_bind_int64(old, 1, result);
	while (sqlite3_step(old) == SQLITE_ROW) {
		struct test_case t = {
			.status = (enum test_status)sqlite3_column_int(old, 1),
			.wall_ns = database_number(old, 2, -1),
			.own_ns = database_number(old, 3, -1),
			.round = sqlite3_column_int(old, 4),
			.line = sqlite3_column_int(old, 6),
			.file = database_text(old, 5),
			.message = database_text(old, 7),
			.traceback = database_text(old, 8),
			.id = (long)sqlite3_column_int64(old, 0),
		};
		VEC_PUSH(&r->tests, t);
	}
	sqlite3_reset(old);
}

static int pack_tests(struct store *s, sqlite3_stmt *put, const struct home *home,
		      sqlite3_int64 result, const struct result *r)
{
	int64_t *tests = xcalloc(r->tests.n + 1, sizeof *tests);
	sqlite3_int64 roster = 0;
	struct buf endings = {0};

	for (size_t i = 0; i < r->tests.n; i++)
		tests[i] = r->tests.items[i].id;
	int code = database_put_roster(s, home, tests, r, &roster);
	free(tests);
	pack_endings(&endings, r);
	sqlite3_bind_int64(put, 1, result);
	sqlite3_bind_int64(put, 2, roster);
	sqlite3_bind_blob(put, 3, endings.data, (int)endings.len, SQLITE_STATIC);
	if (code == SQLITE_DONE)
		code = database_step(put);
	buf_release(&endings);
	return code == SQLITE_DONE ? database_put_words(s, result, r) : code;
}

static int upgrade_tests(struct store *s)
{
	// Its errors stand where they were.
	sqlite3_stmt *all = database_prepare(s, "SELECT r.id, r.run, r.file, f.path FROM result r "
						"JOIN file f ON f.id = r.file WHERE r.has_tests");
	sqlite3_stmt *old =
		database_prepare(s, "SELECT test, status, wall, own, round, source, line, "
				    "message, traceback FROM test_result WHERE result=? "
				    "ORDER BY seq");
	sqlite3_stmt *put =
		database_prepare(s, "UPDATE result SET roster=?2, endings=?3 WHERE id=?1");
	int code = SQLITE_ERROR;

	while (all && old && put && (code = sqlite3_step(all)) == SQLITE_ROW) {
		const struct home home = {sqlite3_column_int64(all, 1),
					  sqlite3_column_int64(all, 2)};
		struct job job = {.path = (char *)sqlite3_column_text(all, 3)};
		struct result *r = result_new(&job);
		read_tests(old, sqlite3_column_int64(all, 0), r);
		code = pack_tests(s, put, &home, sqlite3_column_int64(all, 0), r);
		result_free(r);
		if (code != SQLITE_DONE)
			break;
	}
	sqlite3_finalize(all);
	sqlite3_finalize(old);
	sqlite3_finalize(put);
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

static int write_trail(struct store *s, sqlite3_int64 file, struct past *p)
{
	int code = file ? database_write_past(s, file, p) : SQLITE_DONE;

	trail_release(&p->trail);
	return code;
}

static int upgrade_trails(struct store *s)
{
	sqlite3_stmt *q =
		database_prepare(s, "SELECT r.file, r.run, r.status, r.attempt, r.crowded, "
				    "r.partial, r.wall, r.user + r.sys, r.maxrss, f.status, "
				    "f.ended, f.tests FROM result r JOIN file f ON f.id = r.file "
				    "WHERE r.status <> 0 ORDER BY r.file, r.id");
	struct past p = {0};
	sqlite3_int64 file = 0;
	int code = SQLITE_ERROR, written = SQLITE_DONE;

	while (q && written == SQLITE_DONE && (code = sqlite3_step(q)) == SQLITE_ROW) {
		if (sqlite3_column_int64(q, 0) != file)
			written = write_trail(s, file, &p);
		file = sqlite3_column_int64(q, 0);
		p.status = (enum file_status)sqlite3_column_int(q, 9);
		p.ended_ns = sqlite3_column_int64(q, 10);
		p.tests = (long)sqlite3_column_int64(q, 11);
		const struct sample sample = read_sample(q);
		VEC_PUSH(&p.trail, sample);
	}
	sqlite3_finalize(q);
	if (written == SQLITE_DONE && code == SQLITE_DONE)
		return write_trail(s, file, &p);
	trail_release(&p.trail);
	return written == SQLITE_DONE ? code : written;
}

int upgrade_results(struct store *s)
{
	int code = upgrade_tests(s);

	return code == SQLITE_DONE ? upgrade_trails(s) : code;
}
