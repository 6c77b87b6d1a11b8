// SPDX-License-Identifier: MIT
#include "model/runners.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "model/hits.h"

static struct runner_lines *lines_of(struct runners *r, const char *source, uint32_t n)
{
	void **place = map_at(&r->sources, source);
	struct runner_lines *l = *place;

	if (!l)
		*place = l = xcalloc(1, sizeof *l);
	if (!l->sets || l->n < n) {
		size_t before = l->sets ? (size_t)l->n + 1 : 0, after = (size_t)n + 1;
		l->sets = xrealloc(l->sets, after * sizeof *l->sets);
		memset(l->sets + before, 0, (after - before) * sizeof *l->sets);
		l->n = n;
	}
	return l;
}

// The set with that file as well. made: what has come of each set that there was before the file;
// 0: nothing yet.
static uint32_t extend(struct runners *r, uint32_t set, uint32_t file, uint32_t *made)
{
	const struct runner_set more = {set, file};

	if (set > 0 && r->sets.items[set].file == file)
		return set;
	if (made[set] == 0) {
		made[set] = (uint32_t)r->sets.n;
		VEC_PUSH(&r->sets, more);
	}
	return made[set];
}

void runners_add(struct runners *r, const char *file, const struct hits *h)
{
	const struct runner_set none = {0};
	uint32_t number = (uint32_t)r->files.n;

	if (r->sets.n == 0)
		VEC_PUSH(&r->sets, none);
	// Another attempt of the same file.
	if (number > 0 && strcmp(r->files.items[number - 1], file) == 0)
		number--;
	else
		VEC_PUSH(&r->files, xstrdup(file));
	uint32_t *made = xcalloc(r->sets.n, sizeof *made);
	for (size_t i = 0; i < h->n; i++) {
		const struct hits_file *f = h->items[i];
		struct runner_lines *l = lines_of(r, f->path, f->lines);
		for (uint32_t line = 1; line <= f->lines; line++)
			if (f->counts[line] > 0)
				l->sets[line] = extend(r, l->sets[line], number, made);
	}
	free(made);
}

const struct runner_lines *runners_of(const struct runners *r, const char *source)
{
	return map_get(&r->sources, source);
}

void runners_release(struct runners *r)
{
	for (size_t i = 0; i < r->sources.cap; i++) {
		struct runner_lines *l = r->sources.slots[i].value;
		if (l)
			free(l->sets);
		free(l);
	}
	map_release(&r->sources);
	strings_free_all(&r->files);
	free(r->sets.items);
	*r = (struct runners){0};
}
