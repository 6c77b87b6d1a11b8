// SPDX-License-Identifier: MIT
#include "report/writers.h"

#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/path.h"
#include "model/conflicts.h"
#include "model/run.h"
#include "report/object.h"

#define NAMED 6 // files that are named one by one

void writers_add_paths(struct buf *b, const struct conflict *c)
{
	buf_addstr(b, c->paths[0]);
	if (c->n_paths > 1)
		buf_addf(b, " and %zu more", c->n_paths - 1);
}

const char *writers_fate(const struct run *run, const struct conflict *c)
{
	if (c->is_known)
		return "the settings keep them apart";
	if (run->conflicts == CONFLICTS_WARN)
		return c->at_once ? "they ran at once" : "they did not happen to run at once";
	return c->at_once ? "they ran at once; from the next run on they are kept apart"
			  : "they are kept apart";
}

// A glob that matches the n bytes at path and nothing else.
static void add_literal(struct buf *b, const char *path, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strchr("*?[\\", path[i]))
			buf_addch(b, '\\');
		buf_addch(b, path[i]);
	}
}

// How much of their paths is the folder that all of them lie in, with its slash.
static size_t common_folder(const struct conflict *c)
{
	const char *first = c->results[0]->job->path;
	size_t n = (size_t)(path_base(first) - first);

	for (size_t i = 1; i < c->n; i++) {
		const char *path = c->results[i]->job->path;
		while (n > 0 && (strncmp(path, first, n) != 0 || first[n - 1] != '/'))
			n--;
	}
	return n;
}

static void add_glob(struct json_object *globs, const char *path, size_t n, const char *more)
{
	struct buf b = {0};

	add_literal(&b, path, n);
	buf_addstr(&b, more);
	object_append(globs, object_string(b.data));
	buf_release(&b);
}

char *writers_override(const struct conflict *c)
{
	struct json_object *o = object_new(), *globs = object_list();
	const char *path = c->results[0]->job->path;

	for (size_t i = 0; c->n <= NAMED && i < c->n; i++)
		add_glob(globs, c->results[i]->job->path, strlen(c->results[i]->job->path), "");
	if (c->n > NAMED)
		add_glob(globs, path, common_folder(c), "**");
	object_put(o, "match", globs);
	object_put(o, "lock", object_string(c->paths[0]));
	char *text = xstrdup(object_text(o));
	json_object_put(o);
	return text;
}
