// SPDX-License-Identifier: MIT
#include "report/markdown.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "model/run.h"
#include "report/recap.h"
#include "report/text.h"

#define FAILURES_MOST 500 // GitHub takes no more than 1 MiB

// What a test is called or says stays text: no mark, link, mention or element.
static void add_text(struct buf *b, const char *text)
{
	struct buf line = {0};

	text_add_visible(&line, text);
	for (const char *s = line.data; s && *s; s++) {
		if (*s == '<' || *s == '&' || *s == '@')
			buf_addf(b, "&#%d;", *s);
		else if (strchr("\\`*_{}[]()#+!|~>$", *s))
			buf_addf(b, "\\%c", *s);
		else
			buf_addch(b, *s);
	}
	buf_release(&line);
}

// In code nothing is a mark but the quote, which is longer than any inside of it.
static void add_code(struct buf *b, const char *text)
{
	struct buf line = {0};
	size_t longest = 0, here = 0;

	text_add_visible(&line, text);
	for (const char *s = line.data; s && *s; s++) {
		here = *s == '`' ? here + 1 : 0;
		longest = here > longest ? here : longest;
	}
	for (size_t i = 0; i <= longest; i++)
		buf_addch(b, '`');
	bool quoted = longest > 0;
	buf_addf(b, "%s%s%s", quoted ? " " : "", line.data ? line.data : "", quoted ? " " : "");
	for (size_t i = 0; i <= longest; i++)
		buf_addch(b, '`');
	buf_release(&line);
}

// ---- the parts ----

static void add_verdict(struct buf *b, const struct run *run)
{
	const struct text_style plain = {0};
	struct buf verdict = {0};

	report_text_verdict(&verdict, run, &plain);
	verdict.data[strcspn(verdict.data, "\n")] = '\0';
	buf_addf(b, "### %s ",
		 run_succeeded(run) && run_tells(run) ? "\xe2\x9c\x85" : "\xe2\x9d\x8c");
	add_text(b, verdict.data);
	buf_addstr(b, "\n\n");
	buf_release(&verdict);
}

static void add_sums(struct buf *b, const struct run *run)
{
	const struct totals t = run_totals(run);
	const struct counts *c = &t.tests;
	size_t errors =
		t.by_status[FILE_ERROR] + t.by_status[FILE_TIMEOUT] + t.by_status[FILE_LIMIT];

	buf_addstr(b, "| | in all | passed | failed | errors | skipped | flaky | in quarantine |\n"
		      "|---|--:|--:|--:|--:|--:|--:|--:|\n");
	buf_addf(b, "| Files | %zu | %zu | %zu | %zu | %zu | %zu | %zu |\n", t.files,
		 t.by_status[FILE_PASSED], t.by_status[FILE_FAILED], errors,
		 t.by_status[FILE_SKIPPED], t.flaky, t.forgiven);
	buf_addf(b, "| Tests | %ld | %ld | %ld | %ld | %ld | | %ld |\n\n", c->total, c->passed,
		 c->failed, c->errors, c->skipped + c->pending, c->forgiven);
	if (t.by_status[FILE_NOTRUN])
		buf_addf(b, "%zu file%s not run. ", t.by_status[FILE_NOTRUN],
			 t.by_status[FILE_NOTRUN] == 1 ? " was" : "s were");
	buf_addf(b, "%.3f s, for %.3f s of work on up to %d worker%s.\n\n",
		 ns_to_sec(run->elapsed_ns), ns_to_sec(run->sum_ns), run->peak,
		 run->peak == 1 ? "" : "s");
}

static void add_failure(struct buf *b, const struct run *run, const struct recap_entry *e)
{
	struct buf place = {0}, cause = {0}, past = {0};

	buf_addf(&place, "%s:%d", e->file, e->line);
	recap_add_cause(&cause, e->cause);
	recap_add_past(&past, run, e);
	buf_addstr(b, e->n > 1 ? "  - " : "- ");
	add_code(b, place.data);
	if (e->name) {
		buf_addstr(b, " **");
		add_text(b, e->name);
		buf_addstr(b, "**");
	}
	if (e->n == 1 && cause.len) {
		buf_addstr(b, e->name ? ": " : " ");
		add_text(b, cause.data);
	}
	if (past.len)
		buf_addf(b, " *(%s)*", past.data);
	buf_addch(b, '\n');
	buf_release(&place);
	buf_release(&cause);
	buf_release(&past);
}

static void add_cause(struct buf *b, const struct recap_entry *e)
{
	struct buf cause = {0};

	recap_add_cause(&cause, e->cause);
	buf_addf(b, "- %zu failures: ", e->n);
	add_text(b, cause.data);
	buf_addch(b, '\n');
	buf_release(&cause);
}

static void add_failures(struct buf *b, const struct run *run, const char *again)
{
	struct recap c;

	recap_open(&c, run);
	for (size_t i = 0; i < c.n && i < FAILURES_MOST; i++) {
		if (recap_begins(&c, i))
			buf_addf(b, "%s#### %s\n\n", i ? "\n" : "", recap_headline(&c.items[i]));
		if (recap_begins_cause(&c, i))
			add_cause(b, &c.items[i]);
		add_failure(b, run, &c.items[i]);
	}
	if (c.n > FAILURES_MOST)
		buf_addf(b, "- and %zu more\n", c.n - FAILURES_MOST);
	if (c.n > 0 && again) {
		buf_addstr(b, "\nTo run these again: ");
		add_code(b, again);
		buf_addch(b, '\n');
	}
	buf_addstr(b, c.n > 0 ? "\n" : "");
	recap_close(&c);
}

static void add_flaky(struct buf *b, const struct run *run)
{
	bool begun = false;

	for (size_t i = 0; i < run->results.n; i++) {
		const struct result *r = run->results.items[i];
		if (!r->flaky)
			continue;
		buf_addstr(b, begun ? "" : "#### Passed only when tried again\n\n");
		begun = true;
		buf_addstr(b, "- ");
		add_code(b, r->job->path);
		buf_addstr(b, result_fails_only_concurrently(r) ? ": only beside other files\n"
								: "\n");
	}
	buf_addstr(b, begun ? "\n" : "");
}

int report_markdown(FILE *out, const struct run *run, const char *again, struct err *err)
{
	struct buf b = {0};

	add_verdict(&b, run);
	add_sums(&b, run);
	add_failures(&b, run, again);
	add_flaky(&b, run);
	fwrite(b.data, 1, b.len, out);
	buf_release(&b);
	return ferror(out) ? err_set(err, errno, "write the report in Markdown") : 0;
}
