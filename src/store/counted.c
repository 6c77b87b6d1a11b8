// SPDX-License-Identifier: MIT
#include "store/counted.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "model/coverage.h"
#include "model/hits.h"
#include "model/result.h"
#include "store/database.h"
#include "store/hitpack.h"
#include "store/query.h"
#include "store/range.h"

// A run without an end may still need its counts for so long.
#define RUN_PATIENCE_NS (86400 * NS_PER_SEC)
#define TORN            "the coverage of a source is torn"

// The column counted of a result: how it was counted, and what went wrong.
enum {
	COUNTED = 1 << 0,
	HAS_CALLS = 1 << 1,
	IS_WIDE = 1 << 2,
	BY_LUA = 1 << 3,
	IS_LOST = 1 << 4,
	IS_DISPLACED = 1 << 5,
	IS_BAD = 1 << 6,
};

static int64_t flags_of(const struct hits *h)
{
	return COUNTED | (h->calls ? HAS_CALLS : 0) | (h->is_wide ? IS_WIDE : 0) |
	       (h->by_lua ? BY_LUA : 0) | (h->lost ? IS_LOST : 0) |
	       (h->displaced ? IS_DISPLACED : 0) | (h->is_bad ? IS_BAD : 0);
}

static void add_flags(struct hits *h, int64_t flags)
{
	h->has_begun = true;
	h->calls |= flags & HAS_CALLS;
	h->is_wide |= flags & IS_WIDE;
	h->by_lua |= flags & BY_LUA;
	h->lost |= flags & IS_LOST;
	h->displaced |= flags & IS_DISPLACED;
	h->is_bad |= flags & IS_BAD;
}

// ---- recording ----

static int put_source(struct store *s, const char *path, int64_t *id)
{
	int code = query_number(s, "SELECT id FROM source WHERE path=?", VALUES(TEXT(path)), id);

	if (code != SQLITE_DONE || *id > 0)
		return code;
	code = query_do(s, "INSERT INTO source(path) VALUES(?)", VALUES(TEXT(path)));
	*id = sqlite3_last_insert_rowid(s->db);
	return code;
}

// The source in the text and the shape that it had; that of an unknown text is of one result.
static int put_edition(struct store *s, const struct hits_file *f, int64_t *id)
{
	int64_t source = 0;
	struct buf shape = {0};
	int code = put_source(s, f->path, &source);

	hitpack_shape(&shape, f);
	const struct value digest = KNOWN_BYTES(f->digest.bytes, f->has_digest ? DIGEST_SIZE : 0);
	if (code == SQLITE_DONE && f->has_digest)
		code = query_number(s,
				    "SELECT id FROM edition WHERE source=? AND digest=? AND "
				    "shape=?",
				    VALUES(NUMBER(source), digest, BYTES(shape.data, shape.len)),
				    id);
	if (code == SQLITE_DONE && *id == 0) {
		code = query_do(s, "INSERT INTO edition(source, digest, shape) VALUES(?,?,?)",
				VALUES(NUMBER(source), digest, BYTES(shape.data, shape.len)));
		*id = sqlite3_last_insert_rowid(s->db);
	}
	buf_release(&shape);
	return code;
}

static bool has_run(const struct hits_file *f)
{
	for (uint32_t i = 0; i <= f->lines; i++)
		if (f->counts[i] || f->calls[i])
			return true;
	return false;
}

static int put_counts(struct store *s, const struct hits_file *f, int64_t result)
{
	int64_t edition = 0;
	struct buf counts = {0};
	int code = put_edition(s, f, &edition);

	hitpack_counts(&counts, f);
	if (code == SQLITE_DONE)
		code = query_do(
			s, "INSERT INTO counted(result, edition, counts) VALUES(?,?,?)",
			VALUES(NUMBER(result), NUMBER(edition), BYTES(counts.data, counts.len)));
	buf_release(&counts);
	return code;
}

int counted_put(struct store *s, const struct result *r, int64_t result)
{
	const struct hits *h = r->hits;

	if (!h || !h->has_begun)
		return SQLITE_DONE;
	int code = query_do(s, "UPDATE result SET counted=? WHERE id=?",
			    VALUES(NUMBER(flags_of(h)), NUMBER(result)));
	for (size_t i = 0; i < h->n && code == SQLITE_DONE; i++)
		if (!h->items[i]->is_passing && has_run(h->items[i]))
			code = put_counts(s, h->items[i], result);
	return code;
}

