// SPDX-License-Identifier: MIT
#include "report/coverage.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/text.h"
#include "model/coverage.h"
#include "report/layout.h"
#include "report/object.h"

#define WORST  15 // files
#define ROWS   12 // rows of missed lines
#define INDENT 21 // where the paths begin

// ---- text ----

static int by_percent(const void *a, const void *b)
{
	const struct covered_file *x = *(const struct covered_file *const *)a,
				  *y = *(const struct covered_file *const *)b;
	double p = coverage_percent(x->hit, x->missed), q = coverage_percent(y->hit, y->missed);

	if (p != q)
		return (p > q) - (p < q);
	return x->missed != y->missed ? (x->missed < y->missed) - (x->missed > y->missed)
				      : strcmp(x->path, y->path);
}

// Those of which lines were missed, n of them.
static const struct covered_file **sort_worst(const struct coverage *c, size_t *n)
{
	const struct covered_file **files = xmalloc((c->n + 1) * sizeof *files);

	*n = 0;
	for (size_t i = 0; i < c->n; i++)
		if (c->files[i].missed > 0)
			files[(*n)++] = &c->files[i];
	if (*n > 0)
		qsort(files, *n, sizeof *files, by_percent);
	return files;
}

// ": 3-9, 12 and 2 more".
static void add_missed(struct buf *b, const struct covered_file *f, bool all)
{
	uint32_t at = 1, first, last;
	size_t rows = 0;

	while (covered_file_missed(f, &at, &first, &last)) {
		if (rows++ >= ROWS && !all)
			continue;
		buf_addf(b, "%s %u", rows == 1 ? ":" : ",", first);
		if (last > first)
			buf_addf(b, "-%u", last);
	}
	if (rows > ROWS && !all)
		buf_addf(b, " and %zu more", rows - ROWS);
}

static void add_file(struct buf *b, const struct covered_file *f, bool all)
{
	struct buf percent = {0}, line = {0};

	coverage_add_percent(&percent, f->hit, f->missed);
	buf_addf(b, "  %6s%% %6ld missed ", percent.data, f->missed);
	buf_addstr(&line, f->path);
	add_missed(&line, f, all);
	layout_words(b, line.data, INDENT + 4);
	buf_addch(b, '\n');
	buf_release(&percent);
	buf_release(&line);
}

void report_coverage_add(struct buf *b, const struct coverage *c, bool all)
{
	size_t n;
	const struct covered_file **files = sort_worst(c, &n);

	buf_addstr(b, "Coverage: ");
	if (c->hit + c->missed == 0) {
		buf_addstr(b, "no source has a line that counts\n");
		free(files);
		return;
	}
	coverage_add_percent(b, c->hit, c->missed);
	buf_addf(b, "%% of %ld line%s in %zu file%s, %ld missed\n", c->hit + c->missed,
		 c->hit + c->missed == 1 ? "" : "s", c->n, c->n == 1 ? "" : "s", c->missed);
	for (size_t i = 0; i < n && (all || i < WORST); i++)
		add_file(b, files[i], all);
	if (!all && n > WORST)
		buf_addf(b, "  and %zu more files with missed lines (-v shows all)\n", n - WORST);
	free(files);
}

void report_coverage_add_diff(struct buf *b, const struct coverage *c)
{
	const struct coverage_diff *d = c ? c->diff : NULL;

	if (!d)
		return;
	buf_addstr(b, "Changed since ");
	text_add_visible(b, d->revision);
	if (d->hit + d->missed == 0) {
		buf_addstr(b, ": no line that counts\n");
		return;
	}
	buf_addstr(b, ": ");
	coverage_add_percent(b, d->hit, d->missed);
	buf_addf(b, "%% of %ld line%s covered, %ld missed\n", d->hit + d->missed,
		 d->hit + d->missed == 1 ? " is" : "s are", d->missed);
	for (size_t i = 0; i < d->n; i++)
		if (d->files[i].missed > 0)
			add_file(b, &d->files[i], true);
}

