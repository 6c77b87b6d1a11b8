// SPDX-License-Identifier: MIT
#include "report/html/markup.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/path.h"
#include "base/text.h"
#include "model/result.h"
#include "report/format.h"

static void add_escaped(struct buf *b, const struct buf *text)
{
	for (size_t i = 0; i < text->len; i++) {
		switch (text->data[i]) {
		case '&':
			buf_addstr(b, "&amp;");
			break;
		case '<':
			buf_addstr(b, "&lt;");
			break;
		case '>':
			buf_addstr(b, "&gt;");
			break;
		case '"':
			buf_addstr(b, "&quot;");
			break;
		case '\'':
			buf_addstr(b, "&#39;");
			break;
		case '#': // of the marks of commands (base/muzzle.h)
			buf_addstr(b, "&#35;");
			break;
		default:
			buf_addch(b, text->data[i]);
		}
	}
}

void markup_text(struct buf *b, const char *s)
{
	struct buf line = {0};

	text_add_visible(&line, s ? s : "");
	add_escaped(b, &line);
	buf_release(&line);
}

void markup_lines(struct buf *b, const char *data, size_t n)
{
	struct buf lines = {0};

	format_output(&lines, data, n, "", false);
	add_escaped(b, &lines);
	buf_release(&lines);
}

void markup_path(struct buf *b, const char *path)
{
	struct buf line = {0};

	// Made visible as a whole: a byte that is no UTF-8 must not be cut from the next one.
	text_add_visible(&line, path);
	buf_reserve(&line, 0);
	size_t folder = (size_t)(path_base(line.data) - line.data);
	if (folder > 0) {
		struct buf head = {.data = line.data, .len = folder};
		buf_addstr(b, "<i>");
		add_escaped(b, &head);
		buf_addstr(b, "</i><wbr>");
	}
	struct buf base = {.data = line.data + folder, .len = line.len - folder};
	add_escaped(b, &base);
	buf_release(&line);
}

void markup_test_name(struct buf *b, const struct test_case *t)
{
	for (size_t i = 0; i < t->npath; i++) {
		buf_addstr(b, "<i>");
		markup_text(b, t->path[i]);
		buf_addstr(b, "</i> ");
	}
	markup_text(b, t->name ? t->name : "(no name)");
}

const char *markup_status(const struct result *r)
{
	return r->forgiven ? "quarantine" : file_status_name(r->status);
}

void markup_classes(struct buf *b, const struct result *r)
{
	buf_addf(b, "%s%s", markup_status(r), r->flaky ? " flaky" : "");
}

void markup_tag(struct buf *b, const char *word)
{
	buf_addstr(b, " <span class=\"tag\">");
	markup_text(b, word);
	buf_addstr(b, "</span>");
}

void markup_duration(struct buf *b, int64_t ns)
{
	double s = ns_to_sec(ns);
	long whole = (long)(s + 0.5);

	if (ns < 0)
		buf_addstr(b, "\xe2\x80\x93");
	else if (s < 0.9995)
		buf_addf(b, "%.0f ms", s * 1e3);
	else if (s < 99.95)
		buf_addf(b, "%.*f s", s < 9.995 ? 2 : 1, s);
	else if (whole < 3600)
		buf_addf(b, "%ld min %02ld s", whole / 60, whole % 60);
	else
		buf_addf(b, "%ld h %02ld min", whole / 3600, whole / 60 % 60);
}

void markup_flush(FILE *out, struct buf *b)
{
	if (b->len)
		fwrite(b->data, 1, b->len, out);
	buf_clear(b);
}
