// SPDX-License-Identifier: MIT
// Lines stand in rows of neighbours: how many lines lie before the row, how many it has, and then
// what is told of each. Of a source where everything runs that is little more than a byte a line.
#include "store/hitpack.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "model/hits.h"

// ---- rows of lines ----

// The next row from line *from on, of those that have what `has` asks for: *n lines, 0: there is
// none.
static uint32_t next_row(const struct hits_file *f, uint32_t from, uint32_t *n,
			 bool (*has)(const struct hits_file *f, uint32_t line))
{
	uint32_t first = from, end;

	while (first <= f->lines && !has(f, first))
		first++;
	for (end = first; end <= f->lines && has(f, end); end++)
		;
	*n = end - first;
	return first;
}

// The numbers of each line of a row stand behind it.
static void pack_rows(struct buf *b, const struct hits_file *f, const uint64_t *numbers,
		      bool (*has)(const struct hits_file *f, uint32_t line))
{
	uint32_t from = 0, n, first;

	while ((first = next_row(f, from, &n, has)), n > 0) {
		pack_number(b, n);
		pack_number(b, first - from);
		for (uint32_t i = 0; numbers && i < n; i++)
			pack_number(b, numbers[first + i]);
		from = first + n;
	}
	pack_number(b, 0);
}

// The next row of so many lines: *n from *first on, which is behind *from; false: there is none.
static bool read_row(struct packed *p, uint32_t lines, uint32_t *from, uint32_t *first, uint32_t *n)
{
	uint64_t length = packed_number(p), gap = length ? packed_number(p) : 0;
	uint64_t left = (uint64_t)lines + 1 - *from;

	p->torn = p->torn || length > left || gap > left - length;
	if (p->torn || length == 0)
		return false;
	*first = *from + (uint32_t)gap;
	*n = (uint32_t)length;
	*from = *first + *n;
	return true;
}

static bool is_active(const struct hits_file *f, uint32_t line)
{
	return f->active[line];
}

static bool is_hit(const struct hits_file *f, uint32_t line)
{
	return f->counts[line] > 0;
}

static bool is_called(const struct hits_file *f, uint32_t line)
{
	return f->calls[line] > 0;
}

static void read_numbers(struct packed *p, uint32_t lines, uint64_t *numbers)
{
	uint32_t from = 0, first, n;

	while (read_row(p, lines, &from, &first, &n))
		for (uint32_t i = first; i < first + n; i++)
			numbers[i] += packed_number(p);
}

// ---- shapes ----

void hitpack_shape(struct buf *b, const struct hits_file *f)
{
	uint32_t before = 0;

	pack_number(b, f->lines);
	pack_number(b, f->is_known);
	pack_rows(b, f, NULL, is_active);
	for (size_t i = 0; f->is_known && i < f->n_functions; i++) {
		pack_number(b, f->functions[i].first - before);
		pack_number(b, f->functions[i].last - f->functions[i].first);
		before = f->functions[i].first;
	}
}

static void read_functions(struct packed *p, struct hits_file *f, uint32_t lines)
{
	// Each takes two bytes at least.
	struct hits_function *all = xmalloc(((size_t)(p->end - p->at) + 1) * sizeof *all);
	size_t n = 0;
	uint64_t first = 0;

	while (p->at < p->end && !p->torn) {
		uint64_t more = packed_number(p), rest = packed_number(p);
		p->torn = p->torn || more > lines - first || rest > lines - first - more;
		first += p->torn ? 0 : more;
		all[n++] = (struct hits_function){(uint32_t)first, (uint32_t)(first + rest)};
	}
	if (!p->torn)
		hits_file_know(f, all, n);
	free(all);
}

bool hitpack_read_shape(struct packed p, struct hits_file *f, uint32_t *lines)
{
	uint64_t all = packed_number(&p), is_known = packed_number(&p);
	uint32_t from = 0, first, n;

	if (p.torn || all > HITS_LINES_MOST || is_known > 1)
		return false;
	*lines = (uint32_t)all;
	hits_file_grow(f, *lines);
	while (read_row(&p, *lines, &from, &first, &n))
		for (uint32_t i = first; i < first + n; i++)
			f->active[i] = true;
	if (is_known && !p.torn)
		read_functions(&p, f, *lines);
	return !p.torn && p.at == p.end;
}

// ---- counts ----

void hitpack_counts(struct buf *b, const struct hits_file *f)
{
	pack_rows(b, f, f->counts, is_hit);
	pack_rows(b, f, f->calls, is_called);
}

bool hitpack_read_counts(struct packed p, struct hits_file *f, uint32_t lines)
{
	read_numbers(&p, lines, f->counts);
	read_numbers(&p, lines, f->calls);
	return !p.torn && p.at == p.end;
}
