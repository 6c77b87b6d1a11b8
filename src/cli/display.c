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
#define ENOUGH   5          // files that tell how long others may take
#define AGE_NS   NS_PER_SEC // the ages on the line are whole seconds

static size_t columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
		return size.ws_col - 1u;
	return 79;
}

static int64_t at_least_0(int64_t ns)
{
	return ns > 0 ? ns : 0;
}

// What the files that have not ended are expected to take, on as many workers as there were; where
// many are new, they are taken to be like those that have ended.
static int64_t left_ns(const struct display *d, int64_t elapsed_ns, int64_t now_real_ns)
{
	int64_t sum_ns = d->expected_ns, longest_ns = 0;

	if (d->total == 0 || d->widest == 0)
		return -1;
	if (d->unknown > 0)
		return d->ended < ENOUGH
			       ? -1
			       : elapsed_ns / (int64_t)d->ended * (int64_t)(d->total - d->ended);
	for (size_t i = 0; i < d->running.n; i++) {
		const struct result *r = d->running.items[i];
		int64_t expected_ns = at_least_0(r->job->expected_ns);
		int64_t age_ns = at_least_0(now_real_ns - r->started_ns);
		sum_ns -= age_ns < expected_ns ? age_ns : expected_ns;
		if (expected_ns - age_ns > longest_ns)
			longest_ns = expected_ns - age_ns;
	}
	sum_ns = at_least_0(sum_ns) / (int64_t)d->widest;
	return sum_ns > longest_ns ? sum_ns : longest_ns;
}

static void render(const struct display *d, struct buf *b, size_t width)
{
	int64_t elapsed_ns = clock_mono_ns() - d->opened_ns, now_real_ns = clock_real_ns();
	const struct progress p = {.retried = d->retried,
				   .elapsed_ns = elapsed_ns > 0 ? elapsed_ns : 1,
				   .left_ns = left_ns(d, elapsed_ns, now_real_ns),
				   .total = d->total,
				   .ended = d->ended,
				   .bad = d->bad,
				   .running = d->running.items,
				   .nrunning = d->running.n,
				   .colours = d->colours};

	progress_render(b, &p, now_real_ns, width);
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

void display_open(struct display *d, enum progress_kind kind, bool colours, const struct jobs *jobs,
		  long rounds, struct loop *loop)
{
	*d = (struct display){.kind = choose(kind),
			      .colours = colours,
			      .total = jobs->n * (size_t)rounds,
			      .loop = loop};
	for (size_t i = 0; i < jobs->n; i++) {
		d->unknown += jobs->items[i].expected_ns < 0;
		d->expected_ns += at_least_0(jobs->items[i].expected_ns) * rounds;
	}
	d->opened_ns = clock_mono_ns();
	d->timer = (struct loop_timer){.at_ns = LOOP_NEVER, .fire = on_timer, .owner = d};
	d->drawn_ns = clock_mono_ns();
	if (d->kind == PROGRESS_PLAIN)
		d->timer.at_ns = d->drawn_ns + PLAIN_NS;
	loop_add_timer(loop, &d->timer);
}

void display_started(struct display *d, const struct result *r)
{
	VEC_PUSH(&d->running, r);
	d->widest = d->running.n > d->widest ? d->running.n : d->widest;
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
	d->retried += r->again;
	if (!r->again)
		d->expected_ns -= at_least_0(r->job->expected_ns);
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
