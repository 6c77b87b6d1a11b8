// SPDX-License-Identifier: MIT
#include "cli/changed_lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "cli/git.h"
#include "cli/session.h"
#include "cli/unloaded.h"
#include "coverage/summary.h"
#include "model/coverage.h"
#include "model/hits.h"

// Before anything runs, as the run itself may change what git sees.
enum firmo_jobs_status changed_lines_find(struct firmo_jobs *s)
{
	const char *revision = s->settings->coverage.diff;
	struct err err = {0};

	if (!revision || git_find_changes(revision, &s->covering.changes, &err) == 0)
		return FIRMO_JOBS_OK;
	char *message = xasprintf("--coverage-diff=%s: %s", revision, err.message);
	session_warn(message);
	free(message);
	return FIRMO_JOBS_USAGE;
}

static void add_diff_of(struct coverage_diff *d, const struct coverage *c,
			const struct git_file *changed)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->files[i].path, changed->path) == 0)
			coverage_diff_add(d, &c->files[i], changed->lines.items, changed->lines.n,
					  changed->is_whole);
}

// What has changed and nobody has loaded is not covered.
void changed_lines_add(struct firmo_jobs *s, const struct summary_terms *terms,
		       const struct unloaded_terms *unloaded_terms)
{
	const struct git_changes *changes = &s->covering.changes;
	struct hits unloaded = {0};
	struct coverage_diff *d = xcalloc(1, sizeof *d);
	const char **roots = xcalloc(changes->n + 1, sizeof *roots);
	size_t n = 0;

	for (size_t i = 0; i < changes->n; i++)
		if (!map_get(&s->covering.hits->by_path, changes->items[i].path))
			roots[n++] = changes->items[i].path;
	unloaded_add(&unloaded, roots, unloaded_terms);
	struct coverage *others = summary_make(&unloaded, terms);
	d->revision = xstrdup(s->settings->coverage.diff);
	for (size_t i = 0; i < changes->n; i++) {
		add_diff_of(d, s->run.coverage, &changes->items[i]);
		add_diff_of(d, others, &changes->items[i]);
	}
	s->run.coverage->diff = d;
	coverage_free(others);
	hits_release(&unloaded);
	free(roots);
}
