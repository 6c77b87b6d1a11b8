// SPDX-License-Identifier: MIT
#include "store/handover.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/map.h"
#include "base/path.h"
#include "model/inputs.h"
#include "store/database.h"
#include "store/pack.h"
#include "store/query.h"

struct search {
	struct {
		struct written {
			char *path, *producer;
		} * items;
		size_t n, cap;
	} written;
	struct {
		struct named {
			int64_t id;   // of a version of an input
			size_t which; // of written: what it stands for
			bool listed;  // as an entry of its folder
		} * items;            // by id
		size_t n, cap;
	} named;
	struct numbers ids; // of named
};

static void release(struct search *h)
{
	for (size_t i = 0; i < h->written.n; i++) {
		free(h->written.items[i].path);
		free(h->written.items[i].producer);
	}
	free(h->written.items);
	free(h->named.items);
	free(h->ids.items);
}

// ---- what is written ----

static bool is_torn(struct packed paths)
{
	return paths.at < paths.end && paths.end[-1] != '\0';
}

static int load_written(struct store *s, struct search *h, const struct map *planned)
{
	struct query *q =
		query(s,
		      "SELECT f.path, s.written FROM (SELECT file, written FROM snapshot UNION "
		      "SELECT file, written FROM part) s JOIN file f ON f.id = s.file "
		      "WHERE length(s.written) > 0",
		      NULL);
	int code;

	while ((code = query_next(q, "CB")) == SQLITE_ROW) {
		const char *producer = query_text(q, 0);
		struct packed paths = query_bytes(q, 1);
		if (is_torn(paths))
			return store_damaged(s, "a list of paths is torn");
		for (const char *path = (const char *)paths.at;
		     path < (const char *)paths.end && map_get(planned, producer);
		     path += strlen(path) + 1) {
			const struct written w = {xstrdup(path), xstrdup(producer)};
			VEC_PUSH(&h->written, w);
		}
	}
	return code;
}

// ---- as which inputs it is known ----

static int find_versions(struct store *s, struct search *h, size_t which, enum input_kind kind,
			 const char *name)
{
	struct query *q = query(s, "SELECT id FROM input WHERE kind=? AND name=?",
				VALUES(NUMBER(kind), TEXT(name)));
	int code;

	while ((code = query_next(q, "I")) == SQLITE_ROW) {
		const struct named n = {query_int(q, 0), which, kind == INPUT_LISTING};
		VEC_PUSH(&h->named, n);
	}
	return code;
}

static char *folder_of(const char *path)
{
	size_t n = (size_t)(path_base(path) - path);

	return n > 1 ? xstrndup(path, n - 1) : xstrdup(n ? "/" : ".");
}

// By its name, and as an entry of its folder.
static int find_inputs(struct store *s, struct search *h, size_t which)
{
	const char *path = h->written.items[which].path;
	char *folder = folder_of(path);
	int code = find_versions(s, h, which, INPUT_LISTING, folder);

	free(folder);
	for (int kind = INPUT_PATH; kind < INPUT_KINDS && code == SQLITE_DONE; kind++)
		if (input_is_path((enum input_kind)kind))
			code = find_versions(s, h, which, (enum input_kind)kind, path);
	return code;
}

static int by_id(const void *a, const void *b)
{
	return pack_compare_ids(&((const struct named *)a)->id, &((const struct named *)b)->id);
}

static int find_all_inputs(struct store *s, struct search *h)
{
	int code = SQLITE_DONE;

	for (size_t i = 0; i < h->written.n && code == SQLITE_DONE; i++)
		code = find_inputs(s, h, i);
	if (h->named.n > 0)
		qsort(h->named.items, h->named.n, sizeof *h->named.items, by_id);
	for (size_t i = 0; i < h->named.n; i++)
		VEC_PUSH(&h->ids, h->named.items[i].id);
	return code;
}

// ---- who depends on that ----

// Whether one of the paths is path, or, in_folder, one beside it.
static bool has_path(struct packed paths, const char *path, bool in_folder)
{
	size_t n = (size_t)(path_base(path) - path);

	for (const char *p = (const char *)paths.at; p < (const char *)paths.end;
	     p += strlen(p) + 1)
		if (in_folder ? (size_t)(path_base(p) - p) == n && memcmp(p, path, n) == 0
			      : strcmp(p, path) == 0)
			return true;
	return false;
}

struct reader {
	const char *path;
	struct packed written;
	handover_told *told;
	void *arg;
};

static void tell(const struct search *h, const struct reader *r, int64_t id)
{
	const int64_t *at = bsearch(&id, h->ids.items, h->ids.n, sizeof id, pack_compare_ids);

	if (!at)
		return;
	while (at > h->ids.items && at[-1] == id)
		at--;
	for (size_t i = (size_t)(at - h->ids.items); i < h->named.n && h->named.items[i].id == id;
	     i++) {
		const struct named *n = &h->named.items[i];
		const struct written *w = &h->written.items[n->which];
		// What both write to is not handed over.
		if (strcmp(w->producer, r->path) != 0 && !has_path(r->written, w->path, n->listed))
			r->told(w->producer, r->path, w->path, r->arg);
	}
}

static int tell_reader(struct store *s, const struct search *h, struct packed inputs,
		       const struct reader *r)
{
	size_t n;
	int64_t *ids = is_torn(r->written) ? NULL : packed_ids(inputs, &n);

	if (!ids)
		return store_damaged(s, "a list of inputs is torn");
	for (size_t i = 0; i < n; i++)
		tell(h, r, ids[i]);
	free(ids);
	return SQLITE_DONE;
}

static int load_readers(struct store *s, const struct search *h, const struct map *planned,
			handover_told *told, void *arg)
{
	struct query *q = query(s,
				"SELECT f.path, s.inputs, s.written FROM (SELECT file, inputs, "
				"written FROM snapshot UNION ALL SELECT file, inputs, written FROM "
				"part) s JOIN file f ON f.id = s.file",
				NULL);
	int code = SQLITE_DONE;

	while (code == SQLITE_DONE && (code = query_next(q, "CBB")) == SQLITE_ROW) {
		const struct reader r = {query_text(q, 0), query_bytes(q, 2), told, arg};
		code = map_get(planned, r.path) ? tell_reader(s, h, query_bytes(q, 1), &r)
						: SQLITE_DONE;
	}
	return code;
}

int handover_load(struct store *s, const struct map *planned, handover_told *told, void *arg,
		  struct err *err)
{
	struct search h = {0};
	int code = load_written(s, &h, planned);

	if (code == SQLITE_DONE)
		code = find_all_inputs(s, &h);
	if (code == SQLITE_DONE && h.named.n > 0)
		code = load_readers(s, &h, planned, told, arg);
	release(&h);
	return code == SQLITE_DONE ? 0 : store_error(s, err);
}
