// SPDX-License-Identifier: MIT
#include "report/html/failures.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/text.h"
#include "model/failure.h"
#include "model/quarantine.h"
#include "model/run.h"
#include "report/format.h"
#include "report/html/markup.h"
#include "report/recap.h"
#include "report/writers.h"

#define OPEN_BYTES     4000 // of output that are shown at once
#define OPEN_FILES     5    // failures that are open at once
#define CONFLICTS_TOLD 8    // groups of files, and files of a group

static void add_block(struct buf *b, const char *class, const char *text)
{
	if (!text || !*text)
		return;
	// The parser drops a newline that follows the tag: the first one is ours.
	buf_addf(b, "<pre class=\"%s\">\n", class);
	markup_lines(b, text, strlen(text));
	buf_addstr(b, "</pre>\n");
}

static void add_place(struct buf *b, const char *file, int line)
{
	if (!file)
		return;
	buf_addstr(b, " <span class=\"at\">");
	markup_text(b, file);
	if (line > 0)
		buf_addf(b, ":%d", line);
	buf_addstr(b, "</span>");
}

static void add_test(struct buf *b, const struct result *r, const struct test_case *t)
{
	const char *status = quarantine_forgives(r, t) ? "quarantine" : test_status_name(t->status);

	if (t->status != TEST_FAILED && t->status != TEST_ERROR)
		return;
	buf_addf(b, "<div class=\"case\"><h4><span class=\"s %s\">%s</span> ", status, status);
	markup_test_name(b, t);
	if (t->round > 0)
		buf_addf(b, " <span class=\"tag\">round %d</span>", t->round);
	for (size_t i = 0; i < t->ntags; i++)
		markup_tag(b, t->tags[i]);
	add_place(b, t->file, t->line);
	buf_addstr(b, "</h4>\n");
	add_block(b, "message", t->message);
	add_block(b, "trace", t->traceback);
	buf_addstr(b, "</div>\n");
}

static void add_error(struct buf *b, const struct file_error *e)
{
	buf_addstr(b, "<div class=\"case\"><h4><span class=\"s error\">error</span> ");
	markup_text(b, e->name ? e->name : "outside of a test");
	if (e->where)
		markup_tag(b, e->where);
	add_place(b, e->file, e->line);
	buf_addstr(b, "</h4>\n");
	add_block(b, "message", e->message);
	add_block(b, "trace", e->traceback);
	buf_addstr(b, "</div>\n");
}

static void add_size(struct buf *b, uint64_t bytes)
{
	if (bytes < 1024)
		buf_addf(b, "%d byte%s", (int)bytes, bytes == 1 ? "" : "s");
	else if (bytes < 1024 * 1024)
		buf_addf(b, "%.1f KiB", (double)bytes / 1024);
	else
		buf_addf(b, "%.1f MiB", (double)bytes / 1024 / 1024);
}

static void add_output(struct buf *b, const struct result *r)
{
	if (r->output_len == 0)
		return;
	// Most frameworks write down once more what stands above.
	bool open = !failure_is_explained(r) && r->output_len <= OPEN_BYTES;
	buf_addf(b, "<details class=\"output\"%s><summary>Output of the worker, ",
		 open ? " open" : "");
	add_size(b, r->output_len);
	if (r->output_total > r->output_len) {
		buf_addstr(b, " kept of ");
		add_size(b, r->output_total);
	}
	buf_addstr(b, "</summary>\n<pre tabindex=\"0\">\n");
	markup_lines(b, r->output, r->output_len);
	buf_addstr(b, "</pre></details>\n");
}

static void add_neighbour(const char *path, void *arg)
{
	struct buf *b = arg;

	buf_addstr(b, "<li>");
	markup_path(b, path);
	buf_addstr(b, "</li>\n");
}

static void add_concurrent(struct buf *b, const struct run *run, const struct result *r)
{
	struct buf list = {0};

	run_each_concurrent(run, r, add_neighbour, &list);
	if (list.len) {
		buf_addstr(b, "<details class=\"company\" open><summary>What ran beside it"
			      "</summary>\n<ul>\n");
		buf_add(b, list.data, list.len);
		buf_addstr(b, "</ul></details>\n");
	}
	buf_release(&list);
}

