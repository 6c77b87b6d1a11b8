// SPDX-License-Identifier: MIT
#include "report/junit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/map.h"
#include "model/quarantine.h"
#include "model/run.h"
#include "report/format.h"
#include "report/junit_suite.h"
#include "report/writers.h"
#include "report/xml.h"

#define CONFLICTS_TOLD 3 // of a file

// ---- writing ----

static void add_explanation(struct buf *b, const struct junit_outcome *e)
{
	xml_add_text(b, e->message ? e->message : "");
	if (e->traceback) {
		buf_addch(b, '\n');
		xml_add_text(b, e->traceback);
	}
}

static void add_output(struct buf *b, const struct result *r, const char *indent)
{
	struct buf plain = {0};

	if (r->output_len == 0)
		return;
	format_output(&plain, r->output, r->output_len, "", false);
	buf_addf(b, "%s<system-out>", indent);
	xml_add_bytes(b, plain.data, plain.len);
	buf_addstr(b, "</system-out>\n");
	buf_release(&plain);
}

static void open_problem(struct buf *b, const char *tag, const struct junit_outcome *e)
{
	buf_addf(b, "      <%s", tag);
	xml_add_attribute(b, "message", e->message ? e->message : "");
	xml_add_attribute(b, "type", test_status_name(e->status));
	buf_addch(b, '>');
}

static void add_primary(struct buf *b, const char *tag, const struct junit_outcome *e)
{
	open_problem(b, tag, e);
	add_explanation(b, e);
	buf_addf(b, "</%s>\n", tag);
}

// An outcome that another attempt has put right, or confirmed.
static void add_other(struct buf *b, const char *tag, const struct junit_outcome *e)
{
	open_problem(b, tag, e);
	buf_addstr(b, "\n        <stackTrace>");
	add_explanation(b, e);
	buf_addstr(b, "</stackTrace>\n");
	if (e->first_bad)
		add_output(b, e->attempt, "        ");
	buf_addf(b, "      </%s>\n", tag);
}

static void add_others(struct buf *b, const struct junit_entry *e,
		       const struct junit_outcome *primary, enum test_status status)
{
	const char *tag = status == TEST_FAILED ? primary ? "rerunFailure" : "flakyFailure"
			  : primary             ? "rerunError"
						: "flakyError";

	for (size_t i = 0; i < e->outcomes.n; i++)
		if (&e->outcomes.items[i] != primary &&
		    junit_outcome_is_bad(&e->outcomes.items[i]) &&
		    e->outcomes.items[i].status == status)
			add_other(b, tag, &e->outcomes.items[i]);
}

// What is in quarantine fails no build, and says what it died of all the same.
static void add_skipped(struct buf *b, const struct junit_outcome *e)
{
	const struct result *r = e->attempt;
	struct buf why = {0};

	if (e->forgiven)
		quarantine_describe(&why, r->quarantine, r->started_ns, true);
	if (e->message && *e->message)
		buf_addf(&why, "%s%s", why.len ? "\n" : "", e->message);
	buf_addstr(b, "      <skipped");
	if (e->message || e->forgiven)
		xml_add_attribute(b, "message", why.len ? why.data : "");
	buf_addstr(b, "/>\n");
	buf_release(&why);
}

// In the order of Surefire's schema.
static void add_outcomes(struct buf *b, const struct junit_suite *s, const struct junit_entry *e)
{
	const struct junit_outcome *primary = junit_suite_primary(s, e);

	if (primary && primary->status == TEST_FAILED)
		add_primary(b, "failure", primary);
	add_others(b, e, primary, TEST_FAILED);
	if (junit_entry_is_skipped(e))
		add_skipped(b, junit_entry_last(e));
	if (primary && primary->status == TEST_ERROR)
		add_primary(b, "error", primary);
	add_others(b, e, primary, TEST_ERROR);
}

