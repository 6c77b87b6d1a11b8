// SPDX-License-Identifier: MIT
#include "cli/unloaded.h"

#include <fts.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/embed.h"
#include "base/err.h"
#include "base/path.h"
#include "base/strings.h"
#include "cli/evaluation.h"
#include "cli/session.h"
#include "coverage/arena.h"
#include "model/hits.h"

#define BATCH 200 // files that one interpreter compiles

EMBED(code, "src/framework/lua/unloaded.lua");

// ---- which ones ----

static bool is_lua(const FTSENT *e)
{
	return e->fts_info == FTS_F && e->fts_namelen > 4 &&
	       strcmp(e->fts_name + e->fts_namelen - 4, ".lua") == 0;
}

static void add(struct strings *found, const FTSENT *e, const struct hits *hits,
		const struct unloaded_terms *terms)
{
	char *real = path_real(e->fts_path), *path = real ? path_below(real, terms->cwd) : NULL;

	if (path && !map_get(&hits->by_path, path) && terms->wants(terms->owner, path)) {
		VEC_PUSH(found, path);
		path = NULL;
	}
	free(real);
	free(path);
}

static void find(struct strings *found, const char *const *roots, const struct hits *hits,
		 const struct unloaded_terms *terms)
{
	FTS *tree =
		*roots ? fts_open((char *const *)roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL) : NULL;

	for (FTSENT *e; tree && (e = fts_read(tree)) != NULL;)
		if (e->fts_info == FTS_D && e->fts_level > 0 && *e->fts_name == '.')
			fts_set(tree, e, FTS_SKIP);
		else if (is_lua(e))
			add(found, e, hits, terms);
	if (tree)
		fts_close(tree);
}

// ---- their lines ----

static int compile(struct hits *hits, char *const *files, size_t n,
		   const struct unloaded_terms *terms, struct err *err)
{
	struct arena arena;
	const char *arguments[BATCH + 3];
	struct buf answer = {0};

	if (arena_open(&arena, "", false, err) < 0)
		return -1;
	arguments[0] = terms->library;
	arguments[1] = arena.path;
	memcpy(arguments + 2, files, n * sizeof *files);
	arguments[n + 2] = NULL;
	const struct evaluation e = {
		.lua = terms->lua, .code = &code, .arguments = arguments, .is_work = true};
	int status = evaluation_run(&e, &answer, err);
	struct hits *known = arena_read(&arena);
	hits_name(known, terms->cwd);
	hits_add(hits, known);
	hits_free(known);
	arena_close(&arena);
	buf_release(&answer);
	return status;
}

void unloaded_add(struct hits *hits, const char *const *roots, const struct unloaded_terms *terms)
{
	struct strings found = {0};
	struct err err = {0};
	int status = 0;

	find(&found, roots, hits, terms);
	for (size_t at = 0; at < found.n && status == 0; at += BATCH)
		status = compile(hits, found.items + at,
				 found.n - at < BATCH ? found.n - at : BATCH, terms, &err);
	if (status < 0) {
		char *message = xasprintf("sources that no test has loaded count by their text "
					  "alone: %s",
					  err.message);
		session_warn(message);
		free(message);
	}
	for (size_t i = 0; i < found.n; i++)
		hits_file(hits, found.items[i], 0);
	strings_free_all(&found);
}
