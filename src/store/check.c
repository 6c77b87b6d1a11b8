// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/map.h"
#include "store/database.h"
#include "store/history.h"
#include "store/load.h"
#include "store/maintenance.h"
#include "store/query.h"
#include "store/range.h"
#include "store/schema.h"
#include "store/series.h"

// Of what sqlite finds wrong, so much is told.
#define MOST_COMPLAINTS "5"

static void complain(struct store_facts *facts, char *words)
{
	VEC_PUSH(&facts->problems, words);
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
	struct query *q = query(s, "PRAGMA integrity_check(" MOST_COMPLAINTS ")", NULL);
	int code;

	while ((code = query_next(q, "c")) == SQLITE_ROW) {
		const char *words = query_text(q, 0);
		if (words && strcmp(words, "ok") != 0)
			complain(facts, xstrdup(words));
	}
	complain_of_failure(s, facts, code);
}

// ---- values ----

static void check_table(struct store *s, const struct schema_table *t, struct store_facts *facts)
{
	struct query *q = query(s, t->rows, NULL);
	int64_t wrong = 0;
	int code;

	while ((code = query_next(q, "")) == SQLITE_ROW)
		wrong += !query_holds(q, t->letters);
	complain_of_failure(s, facts, code);
	if (wrong > 0)
		complain(facts, xasprintf("rows of %s with a value that cannot be: %" PRId64,
					  t->name, wrong));
}

static void check_values(struct store *s, struct store_facts *facts)
{
	for (const struct schema_table *t = schema_tables; t->name; t++)
		check_table(s, t, facts);
}

// ---- what belongs together ----

// The samples whose runs are there, by file: how many, and of which runs; and the results of them.
#define SAMPLES                                                                                    \
	"(SELECT c.file, count(x.run) AS n, total(x.run) AS runs FROM (SELECT file, samples FROM " \
	"trail UNION ALL SELECT id, trail FROM file) c LEFT JOIN samples(c.samples) x "            \
	"ON x.run IN (SELECT id FROM run) GROUP BY c.file)"
#define RESULTS                                                                                    \
	"(SELECT file, count(*) AS n, total(run) AS runs FROM result WHERE status <> 0 AND run "   \
	"IN (SELECT id FROM run) GROUP BY file)"

// How many there are of what must not be.
static const struct {
	const char *sql, *words;
} rules[] = {
	{"SELECT count(*) FROM result WHERE run <> 0 AND run NOT IN (SELECT id FROM run)",
	 "results of no run"},
	{"SELECT count(*) FROM result WHERE file NOT IN (SELECT id FROM file)",
	 "results of no file"},
	{"SELECT count(*) FROM result r WHERE roster > 0 AND NOT EXISTS "
	 "(SELECT 1 FROM roster o WHERE o.id = r.roster AND o.file = r.file)",
	 "results with tests that are listed nowhere"},
	{"SELECT count(*) FROM fixture WHERE run NOT IN (SELECT id FROM run)",
	 "setups and teardowns of no run"},
	{"SELECT count(*) FROM reused WHERE run NOT IN (SELECT id FROM run)",
	 "reused results of no run"},
	{"SELECT count(*) FROM reused WHERE result NOT IN (SELECT id FROM result)",
	 "reused results that are gone"},
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
	{"SELECT count(*) FROM part WHERE file NOT IN (SELECT id FROM file) "
	 "OR result NOT IN (SELECT id FROM result)",
	 "passes of some tests that are gone"},
	{"SELECT count(*) FROM listed WHERE test NOT IN (SELECT id FROM test)",
	 "tests that are listed and not there"},
	{"SELECT count(*) FROM listed WHERE roster NOT IN (SELECT id FROM roster)",
	 "tests of no list"},
	{"SELECT count(*) FROM roster o WHERE tests <> (SELECT count(*) FROM listed WHERE "
	 "roster = o.id) OR tests <> (SELECT ifnull(max(seq), -1) + 1 FROM listed WHERE "
	 "roster = o.id)",
	 "lists of tests that are torn"},
	{"SELECT count(*) FROM result r JOIN roster o ON o.id = r.roster "
	 "WHERE NOT whole_outcomes(r.endings, o.tests)",
	 "results with other tests than are listed"},
	{"SELECT count(*) FROM (SELECT inputs FROM snapshot UNION ALL SELECT inputs FROM part) s, "
	 "numbers(s.inputs) n WHERE n.number NOT IN (SELECT id FROM input)",
	 "inputs that are named and not there"},
	{"SELECT count(*) FROM (SELECT written FROM snapshot UNION ALL SELECT written FROM part) "
	 "s, "
	 "paths(s.written) p WHERE p.path = ''",
	 "paths without a name"},
	{"SELECT count(*) FROM counted WHERE result NOT IN (SELECT id FROM result WHERE counted "
	 "IS NOT NULL)",
	 "coverage of no result"},
	{"SELECT count(*) FROM edition WHERE source NOT IN (SELECT id FROM source)",
	 "texts of no source"},
	{"SELECT count(*) FROM counted c LEFT JOIN edition e ON e.id = c.edition "
	 "WHERE e.id IS NULL OR NOT whole_counts(e.shape, c.counts)",
	 "sources with torn coverage"},
	{"SELECT count(*) FROM covered WHERE run NOT IN (SELECT id FROM run) "
	 "OR source NOT IN (SELECT id FROM source)",
	 "covered lines of no run or no source"},
	{"SELECT (SELECT count(*) FROM file WHERE NOT whole_series(trail)) + "
	 "(SELECT count(*) FROM trail WHERE NOT whole_series(samples))",
	 "files with torn figures"},
	{"SELECT count(*) FROM " SAMPLES " x LEFT JOIN " RESULTS " r USING (file) "
	 "WHERE x.n <> ifnull(r.n, 0) OR x.runs <> ifnull(r.runs, 0)",
	 "files with the figures of other results"},
};

