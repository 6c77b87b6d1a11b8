// SPDX-License-Identifier: MIT
#include "report/html/tables.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "model/quarantine.h"
#include "model/run.h"
#include "report/html/markup.h"

#define SLOWEST 10

struct header {
	const char *name, *class, *title;
};

// A row of the table of the tests. A file that tells of no tests is one itself: test is NULL.
struct row {
	const struct result *result;
	const struct test_case *test;
	size_t file;
};

struct rows {
	struct row *items;
	size_t n, cap;
};

static bool counts_as_test(const struct result *r)
{
	return !r->has_tests && r->status != FILE_NOTRUN;
}

size_t tables_tests(const struct run *run)
{
	size_t n = 0;

	for (size_t i = 0; i < run->results.n; i++)
		n += run->results.items[i]->tests.n + counts_as_test(run->results.items[i]);
	return n;
}

static struct rows collect(const struct run *run)
{
	struct rows rows = {0};

	for (size_t i = 0; i < run->results.n; i++) {
		const struct result *r = run->results.items[i];
		for (size_t j = 0; j < r->tests.n; j++)
			VEC_PUSH(&rows, ((struct row){r, &r->tests.items[j], i}));
		if (counts_as_test(r))
			VEC_PUSH(&rows, ((struct row){r, NULL, i}));
	}
	return rows;
}

// ---- pieces ----

static void add_head(struct buf *b, const char *id, const char *title, size_t n,
		     const char *caption)
{
	buf_addf(b, "<section id=\"%s\"><h2 id=\"h-%s\">%s", id, id, title);
	if (n)
		buf_addf(b, " <span class=\"n\">%zu</span>", n);
	buf_addf(
		b,
		"</h2>\n<div class=\"box\" tabindex=\"0\" role=\"region\" aria-labelledby=\"h-%s\">"
		"<table>\n<caption>%s</caption>\n<thead><tr>",
		id, caption);
}

static void add_columns(struct buf *b, const struct header *columns, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_addf(b, "<th scope=\"col\" class=\"%s\"", columns[i].class);
		if (columns[i].title)
			buf_addf(b, " title=\"%s\"", columns[i].title);
		buf_addf(b, ">%s</th>", columns[i].name);
	}
	buf_addstr(b, "</tr></thead>\n<tbody>\n");
}

static void write_tail(FILE *out, struct buf *b)
{
	buf_addstr(b, "</tbody></table></div></section>\n");
	markup_flush(out, b);
	buf_release(b);
}

static void add_status(struct buf *b, const char *status)
{
	buf_addf(b, "<td class=\"s %s\">%s</td>", status, status);
}

// A figure, in so many units; a dash for what is unknown.
static void add_figure(struct buf *b, bool known, double value, int digits)
{
	if (known)
		buf_addf(b, "<td class=\"n\">%.*f</td>", digits, value);
	else
		buf_addstr(b, "<td class=\"n\">\xe2\x80\x93</td>");
}

// Failed ones lead to what is said of them above.
static void add_link(struct buf *b, bool linked, size_t file)
{
	if (linked)
		buf_addf(b, "<a href=\"#x%zu\">", file);
}

static void end_link(struct buf *b, bool linked)
{
	buf_addstr(b, linked ? "</a>" : "");
}

// ---- files ----

static void add_file_name(struct buf *b, const struct result *r, size_t file)
{
	bool linked = file_status_is_bad(r->status) || r->flaky;
	struct buf quarantine = {0};

	buf_addstr(b, "<td class=\"path\">");
	add_link(b, linked, file);
	markup_path(b, r->job->path);
	end_link(b, linked);
	if (r->quarantine) {
		quarantine_describe(&quarantine, r->quarantine, r->started_ns, false);
		markup_tag(b, quarantine.data);
		buf_release(&quarantine);
	}
	if (r->flaky)
		markup_tag(b, "flaky");
	if (r->cached)
		markup_tag(b, "cached");
	if (r->leaked)
		markup_tag(b, "leaked");
	if (r->reason) {
		buf_addstr(b, " <small>");
		markup_text(b, r->reason);
		buf_addstr(b, "</small>");
	}
	buf_addstr(b, "</td>");
}

static void add_attempts(struct buf *b, const struct result *r)
{
	if (r->attempts > 1 && r->failures > 0)
		buf_addf(b, "<td class=\"n\">%d of %d bad</td>", r->failures, r->attempts);
	else
		add_figure(b, r->slot >= 0, r->attempts, 0);
}

static void add_file(struct buf *b, const struct result *r, size_t file)
{
	// One that is cached ran at another time, on a slot of that run.
	bool ran = r->status != FILE_NOTRUN;

	buf_addf(b, "<tr id=\"f%zu\" class=\"", file);
	markup_classes(b, r);
	buf_addstr(b, "\">");
	add_status(b, markup_status(r));
	add_file_name(b, r, file);
	buf_addf(b, "<td>%s</td>", framework_name(r->framework));
	add_figure(b, true, (double)result_counts(r).total, 0);
	add_figure(b, ran, ns_to_sec(r->wall_ns), 3);
	add_figure(b, ran, ns_to_sec(r->user_ns + r->sys_ns), 3);
	add_figure(b, ran, (double)r->maxrss / (1 << 20), 1);
	add_attempts(b, r);
	add_figure(b, r->slot >= 0, r->slot, 0);
	buf_addstr(b, "</tr>\n");
}