static void add_case(struct buf *b, const struct junit_suite *s, const struct junit_entry *e)
{
	int64_t wall_ns = junit_entry_last(e)->wall_ns;
	struct buf outcomes = {0};

	buf_addstr(b, "    <testcase");
	xml_add_attribute(b, "classname", e->class);
	xml_add_attribute(b, "name", e->name);
	xml_add_attribute(b, "file",
			  e->file ? format_source(e->file, s->last) : s->last->job->path);
	if (e->line > 0)
		buf_addf(b, " line=\"%d\"", e->line);
	if (e->tags)
		xml_add_attribute(b, "group", e->tags);
	buf_addf(b, " time=\"%.6f\"", wall_ns > 0 ? ns_to_sec(wall_ns) : 0.0);
	add_outcomes(&outcomes, s, e);
	if (outcomes.len)
		buf_addf(b, ">\n%s    </testcase>\n", outcomes.data);
	else
		buf_addstr(b, "/>\n");
	buf_release(&outcomes);
}

static void add_property(struct buf *b, const char *name, const char *value)
{
	if (!value)
		return;
	buf_addstr(b, "      <property");
	xml_add_attribute(b, "name", name);
	xml_add_attribute(b, "value", value);
	buf_addstr(b, "/>\n");
}

static void add_number(struct buf *b, const char *name, int64_t value, int64_t least)
{
	char text[32];

	snprintf(text, sizeof text, "%" PRId64, value);
	if (value >= least)
		add_property(b, name, text);
}

// What it writes and others as well, as far as that is bounded.
static void add_conflicts(struct buf *b, const struct run *run, const struct conflicts *c,
			  const struct result *r)
{
	size_t told = 0;

	for (size_t i = 0; i < c->n && told < CONFLICTS_TOLD; i++) {
		bool is_one = false;
		for (size_t k = 0; k < c->items[i].n && !is_one; k++)
			is_one = c->items[i].results[k] == r;
		if (!is_one)
			continue;
		struct buf value = {0};
		char *override = writers_override(&c->items[i]);
		writers_add_paths(&value, &c->items[i]);
		buf_addf(&value, ", by %zu files; %s; in overrides: %s", c->items[i].n,
			 writers_fate(run, &c->items[i]), override);
		add_property(b, "conflict", value.data);
		buf_release(&value);
		free(override);
		told++;
	}
}

static void add_properties(struct buf *b, const struct run *run, const struct conflicts *conflicts,
			   const struct result *r)
{
	buf_addstr(b, "    <properties>\n");
	add_property(b, "run", run->name);
	add_property(b, "lua", run->lua);
	add_property(b, "framework", framework_name(r->framework));
	add_property(b, "status", file_status_name(r->status));
	add_property(b, "reason", r->reason);
	add_property(b, "seed", r->seed);
	add_property(b, "quarantine", r->quarantine ? r->quarantine->text : NULL);
	add_number(b, "attempt", r->attempt, 1);
	add_number(b, "attempts", r->attempts, 1);
	add_number(b, "failures", r->failures, 0);
	add_number(b, "slot", r->slot, 0);
	add_number(b, "exit", r->exit_code, 0);
	add_number(b, "signal", r->signal, 1);
	add_number(b, "maxrss", r->maxrss, 1);
	add_conflicts(b, run, conflicts, r);
	buf_addstr(b, "    </properties>\n");
}

// time and timestamp have the forms that both Jenkins and Surefire take.
static void add_tally(struct buf *b, const struct junit_tally *n, int64_t wall_ns)
{
	buf_addf(b, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" time=\"%.3f\"", n->tests,
		 n->failures, n->errors, ns_to_sec(wall_ns));
}

