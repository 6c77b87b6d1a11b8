// SPDX-License-Identifier: MIT
#include "history/compare.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/strings.h"
#include "base/text.h"
#include "history/lookup.h"
#include "history/summary.h"
#include "model/failure.h"
#include "model/run.h"

// ---- the runs ----

// The last run of the commit that begins so.
static const struct past_run *run_of(const struct run_range *r, const char *commit)
{
	size_t n = strlen(commit);

	if (n < 4 || strspn(commit, "0123456789abcdefABCDEF") != n)
		return NULL;
	for (size_t i = r->runs.n; i-- > 0;)
		if (r->runs.items[i].revision &&
		    strncasecmp(r->runs.items[i].revision, commit, n) == 0)
			return &r->runs.items[i];
	return NULL;
}

static const struct past_run *find(const struct run_range *r, const char *word, commit_named *named,
				   struct err *err)
{
	long id;
	bool is_number = text_parse_long(word, 1, LONG_MAX, &id);
	const struct past_run *run = is_number ? run_range_run(r, id) : NULL;

	run = run ? run : run_of(r, word);
	char *commit = run ? NULL : named(word);
	run = commit ? run_of(r, commit) : run;
	if (!run && commit)
		err_set(err, 0,
			"--compare: no run of commit %s is in the history; --history=runs lists "
			"those that are",
			word);
	else if (!run)
		err_set(err, 0,
			"--compare: %s%s is not in the history; --history=runs lists the runs "
			"that are, with their commits",
			is_number ? "run " : "", word);
	free(commit);
	return run;
}

int compare_find(struct run_range *r, const char *words, commit_named *named,
		 const struct past_run **old, const struct past_run **now, struct err *err)
{
	const char *dots = strstr(words, "..");
	char *first = xstrndup(words, dots ? (size_t)(dots - words) : strlen(words));

	*old = find(r, first, named, err);
	*now = !*old ? NULL : dots ? find(r, dots + 2, named, err) : &r->runs.items[r->runs.n - 1];
	free(first);
	if (!*now)
		return -1;
	if (*old > *now)
		return err_set(err, 0,
			       "--compare=%s: run %lld began after run %lld; the earlier one "
			       "stands first",
			       words, (long long)(*old)->id, (long long)(*now)->id);
	run_range_until(r, *now);
	return 0;
}

// ---- what became of a file ----

// Of a test, or of the file apart from its tests.
struct fact {
	const char *status;
	char *message; // owned; NULL: it is not bad
	bool bad, passed, forgiven;
};

// Of one result, by the names of its tests; "" is the file.
struct facts {
	const struct result *result;
	struct strings names; // in their order
	struct map by_name;
};

static struct fact *fact_of(struct facts *f, const char *name)
{
	struct fact *fact = map_get(&f->by_name, name);

	if (!fact) {
		fact = xcalloc(1, sizeof *fact);
		map_put(&f->by_name, name, fact);
		VEC_PUSH(&f->names, xstrdup(name));
	}
	return fact;
}

static void add_failure(const struct failure *failure, void *arg)
{
	struct facts *f = arg;
	struct fact *fact = fact_of(f, failure->test ? failure->test : "");

	if (!fact->status)
		fact->status = test_status_name(TEST_ERROR);
	if (!fact->message)
		fact->message = xstrdup(failure->message ? failure->message : "");
	fact->bad = true;
	fact->passed = false;
	fact->forgiven = failure->forgiven;
}

static void facts_open(struct facts *f, const struct result *r)
{
	*f = (struct facts){.result = r};
	struct fact *file = fact_of(f, "");
	file->status = file_status_name(r->status);
	file->passed = r->status == FILE_PASSED || r->status == FILE_FAILED;
	for (size_t i = 0; i < r->tests.n; i++) {
		struct buf name = {0};
		failure_test_name(&name, &r->tests.items[i]);
		struct fact *fact = fact_of(f, name.data);
		// The first bad one of several rounds stands for them.
		if (!fact->bad) {
			fact->status = test_status_name(r->tests.items[i].status);
			fact->passed = r->tests.items[i].status == TEST_PASSED;
			fact->bad = failure_is_test(&r->tests.items[i]);
		}
		buf_release(&name);
	}
	failure_each(r, add_failure, f);
}

static void facts_close(struct facts *f)
{
	for (size_t i = 0; i < f->names.n; i++) {
		struct fact *fact = map_get(&f->by_name, f->names.items[i]);
		free(fact->message);
		free(fact);
	}
	strings_free_all(&f->names);
	map_release(&f->by_name);
}

// A test that is not among those of such a result is not there.
static bool has_all_tests(const struct result *r)
{
	return r->has_tests && !r->partial && r->errors.n == 0 &&
	       (r->status == FILE_PASSED || r->status == FILE_FAILED);
}

// ---- the answer ----

enum kind { BROKE, MENDED, SLOWER, NEW, GONE, KINDS };

static const char *const kind_names[] = {"broke", "mended", "slower", "new", "gone"};

