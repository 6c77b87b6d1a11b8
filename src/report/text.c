// SPDX-License-Identifier: MIT
#include "report/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "model/run.h"
#include "report/format.h"

#define SLOWEST 5

enum colour { PLAIN, RED, GREEN, YELLOW, BOLD, DIM };

static const char *const colour_codes[] = {"",         "\033[31m", "\033[32m",
					   "\033[33m", "\033[1m",  "\033[2m"};

static void add_coloured(struct buf *b, const struct text_style *style, enum colour colour,
			 const char *text)
{
	if (style->colours && colour != PLAIN)
		buf_addf(b, "%s%s\033[0m", colour_codes[colour], text);
	else
		buf_addstr(b, text);
}

static enum colour status_colour(enum file_status s)
{
	return s == FILE_PASSED ? GREEN : file_status_is_bad(s) ? RED : YELLOW;
}

static int write_out(FILE *out, struct buf *b, struct err *err)
{
	size_t n = b->len;
	bool done = fwrite(b->data ? b->data : "", 1, n, out) == n;

	buf_release(b);
	return done ? 0 : err_set(err, errno, "write the text report");
}

static void add_label(struct buf *b, const struct text_style *style, const struct result *r)
{
	static const char *const labels[FILE_STATUS_COUNT] = {
		[FILE_NOTRUN] = " NOTRUN",  [FILE_PASSED] = "   PASS",  [FILE_FAILED] = "   FAIL",
		[FILE_ERROR] = "  ERROR",   [FILE_TIMEOUT] = "TIMEOUT", [FILE_LIMIT] = "  LIMIT",
		[FILE_SKIPPED] = "   SKIP",
	};

	if (r->flaky)
		add_coloured(b, style, YELLOW, "  FLAKY");
	else
		add_coloured(b, style, status_colour(r->status), labels[r->status]);
}

static void add_remark(struct buf *b, const struct result *r)
{
	struct counts c = result_counts(r);

	if (r->reason) {
		buf_addstr(b, " (");
		text_add_visible(b, r->reason);
		buf_addstr(b, ")");
	} else if (r->has_tests) {
		buf_addf(b, " (%ld test%s%s)", c.total, c.total == 1 ? "" : "s",
			 c.skipped + c.pending ? ", some skipped" : "");
	}
	if (r->leaked)
		buf_addstr(b, " [left a process behind]");
}

static void add_test_line(struct buf *b, const struct test_case *t)
{
	struct buf name = {0};

	format_test_name(&name, t);
	buf_addf(b, "          %-7s ", test_status_name(t->status));
	if (t->wall_ns >= 0)
		buf_addf(b, "%9.3fs ", ns_to_sec(t->wall_ns));
	text_add_visible(b, name.data);
	buf_addch(b, '\n');
	buf_release(&name);
}

static void add_file_line(struct buf *b, const struct result *r, const struct text_style *style)
{
	add_label(b, style, r);
	buf_addf(b, " [%9.3fs] ", ns_to_sec(r->wall_ns));
	text_add_visible(b, r->job->path);
	add_remark(b, r);
	buf_addch(b, '\n');
	for (size_t i = 0; style->verbose && i < r->tests.n; i++)
		add_test_line(b, &r->tests.items[i]);
}

static bool wants_line(const struct result *r, const struct text_style *style)
{
	return !style->quiet || file_status_is_bad(r->status) || r->leaked || r->flaky;
}

int report_text_file(FILE *out, const struct result *r, const struct text_style *style,
		     struct err *err)
{
	struct buf b = {0};

	if (wants_line(r, style))
		add_file_line(&b, r, style);
	return write_out(out, &b, err);
}

// ---- failures ----

static void add_indented(struct buf *b, const char *text, const struct text_style *style)
{
	if (text && *text)
		format_output(b, text, strlen(text), "      ", style->colours);
}

static void add_place(struct buf *b, const char *file, int line)
{
	if (!file)
		return;
	buf_addstr(b, "  (");
	text_add_visible(b, file);
	if (line > 0)
		buf_addf(b, ":%d", line);
	buf_addch(b, ')');
}

static void add_failed_test(struct buf *b, const struct test_case *t,
			    const struct text_style *style)
{
	struct buf name = {0};

	if (t->status != TEST_FAILED && t->status != TEST_ERROR)
		return;
	format_test_name(&name, t);
	buf_addstr(b, "  x ");
	text_add_visible(b, name.data);
	add_place(b, t->file, t->line);
	buf_addch(b, '\n');
	add_indented(b, t->message, style);
	add_indented(b, t->traceback, style);
	buf_release(&name);
}

static void add_file_error(struct buf *b, const struct file_error *e,
			   const struct text_style *style)
{
	buf_addf(b, "  x error outside of a test%s", e->name ? ": " : "");
	if (e->name)
		text_add_visible(b, e->name);
	add_place(b, e->file, e->line);
	buf_addch(b, '\n');
	add_indented(b, e->message, style);
	add_indented(b, e->traceback, style);
}

