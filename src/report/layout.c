// SPDX-License-Identifier: MIT
#include "report/layout.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "model/result.h"

// The cells of the line at the end of b; its colours take none.
static size_t column_of(const struct buf *b)
{
	const char *newline = b->len ? memrchr(b->data, '\n', b->len) : NULL;
	size_t column = 0;

	for (const char *s = newline ? newline + 1 : b->data; s && *s;) {
		size_t n = strcspn(s, "\033");
		column += text_cells(s, n);
		s += n;
		if (*s)
			s += strcspn(s, "m") + 1;
	}
	return column;
}

static void break_line(struct buf *b, size_t indent)
{
	buf_addf(b, "\n%*s", (int)indent, "");
}

// Appends what is visible already.
static void add_words(struct buf *b, const char *s, size_t indent)
{
	size_t column = column_of(b);

	while (*s) {
		size_t blanks = strspn(s, " "), n = strcspn(s + blanks, " ");
		size_t cells = text_cells(s + blanks, n);
		if (column + blanks + cells > LAYOUT_COLUMNS && column > indent) {
			break_line(b, indent);
			column = indent;
			s += blanks;
			blanks = 0;
		}
		buf_add(b, s, blanks + n);
		column += blanks + cells;
		s += blanks + n;
	}
}

void layout_words(struct buf *b, const char *text, size_t indent)
{
	struct buf clean = {0};

	text_add_visible(&clean, text);
	buf_reserve(&clean, 0);
	add_words(b, clean.data, indent);
	buf_release(&clean);
}

void layout_remark(struct buf *b, const char *remark, size_t indent)
{
	struct buf clean = {0};

	text_add_visible(&clean, remark);
	buf_reserve(&clean, 0);
	if (column_of(b) + 1 + text_cells(clean.data, clean.len) <= LAYOUT_COLUMNS) {
		buf_addf(b, " %s", clean.data);
	} else {
		break_line(b, indent);
		add_words(b, clean.data, indent);
	}
	buf_release(&clean);
}

size_t layout_fitting(const char *s, size_t n, size_t room)
{
	size_t at = 0;

	while (at < n) {
		size_t len = text_utf8_length(s + at, n - at), cells = text_cells(s + at, len);
		if (cells > room)
			break;
		room -= cells;
		at += len;
	}
	return at;
}

void layout_path(struct buf *b, const char *path, size_t room)
{
	static const char gap[] = "...";
	struct buf clean = {0};

	text_add_visible(&clean, path);
	buf_reserve(&clean, 0);
	size_t cells = text_cells(clean.data, clean.len);
	if (cells <= room) {
		buf_add(b, clean.data, clean.len);
	} else {
		// The end tells more than the beginning.
		size_t head = layout_fitting(clean.data, clean.len, room / 4);
		size_t tail = layout_fitting(clean.data, clean.len, cells - (room - room / 4 - 3));
		buf_add(b, clean.data, head);
		buf_addstr(b, gap);
		buf_add(b, clean.data + tail, clean.len - tail);
	}
	buf_release(&clean);
}

void layout_coloured(struct buf *b, bool colours, enum colour colour, const char *text)
{
	static const char *const codes[] = {"", "\033[31m", "\033[32m", "\033[33m", "\033[1m"};

	if (colours && colour != PLAIN)
		buf_addf(b, "%s%s\033[0m", codes[colour], text);
	else
		buf_addstr(b, text);
}

void layout_coloured_remark(struct buf *b, bool colours, enum colour colour, const char *remark,
			    size_t indent)
{
	if (column_of(b) + 1 + text_cells(remark, strlen(remark)) <= LAYOUT_COLUMNS)
		buf_addch(b, ' ');
	else
		break_line(b, indent);
	layout_coloured(b, colours, colour, remark);
}

void layout_label(struct buf *b, const struct result *r, bool colours, size_t width)
{
	static const char *const labels[FILE_STATUS_COUNT] = {
		[FILE_NOTRUN] = "NOTRUN", [FILE_PASSED] = "PASS",     [FILE_FAILED] = "FAIL",
		[FILE_ERROR] = "ERROR",   [FILE_TIMEOUT] = "TIMEOUT", [FILE_LIMIT] = "LIMIT",
		[FILE_SKIPPED] = "SKIP",
	};
	const char *label = r->flaky ? "FLAKY" : labels[r->status];
	enum colour colour = result_is_bad(r)                        ? RED
			     : r->status == FILE_PASSED && !r->flaky ? GREEN
								     : YELLOW;
	char text[16];

	snprintf(text, sizeof text, "%*s", (int)width, label);
	layout_coloured(b, colours, colour, text);
}
