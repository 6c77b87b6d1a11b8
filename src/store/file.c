// SPDX-License-Identifier: MIT
// What is known of each file: its latest outcome, its series, and how it was read.
#include <stdlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "model/run.h"
#include "store/claims.h"
#include "store/database.h"
#include "store/failed.h"
#include "store/file.h"
#include "store/query.h"
#include "store/range.h"
#include "store/series.h"

// What a file may need at most is told from so many of its results.
#define PEAK_OF 8
#define P99_OF  100

// The number in the column reading: the framework that the file turned out to be of when it last
// came to its end, and 1; and WITH_SHIM if it took the shim to find out. 0: unknown. Above that
// stands what it has shown of forks: from these bits on the verdict, and the state; and
// FILE_HAS_BARE_HEAD.
#define WITH_SHIM    64
#define READING_MASK 127
#define VERDICT_BIT  8
#define VERDICT_MASK 3
#define STATE_BIT    16

// ---- loading ----

#define PAST_ROWS  "SELECT path, status, ended, tests, state, trail, reading, forgiven FROM file "
#define PAST_SHAPE "CSTnaBQF"

static void past_free(struct past *p)
{
	if (p)
		series_release(&p->series);
	free(p);
}

void file_free_all(struct map *past)
{
	for (size_t i = 0; i < past->cap; i++)
		past_free(past->slots[i].value);
	map_release(past);
}

int file_read_past(struct store *s, const struct query *q, struct past *p)
{
	p->status = (enum file_status)query_int(q, 1);
	p->ended_ns = query_int(q, 2);
	p->tests = (long)query_int(q, 3);
	p->state = query_int(q, 4);
	return series_read(s, q, 5, &p->series);
}

static int read_reading(struct store *s, int64_t column, struct past *p)
{
	int reading = (int)(column & READING_MASK), number = reading % WITH_SHIM;
	int verdict = (int)(column >> VERDICT_BIT & VERDICT_MASK);

	p->framework = number - 1;
	p->shim = reading >= WITH_SHIM;
	p->forks = (struct fork_memory){(enum fork_verdict)verdict, (uint64_t)column >> STATE_BIT};
	return reading == 0 || (number > 0 && number <= FRAMEWORK_COUNT)
		       ? SQLITE_DONE
		       : store_damaged(s, "a file is of no framework");
}

static int add_past(struct store *s, const struct query *q, struct map *past)
{
	struct past *p = xcalloc(1, sizeof *p);
	int code = file_read_past(s, q, p);

	if (code == SQLITE_DONE)
		code = read_reading(s, query_int(q, 6), p);
	p->forgiven = query_int(q, 7);
	p->p99_ns = series_percentile(&p->series, P99_OF, 99, sample_whole_ns);
	int64_t peak = series_percentile(&p->series, PEAK_OF, 100, sample_peak_bytes);
	p->peak_bytes = peak > 0 ? peak : 0;
	past_free(map_put(past, query_text(q, 0), p));
	return code;
}

static int load_past(struct store *s, struct query *q, struct map *past, struct err *err)
{
	int code = SQLITE_DONE;

	while (code == SQLITE_DONE && (code = query_next(q, PAST_SHAPE)) == SQLITE_ROW)
		code = add_past(s, q, past);
	if (code == SQLITE_DONE)
		return 0;
	file_free_all(past);
	return store_error(s, err);
}

int file_load_all(struct store *s, struct map *past, struct err *err)
{
	return load_past(s, query(s, PAST_ROWS, NULL), past, err);
}

int file_load_one(struct store *s, const char *path, struct map *past, struct err *err)
{
	return load_past(s, query(s, PAST_ROWS "WHERE path=?", VALUES(TEXT(path))), past, err);
}

// ---- recording ----

// What the result adds to what is known of its file. That some of its tests pass says nothing of
// the others, unless these were the bad ones; and a repetition that passes takes back no failure of
// this run.
static void learn(struct past *p, const struct run *run, const struct result *r, bool is_mended)
{
	bool bad = file_status_is_bad(r->status);

	if (r->partial && !bad && !is_mended)
		return;
	bool first = !run->repeated || r->attempt == 1;
	bool was_worse = !first && file_status_is_bad(p->status) && !p->forgiven;
	if (bad || first)
		p->status = r->status;
	p->forgiven = bad ? r->forgiven && !was_worse : p->forgiven && !first;
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
		.concurrent = r->concurrent,
		.partial = r->partial,
		.wall_ns = r->wall_ns,
		.cpu_ns = r->user_ns + r->sys_ns,
		.delay_ns = r->delay_ns,
		.peak_bytes = r->maxrss,
	};

	VEC_PUSH(&p->series, s);
}

