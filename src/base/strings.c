// SPDX-License-Identifier: MIT
#include "base/strings.h"

#include <stdlib.h>
#include <string.h>

void strings_free_all(struct strings *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->items[i]);
	free(s->items);
	*s = (struct strings){0};
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strings_sort(struct strings *s)
{
	if (s->n > 1)
		qsort(s->items, s->n, sizeof *s->items, by_bytes);
}
