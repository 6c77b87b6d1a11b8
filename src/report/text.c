// SPDX-License-Identifier: MIT
#include "report/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/map.h"
#include "base/strings.h"
#include "base/text.h"
#include "model/conflicts.h"
#include "model/failure.h"
#include "model/fixture.h"
#include "model/quarantine.h"
#include "model/run.h"
#include "report/coverage.h"
#include "report/explain.h"
#include "report/format.h"
#include "report/layout.h"
#include "report/recap.h"
#include "report/searched.h"
#include "report/writers.h"

#define SLOWEST       5
#define NAMED         8  // files in a line that names some of many
#define LABEL         7  // cells of the widest label
#define REMARK_INDENT 21 // where the paths begin
#define SUMS_INDENT   7
#define TEST_INDENT   31 // where the name of a test goes on, if it is long

static int write_out(FILE *out, struct buf *b, struct err *err)
{
	size_t n = b->len;
	bool done = fwrite(b->data ? b->data : "", 1, n, out) == n;

	buf_release(b);
	return done ? 0 : err_set(err, errno, "write the text report");
}

// ---- a line for each file ----

static void add_part(struct buf *b, const char *part)
{
	buf_addstr(b, b->len > 1 ? "; " : "");
	buf_addstr(b, part);
}

// "12 tests, 2 skipped, 1 never ran".
static void add_tests(struct buf *b, const struct result *r)
{
	struct counts c = result_counts(r);
	long never = 0;

	for (size_t i = 0; i < r->tests.n; i++)
		never += format_never_ran(&r->tests.items[i]);
	add_part(b, "");
	buf_addf(b, "%ld test%s", c.total, c.total == 1 ? "" : "s");
	if (c.skipped > never)
		buf_addf(b, ", %ld skipped", c.skipped - never);
	if (c.pending)
		buf_addf(b, ", %ld pending", c.pending);
	if (never)
		buf_addf(b, ", %ld never ran", never);
}

// A quarantine that holds, and is not about all that is wrong, is told with the tests.
static void add_quarantine(struct buf *b, const struct result *r)
{
	if (!r->forgiven && quarantine_holds(r->quarantine, r->started_ns))
		return;
	add_part(b, "");
	quarantine_describe(b, r->quarantine, r->started_ns, false);
}

// What is to be said of r in brackets, or nothing.
static void add_remark(struct buf *b, const struct result *r)
{
	char attempt[64];

	buf_addch(b, '(');
	snprintf(attempt, sizeof attempt, "%sattempt %d",
		 r->flaky && !r->forgiven ? "passed at " : "", r->attempt);
	if (r->attempt > 1)
		add_part(b, attempt);
	if (r->reason)
		add_part(b, r->reason);
	else if (r->has_tests)
		add_tests(b, r);
	if (r->quarantine && file_status_is_bad(r->status))
		add_quarantine(b, r);
	if (r->leaked)
		add_part(b, "left a process behind");
	if (r->cached)
		add_part(b, "cached");
	if (r->again)
		add_part(b, "will be tried again");
	buf_addch(b, ')');
}

// The framework that the file turned out to be of, and how.
static void add_learned(struct buf *b, const struct result *r)
{
	struct buf line = {0};

	buf_addf(&line, "read as %s: %s", framework_name(r->framework), r->learned);
	buf_addf(b, "%*s", REMARK_INDENT, "");
	layout_words(b, line.data, TEST_INDENT);
	buf_addch(b, '\n');
	buf_release(&line);
}

static void add_test_line(struct buf *b, const struct test_case *t)
{
	bool says_why = t->status != TEST_FAILED && t->status != TEST_ERROR;
	struct buf line = {0};

	buf_addf(b, "          %-7s ", test_status_name(t->status));
	if (t->wall_ns >= 0)
		buf_addf(b, "%9.3fs ", ns_to_sec(t->wall_ns));
	else
		buf_addf(b, "%10s ", "");
	failure_test_name(&line, t);
	if (t->round > 0)
		buf_addf(&line, " (round %d)", t->round);
	for (size_t i = 0; i < t->ntags; i++)
		buf_addf(&line, " #%s", t->tags[i]);
	if (says_why && t->message)
		buf_addf(&line, ": %s", t->message);
	layout_words(b, line.data, TEST_INDENT);
	buf_addch(b, '\n');
	buf_release(&line);
}

