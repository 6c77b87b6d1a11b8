// SPDX-License-Identifier: MIT
#include "report/html/summary.h"

#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "firmo-jobs.h"
#include "model/run.h"
#include "report/html/markup.h"

#define REVISION 10 // digits that are shown
#define DOT      " \xc2\xb7 "

// ---- the verdict ----

bool summary_is_good(const struct run *run)
{
	return run_succeeded(run) && !run->unfinished && run_tells(run);
}

static const char *verdict(const struct run *run)
{
	if (summary_is_good(run))
		return "Passed";
	if (run->signal)
		return "Interrupted";
	struct totals t = run_totals(run);
	return t.bad || (t.flaky && run->flaky_fails) || !coverage_suffices(run->coverage)
		       ? "Failed"
		       : "Incomplete";
}

static void add_some(struct buf *b, size_t n, const char *words)
{
	if (n)
		buf_addf(b, ", %zu %s", n, words);
}

static void add_counts(struct buf *b, const struct totals *t)
{
	size_t passed = t->by_status[FILE_PASSED];

	if (t->bad)
		buf_addf(b, "%zu of ", t->bad);
	else if (passed < t->files)
		buf_addf(b, "%zu of ", passed);
	else if (passed > 1)
		buf_addstr(b, "all ");
	buf_addf(b, "%zu file%s %s", t->files, t->files == 1 ? "" : "s",
		 t->bad ? "failed" : "passed");
	add_some(b, t->flaky, "flaky");
	add_some(b, t->forgiven, "in quarantine");
	add_some(b, t->by_status[FILE_SKIPPED], "skipped");
	add_some(b, t->by_status[FILE_NOTRUN], "not run");
}

void summary_sentence(struct buf *b, const struct run *run)
{
	struct totals t = run_totals(run);

	buf_addf(b, "%s: ", verdict(run));
	add_counts(b, &t);
	if (!coverage_suffices(run->coverage))
		buf_addstr(b, ", and too little is covered");
}

static bool is_selection(const struct run *run)
{
	for (size_t i = 0; i < run->results.n; i++)
		if (run->results.items[i]->partial)
			return true;
	return false;
}

static void add_note(struct buf *b, const struct run *run)
{
	const char *name = run->signal ? sigabbrev_np(run->signal) : NULL;
	struct buf why = {0};

	if (name)
		buf_addf(&why, "Interrupted by SIG%s: this report is partial. ", name);
	else if (run->signal)
		buf_addf(&why, "Interrupted by signal %d: this report is partial. ", run->signal);
	else if (run->stopped)
		buf_addf(&why, "Stopped by %s: this report is partial. ", run->stopped);
	else if (run->unfinished)
		buf_addstr(&why, "The run has not come to its end: this report is partial. ");
	if (is_selection(run))
		buf_addstr(&why, "Only some of the tests were wanted; the others are not here.");
	if (why.len) {
		buf_addstr(b, "<p class=\"note\" role=\"note\">");
		markup_text(b, why.data);
		buf_addstr(b, "</p>\n");
	}
	buf_release(&why);
}

static void add_time(struct buf *b, int64_t real_ns)
{
	time_t t = (time_t)(real_ns / NS_PER_SEC);
	struct tm tm;
	char text[96];

	gmtime_r(&t, &tm);
	strftime(text, sizeof text,
		 "<time datetime=\"%Y-%m-%dT%H:%M:%SZ\">%Y-%m-%dT%H:%M:%SZ</time>", &tm);
	buf_addstr(b, text);
}

static void add_facts(struct buf *b, const struct run *run)
{
	buf_addstr(b, "<p class=\"facts\">");
	if (run->project) {
		buf_addstr(b, "<b>");
		markup_text(b, run->project);
		buf_addstr(b, "</b>" DOT);
	}
	if (run->id)
		buf_addf(b, "Run %lld" DOT, (long long)run->id);
	add_time(b, run->started_ns);
	if (run->revision) {
		buf_addstr(b, DOT "commit <code title=\"");
		markup_text(b, run->revision);
		buf_addf(b, "\">%.*s</code>", REVISION, run->revision);
	}
	if (run->lua) {
		buf_addstr(b, DOT);
		markup_text(b, run->lua);
	}
	if (run->seed)
		buf_addf(b, DOT "<code>--order=random:%llu</code>", (unsigned long long)run->seed);
	buf_addstr(b, DOT "firmo-jobs " FIRMO_JOBS_VERSION "</p>\n");
}

