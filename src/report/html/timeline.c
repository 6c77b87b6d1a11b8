// SPDX-License-Identifier: MIT
#include "report/html/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/path.h"
#include "model/run.h"
#include "report/html/markup.h"

// Across, all is in per cent: the picture is as wide as the page lets it be, its text is not drawn
// out. Down, all is in pixels.
#define GUTTER    3.5 // left of the axis, for the numbers of the slots
#define BREADTH   94.5
#define NARROWEST 0.2 // of a bar, to be seen at all
#define MARGIN    4   // above the slots
#define STRIP     14  // there if files waited, which is seen even where all slots are busy
#define AXIS      24  // below the slots
#define TALLEST   384 // all slots
#define ROW       20  // a slot, if there are few
#define TICKS     10  // at most
#define LETTER    0.5 // of the name in a bar; on a narrow page it is cut off
// Pauses between waits that nobody could see are not drawn.
#define VISIBLE 1000

struct plot {
	int64_t span_ns;
	int slots;
	double row, top, floor;
};

static double across(const struct plot *p, int64_t ns)
{
	return GUTTER + BREADTH * (double)ns / (double)p->span_ns;
}

static void include(struct plot *p, int64_t end_ns, int slot)
{
	if (end_ns > p->span_ns)
		p->span_ns = end_ns;
	if (slot >= p->slots)
		p->slots = slot + 1;
}

static struct plot measure(const struct run *run)
{
	struct plot p = {.span_ns = run->elapsed_ns};

	for (size_t i = 0; i < run->results.n; i++)
		for (const struct result *r = run->results.items[i]; r; r = r->earlier)
			if (r->slot >= 0)
				include(&p, r->offset_ns + r->wall_ns, r->slot);
	for (size_t i = 0; i < run->waits.n; i++)
		include(&p, run->waits.items[i].to_ns, -1);
	p.span_ns = p.span_ns > 0 ? p.span_ns : 1;
	p.row = p.slots * ROW > TALLEST ? (double)TALLEST / p.slots : ROW;
	p.top = run->waits.n ? STRIP : MARGIN;
	p.floor = p.top + p.slots * p.row;
	return p;
}

// ---- the axes ----

static int64_t tick_step(int64_t span_ns)
{
	static const int seconds[] = {1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600};
	int64_t step = NS_PER_MS;

	for (int i = 0; step < NS_PER_SEC && span_ns / step >= TICKS; i++)
		step = step * (i % 3 == 1 ? 5 : 4) / 2; // 1, 2, 5, 10
	for (size_t i = 0; span_ns / step >= TICKS && i < sizeof seconds / sizeof *seconds; i++)
		step = seconds[i] * NS_PER_SEC;
	while (span_ns / step >= TICKS)
		step *= 2;
	return step;
}

