// SPDX-License-Identifier: MIT
#include "plan/learned.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/strings.h"
#include "model/job.h"
#include "store/claims.h"

struct claim {
	char *path; // owned
	size_t file;
};

struct claims {
	struct claim *items;
	size_t n, cap;
	struct strings files; // in the order in which they came; owned
};

static void keep(const char *file, const char *path, void *arg)
{
	struct claims *all = arg;

	if (all->files.n == 0 || strcmp(all->files.items[all->files.n - 1], file) != 0)
		VEC_PUSH(&all->files, xstrdup(file));
	const struct claim c = {xstrdup(path), all->files.n - 1};
	VEC_PUSH(all, c);
}

static int compare(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;
	int d = strcmp(x->path, y->path);

	return d ? d : (x->file > y->file) - (x->file < y->file);
}

static void add_lock(struct learned *l, const char *file, const char *name)
{
	struct strings *locks = map_get(&l->by_file, file);

	if (!locks) {
		locks = xcalloc(1, sizeof *locks);
		map_put(&l->by_file, file, locks);
	}
	VEC_PUSH(locks, xstrdup(name));
}

// The n claims at c are of one path. met: which files share a lock already.
static void add_locks(struct learned *l, const struct claims *all, const struct claim *c, size_t n,
		      struct map *met)
{
	struct buf key = {0}, name = {0};

	for (size_t i = 0; i < n; i++)
		buf_addf(&key, "%zu ", c[i].file);
	// No name that a person gives holds such a byte.
	buf_addf(&name, "\x1f%s", c->path);
	if (!map_put(met, key.data, l))
		for (size_t i = 0; i < n; i++)
			add_lock(l, all->files.items[c[i].file], name.data);
	buf_release(&key);
	buf_release(&name);
}

static int load(struct learned *l, struct store *history, struct err *err)
{
	struct claims all = {0};
	struct map met = {0};
	int status = claims_each(history, keep, &all, err);

	if (all.n > 0)
		qsort(all.items, all.n, sizeof *all.items, compare);
	for (size_t i = 0, n; status == 0 && i < all.n; i += n) {
		for (n = 1; i + n < all.n && strcmp(all.items[i + n].path, all.items[i].path) == 0;)
			n++;
		if (n > 1)
			add_locks(l, &all, &all.items[i], n, &met);
	}
	for (size_t i = 0; i < all.n; i++)
		free(all.items[i].path);
	free(all.items);
	strings_free_all(&all.files);
	map_release(&met);
	return status;
}

int learned_apply(struct learned *l, struct jobs *jobs, struct store *history, struct err *err)
{
	if (!l->is_loaded && load(l, history, err) < 0)
		return -1;
	l->is_loaded = true;
	for (size_t i = 0; i < jobs->n; i++)
		jobs->items[i].learned = map_get(&l->by_file, jobs->items[i].path);
	return 0;
}

void learned_release(struct learned *l)
{
	for (size_t i = 0; i < l->by_file.cap; i++) {
		struct strings *locks = l->by_file.slots[i].value;
		if (locks)
			strings_free_all(locks);
		free(locks);
	}
	map_release(&l->by_file);
	*l = (struct learned){0};
}