static void add_header(struct buf *b, const struct run *run)
{
	struct totals t = run_totals(run);

	buf_addf(b, "<header class=\"%s\">\n<h1><strong>%s</strong> ",
		 summary_is_good(run) ? "pass" : "fail", verdict(run));
	add_counts(b, &t);
	buf_addstr(b, "</h1>\n");
	add_facts(b, run);
	add_note(b, run);
	buf_addstr(b, "</header>\n");
}

// ---- the sums ----

// A part of a sum: how many ended so.
struct segment {
	size_t n;
	const char *class, *words;
};

#define THINNEST 1.2 // per cent of the sum, for one failure among thousands to be seen

static void add_segments(struct buf *b, const struct segment *parts, size_t n)
{
	double sum = 0, x = 0;

	for (size_t i = 0; i < n; i++)
		sum += (double)parts[i].n;
	for (size_t i = 0; i < n; i++) {
		double width = parts[i].n ? 100 * (double)parts[i].n / sum : 0;
		if (width > 0 && width < THINNEST)
			width = THINNEST;
		if (width > 0)
			buf_addf(b,
				 "<rect class=\"%s\" x=\"%.2f%%\" width=\"%.2f%%\" height=\"8\"/>",
				 parts[i].class, x, width);
		x += width;
	}
}

static void add_stack(struct buf *b, const struct segment *parts, size_t n)
{
	buf_addstr(b, "<svg class=\"stack\" width=\"100%\" height=\"8\" aria-hidden=\"true\">");
	add_segments(b, parts, n);
	buf_addstr(b, "</svg>\n<ul>");
	for (size_t i = 0; i < n; i++)
		if (parts[i].n)
			buf_addf(b, "<li class=\"s %s\">%zu %s</li>", parts[i].class, parts[i].n,
				 parts[i].words);
	buf_addstr(b, "</ul>");
}

static void add_tests_card(struct buf *b, const struct counts *c)
{
	const struct segment parts[] = {
		{(size_t)c->failed, "fail", "failed"},
		{(size_t)c->errors, "error", c->errors == 1 ? "error" : "errors"},
		{(size_t)c->forgiven, "quarantine", "in quarantine"},
		{(size_t)c->skipped, "skip", "skipped"},
		{(size_t)c->pending, "pending", "pending"},
		{(size_t)c->passed, "pass", "passed"},
	};

	buf_addf(b, "<div><dt>Tests</dt><dd><b>%ld</b>", c->total);
	add_stack(b, parts, sizeof parts / sizeof *parts);
	buf_addstr(b, "</dd></div>\n");
}

static void add_files_card(struct buf *b, const struct run *run, const struct totals *t)
{
	size_t late = 0, cached = 0;

	// A file may also come to be skipped at a later attempt.
	for (size_t i = 0; i < run->results.n; i++) {
		const struct result *r = run->results.items[i];
		late += r->flaky && r->status == FILE_PASSED;
		cached += r->cached && r->status == FILE_PASSED && !r->flaky;
	}
	const struct segment parts[] = {
		{t->by_status[FILE_FAILED], "fail", "failed"},
		{t->by_status[FILE_ERROR], "error", "with an error"},
		{t->by_status[FILE_TIMEOUT], "timeout", "timed out"},
		{t->by_status[FILE_LIMIT], "limit", "over a limit"},
		{t->by_status[FILE_NOTRUN], "notrun", "not run"},
		{t->by_status[FILE_SKIPPED], "skip", "skipped"},
		{late, "flaky", "flaky"},
		{t->forgiven, "quarantine", "in quarantine"},
		{t->by_status[FILE_PASSED] - late - cached, "pass", "passed"},
		{cached, "pass", "passed before"},
	};

	buf_addf(b, "<div><dt>Files</dt><dd><b>%zu</b>", t->files);
	add_stack(b, parts, sizeof parts / sizeof *parts);
	buf_addstr(b, "</dd></div>\n");
}

