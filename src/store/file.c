// SPDX-License-Identifier: MIT
// What is known of each file: its latest outcome and its trail. The latest results stand in the
// row of the file, where a plan finds them at once; what is older is moved to chunks of its own.
#include <stdlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "model/run.h"
#include "store/database.h"
#include "store/pack.h"
#include "store/store.h"

// When so many results stand in the row of a file, half of them are moved to a chunk.
#define TRAIL_MOST 128
// What a file may need at most is told from so many of its results.
#define PEAK_OF 8
#define P99_OF  100

static void past_free(struct past *p)
{
	if (p)
		trail_release(&p->trail);
	free(p);
}

void past_free_all(struct map *past)
{
	for (size_t i = 0; i < past->cap; i++)
		past_free(past->slots[i].value);
	map_release(past);
}

int database_read_past(struct store *s, sqlite3_stmt *row, struct past *p)
{
	p->status = (enum file_status)sqlite3_column_int(row, 1);
	p->ended_ns = sqlite3_column_int64(row, 2);
	p->tests = (long)sqlite3_column_int64(row, 3);
	p->state = sqlite3_column_int64(row, 4);
	return unpack_trail(database_packed(row, 5), &p->trail)
		       ? SQLITE_DONE
		       : database_damaged(s, "the figures of a file are torn");
}

static int add_past(struct store *s, sqlite3_stmt *row, struct map *past)
{
	struct past *p = xcalloc(1, sizeof *p);
	int code = database_read_past(s, row, p);

	p->framework = -1;
	p->p99_ns = trail_percentile(&p->trail, P99_OF, 99, sample_whole_ns);
	int64_t peak = trail_percentile(&p->trail, PEAK_OF, 100, sample_peak_bytes);
	p->peak_bytes = peak > 0 ? peak : 0;
	past_free(map_put(past, (const char *)sqlite3_column_text(row, 0), p));
	return code;
}

static int load_past(struct store *s, const char *path, struct map *past, struct err *err)
{
	enum statement which = path ? SQL_LOAD_PAST_OF : SQL_LOAD_PAST;
	sqlite3_stmt *q = database_statement(s, which);
	int code = SQLITE_DONE;

	if (q && path)
		database_bind_string(q, 1, path);
	while (code == SQLITE_DONE && (code = database_next(s, which)) == SQLITE_ROW)
		code = add_past(s, q, past);
	if (code == SQLITE_DONE)
		code = database_load_readings(s, path, past);
	if (code == SQLITE_DONE)
		return 0;
	past_free_all(past);
	return database_error(s, err);
}

int store_load_past(struct store *s, struct map *past, struct err *err)
{
	return load_past(s, NULL, past, err);
}

int store_load_past_of(struct store *s, const char *path, struct map *past, struct err *err)
{
	return load_past(s, path, past, err);
}

// What the result adds to what is known of its file. That some of its tests pass says nothing of
// the others, and a repetition that passes takes back no failure of this run.
static void learn(struct past *p, const struct run *run, const struct result *r)
{
	bool bad = file_status_is_bad(r->status);

	if (r->partial && !bad)
		return;
	if (bad || !run->repeated || r->attempt == 1)
		p->status = r->status;
	p->ended_ns = r->started_ns + r->wall_ns;
	if (!r->partial && (r->status == FILE_PASSED || r->status == FILE_FAILED))
		p->tests = (long)r->tests.n;
}

static void follow(struct past *p, const struct run *run, const struct result *r,
		   enum inputs_state inputs)
{
	struct sample s = {
		.run = run->id,
		.status = r->status,
		.inputs = inputs,
		.attempt = r->attempt,
		.crowded = r->crowded,
		.partial = r->partial,
		.wall_ns = r->wall_ns,
		.cpu_ns = r->user_ns + r->sys_ns,
		.delay_ns = r->delay_ns,
		.peak_bytes = r->maxrss,
	};

	VEC_PUSH(&p->trail, s);
}

// *id is 0 if the file is not known yet.
static int find_file(struct store *s, const char *path, sqlite3_int64 *id, struct past *p)
{
	sqlite3_stmt *q = database_statement(s, SQL_FIND_FILE);

	if (!q)
		return SQLITE_ERROR;
	database_bind_string(q, 1, path);
	int code = database_next(s, SQL_FIND_FILE);
	if (code == SQLITE_ROW) {
		*id = sqlite3_column_int64(q, 0);
		code = database_read_past(s, q, p);
	}
	sqlite3_reset(q);
	return code;
}

static int add_file(struct store *s, const struct home *home, const char *path, sqlite3_int64 *id)
{
	sqlite3_stmt *q = database_statement(s, SQL_ADD_FILE);

	if (!q)
		return SQLITE_ERROR;
	database_bind_string(q, 1, path);
	sqlite3_bind_int64(q, 2, home->run);
	int code = database_step(q);
	*id = sqlite3_last_insert_rowid(s->db);
	return code;
}

static int add_chunk(struct store *s, sqlite3_int64 file, const struct sample *samples, size_t n)
{
	sqlite3_stmt *q = database_statement(s, SQL_ADD_CHUNK);
	struct buf b = {0};

	if (!q)
		return SQLITE_ERROR;
	pack_trail(&b, samples, n);
	sqlite3_bind_int64(q, 1, file);
	sqlite3_bind_blob(q, 2, b.data, (int)b.len, SQLITE_STATIC);
	int code = database_step(q);
	buf_release(&b);
	return code;
}

int database_write_past(struct store *s, sqlite3_int64 file, const struct past *p)
{
	size_t from = 0;
	int code = SQLITE_DONE;

	for (; p->trail.n - from >= TRAIL_MOST && code == SQLITE_DONE; from += TRAIL_MOST / 2)
		code = add_chunk(s, file, p->trail.items + from, TRAIL_MOST / 2);
	sqlite3_stmt *q = code == SQLITE_DONE ? database_statement(s, SQL_UPDATE_FILE) : NULL;
	if (!q)
		return code == SQLITE_DONE ? SQLITE_ERROR : code;
	struct buf b = {0};
	pack_trail(&b, p->trail.items + from, p->trail.n - from);
	database_bind_numbers(q, "istna",
			      (int64_t[]){file, p->status, p->ended_ns, p->tests, p->state});
	sqlite3_bind_blob(q, 6, b.len ? b.data : "", (int)b.len, SQLITE_STATIC);
	code = database_step(q);
	buf_release(&b);
	return code;
}

int database_put_file(struct store *s, const struct run *run, const struct result *r,
		      sqlite3_int64 *id)
{
	struct past p = {0};
	enum inputs_state inputs = INPUTS_UNKNOWN;
	int code = find_file(s, r->job->path, id, &p);

	if (code == SQLITE_DONE && *id == 0)
		code = add_file(s, &(struct home){.run = run->id}, r->job->path, id);
	if (code == SQLITE_DONE && r->status != FILE_NOTRUN) {
		code = database_judge_inputs(s, r, *id, &p.state, &inputs);
		learn(&p, run, r);
		follow(&p, run, r, inputs);
		if (code == SQLITE_DONE)
			code = database_write_past(s, *id, &p);
		if (code == SQLITE_DONE)
			code = database_note_reading(s, *id, r);
	}
	trail_release(&p.trail);
	return code;
}