static void check_rules(struct store *s, struct store_facts *facts)
{
	size_t before = facts->problems.n;

	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		int64_t n = 0;
		// What cannot be unpacked is told once.
		if (i + 1 == sizeof rules / sizeof *rules && facts->problems.n > before)
			return;
		complain_of_failure(s, facts, query_number(s, rules[i].sql, NULL, &n));
		if (n > 0)
			complain(facts, xasprintf("%s: %" PRId64, rules[i].words, n));
	}
}

// What only those who load it know: how a file was read, and the waits of a run.
static void check_loading(struct store *s, struct store_facts *facts)
{
	struct past_runs runs = {0};
	struct map past = {0};
	struct err err = {0};
	int status = file_load_all(s, &past, &err);

	if (status == 0)
		status = history_load_runs(s, &runs, &err);
	for (size_t i = 0; i < runs.n && status == 0; i++)
		status = load_check_run(s, runs.items[i].id, &err);
	if (status < 0)
		complain(facts,
			 xasprintf("it cannot be read: %s", *s->damage ? s->damage : err.message));
	file_free_all(&past);
	past_runs_release(&runs);
}

// ---- all of it ----

static void count(struct store *s, struct store_facts *facts)
{
	struct query *q = query(s,
				"SELECT (SELECT count(*) FROM run), (SELECT count(*) FROM file), "
				"(SELECT count(*) FROM result), (SELECT count(*) FROM test), "
				"(SELECT min(started) FROM run), (SELECT max(started) FROM run)",
				NULL);
	int64_t *figures[] = {&facts->runs,  &facts->files,    &facts->results,
			      &facts->tests, &facts->first_ns, &facts->last_ns};
	int code = query_next(q, "NNNNtt");

	for (int i = 0; code == SQLITE_ROW && i < 6; i++)
		*figures[i] = query_int(q, i);
	complain_of_failure(s, facts, query_end(q, code));
	facts->bytes = store_bytes(s);
}

void store_check(struct store *s, struct store_facts *facts)
{
	static void (*const parts[])(struct store *, struct store_facts *) = {
		check_pages, check_values, count, check_rules, check_loading};

	store_take_time(s);
	// Each asks for what is there, so it can only be asked where that can be read.
	for (size_t i = 0; i < sizeof parts / sizeof *parts && facts->problems.n == 0; i++)
		parts[i](s, facts);
}

// A result whose coverage cannot be read has none, and is run again where that is asked for.
static int drop_torn_coverage(struct store *s)
{
	static const char *const statements[] = {
		"UPDATE result SET counted=NULL WHERE id IN (SELECT c.result FROM counted c LEFT "
		"JOIN edition e ON e.id = c.edition LEFT JOIN source o ON o.id = e.source "
		"WHERE o.id IS NULL OR NOT whole_counts(e.shape, c.counts))",
		"DELETE FROM counted WHERE result NOT IN (SELECT id FROM result WHERE counted IS "
		"NOT NULL)",
		"DELETE FROM edition WHERE id NOT IN (SELECT edition FROM counted)",
		"DELETE FROM covered WHERE run NOT IN (SELECT id FROM run) OR source NOT IN "
		"(SELECT id FROM source)",
		NULL,
	};

	return query_do_all(s, statements, NULL);
}

int check_repair(struct store *s, struct err *err)
{
	store_take_time(s);
	if (query_begin(s, err) != STORE_OK)
		return store_error(s, err);
	int code = series_rebuild_all(s);
	if (code == SQLITE_DONE)
		code = drop_torn_coverage(s);
	return query_commit(s, code, err) == STORE_OK ? 0 : -1;
}

void check_facts_release(struct store_facts *facts)
{
	for (size_t i = 0; i < facts->problems.n; i++)
		free(facts->problems.items[i]);
	free(facts->problems.items);
	*facts = (struct store_facts){0};
}
