// SPDX-License-Identifier: MIT
#include "report/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "model/failure.h"
#include "model/fixture.h"
#include "model/quarantine.h"
#include "model/run.h"
#include "report/format.h"
#include "report/yaml.h"

#define SUBTEST 4 // how far a subtest is indented

// A test point, and what the YAML below it tells. Strings that are NULL are not told.
struct point {
	bool ok;
	const char *name, *directive, *reason;
	const char *message, *severity, *traceback, *file;
	int line;
	int64_t wall_ns, own_ns; // -1: unknown
	const char *tags;
	const struct result *of; // the file whose point it is, or NULL
};

// One line of text, in which # and \ have no meaning.
static void add_escaped(struct buf *b, const char *text)
{
	struct buf clean = {0};

	text_add_visible(&clean, text);
	for (size_t i = 0; i < clean.len; i++) {
		if (clean.data[i] == '\\' || clean.data[i] == '#')
			buf_addch(b, '\\');
		buf_addch(b, clean.data[i]);
	}
	buf_release(&clean);
}

static void add_file_yaml(struct buf *b, size_t indent, const struct result *r)
{
	if (!r->has_tests && r->errors.n > 0)
		yaml_string(b, indent, "reason", r->reason);
	yaml_string(b, indent, "framework", framework_name(r->framework));
	yaml_string(b, indent, "seed", r->seed);
	yaml_integer(b, indent, "attempt", r->attempt, 2);
	yaml_integer(b, indent, "attempts", r->attempts, 2);
	yaml_integer(b, indent, "failures", r->failures, 1);
	yaml_integer(b, indent, "exit", r->exit_code, 0);
	yaml_integer(b, indent, "signal", r->signal, 1);
}

static void add_yaml(struct buf *b, size_t indent, const struct point *p)
{
	struct buf yaml = {0};

	yaml_string(&yaml, indent, "message", p->message);
	yaml_string(&yaml, indent, "severity", p->severity);
	if (p->file) {
		buf_addf(&yaml, "%*sat:\n", (int)indent, "");
		yaml_string(&yaml, indent + 2, "file", p->file);
		yaml_integer(&yaml, indent + 2, "line", p->line, 1);
	}
	if (p->of)
		add_file_yaml(&yaml, indent, p->of);
	yaml_seconds(&yaml, indent, "wall", p->wall_ns);
	yaml_seconds(&yaml, indent, "own", p->own_ns);
	yaml_string(&yaml, indent, "tags", p->tags);
	yaml_string(&yaml, indent, "traceback", p->traceback);
	if (yaml.len)
		buf_addf(b, "%*s---\n%s%*s...\n", (int)indent, "", yaml.data, (int)indent, "");
	buf_release(&yaml);
}

static void add_point(struct buf *b, size_t indent, size_t number, const struct point *p)
{
	buf_addf(b, "%*s%sok %zu - ", (int)indent, "", p->ok ? "" : "not ", number);
	add_escaped(b, p->name);
	if (p->directive) {
		buf_addf(b, " # %s", p->directive);
		if (p->reason && *p->reason)
			buf_addch(b, ' ');
		add_escaped(b, p->reason ? p->reason : "");
	}
	buf_addch(b, '\n');
	add_yaml(b, indent + 2, p);
}

// ---- the tests of a file ----

static void add_error(struct buf *b, size_t number, const struct result *r,
		      const struct file_error *e)
{
	struct buf name = {0}, why = {0};

	format_error_name(&name, e);
	if (r->forgiven)
		quarantine_describe(&why, r->quarantine, r->started_ns, true);
	const struct point p = {.name = name.data,
				.directive = r->forgiven ? "TODO" : NULL,
				.reason = why.data,
				.message = e->message,
				.severity = "error",
				.traceback = e->traceback,
				.file = e->file,
				.line = e->line,
				.wall_ns = -1,
				.own_ns = -1};
	add_point(b, SUBTEST, number, &p);
	buf_release(&name);
	buf_release(&why);
}

static void add_test(struct buf *b, size_t number, const struct result *r,
		     const struct test_case *t)
{
	bool bad = failure_is_test(t), pending = t->status == TEST_PENDING;
	bool left_out = pending || t->status == TEST_SKIPPED;
	bool forgiven = quarantine_forgives(r, t);
	struct buf name = {0}, tags = {0}, why = {0};

	failure_test_name(&name, t);
	if (t->round > 0)
		buf_addf(&name, " (round %d)", t->round);
	for (size_t i = 0; i < t->ntags; i++)
		buf_addf(&tags, "%s%s", i ? "," : "", t->tags[i]);
	if (forgiven)
		quarantine_describe(&why, r->quarantine, r->started_ns, true);
	const struct point p = {.ok = !bad && !pending,
				.name = name.data,
				.directive = pending || forgiven ? "TODO"
					     : left_out          ? "SKIP"
								 : NULL,
				.reason = forgiven   ? why.data
					  : left_out ? t->message
						     : NULL,
				.message = left_out ? NULL : t->message,
				.severity = bad ? test_status_name(t->status) : NULL,
				.traceback = t->traceback,
				.file = t->file,
				.line = t->line,
				.wall_ns = t->wall_ns,
				.own_ns = t->own_ns,
				.tags = tags.data};
	add_point(b, SUBTEST, number, &p);
	buf_release(&name);
	buf_release(&tags);
	buf_release(&why);
}