// How much of the whole a part is, as far as both are known.
static void add_share(struct buf *b, double part, double whole)
{
	double share = whole > 0 && part > 0 ? part / whole : 0;

	buf_addf(b,
		 "<svg class=\"stack\" width=\"100%%\" height=\"8\" aria-hidden=\"true\">"
		 "<rect class=\"share\" width=\"%.2f%%\" height=\"8\"/></svg>\n",
		 share < 1 ? share * 100 : 100);
}

static void add_time_card(struct buf *b, const struct run *run)
{
	// It comes from what was expected: a run that was faster, or was cut short, has none.
	bool bound = run->lower_bound_ns > 0 && run->lower_bound_ns <= run->elapsed_ns;

	buf_addstr(b, "<div><dt>Time</dt><dd><b>");
	markup_duration(b, run->elapsed_ns);
	buf_addstr(b, "</b>");
	add_share(b, (double)(bound ? run->lower_bound_ns : run->longest_ns),
		  (double)run->elapsed_ns);
	buf_addstr(b, "<ul>");
	if (bound) {
		buf_addstr(b, "<li>lower bound ");
		markup_duration(b, run->lower_bound_ns);
		buf_addstr(b, "</li>");
	}
	buf_addstr(b, "<li>longest file ");
	markup_duration(b, run->longest_ns);
	buf_addstr(b, "</li></ul></dd></div>\n");
}

static void add_workers_card(struct buf *b, const struct run *run)
{
	int64_t waited = 0;

	for (size_t i = 0; i < run->waits.n; i++)
		waited += run->waits.items[i].to_ns - run->waits.items[i].from_ns;
	double busy = run->elapsed_ns > 0 ? (double)run->sum_ns / (double)run->elapsed_ns : 0;
	buf_addf(b, "<div><dt>Workers</dt><dd><b>%d</b>", run->peak);
	add_share(b, busy, run->peak);
	buf_addf(b, "<ul><li>%.1f busy on average</li>", busy);
	if (run->jobs)
		buf_addf(b, "<li>%d allowed</li>", run->jobs);
	buf_addstr(b, "<li>");
	markup_duration(b, run->sum_ns);
	buf_addstr(b, " of work</li>");
	if (run->waits.n) {
		buf_addstr(b, "<li>");
		markup_duration(b, waited);
		buf_addstr(b, " waiting for tokens</li>");
	}
	buf_addstr(b, "</ul></dd></div>\n");
}

static void add_fixtures(struct buf *b, const struct run *run)
{
	buf_addstr(b, run->fixtures.n ? "<section id=\"fixtures\"><h2>Fixtures</h2><ul>\n" : "");
	for (size_t i = 0; i < run->fixtures.n; i++) {
		const struct fixture_result *r = &run->fixtures.items[i];
		buf_addf(b, "<li>%s of ", r->tears_down ? "teardown" : "setup");
		markup_text(b, r->name);
		buf_addstr(b, ", ");
		markup_duration(b, r->wall_ns);
		if (r->failed) {
			buf_addstr(b, ": <b>has failed</b>, ");
			markup_text(b, r->reason);
			buf_addstr(b, "<pre>");
			markup_lines(b, r->output, strlen(r->output));
			buf_addstr(b, "</pre>");
		}
		buf_addstr(b, "</li>\n");
	}
	buf_addstr(b, run->fixtures.n ? "</ul></section>\n" : "");
}

void summary_add(struct buf *b, const struct run *run)
{
	struct totals t = run_totals(run);

	add_header(b, run);
	buf_addstr(b, "<div role=\"region\" aria-label=\"Sums\"><dl id=\"summary\">\n");
	add_files_card(b, run, &t);
	add_tests_card(b, &t.tests);
	add_time_card(b, run);
	add_workers_card(b, run);
	buf_addstr(b, "</dl></div>\n");
	add_fixtures(b, run);
}