static void add_file_line(struct buf *b, const struct result *r, const struct text_style *style)
{
	struct buf remark = {0};

	layout_label(b, r, style->colours, LABEL);
	buf_addf(b, " [%9.3fs] ", ns_to_sec(r->wall_ns));
	text_add_visible(b, r->job->path);
	add_remark(&remark, r);
	if (remark.len > 2)
		layout_remark(b, remark.data, REMARK_INDENT);
	buf_addch(b, '\n');
	buf_release(&remark);
	if (style->verbose && r->learned)
		add_learned(b, r);
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

	if (r->earlier && report_text_file(out, r->earlier, style, err) < 0)
		return -1;
	if (wants_line(r, style))
		add_file_line(&b, r, style);
	return write_out(out, &b, err);
}

// ---- setups and teardowns ----

int report_text_fixture(FILE *out, const struct fixture_result *r, const struct text_style *style,
			struct err *err)
{
	struct buf b = {0}, output = {0};

	if (style->quiet && !r->failed)
		return 0;
	layout_coloured(&b, style->colours, r->failed ? RED : GREEN, "FIXTURE");
	buf_addf(&b, " [%9.3fs] ", ns_to_sec(r->wall_ns));
	text_add_visible(&b, r->name);
	buf_addf(&b, ": %s", r->tears_down ? "teardown" : "setup");
	if (r->failed) {
		buf_addstr(&b, " has failed (");
		text_add_visible(&b, r->reason);
		buf_addch(&b, ')');
	}
	buf_addch(&b, '\n');
	if (r->failed && r->output)
		format_output(&output, r->output, strlen(r->output), "    | ", style->colours);
	buf_add(&b, output.data, output.len);
	buf_release(&output);
	return write_out(out, &b, err);
}

// ---- flaky files and failures ----

typedef void explainer(struct buf *b, const struct run *run, const struct result *r,
		       const struct text_style *style);

static bool is_forgiven(const struct result *r)
{
	return r->forgiven && !r->flaky;
}

static bool is_flaky(const struct result *r)
{
	return r->flaky;
}

// Files of one kind, explained below a title with their number.
static const struct section {
	bool (*is_so)(const struct result *);
	const char *title;
	explainer *explain;
} sections[] = {
	{is_flaky, "passed only when tried again", explain_flaky},
	{is_forgiven, "failed in quarantine", explain_failure},
	{result_is_bad, "failed", explain_failure},
};

static int write_section(FILE *out, const struct run *run, const struct section *section,
			 struct map *searched, const struct text_style *style, struct err *err)
{
	struct buf b = {0};
	size_t n = 0;

	for (size_t i = 0; i < run->results.n; i++)
		n += section->is_so(run->results.items[i]);
	if (n > 0)
		buf_addf(&b, "\n%zu file%s %s:\n", n, n == 1 ? "" : "s", section->title);
	for (size_t i = 0; i < run->results.n; i++) {
		const struct result *r = run->results.items[i];
		struct buf explained = {0};
		if (!section->is_so(r))
			continue;
		section->explain(&explained, run, r, style);
		buf_addch(&b, '\n');
		searched_fold(&b, explained.data, searched);
		buf_release(&explained);
		if (write_out(out, &b, err) < 0)
			return -1;
	}
	return 0;
}

static int write_sections(FILE *out, const struct run *run, const struct text_style *style,
			  struct err *err)
{
	struct map searched = {0};
	int status = 0;

	for (size_t i = 0; i < sizeof sections / sizeof *sections && status == 0; i++)
		status = write_section(out, run, &sections[i], &searched, style, err);
	map_release(&searched);
	return status;
}

// ---- sums ----

static int by_wall(const void *a, const void *b)
{
	const struct result *x = *(struct result *const *)a, *y = *(struct result *const *)b;

	return (x->wall_ns < y->wall_ns) - (x->wall_ns > y->wall_ns);
}

static void add_slowest(struct buf *b, const struct run *run)
{
	size_t n = 0;
	struct result **sorted = xmalloc((run->results.n + 1) * sizeof *sorted);

	// What was cut short has taken as long as the run was let go on.
	for (size_t i = 0; i < run->results.n; i++) {
		struct result *r = run->results.items[i];
		if (!r->cached && r->status != FILE_NOTRUN && r->wall_ns > 0)
			sorted[n++] = r;
	}
	qsort(sorted, n, sizeof *sorted, by_wall);
	if (n > 0)
		buf_addstr(b, "Slowest files:\n");
	for (size_t i = 0; i < n && i < SLOWEST; i++) {
		buf_addf(b, "  %9.3fs ", ns_to_sec(sorted[i]->wall_ns));
		layout_path(b, sorted[i]->job->path, LAYOUT_COLUMNS - 13);
		buf_addch(b, '\n');
	}
	free(sorted);
}

