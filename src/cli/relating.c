// SPDX-License-Identifier: MIT
#include "cli/relating.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/path.h"
#include "cli/git.h"
#include "cli/session.h"

static int add_changes(struct firmo_jobs *s, struct err *err)
{
	struct git_changes changes = {0};
	int status = git_find_changes(s->settings->plan.related_git, &changes, err);

	for (size_t i = 0; status == 0 && i < changes.n; i++)
		// A repository of its own in this one has a slash behind its name.
		related_add(&s->related, path_clean(changes.items[i].path),
			    changes.items[i].is_news);
	git_changes_release(&changes);
	return status;
}

// Links on the way to it are followed, and one that it is itself stays: so are inputs named.
static char *target_of(const char *path)
{
	char *clean = path_clean(path), *folder = path_beside(clean, ".");
	const char *base = path_base(clean);
	bool is_folder = !*base || strcmp(base, ".") == 0 || strcmp(base, "..") == 0;
	char *real = path_real(is_folder ? clean : folder);
	char *target = real && !is_folder ? path_join(real, base) : xstrdup(real ? real : clean);

	free(real);
	free(folder);
	free(clean);
	return target;
}

// A folder above the project is all of the project.
static char *name_of(const char *path)
{
	char *cwd = path_cwd(), *target = target_of(path), *below = path_below(cwd, target);
	bool is_above = strcmp(target, "/") == 0 || strcmp(below, cwd) != 0;
	char *name = is_above ? xstrdup(".") : path_below(target, cwd);

	free(below);
	free(target);
	free(cwd);
	return name;
}

enum firmo_jobs_status relating_begin(struct firmo_jobs *s)
{
	const struct plan_settings *set = &s->settings->plan;
	struct err err = {0};

	if (set->related.n == 0 && !set->related_git)
		return FIRMO_JOBS_OK;
	s->request.related = &s->related;
	for (size_t i = 0; i < set->related.n; i++) {
		const char *path = set->related.items[i];
		related_add(&s->related, name_of(path), access(path, F_OK) < 0);
	}
	if (!set->related_git || add_changes(s, &err) == 0)
		return FIRMO_JOBS_OK;
	char *message = xasprintf("--related-git=%s: %s", set->related_git, err.message);
	session_warn(message);
	free(message);
	return FIRMO_JOBS_USAGE;
}

void relating_tell(const struct firmo_jobs *s)
{
	const struct related *r = &s->related;

	for (size_t i = 0; i < s->settings->plan.related.n && i < r->n; i++) {
		if (!r->items[i].is_news || r->items[i].is_used)
			continue;
		char *message = xasprintf("--related=%s: there is no such file, and no test was "
					  "seen to look for it",
					  r->items[i].path);
		session_warn(message);
		free(message);
	}
	if (r->unknown == 0)
		return;
	char *message = xasprintf("%zu file%s beside those that are related, as it is not known "
				  "what %s on",
				  r->unknown, r->unknown == 1 ? " runs" : "s run",
				  r->unknown == 1 ? "it depends" : "they depend");
	session_warn(message);
	free(message);
}
