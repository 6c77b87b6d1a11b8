// SPDX-License-Identifier: MIT
#include "framework/busted.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/path.h"
#include "framework/answer.h"
#include "framework/pattern.h"

// Longer ones make the search for them deep; no file's name has so much to tell.
#define PATTERN_MAX 1024

EMBED(evaluator, "src/framework/lua/busted_settings.lua");

const struct embedded *busted_evaluator(void)
{
	return &evaluator;
}

static void add(struct strings *list, const char *word)
{
	VEC_PUSH(list, xstrdup(word));
}

static void fill_defaults(struct busted_settings *s)
{
	if (!s->has_root)
		add(&s->roots, "spec");
	if (!s->has_pattern)
		add(&s->patterns, "_spec");
	if (s->loaders.n == 0) {
		add(&s->loaders, "lua");
		add(&s->loaders, "moonscript");
	}
}

void busted_settings_default(struct busted_settings *s)
{
	*s = (struct busted_settings){0};
	fill_defaults(s);
}

void busted_settings_release(struct busted_settings *s)
{
	struct strings *lists[] = {&s->roots,   &s->patterns, &s->excludes,
				   &s->loaders, &s->tasks,    &s->task_roots};

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		strings_free_all(lists[i]);
	free(s->helper);
	free(s->lua);
	free(s->directory);
	*s = (struct busted_settings){0};
}

// ---- reading the answer ----

// "lua,moonscript" is two.
static void add_loaders(struct busted_settings *s, const char *value)
{
	while (*value) {
		size_t n = strcspn(value, ",");
		if (n > 0)
			VEC_PUSH(&s->loaders, xstrndup(value, n));
		value += n + (value[n] == ',');
	}
}

static void set(char **place, const char *value)
{
	free(*place);
	*place = *value ? xstrdup(value) : NULL;
}

static int add_pattern(struct strings *list, const char *value, struct err *err)
{
	struct err why = {0};

	if (strlen(value) > PATTERN_MAX)
		return err_set(err, 0, "it has a pattern of more than %d bytes", PATTERN_MAX);
	if (pattern_check(value, &why) < 0)
		return err_set(err, 0, "its pattern '%s' is none: %s", value, why.message);
	add(list, value);
	return 0;
}

static int take(void *owner, const char *name, const char *value, struct err *err)
{
	struct busted_settings *s = owner;

	if (strcmp(name, "ROOTs") == 0)
		s->has_root = true;
	else if (strcmp(name, "ROOT") == 0)
		add(&s->roots, value);
	else if (strcmp(name, "patterns") == 0)
		s->has_pattern = true;
	else if (strcmp(name, "pattern") == 0)
		return add_pattern(&s->patterns, value, err);
	else if (strcmp(name, "exclude-pattern") == 0)
		return *value ? add_pattern(&s->excludes, value, err) : 0;
	else if (strcmp(name, "loaders") == 0)
		add_loaders(s, value);
	else if (strcmp(name, "task") == 0)
		add(&s->tasks, value);
	else if (strcmp(name, "task-ROOT") == 0)
		add(&s->task_roots, value);
	else if (strcmp(name, "helper") == 0)
		set(&s->helper, value);
	else if (strcmp(name, "lua") == 0)
		set(&s->lua, value);
	else if (strcmp(name, "directory") == 0)
		set(&s->directory, value);
	else if (strcmp(name, "recursive") == 0)
		s->shallow = strcmp(value, "false") == 0;
	else if (strcmp(name, "moonscript") == 0)
		s->moonscript = true;
	return 0;
}

int busted_settings_parse(struct busted_settings *s, const char *answer, size_t n, bool there,
			  struct err *err)
{
	*s = (struct busted_settings){.there = there};
	if (answer_read(answer, n, take, s, err) < 0) {
		busted_settings_release(s);
		busted_settings_default(s);
		return -1;
	}
	fill_defaults(s);
	return 0;
}

// ---- what follows ----

static bool has_loader(const struct busted_settings *s, const char *name)
{
	for (size_t i = 0; i < s->loaders.n; i++)
		if (strcmp(s->loaders.items[i], name) == 0)
			return true;
	return false;
}

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n > m && strcmp(name + n - m, end) == 0;
}

// Which files a loader takes that does not come with busted, only that loader knows.
static bool has_unknown_loader(const struct busted_settings *s)
{
	static const char *const known[] = {"lua", "moonscript", "terra"};

	for (size_t i = 0; i < s->loaders.n; i++) {
		bool is_known = false;
		for (size_t k = 0; k < sizeof known / sizeof *known; k++)
			is_known |= strcmp(s->loaders.items[i], known[k]) == 0;
		if (!is_known)
			return true;
	}
	return false;
}

static bool can_load(const struct busted_settings *s, const char *name)
{
	return (ends_with(name, ".lua") && has_loader(s, "lua")) ||
	       (ends_with(name, ".moon") && has_loader(s, "moonscript")) ||
	       (ends_with(name, ".t") && has_loader(s, "terra")) || has_unknown_loader(s);
}

// if_unknown: what it is to be where a pattern takes too long to answer. A test too many is better
// than one that is lost.
static bool has_any(const struct strings *patterns, const char *name, bool if_unknown)
{
	for (size_t i = 0; i < patterns->n; i++) {
		int found = pattern_find(patterns->items[i], name);
		if (found > 0 || (found < 0 && if_unknown))
			return true;
	}
	return false;
}

enum busted_wish busted_wants(const struct busted_settings *s, const char *name)
{
	if (!can_load(s, name) || *name == '.')
		return BUSTED_LEAVES;
	if (s->patterns.n > 0 && !has_any(&s->patterns, name, true))
		return BUSTED_LEAVES;
	return has_any(&s->excludes, name, false) ? BUSTED_EXCLUDES : BUSTED_RUNS;
}

// "spec.helper" as a module's name: its dots are slashes, and its ending is left out.
static bool is_module(const char *module, const char *path)
{
	while (*module && (*module == *path || (*module == '.' && *path == '/'))) {
		module++;
		path++;
	}
	return *module == '\0' && (strcmp(path, ".lua") == 0 || strcmp(path, "/init.lua") == 0);
}

bool busted_helps(const struct busted_settings *s, const char *path)
{
	if (!s->helper)
		return false;
	char *clean = path_clean(s->helper);
	bool helps = strcmp(clean, path) == 0 || is_module(s->helper, path);
	free(clean);
	return helps;
}