static bool is_any_bad(const struct conflict *c)
{
	bool is = false;

	for (size_t i = 0; i < c->n; i++)
		is |= file_status_is_bad(c->results[i]->status);
	return is;
}

static void add_conflict(struct buf *b, const struct run *run, const struct conflict *c)
{
	struct buf line = {0};

	writers_add_paths(&line, c);
	buf_addf(&line, ": %s", writers_fate(run, c));
	buf_addstr(b, "  ");
	layout_words(b, line.data, 4);
	for (size_t i = 0; i < c->n && i < NAMED; i++) {
		buf_addstr(b, "\n    by ");
		text_add_visible(b, c->results[i]->job->path);
	}
	if (c->n > NAMED)
		buf_addf(b, "\n    and by %zu more", c->n - NAMED);
	buf_addch(b, '\n');
	if (!c->is_known) {
		char *override = writers_override(c);
		buf_addstr(b, "    in overrides: ");
		text_add_visible(b, override);
		buf_addch(b, '\n');
		free(override);
	}
	buf_release(&line);
}

// Those that the settings keep apart are told where they may be why a file failed, or all is asked
// for.
static void add_conflicts(struct buf *b, const struct run *run, const struct text_style *style)
{
	struct conflicts c;
	size_t told = 0;

	conflicts_find(&c, run);
	for (size_t i = 0; i < c.n; i++) {
		bool matters = is_any_bad(&c.items[i]);
		if (!style->verbose && !matters && (c.items[i].is_known || style->quiet))
			continue;
		if (told++ == 0)
			buf_addstr(b, "Written by more than one file, so these are not safe side "
				      "by side:\n");
		if (told <= NAMED)
			add_conflict(b, run, &c.items[i]);
	}
	if (told > NAMED)
		buf_addf(b, "  and %zu more such groups of files\n", told - NAMED);
	conflicts_release(&c);
}

static void add_count(struct buf *b, size_t n, const char *word, const struct text_style *style,
		      enum colour colour)
{
	char text[64];

	if (n == 0)
		return;
	buf_addch(b, ',');
	snprintf(text, sizeof text, "%zu %s", n, word);
	layout_coloured_remark(b, style->colours, colour, text, SUMS_INDENT);
}

static void add_files(struct buf *b, const struct run *run, const struct text_style *style)
{
	static const struct {
		enum file_status status;
		const char *word;
		enum colour colour;
	} rows[] = {
		{FILE_FAILED, "failed", RED},      {FILE_ERROR, "with an error", RED},
		{FILE_TIMEOUT, "timed out", RED},  {FILE_LIMIT, "over a limit", RED},
		{FILE_SKIPPED, "skipped", YELLOW}, {FILE_NOTRUN, "not run", YELLOW},
	};
	size_t n[FILE_STATUS_COUNT] = {0}, flaky = 0, forgiven = 0;

	for (size_t i = 0; i < run->results.n; i++) {
		const struct result *r = run->results.items[i];
		flaky += r->flaky;
		forgiven += is_forgiven(r);
		n[r->status] += !r->flaky && !r->forgiven;
	}
	buf_addf(b, "Files: %zu in all", run->results.n);
	add_count(b, n[FILE_PASSED], "passed", style, GREEN);
	add_count(b, flaky, "flaky", style, YELLOW);
	add_count(b, forgiven, "in quarantine", style, YELLOW);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		add_count(b, n[rows[i].status], rows[i].word, style, rows[i].colour);
	buf_addch(b, '\n');
}

// Passes that were not run again.
static void add_cached(struct buf *b, const struct run *run)
{
	int64_t oldest_ns = 0;
	size_t n = 0;

	for (size_t i = 0; i < run->results.n; i++) {
		const struct result *r = run->results.items[i];
		int64_t age_ns = run->started_ns - r->started_ns;
		n += r->cached;
		oldest_ns = r->cached && age_ns > oldest_ns ? age_ns : oldest_ns;
	}
	if (n == 0)
		return;
	buf_addf(b, "Cached: %zu of them %s;\n", n,
		 run->is_unchecked ? "were not asked for, and are there for what they covered"
				   : "have passed before and depend on nothing that has changed");
	buf_addstr(b, "       the oldest of these results is from ");
	format_age(b, oldest_ns);
	buf_addstr(b, " ago\n");
}