static int put_covered(struct store *s, int64_t run, const struct coverage *c)
{
	int code = query_do(s, "DELETE FROM covered WHERE run=?", VALUES(NUMBER(run)));

	for (size_t i = 0; i < c->n && code == SQLITE_DONE; i++) {
		int64_t source = 0;
		code = put_source(s, c->files[i].path, &source);
		if (code == SQLITE_DONE)
			code = query_do(s, "INSERT INTO covered VALUES(?,?,?,?)",
					VALUES(NUMBER(run), NUMBER(source),
					       WITHIN('n', c->files[i].hit),
					       WITHIN('n', c->files[i].missed)));
	}
	return code;
}

// Of a run that has no end yet somebody may still want all.
#define DISPENSABLE                                                                                \
	"counted IS NOT NULL AND id < (SELECT max(o.id) FROM result o WHERE o.file = result.file " \
	"AND o.counted IS NOT NULL) AND id NOT IN (SELECT result FROM snapshot UNION "             \
	"SELECT result FROM part) AND run NOT IN (SELECT id FROM run WHERE elapsed IS NULL AND "   \
	"started > ?1)"

static int drop_dispensable(struct store *s)
{
	static const char *const statements[] = {
		"DELETE FROM counted WHERE result IN (SELECT id FROM result WHERE " DISPENSABLE ")",
		"UPDATE result SET counted=NULL WHERE " DISPENSABLE, NULL};

	return query_do_all(s, statements, VALUES(NUMBER(clock_real_ns() - RUN_PATIENCE_NS)));
}

enum store_status counted_record(struct store *s, int64_t run, const struct coverage *c,
				 struct err *err)
{
	enum store_status status = query_begin(s, err);

	if (status != STORE_OK)
		return status;
	int code = put_covered(s, run, c);
	if (code == SQLITE_DONE)
		code = drop_dispensable(s);
	return query_commit(s, code, err);
}

// ---- what is known ----

static void read_source(const struct query *q, struct counted *c)
{
	struct packed digest = query_bytes(q, 1);
	struct counted_source source = {.path = query_copy(q, 0),
					.has_digest = digest.end - digest.at == DIGEST_SIZE};

	if (source.has_digest)
		memcpy(source.digest.bytes, digest.at, DIGEST_SIZE);
	c->sources = alloc_grow(c->sources, c->n, &c->cap, sizeof *c->sources);
	c->sources[c->n++] = source;
}

int counted_look(struct store *s, int64_t result, struct counted *c, struct err *err)
{
	int64_t flags = 0;
	int code = query_number(s, "SELECT counted FROM result WHERE id=?", VALUES(NUMBER(result)),
				&flags);

	c->is_known = flags & COUNTED;
	c->calls = flags & HAS_CALLS;
	c->is_wide = flags & IS_WIDE;
	if (code != SQLITE_DONE || !c->is_known)
		return code == SQLITE_DONE ? 0 : store_error(s, err);
	struct query *q = query(s,
				"SELECT s.path, e.digest FROM counted c JOIN edition e ON e.id = "
				"c.edition JOIN source s ON s.id = e.source WHERE c.result=?",
				VALUES(NUMBER(result)));
	while ((code = query_next(q, "Ch")) == SQLITE_ROW)
		read_source(q, c);
	return code == SQLITE_DONE ? 0 : store_error(s, err);
}

void counted_release(struct counted *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->sources[i].path);
	free(c->sources);
	*c = (struct counted){0};
}

int counted_last(struct store *s, const char *path, int64_t *result, struct err *err)
{
	*result = 0;
	int code = query_number(s,
				"SELECT max(r.id) FROM file f JOIN result r ON r.file = f.id WHERE "
				"f.path=? AND r.counted IS NOT NULL AND r.status = f.status AND "
				"r.started + r.wall = f.ended",
				VALUES(TEXT(path)), result);

	return code == SQLITE_DONE ? 0 : store_error(s, err);
}

// ---- loading ----

static int add_counts(struct store *s, const struct query *q, struct hits *h)
{
	struct hits_file *f = hits_file(h, query_text(q, 0), 0);
	uint32_t lines;

	return hitpack_read_shape(query_bytes(q, 1), f, &lines) &&
			       hitpack_read_counts(query_bytes(q, 2), f, lines)
		       ? SQLITE_DONE
		       : store_damaged(s, TORN);
}

