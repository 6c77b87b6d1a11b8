// SPDX-License-Identifier: MIT
#include "report/watchline.h"

#include "base/buf.h"
#include "base/text.h"
#include "report/layout.h"

static void add_sum(struct buf *b, const struct watchline *w)
{
	if (w->files == 0)
		buf_addstr(b, "no test file");
	else if (w->bad > 0)
		buf_addf(b, "%zu of %zu failed", w->bad, w->files);
	else if (w->unknown > 0)
		buf_addf(b, "%zu of %zu passed", w->files - w->unknown, w->files);
	else
		buf_addf(b, "%s%zu passed", w->files > 1 ? "all " : "", w->files);
}

static enum colour colour_of(const struct watchline *w)
{
	return w->bad > 0 ? RED : w->files > w->unknown ? GREEN : PLAIN;
}

// Adds the piece if there is room for all of it.
static void add_piece(struct buf *b, struct buf *piece, size_t *room, enum colour colour,
		      bool colours)
{
	size_t cells = piece->len ? text_cells(piece->data, piece->len) : 0;

	if (cells > 0 && cells <= *room) {
		*room -= cells;
		layout_coloured(b, colours, colour, piece->data);
	}
	buf_clear(piece);
}

static void render_prompt(struct buf *b, const struct watchline *w, size_t columns)
{
	struct buf text = {0};
	size_t from = 0;

	buf_addstr(&text, "files: ");
	text_add_visible(&text, w->typed);
	buf_addch(&text, '_');
	// What is typed last is seen.
	while (text_cells(text.data + from, text.len - from) > columns)
		from += text_utf8_length(text.data + from, text.len - from);
	buf_addstr(b, text.data + from);
	buf_release(&text);
}

// What stands behind the sum, from the widest to the narrowest.
static const struct {
	const char *paths, *keys;
} forms[] = {
	{" | watching %zu paths", " | Enter all, f failed, p pattern, u settings, q quit"},
	{" | %zu paths", " | Enter all, f failed, p pattern, u settings, q quit"},
	{" | %zu paths", " | Enter all f failed p pattern u settings q quit"},
	{"", " | Enter all f failed p pattern u settings q quit"},
	{" | %zu paths", " | Enter f p u q"},
	{"", " | Enter f p u q"},
};

void watchline_render(struct buf *b, const struct watchline *w, size_t columns)
{
	struct buf piece = {0};
	size_t room = columns;

	if (w->typed) {
		render_prompt(b, w, columns);
		return;
	}
	add_sum(&piece, w);
	piece.len = layout_fitting(piece.data, piece.len, room);
	piece.data[piece.len] = '\0';
	add_piece(b, &piece, &room, colour_of(w), w->colours);
	if (w->pattern) {
		buf_addstr(&piece, " | files ");
		text_add_visible(&piece, w->pattern);
		add_piece(b, &piece, &room, YELLOW, w->colours);
	}
	for (size_t i = 0; i < sizeof forms / sizeof *forms && piece.len == 0; i++) {
		buf_addf(&piece, forms[i].paths, w->paths);
		buf_addstr(&piece, w->has_keys ? forms[i].keys : "");
		if (piece.len > room)
			buf_clear(&piece);
	}
	add_piece(b, &piece, &room, PLAIN, false);
	buf_release(&piece);
}
