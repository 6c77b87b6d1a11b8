// SPDX-License-Identifier: MIT
#include "store/prune.h"

#include "base/clock.h"
#include "base/err.h"
#include "store/database.h"
#include "store/input_state.h"
#include "store/maintenance.h"
#include "store/query.h"

#define DAY_NS (86400 * NS_PER_SEC)
// A file that has no result any more is forgotten when it has not been run for so long.
#define FILE_MEMORY_NS (90 * DAY_NS)
// A run without an end is taken for dead when its last result is so old.
#define RUN_PATIENCE_NS DAY_NS
// How many runs a run that ends removes: one more than it brings, and a few to catch up.
#define BOUND_RUNS 4

// The results that stay though their run may go: valid passes, and what other runs show.
#define STANDING                                                                                   \
	"(SELECT result FROM snapshot WHERE stands UNION SELECT result FROM part UNION "           \
	"SELECT result FROM reused)"
// Those that go with the runs of temp.gone, or stood for a reason that is gone.
#define DEAD                                                                                       \
	"(run IN (SELECT run FROM temp.gone) OR run = 0) AND id NOT IN (SELECT result FROM "       \
	"temp.standing)"

// Not the runs that may be going on: they have no end yet, but a result of late.
static const char find_gone[] =
	"INSERT INTO temp.gone SELECT id FROM (SELECT id, started, elapsed FROM run " BY_TIME
	"LIMIT -1 OFFSET ?1) o WHERE started < ?2 AND (elapsed IS NOT NULL OR "
	"ifnull((SELECT max(r.started + r.wall) FROM result r WHERE r.run = o.id), started) < ?3) "
	"ORDER BY started, id LIMIT ?4";

static int drop_runs(struct store *s, struct pruned *out)
{
	static const char *const runs[] = {
		"DELETE FROM reused WHERE run IN (SELECT run FROM temp.gone)",
		"DELETE FROM fixture WHERE run IN (SELECT run FROM temp.gone)",
		"DELETE FROM covered WHERE run IN (SELECT run FROM temp.gone)",
		"DELETE FROM run WHERE id IN (SELECT run FROM temp.gone)",
		"CREATE TEMP TABLE standing(result INTEGER PRIMARY KEY)",
		"INSERT INTO temp.standing SELECT * FROM " STANDING,
		"DELETE FROM failure WHERE result IN (SELECT id FROM result WHERE " DEAD ")",
		"DELETE FROM file_error WHERE result IN (SELECT id FROM result WHERE " DEAD ")",
		"DELETE FROM counted WHERE result IN (SELECT id FROM result WHERE " DEAD ")",
		"DELETE FROM result WHERE " DEAD,
		NULL,
	};
	static const char *const rest[] = {
		"UPDATE result SET run=0 WHERE run IN (SELECT run FROM temp.gone)",
		"DROP TABLE temp.standing",
		// The number of a result may be given again.
		"UPDATE snapshot SET result=0 WHERE NOT stands AND result NOT IN "
		"(SELECT id FROM result)",
		NULL,
	};
	int code = query_do_all(s, runs, NULL);

	out->results = sqlite3_changes(s->db);
	return code == SQLITE_DONE ? query_do_all(s, rest, NULL) : code;
}

// Removes the oldest chunks of each file as far as all of their runs are gone. What stands in the
// row of a file stays: its time is expected from that.
static int cut_all_series(struct store *s)
{
	int code;

	do {
		code = query_do(s,
				"DELETE FROM trail WHERE (file, seq) IN (SELECT f.id, (SELECT "
				"min(seq) FROM trail t WHERE t.file = f.id) FROM file f) "
				"AND NOT EXISTS (SELECT 1 FROM samples(trail.samples) x "
				"WHERE x.run IN (SELECT id FROM run))",
				NULL);
	} while (code == SQLITE_DONE && sqlite3_changes(s->db) > 0);
	return code;
}

// At most so many runs, the oldest first.
static int prune(struct store *s, const struct store_bound *bound, int64_t most, struct pruned *out)
{
	int64_t before = bound->before_ns ? bound->before_ns : INT64_MAX;
	int64_t kept = bound->runs < 0 ? 0 : bound->runs;
	int code = query_do(s, "CREATE TEMP TABLE gone(run INTEGER PRIMARY KEY)", NULL);

	if (code == SQLITE_DONE)
		code = query_do(s, find_gone,
				VALUES(NUMBER(kept), NUMBER(before),
				       NUMBER(clock_real_ns() - RUN_PATIENCE_NS), NUMBER(most)));
	out->runs = sqlite3_changes(s->db);
	if (code == SQLITE_DONE && out->runs > 0) {
		code = drop_runs(s, out);
		if (code == SQLITE_DONE)
			code = cut_all_series(s);
	}
	return code == SQLITE_DONE ? query_do(s, "DROP TABLE temp.gone", NULL) : code;
}

int prune_keep_bound(struct store *s)
{
	struct pruned out = {0};

	return prune(s, &(struct store_bound){.runs = STORE_KEPT_RUNS}, BOUND_RUNS, &out);
}

int prune_sweep(struct store *s)
{
	static const char *const statements[] = {
		"DELETE FROM file WHERE ended < ?1 AND id NOT IN (SELECT file FROM result) "
		"AND id NOT IN (SELECT file FROM snapshot WHERE stands)",
		"DELETE FROM trail WHERE file NOT IN (SELECT id FROM file)",
		"DELETE FROM snapshot WHERE file NOT IN (SELECT id FROM file)",
		"DELETE FROM part WHERE file NOT IN (SELECT id FROM file)",
		"DELETE FROM roster WHERE id NOT IN (SELECT roster FROM result WHERE roster > 0)",
		"DELETE FROM listed WHERE roster NOT IN (SELECT id FROM roster)",
		"DELETE FROM test WHERE id NOT IN (SELECT test FROM listed)",
		"DELETE FROM input WHERE id NOT IN (SELECT n.number FROM snapshot s, "
		"numbers(s.inputs) n UNION SELECT n.number FROM part p, numbers(p.inputs) n)",
		"DELETE FROM edition WHERE id NOT IN (SELECT edition FROM counted)",
		"DELETE FROM source WHERE id NOT IN (SELECT source FROM edition UNION "
		"SELECT source FROM covered)",
		NULL,
	};
	int code = query_do_all(s, statements, VALUES(NUMBER(clock_real_ns() - FILE_MEMORY_NS)));

	input_states_forget(s);
	return code;
}

// Makes the file as small as what it holds.
static void give_space_back(struct store *s, struct err *err)
{
	query_forget_all(s);
	int code = sqlite3_exec(s->db, "VACUUM", NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL,
						 NULL);
	if (code != SQLITE_OK)
		store_error(s, err);
}

int store_prune(struct store *s, const struct store_bound *bound, struct pruned *out,
		struct err *err)
{
	*out = (struct pruned){.bytes_before = store_bytes(s)};
	store_take_time(s);
	if (query_begin(s, err) != STORE_OK)
		return store_error(s, err);
	int code = prune(s, bound, -1, out);
	if (code == SQLITE_DONE)
		code = prune_sweep(s);
	if (query_commit(s, code, err) != STORE_OK)
		return -1;
	give_space_back(s, &out->space);
	out->bytes_after = store_bytes(s);
	return 0;
}
