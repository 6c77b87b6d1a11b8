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

static struct json_object *test_object(const struct test_case *t)
{
	struct json_object *o = json_object_new_object(), *path = json_object_new_array();

	for (size_t i = 0; i < t->npath; i++)
		json_object_array_add(path, string(t->path[i]));
	put(o, "path", path);
	put(o, "name", string(t->name ? t->name : ""));
	put(o, "status", string(test_status_name(t->status)));
	put(o, "wall", seconds(t->wall_ns));
	put(o, "file", string(t->file));
	put(o, "line", line_number(t->line));
	put(o, "message", string(t->message));
	put(o, "traceback", string(t->traceback));
	return o;
}

static struct json_object *file_object(const struct result *r)
{
	struct json_object *o = json_object_new_object(), *tests = json_object_new_array();

	put(o, "path", string(r->job->path));
	put(o, "framework", string(framework_name(r->job->framework)));
	put(o, "status", string(file_status_name(r->status)));
	put(o, "reason", string(r->reason));
	put(o, "cached", json_object_new_boolean(r->cached));
	put(o, "flaky", json_object_new_boolean(r->flaky));
	put(o, "leaked", json_object_new_boolean(r->leaked));
	put(o, "attempt", integer(r->attempt));
	put(o, "started", seconds(r->started_ns));
	put(o, "wall", seconds(r->wall_ns));
	put(o, "user", seconds(r->user_ns));
	put(o, "sys", seconds(r->sys_ns));
	put(o, "maxrss", integer(r->maxrss));
	put(o, "exit", r->exit_code >= 0 ? integer(r->exit_code) : NULL);
	put(o, "signal", r->signal ? integer(r->signal) : NULL);
	put(o, "slot", r->slot >= 0 ? integer(r->slot) : NULL);
	put(o, "expected", r->expected >= 0 ? integer(r->expected) : NULL);
	for (size_t i = 0; i < r->tests.n; i++)
		json_object_array_add(tests, test_object(&r->tests.items[i]));
	put(o, "tests", tests);
	put(o, "output", bytes(r->output ? r->output : "", r->output_len));
	return o;
}

// One failure, wherever it comes from.
static struct json_object *error_object(const struct result *r, const char *test,
					const char *message, const char *traceback, int line)
{
	struct json_object *o = json_object_new_object();

	put(o, "file", string(r->job->path));
	put(o, "test", string(test));
	put(o, "message", string(message));
	put(o, "traceback", string(traceback));
	put(o, "line", line_number(line));
	return o;
}

static void add_errors(struct json_object *list, const struct result *r)
{
	for (size_t i = 0; i < r->errors.n; i++) {
		const struct file_error *e = &r->errors.items[i];
		json_object_array_add(list,
				      error_object(r, e->name, e->message, e->traceback, e->line));
	}
	for (size_t i = 0; i < r->tests.n; i++) {
		const struct test_case *t = &r->tests.items[i];
		struct buf name = {0};
		if (t->status != TEST_FAILED && t->status != TEST_ERROR)
			continue;
		format_test_name(&name, t);
		json_object_array_add(
			list, error_object(r, name.data, t->message, t->traceback, t->line));
		buf_release(&name);
	}
	if (file_status_is_bad(r->status) && !format_is_explained(r))
		json_object_array_add(list, error_object(r, NULL, r->reason, NULL, 0));
}

static struct json_object *run_object(const struct run *run)
{
	struct json_object *o = json_object_new_object();

	put(o, "id", run->id ? integer(run->id) : NULL);
	put(o, "jobs", run->jobs ? integer(run->jobs) : NULL);
	put(o, "tokens_peak", integer(run->peak));
	put(o, "lower_bound", seconds(run->lower_bound_ns));
	put(o, "seed", run->seed ? json_object_new_uint64(run->seed) : NULL);
	put(o, "signal", run->signal ? integer(run->signal) : NULL);
	put(o, "version", string(FIRMO_JOBS_VERSION));
	return o;
}

static void put_counts(struct json_object *o, const struct run *run)
{
	struct totals t = run_totals(run);

	put(o, "schema", integer(1));
	put(o, "success", json_object_new_boolean(run_succeeded(run)));
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

int report_json(FILE *out, const struct run *run, struct err *err)
{
	struct json_object *errors = json_object_new_array();

	for (size_t i = 0; i < run->results.n; i++)
		add_errors(errors, run->results.items[i]);
	write_head(out, run);
	fputs(",\n\"errors\":", out);
	write_object(out, errors);
	fputs(",\n\"files\":[", out);
	for (size_t i = 0; i < run->results.n; i++) {
		fputs(i ? ",\n" : "\n", out);
		write_object(out, file_object(run->results.items[i]));
	}
	fputs("\n]}\n", out);
	return ferror(out) ? err_set(err, errno, "write the JSON report") : 0;
}