void report_coverage_add_minima(struct buf *b, const struct coverage *c)
{
	for (size_t i = 0; c && i < c->n_minima; i++) {
		struct buf line = {0};
		if (!c->minima[i].is_missed)
			continue;
		coverage_add_minimum(&line, &c->minima[i]);
		buf_addstr(b, "Too little: ");
		text_add_visible(b, line.data);
		buf_addch(b, '\n');
		buf_release(&line);
	}
}

// ---- JSON ----

static void put_sums(struct json_object *o, long hit, long missed)
{
	struct buf percent = {0};

	coverage_add_percent(&percent, hit, missed);
	object_put(o, "percent", object_number(strtod(percent.data, NULL), percent.data));
	object_put(o, "hit", object_integer(hit));
	object_put(o, "missed", object_integer(missed));
	buf_release(&percent);
}

static struct json_object *lines_of(const struct covered_file *f)
{
	struct json_object *list = object_list();

	for (uint32_t i = 1; i <= f->lines; i++) {
		if (!f->counts[i])
			continue;
		struct json_object *pair = object_list();
		object_append(pair, object_integer(i));
		object_append(pair, object_unsigned(f->hits[i]));
		object_append(list, pair);
	}
	return list;
}

static struct json_object *functions_of(const struct covered_file *f, bool has_calls)
{
	struct json_object *list = object_list();

	for (size_t i = 0; i < f->n_functions; i++) {
		const struct covered_function *is = &f->functions[i];
		struct json_object *o = object_new();
		object_put(o, "name", object_string(is->name));
		object_put(o, "first", object_integer(is->first));
		object_put(o, "last", object_integer(is->last));
		object_put(o, "calls", has_calls ? object_unsigned(is->calls) : NULL);
		object_append(list, o);
	}
	return list;
}

static struct json_object *diff_object(const struct coverage_diff *d)
{
	struct json_object *o = d ? object_new() : NULL, *files = d ? object_list() : NULL;

	for (size_t i = 0; d && i < d->n; i++) {
		struct json_object *file = object_new();
		object_put(file, "path", object_string(d->files[i].path));
		put_sums(file, d->files[i].hit, d->files[i].missed);
		object_put(file, "lines", lines_of(&d->files[i]));
		object_append(files, file);
	}
	if (d) {
		object_put(o, "revision", object_string(d->revision));
		put_sums(o, d->hit, d->missed);
		object_put(o, "files", files);
	}
	return o;
}

static struct json_object *minimum_object(const struct coverage_minimum *m)
{
	struct json_object *o = object_new();
	char text[32];

	snprintf(text, sizeof text, "%.6g", m->percent);
	object_put(o, "minimum", object_number(m->percent, text));
	object_put(o, "glob", object_string(m->glob));
	put_sums(o, m->hit, m->missed);
	object_put(o, "holds", object_boolean(!m->is_missed));
	return o;
}

struct json_object *report_coverage_object(const struct coverage *c)
{
	struct json_object *files = c ? object_list() : NULL, *minima = c ? object_list() : NULL;

	if (!c)
		return NULL;
	struct json_object *o = object_new();
	put_sums(o, c->hit, c->missed);
	for (size_t i = 0; i < c->n; i++) {
		struct json_object *file = object_new();
		object_put(file, "path", object_string(c->files[i].path));
		put_sums(file, c->files[i].hit, c->files[i].missed);
		object_put(file, "lines", lines_of(&c->files[i]));
		object_put(file, "functions", functions_of(&c->files[i], c->has_calls));
		object_append(files, file);
	}
	for (size_t i = 0; i < c->n_minima; i++)
		object_append(minima, minimum_object(&c->minima[i]));
	object_put(o, "files", files);
	object_put(o, "minima", minima);
	object_put(o, "diff", diff_object(c->diff));
	return o;
}
