// SPDX-License-Identifier: MIT
#include "model/support.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/path.h"
#include "model/inputs.h"
#include "model/result.h"

// A file that loads so many of the others runs or checks them: they are not there for it.
#define LOADS_MANY 3

// ---- folders and the frameworks of their tests ----

static char *folder_of(const char *path)
{
	size_t n = (size_t)(path_base(path) - path);

	return n > 1 ? xstrndup(path, n - 1) : xstrdup(n ? "/" : ".");
}

static void add_framework(struct map *folders, const char *path, enum framework f)
{
	char *folder = folder_of(path);
	uintptr_t bits = (uintptr_t)map_get(folders, folder) | (uintptr_t)1 << f;

	map_put(folders, folder, (void *)bits);
	free(folder);
}

// Of which frameworks the tests beside the job's file are; where there are none, those above it.
static uintptr_t frameworks_beside(const struct map *folders, const struct job *j)
{
	char *folder = folder_of(j->path);
	uintptr_t bits = (uintptr_t)map_get(folders, folder);

	while (bits == 0 && strchr(folder, '/')) {
		char *above = folder_of(folder);
		bool is_last = strcmp(above, folder) == 0;
		free(folder);
		folder = above;
		bits = (uintptr_t)map_get(folders, folder);
		if (is_last)
			break;
	}
	free(folder);
	return bits;
}

// ---- candidates ----

// Only where busted looks for its tests does its pattern say what is none, and only of a file whose
// text shows no framework: in a folder of several frameworks a plain script is a test.
static bool may_be_left(const struct job *j)
{
	return j->in_root && j->busted_leaves && j->framework == FRAMEWORK_PLAIN;
}

void support_plan(struct support *s, const struct jobs *jobs)
{
	for (size_t i = 0; i < jobs->n; i++)
		map_put(&s->planned, jobs->items[i].path, s);
}

static void guess_folders(struct map *folders, const struct jobs *jobs)
{
	for (size_t i = 0; i < jobs->n; i++)
		if (jobs->items[i].framework == FRAMEWORK_BUSTED)
			add_framework(folders, jobs->items[i].path, FRAMEWORK_BUSTED);
}

// The job's file has tests of that framework.
static void note_tests(struct support *s, const struct job *j, enum framework f)
{
	add_framework(&s->folders, j->path, f);
	map_put(&s->runners, j->path, (void *)((uintptr_t)1 << f));
}

void support_begin(struct support *s, const struct jobs *jobs, const struct jobs *reused)
{
	struct map guessed = {0};

	map_release(&s->candidates);
	map_release(&s->folders);
	guess_folders(&guessed, jobs);
	guess_folders(&guessed, reused);
	for (size_t i = 0; i < jobs->n; i++) {
		struct job *j = &jobs->items[i];
		if (j->found == FOUND_BY_NAME && j->source != READING_GIVEN &&
		    (j->mentioned || (may_be_left(j) && frameworks_beside(&guessed, j))))
			map_put(&s->candidates, j->path, j);
	}
	// The tests of a valid pass are known.
	for (size_t i = 0; i < reused->n; i++)
		if (reused->items[i].usual_tests > 0)
			note_tests(s, &reused->items[i], reused->items[i].framework);
	map_release(&guessed);
}

bool support_may_be(const struct support *s, const struct job *j)
{
	return map_get(&s->candidates, j->path) != NULL;
}

void support_release(struct support *s)
{
	map_release(&s->planned);
	map_release(&s->candidates);
	map_release(&s->loaders);
	map_release(&s->whole);
	map_release(&s->proven);
	map_release(&s->settled);
	map_release(&s->runners);
	map_release(&s->folders);
	for (size_t i = 0; i < s->loads.n; i++) {
		free(s->loads.items[i].loader);
		free(s->loads.items[i].path);
	}
	free(s->loads.items);
	*s = (struct support){0};
}

// ---- learning ----

static char *key_of(const char *loader, const char *path)
{
	return xasprintf("%s\n%s", loader, path);
}

static bool is_whole(const struct support *s, const char *loader, const char *path)
{
	char *key = key_of(loader, path);
	bool whole = map_get(&s->whole, key) != NULL;

	free(key);
	return whole;
}

static void note_whole(struct support *s, const char *loader, const char *path)
{
	char *key = key_of(loader, path);

	map_put(&s->whole, key, s);
	map_put(&s->proven, path, s);
	free(key);
}

void support_note(struct support *s, const char *loader, const char *path, bool whole)
{
	uintptr_t so_far = (uintptr_t)map_get(&s->loaders, loader);

	if (strcmp(loader, path) == 0 || !map_get(&s->planned, path))
		return;
	if (whole) {
		note_whole(s, loader, path);
		return;
	}
	map_put(&s->loaders, loader, (void *)(so_far + 1));
	VEC_PUSH(&s->loads, ((struct load_of){xstrdup(loader), xstrdup(path)}));
}

