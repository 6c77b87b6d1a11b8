// SPDX-License-Identifier: MIT
#include "report/junit.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "model/run.h"
#include "report/format.h"

// XML 1.0 has no way to write most control characters, U+FFFE and U+FFFF: they become U+FFFD.
static void add_xml(struct buf *b, const char *s, size_t n)
{
	struct buf clean = {0};

	text_add_utf8(&clean, s, n);
	for (size_t i = 0; i < clean.len; i++) {
		const char *p = clean.data + i;
		unsigned char c = (unsigned char)*p;
		if (c == '<')
			buf_addstr(b, "&lt;");
		else if (c == '>')
			buf_addstr(b, "&gt;");
		else if (c == '&')
			buf_addstr(b, "&amp;");
		else if (c == '"')
			buf_addstr(b, "&quot;");
		else if (c == '\n' || c == '\t')
			buf_addf(b, "&#%d;", c);
		else if (c < 0x20 || strncmp(p, "\xef\xbf\xbe", 3) == 0 ||
			 strncmp(p, "\xef\xbf\xbf", 3) == 0) {
			buf_addstr(b, "\xef\xbf\xbd");
			i += c < 0x20 ? 0 : 2;
		} else
			buf_addch(b, *p);
	}
	buf_release(&clean);
}

static void add_attribute(struct buf *b, const char *name, const char *value)
{
	buf_addf(b, " %s=\"", name);
	add_xml(b, value, strlen(value));
	buf_addch(b, '"');
}

static void open_case(struct buf *b, const struct result *r, const char *class, const char *name,
		      int64_t wall_ns)
{
	buf_addstr(b, "    <testcase");
	add_attribute(b, "classname", class ? class : r->job->path);
	add_attribute(b, "name", name);
	buf_addf(b, " time=\"%.6f\"", wall_ns > 0 ? ns_to_sec(wall_ns) : 0.0);
}

static void add_problem(struct buf *b, const char *tag, const char *message, const char *traceback)
{
	message = message ? message : "";
	buf_addf(b, "      <%s", tag);
	add_attribute(b, "message", message);
	add_attribute(b, "type", tag);
	buf_addch(b, '>');
	add_xml(b, message, strlen(message));
	if (traceback) {
		buf_addch(b, '\n');
		add_xml(b, traceback, strlen(traceback));
	}
	buf_addf(b, "</%s>\n", tag);
}

static void add_skipped(struct buf *b, const char *message)
{
	buf_addstr(b, "      <skipped");
	if (message)
		add_attribute(b, "message", message);
	buf_addstr(b, "/>\n");
}

static void add_test(struct buf *b, const struct result *r, const struct test_case *t)
{
	struct buf class = {0};

	for (size_t i = 0; i < t->npath; i++)
		buf_addf(&class, "%s%s", i ? " " : "", t->path[i]);
	open_case(b, r, class.data, t->name ? t->name : "(no name)", t->wall_ns);
	buf_release(&class);
	if (t->status == TEST_PASSED) {
		buf_addstr(b, "/>\n");
		return;
	}
	buf_addstr(b, ">\n");
	if (t->status == TEST_SKIPPED || t->status == TEST_PENDING)
		add_skipped(b, t->message);
	else
		add_problem(b, t->status == TEST_FAILED ? "failure" : "error", t->message,
			    t->traceback);
	buf_addstr(b, "    </testcase>\n");
}

static void add_file_error(struct buf *b, const struct result *r, const struct file_error *e)
{
	open_case(b, r, NULL, e->name ? e->name : "(outside of a test)", 0);
	buf_addstr(b, ">\n");
	add_problem(b, "error", e->message, e->traceback);
	buf_addstr(b, "    </testcase>\n");
}

// Where no test shows the outcome of the file, a test case of the file's name does.
static bool needs_own_case(const struct result *r)
{
	if (file_status_is_bad(r->status))
		return !format_is_explained(r);
	return r->tests.n == 0;
}