void tables_write_files(FILE *out, const struct run *run)
{
	static const struct header columns[] = {
		{"Status", "status", NULL},
		{"File", "wide", NULL},
		{"Framework", "word", NULL},
		{"Tests", "n", NULL},
		{"Wall, s", "n", "from its start to its end"},
		{"CPU, s", "n", "processor time, user and system"},
		{"Peak, MiB", "n", "the most memory it had"},
		{"Attempts", "n", NULL},
		{"Slot", "n", "FIRMO_JOBS_SLOT"},
	};
	struct buf b = {0};

	add_head(&b, "files", "Files", run->results.n, "In the order in which they ended.");
	add_columns(&b, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < run->results.n; i++) {
		add_file(&b, run->results.items[i], i);
		markup_flush(out, &b);
	}
	write_tail(out, &b);
}

// ---- tests ----

static const char *row_status(const struct row *row)
{
	return !row->test                                    ? markup_status(row->result)
	       : quarantine_forgives(row->result, row->test) ? "quarantine"
							     : test_status_name(row->test->status);
}

static int64_t row_wall(const struct row *row)
{
	return row->test ? row->test->wall_ns : row->result->wall_ns;
}

static bool row_is_bad(const struct row *row)
{
	return row->test ? row->test->status == TEST_FAILED || row->test->status == TEST_ERROR
			 : file_status_is_bad(row->result->status);
}

static void add_row_name(struct buf *b, const struct row *row)
{
	buf_addstr(b, "<td class=\"name\">");
	add_link(b, row_is_bad(row), row->file);
	if (row->test)
		markup_test_name(b, row->test);
	else
		buf_addstr(b, "<i>the file as a whole</i>");
	end_link(b, row_is_bad(row));
	if (row->test && row->test->round > 0)
		buf_addf(b, " <span class=\"tag\">round %d</span>", row->test->round);
	for (size_t i = 0; row->test && i < row->test->ntags; i++)
		markup_tag(b, row->test->tags[i]);
	if (row->test && row->test->message && !row_is_bad(row)) {
		buf_addstr(b, " <small>");
		markup_text(b, row->test->message);
		buf_addstr(b, "</small>");
	}
	buf_addf(b, "</td><td class=\"path\"><a href=\"#f%zu\">", row->file);
	markup_path(b, row->result->job->path);
	buf_addstr(b, "</a></td>");
}

static void open_row(struct buf *b, const struct row *row)
{
	buf_addf(b, "<tr class=\"%s%s\">", row_status(row), row->result->flaky ? " flaky" : "");
	add_status(b, row_status(row));
}

static int64_t row_own(const struct row *row)
{
	return row->test ? row->test->own_ns : -1;
}

static void add_ms(struct buf *b, int64_t ns)
{
	add_figure(b, ns >= 0, (double)ns / NS_PER_MS, 2);
}

// Most frameworks have no figure of their own: then there is no column for it.
static bool any_has_own(const struct rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		if (row_own(&rows->items[i]) >= 0)
			return true;
	return false;
}

void tables_write_tests(FILE *out, const struct run *run)
{
	static const struct header columns[] = {
		{"Status", "status", NULL},
		{"Test", "wide", NULL},
		{"File", "wide", NULL},
		{"Wall, ms", "n", "from its start to its end"},
		{"Own, ms", "n", "the framework's own figure"},
	};
	struct rows rows = collect(run);
	bool own = any_has_own(&rows);
	struct buf b = {0};

	add_head(&b, "tests", "Tests", rows.n,
		 own ? "File by file. Own: what the framework measures itself." : "File by file.");
	add_columns(&b, columns, sizeof columns / sizeof *columns - !own);
	for (size_t i = 0; i < rows.n; i++) {
		open_row(&b, &rows.items[i]);
		add_row_name(&b, &rows.items[i]);
		add_ms(&b, row_wall(&rows.items[i]));
		if (own)
			add_ms(&b, row_own(&rows.items[i]));
		buf_addstr(&b, "</tr>\n");
		markup_flush(out, &b);
	}
	write_tail(out, &b);
	free(rows.items);
}

// ---- the slowest ----

static int by_wall(const void *a, const void *b)
{
	int64_t x = row_wall(a), y = row_wall(b);

	return (x < y) - (x > y);
}

static void add_share(struct buf *b, int64_t wall_ns, int64_t longest_ns)
{
	buf_addf(b,
		 "<td class=\"share\"><svg width=\"100%%\" height=\"8\" aria-hidden=\"true\"><rect "
		 "class=\"share\" width=\"%.1f%%\" height=\"8\" rx=\"1\"/></svg></td>",
		 100.0 * (double)wall_ns / (double)longest_ns);
}

void tables_write_slowest(FILE *out, const struct run *run)
{
	static const struct header columns[] = {
		{"Wall, ms", "n", "from its start to its end"},
		{"Share", "share", "compared with the slowest"},
		{"Test", "wide", NULL},
		{"File", "wide", NULL},
	};
	struct rows rows = collect(run);
	struct buf b = {0};

	if (rows.n)
		qsort(rows.items, rows.n, sizeof *rows.items, by_wall);
	add_head(&b, "slowest", "Slowest tests", 0, "The slowest first.");
	add_columns(&b, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < rows.n && i < SLOWEST && row_wall(&rows.items[i]) > 0; i++) {
		buf_addstr(&b, "<tr>");
		add_ms(&b, row_wall(&rows.items[i]));
		add_share(&b, row_wall(&rows.items[i]), row_wall(&rows.items[0]));
		add_row_name(&b, &rows.items[i]);
		buf_addstr(&b, "</tr>\n");
	}
	write_tail(out, &b);
	free(rows.items);
}
