// SPDX-License-Identifier: MIT
#include "store/claims.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/strings.h"
#include "model/inputs.h"
#include "model/result.h"
#include "store/database.h"
#include "store/pack.h"
#include "store/query.h"

// The column claims: paths that no other file may write meanwhile, each followed by a NUL. So many
// bytes at most.
#define CLAIMS_MOST (256 << 10)

static bool is_torn(struct packed paths)
{
	return paths.at < paths.end && paths.end[-1] != '\0';
}

int claims_each(struct store *s, void (*each)(const char *file, const char *path, void *arg),
		void *arg, struct err *err)
{
	struct query *q = query(s, "SELECT path, claims FROM file WHERE length(claims) > 0", NULL);
	int code;

	while ((code = query_next(q, "CB")) == SQLITE_ROW) {
		struct packed paths = query_bytes(q, 1);
		if (is_torn(paths)) {
			code = store_damaged(s, "a list of paths is torn");
			break;
		}
		for (const char *path = (const char *)paths.at; path < (const char *)paths.end;
		     path += strlen(path) + 1)
			each(query_text(q, 0), path, arg);
	}
	return code == SQLITE_DONE ? 0 : store_error(s, err);
}

static void add_paths(struct strings *all, struct packed paths)
{
	const char *path = (const char *)paths.at;

	for (; !is_torn(paths) && path < (const char *)paths.end; path += strlen(path) + 1)
		VEC_PUSH(all, xstrdup(path));
}

static void join(struct buf *b, struct strings *all)
{
	strings_sort(all);
	for (size_t i = 0; i < all->n; i++) {
		size_t n = strlen(all->items[i]) + 1;
		bool is_new = i == 0 || strcmp(all->items[i], all->items[i - 1]) != 0;
		if (is_new && b->len + n <= CLAIMS_MOST)
			buf_add(b, all->items[i], n);
	}
}

// A result that may not have come to all that the file writes forgets nothing.
static bool tells_all(const struct result *r)
{
	return r->status == FILE_PASSED && !r->partial && !r->inputs->blind && !r->inputs->overflow;
}

int claims_note(struct store *s, int64_t file, const struct result *r)
{
	struct query *q = query(s, "SELECT claims FROM file WHERE id=?", VALUES(NUMBER(file)));
	struct strings all = {0};
	struct buf b = {0};
	int code = query_next(q, "b");
	struct packed was = query_bytes(q, 0);

	if (code == SQLITE_ROW && !tells_all(r))
		add_paths(&all, was);
	for (size_t i = 0; i < r->inputs->claims.n; i++)
		VEC_PUSH(&all, xstrdup(r->inputs->claims.items[i]));
	join(&b, &all);
	size_t n = code == SQLITE_ROW ? (size_t)(was.end - was.at) : 0;
	bool same = n == b.len && (n == 0 || memcmp(was.at, b.data, n) == 0);
	code = query_end(q, code == SQLITE_ROW ? SQLITE_DONE : code);
	if (code == SQLITE_DONE && !same)
		code = query_do(s, "UPDATE file SET claims=?2 WHERE id=?1",
				VALUES(NUMBER(file), BYTES(b.data, b.len)));
	strings_free_all(&all);
	buf_release(&b);
	return code;
}
