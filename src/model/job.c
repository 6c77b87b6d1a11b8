// SPDX-License-Identifier: MIT
#include "model/job.h"

#include <stdlib.h>
#include <string.h>

static const char *const framework_names[FRAMEWORK_COUNT] = {
	[FRAMEWORK_PLAIN] = "plain", [FRAMEWORK_TAP] = "tap",       [FRAMEWORK_LUAUNIT] = "luaunit",
	[FRAMEWORK_LUST] = "lust",   [FRAMEWORK_BUSTED] = "busted", [FRAMEWORK_FIRMO] = "firmo",
};

const char *framework_name(enum framework f)
{
	return framework_names[f];
}

int framework_parse(const char *name)
{
	for (int i = 0; i < FRAMEWORK_COUNT; i++)
		if (strcmp(framework_names[i], name) == 0)
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
