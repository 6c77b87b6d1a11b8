// SPDX-License-Identifier: MIT
#include "report/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "firmo-jobs.h"
#include "model/conflicts.h"
#include "model/failure.h"
#include "model/quarantine.h"
#include "model/run.h"
#include "report/coverage.h"
#include "report/format.h"
#include "report/object.h"
#include "report/writers.h"

static struct json_object *line_number(int line)
{
	return line > 0 ? object_integer(line) : NULL;
}

static struct json_object *strings(char *const *items, size_t n)
{
	struct json_object *list = object_list();

	for (size_t i = 0; i < n; i++)
		object_append(list, object_string(items[i]));
	return list;
}

struct json_object *report_json_test(const struct result *r, const struct test_case *t)
{
	struct json_object *o = object_new();

	object_put(o, "path", strings(t->path, t->npath));
	object_put(o, "name", object_string(t->name ? t->name : ""));
	object_put(o, "status", object_string(test_status_name(t->status)));
	object_put(o, "forgiven", object_boolean(quarantine_forgives(r, t)));
	object_put(o, "wall", object_seconds(t->wall_ns));
	object_put(o, "own", object_seconds(t->own_ns));
	object_put(o, "round", t->round > 0 ? object_integer(t->round) : NULL);
	object_put(o, "tags", strings(t->tags, t->ntags));
	object_put(o, "file", object_string(t->file));
	object_put(o, "line", line_number(t->line));
	object_put(o, "message", object_string(t->message));
	object_put(o, "traceback", object_string(t->traceback));
	return o;
}

// How the process of an attempt did.
static void put_process(struct json_object *o, const struct result *r)
{
	object_put(o, "started", object_seconds(r->started_ns));
	object_put(o, "wall", object_seconds(r->wall_ns));
	object_put(o, "user", object_seconds(r->user_ns));
	object_put(o, "sys", object_seconds(r->sys_ns));
	object_put(o, "maxrss", object_integer(r->maxrss));
	object_put(o, "exit", r->exit_code >= 0 ? object_integer(r->exit_code) : NULL);
	object_put(o, "signal", r->signal ? object_integer(r->signal) : NULL);
	object_put(o, "slot", r->slot >= 0 ? object_integer(r->slot) : NULL);
}

static struct json_object *quarantine_object(const struct result *r)
{
	const struct quarantine *q = r->quarantine;

	if (!q)
		return NULL;
	struct json_object *o = object_new();
	object_put(o, "until", object_string(q->until));
	object_put(o, "reason", object_string(q->reason));
	object_put(o, "tests", q->tests.n ? strings(q->tests.items, q->tests.n) : NULL);
	object_put(o, "ended", object_boolean(!quarantine_holds(q, r->started_ns)));
	return o;
}

// A file at one of its attempts; the caller adds company and earlier.
static struct json_object *attempt_object(const struct result *r)
{
	struct json_object *o = object_new(), *tests = object_list();

	object_put(o, "path", object_string(r->job->path));
	object_put(o, "framework", object_string(framework_name(r->framework)));
	object_put(o, "status", object_string(file_status_name(r->status)));
	object_put(o, "reason", object_string(r->reason));
	object_put(o, "quarantine", quarantine_object(r));
	object_put(o, "forgiven", object_boolean(r->forgiven));
	object_put(o, "cached", object_boolean(r->cached));
	object_put(o, "flaky", object_boolean(r->flaky));
	object_put(o, "leaked", object_boolean(r->leaked));
	object_put(o, "partial", object_boolean(r->partial));
	object_put(o, "crowded", object_boolean(r->concurrent));
	object_put(o, "attempt", object_integer(r->attempt));
	object_put(o, "attempts", object_integer(r->attempts));
	object_put(o, "failures", object_integer(r->failures));
	put_process(o, r);
	object_put(o, "expected", r->expected >= 0 ? object_integer(r->expected) : NULL);
	object_put(o, "seed", object_string(r->seed));
	for (size_t i = 0; i < r->tests.n; i++)
		object_append(tests, report_json_test(r, &r->tests.items[i]));
	object_put(o, "tests", tests);
	object_put(o, "output", object_bytes(r->output ? r->output : "", r->output_len));
	return o;
}

static void add_earlier(const struct result *attempt, void *list)
{
	struct json_object *o = attempt_object(attempt);

	object_put(o, "company", NULL);
	object_put(o, "earlier", object_list());
	object_append(list, o);
}

static void add_path(const char *path, void *list)
{
	object_append(list, object_string(path));
}

struct json_object *report_json_file(const struct run *run, const struct result *r)
{
	struct json_object *o = attempt_object(r), *earlier = object_list();
	struct json_object *concurrent = NULL;

	if (result_fails_only_concurrently(r)) {
		concurrent = object_list();
		run_each_concurrent(run, r->earlier, add_path, concurrent);
	}
	object_put(o, "company", concurrent);
	format_each_earlier(r, add_earlier, earlier);
	object_put(o, "earlier", earlier);
	return o;
}

struct errors {
	struct json_object *list;
	const struct result *result;
};

// NULL: nothing is known of the runs before.
static void put_since(struct json_object *o, const struct since *s)
{
	const struct since *old = s && s->run ? s : NULL;

	object_put(o, "new", s ? object_boolean(!old) : NULL);
	object_put(o, "since_run", old ? object_integer(old->run) : NULL);
	object_put(o, "since", old ? object_seconds(old->started_ns) : NULL);
	object_put(o, "since_revision", old ? object_string(old->revision) : NULL);
}