static void add_failure(struct buf *b, const struct result *r, const struct text_style *style)
{
	buf_addch(b, '\n');
	add_label(b, style, r);
	buf_addch(b, ' ');
	text_add_visible(b, r->job->path);
	buf_addstr(b, ": ");
	text_add_visible(b, r->reason ? r->reason : "");
	buf_addch(b, '\n');
	for (size_t i = 0; i < r->errors.n; i++)
		add_file_error(b, &r->errors.items[i], style);
	for (size_t i = 0; i < r->tests.n; i++)
		add_failed_test(b, &r->tests.items[i], style);
	if (style->worker_output && r->output_len > 0) {
		buf_addstr(b, "  output of the worker:\n");
		format_output(b, r->output, r->output_len, "    | ", style->colours);
	}
}

static int write_failures(FILE *out, const struct run *run, const struct text_style *style,
			  struct err *err)
{
	for (size_t i = 0; i < run->results.n; i++) {
		struct buf b = {0};
		if (!file_status_is_bad(run->results.items[i]->status))
			continue;
		add_failure(&b, run->results.items[i], style);
		if (write_out(out, &b, err) < 0)
			return -1;
	}
	return 0;
}

// ---- sums ----

static int by_wall(const void *a, const void *b)
{
	const struct result *x = *(struct result *const *)a, *y = *(struct result *const *)b;

	return (x->wall_ns < y->wall_ns) - (x->wall_ns > y->wall_ns);
}

static void add_slowest(struct buf *b, const struct run *run)
{
	size_t n = run->results.n;
	struct result **sorted = xmalloc((n + 1) * sizeof *sorted);

	if (n)
		memcpy(sorted, run->results.items, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, by_wall);
	buf_addstr(b, "Slowest files:\n");
	for (size_t i = 0; i < n && i < SLOWEST && sorted[i]->wall_ns > 0; i++) {
		buf_addf(b, "  %9.3fs ", ns_to_sec(sorted[i]->wall_ns));
		text_add_visible(b, sorted[i]->job->path);
		buf_addch(b, '\n');
	}
	free(sorted);
}

static void add_count(struct buf *b, long n, const char *word, const struct text_style *style,
		      enum colour colour)
{
	char text[64];

	if (n == 0)
		return;
	snprintf(text, sizeof text, "%ld %s", n, word);
	buf_addstr(b, ", ");
	add_coloured(b, style, colour, text);
}

static void add_sums(struct buf *b, const struct run *run, const struct text_style *style)
{
	struct totals t = run_totals(run);
	const struct counts *c = &t.tests;

	buf_addf(b, "Files: %zu in all", t.files);
	add_count(b, (long)t.by_status[FILE_PASSED], "passed", style, GREEN);
	add_count(b, (long)t.by_status[FILE_FAILED], "failed", style, RED);
	add_count(b, (long)t.by_status[FILE_ERROR], "with an error", style, RED);
	add_count(b, (long)t.by_status[FILE_TIMEOUT], "timed out", style, RED);
	add_count(b, (long)t.by_status[FILE_LIMIT], "over a limit", style, RED);
	add_count(b, (long)t.by_status[FILE_SKIPPED], "skipped", style, YELLOW);
	add_count(b, (long)t.by_status[FILE_NOTRUN], "not run", style, YELLOW);
	buf_addf(b, "\nTests: %ld in all", c->total);
	add_count(b, c->passed, "passed", style, GREEN);
	add_count(b, c->failed, "failed", style, RED);
	add_count(b, c->errors, c->errors == 1 ? "error" : "errors", style, RED);
	add_count(b, c->skipped, "skipped", style, YELLOW);
	add_count(b, c->pending, "pending", style, YELLOW);
	buf_addf(b, "\nTime:  %.3fs, for %.3fs of work on up to %d worker%s",
		 ns_to_sec(run->elapsed_ns), ns_to_sec(run->sum_ns), run->peak,
		 run->peak == 1 ? "" : "s");
	if (run->seed)
		buf_addf(b, "\nOrder: random, --order=random:%llu repeats it",
			 (unsigned long long)run->seed);
	buf_addch(b, '\n');
}

static void add_verdict(struct buf *b, const struct run *run, const struct text_style *style)
{
	if (run->signal)
		add_coloured(b, style, RED, "INTERRUPTED: this report is partial\n");
	else if (run->stopped) {
		add_coloured(b, style, RED, "STOPPED");
		buf_addf(b, " by %s: this report is partial\n", run->stopped);
	}
}

int report_text_end(FILE *out, const struct run *run, const struct text_style *style,
		    struct err *err)
{
	struct buf b = {0};

	if (write_failures(out, run, style, err) < 0)
		return -1;
	buf_addch(&b, '\n');
	if (!style->quiet && run->results.n > 1 && run->longest_ns > 0)
		add_slowest(&b, run);
	add_sums(&b, run, style);
	add_verdict(&b, run, style);
	return write_out(out, &b, err);
}

int report_text(FILE *out, const struct run *run, const struct text_style *style, struct err *err)
{
	for (size_t i = 0; i < run->results.n; i++)
		if (report_text_file(out, run->results.items[i], style, err) < 0)
			return -1;
	return report_text_end(out, run, style, err);
}