static void add_subtest(struct buf *b, const struct result *r)
{
	size_t n = 0;

	buf_addstr(b, "# Subtest: ");
	add_escaped(b, r->job->path);
	buf_addf(b, "\n%*s1..%zu\n", SUBTEST, "", r->tests.n + r->errors.n);
	for (size_t i = 0; i < r->errors.n; i++)
		add_error(b, ++n, r, &r->errors.items[i]);
	for (size_t i = 0; i < r->tests.n; i++)
		add_test(b, ++n, r, &r->tests.items[i]);
}

// ---- files ----

// What a file without tests died of is told by its own point.
static void take_error(struct point *p, const struct file_error *e)
{
	p->message = e->message;
	p->traceback = e->traceback;
	p->file = e->file;
	p->line = e->line;
}

static char *reason_of(const struct result *r)
{
	if (r->flaky)
		return xasprintf("flaky: passed at attempt %d", r->attempt);
	if (r->status == FILE_NOTRUN)
		return xasprintf("not run: %s", r->reason ? r->reason : "");
	return r->reason ? xstrdup(r->reason) : NULL;
}

static void add_file(struct buf *b, const struct run *run, size_t number, const struct result *r)
{
	bool bad = file_status_is_bad(r->status) || (r->flaky && run->flaky_fails);
	bool left_out = r->status == FILE_SKIPPED || r->status == FILE_NOTRUN;
	char *reason = reason_of(r);
	struct buf why = {0};
	if (r->forgiven)
		quarantine_describe(&why, r->quarantine, r->started_ns, true);
	struct point p = {.ok = !bad,
			  .name = r->job->path,
			  .directive = left_out      ? "SKIP"
				       : r->forgiven ? "TODO"
						     : NULL,
			  .reason = r->forgiven ? why.data : reason,
			  .message = left_out ? NULL : reason,
			  .severity = !bad       ? NULL
				      : r->flaky ? "flaky"
						 : file_status_name(r->status),
			  .wall_ns = r->status == FILE_NOTRUN ? -1 : r->wall_ns,
			  .own_ns = -1,
			  .of = r};

	if (r->has_tests && r->tests.n + r->errors.n > 0)
		add_subtest(b, r);
	else if (r->errors.n > 0)
		take_error(&p, &r->errors.items[0]);
	add_point(b, 0, number, &p);
	free(reason);
	buf_release(&why);
}

static void write_failed_fixture(FILE *out, const struct fixture_result *r)
{
	struct buf b = {0};

	buf_addf(&b, "Bail out! the %s of ", r->tears_down ? "teardown" : "setup");
	add_escaped(&b, r->name);
	buf_addstr(&b, " has failed\n");
	fwrite(b.data, 1, b.len, out);
	buf_release(&b);
}

// A run that fails without a test point that does.
static void write_bail_out(FILE *out, const struct run *run)
{
	const struct fixture_result *failed = run_failed_fixture(run);
	const struct totals t = run_totals(run);
	size_t notrun = t.by_status[FILE_NOTRUN];
	const char *name = run->signal ? sigabbrev_np(run->signal) : NULL;

	if (name)
		fprintf(out, "Bail out! interrupted by SIG%s\n", name);
	else if (run->signal)
		fprintf(out, "Bail out! interrupted by signal %d\n", run->signal);
	else if (run->unfinished)
		fputs("Bail out! the run has not come to its end\n", out);
	else if (failed)
		write_failed_fixture(out, failed);
	else if (t.bad == 0 && notrun > 0)
		fprintf(out, "Bail out! %zu file%s not run\n", notrun,
			notrun == 1 ? " was" : "s were");
	else if (run->results.n > 0 && run_succeeded(run) && !run_tells(run))
		fputs("Bail out! no test was seen\n", out);
}

int report_tap(FILE *out, const struct run *run, struct err *err)
{
	fputs("TAP version 13\n# TAP 14: subtests, YAML diagnostics\n", out);
	fprintf(out, "1..%zu%s\n", run->results.n, run->results.n ? "" : " # SKIP nothing was run");
	for (size_t i = 0; i < run->results.n; i++) {
		struct buf b = {0};
		add_file(&b, run, i + 1, run->results.items[i]);
		fwrite(b.data, 1, b.len, out);
		buf_release(&b);
	}
	write_bail_out(out, run);
	return ferror(out) ? err_set(err, errno, "write the TAP report") : 0;
}