static void add_error(const struct failure *f, void *arg)
{
	const struct errors *errors = arg;
	struct json_object *o = object_new();

	object_put(o, "file", object_string(errors->result->job->path));
	object_put(o, "test", object_string(f->test));
	object_put(o, "message", object_string(f->message));
	object_put(o, "traceback", object_string(f->traceback));
	object_put(o, "line", line_number(f->line));
	put_since(o, f->since);
	object_put(o, "forgiven", object_boolean(f->forgiven));
	object_append(errors->list, o);
}

static struct json_object *waits(const struct run *run)
{
	struct json_object *list = object_list();

	for (size_t i = 0; i < run->waits.n; i++) {
		struct json_object *o = object_new();
		object_put(o, "from", object_seconds(run->waits.items[i].from_ns));
		object_put(o, "to", object_seconds(run->waits.items[i].to_ns));
		object_append(list, o);
	}
	return list;
}

struct json_object *report_json_run(const struct run *run)
{
	struct json_object *o = object_new();

	object_put(o, "id", run->id ? object_integer(run->id) : NULL);
	object_put(o, "name", object_string(run->name));
	object_put(o, "started", object_seconds(run->started_ns));
	object_put(o, "revision", object_string(run->revision));
	object_put(o, "jobs", run->jobs ? object_integer(run->jobs) : NULL);
	object_put(o, "tokens_peak", object_integer(run->peak));
	object_put(o, "lower_bound", object_seconds(run->lower_bound_ns));
	object_put(o, "seed", run->seed ? object_unsigned(run->seed) : NULL);
	object_put(o, "lua", object_string(run->lua));
	object_put(o, "repeated", object_boolean(run->repeated));
	object_put(o, "flaky_fails", object_boolean(run->flaky_fails));
	object_put(o, "signal", run->signal ? object_integer(run->signal) : NULL);
	object_put(o, "stopped", object_string(run->stopped));
	object_put(o, "unfinished", object_boolean(run->unfinished));
	object_put(o, "waits", waits(run));
	object_put(o, "version", object_string(FIRMO_JOBS_VERSION));
	return o;
}

void report_json_sums(struct json_object *o, const struct run *run)
{
	struct totals t = run_totals(run);

	object_put(o, "schema", object_integer(1));
	object_put(o, "success", object_boolean(run_succeeded(run) && run_tells(run)));
	object_put(o, "total", object_integer(t.tests.total));
	object_put(o, "passed", object_integer(t.tests.passed));
	object_put(o, "failed", object_integer(t.tests.failed + t.tests.errors));
	object_put(o, "forgiven", object_integer(t.tests.forgiven));
	object_put(o, "skipped", object_integer(t.tests.skipped));
	object_put(o, "pending", object_integer(t.tests.pending));
	object_put(o, "elapsed", object_seconds(run->elapsed_ns));
	object_put(o, "run", report_json_run(run));
}

// The lists may be long: they are written piece by piece into the open end of the head.
static void write_head(FILE *out, const struct run *run)
{
	struct json_object *head = object_new();

	report_json_sums(head, run);
	const char *s = object_text(head);
	fwrite(s, 1, strlen(s) - 1, out);
	json_object_put(head);
}

struct json_object *report_json_fixture(const struct fixture_result *r)
{
	struct json_object *o = object_new();

	object_put(o, "name", object_string(r->name));
	object_put(o, "step", object_string(r->tears_down ? "teardown" : "setup"));
	object_put(o, "failed", object_boolean(r->failed));
	object_put(o, "reason", object_string(r->reason));
	object_put(o, "started", object_seconds(r->started_ns));
	object_put(o, "wall", object_seconds(r->wall_ns));
	object_put(o, "output", object_string(r->output ? r->output : ""));
	return o;
}

static struct json_object *fixture_list(const struct run *run)
{
	struct json_object *list = object_list();

	for (size_t i = 0; i < run->fixtures.n; i++)
		object_append(list, report_json_fixture(&run->fixtures.items[i]));
	return list;
}

static struct json_object *conflict_object(const struct conflict *c, size_t path,
					   const char *override)
{
	struct json_object *o = object_new(), *files = object_list();

	for (size_t i = 0; i < c->n; i++)
		object_append(files, object_string(c->results[i]->job->path));
	object_put(o, "path", object_string(c->paths[path]));
	object_put(o, "files", files);
	object_put(o, "at_once", object_boolean(c->at_once));
	object_put(o, "settings", object_boolean(c->is_known));
	object_put(o, "override", object_string(override));
	return o;
}

static struct json_object *conflict_list(const struct run *run)
{
	struct json_object *list = object_list();
	struct conflicts c;

	conflicts_find(&c, run);
	for (size_t i = 0; i < c.n; i++) {
		char *override = writers_override(&c.items[i]);
		for (size_t k = 0; k < c.items[i].n_paths; k++)
			object_append(list, conflict_object(&c.items[i], k, override));
		free(override);
	}
	conflicts_release(&c);
	return list;
}

int report_json(FILE *out, const struct run *run, struct err *err)
{
	struct errors errors = {.list = object_list()};

	for (size_t i = 0; i < run->results.n; i++) {
		errors.result = run->results.items[i];
		failure_each(errors.result, add_error, &errors);
	}
	write_head(out, run);
	fputs(",\n\"errors\":", out);
	object_write(out, errors.list);
	fputs(",\n\"files\":[", out);
	for (size_t i = 0; i < run->results.n; i++) {
		fputs(i ? ",\n" : "\n", out);
		object_write(out, report_json_file(run, run->results.items[i]));
	}
	fputs("\n],\n\"conflicts\":", out);
	object_write(out, conflict_list(run));
	fputs(",\n\"fixtures\":", out);
	object_write(out, fixture_list(run));
	fputs(",\n\"coverage\":", out);
	object_write(out, report_coverage_object(run->coverage));
	fputs("}\n", out);
	return ferror(out) ? err_set(err, errno, "write the JSON report") : 0;
}