bool support_knows(const struct support *s, const char *loader)
{
	return map_get(&s->loaders, loader) != NULL;
}

void support_learn(struct support *s, const struct result *r)
{
	if (s->candidates.n == 0)
		return;
	if (!file_status_is_bad(r->status))
		map_put(&s->settled, r->job->path, s);
	if (r->tests.n > 0)
		note_tests(s, r->job, r->framework);
	bool known = support_knows(s, r->job->path);
	for (size_t i = 0; r->inputs && i < r->inputs->list.n; i++) {
		const struct input *in = &r->inputs->list.items[i];
		if ((in->kind == INPUT_CHUNK && !known) || in->kind == INPUT_WHOLE)
			support_note(s, r->job->path, in->name, in->kind == INPUT_WHOLE);
	}
}

// ---- deciding ----

bool support_is_open(const struct support *s, const struct result *r)
{
	return map_get(&s->candidates, r->job->path) && r->tests.n == 0 && r->expected <= 0 &&
	       r->signal == 0 && !r->again && !r->partial &&
	       (r->status == FILE_PASSED || r->status == FILE_FAILED || r->status == FILE_ERROR ||
		(r->status == FILE_SKIPPED && !result_tells(r)));
}

static bool loads_many(const struct support *s, const char *loader)
{
	return (uintptr_t)map_get(&s->loaders, loader) >= LOADS_MANY;
}

// It only defines tests of a framework, and runs none.
static bool only_defines(const struct result *r)
{
	return r->status == FILE_ERROR && r->exit_code == 0 && r->errors.n == 0;
}

// The loader runs tests of the framework that the file defines some of.
static bool runs_tests_of(const struct support *s, const char *loader, const struct result *r)
{
	return only_defines(r) &&
	       ((uintptr_t)map_get(&s->runners, loader) & (uintptr_t)1 << r->framework);
}

// By itself it has ended by an error of Lua's, as what needs its loader does; and not by a verdict
// of its own.
static bool died_of_error(const struct result *r)
{
	return r->errors.n > 0 || (r->output && strstr(r->output, "stack traceback:\n"));
}

// Whether the file is support of the loader, if its code came to its end there.
static bool may_serve(const struct support *s, const char *loader, const struct result *r)
{
	if (file_status_is_bad(r->status) && only_defines(r))
		return runs_tests_of(s, loader, r);
	return !loads_many(s, loader) && (!file_status_is_bad(r->status) || died_of_error(r));
}

// The first by its name of those that have loaded the result's file and that it may be support of;
// whole: of those where it came to its end. NULL: none.
static const char *loader_of(const struct support *s, const struct result *r, bool whole)
{
	const char *first = NULL;

	for (size_t i = 0; r->job->mentioned && i < s->loads.n; i++) {
		const struct load_of *l = &s->loads.items[i];
		if (strcmp(l->path, r->job->path) == 0 &&
		    (!first || strcmp(l->loader, first) < 0) && may_serve(s, l->loader, r) &&
		    (!whole || is_whole(s, l->loader, l->path)))
			first = l->loader;
	}
	return first;
}

static char *why_support(const struct support *s, const struct result *r)
{
	const struct job *j = r->job;
	const char *loader = loader_of(s, r, file_status_is_bad(r->status));

	if (loader)
		return xasprintf("support: loaded by %s", loader);
	if (may_be_left(j) && frameworks_beside(&s->folders, j) == (uintptr_t)1 << FRAMEWORK_BUSTED)
		return xstrdup("support: busted would not run it");
	return NULL;
}

const char *support_asks(const struct support *s, const struct result *r)
{
	const char *first = NULL;
	size_t loads = 0;

	for (size_t i = 0; s->candidates.n > 0 && r->inputs && i < r->inputs->list.n; i++) {
		const struct input *in = &r->inputs->list.items[i];
		if (in->kind != INPUT_CHUNK || strcmp(in->name, r->job->path) == 0 ||
		    !map_get(&s->planned, in->name))
			continue;
		loads++;
		if (!first && map_get(&s->candidates, in->name) && !map_get(&s->proven, in->name) &&
		    !map_get(&s->settled, in->name))
			first = in->name;
	}
	// One that runs tests may run those that others define, of however many.
	return loads < LOADS_MANY || r->tests.n > 0 ? first : NULL;
}

const char *support_unproven(const struct support *s, const struct result *r)
{
	char *why = why_support(s, r);
	const char *loader = why ? NULL : loader_of(s, r, false);

	free(why);
	return loader;
}

void support_decide(const struct support *s, struct result *r)
{
	char *why = support_is_open(s, r) ? why_support(s, r) : NULL;

	if (why)
		result_skip(r, why);
}
