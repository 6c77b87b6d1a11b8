// SPDX-License-Identifier: MIT
// A hash map from strings to pointers. It copies its keys; the values belong to the caller.
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stddef.h>

struct map_slot {
	char *key;
	void *value;
};

struct map {
	struct map_slot *slots;
	size_t n, cap; // cap: 0 or a power of two
};

void map_release(struct map *m);
void *map_get(const struct map *m, const char *key);
// Sets key to value, which must not be NULL; returns the value it had before, or NULL.
void *map_put(struct map *m, const char *key, void *value);

#endif
