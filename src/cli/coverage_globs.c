// SPDX-License-Identifier: MIT
#include "cli/coverage_globs.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "cli/session.h"
#include "cli/unloaded.h"
#include "model/coverage.h"
#include "model/hits.h"
#include "plan/names.h"

bool coverage_globs_match(const char *glob, const char *path)
{
	const struct strings globs = {.items = (char *[]){(char *)glob}, .n = 1};

	return name_matches(&globs, path);
}

static void warn_of_include(const char *glob)
{
	struct stat st;
	bool is_folder = stat(glob, &st) == 0 && S_ISDIR(st.st_mode);
	char *message = xasprintf("--coverage-include=%s matches no source%s%s%s", glob,
				  is_folder ? "; what lies in that folder is '" : "",
				  is_folder ? glob : "", is_folder ? "/**'" : "");

	session_warn(message);
	free(message);
}

static void tell_empty_includes(const struct firmo_jobs *s)
{
	const struct strings *includes = &s->settings->coverage.includes;
	const struct coverage *c = s->run.coverage;

	for (size_t i = 0; i < includes->n; i++) {
		bool found = false;
		for (size_t k = 0; k < c->n && !found; k++)
			found = coverage_globs_match(includes->items[i], c->files[k].path);
		if (found)
			continue;
		warn_of_include(includes->items[i]);
	}
}

struct exclusion {
	const char *glob;
	bool matches;
};

static bool note_match(void *owner, const char *path)
{
	struct exclusion *e = owner;

	e->matches |= coverage_globs_match(e->glob, path);
	return false;
}

// Of what has run, and of what lies there.
static bool excludes_any(const struct firmo_jobs *s, const char *glob)
{
	static const char *const all[] = {".", NULL};
	struct exclusion e = {.glob = glob};
	const struct unloaded_terms terms = {
		.cwd = s->covering.cwd, .wants = note_match, .owner = &e};
	struct hits none = {0};

	for (size_t i = 0; i < s->covering.hits->n && !e.matches; i++)
		note_match(&e, s->covering.hits->items[i]->path);
	if (!e.matches)
		unloaded_add(&none, all, &terms);
	hits_release(&none);
	return e.matches;
}

static void tell_empty_excludes(const struct firmo_jobs *s)
{
	const struct strings *excludes = &s->settings->coverage.excludes;

	for (size_t i = 0; i < excludes->n; i++) {
		if (excludes_any(s, excludes->items[i]))
			continue;
		char *message =
			xasprintf("--coverage-exclude=%s matches no source", excludes->items[i]);
		session_warn(message);
		free(message);
	}
}

void coverage_globs_tell(const struct firmo_jobs *s)
{
	tell_empty_includes(s);
	tell_empty_excludes(s);
}
