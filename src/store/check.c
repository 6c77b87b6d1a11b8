// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/map.h"
#include "model/result.h"
#include "store/care.h"
#include "store/database.h"
#include "store/history.h"
#include "store/pack.h"
#include "store/range.h"
#include "store/snapshot.h"

// Of what sqlite finds wrong, so much is told.
#define MOST_COMPLAINTS "5"

static void complain(struct store_facts *facts, char *words)
{
	VEC_PUSH(&facts->problems, words);
}

// What there must be none of.
static void complain_of(struct store_facts *facts, const char *what, int64_t n)
{
	if (n > 0)
		complain(facts, xasprintf("%s: %" PRId64, what, n));
}

// A question that could not be answered.
static void complain_of_failure(struct store *s, struct store_facts *facts, int code)
{
	if (code != SQLITE_DONE)
		complain(facts, xasprintf("it cannot be read: %s",
					  *s->damage ? s->damage : sqlite3_errmsg(s->db)));
}

// ---- what sqlite knows ----

static void check_pages(struct store *s, struct store_facts *facts)
{
	sqlite3_stmt *q = database_prepare(s, "PRAGMA integrity_check(" MOST_COMPLAINTS ")");
	int code = SQLITE_ERROR;

	while (q && (code = sqlite3_step(q)) == SQLITE_ROW) {
		const char *words = (const char *)sqlite3_column_text(q, 0);
		if (words && strcmp(words, "ok") != 0)
			complain(facts, xstrdup(words));
	}
	complain_of_failure(s, facts, code);
	sqlite3_finalize(q);
}

// ---- values ----

// Every column of every table, and what it may hold: store/range.h.
static const struct {
	const char *table, *columns, *letters;
} tables[] = {
	{"run",
	 "id, name, started, elapsed, jobs, peak, files, bad, tests, failed, lower_bound, bound, "
	 "seed, signal, repeated, flaky_fails, version, revision, stopped, lua, waits, reused",
	 "ICTyOonnnnddagffCcccbb"},
	{"file", "id, path, born, status, ended, tests, state, trail, reading", "ICiSTnaBQ"},
	{"result",
	 "id, run, file, attempt, started, wall, user, sys, maxrss, status, reason, exit, signal, "
	 "slot, leaked, tests, failed, output, offset, framework, crowded, partial, has_tests, "
	 "expected, seed, output_total, roster, endings, delay, learned",
	 "IIIRTYYYZScxgofnnbywfffnczibdc"},
	{"test", "id, file, name, tags, born", "IICci"},
	{"roster", "id, file, digest, tests", "IIAB"},
	{"trail", "file, seq, samples", "IIB"},
	{"failure", "result, seq, message, traceback", "INcc"},
	{"file_error", "result, seq, place, name, source, line, message, traceback", "INccclcc"},
	{"input", "id, kind, name, digest, size, mtime, ctime, inode", "IPChaaaa"},
	{"snapshot", "file, result, started, key, doubts, inputs, written, stands, deadline",
	 "IITHUBBFD"},
};

static void check_values(struct store *s, struct store_facts *facts)
{
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		char *sql = xasprintf("SELECT %s FROM %s", tables[i].columns, tables[i].table);
		sqlite3_stmt *q = database_prepare(s, sql);
		int64_t wrong = 0;
		int code = SQLITE_ERROR;
		while (q && (code = sqlite3_step(q)) == SQLITE_ROW)
			wrong += !range_holds_row(q, tables[i].letters);
		complain_of_failure(s, facts, code);
		if (wrong > 0)
			complain(facts,
				 xasprintf("rows of %s with a value that cannot be: %" PRId64,
					   tables[i].table, wrong));
		sqlite3_finalize(q);
		free(sql);
	}
}

// Lists of numbers, of waits and of paths within rows, and what they name.
static void check_lists(struct store *s, struct store_facts *facts)
{
	struct versions versions = {0};
	struct map snapshots = {0};
	struct map past = {0};
	struct past_runs runs = {0};
	struct err err = {0};
	int status = store_load_past(s, &past, &err);
	int64_t lost = 0;

	if (status == 0)
		status = store_load_versions(s, &versions, &err);
	if (status == 0)
		status = store_load_snapshots(s, NULL, &snapshots, &err);
	for (size_t i = 0; i < snapshots.cap; i++) {
		const struct snapshot *p = snapshots.slots[i].value;
		for (size_t k = 0; p && k < p->n; k++)
			lost += !versions_find(&versions, p->inputs[k]);
	}
	if (status == 0)
		status = history_load_runs(s, &runs, &err);
	for (size_t i = 0; i < runs.n && status == 0; i++)
		status = database_check_run(s, runs.items[i].id, &err);
	if (status < 0)
		complain(facts,
			 xasprintf("it cannot be read: %s", *s->damage ? s->damage : err.message));
	complain_of(facts, "inputs that are named and not there", lost);
	past_free_all(&past);
	past_runs_release(&runs);
	snapshots_release(&snapshots);
	versions_release(&versions);
}

// ---- what belongs together ----

