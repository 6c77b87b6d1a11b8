// SPDX-License-Identifier: MIT
// A growing list of strings. Whether it owns them, its holder says.
#ifndef BASE_STRINGS_H
#define BASE_STRINGS_H

#include <stddef.h>

struct strings {
	char **items;
	size_t n, cap;
};

// Frees the list and every string in it.
void strings_free_all(struct strings *s);
// In the order of their bytes.
void strings_sort(struct strings *s);

#endif
