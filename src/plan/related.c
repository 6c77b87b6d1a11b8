// SPDX-License-Identifier: MIT
#include "plan/related.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/map.h"
#include "base/path.h"
#include "model/inputs.h"
#include "model/job.h"
#include "plan/uptodate.h"

void related_add(struct related *r, char *path, bool is_news)
{
	struct related_source s = {.path = path, .is_news = is_news};

	VEC_PUSH(r, s);
}

// The path itself, or a folder above it.
static bool holds(const char *folder, const char *path)
{
	size_t n = strlen(folder);

	return strcmp(folder, ".") == 0 ||
	       (strncmp(path, folder, n) == 0 && (!path[n] || path[n] == '/'));
}

static bool is_folder_of(const char *folder, const char *path)
{
	const char *base = path_base(path);
	size_t n = base > path ? (size_t)(base - path) - 1 : 0;

	return n == 0 ? strcmp(folder, ".") == 0
		      : strlen(folder) == n && strncmp(folder, path, n) == 0;
}

static bool is_about(const struct input_state *v, const struct related_source *s)
{
	switch (v->kind) {
	case INPUT_PATH:
	case INPUT_TYPE:
	case INPUT_STATUS:
	case INPUT_ACCESS:
	case INPUT_LINK:
	case INPUT_REAL:
	case INPUT_FREE:
	case INPUT_ROOM:
	case INPUT_XATTRS:
		return holds(s->path, v->name);
	case INPUT_LISTING:
		return holds(s->path, v->name) || (s->is_news && is_folder_of(v->name, s->path));
	default:
		return false;
	}
}

struct search {
	struct related *related;
	struct uptodate uptodate;
	signed char *known; // of each state: 1 it is about a source, 0 it is not, -1 not looked yet
};

static bool state_is_about(struct search *f, const struct input_state *v)
{
	struct related *r = f->related;
	signed char *known = &f->known[v - f->uptodate.input_states.items];

	if (*known < 0) {
		*known = 0;
		for (size_t i = 0; i < r->n; i++)
			if (is_about(v, &r->items[i]))
				*known = r->items[i].is_used = true;
	}
	return *known;
}

static bool is_related(struct search *f, const struct job *job)
{
	const struct snapshot *s = uptodate_snapshot(&f->uptodate, job);
	struct related *r = f->related;
	bool is = false;

	for (size_t i = 0; i < r->n; i++)
		if (holds(r->items[i].path, job->path))
			is = r->items[i].is_used = true;
	for (size_t i = 0; s && i < s->n; i++) {
		const struct input_state *v =
			input_states_find(&f->uptodate.input_states, s->inputs[i]);
		is |= v && state_is_about(f, v);
	}
	r->unknown += !s && !is;
	return is || !s;
}

static bool is_known(const struct search *f, const char *folder)
{
	const struct input_states *all = &f->uptodate.input_states;

	for (size_t i = 0; i < all->n; i++)
		if (holds(folder, all->items[i].name))
			return true;
	return false;
}

// Where something is news, so may be the folders above it of which no test knows anything.
static void add_folders(struct search *f, const char *path, struct map *seen)
{
	const char *base = path_base(path);
	char *folder = xstrndup(path, base > path ? (size_t)(base - path) - 1 : 0);

	if (!*folder || map_get(seen, folder) || is_known(f, folder)) {
		free(folder);
		return;
	}
	map_put(seen, folder, seen);
	related_add(f->related, folder, true);
	add_folders(f, folder, seen);
}

static void find_folders(struct search *f)
{
	struct map seen = {0};

	for (size_t i = 0, n = f->related->n; i < n; i++)
		if (f->related->items[i].is_news)
			add_folders(f, f->related->items[i].path, &seen);
	map_release(&seen);
}

int related_filter(struct related *r, struct jobs *jobs, struct store *history, struct err *err)
{
	struct search f = {.related = r};
	size_t n = 0;
	int status = history ? uptodate_open(&f.uptodate, history, jobs, 0, err) : 0;

	f.known = xmalloc(f.uptodate.input_states.n + 1);
	memset(f.known, -1, f.uptodate.input_states.n + 1);
	r->unknown = 0;
	find_folders(&f);
	for (size_t i = 0; status == 0 && i < jobs->n; i++)
		if (is_related(&f, &jobs->items[i]))
			jobs->items[n++] = jobs->items[i];
		else
			free(jobs->items[i].path);
	if (status == 0)
		jobs->n = n;
	free(f.known);
	uptodate_release(&f.uptodate);
	return status;
}

void related_release(struct related *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->items[i].path);
	free(r->items);
	*r = (struct related){0};
}
