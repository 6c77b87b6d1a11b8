// SPDX-License-Identifier: MIT
#include "base/map.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/alloc.h"

static struct map_slot *find(const struct map *m, const char *key, uint64_t hash)
{
	size_t i = hash & (m->cap - 1);

	while (m->slots[i].key && (m->slots[i].hash != hash || strcmp(m->slots[i].key, key) != 0))
		i = (i + 1) & (m->cap - 1);
	return &m->slots[i];
}

// All keys are different.
static struct map_slot *find_hole(const struct map *m, uint64_t hash)
{
	size_t i = hash & (m->cap - 1);

	while (m->slots[i].key)
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
			*find_hole(m, old.slots[i].hash) = old.slots[i];
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
	return m->cap ? find(m, key, XXH3_64bits(key, strlen(key)))->value : NULL;
}

void **map_at(struct map *m, const char *key)
{
	size_t n = strlen(key);
	uint64_t hash = XXH3_64bits(key, n);

	if (m->n * 4 >= m->cap * 3)
		grow(m);
	struct map_slot *s = find(m, key, hash);
	if (!s->key) {
		s->key = xstrndup(key, n);
		s->hash = hash;
		m->n++;
	}
	return &s->value;
}

void *map_put(struct map *m, const char *key, void *value)
{
	void **place = map_at(m, key), *before = *place;

	*place = value;
	return before;
}
