// SPDX-License-Identifier: MIT
#include "framework/answer.h"

#include <string.h>

#include "base/err.h"

struct answer {
	const char *rest, *end;
};

static struct answer begin(const char *text, size_t n)
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

int answer_read(const char *text, size_t n, answer_take *take, void *owner, struct err *err)
{
	struct answer a = begin(text, n);
	const char *name, *value;

	while ((name = next_string(&a)) && (value = next_string(&a))) {
		if (strcmp(name, "end") == 0)
			return 0;
		if (strcmp(name, "error") == 0)
			return err_set(err, 0, "%s", *value ? value : "it fails without a word");
		if (take(owner, name, value, err) < 0)
			return -1;
	}
	return err_set(err, 0, "it ends the interpreter that reads it");
}
