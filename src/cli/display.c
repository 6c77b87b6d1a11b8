// SPDX-License-Identifier: MIT
#include "cli/display.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "model/result.h"
#include "report/progress.h"

#define PLAIN_NS (10 * NS_PER_SEC)
#define AGE_NS   NS_PER_SEC // the ages on the line are whole seconds

static size_t columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
		return size.ws_col - 1u;
	return 79;
}

static void render(const struct display *d, struct buf *b, size_t width)
{
	const struct progress p = {.total = d->total,
				   .ended = d->ended,
				   .bad = d->bad,
				   .running = d->running.items,
				   .nrunning = d->running.n,
				   .colours = d->colours};

	progress_render(b, &p, clock_real_ns(), width);
}

static void draw(struct display *d)
{
	struct buf b = {0};

	buf_addstr(&b, d->kind == PROGRESS_BAR ? "\r" : "");
	render(d, &b, d->kind == PROGRESS_BAR ? columns() : 200);
	buf_addstr(&b, d->kind == PROGRESS_BAR ? "\033[K" : "\n");
	fwrite(b.data, 1, b.len, stderr);
	fflush(stderr);
	buf_release(&b);
	d->visible = d->kind == PROGRESS_BAR;
	d->drawn_ns = clock_mono_ns();
}

static void on_timer(struct loop_timer *t)
{
	struct display *d = t->owner;

	draw(d);
	t->at_ns = d->drawn_ns + (d->kind == PROGRESS_BAR ? AGE_NS : PLAIN_NS);
}

// A change is drawn at once, but not sooner than it may be.
static void changed(struct display *d)
{
	if (d->kind != PROGRESS_BAR)
		return;
	int64_t soonest = d->drawn_ns + DISPLAY_REDRAW_NS;
	if (soonest < d->timer.at_ns)
		d->timer.at_ns = soonest;
}

static enum progress_kind choose(enum progress_kind kind)
{
	const char *term = getenv("TERM");

	if (kind != PROGRESS_AUTO)
		return kind;
	return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0 ? PROGRESS_BAR
									  : PROGRESS_NONE;
}

void display_open(struct display *d, enum progress_kind kind, bool colours, size_t total,
		  struct loop *loop)
{
	*d = (struct display){
		.kind = choose(kind), .colours = colours, .total = total, .loop = loop};
	d->timer = (struct loop_timer){.at_ns = LOOP_NEVER, .fire = on_timer, .owner = d};
	d->drawn_ns = clock_mono_ns();
	if (d->kind == PROGRESS_PLAIN)
		d->timer.at_ns = d->drawn_ns + PLAIN_NS;
	loop_add_timer(loop, &d->timer);
}

void display_started(struct display *d, const struct result *r)
{
	VEC_PUSH(&d->running, r);
	changed(d);
}

static void print_file(const struct display *d, const struct result *r, const char *indent)
{
	struct buf b = {0};

	progress_add_file(&b, r, clock_real_ns(), d->colours);
	fprintf(stderr, "%s%s\n", indent, b.data);
	buf_release(&b);
}

void display_slow(struct display *d, const struct result *r)
{
	if (d->kind == PROGRESS_PLAIN)
		print_file(d, r, "");
	changed(d);
}

void display_ended(struct display *d, const struct result *r)
{
	size_t n = 0;

	for (size_t i = 0; i < d->running.n; i++)
		if (d->running.items[i] != r)
			d->running.items[n++] = d->running.items[i];
	d->running.n = n;
	d->ended++;
	d->total += r->again;
	d->bad += result_is_bad(r) && !r->again;
	changed(d);
}

void display_clear(struct display *d)
{
	if (d->visible) {
		fputs("\r\033[K", stderr);
		fflush(stderr);
		d->visible = false;
	}
}

void display_restore(struct display *d)
{
	if (d->kind == PROGRESS_BAR && (d->total == 0 || d->ended < d->total))
		on_timer(&d->timer);
}

void display_dump(struct display *d)
{
	display_clear(d);
	fprintf(stderr, "firmo-jobs: %zu", d->ended);
	if (d->total > 0)
		fprintf(stderr, " of %zu", d->total);
	fprintf(stderr, " files done, %zu running\n", d->running.n);
	for (size_t i = 0; i < d->running.n; i++)
		print_file(d, d->running.items[i], "  ");
}

void display_close(struct display *d)
{
	display_clear(d);
	loop_remove_timer(d->loop, &d->timer);
	free(d->running.items);
	d->running.items = NULL;
	d->running.n = d->running.cap = 0;
}
