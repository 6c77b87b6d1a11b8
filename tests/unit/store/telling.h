// SPDX-License-Identifier: MIT
// All that a store can be asked, as one text: what is the same in two stores tells the same.
#ifndef UNIT_STORE_TELLING_H
#define UNIT_STORE_TELLING_H

#include <sqlite3.h>

#include "../unit.h"
#include "base/err.h"
#include "base/map.h"
#include "model/run.h"
#include "report/json.h"
#include "store/database.h"
#include "store/history.h"
#include "store/maintenance.h"
#include "store/query.h"

static struct store *opened(const char *path)
{
	char *notice;
	struct err err = {0};
	struct store *s = store_open(path, STORE_WRITE, &notice, &err);

	check_row(s, "%s", err.message);
	// Nothing here has to outlive a crash of the machine.
	sqlite3_exec(s->db, "PRAGMA synchronous=OFF", NULL, NULL, NULL);
	return s;
}

static int keep_first_column(void *arg, int n, char **values, char **names)
{
	(void)n;
	(void)names;
	*(long long *)arg = values[0] ? atoll(values[0]) : -99;
	return 0;
}

// The first column of the last row.
static long long raw(struct store *s, const char *sql)
{
	long long value = -1;
	char *message = NULL;
	int code = sqlite3_exec(s->db, sql, keep_first_column, &value, &message);

	check_row(code == SQLITE_OK, "%s: %s", sql, message);
	return value;
}

// ---- what a store tells ----

static void is_sound(struct store *s)
{
	struct store_facts facts = {0};

	store_check(s, &facts);
	check_row(facts.problems.n == 0, "%s", facts.problems.items[0]);
	check_facts_release(&facts);
}

static const char *name_of(const struct map *names, int64_t run)
{
	char id[32];

	snprintf(id, sizeof id, "%lld", (long long)run);
	const char *name = map_get(names, id);
	return name ? name : "-";
}

// The reports of all runs, in the order of time; names gets their names by their numbers.
static void tell_run(struct store *s, int64_t id, FILE *out, struct map *names)
{
	struct run run = {0};
	struct jobs jobs = {0};
	struct err err = {0};
	char key[32];

	check_row(store_load_run(s, id, &run, &jobs, &err) == 0, "%s", err.message);
	snprintf(key, sizeof key, "%lld", (long long)id);
	map_put(names, key, xstrdup(run.name));
	run.id = 0;
	fprintf(out, "== %s\n", run.name);
	assert_int_equal(report_json(out, &run, &err), 0);
	run_release(&run);
	jobs_release(&jobs);
}

struct telling {
	FILE *out;
	const struct map *names;
	bool inputs;
};

static void tell_file(const struct past_file *f, void *arg)
{
	const struct telling *t = arg;

	fprintf(t->out, "%s %s %d %lld %ld\n", f->path, name_of(t->names, f->first_seen),
		f->past.status, (long long)f->past.ended_ns, f->past.tests);
	for (size_t i = 0; i < f->past.series.n; i++) {
		const struct sample *s = &f->past.series.items[i];
		fprintf(t->out, "  %s %d %d %d %d %lld %lld %lld %lld\n", name_of(t->names, s->run),
			s->status, t->inputs ? (int)s->inputs : 0, s->attempt, s->partial,
			(long long)s->wall_ns, (long long)s->cpu_ns, (long long)s->delay_ns,
			(long long)s->peak_bytes);
	}
}

static int tell_test(void *arg, int n, char **values, char **columns)
{
	const struct telling *t = arg;

	(void)n;
	(void)columns;
	fprintf(t->out, "%s %s %s\n", values[0], values[1],
		name_of(t->names, values[2] ? atoll(values[2]) : 0));
	return 0;
}

// All that can be asked, without any number of a row; inputs: with what is known of those. The
// caller frees it.
static char *told(struct store *s, bool inputs)
{
	char *text = NULL;
	size_t size;
	struct map names = {0};
	struct telling t = {open_memstream(&text, &size), &names, inputs};
	struct query *q = query(s, "SELECT id FROM run ORDER BY started, name, id", NULL);
	struct err err = {0};

	while (query_next(q, "I") == SQLITE_ROW)
		tell_run(s, query_int(q, 0), t.out, &names);
	assert_int_equal(history_each_file(s, true, NULL, tell_file, &t, &err), 0);
	sqlite3_exec(s->db,
		     "SELECT f.path, t.name, t.born FROM test t JOIN file f ON f.id = t.file "
		     "ORDER BY 1, 2",
		     tell_test, &t, NULL);
	fclose(t.out);
	for (size_t i = 0; i < names.cap; i++)
		free(names.slots[i].value);
	map_release(&names);
	return text;
}

#endif