static void add_tick_label(struct buf *b, int64_t ns, int64_t span_ns)
{
	long s = (long)(ns / NS_PER_SEC);

	if (span_ns < 120 * NS_PER_SEC)
		buf_addf(b, "%g s", ns_to_sec(ns));
	else if (span_ns < 3600 * NS_PER_SEC)
		buf_addf(b, "%ld:%02ld", s / 60, s % 60);
	else
		buf_addf(b, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
}

static void add_ticks(struct buf *b, const struct plot *p)
{
	int64_t step = tick_step(p->span_ns);

	for (int64_t at = 0; at <= p->span_ns; at += step) {
		double x = across(p, at);
		buf_addf(
			b,
			"<line class=\"tick\" x1=\"%.3f%%\" x2=\"%.3f%%\" y1=\"%.1f\" y2=\"%.1f\"/>"
			"<text class=\"tick\" x=\"%.3f%%\" y=\"%.1f\" text-anchor=\"middle\">",
			x, x, p->top, p->floor, x, p->floor + 16);
		add_tick_label(b, at, p->span_ns);
		buf_addstr(b, "</text>\n");
	}
}

// The numbers on the left. Where the rows are too low for them all, some stand for their
// neighbours.
static void add_slots(struct buf *b, const struct plot *p)
{
	int each = p->row >= 11 ? 1 : (int)(11 / p->row) + 1;

	buf_addf(b, "<g class=\"slot\" text-anchor=\"end\">\n");
	for (int slot = 0; slot < p->slots; slot += each)
		buf_addf(b, "<text x=\"%.1f%%\" y=\"%.1f\">%d</text>\n", GUTTER - 0.7,
			 p->top + (slot + 0.5) * p->row + 4, slot);
	buf_addstr(b, "</g>\n");
}

// ---- waits ----

static void add_wait(struct buf *b, const struct plot *p, const struct wait *w)
{
	double x = across(p, w->from_ns), width = across(p, w->to_ns) - x;

	buf_addf(b,
		 "<rect class=\"wait\" x=\"%.3f%%\" width=\"%.3f%%\" y=\"0\" height=\"%.1f\" "
		 "fill=\"url(#hatch)\"><title>waiting for a token of make: ",
		 x, width > NARROWEST ? width : NARROWEST, p->floor);
	markup_duration(b, w->to_ns - w->from_ns);
	buf_addstr(b, ", from ");
	markup_duration(b, w->from_ns);
	buf_addstr(b, "</title></rect>\n");
}

static void add_waits(struct buf *b, const struct plot *p, const struct run *run)
{
	struct wait last = {0};

	if (run->waits.n)
		buf_addf(b,
			 "<text class=\"slot\" x=\"%.1f%%\" y=\"%d\" text-anchor=\"end\">wait"
			 "</text>\n",
			 GUTTER - 0.7, STRIP - 4);
	for (size_t i = 0; i < run->waits.n; i++) {
		struct wait w = run->waits.items[i];
		if (i > 0 && w.from_ns - last.to_ns < p->span_ns / VISIBLE) {
			last.to_ns = w.to_ns;
			continue;
		}
		if (i > 0)
			add_wait(b, p, &last);
		last = w;
	}
	if (run->waits.n)
		add_wait(b, p, &last);
}

// ---- bars ----

static void add_bar_title(struct buf *b, const struct result *r, int attempts)
{
	markup_text(b, r->job->path);
	buf_addf(b, "\n%s, ", file_status_name(r->status));
	markup_duration(b, r->wall_ns);
	buf_addstr(b, ", from ");
	markup_duration(b, r->offset_ns);
	buf_addf(b, "\nslot %d, %s", r->slot, r->concurrent ? "beside others" : "alone");
	if (attempts > 1)
		buf_addf(b, ", attempt %d of %d", r->attempt, attempts);
}

// What tells test files apart is what stands in front of this.
static size_t stem_length(const char *name)
{
	static const char *const endings[] = {"_test.lua", "_spec.lua", ".lua"};
	size_t n = strlen(name);

	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		size_t end = strlen(endings[i]);
		if (n > end && strcmp(name + n - end, endings[i]) == 0)
			return n - end;
	}
	return n;
}

// A picture of its own cuts the name off where the bar ends.
static void add_bar_label(struct buf *b, const struct plot *p, const struct result *r, int attempts,
			  double x, double width)
{
	const char *name = path_base(r->job->path);
	size_t n = stem_length(name);

	if (p->row < ROW || width < ((double)n + (attempts > 1 ? 5 : 2)) * LETTER)
		return;
	buf_addf(b,
		 "<svg x=\"%.3f%%\" y=\"%.1f\" width=\"%.3f%%\" height=\"%.1f\"><text x=\"5\" "
		 "y=\"14\">",
		 x, p->top + r->slot * p->row, width, p->row);
	if (attempts > 1)
		buf_addf(b, "#%d ", r->attempt);
	char *stem = xstrndup(name, n);
	markup_text(b, stem);
	free(stem);
	buf_addstr(b, "</text></svg>");
}

static void add_bar(struct buf *b, const struct plot *p, const struct result *r,
		    const struct result *final, size_t file)
{
	double x = across(p, r->offset_ns), width = across(p, r->offset_ns + r->wall_ns) - x;
	double gap = p->row > 8 ? 2 : p->row * 0.2;

	width = width > NARROWEST ? width : NARROWEST;
	buf_addf(b, "<a href=\"#f%zu\" tabindex=\"-1\"><rect class=\"bar ", file);
	markup_classes(b, r);
	buf_addf(b,
		 "%s\" x=\"%.3f%%\" width=\"%.3f%%\" y=\"%.1f\" height=\"%.1f\" rx=\"%d\"><title>",
		 r == final ? "" : " earlier", x, width, p->top + r->slot * p->row + gap / 2,
		 p->row - gap, p->row > 8 ? 2 : 0);
	add_bar_title(b, r, final->attempts);
	buf_addstr(b, "</title></rect>");
	add_bar_label(b, p, r, final->attempts, x, width);
	buf_addstr(b, "</a>\n");
}

static void write_bars(FILE *out, const struct plot *p, const struct run *run)
{
	struct buf b = {0};

	for (size_t i = 0; i < run->results.n; i++) {
		const struct result *final = run->results.items[i];
		for (const struct result *r = final; r; r = r->earlier)
			if (r->slot >= 0)
				add_bar(&b, p, r, final, i);
		markup_flush(out, &b);
	}
	buf_release(&b);
}