// *id is 0 if the file is not known yet.
static int find_file(struct store *s, const char *path, int64_t *id, struct past *p)
{
	struct query *q = query(s,
				"SELECT id, status, ended, tests, state, trail, forgiven FROM file "
				"WHERE path=?",
				VALUES(TEXT(path)));
	int code = query_next(q, "ISTnaBF");

	if (code == SQLITE_ROW) {
		*id = query_int(q, 0);
		p->forgiven = query_int(q, 6);
		code = file_read_past(s, q, p);
	}
	return query_end(q, code);
}

static int add_file(struct store *s, const char *path, int64_t run, int64_t *id)
{
	int code = query_do(s,
			    "INSERT INTO file(path, born, status, ended, tests, state, trail) "
			    "VALUES(?,?,0,0,0,0,x'')",
			    VALUES(TEXT(path), NUMBER(run)));

	*id = sqlite3_last_insert_rowid(s->db);
	return code;
}

static int write_past(struct store *s, int64_t file, const struct past *p)
{
	struct buf b = {0};
	int code = series_pack(s, file, &p->series, &b);

	if (code == SQLITE_DONE)
		code = query_do(
			s,
			"UPDATE file SET status=?2, ended=?3, tests=?4, state=?5, trail=?6, "
			"forgiven=?7 WHERE id=?1",
			VALUES(NUMBER(file), NUMBER(p->status), WITHIN('t', p->ended_ns),
			       WITHIN('n', p->tests), NUMBER(p->state), BYTES(b.data, b.len),
			       NUMBER(p->forgiven)));
	buf_release(&b);
	return code;
}

// Remembers which framework the file of a result turned out to be of.
static int note_reading(struct store *s, int64_t file, const struct result *r)
{
	bool ended =
		r->status == FILE_PASSED || r->status == FILE_FAILED || r->status == FILE_SKIPPED;
	// A framework brings the shim along.
	bool shim = r->framework == FRAMEWORK_PLAIN && (r->learned || r->job->shim);

	// What the user has said counts for that run alone.
	if (!ended || r->job->source == READING_GIVEN)
		return SQLITE_DONE;
	return query_do(s,
			"UPDATE file SET reading=reading - (reading & ?3) + ?2 WHERE id=?1 AND "
			"(reading & ?3) <> ?2",
			VALUES(NUMBER(file), NUMBER((int)r->framework + 1 + (shim ? WITH_SHIM : 0)),
			       NUMBER(READING_MASK)));
}

// Remembers what the result has shown of forks, if it has.
static int note_forks(struct store *s, int64_t file, const struct result *r)
{
	int64_t shown = (int64_t)(r->forks.state << STATE_BIT) | (int64_t)r->forks.verdict
									 << VERDICT_BIT;

	if (r->forks.verdict == FORK_UNKNOWN)
		return SQLITE_DONE;
	return query_do(
		s, "UPDATE file SET reading=(reading & ?3) + ?2 WHERE id=?1",
		VALUES(NUMBER(file), NUMBER(shown), NUMBER(READING_MASK | FILE_HAS_BARE_HEAD)));
}

// Some tests of a file that was bad have passed, and no other is bad.
static bool is_mended(struct store *s, int64_t file, const struct past *p, const struct run *run,
		      const struct result *r)
{
	return r->partial && r->status == FILE_PASSED && !run->repeated &&
	       file_status_is_bad(p->status) && failed_is_mended(s, file, p, r);
}

int file_put(struct store *s, const struct run *run, const struct result *r, int64_t *id)
{
	struct past p = {0};
	enum inputs_state inputs = INPUTS_UNKNOWN;
	int code = find_file(s, r->job->path, id, &p);

	if (code == SQLITE_DONE && *id == 0)
		code = add_file(s, r->job->path, run->id, id);
	if (code == SQLITE_DONE && r->status != FILE_NOTRUN) {
		code = snapshot_judge_inputs(s, r, *id, &p.state, &inputs);
		learn(&p, run, r, is_mended(s, *id, &p, run, r));
		follow(&p, run, r, inputs);
		if (code == SQLITE_DONE)
			code = write_past(s, *id, &p);
		if (code == SQLITE_DONE)
			code = note_reading(s, *id, r);
		if (code == SQLITE_DONE)
			code = note_forks(s, *id, r);
		if (code == SQLITE_DONE && r->inputs)
			code = claims_note(s, *id, r);
	}
	series_release(&p.series);
	return code;
}
