// SPDX-License-Identifier: MIT
// --list: the plan, and what it will take.
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/map.h"
#include "base/text.h"
#include "cli/mode.h"
#include "cli/reports.h"
#include "cli/session.h"
#include "model/run.h"
#include "plan/forecast.h"
#include "report/object.h"
#include "store/history.h"
#include "sys/cpus.h"

struct listing {
	const struct firmo_jobs *session;
	struct forecast forecast;
	int workers;
};

// ---- for people ----

// without: what stands there for no time.
static void add_duration(struct buf *b, int64_t ns, bool known, const char *without)
{
	if (known)
		buf_addf(b, "%9.3fs  ", ns_to_sec(ns));
	else
		buf_addf(b, "%10s  ", without);
}

static void add_job(struct buf *b, const struct job *j, const struct settings *o)
{
	add_duration(b, j->expected_ns, j->expected_ns >= 0, "?");
	if (o->text.verbose) {
		int64_t deadline_ns = deadline_of(&j->settings->deadline, j->p99_ns);
		add_duration(b, deadline_ns, deadline_ns > 0, "never");
	}
	buf_addf(b, "%-8s %-8s ", j->last == FILE_NOTRUN ? "new" : file_status_name(j->last),
		 framework_name(j->framework));
	text_add_visible(b, j->path);
	buf_addch(b, '\n');
}

static void add_forecast(struct buf *b, const struct listing *l)
{
	const struct forecast *f = &l->forecast;
	size_t n = l->session->jobs.n;

	buf_addf(b, "\n%zu file%s", n, n == 1 ? "" : "s");
	if (f->unknown)
		buf_addf(b, ", %zu of them without a time yet", f->unknown);
	if (f->unknown < n)
		buf_addf(b,
			 "; at -j %d: predicted %.3fs, lower bound %.3fs (longest file %.3fs, all "
			 "files %.3fs)",
			 l->workers, ns_to_sec(f->wall_ns), ns_to_sec(f->lower_bound_ns),
			 ns_to_sec(f->longest_ns), ns_to_sec(f->sum_ns));
	buf_addch(b, '\n');
}

static void add_text(struct buf *b, const struct listing *l)
{
	const struct firmo_jobs *s = l->session;

	buf_addf(b, " expected  %slast     kind     file\n",
		 s->settings->text.verbose ? "  deadline  " : "");
	for (size_t i = 0; i < s->jobs.n; i++)
		add_job(b, &s->jobs.items[i], s->settings);
	add_forecast(b, l);
}

// ---- for programs ----

// The files of the plan in the history, with the run in which each was last run as a whole.
struct known {
	struct map by_path; // to one of items, by its place and 1
	struct known_file {
		int64_t file, run;
	} * items;
};

static bool is_planned(const char *path, void *arg)
{
	return map_get(&((struct known *)arg)->by_path, path) != NULL;
}

static void note_file(const struct past_file *f, void *arg)
{
	struct known *k = arg;
	struct known_file *known = &k->items[(uintptr_t)map_get(&k->by_path, f->path) - 1];
	const struct series *series = &f->past.series;

	known->file = f->id;
	for (size_t i = series->n; i-- > 0 && known->run == 0;)
		if (!series->items[i].partial && (series->items[i].status == FILE_PASSED ||
						  series->items[i].status == FILE_FAILED))
			known->run = series->items[i].run;
}

static struct json_object *test_object(const struct test_case *t)
{
	struct json_object *o = object_new(), *path = object_list(), *tags = object_list();

	for (size_t i = 0; i < t->npath; i++)
		object_append(path, object_string(t->path[i]));
	for (size_t i = 0; i < t->ntags; i++)
		object_append(tags, object_string(t->tags[i]));
	object_put(o, "path", path);
	object_put(o, "name", object_string(t->name));
	object_put(o, "tags", tags);
	object_put(o, "file", object_string(t->file));
	object_put(o, "line", t->line > 0 ? object_integer(t->line) : NULL);
	object_put(o, "last", object_string(test_status_name(t->status)));
	return o;
}

