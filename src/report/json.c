// SPDX-License-Identifier: MIT
#include "report/json.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "firmo-jobs.h"
#include "model/conflicts.h"
#include "model/run.h"
#include "report/format.h"

static void put(struct json_object *o, const char *key, struct json_object *value)
{
	json_object_object_add(o, key, value);
}

static struct json_object *bytes(const char *s, size_t n)
{
	struct buf b = {0};

	text_add_utf8(&b, s, n);
	struct json_object *o = json_object_new_string_len(b.data ? b.data : "", (int)b.len);
	buf_release(&b);
	return o;
}

// A string, or null where there is none.
static struct json_object *string(const char *s)
{
	return s ? bytes(s, strlen(s)) : NULL;
}

static struct json_object *integer(int64_t n)
{
	return json_object_new_int64(n);
}

static struct json_object *seconds(int64_t ns)
{
	char text[32];

	if (ns < 0)
		return NULL;
	// As text, so that 0.1 s is not written as 0.10000000000000001.
	snprintf(text, sizeof text, "%.6f", ns_to_sec(ns));
	return json_object_new_double_s(ns_to_sec(ns), text);
}

static struct json_object *line_number(int line)
{
	return line > 0 ? integer(line) : NULL;
}

static struct json_object *boolean(bool b)
{
	return json_object_new_boolean(b);
}

static struct json_object *strings(char *const *items, size_t n)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < n; i++)
		json_object_array_add(list, string(items[i]));
	return list;
}

static struct json_object *test_object(const struct test_case *t)
{
	struct json_object *o = json_object_new_object();

	put(o, "path", strings(t->path, t->npath));
	put(o, "name", string(t->name ? t->name : ""));
	put(o, "status", string(test_status_name(t->status)));
	put(o, "wall", seconds(t->wall_ns));
	put(o, "own", seconds(t->own_ns));
	put(o, "round", t->round > 0 ? integer(t->round) : NULL);
	put(o, "tags", strings(t->tags, t->ntags));
	put(o, "file", string(t->file));
	put(o, "line", line_number(t->line));
	put(o, "message", string(t->message));
	put(o, "traceback", string(t->traceback));
	return o;
}

// How the process of an attempt did.
static void put_process(struct json_object *o, const struct result *r)
{
	put(o, "started", seconds(r->started_ns));
	put(o, "wall", seconds(r->wall_ns));
	put(o, "user", seconds(r->user_ns));
	put(o, "sys", seconds(r->sys_ns));
	put(o, "maxrss", integer(r->maxrss));
	put(o, "exit", r->exit_code >= 0 ? integer(r->exit_code) : NULL);
	put(o, "signal", r->signal ? integer(r->signal) : NULL);
	put(o, "slot", r->slot >= 0 ? integer(r->slot) : NULL);
}

// A file at one of its attempts; company and earlier are put by who knows them.
static struct json_object *attempt_object(const struct result *r)
{
	struct json_object *o = json_object_new_object(), *tests = json_object_new_array();

	put(o, "path", string(r->job->path));
	put(o, "framework", string(framework_name(r->job->framework)));
	put(o, "status", string(file_status_name(r->status)));
	put(o, "reason", string(r->reason));
	put(o, "cached", boolean(r->cached));
	put(o, "flaky", boolean(r->flaky));
	put(o, "leaked", boolean(r->leaked));
	put(o, "partial", boolean(r->partial));
	put(o, "crowded", boolean(r->crowded));
	put(o, "attempt", integer(r->attempt));
	put(o, "attempts", integer(r->attempts));
	put(o, "failures", integer(r->failures));
	put_process(o, r);
	put(o, "expected", r->expected >= 0 ? integer(r->expected) : NULL);
	put(o, "seed", string(r->seed));
	for (size_t i = 0; i < r->tests.n; i++)
		json_object_array_add(tests, test_object(&r->tests.items[i]));
	put(o, "tests", tests);
	put(o, "output", bytes(r->output ? r->output : "", r->output_len));
	return o;
}

static void add_earlier(const struct result *attempt, void *list)
{
	struct json_object *o = attempt_object(attempt);

	put(o, "company", NULL);
	put(o, "earlier", json_object_new_array());
	json_object_array_add(list, o);
}

static void add_path(const char *path, void *list)
{
	json_object_array_add(list, string(path));
}

static struct json_object *file_object(const struct run *run, const struct result *r)
{
	struct json_object *o = attempt_object(r), *earlier = json_object_new_array();
	struct json_object *company = NULL;