static void add_timestamp(struct buf *b, int64_t real_ns)
{
	time_t t = (time_t)(real_ns / NS_PER_SEC);
	struct tm tm;
	char text[32];

	gmtime_r(&t, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
	xml_add_attribute(b, "timestamp", text);
}

static void write_suite(FILE *out, const struct run *run, const struct conflicts *conflicts,
			const struct junit_suite *s)
{
	const struct result *r = s->last;
	struct junit_tally n = junit_suite_tally(s);
	struct buf b = {0};

	buf_addstr(&b, "  <testsuite");
	xml_add_attribute(&b, "name", r->job->path);
	add_tally(&b, &n, r->wall_ns);
	buf_addf(&b, " skipped=\"%zu\"", n.skipped);
	add_timestamp(&b, r->started_ns ? r->started_ns : run->started_ns);
	buf_addstr(&b, ">\n");
	add_properties(&b, run, conflicts, r);
	for (size_t i = 0; i < s->entries.n; i++)
		add_case(&b, s, s->entries.items[i]);
	add_output(&b, r, "    ");
	buf_addstr(&b, "  </testsuite>\n");
	fwrite(b.data, 1, b.len, out);
	buf_release(&b);
}

static void add_to_sum(struct junit_tally *sum, const struct result *r)
{
	struct junit_suite s;

	junit_suite_open(&s, r);
	struct junit_tally n = junit_suite_tally(&s);
	sum->tests += n.tests;
	sum->failures += n.failures;
	sum->errors += n.errors;
	junit_suite_release(&s);
}

static void write_fixture(FILE *out, const struct fixture_result *r)
{
	const struct junit_tally n = {.tests = 1, .errors = r->failed};
	const char *step = r->tears_down ? "teardown" : "setup";
	char *name = xasprintf("fixture %s", r->name);
	struct buf b = {0}, plain = {0};

	buf_addstr(&b, "  <testsuite");
	xml_add_attribute(&b, "name", name);
	add_tally(&b, &n, r->wall_ns);
	buf_addstr(&b, " skipped=\"0\"");
	add_timestamp(&b, r->started_ns);
	buf_addstr(&b, ">\n    <properties>\n");
	add_property(&b, "status", r->failed ? "fail" : "pass");
	add_property(&b, "reason", r->reason);
	buf_addstr(&b, "    </properties>\n    <testcase");
	xml_add_attribute(&b, "classname", name);
	xml_add_attribute(&b, "name", step);
	xml_add_attribute(&b, "file", "firmo-jobs.json");
	buf_addf(&b, " time=\"%.6f\"", ns_to_sec(r->wall_ns));
	buf_addstr(&b, r->failed ? ">\n      <error" : "/>\n");
	if (r->failed) {
		xml_add_attribute(&b, "message", r->reason);
		buf_addstr(&b, ">");
		format_output(&plain, r->output, strlen(r->output), "", false);
		xml_add_bytes(&b, plain.data, plain.len);
		buf_addstr(&b, "</error>\n    </testcase>\n");
	}
	buf_addstr(&b, "  </testsuite>\n");
	fwrite(b.data, 1, b.len, out);
	buf_release(&plain);
	buf_release(&b);
	free(name);
}

int report_junit(FILE *out, const struct run *run, struct err *err)
{
	struct junit_tally sum = {0};
	struct conflicts conflicts;
	struct map taken = {0};
	struct buf b = {0};

	conflicts_find(&conflicts, run);
	for (size_t i = 0; i < run->results.n; i++)
		add_to_sum(&sum, run->results.items[i]);
	for (size_t i = 0; i < run->fixtures.n; i++) {
		sum.tests++;
		sum.errors += run->fixtures.items[i].failed;
	}
	buf_addstr(&b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
	xml_add_attribute(&b, "name", "firmo-jobs");
	add_tally(&b, &sum, run->elapsed_ns);
	buf_addstr(&b, ">\n");
	fwrite(b.data, 1, b.len, out);
	buf_release(&b);
	for (size_t i = 0; i < run->results.n; i++) {
		struct junit_suite s;
		junit_suite_open(&s, run->results.items[i]);
		junit_suite_tell_apart(&s, &taken);
		write_suite(out, run, &conflicts, &s);
		junit_suite_release(&s);
	}
	for (size_t i = 0; i < run->fixtures.n; i++)
		write_fixture(out, &run->fixtures.items[i]);
	conflicts_release(&conflicts);
	map_release(&taken);
	fputs("</testsuites>\n", out);
	return ferror(out) ? err_set(err, errno, "write the JUnit report") : 0;
}
