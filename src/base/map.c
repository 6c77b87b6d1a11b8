// SPDX-License-Identifier: MIT
#include "base/map.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/alloc.h"

static struct map_slot *find(const struct map *m, const char *key)
{
	size_t i = XXH3_64bits(key, strlen(key)) & (m->cap - 1);

	while (m->slots[i].key && strcmp(m->slots[i].key, key) != 0)
		i = (i + 1) & (m->cap - 1);
	return &m->slots[i];
}

static void grow(struct map *m)
{
	struct map old = *m;

	m->cap = old.cap ? old.cap * 2 : 64;
	m->slots = xcalloc(m->cap, sizeof *m->slots);
	for (size_t i = 0; i < old.cap; i++)
		if (old.slots[i].key)
			*find(m, old.slots[i].key) = old.slots[i];
	free(old.slots);
}

void map_release(struct map *m)
{
	for (size_t i = 0; i < m->cap; i++)
		free(m->slots[i].key);
	free(m->slots);
	*m = (struct map){0};
}

void *map_get(const struct map *m, const char *key)
{
	return m->cap ? find(m, key)->value : NULL;
}

void *map_put(struct map *m, const char *key, void *value)
{
	if (m->n * 4 >= m->cap * 3)
		grow(m);

	struct map_slot *s = find(m, key);
	void *before = s->value;
	if (!s->key) {
		s->key = xstrdup(key);
		m->n++;
	}
	s->value = value;
	return before;
}