struct change {
	enum kind kind;
	char *path, *test;          // owned; test "": it is the file
	const char *before, *after; // NULL: it was not there
	char *message;              // owned, or NULL
	const struct move *move;    // if it is slower
};

struct comparison {
	struct view *view;
	const struct past_run *old, *now;
	struct {
		struct change *items;
		size_t n, cap;
	} changes;
	size_t both, alone; // files that ran in both runs, and in one of them
	bool broke;
};

static void add(struct comparison *c, enum kind kind, const char *path, const char *test,
		const struct fact *before, const struct fact *after)
{
	const struct change change = {
		.kind = kind,
		.path = xstrdup(path),
		.test = xstrdup(test),
		.before = before ? before->status : NULL,
		.after = after ? after->status : NULL,
		.message = kind == BROKE && after->message ? xstrdup(after->message) : NULL,
	};

	VEC_PUSH(&c->changes, change);
	c->broke |= kind == BROKE && !after->forgiven;
}

static void compare_facts(struct comparison *c, const char *path, struct facts *old,
			  struct facts *now)
{
	bool whole = has_all_tests(old->result) && has_all_tests(now->result);

	for (size_t i = 0; i < now->names.n; i++) {
		const char *name = now->names.items[i];
		const struct fact *before = map_get(&old->by_name, name),
				  *after = map_get(&now->by_name, name);
		if (after->bad && !(before && before->bad))
			add(c, BROKE, path, name, before, after);
		else if (before && before->bad && !after->bad && after->passed)
			add(c, MENDED, path, name, before, after);
		if (!before && whole)
			add(c, NEW, path, name, NULL, after);
	}
	for (size_t i = 0; i < old->names.n && whole; i++)
		if (!map_get(&now->by_name, old->names.items[i]))
			add(c, GONE, path, old->names.items[i],
			    map_get(&old->by_name, old->names.items[i]), NULL);
}

static void compare_results(struct comparison *c, const struct result *old,
			    const struct result *now)
{
	struct facts before, after;

	c->both++;
	facts_open(&before, old);
	facts_open(&after, now);
	compare_facts(c, now->job->path, &before, &after);
	facts_close(&before);
	facts_close(&after);
}

// ---- files ----

struct sides {
	struct run run[2];
	struct jobs jobs[2];
	struct map by_path[2]; // what was run
};

static int load(struct sides *s, struct store *store, const struct comparison *c, struct err *err)
{
	const struct past_run *runs[] = {c->old, c->now};

	for (int k = 0; k < 2; k++) {
		if (store_load_run(store, runs[k]->id, &s->run[k], &s->jobs[k], err) < 0)
			return -1;
		for (size_t i = 0; i < s->run[k].results.n; i++) {
			struct result *r = s->run[k].results.items[i];
			if (r->status != FILE_NOTRUN)
				map_put(&s->by_path[k], r->job->path, r);
		}
	}
	return 0;
}

static void release(struct sides *s)
{
	for (int k = 0; k < 2; k++) {
		map_release(&s->by_path[k]);
		run_release(&s->run[k]);
		jobs_release(&s->jobs[k]);
	}
}

