// SPDX-License-Identifier: MIT
#include "cli/variants.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/strings.h"
#include "cli/directives.h"
#include "cli/fixtures.h"
#include "cli/mode.h"
#include "cli/option.h"
#include "cli/options.h"
#include "cli/settings.h"
#include "model/job.h"
#include "model/way.h"
#include "plan/names.h"

// ---- what is said of a file ----

// The first override that matches counts, for each setting.
static void add_override(const struct override *v, struct statements *said)
{
	size_t earlier = said->n;

	for (size_t i = 0; i < v->said.n; i++) {
		const struct statement *s = &v->said.items[i];
		bool is_said = false;
		for (size_t k = 0; k < earlier; k++)
			is_said |= statement_is_about(&said->items[k], s);
		if (!is_said)
			statements_copy(said, s);
	}
}

int variants_add_statements(const struct settings *all, const char *path, struct job_head *head,
			    struct statements *said, struct err *err)
{
	for (size_t i = 0; i < all->overrides.n; i++)
		if (name_matches(&all->overrides.items[i].globs, path))
			add_override(&all->overrides.items[i], said);
	return directives_read(path, head, said, err);
}

// Files of which the same is said run in the same way.
static char *make_key(const struct variants *v, const char *path, const struct selection *only,
		      const struct statements *said)
{
	struct buf b = {0};

	if (only->lines || only->names)
		way_add(&b, path, only->lines ? only->lines : only->names);
	for (size_t i = 0; i < v->fixtures.n; i++)
		if (name_matches(&v->fixtures.items[i].globs, path))
			way_add(&b, "fixture", v->fixtures.items[i].name);

	for (size_t i = 0; i < said->n; i++)
		way_add(&b, said->items[i].row->name,
			said->items[i].value ? said->items[i].value : "");
	return buf_detach(&b);
}

// ---- the environment ----

static const char *find_entry(const struct strings *entries, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < entries->n; i++)
		if (strncmp(entries->items[i], name, n) == 0 && entries->items[i][n] == '=')
			return entries->items[i] + n + 1;
	return NULL;
}

// "NAME=src/?.lua;;", where `given` stands for the last two characters if it is there.
static char *make_path(const char *name, const struct strings *templates, const char *given)
{
	struct buf b = {0};

	buf_addf(&b, "%s=", name);
	for (size_t i = 0; i < templates->n; i++) {
		const char *text = templates->items[i];
		size_t n = strlen(text);
		while (n > 0 && text[n - 1] == ';')
			n--;
		buf_add(&b, text, n);
		buf_addch(&b, ';');
	}
	buf_addstr(&b, given ? given : ";");
	return buf_detach(&b);
}

// A version of Lua looks at the variable of its own, where there is one, in place of the other.
static void add_paths(struct strings *environment, const struct strings *env, const char *name,
		      const struct strings *templates)
{
	static const char *const versions[] = {"", "_5_2", "_5_3", "_5_4", "_5_5"};

	for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
		char *variable = xasprintf("%s%s", name, versions[i]);
		const char *given = find_entry(env, variable);
		if (!given)
			given = getenv(variable);
		if (templates->n > 0 && (given || i == 0))
			VEC_PUSH(environment, make_path(variable, templates, given));
		free(variable);
	}
}

static void add_preload(struct strings *environment, const struct strings *modules)
{
	struct buf b = {0};

	for (size_t i = 0; i < modules->n; i++)
		buf_addf(&b, "%s%s", i == 0 ? ENVIRONMENT_PRELOAD "=" : "\n", modules->items[i]);
	if (modules->n > 0)
		VEC_PUSH(environment, buf_detach(&b));
}

// In place of entries of the same names.
static void add_fixture(struct strings *environment, const struct fixture *f)
{
	for (size_t i = 0; i < f->variables.n; i++) {
		const char *entry = f->variables.items[i];
		size_t n = strcspn(entry, "=") + 1, k = 0;
		while (k < environment->n && strncmp(environment->items[k], entry, n) != 0)
			k++;
		if (k == environment->n)
			VEC_PUSH(environment, NULL);
		free(environment->items[k]);
		environment->items[k] = xstrdup(entry);
	}
}

// In an order that is always the same, and with a NULL at the end.
static void make_environment(struct strings *environment, const struct settings *o,
			     struct fixture *const *fixtures)
{
	strings_free_all(environment);
	add_paths(environment, &o->env, "LUA_PATH", &o->lua_path);
	add_paths(environment, &o->env, "LUA_CPATH", &o->lua_cpath);
	add_preload(environment, &o->preload);
	for (size_t i = 0; i < o->env.n; i++) {
		char *name = xstrndup(o->env.items[i], strcspn(o->env.items[i], "="));
		if (!find_entry(environment, name))
			VEC_PUSH(environment, xstrdup(o->env.items[i]));
		free(name);
	}
	for (; *fixtures; fixtures++)
		add_fixture(environment, *fixtures);
	strings_sort(environment);
	VEC_PUSH(environment, NULL);
}