// What is to be known of one attempt, in one line.
static void add_facts(struct buf *b, const struct result *r)
{
	if (r->reason) {
		buf_addstr(b, "<b>");
		markup_text(b, r->reason);
		buf_addstr(b, "</b> \xc2\xb7 ");
	}
	markup_duration(b, r->wall_ns);
	buf_addf(b, " on slot %d, %s", r->slot, r->concurrent ? "beside others" : "alone");
	if (r->quarantine) {
		struct buf quarantine = {0};
		quarantine_describe(&quarantine, r->quarantine, r->started_ns, true);
		buf_addstr(b, " \xc2\xb7 ");
		markup_text(b, quarantine.data);
		buf_release(&quarantine);
	}
	if (r->seed) {
		buf_addstr(b, " \xc2\xb7 its tests shuffled by seed ");
		markup_text(b, r->seed);
	}
	if (r->leaked)
		buf_addstr(b, " \xc2\xb7 left a process behind");
}

static void add_details(struct buf *b, const struct result *r)
{
	for (size_t i = 0; i < r->errors.n; i++)
		add_error(b, &r->errors.items[i]);
	for (size_t i = 0; i < r->tests.n; i++)
		add_test(b, r, &r->tests.items[i]);
	add_output(b, r);
}

// The attempts before the last one; open where they are all that failed.
static void add_earlier(struct buf *b, const struct run *run, const struct result *final)
{
	bool concurrent = result_fails_only_concurrently(final);

	for (const struct result *r = final->earlier; r; r = r->earlier) {
		buf_addf(b,
			 "<details class=\"attempt\"%s><summary><span class=\"s %s\">%s</span> "
			 "attempt %d of %d: ",
			 final->flaky ? " open" : "", file_status_name(r->status),
			 file_status_name(r->status), r->attempt, final->attempts);
		add_facts(b, r);
		buf_addstr(b, "</summary>\n");
		if (concurrent)
			add_concurrent(b, run, r);
		add_details(b, r);
		buf_addstr(b, "</details>\n");
	}
}

static void add_attempts(struct buf *b, const struct run *run, const struct result *r)
{
	if (run->repeated && r->attempts > 1)
		buf_addf(b,
			 " \xc2\xb7 bad in %d of %d rounds, the first of them is shown, round %d",
			 r->failures, r->attempts, r->attempt);
	else if (r->attempts > 1)
		buf_addf(b, " \xc2\xb7 attempt %d of %d", r->attempt, r->attempts);
}

// The command that runs it again, for the script to copy.
static void add_command(struct buf *b, const struct result *r)
{
	struct buf command = {0};

	buf_addstr(&command, "firmo-jobs ");
	text_add_word(&command, r->job->path);
	buf_addstr(b, "<p class=\"command\"><code>");
	markup_text(b, command.data);
	buf_addstr(b, "</code></p>\n");
	buf_release(&command);
}

static void add_title(struct buf *b, const struct result *r)
{
	const char *status = r->flaky ? "flaky" : markup_status(r);

	buf_addf(b, "<h3><span class=\"s %s\">%s</span> ", status, status);
	markup_path(b, r->job->path);
	buf_addstr(b, "</h3>");
}

// What has failed, in the line that stands for all of it. e: its first failure, or NULL.
static void add_gist(struct buf *b, const struct run *run, const struct recap_entry *e)
{
	struct buf text = {0}, past = {0};

	if (!e)
		return;
	buf_addstr(b, " <span class=\"gist\">");
	if (e->name)
		markup_text(b, e->name);
	if (e->n == 1) {
		recap_add_cause(&text, e->cause);
		buf_addstr(b, e->name ? ": " : "");
		markup_text(b, text.data);
	}
	buf_addstr(b, "</span>");
	recap_add_past(&past, run, e);
	if (past.len)
		markup_tag(b, past.data);
	else if (e->since)
		markup_tag(b, "new");
	buf_release(&text);
	buf_release(&past);
}

static void add_failure(struct buf *b, const struct run *run, size_t file,
			const struct recap_entry *e, bool open)
{
	const struct result *r = run->results.items[file];

	buf_addf(b, "<article id=\"x%zu\" class=\"", file);
	markup_classes(b, r);
	buf_addf(b, "\"><details%s><summary>", open ? " open" : "");
	add_title(b, r);
	add_gist(b, run, e);
	buf_addf(b, "</summary>\n<p class=\"why\">");
	if (result_fails_only_concurrently(r))
		buf_addstr(b, "<b>Fails only beside other files:</b> it passed when it ran alone "
			      "\xc2\xb7 ");
	else if (r->flaky)
		buf_addstr(b, "<b>Passed at a later attempt</b> \xc2\xb7 ");
	add_facts(b, r);
	add_attempts(b, run, r);
	buf_addf(b, " \xc2\xb7 <a href=\"#f%zu\">its figures</a></p>\n", file);
	add_command(b, r);
	if (!r->flaky || r->forgiven)
		add_details(b, r);
	add_earlier(b, run, r);
	buf_addstr(b, "</details></article>\n");
}

