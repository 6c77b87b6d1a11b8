// SPDX-License-Identifier: MIT
#include "report/events.h"

#include "base/clock.h"
#include "model/job.h"
#include "model/run.h"
#include "report/json.h"
#include "report/object.h"

static struct json_object *event(const char *name)
{
	struct json_object *o = object_new();

	object_put(o, "event", object_string(name));
	object_put(o, "time", object_seconds(clock_real_ns()));
	return o;
}

static struct json_object *event_of_file(const char *name, const struct result *r, int attempt)
{
	struct json_object *o = event(name);

	object_put(o, "path", object_string(r->job->path));
	object_put(o, "attempt", object_integer(attempt));
	return o;
}

static void add_planned(struct json_object *list, const struct jobs *jobs, bool cached)
{
	for (size_t i = 0; i < jobs->n; i++) {
		const struct job *job = &jobs->items[i];
		struct json_object *o = object_new();
		object_put(o, "path", object_string(job->path));
		object_put(o, "framework", object_string(framework_name(job->framework)));
		object_put(o, "expected", object_seconds(job->expected_ns));
		object_put(o, "cached", object_boolean(cached));
		object_append(list, o);
	}
}

struct json_object *report_events_run_start(const struct run *run, const struct jobs *jobs,
					    const struct jobs *reused)
{
	struct json_object *o = event("run_start"), *files = object_list();

	add_planned(files, jobs, false);
	add_planned(files, reused, true);
	object_put(o, "schema", object_integer(1));
	object_put(o, "run", report_json_run(run));
	object_put(o, "files", files);
	return o;
}

struct json_object *report_events_file_start(const struct result *r, bool restarted)
{
	struct json_object *o = event_of_file("file_start", r, r->attempt);

	object_put(o, "restarted", object_boolean(restarted));
	object_put(o, "slot", object_integer(r->slot));
	return o;
}

struct json_object *report_events_test_end(const struct result *r, const struct test_case *t)
{
	struct json_object *o = event_of_file("test_end", r, r->attempt);

	object_put(o, "test", report_json_test(r, t));
	return o;
}

struct json_object *report_events_output(const struct result *r, const char *data, size_t n)
{
	struct json_object *o = event_of_file("output", r, r->attempt);

	object_put(o, "text", object_bytes(data, n));
	return o;
}

struct json_object *report_events_file_end(const struct run *run, const struct result *r,
					   int attempt, bool retried)
{
	struct json_object *o = event_of_file("file_end", r, attempt);

	object_put(o, "retried", object_boolean(retried));
	object_put(o, "file", report_json_file(run, r));
	return o;
}

struct json_object *report_events_fixture_end(const struct fixture_result *r)
{
	struct json_object *o = event("fixture_end");

	object_put(o, "fixture", report_json_fixture(r));
	return o;
}

struct json_object *report_events_warning(const char *message)
{
	struct json_object *o = event("warning");

	object_put(o, "message", object_string(message));
	return o;
}

struct json_object *report_events_run_end(const struct run *run, int status)
{
	struct json_object *o = event("run_end");

	object_put(o, "status", object_integer(status));
	report_json_sums(o, run);
	return o;
}
