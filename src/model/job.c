// SPDX-License-Identifier: MIT
#include "model/job.h"

#include <stdlib.h>
#include <string.h>

#include "model/job_settings.h"

const char *const framework_words[] = {
	"auto",
	[1 + FRAMEWORK_PLAIN] = "plain",
	[1 + FRAMEWORK_TAP] = "tap",
	[1 + FRAMEWORK_LUAUNIT] = "luaunit",
	[1 + FRAMEWORK_LUST] = "lust",
	[1 + FRAMEWORK_BUSTED] = "busted",
	[1 + FRAMEWORK_FIRMO] = "firmo",
	[1 + FRAMEWORK_COUNT] = NULL,
};

const char *framework_name(enum framework f)
{
	return framework_words[1 + f];
}

int framework_parse(const char *name)
{
	for (int i = 0; i < FRAMEWORK_COUNT; i++)
		if (strcmp(framework_words[1 + i], name) == 0)
			return i;
	return -1;
}

static void release_handovers(struct handovers *h)
{
	for (size_t i = 0; i < h->n; i++)
		free(h->items[i].path);
	free(h->items);
}

void jobs_release(struct jobs *j)
{
	for (size_t i = 0; i < j->n; i++)
		free(j->items[i].path);
	release_handovers(&j->handovers);
	release_handovers(&j->circles);
	free(j->items);
	*j = (struct jobs){0};
}

size_t job_count_locks(const struct job *j)
{
	return j->settings->locks.n + (j->learned ? j->learned->n : 0);
}

const char *job_lock(const struct job *j, size_t i)
{
	size_t n = j->settings->locks.n;

	return i < n ? j->settings->locks.items[i] : j->learned->items[i - n];
}
