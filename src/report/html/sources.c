// SPDX-License-Identifier: MIT
#include "report/html/sources.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "model/coverage.h"
#include "model/run.h"
#include "model/runners.h"
#include "report/html/markup.h"

struct page {
	FILE *out;
	struct buf b;
	const struct coverage *coverage;
};

static void add_sums(struct buf *b, long hit, long missed)
{
	buf_addstr(b, " <span class=\"n\">");
	coverage_add_percent(b, hit, missed);
	buf_addf(b, "%% of %ld", hit + missed);
	if (missed > 0)
		buf_addf(b, ", %ld missed", missed);
	buf_addstr(b, "</span>");
}

// ---- a source ----

static void add_line(struct buf *b, const struct covered_file *f, uint32_t line,
		     const struct runner_lines *runners, const char *text, size_t n)
{
	bool counts = line <= f->lines && f->counts[line];
	uint32_t set = runners && line <= runners->n ? runners->sets[line] : 0;

	buf_addstr(b, "<span");
	if (counts)
		buf_addf(b, " class=\"%s\" data-n=\"%" PRIu64 "\"",
			 f->hits[line] > 0 ? "hit" : "missed", f->hits[line]);
	if (set > 0)
		buf_addf(b, " data-set=\"%u\"", set);
	buf_addch(b, '>');
	markup_lines(b, text, n);
	if (b->len > 0 && b->data[b->len - 1] == '\n')
		b->len--;
	buf_addstr(b, "</span>");
}

static void write_file(struct page *p, const struct covered_file *f, const char *name)
{
	const struct runner_lines *runners =
		p->coverage->runners ? runners_of(p->coverage->runners, f->path) : NULL;
	const char *at = f->text, *end = at ? at + strlen(at) : NULL;

	buf_addstr(&p->b, "<details class=\"source\"><summary>");
	markup_text(&p->b, name);
	add_sums(&p->b, f->hit, f->missed);
	buf_addstr(&p->b, "</summary>");
	if (at) {
		buf_addstr(&p->b, "<pre>");
		for (uint32_t line = 1; at < end; line++) {
			const char *newline = memchr(at, '\n', (size_t)(end - at));
			const char *stop = newline ? newline : end;
			add_line(&p->b, f, line, runners, at, (size_t)(stop - at));
			at = newline ? newline + 1 : end;
		}
		buf_addstr(&p->b, "</pre>");
	} else {
		buf_addstr(&p->b, "<p>Its text could not be read.</p>");
	}
	buf_addstr(&p->b, "</details>\n");
	markup_flush(p->out, &p->b);
}

// ---- folders ----

// Behind the last of those, from `from` on, that have the first n bytes of the path in common.
static size_t end_of_folder(const struct coverage *c, size_t from, size_t to, size_t n)
{
	size_t end = from;

	while (end < to && strncmp(c->files[end].path, c->files[from].path, n) == 0)
		end++;
	return end;
}

// Those that lie in one folder, whose name ends at depth; they are sorted by their paths.
static void write_folder(struct page *p, size_t from, size_t to, size_t depth)
{
	const struct coverage *c = p->coverage;

	for (size_t i = from, end; i < to; i = end) {
		const char *name = c->files[i].path + depth, *slash = strchr(name, '/');
		long hit = 0, missed = 0;
		end = i + 1;
		if (!slash) {
			write_file(p, &c->files[i], name);
			continue;
		}
		size_t n = depth + (size_t)(slash - name) + 1;
		end = end_of_folder(c, i, to, n);
		for (size_t k = i; k < end; k++) {
			hit += c->files[k].hit;
			missed += c->files[k].missed;
		}
		struct buf label = {0};
		buf_add(&label, name, (size_t)(slash - name) + 1);
		buf_addstr(&p->b, "<details class=\"folder\" open><summary>");
		markup_text(&p->b, label.data);
		add_sums(&p->b, hit, missed);
		buf_addstr(&p->b, "</summary>\n");
		buf_release(&label);
		write_folder(p, i, end, n);
		buf_addstr(&p->b, "</details>\n");
	}
}

// ---- who ran them ----

// A text that can end neither itself nor the element around it.
static void add_json_text(struct buf *b, const char *text)
{
	struct buf visible = {0};

	text_add_visible(&visible, text);
	buf_reserve(&visible, 0);
	buf_addch(b, '"');
	for (const char *s = visible.data; *s; s++)
		if (strchr("\"\\<>&", *s))
			buf_addf(b, "\\u%04x", (unsigned)*s);
		else
			buf_addch(b, *s);
	buf_addch(b, '"');
	buf_release(&visible);
}

static void write_runners(struct page *p, const struct runners *r)
{
	buf_addstr(&p->b, "<script type=\"application/json\" id=\"runners\">{\"files\":[");
	for (size_t i = 0; i < r->files.n; i++) {
		if (i > 0)
			buf_addch(&p->b, ',');
		add_json_text(&p->b, r->files.items[i]);
	}
	buf_addstr(&p->b, "],\"sets\":[");
	for (size_t i = 0; i < r->sets.n; i++)
		buf_addf(&p->b, "%s%u,%u", i ? "," : "", r->sets.items[i].before,
			 r->sets.items[i].file);
	buf_addstr(&p->b, "]}</script>\n");
}

// ---- all of it ----

void sources_write(FILE *out, const struct run *run)
{
	struct page p = {.out = out, .coverage = run->coverage};

	if (!p.coverage)
		return;
	buf_addstr(&p.b, "<section id=\"coverage\"><h2>Coverage");
	add_sums(&p.b, p.coverage->hit, p.coverage->missed);
	buf_addstr(&p.b, "</h2>\n<div class=\"box sources\">\n");
	write_folder(&p, 0, p.coverage->n, 0);
	buf_addstr(&p.b, "</div></section>\n");
	if (p.coverage->runners)
		write_runners(&p, p.coverage->runners);
	markup_flush(out, &p.b);
	buf_release(&p.b);
}
