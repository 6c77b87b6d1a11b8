// SPDX-License-Identifier: MIT
// Writing to the store: runs, the results of files, their tests.
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "firmo-jobs.h"
#include "model/quarantine.h"
#include "model/run.h"
#include "store/counted.h"
#include "store/database.h"
#include "store/file.h"
#include "store/input_state.h"
#include "store/pack.h"
#include "store/prune.h"
#include "store/query.h"
#include "store/range.h"
#include "store/schema.h"
#include "store/snapshot.h"
#include "store/store.h"
#include "store/tests.h"

// After so many runs it is looked what nobody needs any more.
#define SWEEP_RUNS 256
// How long the log may grow in mid-run: 32 MiB.
#define LOG_PAGES 8000

static int add_run(struct store *s, struct run *run)
{
	int code =
		query_do(s,
			 "INSERT INTO run(name, started, jobs, lower_bound, seed, version, "
			 "repeated, flaky_fails, lua, revision) VALUES(?,?,?,?,?,?,?,?,?,?)",
			 VALUES(TEXT(run->name), WITHIN('t', run->started_ns),
				WITHIN('o', run->jobs), WITHIN('d', run->lower_bound_ns),
				NUMBER(run->seed), TEXT(FIRMO_JOBS_VERSION), NUMBER(run->repeated),
				NUMBER(run->flaky_fails), TEXT(run->lua), TEXT(run->revision)));

	run->id = sqlite3_last_insert_rowid(s->db);
	return code;
}

#define AS_NAME(name, letter) #name ", "
#define AS_MARK(name, letter) "?, "

static int add_result(struct store *s, int64_t run, int64_t file, const struct result *r,
		      int64_t test_list)
{
	struct counts c = result_counts(r);
	struct buf outcomes = {0};

	if (test_list)
		pack_outcomes(&outcomes, r);
	int code = query_do(
		s,
		"INSERT INTO result(" RESULT_COLUMNS(AS_NAME, AS_NAME) "id) VALUES(" RESULT_COLUMNS(
			AS_MARK, AS_MARK) "NULL)",
		VALUES(NUMBER(run), NUMBER(file), WITHIN('r', r->attempt),
		       WITHIN('t', r->started_ns), WITHIN('y', r->wall_ns), WITHIN('y', r->user_ns),
		       WITHIN('y', r->sys_ns), WITHIN('z', r->maxrss), WITHIN('s', r->status),
		       TEXT(r->reason), WITHIN('x', r->exit_code), WITHIN('g', r->signal),
		       WITHIN('o', r->slot), NUMBER(r->leaked), WITHIN('n', c.total),
		       WITHIN('n', c.failed + c.errors + c.forgiven),
		       KNOWN_BYTES(r->output, r->output_len), WITHIN('y', r->offset_ns),
		       WITHIN('w', r->framework), NUMBER(r->concurrent), NUMBER(r->partial),
		       NUMBER(r->has_tests), WITHIN('n', r->expected), TEXT(r->seed),
		       WITHIN('z', r->output_total), NUMBER(test_list),
		       KNOWN_BYTES(outcomes.data, outcomes.len), WITHIN('d', r->delay_ns),
		       TEXT(r->learned), TEXT(r->quarantine ? r->quarantine->text : NULL),
		       NUMBER(r->forgiven), TEXT(NULL)));
	buf_release(&outcomes);
	return code;
}

static int add_all(struct store *s, const struct run *run, const struct result *r)
{
	int64_t file = 0, test_list = 0;
	int code = file_put(s, run, r, &file);

	if (code == SQLITE_DONE && r->has_tests)
		code = tests_put(s, run->id, file, r, &test_list);
	if (code == SQLITE_DONE)
		code = add_result(s, run->id, file, r, test_list);
	int64_t result = sqlite3_last_insert_rowid(s->db);
	if (code == SQLITE_DONE)
		code = tests_put_words(s, result, r);
	if (code == SQLITE_DONE)
		code = counted_put(s, r, result);
	return code == SQLITE_DONE ? snapshot_record_inputs(s, r, file, result) : code;
}

