// SPDX-License-Identifier: MIT
#include "report/progress.h"

#include <inttypes.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "model/result.h"
#include "report/layout.h"

#define BAR      10 // cells
#define BAR_FROM 70 // columns

// A line while it is written, piece by piece.
struct line {
	struct buf *out;
	struct buf piece;
	size_t room; // cells that are left
	bool colours;
};

// Puts the piece to the line, or as much of it as there is room for, and then the line is full.
static void end_piece(struct line *l, enum colour colour)
{
	buf_reserve(&l->piece, 0);
	size_t n = layout_fitting(l->piece.data, l->piece.len, l->room);
	l->room = n < l->piece.len ? 0 : l->room - text_cells(l->piece.data, n);
	l->piece.data[n] = '\0';
	layout_coloured(l->out, l->colours && n > 0, colour, l->piece.data);
	buf_clear(&l->piece);
}

static int64_t age_of(const struct result *r, int64_t now_real_ns)
{
	return now_real_ns > r->started_ns ? now_real_ns - r->started_ns : 0;
}

static void add_running(struct line *l, const struct result *r, int64_t now_real_ns, size_t longest)
{
	buf_addstr(&l->piece, r->slow ? "SLOW " : "");
	layout_path(&l->piece, r->job->path, longest);
	buf_addf(&l->piece, " %" PRId64 "s", age_of(r, now_real_ns) / NS_PER_SEC);
	end_piece(l, r->slow ? YELLOW : PLAIN);
}

static void add_bar(struct buf *b, const struct progress *p)
{
	size_t full = p->ended * BAR / p->total;

	buf_addch(b, ' ');
	for (size_t i = 0; i < BAR; i++)
		buf_addch(b, i < full ? '#' : '-');
}

static void add_time(struct buf *b, int64_t ns)
{
	int64_t s = ns / NS_PER_SEC;

	if (s < 100)
		buf_addf(b, "%" PRId64 "s", s);
	else
		buf_addf(b, "%" PRId64 "m%02" PRId64 "s", s / 60, s % 60);
}

static void add_counts(struct buf *b, const struct progress *p)
{
	const char *comma = " ";

	if (p->bad) {
		buf_addf(b, " %zu failed", p->bad);
		comma = ", ";
	}
	if (p->retried)
		buf_addf(b, "%s%zu retried", comma, p->retried);
	buf_addstr(b, p->bad || p->retried ? ";" : "");
	if (p->elapsed_ns <= 0)
		return;
	buf_addch(b, ' ');
	add_time(b, p->elapsed_ns);
	if (p->left_ns >= 0) {
		buf_addstr(b, ", ");
		add_time(b, p->left_ns);
		buf_addstr(b, " left");
	}
	buf_addstr(b, p->nrunning > 0 ? ";" : "");
}

void progress_render(struct buf *b, const struct progress *p, int64_t now_real_ns, size_t columns)
{
	struct line line = {.out = b, .room = columns, .colours = p->colours};
	const char *separator = " ";

	buf_addf(&line.piece, "[%zu", p->ended);
	if (p->total > 0)
		buf_addf(&line.piece, "/%zu", p->total);
	buf_addch(&line.piece, ']');
	if (p->elapsed_ns > 0 && p->total > 0 && columns >= BAR_FROM)
		add_bar(&line.piece, p);
	add_counts(&line.piece, p);
	end_piece(&line, PLAIN);
	for (int slow = 1; slow >= 0; slow--)
		for (size_t i = 0; i < p->nrunning && line.room > 0; i++) {
			if (p->running[i]->slow != slow)
				continue;
			buf_addstr(&line.piece, separator);
			end_piece(&line, PLAIN);
			add_running(&line, p->running[i], now_real_ns, columns / 2);
			separator = ", ";
		}
	buf_release(&line.piece);
}

void progress_add_file(struct buf *b, const struct result *r, int64_t now_real_ns, bool colours)
{
	layout_coloured(b, colours, r->slow ? YELLOW : PLAIN, r->slow ? "SLOW" : "    ");
	buf_addf(b, " %9.3fs ", ns_to_sec(age_of(r, now_real_ns)));
	text_add_visible(b, r->job->path);
	if (r->slow)
		buf_addf(b, " (usually at most %.3fs)", ns_to_sec(r->job->p99_ns));
}