// How many there are of what must not be.
static const struct {
	const char *sql, *words;
} orphans[] = {
	{"SELECT count(*) FROM result WHERE run <> 0 AND run NOT IN (SELECT id FROM run)",
	 "results of no run"},
	{"SELECT count(*) FROM result WHERE file NOT IN (SELECT id FROM file)",
	 "results of no file"},
	{"SELECT count(*) FROM result r WHERE roster > 0 AND NOT EXISTS "
	 "(SELECT 1 FROM roster o WHERE o.id = r.roster AND o.file = r.file)",
	 "results with tests that are listed nowhere"},
	{"SELECT count(*) FROM failure WHERE result NOT IN (SELECT id FROM result)",
	 "messages of no result"},
	{"SELECT count(*) FROM file_error WHERE result NOT IN (SELECT id FROM result)",
	 "errors of no result"},
	{"SELECT count(*) FROM test WHERE file NOT IN (SELECT id FROM file)", "tests of no file"},
	{"SELECT count(*) FROM trail WHERE file NOT IN (SELECT id FROM file)",
	 "figures of no file"},
	{"SELECT count(*) FROM snapshot WHERE file NOT IN (SELECT id FROM file) "
	 "OR stands AND result NOT IN (SELECT id FROM result)",
	 "passes to be reused that are gone"},
};

static void check_orphans(struct store *s, struct store_facts *facts)
{
	for (size_t i = 0; i < sizeof orphans / sizeof *orphans; i++) {
		sqlite3_stmt *q = database_prepare(s, orphans[i].sql);
		int code = database_next_as(s, q, "N");
		int64_t n = code == SQLITE_ROW ? sqlite3_column_int64(q, 0) : 0;
		complain_of_failure(s, facts, code == SQLITE_ROW ? SQLITE_DONE : code);
		complain_of(facts, orphans[i].words, n);
		sqlite3_finalize(q);
	}
}

// ---- tests ----

struct rosters {
	struct numbers ids, sizes; // in the same order, by id
};

// *unknown is the number of tests that a roster names and that are not there.
static int check_rosters(struct store *s, struct rosters *rosters, int64_t *unknown)
{
	struct numbers tests = {0};
	int code = database_list_all(s, SQL_TEST_IDS, &tests);

	database_sort(&tests);
	if (code == SQLITE_DONE)
		code = database_list_all(s, SQL_ROSTER_IDS, &rosters->ids);
	database_sort(&rosters->ids);
	for (size_t i = 0; i < rosters->ids.n && code == SQLITE_DONE; i++) {
		struct numbers roster = {0};
		code = database_load_roster(s, rosters->ids.items[i], &roster);
		for (size_t k = 0; k < roster.n; k++)
			*unknown += !database_has(&tests, roster.items[k]);
		VEC_PUSH(&rosters->sizes, (int64_t)roster.n);
		free(roster.items);
	}
	free(tests.items);
	return code;
}

static size_t roster_size(const struct rosters *rosters, int64_t id)
{
	const int64_t *found = rosters->ids.n ? bsearch(&id, rosters->ids.items, rosters->ids.n,
							sizeof id, database_compare_ids)
					      : NULL;

	return found ? (size_t)rosters->sizes.items[found - rosters->ids.items] : 0;
}

static bool same_bytes(struct packed p, const struct buf *b)
{
	size_t n = (size_t)(p.end - p.at);

	return n == b->len && (n == 0 || memcmp(p.at, b->data, n) == 0);
}

// What is whole is what comes out when it is packed again. r and b lend their memory.
static bool endings_are_whole(struct packed p, size_t tests, struct result *r, struct buf *b)
{
	if (r->tests.cap < tests) {
		r->tests.items = xrealloc(r->tests.items, tests * sizeof *r->tests.items);
		r->tests.cap = tests;
	}
	if (tests > 0)
		memset(r->tests.items, 0, tests * sizeof *r->tests.items);
	r->tests.n = tests;
	buf_clear(b);
	if (!unpack_endings(p, r))
		return false;
	pack_endings(b, r);
	return same_bytes(p, b);
}

static int check_endings(struct store *s, const struct rosters *rosters, int64_t *torn)
{
	sqlite3_stmt *q =
		database_prepare(s, "SELECT roster, endings FROM result WHERE roster > 0");
	struct result r = {0};
	struct buf b = {0};
	int code = SQLITE_ERROR;

	while ((code = database_next_as(s, q, "Ib")) == SQLITE_ROW)
		*torn += !endings_are_whole(database_packed(q, 1),
					    roster_size(rosters, sqlite3_column_int64(q, 0)), &r,
					    &b);
	free(r.tests.items);
	buf_release(&b);
	sqlite3_finalize(q);
	return code;
}

static void check_tests(struct store *s, struct store_facts *facts)
{
	struct rosters rosters = {0};
	int64_t unknown = 0, torn = 0;
	int code = check_rosters(s, &rosters, &unknown);

	if (code == SQLITE_DONE)
		code = check_endings(s, &rosters, &torn);
	complain_of_failure(s, facts, code);
	complain_of(facts, "tests that are listed and not there", unknown);
	complain_of(facts, "results with other tests than are listed", torn);
	free(rosters.ids.items);
	free(rosters.sizes.items);
}