enum store_status store_record(struct store *s, struct run *run, struct result *const *results,
			       size_t n, struct err *err)
{
	bool first = run->id == 0;
	enum store_status status = query_begin(s, err);

	if (status != STORE_OK)
		return status;
	int code = input_states_refresh(s);
	if (code == SQLITE_DONE && first)
		code = add_run(s, run);
	for (size_t i = 0; i < n && code == SQLITE_DONE; i++)
		code = add_all(s, run, results[i]);
	status = query_commit(s, code, err);
	if (status != STORE_OK)
		input_states_forget(s);
	if (status != STORE_OK && first)
		run->id = 0;
	store_move_log(s, LOG_PAGES);
	return status;
}

// Another process may have removed one of them meanwhile, and its number be that of another result.
static int add_reused(struct store *s, const struct run *run)
{
	int code = SQLITE_DONE;

	for (size_t i = 0; i < run->results.n && code == SQLITE_DONE; i++) {
		const struct result *r = run->results.items[i];
		if (r->cached && r->id)
			code = query_do(
				s,
				"INSERT OR IGNORE INTO reused SELECT ?1, r.id FROM result r "
				"JOIN file f ON f.id = r.file WHERE r.id = ?2 "
				"AND f.path = ?3 AND r.started = ?4",
				VALUES(NUMBER(run->id), NUMBER(r->id), TEXT(r->job->path),
				       WITHIN('t', r->started_ns)));
	}
	return code;
}

static int add_fixtures(struct store *s, const struct run *run)
{
	int code = SQLITE_DONE;

	for (size_t i = 0; i < run->fixtures.n && code == SQLITE_DONE; i++) {
		const struct fixture_result *r = &run->fixtures.items[i];
		code = query_do(s,
				"INSERT OR REPLACE INTO fixture(run, seq, " FIXTURE_COLUMNS
				") VALUES(?,?,?,?,?,?,?,?,?)",
				VALUES(NUMBER(run->id), WITHIN('n', i), TEXT(r->name),
				       NUMBER(r->tears_down), NUMBER(r->failed), TEXT(r->reason),
				       KNOWN_BYTES(r->output, strlen(r->output)),
				       WITHIN('t', r->started_ns), WITHIN('y', r->wall_ns)));
	}
	return code;
}

static int finish_run(struct store *s, const struct run *run)
{
	struct totals t = run_totals(run);
	int code = query_do(
		s,
		"UPDATE run SET elapsed=?2, peak=?3, files=?4, bad=?5, tests=?6, failed=?7, "
		"signal=?8, bound=?9, stopped=?10, waits=?11 WHERE id=?1",
		VALUES(NUMBER(run->id), WITHIN('y', run->elapsed_ns), WITHIN('o', run->peak),
		       WITHIN('n', t.files), WITHIN('n', t.bad), WITHIN('n', t.tests.total),
		       WITHIN('n', t.tests.failed + t.tests.errors), WITHIN('g', run->signal),
		       WITHIN('d', run_bound_ns(run)), TEXT(run->stopped),
		       KNOWN_BYTES(run->waits.items, run->waits.n * sizeof *run->waits.items)));

	if (code == SQLITE_DONE)
		code = add_fixtures(s, run);
	return code == SQLITE_DONE ? add_reused(s, run) : code;
}

// Results of passes are kept, what they printed is not kept for ever: a run that ends drops that of
// those before the last ten. Ten more catch up on runs that were killed.
static int drop_outputs(struct store *s)
{
	return query_do(s,
			"UPDATE result SET output=NULL WHERE run IN (SELECT id FROM run " BY_TIME
			"LIMIT 10 OFFSET 10) AND status IN (1, 6) AND output IS NOT NULL",
			NULL);
}

enum store_status record_finish_run(struct store *s, struct run *run, struct err *err)
{
	bool first = run->id == 0;

	if (first && run->fixtures.n == 0)
		return STORE_OK;
	enum store_status status = query_begin(s, err);
	if (status != STORE_OK)
		return status;
	int code = first ? add_run(s, run) : SQLITE_DONE;
	if (code == SQLITE_DONE)
		code = finish_run(s, run);
	for (size_t i = 0; i < run->results.n && code == SQLITE_DONE; i++)
		if (run->results.items[i]->status == FILE_NOTRUN)
			code = add_all(s, run, run->results.items[i]);
	if (code == SQLITE_DONE)
		code = drop_outputs(s);
	if (code == SQLITE_DONE)
		code = prune_keep_bound(s);
	if (code == SQLITE_DONE && run->id % SWEEP_RUNS == 0)
		code = prune_sweep(s);
	status = query_commit(s, code, err);
	if (status != STORE_OK && first)
		run->id = 0;
	return status;
}
