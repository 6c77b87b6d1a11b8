// SPDX-License-Identifier: MIT
#include "model/conflicts.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "model/inputs.h"
#include "model/run.h"

struct writing {
	const char *path, *file;
	size_t order; // of the file in the run
};

struct writings {
	struct writing *items;
	size_t n, cap;
};

static int compare(const void *a, const void *b)
{
	const struct writing *x = a, *y = b;
	int d = strcmp(x->path, y->path);

	return d ? d : (x->order > y->order) - (x->order < y->order);
}

static void gather(struct writings *all, const struct run *run)
{
	for (size_t i = 0; i < run->results.n; i++) {
		const struct result *r = run->results.items[i];
		for (size_t k = 0; r->inputs && k < r->inputs->written.n; k++) {
			struct writing w = {r->inputs->written.items[k], r->job->path, i};
			VEC_PUSH(all, w);
		}
	}
	if (all->n > 0)
		qsort(all->items, all->n, sizeof *all->items, compare);
}

// The writings from w on with its path make one conflict. Returns their number.
static size_t add(struct conflicts *c, const struct writing *w, size_t left)
{
	struct conflict one = {.path = w->path};
	size_t n = 1;

	while (n < left && strcmp(w[n].path, w->path) == 0)
		n++;
	if (n == 1)
		return n;
	one.files = xmalloc(n * sizeof *one.files);
	for (one.n = 0; one.n < n; one.n++)
		one.files[one.n] = w[one.n].file;
	VEC_PUSH(c, one);
	return n;
}

void conflicts_find(struct conflicts *c, const struct run *run)
{
	struct writings all = {0};

	*c = (struct conflicts){0};
	gather(&all, run);
	for (size_t i = 0; i < all.n;)
		i += add(c, all.items + i, all.n - i);
	free(all.items);
}

void conflicts_release(struct conflicts *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->items[i].files);
	free(c->items);
	*c = (struct conflicts){0};
}