// ---- trails ----

// The samples of a file, as far as their runs are there: how many, and the sum of those.
struct tally {
	int64_t file, n;
	uint64_t sum; // whatever they are
};

struct tallies {
	struct tally *items; // by file
	size_t n, cap;
};

static struct tally *tally_of(struct tallies *all, int64_t file)
{
	if (all->n == 0 || all->items[all->n - 1].file != file)
		VEC_PUSH(all, (struct tally){.file = file});
	return &all->items[all->n - 1];
}

static bool trail_is_whole(struct packed p, struct trail *t, struct buf *b)
{
	t->n = 0;
	buf_clear(b);
	if (!unpack_trail(p, t))
		return false;
	pack_trail(b, t->items, t->n);
	return same_bytes(p, b);
}

static int count_samples(struct store *s, struct tallies *all, int64_t *torn)
{
	sqlite3_stmt *q = database_prepare(s, "SELECT file, samples FROM trail UNION ALL "
					      "SELECT id, trail FROM file ORDER BY 1");
	struct numbers runs = {0};
	struct trail t = {0};
	struct buf b = {0};
	int code = q ? database_list_all(s, SQL_RUN_IDS, &runs) : SQLITE_ERROR;
	bool ready = code == SQLITE_DONE;

	while (ready && (code = database_next_as(s, q, "IB")) == SQLITE_ROW) {
		struct tally *tally = tally_of(all, sqlite3_column_int64(q, 0));
		*torn += !trail_is_whole(database_packed(q, 1), &t, &b);
		for (size_t i = 0; i < t.n; i++) {
			bool known = database_has(&runs, t.items[i].run);
			tally->n += known;
			tally->sum += known ? (uint64_t)t.items[i].run : 0;
		}
	}
	free(runs.items);
	trail_release(&t);
	buf_release(&b);
	sqlite3_finalize(q);
	return code;
}

// Takes the results off, so that nothing is left.
static int count_results(struct store *s, struct tallies *all)
{
	sqlite3_stmt *q = database_prepare(s, "SELECT file, count(*), sum(run) FROM result "
					      "WHERE status <> 0 AND run IN (SELECT id FROM run) "
					      "GROUP BY file ORDER BY file");
	size_t at = 0;
	int code = SQLITE_ERROR;

	while ((code = database_next_as(s, q, "INa")) == SQLITE_ROW) {
		while (at < all->n && all->items[at].file < sqlite3_column_int64(q, 0))
			at++;
		if (at == all->n)
			continue;
		all->items[at].n -= sqlite3_column_int64(q, 1);
		all->items[at].sum -= (uint64_t)sqlite3_column_int64(q, 2);
	}
	sqlite3_finalize(q);
	return code;
}

static void check_trails(struct store *s, struct store_facts *facts)
{
	struct tallies all = {0};
	int64_t torn = 0, wrong = 0;
	int code = count_samples(s, &all, &torn);

	if (code == SQLITE_DONE)
		code = count_results(s, &all);
	complain_of_failure(s, facts, code);
	for (size_t i = 0; i < all.n; i++)
		wrong += all.items[i].n != 0 || all.items[i].sum != 0;
	complain_of(facts, "files with torn figures", torn);
	if (code == SQLITE_DONE && torn == 0)
		complain_of(facts, "files with the figures of other results", wrong);
	free(all.items);
}

// ---- all of it ----

static void count(struct store *s, struct store_facts *facts)
{
	static const char sql[] = "SELECT (SELECT count(*) FROM run), (SELECT count(*) FROM file), "
				  "(SELECT count(*) FROM result), (SELECT count(*) FROM test), "
				  "(SELECT min(started) FROM run), (SELECT max(started) FROM run)";
	sqlite3_stmt *q = database_prepare(s, sql);
	int64_t *figures[] = {&facts->runs,  &facts->files,    &facts->results,
			      &facts->tests, &facts->first_ns, &facts->last_ns};
	int code = q ? sqlite3_step(q) : SQLITE_ERROR;

	for (int i = 0; code == SQLITE_ROW && i < 6; i++)
		*figures[i] = sqlite3_column_int64(q, i);
	complain_of_failure(s, facts, code == SQLITE_ROW ? SQLITE_DONE : code);
	sqlite3_finalize(q);
	facts->bytes = database_bytes(s);
}

void store_check(struct store *s, struct store_facts *facts)
{
	database_take_time(s);
	check_pages(s, facts);
	// The rest asks for what is there, so it can only be asked where that can be read.
	if (facts->problems.n == 0)
		check_values(s, facts);
	if (facts->problems.n == 0)
		count(s, facts);
	if (facts->problems.n == 0)
		check_orphans(s, facts);
	if (facts->problems.n == 0)
		check_tests(s, facts);
	if (facts->problems.n == 0)
		check_trails(s, facts);
	if (facts->problems.n == 0)
		check_lists(s, facts);
}

void store_facts_release(struct store_facts *facts)
{
	for (size_t i = 0; i < facts->problems.n; i++)
		free(facts->problems.items[i]);
	free(facts->problems.items);
	*facts = (struct store_facts){0};
}
