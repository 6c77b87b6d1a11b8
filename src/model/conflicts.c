// SPDX-License-Identifier: MIT
#include "model/conflicts.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/map.h"
#include "model/inputs.h"
#include "model/job_settings.h"
#include "model/run.h"

struct writing {
	const char *path;
	const struct result *result;
};

struct writings {
	struct writing *items;
	size_t n, cap;
};

static int compare(const void *a, const void *b)
{
	const struct writing *x = a, *y = b;
	int d = strcmp(x->path, y->path);

	return d ? d : strcmp(x->result->job->path, y->result->job->path);
}

static void gather(struct writings *all, const struct run *run)
{
	for (size_t i = 0; i < run->results.n; i++) {
		const struct result *r = run->results.items[i];
		for (size_t k = 0; r->inputs && k < r->inputs->claims.n; k++) {
			struct writing w = {r->inputs->claims.items[k], r};
			VEC_PUSH(all, w);
		}
	}
	if (all->n > 0)
		qsort(all->items, all->n, sizeof *all->items, compare);
}

// ---- what is known of the files ----

static int by_start(const void *a, const void *b)
{
	const struct result *x = *(const struct result *const *)a,
			    *y = *(const struct result *const *)b;

	return (x->offset_ns > y->offset_ns) - (x->offset_ns < y->offset_ns);
}

// Whether two of them ran at the same time, at their last attempts.
static bool ran_at_once(const struct conflict *c)
{
	const struct result **sorted = xmalloc(c->n * sizeof *sorted);
	int64_t end_ns = -1;
	bool is = false;

	memcpy(sorted, c->results, c->n * sizeof *sorted);
	qsort(sorted, c->n, sizeof *sorted, by_start);
	for (size_t i = 0; i < c->n; i++) {
		const struct result *r = sorted[i];
		if (r->slot < 0 || r->cached)
			continue;
		is |= r->offset_ns < end_ns;
		end_ns = r->offset_ns + r->wall_ns > end_ns ? r->offset_ns + r->wall_ns : end_ns;
	}
	free(sorted);
	return is;
}

static bool has_lock(const struct job_settings *s, const char *name)
{
	for (size_t i = 0; i < s->locks.n; i++)
		if (strcmp(s->locks.items[i], name) == 0)
			return true;
	return false;
}

// The settings of a past run are not known. At most one of them need not run alone.
static bool is_kept_apart(const struct conflict *c)
{
	const struct job_settings *first = NULL;
	bool share = true;

	for (size_t i = 0; i < c->n; i++) {
		const struct job_settings *s = c->results[i]->job->settings;
		if (!s)
			return false;
		if (s->exclusive)
			continue;
		if (first) {
			bool any = false;
			for (size_t k = 0; k < first->locks.n; k++)
				any |= has_lock(s, first->locks.items[k]);
			share &= any;
		}
		first = first ? first : s;
	}
	return share;
}

// ---- finding them ----

struct finding {
	struct conflicts *found;
	struct map by_files; // which files write a path -> the place of their conflict and 1
};

// The n writings at w are of one path.
static void add(struct finding *f, const struct writing *w, size_t n)
{
	struct buf key = {0};
	struct conflict one = {0};

	for (size_t i = 0; i < n; i++)
		buf_addf(&key, "%p ", (const void *)w[i].result);
	size_t place = (size_t)(uintptr_t)map_get(&f->by_files, key.data);
	if (place == 0) {
		one.results = xmalloc(n * sizeof *one.results);
		for (one.n = 0; one.n < n; one.n++)
			one.results[one.n] = w[one.n].result;
		one.at_once = ran_at_once(&one);
		one.is_known = is_kept_apart(&one);
		VEC_PUSH(f->found, one);
		place = f->found->n;
		map_put(&f->by_files, key.data, (void *)(uintptr_t)place);
	}
	struct conflict *c = &f->found->items[place - 1];
	c->paths = xrealloc(c->paths, (c->n_paths + 1) * sizeof *c->paths);
	c->paths[c->n_paths++] = w->path;
	buf_release(&key);
}

void conflicts_find(struct conflicts *c, const struct run *run)
{
	struct finding f = {.found = c};
	struct writings all = {0};

	*c = (struct conflicts){0};
	if (run->conflicts != CONFLICTS_IGNORE)
		gather(&all, run);
	for (size_t i = 0, n; i < all.n; i += n) {
		for (n = 1; i + n < all.n && strcmp(all.items[i + n].path, all.items[i].path) == 0;)
			n++;
		if (n > 1)
			add(&f, all.items + i, n);
	}
	map_release(&f.by_files);
	free(all.items);
}

void conflicts_release(struct conflicts *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->items[i].paths);
		free(c->items[i].results);
	}
	free(c->items);
	*c = (struct conflicts){0};
}