static void add_conflict(struct buf *b, const struct run *run, const struct conflict *c)
{
	struct buf paths = {0};
	char *override = writers_override(c);

	writers_add_paths(&paths, c);
	buf_addstr(b, "<li><b>");
	markup_text(b, paths.data);
	buf_addf(b, "</b>: %s; written by", writers_fate(run, c));
	for (size_t i = 0; i < c->n && i < CONFLICTS_TOLD; i++) {
		buf_addstr(b, i ? ", " : " ");
		markup_path(b, c->results[i]->job->path);
	}
	if (c->n > CONFLICTS_TOLD)
		buf_addf(b, " and %zu more", c->n - CONFLICTS_TOLD);
	buf_addstr(b, "<br>In overrides: <code>");
	markup_text(b, override);
	buf_addstr(b, "</code></li>\n");
	buf_release(&paths);
	free(override);
}

void failures_write_conflicts(FILE *out, const struct run *run)
{
	struct conflicts c;
	struct buf b = {0};

	conflicts_find(&c, run);
	if (c.n > 0)
		buf_addf(&b,
			 "<section id=\"conflicts\"><h2>Written by more than one file <span "
			 "class=\"n\">%zu</span></h2>\n<p>These files are not safe side by "
			 "side.</p>\n<ul>\n",
			 c.n);
	for (size_t i = 0; i < c.n && i < CONFLICTS_TOLD; i++)
		add_conflict(&b, run, &c.items[i]);
	if (c.n > CONFLICTS_TOLD)
		buf_addf(&b, "<li>and %zu more such groups of files</li>\n", c.n - CONFLICTS_TOLD);
	if (c.n > 0)
		buf_addstr(&b, "</ul>\n</section>\n");
	markup_flush(out, &b);
	buf_release(&b);
	conflicts_release(&c);
}

// The files whose failures begin from entry i on, to the end of those of its cause.
static size_t add_group(struct buf *b, const struct run *run, const struct recap *c, size_t i,
			bool *told, bool open)
{
	bool is_group = recap_begins_cause(c, i);
	struct buf cause = {0};
	size_t end = i + 1;

	while (is_group && end < c->n && !recap_begins(c, end) && !recap_begins_cause(c, end) &&
	       c->items[end].n > 1)
		end++;
	if (is_group) {
		recap_add_cause(&cause, c->items[i].cause);
		buf_addf(b, "<details class=\"group\"%s><summary><b>%zu failures:</b> ",
			 open ? " open" : "", c->items[i].n);
		markup_text(b, cause.data);
		if (c->items[i].since)
			markup_tag(b, recap_is_old(&c->items[i]) ? "of before" : "new");
		buf_addstr(b, "</summary>\n<div class=\"index\">\n");
	}
	for (; i < end; i++)
		if (!told[c->items[i].rank]) {
			told[c->items[i].rank] = true;
			add_failure(b, run, c->items[i].rank, &c->items[i], open);
		}
	buf_addstr(b, is_group ? "</div></details>\n" : "");
	buf_release(&cause);
	return end;
}

static void add_rest(struct buf *b, const struct run *run, const bool *told, bool open)
{
	for (int forgiven = 0; forgiven < 2; forgiven++)
		for (size_t i = 0; i < run->results.n; i++) {
			const struct result *r = run->results.items[i];
			if (!told[i] && (r->flaky || r->forgiven) && r->flaky != forgiven)
				add_failure(b, run, i, NULL, open);
		}
}

// What fits a page is open.
void failures_write(FILE *out, const struct run *run)
{
	struct totals t = run_totals(run);
	size_t n = t.bad + t.flaky + t.forgiven;
	bool open = n <= OPEN_FILES, *told = xcalloc(run->results.n + 1, sizeof *told);
	struct buf b = {0};
	struct recap c;

	recap_open(&c, run);
	if (n > 0)
		buf_addf(&b,
			 "<section id=\"failures\"><h2>Failures <span class=\"n\">%zu</span></h2>\n"
			 "<div class=\"index%s\">\n",
			 n, open ? " open" : "");
	for (size_t i = 0; i < c.n;) {
		i = add_group(&b, run, &c, i, told, open);
		markup_flush(out, &b);
	}
	add_rest(&b, run, told, open);
	buf_addstr(&b, n > 0 ? "</div></section>\n" : "");
	markup_flush(out, &b);
	buf_release(&b);
	recap_close(&c);
	free(told);
}