static const struct summary *summary_of(const struct summaries *files, const char *path)
{
	for (size_t low = 0, high = files->n; low < high;) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(path, files->items[middle].path);
		if (order == 0)
			return &files->items[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

// A file that the earlier run cannot have had.
static void tell_new(struct comparison *c, const struct result *r)
{
	struct facts facts;

	facts_open(&facts, r);
	add(c, NEW, r->job->path, "", NULL, map_get(&facts.by_name, ""));
	for (size_t i = 0; i < facts.names.n; i++) {
		const struct fact *fact = map_get(&facts.by_name, facts.names.items[i]);
		if (fact->bad)
			add(c, BROKE, r->job->path, facts.names.items[i], NULL, fact);
	}
	facts_close(&facts);
}

// The file is in one of the runs alone: it is new or gone where that is known.
static void tell_alone(struct comparison *c, const struct result *r, bool in_new_run,
		       const struct summary *s)
{
	const struct fact fact = {.status = file_status_name(r->status)};
	const char *path = r->job->path;

	if (in_new_run && s && s->first_seen && s->first_seen > c->old)
		tell_new(c, r);
	else if (!in_new_run && access(path, F_OK) < 0)
		add(c, GONE, path, "", &fact, NULL);
	else
		c->alone++;
}

static void compare_files(struct comparison *c, const struct sides *s,
			  const struct summaries *files)
{
	for (int k = 0; k < 2; k++) {
		for (size_t i = 0; i < s->run[k].results.n; i++) {
			const struct result *r = s->run[k].results.items[i];
			const struct result *other = map_get(&s->by_path[!k], r->job->path);
			if (r->status == FILE_NOTRUN)
				continue;
			if (!other)
				tell_alone(c, r, k == 1, summary_of(files, r->job->path));
			else if (k == 1)
				compare_results(c, other, r);
		}
	}
}

// A step of its time lies between the runs.
static void compare_times(struct comparison *c, const struct sides *s,
			  const struct summaries *files)
{
	for (size_t i = 0; i < files->n; i++) {
		const struct summary *f = &files->items[i];
		const struct move *m = &f->time;
		if (!m->run || m->run <= c->old || m->after <= m->before ||
		    !map_get(&s->by_path[0], f->path) || !map_get(&s->by_path[1], f->path))
			continue;
		add(c, SLOWER, f->path, "", NULL, NULL);
		c->changes.items[c->changes.n - 1].move = m;
	}
}

// ---- the tables ----

static const struct column run_columns[] = {
	{"run", "Run", CELL_NUMBER},
	{"started", "When", CELL_TIME},
	{"revision", "Commit", CELL_REVISION},
	{"end", "", CELL_REMARK},
};

// All have the same keys: for programs they are one table.
static const struct column columns[] = {
	{"what", NULL, CELL_TEXT},
	{"before", "Before", CELL_STATUS},
	{"after", "Now", CELL_STATUS},
	{"before_seconds", NULL, CELL_SECONDS},
	{"after_seconds", NULL, CELL_SECONDS},
	{"run", NULL, CELL_NUMBER},
	{"path", "File", CELL_PATH},
	{"test", "Test", CELL_TEXT},
	{"message", "", CELL_REMARK},
};

static const struct column slower_columns[] = {
	{"what", NULL, CELL_TEXT},
	{"before", NULL, CELL_STATUS},
	{"after", NULL, CELL_STATUS},
	{"before_seconds", "Before", CELL_SECONDS},
	{"after_seconds", "Now", CELL_SECONDS},
	{"run", "Since", CELL_NUMBER},
	{"path", "File", CELL_PATH},
	{"test", NULL, CELL_TEXT},
	{"message", NULL, CELL_TEXT},
};

static void add_run(struct table *t, const struct past_run *r)
{
	lookup_add_run(t, r);
	table_text(t, r->elapsed_ns < 0 ? "it was killed, or goes on"
		      : r->signal > 0   ? "interrupted"
					: NULL);
}

static int by_path(const void *a, const void *b)
{
	const struct change *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	return order ? order : strcmp(x->test, y->test);
}

static void add_row(struct table *t, const struct change *x)
{
	table_text(t, kind_names[x->kind]);
	table_text(t, x->before);
	table_text(t, x->after);
	table_number(t, x->move ? x->move->before : -1);
	table_number(t, x->move ? x->move->after : -1);
	table_number(t, x->move ? x->move->run->id : -1);
	table_text(t, x->path);
	table_text(t, *x->test ? x->test : NULL);
	table_text(t, x->message);
}

static void add_kind(const struct comparison *c, enum kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < c->changes.n; i++)
		n += c->changes.items[i].kind == kind;
	char *title = xasprintf("%zu %s:", n, kind_names[kind]);
	struct table *t = kind == SLOWER
				  ? view_table(c->view, "changes", title, COLUMNS(slower_columns))
				  : view_table(c->view, "changes", title, COLUMNS(columns));
	for (size_t i = 0; i < c->changes.n; i++)
		if (c->changes.items[i].kind == kind)
			add_row(t, &c->changes.items[i]);
	free(title);
}

static void tell(struct comparison *c)
{
	struct table *runs = view_table(c->view, "runs", "", COLUMNS(run_columns));

	add_run(runs, c->old);
	add_run(runs, c->now);
	if (c->changes.n > 0)
		qsort(c->changes.items, c->changes.n, sizeof *c->changes.items, by_path);
	for (int kind = 0; kind < KINDS; kind++)
		add_kind(c, kind);
	view_line(c->view, "%s", "");
	view_line(c->view, "%s%zu file%s ran in both runs.",
		  c->changes.n ? "" : "Nothing broke, was mended, became slower, is new or gone: ",
		  c->both, c->both == 1 ? "" : "s");
	if (c->alone)
		view_line(c->view, "%zu file%s ran in one of them alone, and %s not compared.",
			  c->alone, c->alone == 1 ? "" : "s", c->alone == 1 ? "is" : "are");
}

int compare_show(struct view *view, struct store *store, const struct run_range *r,
		 const struct past_run *old, const struct past_run *now, bool *broke,
		 struct err *err)
{
	struct comparison c = {.view = view, .old = old, .now = now};
	struct summaries files = {0};
	struct sides sides = {0};

	view->name = "compare";
	view->main = "changes";
	view->n_runs = old == now ? 1 : 2;
	view->range = xasprintf("run %lld and run %lld", (long long)old->id, (long long)now->id);
	int status = load(&sides, store, &c, err);
	// Of all results: those at hand may have come after these runs.
	if (status == 0)
		status = summaries_load(&files, store, r, true, SUMMARY_MOVES, NULL, NULL, err);
	if (status == 0) {
		compare_files(&c, &sides, &files);
		compare_times(&c, &sides, &files);
		tell(&c);
	}
	*broke = c.broke;
	for (size_t i = 0; i < c.changes.n; i++) {
		free(c.changes.items[i].path);
		free(c.changes.items[i].test);
		free(c.changes.items[i].message);
	}
	free(c.changes.items);
	summaries_release(&files);
	release(&sides);
	return status;
}
