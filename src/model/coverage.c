// SPDX-License-Identifier: MIT
#include "model/coverage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"

double coverage_percent(long hit, long missed)
{
	return hit + missed > 0 ? 100.0 * (double)hit / (double)(hit + missed) : 100.0;
}

void coverage_add_percent(struct buf *b, long hit, long missed)
{
	double percent = coverage_percent(hit, missed);

	buf_addf(b, "%.2f", missed > 0 && percent > 99.99 ? 99.99 : percent);
}

bool covered_file_missed(const struct covered_file *f, uint32_t *from, uint32_t *first,
			 uint32_t *last)
{
	uint32_t line = *from;

	while (line <= f->lines && (!f->counts[line] || f->hits[line] > 0))
		line++;
	*first = *last = line;
	for (; line <= f->lines && (!f->counts[line] || f->hits[line] == 0) &&
	       (!f->changed || f->changed[line]);
	     line++)
		if (f->counts[line])
			*last = line;
	*from = line;
	return *first <= f->lines;
}

bool coverage_suffices(const struct coverage *c)
{
	for (size_t i = 0; c && i < c->n_minima; i++)
		if (c->minima[i].is_missed)
			return false;
	return true;
}

// With as many digits as show that it is too little.
static void add_less(struct buf *b, const struct coverage_minimum *m)
{
	double is = coverage_percent(m->hit, m->missed);
	char text[32];
	int digits = 2;

	do
		snprintf(text, sizeof text, "%.*f", digits, is);
	while (m->is_missed && strtod(text, NULL) >= m->percent && ++digits < 12);
	buf_addstr(b, text);
}

void coverage_add_minimum(struct buf *b, const struct coverage_minimum *m)
{
	buf_addstr(b, "coverage");
	if (m->glob)
		buf_addf(b, " of %s", m->glob);
	if (m->is_empty) {
		buf_addstr(b, " is unknown, as no line counts");
	} else {
		buf_addstr(b, " is ");
		add_less(b, m);
		buf_addch(b, '%');
	}
	buf_addf(b, ", and has to be %.6g%% (--coverage-min)", m->percent);
}

void coverage_diff_add(struct coverage_diff *d, const struct covered_file *f,
		       const struct line_range *ranges, size_t n, bool is_whole)
{
	size_t all = (size_t)f->lines + 1;
	struct covered_file part = {.lines = f->lines,
				    .hits = xcalloc(all, sizeof *part.hits),
				    .counts = xcalloc(all, sizeof *part.counts),
				    .changed = xcalloc(all, sizeof *part.changed)};
	const struct line_range whole = {1, f->lines};

	part.path = xstrdup(f->path);
	memcpy(part.hits, f->hits, all * sizeof *part.hits);
	for (size_t i = 0; i < (is_whole ? 1 : n); i++) {
		const struct line_range *r = is_whole ? &whole : &ranges[i];
		for (uint32_t line = r->first; line <= r->last && line <= f->lines; line++) {
			part.changed[line] = true;
			part.counts[line] = f->counts[line];
			part.hit += f->counts[line] && f->hits[line] > 0;
			part.missed += f->counts[line] && f->hits[line] == 0;
		}
	}
	d->hit += part.hit;
	d->missed += part.missed;
	d->files = alloc_grow(d->files, d->n, &d->cap, sizeof *d->files);
	d->files[d->n++] = part;
}

static void release_file(struct covered_file *f)
{
	for (size_t i = 0; i < f->n_functions; i++)
		free(f->functions[i].name);
	free(f->functions);
	free(f->path);
	free(f->hits);
	free(f->counts);
	free(f->changed);
	free(f->text);
}

static void free_diff(struct coverage_diff *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->n; i++)
		release_file(&d->files[i]);
	free(d->files);
	free(d->revision);
	free(d);
}

void coverage_free(struct coverage *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n; i++)
		release_file(&c->files[i]);
	free_diff(c->diff);
	free(c->files);
	free(c->minima);
	free(c);
}