static int load(struct store *s, int64_t result, int64_t flags, struct hits *h)
{
	struct query *q = query(s,
				"SELECT s.path, e.shape, c.counts FROM counted c JOIN edition e ON "
				"e.id = c.edition JOIN source s ON s.id = e.source "
				"WHERE c.result=?",
				VALUES(NUMBER(result)));
	int code = SQLITE_DONE;

	add_flags(h, flags);
	while (code == SQLITE_DONE && (code = query_next(q, "CBB")) == SQLITE_ROW)
		code = add_counts(s, q, h);
	return query_end(q, code);
}

int counted_load(struct store *s, int64_t result, struct hits *h, bool *found, struct err *err)
{
	int64_t flags = 0;
	int code = query_number(s, "SELECT counted FROM result WHERE id=?", VALUES(NUMBER(result)),
				&flags);

	*found = flags & COUNTED;
	if (code == SQLITE_DONE && *found)
		code = load(s, result, flags, h);
	return code == SQLITE_DONE ? 0 : store_error(s, err);
}

int counted_load_run(struct store *s, int64_t run,
		     void (*each)(const char *file, const struct hits *h, void *arg), void *arg,
		     struct strings *uncounted, struct err *err)
{
	struct query *q = query(s,
				"SELECT r.id, r.counted, f.path FROM result r JOIN file f ON f.id "
				"= r.file WHERE r.run=? AND r.slot >= 0 ORDER BY r.id",
				VALUES(NUMBER(run)));
	int code = SQLITE_DONE;

	while (code == SQLITE_DONE && (code = query_next(q, "IlC")) == SQLITE_ROW) {
		struct hits h = {0};
		code = SQLITE_DONE;
		if (query_is_null(q, 1))
			VEC_PUSH(uncounted, query_copy(q, 2));
		else
			code = load(s, query_int(q, 0), query_int(q, 1), &h);
		if (code == SQLITE_DONE && h.has_begun)
			each(query_text(q, 2), &h, arg);
		hits_release(&h);
	}
	query_end(q, SQLITE_DONE);
	return code == SQLITE_DONE ? 0 : store_error(s, err);
}

int counted_each(struct store *s,
		 void (*each)(int64_t run, const char *path, int64_t hit, int64_t missed,
			      void *arg),
		 void *arg, struct err *err)
{
	struct query *q = query(s,
				"SELECT c.run, s.path, c.hit, c.missed FROM covered c "
				"JOIN source s ON s.id = c.source",
				NULL);
	int code;

	while ((code = query_next(q, "ICNN")) == SQLITE_ROW)
		each(query_int(q, 0), query_text(q, 1), query_int(q, 2), query_int(q, 3), arg);
	return code == SQLITE_DONE ? 0 : store_error(s, err);
}

static int tell_counts(struct store *s, const struct query *q,
		       void (*each)(const char *path, const struct hits_file *f, void *arg),
		       void *arg)
{
	struct hits h = {0};
	int code = add_counts(s, q, &h);
	struct packed digest = query_bytes(q, 4);
	struct hits_file *f = h.items[0];

	f->has_digest = digest.end - digest.at == DIGEST_SIZE;
	if (f->has_digest)
		memcpy(f->digest.bytes, digest.at, DIGEST_SIZE);
	if (code == SQLITE_DONE)
		each(query_text(q, 3), f, arg);
	hits_release(&h);
	return code;
}

int counted_each_of(struct store *s, const char *source,
		    void (*each)(const char *path, const struct hits_file *f, void *arg), void *arg,
		    struct err *err)
{
	struct query *q = query(
		s,
		"SELECT s.path, e.shape, c.counts, f.path, e.digest FROM source s JOIN edition e "
		"ON e.source = s.id JOIN counted c ON c.edition = e.id JOIN result r ON r.id = "
		"c.result JOIN file f ON f.id = r.file WHERE s.path=? AND r.id = (SELECT max(o.id) "
		"FROM result o WHERE o.file = r.file AND o.counted IS NOT NULL) ORDER BY f.path",
		VALUES(TEXT(source)));
	int code = SQLITE_DONE;

	while (code == SQLITE_DONE && (code = query_next(q, "CBBCh")) == SQLITE_ROW)
		code = tell_counts(s, q, each, arg);
	query_end(q, SQLITE_DONE);
	return code == SQLITE_DONE ? 0 : store_error(s, err);
}