static size_t never_ran(const struct run *run)
{
	size_t n = 0;

	for (size_t i = 0; i < run->results.n; i++)
		for (size_t j = 0; j < run->results.items[i]->tests.n; j++)
			n += format_never_ran(&run->results.items[i]->tests.items[j]);
	return n;
}

static void add_tests_sum(struct buf *b, const struct run *run, const struct text_style *style)
{
	const struct counts c = run_totals(run).tests;
	size_t never = never_ran(run);

	buf_addf(b, "Tests: %ld in all", c.total);
	add_count(b, (size_t)c.passed, "passed", style, GREEN);
	add_count(b, (size_t)c.forgiven, "in quarantine", style, YELLOW);
	add_count(b, (size_t)c.failed, "failed", style, RED);
	add_count(b, (size_t)c.errors, c.errors == 1 ? "error" : "errors", style, RED);
	add_count(b, (size_t)c.skipped - never, "skipped", style, YELLOW);
	add_count(b, (size_t)c.pending, "pending", style, YELLOW);
	add_count(b, never, "never ran", style, RED);
	buf_addch(b, '\n');
}

// Of --repeat and --until-fail.
static void add_attempts(struct buf *b, const struct run *run)
{
	long attempts = 0, failures = 0;

	for (size_t i = 0; i < run->results.n; i++) {
		const struct result *r = run->results.items[i];
		attempts += r->status == FILE_NOTRUN ? 0 : r->attempts;
		failures += r->failures;
	}
	if (run->repeated)
		buf_addf(b, "Runs:  %ld of these files, %ld of them failed\n", attempts, failures);
}

static void add_sums(struct buf *b, const struct run *run, const struct text_style *style)
{
	add_files(b, run, style);
	add_cached(b, run);
	add_attempts(b, run);
	add_tests_sum(b, run, style);
	buf_addf(b, "Time:  %.3fs, for %.3fs of work on up to %d worker%s\n",
		 ns_to_sec(run->elapsed_ns), ns_to_sec(run->sum_ns), run->peak,
		 run->peak == 1 ? "" : "s");
	if (run->seed)
		buf_addf(b, "Order: random, --order=random:%llu repeats it\n",
			 (unsigned long long)run->seed);
}

// What a run that has not come to its end leaves open.
static void add_partial(struct buf *b, const struct run *run, const struct text_style *style,
			const char *how)
{
	size_t notrun = run_totals(run).by_status[FILE_NOTRUN];

	layout_coloured(b, style->colours, RED, how);
	if (run->stopped && !run->signal && !run->unfinished) {
		buf_addstr(b, " by ");
		text_add_visible(b, run->stopped);
	}
	buf_addstr(b, ": this report is partial");
	if (notrun)
		buf_addf(b, ", %zu file%s not run", notrun, notrun == 1 ? " was" : "s were");
	buf_addch(b, '\n');
}

// "; the setup of db has failed"
static void add_failed_fixture(struct buf *b, const struct run *run)
{
	const struct fixture_result *r = run_failed_fixture(run);

	if (!r)
		return;
	buf_addf(b, "; the %s of ", r->tears_down ? "teardown" : "setup");
	text_add_visible(b, r->name);
	buf_addstr(b, " has failed");
}

static void add_failed(struct buf *b, const struct run *run, const struct text_style *style)
{
	struct totals t = run_totals(run);
	size_t notrun = t.by_status[FILE_NOTRUN];
	bool flaky = run->flaky_fails && t.flaky;
	bool failed = t.bad > 0 || flaky || (notrun == 0 && run_failed_fixture(run));
	bool uncovered = !coverage_suffices(run->coverage);

	failed |= uncovered && notrun == 0;
	layout_coloured(b, style->colours, RED, failed ? "FAILED" : "NOT RUN");
	buf_addf(b, ": %zu of %zu file%s", failed ? t.bad : notrun, t.files,
		 t.files == 1 ? "" : "s");
	if (flaky)
		buf_addf(b, ", and %zu flaky (--flaky=fail)", t.flaky);
	if (failed && notrun)
		buf_addf(b, "; %zu %s not run", notrun, notrun == 1 ? "was" : "were");
	add_failed_fixture(b, run);
	if (uncovered)
		buf_addstr(b, "; too little is covered");
	if (run->stopped) {
		buf_addstr(b, "; ");
		text_add_visible(b, run->stopped);
		buf_addstr(b, " ended the run");
	}
	buf_addch(b, '\n');
}

