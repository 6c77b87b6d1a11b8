// SPDX-License-Identifier: MIT
#include "framework/luacov.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "framework/answer.h"
#include "framework/pattern.h"

EMBED(evaluator, "src/framework/lua/luacov_settings.lua");

const struct embedded *luacov_evaluator(void)
{
	return &evaluator;
}

void luacov_settings_release(struct luacov_settings *s)
{
	strings_free_all(&s->includes);
	strings_free_all(&s->excludes);
	strings_free_all(&s->untested);
	*s = (struct luacov_settings){0};
}

static int add_pattern(struct strings *list, const char *pattern, struct err *err)
{
	struct err why = {0};

	if (pattern_check(pattern, &why) < 0)
		return err_set(err, 0, "its pattern '%s' is none: %s", pattern, why.message);
	VEC_PUSH(list, xstrdup(pattern));
	return 0;
}

static int take(void *owner, const char *name, const char *value, struct err *err)
{
	struct luacov_settings *s = owner;

	if (strcmp(name, "include") == 0)
		return add_pattern(&s->includes, value, err);
	if (strcmp(name, "exclude") == 0)
		return add_pattern(&s->excludes, value, err);
	if (strcmp(name, "includeuntestedfiles") == 0)
		VEC_PUSH(&s->untested, xstrdup(value));
	return 0;
}

int luacov_settings_parse(struct luacov_settings *s, const char *answer, size_t n, struct err *err)
{
	*s = (struct luacov_settings){0};
	if (answer_read(answer, n, take, s, err) == 0)
		return 0;
	luacov_settings_release(s);
	return -1;
}

static bool match_any(const struct strings *patterns, const char *name)
{
	for (size_t i = 0; i < patterns->n; i++)
		if (pattern_find(patterns->items[i], name) == 1)
			return true;
	return false;
}

// LuaCov knows a file by the name that it was loaded by, with "./" or without.
bool luacov_wants(const struct luacov_settings *s, const char *path)
{
	size_t n = strlen(path);
	char *name = xasprintf("./%s", path);

	if (n > 4 && strcmp(path + n - 4, ".lua") == 0)
		name[2 + n - 4] = '\0';
	bool included = s->includes.n == 0 || match_any(&s->includes, name) ||
			match_any(&s->includes, name + 2);
	bool excluded = match_any(&s->excludes, name) || match_any(&s->excludes, name + 2);
	free(name);
	return included && !excluded;
}
