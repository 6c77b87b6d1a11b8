// SPDX-License-Identifier: MIT
#include "plan/counting.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/fingerprint.h"
#include "store/counted.h"

static const struct fingerprint *now_of(struct counting *c, const char *path)
{
	void **place = map_at(&c->sources, path);

	if (!*place) {
		struct fingerprint *now = xmalloc(sizeof *now);
		*now = fingerprint_of_path(path, NULL);
		*place = now;
	}
	return *place;
}

static bool is_current(struct counting *c, const struct counted_source *s)
{
	const struct fingerprint *now = s->has_digest ? now_of(c, s->path) : NULL;

	return now && now->present && digest_equal(&now->digest, &s->digest);
}

static enum counting_lack judge(struct counting *c, const struct counted *is)
{
	if (!is->is_known)
		return COUNTING_NONE;
	if (c->wish->calls && !is->calls)
		return COUNTING_NO_CALLS;
	if (c->wish->is_wide && !is->is_wide)
		return COUNTING_NARROW;
	for (size_t i = 0; i < is->n; i++)
		if (!is_current(c, &is->sources[i])) {
			free(c->changed);
			c->changed = xstrdup(is->sources[i].path);
			return COUNTING_CHANGED;
		}
	return COUNTING_STANDS;
}

int counting_ask(struct counting *c, int64_t result, struct err *err)
{
	struct counted is = {0};
	int lack = counted_look(c->store, result, &is, err) < 0 ? -1 : (int)judge(c, &is);

	counted_release(&is);
	return lack;
}

void counting_release(struct counting *c)
{
	for (size_t i = 0; i < c->sources.cap; i++)
		free(c->sources.slots[i].value);
	map_release(&c->sources);
	free(c->changed);
	*c = (struct counting){0};
}
