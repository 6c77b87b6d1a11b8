// SPDX-License-Identifier: MIT
#include "framework/answer.h"

#include <string.h>

struct answer answer_begin(const char *text, size_t n)
{
	static const char mark[] = "\n\0firmo-jobs";
	const char *found = n > 0 ? memmem(text, n, mark, sizeof mark) : NULL;

	return (struct answer){found ? found + sizeof mark : NULL, found ? text + n : NULL};
}

// The string at the start of the rest; NULL if its end is not there.
static const char *next_string(struct answer *a)
{
	const char *start = a->rest,
		   *nul = start < a->end ? memchr(start, '\0', (size_t)(a->end - start)) : NULL;

	if (!nul)
		return NULL;
	a->rest = nul + 1;
	return start;
}

int answer_next(struct answer *a, const char **name, const char **value)
{
	*name = next_string(a);
	*value = *name ? next_string(a) : NULL;
	if (!*value)
		return -1;
	return strcmp(*name, "end") != 0;
}