	if (result_fails_only_in_company(r)) {
		company = json_object_new_array();
		run_company(run, r->earlier, add_path, company);
	}
	put(o, "company", company);
	format_each_earlier(r, add_earlier, earlier);
	put(o, "earlier", earlier);
	return o;
}

struct errors {
	struct json_object *list;
	const struct result *result;
};

static void add_error(const struct failure *f, void *arg)
{
	const struct errors *errors = arg;
	struct json_object *o = json_object_new_object();

	put(o, "file", string(errors->result->job->path));
	put(o, "test", string(f->test));
	put(o, "message", string(f->message));
	put(o, "traceback", string(f->traceback));
	put(o, "line", line_number(f->line));
	json_object_array_add(errors->list, o);
}

static struct json_object *waits(const struct run *run)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < run->waits.n; i++) {
		struct json_object *o = json_object_new_object();
		put(o, "from", seconds(run->waits.items[i].from_ns));
		put(o, "to", seconds(run->waits.items[i].to_ns));
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *run_object(const struct run *run)
{
	struct json_object *o = json_object_new_object();

	put(o, "id", run->id ? integer(run->id) : NULL);
	put(o, "name", string(run->name));
	put(o, "started", seconds(run->started_ns));
	put(o, "jobs", run->jobs ? integer(run->jobs) : NULL);
	put(o, "tokens_peak", integer(run->peak));
	put(o, "lower_bound", seconds(run->lower_bound_ns));
	put(o, "seed", run->seed ? json_object_new_uint64(run->seed) : NULL);
	put(o, "lua", string(run->lua));
	put(o, "repeated", boolean(run->repeated));
	put(o, "flaky_fails", boolean(run->flaky_fails));
	put(o, "signal", run->signal ? integer(run->signal) : NULL);
	put(o, "stopped", string(run->stopped));
	put(o, "unfinished", boolean(run->unfinished));
	put(o, "waits", waits(run));
	put(o, "version", string(FIRMO_JOBS_VERSION));
	return o;
}

static void put_counts(struct json_object *o, const struct run *run)
{
	struct totals t = run_totals(run);

	put(o, "schema", integer(1));
	put(o, "success", boolean(run_succeeded(run)));
	put(o, "total", integer(t.tests.total));
	put(o, "passed", integer(t.tests.passed));
	put(o, "failed", integer(t.tests.failed + t.tests.errors));
	put(o, "skipped", integer(t.tests.skipped));
	put(o, "pending", integer(t.tests.pending));
	put(o, "elapsed", seconds(run->elapsed_ns));
	put(o, "run", run_object(run));
}

// Writes the object and frees it.
static void write_object(FILE *out, struct json_object *o)
{
	fputs(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
							JSON_C_TO_STRING_NOSLASHESCAPE),
	      out);
	json_object_put(o);
}

// The lists may be long: they are written piece by piece into the open end of the head.
static void write_head(FILE *out, const struct run *run)
{
	struct json_object *head = json_object_new_object();

	put_counts(head, run);
	const char *s = json_object_to_json_string_ext(
		head, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	fwrite(s, 1, strlen(s) - 1, out);
	json_object_put(head);
}

static struct json_object *conflict_list(const struct run *run)
{
	struct json_object *list = json_object_new_array();
	struct conflicts c;

	conflicts_find(&c, run);
	for (size_t i = 0; i < c.n; i++) {
		struct json_object *o = json_object_new_object(), *files = json_object_new_array();
		for (size_t k = 0; k < c.items[i].n; k++)
			json_object_array_add(files, string(c.items[i].files[k]));
		put(o, "path", string(c.items[i].path));
		put(o, "files", files);
		json_object_array_add(list, o);
	}
	conflicts_release(&c);
	return list;
}

int report_json(FILE *out, const struct run *run, struct err *err)
{
	struct errors errors = {.list = json_object_new_array()};

	for (size_t i = 0; i < run->results.n; i++) {
		errors.result = run->results.items[i];
		format_each_failure(errors.result, add_error, &errors);
	}
	write_head(out, run);
	fputs(",\n\"errors\":", out);
	write_object(out, errors.list);
	fputs(",\n\"files\":[", out);
	for (size_t i = 0; i < run->results.n; i++) {
		fputs(i ? ",\n" : "\n", out);
		write_object(out, file_object(run, run->results.items[i]));
	}
	fputs("\n],\n\"conflicts\":", out);
	write_object(out, conflict_list(run));
	fputs("}\n", out);
	return ferror(out) ? err_set(err, errno, "write the JSON report") : 0;
}