// " a, b and 3 more", of those that are so.
static void add_paths(struct buf *b, const struct run *run, bool (*is_so)(const struct result *))
{
	struct strings paths = {0};

	for (size_t i = 0; i < run->results.n; i++)
		if (is_so(run->results.items[i]))
			VEC_PUSH(&paths, run->results.items[i]->job->path);
	strings_sort(&paths);
	size_t n = paths.n <= NAMED + 1 ? paths.n : NAMED;
	for (size_t i = 0; i < n; i++) {
		buf_addstr(b, i == 0 ? " " : i + 1 == paths.n ? " and " : ", ");
		text_add_visible(b, paths.items[i]);
	}
	if (n < paths.n)
		buf_addf(b, " and %zu more", paths.n - n);
	free(paths.items);
}

static bool is_any(const struct result *r)
{
	return true;
}

static void add_leavers(struct buf *b, const struct run *run)
{
	size_t n = 0;

	for (size_t i = 0; i < run->results.n; i++)
		n += result_could_leave(run->results.items[i]);
	if (n == 0)
		return;
	buf_addf(b, "Passed, and could leave quarantine:");
	add_paths(b, run, result_could_leave);
	buf_addch(b, '\n');
}

static void add_ok(struct buf *b, const struct run *run, const struct text_style *style)
{
	size_t n = run_totals(run).forgiven;

	layout_coloured(b, style->colours, GREEN, "OK");
	if (n > 0)
		buf_addf(b, ": %zu of %zu file%s failed in quarantine", n, run->results.n,
			 run->results.n == 1 ? "" : "s");
	buf_addch(b, '\n');
}

void report_text_verdict(struct buf *b, const struct run *run, const struct text_style *style)
{
	if (run->signal) {
		add_partial(b, run, style, "INTERRUPTED");
	} else if (run->unfinished) {
		add_partial(b, run, style, "UNFINISHED");
	} else if (run->stopped && run_totals(run).by_status[FILE_NOTRUN] > 0) {
		add_partial(b, run, style, "STOPPED");
	} else if (!run_succeeded(run)) {
		add_failed(b, run, style);
	} else if (run_selected_no_test(run)) {
		layout_coloured(b, style->colours, RED, "NO TEST MATCHES");
		buf_addstr(b, ": no test of these files is among those that were asked for\n");
	} else if (!run_tells(run)) {
		layout_coloured(b, style->colours, RED, "NO TEST");
		buf_addstr(b, ": no test was seen in");
		add_paths(b, run, is_any);
		buf_addch(b, '\n');
	} else {
		add_ok(b, run, style);
	}
}

static void add_again(struct buf *b, const char *command)
{
	buf_addstr(b, "To run these again: ");
	text_add_visible(b, command);
	buf_addch(b, '\n');
}

int report_text_end(FILE *out, const struct run *run, const struct text_style *style,
		    struct err *err)
{
	struct totals t = run_totals(run);
	struct buf b = {0};

	if (write_sections(out, run, style, err) < 0)
		return -1;
	if (!style->quiet || t.bad + t.flaky + t.forgiven > 0)
		buf_addch(&b, '\n');
	if (!style->quiet && run->results.n > 1 && run->longest_ns > 0)
		add_slowest(&b, run);
	add_conflicts(&b, run, style);
	add_leavers(&b, run);
	if (run->coverage && !style->quiet)
		report_coverage_add(&b, run->coverage, style->verbose);
	add_sums(&b, run, style);
	recap_add(&b, run);
	report_coverage_add_diff(&b, run->coverage);
	report_coverage_add_minima(&b, run->coverage);
	if (style->again && t.bad > 0)
		add_again(&b, style->again);
	report_text_verdict(&b, run, style);
	return write_out(out, &b, err);
}

static int write_fixtures(FILE *out, const struct run *run, bool tear_down,
			  const struct text_style *style, struct err *err)
{
	int status = 0;

	for (size_t i = 0; i < run->fixtures.n && status == 0; i++)
		if (run->fixtures.items[i].tears_down == tear_down)
			status = report_text_fixture(out, &run->fixtures.items[i], style, err);
	return status;
}

int report_text(FILE *out, const struct run *run, const struct text_style *style, struct err *err)
{
	if (write_fixtures(out, run, false, style, err) < 0)
		return -1;
	for (size_t i = 0; i < run->results.n; i++)
		if (report_text_file(out, run->results.items[i], style, err) < 0)
			return -1;
	if (write_fixtures(out, run, true, style, err) < 0)
		return -1;
	return report_text_end(out, run, style, err);
}
