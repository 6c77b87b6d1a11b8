// SPDX-License-Identifier: MIT
// Single files: their results, their last failure, their tests.
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "history/lookup.h"

#define LATEST   10 // results that people see
#define DRAWN    50
#define TESTS_OF 100 // runs
#define MILLION  1000000

static const struct column file_columns[] = {
	{"path", NULL, CELL_PATH},
	{"results", NULL, CELL_NUMBER},
	{"passed", NULL, CELL_NUMBER},
	{"bad", NULL, CELL_NUMBER},
	{"last", NULL, CELL_STATUS},
	{"median", NULL, CELL_SECONDS},
	{"p95", NULL, CELL_SECONDS},
	{"cpu_share", NULL, CELL_SHARE},
	{"peak", NULL, CELL_BYTES},
	{"tries", NULL, CELL_NUMBER},
	{"flips", NULL, CELL_NUMBER},
	{"failing_since_run", NULL, CELL_NUMBER},
	{"last_failure_run", NULL, CELL_NUMBER},
	{"last_failure_test", NULL, CELL_TEXT},
	{"last_failure_message", NULL, CELL_TEXT},
	{"last_failure_quarantine", NULL, CELL_TEXT},
};

static const struct column result_columns[] = {
	{"path", NULL, CELL_PATH},       {"run", "Run", CELL_NUMBER},
	{"started", "When", CELL_TIME},  {"revision", "Commit", CELL_REVISION},
	{"attempt", NULL, CELL_NUMBER},  {"status", "Result", CELL_STATUS},
	{"wall", "Time", CELL_SECONDS},  {"cpu", "CPU", CELL_SECONDS},
	{"delay", NULL, CELL_SECONDS},   {"peak", "Memory", CELL_BYTES},
	{"inputs", "Inputs", CELL_TEXT},
};

static struct table *begin_files(struct lookup *l)
{
	return view_table(l->view, "files", NULL, COLUMNS(file_columns));
}

static void add_file_row(struct lookup *l, const struct summary *s, int64_t bad_run,
			 const struct last_failure *last)
{
	struct table *t = begin_files(l);

	table_text(t, s->path);
	table_number(t, (int64_t)s->series.n);
	table_number(t, (int64_t)s->passed);
	table_number(t, (int64_t)s->bad);
	table_text(t, file_status_name(s->last));
	table_number(t, s->median_ns);
	table_number(t, s->p95_ns);
	table_number(t, summary_cpu_share(s));
	table_number(t, s->peak_bytes);
	table_number(t, (int64_t)s->flips.tries);
	table_number(t, (int64_t)s->flips.flips);
	table_number(t, s->bad_since ? s->bad_since->id : -1);
	table_number(t, bad_run > 0 ? bad_run : -1);
	table_text(t, last->test);
	table_text(t, last->message);
	table_text(t, last->quarantine);
}

// ---- what people read ----

static void add_figures(struct lookup *l, const struct summary *s)
{
	struct buf b = {0};

	buf_addf(&b, "  %zu result%s: %zu passed, %zu failed", s->series.n,
		 s->series.n == 1 ? "" : "s", s->passed, s->bad);
	if (s->median_ns >= 0)
		buf_addf(&b, "; median %.3fs, 95 %% within %.3fs", ns_to_sec(s->median_ns),
			 ns_to_sec(s->p95_ns));
	view_line(l->view, "%s", b.data);
	buf_clear(&b);
	if (s->peak_bytes >= 0)
		buf_addf(&b, "  at most %lld MiB", (long long)(s->peak_bytes >> 20));
	if (summary_cpu_share(s) >= 0)
		buf_addf(&b, ", computing for %lld %% of its time",
			 (long long)(summary_cpu_share(s) / (MILLION / 100)));
	if (b.len > 0)
		view_line(l->view, "%s", b.data);
	buf_release(&b);
	if (s->flips.flips > 0)
		view_line(l->view, "  passed and failed without a change: %zu of %zu times",
			  s->flips.flips, s->flips.tries);
}