static bool has_bound(const struct run *run)
{
	return run->lower_bound_ns > 0 && run->lower_bound_ns <= run->elapsed_ns;
}

static void add_bound(struct buf *b, const struct plot *p, const struct run *run)
{
	double x = across(p, run->lower_bound_ns);

	if (!has_bound(run))
		return;
	buf_addf(b,
		 "<line class=\"bound\" x1=\"%.3f%%\" x2=\"%.3f%%\" y1=\"0\" y2=\"%.1f\"><title>"
		 "lower bound: ",
		 x, x, p->floor);
	markup_duration(b, run->lower_bound_ns);
	buf_addstr(b, "</title></line>\n");
}

// ---- all of it ----

static void add_key(struct buf *b, const char *class, const char *words)
{
	buf_addf(
		b,
		"<li><svg width=\"20\" height=\"12\" aria-hidden=\"true\"><rect class=\"%s\" "
		"x=\"1\" y=\"1\" width=\"18\" height=\"10\" rx=\"2\" fill=\"%s\"/></svg> %s</li>\n",
		class, strcmp(class, "wait") == 0 ? "url(#hatch)" : "currentColor", words);
}

static void add_legend(struct buf *b, const struct run *run)
{
	struct totals t = run_totals(run);
	bool retried = false;

	for (size_t i = 0; i < run->results.n; i++)
		retried = retried || run->results.items[i]->earlier;
	buf_addstr(b, "<ul class=\"key\" aria-label=\"Key\">\n");
	for (enum file_status s = FILE_PASSED; s < FILE_STATUS_COUNT; s++) {
		char class[32];
		snprintf(class, sizeof class, "bar %s", file_status_name(s));
		if (t.by_status[s])
			add_key(b, class, file_status_name(s));
	}
	if (t.forgiven)
		add_key(b, "bar quarantine", "failed in quarantine");
	if (t.flaky)
		add_key(b, "bar pass flaky", "flaky: passed at a later attempt");
	if (retried)
		add_key(b, "bar fail earlier", "an attempt that was followed by another");
	if (has_bound(run))
		buf_addstr(b,
			   "<li><svg width=\"20\" height=\"12\" aria-hidden=\"true\"><line "
			   "class=\"bound\" x1=\"10\" x2=\"10\" y2=\"12\"/></svg> lower bound: no "
			   "order is faster</li>\n");
	if (run->waits.n)
		add_key(b, "wait", "a file waited for a token of make");
	buf_addstr(b, "</ul>\n");
}

static void add_head(struct buf *b, const struct plot *p)
{
	buf_addf(
		b,
		"<section id=\"timeline\"><div class=\"line\"><h2 id=\"h-timeline\">Timeline</h2>"
		"<p class=\"caption\">A row for each slot, a bar for each attempt.</p>"
		"<div class=\"zoom\" role=\"group\" aria-label=\"Zoom\" hidden>"
		"<button type=\"button\" data-zoom=\"-\" aria-label=\"Zoom "
		"out\">\xe2\x88\x92</button>"
		"<button type=\"button\" data-zoom=\"0\">Fit</button>"
		"<button type=\"button\" data-zoom=\"+\" aria-label=\"Zoom "
		"in\">+</button></div></div>\n"
		"<div class=\"box\" tabindex=\"0\" role=\"region\" aria-labelledby=\"h-timeline\">"
		"\n<svg class=\"plot\" width=\"100%%\" height=\"%.0f\" role=\"group\" aria-label=\""
		"What ran when on which of %d slots; the table of the files has the same times\">\n"
		"<defs><pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\""
		"userSpaceOnUse\" patternTransform=\"rotate(45)\"><path class=\"hatch\" "
		"d=\"M0 0V6\" stroke=\"#888\" stroke-width=\"3\"/></pattern></defs>\n",
		p->floor + AXIS, p->slots);
}

void timeline_write(FILE *out, const struct run *run)
{
	struct plot p = measure(run);
	struct buf b = {0};

	add_head(&b, &p);
	add_waits(&b, &p, run);
	add_ticks(&b, &p);
	add_slots(&b, &p);
	markup_flush(out, &b);
	write_bars(out, &p, run);
	add_bound(&b, &p, run);
	buf_addstr(&b, "</svg></div>\n");
	add_legend(&b, run);
	buf_addstr(&b, "</section>\n");
	markup_flush(out, &b);
	buf_release(&b);
}