static int put_tests(struct json_object *o, struct store *store, const struct known_file *known,
		     struct err *err)
{
	struct json_object *tests = known->run > 0 ? object_list() : NULL;
	struct run run = {0};
	struct jobs jobs = {0};
	int status = tests ? load_result(store, known->run, known->file, &run, &jobs, err) : 0;

	for (size_t i = 0; status == 0 && i < run.results.n; i++)
		for (size_t k = 0; k < run.results.items[i]->tests.n; k++)
			object_append(tests, test_object(&run.results.items[i]->tests.items[k]));
	object_put(o, "tests", tests);
	run_release(&run);
	jobs_release(&jobs);
	return status;
}

static struct json_object *file_object(const struct job *j)
{
	struct json_object *o = object_new();
	int64_t deadline_ns = deadline_of(&j->settings->deadline, j->p99_ns);

	object_put(o, "path", object_string(j->path));
	object_put(o, "framework", object_string(framework_name(j->framework)));
	object_put(o, "last",
		   j->last == FILE_NOTRUN ? NULL : object_string(file_status_name(j->last)));
	object_put(o, "expected", object_seconds(j->expected_ns));
	object_put(o, "deadline", object_seconds(deadline_ns > 0 ? deadline_ns : -1));
	return o;
}

static struct json_object *listing_object(const struct listing *l)
{
	const struct forecast *f = &l->forecast;
	bool known = f->unknown < l->session->jobs.n;
	struct json_object *o = object_new();

	object_put(o, "schema", object_integer(1));
	object_put(o, "workers", object_integer(l->workers));
	object_put(o, "unknown", object_integer((int64_t)f->unknown));
	object_put(o, "predicted", object_seconds(known ? f->wall_ns : -1));
	object_put(o, "lower_bound", object_seconds(known ? f->lower_bound_ns : -1));
	return o;
}

static int write_json(FILE *out, const struct listing *l, struct err *err)
{
	const struct jobs *jobs = &l->session->jobs;
	struct store *store = l->session->context.store;
	struct json_object *o = listing_object(l), *files = object_list();
	struct known k = {.items = xcalloc(jobs->n + 1, sizeof *k.items)};
	int status = 0;

	for (size_t i = 0; i < jobs->n; i++)
		map_put(&k.by_path, jobs->items[i].path, (void *)(uintptr_t)(i + 1));
	if (store)
		status = history_each_file(store, false, is_planned, note_file, &k, err);
	for (size_t i = 0; status == 0 && i < jobs->n; i++) {
		struct json_object *file = file_object(&jobs->items[i]);
		status = put_tests(file, store, &k.items[i], err);
		object_append(files, file);
	}
	object_put(o, "files", files);
	object_write(out, o);
	fputc('\n', out);
	map_release(&k.by_path);
	free(k.items);
	return status;
}

static int write_listing(FILE *out, enum report_format format, const struct text_style *style,
			 const void *subject, struct err *err)
{
	struct buf b = {0};

	if (format == REPORT_JSON)
		return write_json(out, subject, err);
	add_text(&b, subject);
	fwrite(b.data, 1, b.len, out);
	buf_release(&b);
	return 0;
}

static enum firmo_jobs_status carry_out(struct firmo_jobs *s)
{
	enum firmo_jobs_status status = firmo_jobs_plan(s);
	int workers = context_workers(&s->context);

	if (status != FIRMO_JOBS_OK)
		return status;
	// --failed found nothing, and plan has said so.
	if (s->jobs.n == 0)
		return FIRMO_JOBS_OK;
	// Under `make -j` without a number nobody knows: the machine's size is the best guess.
	struct listing l = {.session = s, .workers = workers > 0 ? workers : cpus_usable()};
	forecast_make(&l.forecast, &s->jobs, l.workers, &s->settings->run.locks);
	return reports_write(s, write_listing, &l);
}

const struct mode mode_list = {.name = "--list",
			       .formats = 1u << REPORT_TEXT | 1u << REPORT_JSON,
			       .goes_by_plan = true,
			       .carry_out = carry_out};