static void add_drawing(struct lookup *l, const struct summary *s)
{
	size_t from = s->series.n > DRAWN ? s->series.n - DRAWN : 0;
	int64_t walls[DRAWN];
	struct buf b = {0};

	for (size_t i = from; i < s->series.n; i++)
		walls[i - from] =
			sample_is_timed(&s->series.items[i]) ? s->series.items[i].wall_ns : -1;
	lookup_draw(l, &b, walls, s->series.n - from);
	view_line(l->view, "  Time of the last %zu: %s", s->series.n - from, b.data);
	buf_release(&b);
}

static void add_words(struct lookup *l, int64_t bad_run, const struct last_failure *last)
{
	if (!last->message)
		return;
	view_line(l->view, "%s", "");
	view_line(l->view, "Last failure, in run %lld%s%s", (long long)bad_run,
		  last->test ? ": " : "", last->test ? last->test : "");
	view_mark(l->view);
	if (last->quarantine)
		view_line(l->view, "  %s", last->quarantine);
	for (const char *p = last->message; *p;) {
		size_t n = strcspn(p, "\n");
		view_line(l->view, "  %.*s", (int)n, p);
		p += n + (p[n] != '\0');
	}
}

// ---- results ----

static void add_result(struct table *t, const struct lookup *l, const struct summary *s,
		       const struct sample *sample)
{
	static const char *const inputs[] = {
		[INPUTS_UNKNOWN] = NULL, [INPUTS_SAME] = "same", [INPUTS_MOVED] = "changed"};

	table_text(t, s->path);
	lookup_add_run(t, run_range_run(l->range, sample->run));
	table_number(t, sample->attempt);
	table_text(t, file_status_name(sample->status));
	table_number(t, sample->wall_ns);
	table_number(t, sample->cpu_ns);
	table_number(t, sample->delay_ns);
	table_number(t, sample->peak_bytes);
	table_text(t, inputs[sample->inputs <= INPUTS_MOVED ? sample->inputs : INPUTS_UNKNOWN]);
}

static struct table *begin_results(struct lookup *l, const char *title)
{
	return view_table(l->view, "results", title, COLUMNS(result_columns));
}

static void add_results(struct lookup *l, const struct summary *s)
{
	struct table *t = begin_results(l, "");

	t->most = LATEST;
	for (size_t i = s->series.n; i-- > 0;)
		add_result(t, l, s, &s->series.items[i]);
}

// ---- the whole ----

static int add_file(struct lookup *l, const struct summary *s, struct err *err)
{
	int64_t bad_run = summary_last_bad_run(s);
	struct last_failure last = {0};
	int status = bad_run ? lookup_last_failure(l, s, bad_run, &last, err) : 0;

	add_file_row(l, s, bad_run, &last);
	view_line(l->view, "%s", s->path);
	add_figures(l, s);
	add_drawing(l, s);
	view_line(l->view, "%s", "");
	add_results(l, s);
	add_words(l, bad_run, &last);
	last_failure_release(&last);
	view_line(l->view, "%s", "");
	return status == 0 ? tests_add(l, s, "", TESTS_OF, NULL, NULL, err) : status;
}

int files_view(struct lookup *l, struct err *err)
{
	struct summaries s = {0};
	int status = lookup_files(l, SUMMARY_FIGURES | SUMMARY_SERIES, &s, err);

	// Programs find all tables, whatever is in them.
	begin_files(l);
	begin_results(l, NULL);
	tests_begin(l, NULL);
	for (size_t i = 0; status == 0 && i < s.n; i++) {
		if (i > 0)
			view_line(l->view, "%s", "");
		status = add_file(l, &s.items[i], err);
	}
	if (s.n == 0)
		lookup_nothing(l, "No result.");
	summaries_release(&s);
	return status;
}