// ---- the way of running it ----

static void add_environment(struct buf *way, const char *const *entries)
{
	for (; entries && *entries; entries++) {
		bool is_preload = strncmp(*entries, ENVIRONMENT_PRELOAD "=",
					  strlen(ENVIRONMENT_PRELOAD "=")) == 0;
		char *name = is_preload ? xstrdup("--preload")
					: xasprintf("variable %.*s", (int)strcspn(*entries, "="),
						    *entries);
		way_add(way, name, *entries + strcspn(*entries, "=") + 1);
		free(name);
	}
}

// All that results depend on besides their command, their inputs and their deadline
// (deadline_is_enough). A setting that no outcome depends on is none of it.
static char *make_way(const struct job_settings *job, const char *wrap, bool share_tokens)
{
	const struct limits *l = &job->limits;
	struct buf b = {0};
	char limit[32], value[32];

	way_add(&b, "firmo-jobs", FIRMO_JOBS_VERSION);
	if (job->framework >= 0)
		way_add(&b, "--framework", framework_name((enum framework)job->framework));
	if (job->selection.filter)
		way_add(&b, "--filter", job->selection.filter);
	if (job->selection.tags)
		way_add(&b, "--tag", job->selection.tags);
	if (job->selection.excluded)
		way_add(&b, "--exclude-tag", job->selection.excluded);
	if (job->selection.lines)
		way_add(&b, "FILE:LINE", job->selection.lines);
	if (job->selection.names)
		way_add(&b, "--failed", job->selection.names);
	if (job->wrapper) {
		way_add(&b, "--wrap", wrap);
		way_add(&b, "wrapper", job->wrapper->program);
	}
	for (struct fixture *const *f = job->fixtures; f && *f; f++) {
		char *name = xasprintf("setup of %.*s", (int)strcspn((*f)->name, "="), (*f)->name);
		way_add(&b, name, (*f)->setup ? (*f)->setup : "");
		free(name);
	}
	// What MAKEFLAGS is to workers.
	if (share_tokens)
		way_add(&b, "--share-tokens", "");
	for (int i = 0; i < LIMIT_COUNT; i++) {
		if (!l->set[i])
			continue;
		snprintf(limit, sizeof limit, "--limit %s", limits_name(i));
		snprintf(value, sizeof value, "%llu", (unsigned long long)l->value[i]);
		way_add(&b, limit, l->value[i] == RLIM_INFINITY ? "unlimited" : value);
	}
	add_environment(&b, job->environment);
	return buf_detach(&b);
}

void variants_blame(const struct settings *said, struct err *err)
{
	static const char *const names[] = {"command", "lua", "wrap"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct statement *s = statements_last(&said->said, options_find(names[i]));
		size_t n = strlen(names[i]);
		if (!s || !s->at || strncmp(err->message, "--", 2) != 0 ||
		    strncmp(err->message + 2, names[i], n) != 0)
			continue;
		struct err told = *err;
		err_set(err, told.errnum, "%s%s", s->at, told.message + 2 + n);
	}
}

static bool is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

// What the project's settings of busted come to holds for another interpreter as well.
static int find_commands(struct variants *v, struct variant *variant, struct err *err)
{
	const struct settings *o = &variant->settings;
	struct commands *c = &variant->commands;

	if (commands_init(c, o->lua, o->command, v->settings->extra, getenv("PATH"), err) < 0)
		return -1;
	if (o->command)
		return 0;
	c->task = v->commands->task;
	c->asks_for_lua = v->commands->asks_for_lua;
	c->moves = v->commands->moves;
	return 0;
}

static int complete(struct variants *v, struct variant *variant, struct err *err)
{
	const struct settings *o = &variant->settings, *all = v->settings;
	bool same = is_same(o->command, all->command) && is_same(o->lua, all->lua);

	if (variant->way)
		return 0;
	if (!same && find_commands(v, variant, err) < 0) {
		variants_blame(o, err);
		return -1;
	}
	if (o->wrap && wrapper_init(&variant->wrapper, o->wrap, getenv("PATH"), err) < 0) {
		variants_blame(o, err);
		return -1;
	}
	variant->job.wrapper = variant->wrapper.words ? &variant->wrapper : NULL;
	variant->way = make_way(&variant->job, o->wrap, all->run.share_tokens);
	variant->job.commands = same ? v->commands : &variant->commands;
	variant->job.way = variant->way;
	return 0;
}

