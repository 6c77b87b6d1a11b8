// SPDX-License-Identifier: MIT
#include "model/hits.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/path.h"

static void *grow(void *array, uint32_t before, uint32_t after, size_t element)
{
	char *all = xrealloc(array, ((size_t)after + 1) * element);
	size_t old = array ? (size_t)before + 1 : 0;

	memset(all + old * element, 0, ((size_t)after + 1 - old) * element);
	return all;
}

void hits_file_grow(struct hits_file *f, uint32_t lines)
{
	if (lines > HITS_LINES_MOST)
		lines = HITS_LINES_MOST;
	if (f->counts && lines <= f->lines)
		return;
	f->counts = grow(f->counts, f->lines, lines, sizeof *f->counts);
	f->calls = grow(f->calls, f->lines, lines, sizeof *f->calls);
	f->active = grow(f->active, f->lines, lines, sizeof *f->active);
	f->lines = lines;
}

void hits_take(struct hits *h, struct hits_file *f)
{
	map_put(&h->by_path, f->path, f);
	VEC_PUSH(h, f);
}

struct hits_file *hits_file(struct hits *h, const char *path, uint32_t lines)
{
	struct hits_file *f = map_get(&h->by_path, path);

	if (!f) {
		f = xcalloc(1, sizeof *f);
		f->path = xstrdup(path);
		hits_take(h, f);
	}
	hits_file_grow(f, lines);
	return f;
}

static int by_line(const void *a, const void *b)
{
	const struct hits_function *x = a, *y = b;

	return x->first != y->first ? (x->first > y->first) - (x->first < y->first)
				    : (x->last > y->last) - (x->last < y->last);
}

void hits_file_know(struct hits_file *f, const struct hits_function *functions, size_t n)
{
	if (f->is_known)
		return;
	f->is_known = true;
	f->n_functions = n;
	f->functions = xmalloc((n + 1) * sizeof *functions);
	memcpy(f->functions, functions, n * sizeof *functions);
	qsort(f->functions, n, sizeof *functions, by_line);
}

static void add_file(struct hits *h, const struct hits_file *other)
{
	struct hits_file *f = hits_file(h, other->path, other->lines);

	for (uint32_t i = 0; i <= other->lines; i++) {
		f->counts[i] += other->counts[i];
		f->calls[i] += other->calls[i];
		f->active[i] |= other->active[i];
	}
	if (other->is_known)
		hits_file_know(f, other->functions, other->n_functions);
}

void hits_add(struct hits *h, const struct hits *other)
{
	for (size_t i = 0; i < other->n; i++)
		add_file(h, other->items[i]);
	h->has_begun |= other->has_begun;
	h->calls |= other->calls;
	h->is_wide |= other->is_wide;
	h->by_lua |= other->by_lua;
	h->lost |= other->lost;
	h->displaced |= other->displaced;
	h->is_bad |= other->is_bad;
}

void hits_name(struct hits *h, const char *cwd)
{
	map_release(&h->by_path);
	for (size_t i = 0; i < h->n; i++) {
		struct hits_file *f = h->items[i];
		char *path = path_below(f->path, cwd);
		free(f->path);
		f->path = path;
		map_put(&h->by_path, path, f);
	}
}

void hits_file_free(struct hits_file *f)
{
	free(f->path);
	free(f->counts);
	free(f->calls);
	free(f->active);
	free(f->functions);
	free(f);
}

void hits_release(struct hits *h)
{
	for (size_t i = 0; i < h->n; i++)
		hits_file_free(h->items[i]);
	free(h->items);
	map_release(&h->by_path);
	*h = (struct hits){0};
}

void hits_free(struct hits *h)
{
	if (h)
		hits_release(h);
	free(h);
}
