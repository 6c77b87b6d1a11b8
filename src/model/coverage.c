// SPDX-License-Identifier: MIT
#include "model/coverage.h"

#include <stdio.h>
#include <stdlib.h>

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
	for (; line <= f->lines && (!f->counts[line] || f->hits[line] == 0); line++)
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

static void release_file(struct covered_file *f)
{
	for (size_t i = 0; i < f->n_functions; i++)
		free(f->functions[i].name);
	free(f->functions);
	free(f->path);
	free(f->hits);
	free(f->counts);
}

void coverage_free(struct coverage *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n; i++)
		release_file(&c->files[i]);
	free(c->files);
	free(c->minima);
	free(c);
}