static void add_own_case(struct buf *b, const struct result *r)
{
	open_case(b, r, NULL, r->job->path, r->wall_ns);
	if (r->status == FILE_PASSED) {
		buf_addstr(b, "/>\n");
		return;
	}
	buf_addstr(b, ">\n");
	if (file_status_is_bad(r->status))
		add_problem(b, r->status == FILE_FAILED ? "failure" : "error", r->reason, NULL);
	else
		add_skipped(b, r->reason);
	buf_addstr(b, "    </testcase>\n");
}

struct tally {
	long tests, failures, errors, skipped;
};

// Counted as they are written: the attributes must agree with the elements.
static struct tally tally_of(const struct result *r)
{
	struct tally n = {.tests = (long)(r->tests.n + r->errors.n), .errors = (long)r->errors.n};

	for (size_t i = 0; i < r->tests.n; i++) {
		enum test_status s = r->tests.items[i].status;
		n.failures += s == TEST_FAILED;
		n.errors += s == TEST_ERROR;
		n.skipped += s == TEST_SKIPPED || s == TEST_PENDING;
	}
	if (needs_own_case(r)) {
		n.tests++;
		n.failures += r->status == FILE_FAILED;
		n.errors += file_status_is_bad(r->status) && r->status != FILE_FAILED;
		n.skipped += r->status == FILE_SKIPPED || r->status == FILE_NOTRUN;
	}
	return n;
}

static void add_tally(struct buf *b, const struct tally *n, int64_t wall_ns)
{
	buf_addf(b, " tests=\"%ld\" failures=\"%ld\" errors=\"%ld\" skipped=\"%ld\" time=\"%.6f\"",
		 n->tests, n->failures, n->errors, n->skipped, ns_to_sec(wall_ns));
}

static void add_timestamp(struct buf *b, int64_t real_ns)
{
	time_t t = (time_t)(real_ns / NS_PER_SEC);
	struct tm tm;
	char text[32];

	gmtime_r(&t, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
	add_attribute(b, "timestamp", text);
}

static void write_suite(FILE *out, const struct run *run, const struct result *r)
{
	struct tally n = tally_of(r);
	struct buf b = {0};

	buf_addstr(&b, "  <testsuite");
	add_attribute(&b, "name", r->job->path);
	add_tally(&b, &n, r->wall_ns);
	add_timestamp(&b, r->started_ns ? r->started_ns : run->started_ns);
	buf_addstr(&b, ">\n");
	for (size_t i = 0; i < r->errors.n; i++)
		add_file_error(&b, r, &r->errors.items[i]);
	for (size_t i = 0; i < r->tests.n; i++)
		add_test(&b, r, &r->tests.items[i]);
	if (needs_own_case(r))
		add_own_case(&b, r);
	if (r->output_len > 0) {
		struct buf plain = {0};
		format_output(&plain, r->output, r->output_len, "", false);
		buf_addstr(&b, "    <system-out>");
		add_xml(&b, plain.data, plain.len);
		buf_addstr(&b, "</system-out>\n");
		buf_release(&plain);
	}
	buf_addstr(&b, "  </testsuite>\n");
	fwrite(b.data, 1, b.len, out);
	buf_release(&b);
}

int report_junit(FILE *out, const struct run *run, struct err *err)
{
	struct tally sum = {0};
	struct buf b = {0};

	for (size_t i = 0; i < run->results.n; i++) {
		struct tally n = tally_of(run->results.items[i]);
		sum.tests += n.tests;
		sum.failures += n.failures;
		sum.errors += n.errors;
		sum.skipped += n.skipped;
	}
	buf_addstr(&b,
		   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"firmo-jobs\"");
	add_tally(&b, &sum, run->elapsed_ns);
	buf_addstr(&b, ">\n");
	fwrite(b.data, 1, b.len, out);
	buf_release(&b);
	for (size_t i = 0; i < run->results.n; i++)
		write_suite(out, run, run->results.items[i]);
	fputs("</testsuites>\n", out);
	return ferror(out) ? err_set(err, errno, "write the JUnit report") : 0;
}
