// SPDX-License-Identifier: MIT
// A hash map from strings to pointers. It copies its keys; the values belong to the caller.
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

struct map_slot {
	char *key;
	void *value;
	uint64_t hash; // of the key
};

struct map {
	struct map_slot *slots;
	size_t n, cap; // cap: 0 or a power of two
};

void map_release(struct map *m);
void *map_get(const struct map *m, const char *key);
// Sets key to value, which must not be NULL; returns the value it had before, or NULL.
void *map_put(struct map *m, const char *key, void *value);
// The place of the key's value, until the next key is added: it holds NULL where the key is new,
// and has to be filled then.
void **map_at(struct map *m, const char *key);

#endif