const char *variants_origin(const struct variants *v, const struct job_settings *job,
			    const char *name)
{
	const struct statement *s = NULL;

	for (size_t i = 0; i < v->list.n; i++)
		if (&v->list.items[i]->job == job)
			s = statements_last(&v->list.items[i]->settings.said, options_find(name));
	return s ? statement_origin(s) : name;
}

// ---- variants ----

static void release(struct variant *variant)
{
	free(variant->key);
	settings_release(&variant->settings);
	strings_free_all(&variant->environment);
	commands_release(&variant->commands);
	wrapper_release(&variant->wrapper);
	free(variant->fixtures.items);
	free(variant->lines);
	free(variant->names);
	free(variant->way);
	free(variant);
}

void variants_release(struct variants *v)
{
	for (size_t i = 0; i < v->list.n; i++)
		release(v->list.items[i]);
	free(v->list.items);
	fixtures_release(&v->fixtures);
	*v = (struct variants){0};
}

void variants_say(const struct settings *all, const struct statements *own, struct statements *said)
{
	size_t i = 0;

	for (; i < all->said.n && all->said.items[i].layer <= LAYER_OVERRIDE; i++)
		statements_copy(said, &all->said.items[i]);
	for (size_t k = 0; k < own->n; k++)
		statements_copy(said, &own->items[k]);
	for (; i < all->said.n; i++)
		statements_copy(said, &all->said.items[i]);
}

// Takes over key.
static struct variant *add(struct variants *v, char *key, const char *path,
			   const struct selection *only, const struct statements *own,
			   struct err *err)
{
	struct variant *variant = xcalloc(1, sizeof *variant);
	struct settings *o = &variant->settings;

	*variant = (struct variant){.key = key, .settings = {.mode = &mode_run}};
	variants_say(v->settings, own, &o->said);
	if (settings_take(o, err) < 0) {
		release(variant);
		return NULL;
	}
	for (size_t i = 0; i < v->fixtures.n; i++)
		if (name_matches(&v->fixtures.items[i].globs, path))
			VEC_PUSH(&variant->fixtures, &v->fixtures.items[i]);
	VEC_PUSH(&variant->fixtures, NULL);
	make_environment(&variant->environment, o, variant->fixtures.items);
	variant->job = o->job;
	if (only->lines)
		variant->job.selection.lines = variant->lines =
			xasprintf("%s %s", only->lines, path);
	if (only->names)
		variant->job.selection.names = variant->names = xstrdup(only->names);
	if (variant->fixtures.n > 1)
		variant->job.fixtures = variant->fixtures.items;
	variant->job.environment = (const char *const *)variant->environment.items;
	// What is run again and again is not tried again.
	if (v->settings->run.rounds > 1 || v->settings->until_fail)
		variant->job.retries = 0;
	VEC_PUSH(&v->list, variant);
	return variant;
}

static struct variant *find(const struct variants *v, const char *key)
{
	for (size_t i = 0; i < v->list.n; i++)
		if (strcmp(v->list.items[i]->key, key) == 0)
			return v->list.items[i];
	return NULL;
}

const struct job_settings *variants_of(struct variants *v, struct job *job,
				       const struct selection *only, struct err *err)
{
	struct statements own = {0};
	struct variant *variant = NULL;
	if (variants_add_statements(v->settings, job->path, &job->head, &own, err) == 0) {
		char *key = make_key(v, job->path, only, &own);
		variant = find(v, key);
		if (variant)
			free(key);
		else
			variant = add(v, key, job->path, only, &own, err);
	}
	statements_release(&own);
	bool is_right = variant && (!v->commands || complete(v, variant, err) == 0);
	return is_right ? &variant->job : NULL;
}

static bool has_fixture(const struct variant *variant, const struct fixture *f)
{
	for (size_t i = 0; i < variant->fixtures.n; i++)
		if (variant->fixtures.items[i] == f)
			return true;
	return false;
}

bool variants_renew(struct variants *v, const struct fixture *f)
{
	bool changed = false;

	for (size_t i = 0; i < v->list.n; i++) {
		struct variant *one = v->list.items[i];
		if (!has_fixture(one, f) || !one->way)
			continue;
		make_environment(&one->environment, &one->settings, one->fixtures.items);
		one->job.environment = (const char *const *)one->environment.items;
		char *way = make_way(&one->job, one->settings.wrap, v->settings->run.share_tokens);
		changed |= strcmp(way, one->way) != 0;
		free(one->way);
		one->job.way = one->way = way;
	}
	return changed;
}

void variants_open(struct variants *v, const struct settings *settings)
{
	v->settings = settings;
	fixtures_load(&v->fixtures, settings);
}

int variants_complete(struct variants *v, const struct commands *commands, struct err *err)
{
	v->commands = commands;
	for (size_t i = 0; i < v->list.n; i++)
		if (complete(v, v->list.items[i], err) < 0)
			return -1;
	return 0;
}
