// SPDX-License-Identifier: MIT
#include "store/unpack.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "model/hits.h"
#include "model/result.h"
#include "store/hitpack.h"

// ---- what the bytes hold ----

static bool packed_numbers(struct packed p, struct numbers *cells)
{
	cells->items = packed_ids(p, &cells->n);
	return cells->items;
}

static void add_sample(struct numbers *cells, const struct sample *s)
{
	const int64_t row[] = {s->run,     s->status, s->attempt,  s->concurrent, s->partial,
			       s->wall_ns, s->cpu_ns, s->delay_ns, s->peak_bytes, s->inputs};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++)
		VEC_PUSH(cells, row[i]);
}

static bool packed_samples(struct packed p, struct numbers *cells)
{
	struct series t = {0};
	bool whole = packed_series(p, &t);

	for (size_t i = 0; i < t.n; i++)
		add_sample(cells, &t.items[i]);
	series_release(&t);
	return whole;
}

static bool unpack_paths(struct packed p, struct numbers *cells)
{
	const unsigned char *start = p.at;

	if (p.at < p.end && p.end[-1] != '\0')
		return false;
	while (p.at < p.end) {
		size_t n = strlen((const char *)p.at);
		VEC_PUSH(cells, p.at - start);
		VEC_PUSH(cells, (int64_t)n);
		p.at += n + 1;
	}
	return true;
}

static const struct shape shapes[] = {
	{"numbers", "number", 1, false, "a list of inputs is torn", packed_numbers},
	{"samples", "run, status, attempt, crowded, partial, wall, cpu, delay, peak, inputs", 10,
	 false, "the figures of a file are torn", packed_samples},
	{"paths", "path", 0, true, "a list of paths is torn", unpack_paths},
};

// ---- the module of sqlite ----

struct unpack_table {
	sqlite3_vtab base;
	const struct shape *shape;
};

struct cursor {
	sqlite3_vtab_cursor base;
	char *bytes; // a copy
	struct numbers cells;
	size_t row;
};

static const struct shape *shape_of(sqlite3_vtab_cursor *c)
{
	return ((struct unpack_table *)c->pVtab)->shape;
}

static size_t width(const struct shape *shape)
{
	return (size_t)shape->numbers + (shape->has_text ? 2 : 0);
}

static int columns(const struct shape *shape)
{
	return shape->numbers + shape->has_text;
}

static int on_connect(sqlite3 *db, void *arg, int argc, const char *const *argv,
		      sqlite3_vtab **made, char **error)
{
	const struct shape *shape = arg;
	char *sql = xasprintf("CREATE TABLE x(%s, packed HIDDEN)", shape->columns);
	int code = sqlite3_declare_vtab(db, sql);

	(void)argc;
	(void)argv;
	(void)error;
	free(sql);
	if (code != SQLITE_OK)
		return code;
	struct unpack_table *t = xcalloc(1, sizeof *t);
	t->shape = shape;
	*made = &t->base;
	return SQLITE_OK;
}

static int on_disconnect(sqlite3_vtab *t)
{
	free(t);
	return SQLITE_OK;
}

// The bytes have to be given.
static int on_plan(sqlite3_vtab *t, sqlite3_index_info *info)
{
	int packed = columns(((struct unpack_table *)t)->shape);

	for (int i = 0; i < info->nConstraint; i++) {
		const struct sqlite3_index_constraint *c = &info->aConstraint[i];
		if (c->iColumn != packed || c->op != SQLITE_INDEX_CONSTRAINT_EQ || !c->usable)
			continue;
		info->aConstraintUsage[i].argvIndex = 1;
		info->aConstraintUsage[i].omit = 1;
		info->estimatedCost = 100;
		info->estimatedRows = 100;
		return SQLITE_OK;
	}
	return SQLITE_CONSTRAINT;
}

static int on_open(sqlite3_vtab *t, sqlite3_vtab_cursor **made)
{
	struct cursor *c = xcalloc(1, sizeof *c);

	(void)t;
	*made = &c->base;
	return SQLITE_OK;
}

static void clear(struct cursor *c)
{
	free(c->bytes);
	free(c->cells.items);
	c->bytes = NULL;
	c->cells = (struct numbers){0};
	c->row = 0;
}

static int on_close(sqlite3_vtab_cursor *base)
{
	clear((struct cursor *)base);
	free(base);
	return SQLITE_OK;
}

static int on_filter(sqlite3_vtab_cursor *base, int plan, const char *name, int argc,
		     sqlite3_value **argv)
{
	struct cursor *c = (struct cursor *)base;
	size_t n = argc > 0 ? (size_t)sqlite3_value_bytes(argv[0]) : 0;

	(void)plan;
	(void)name;
	clear(c);
	if (n == 0)
		return SQLITE_OK;
	c->bytes = xmalloc(n);
	memcpy(c->bytes, sqlite3_value_blob(argv[0]), n);
	const unsigned char *at = (const unsigned char *)c->bytes;
	if (shape_of(base)->unpack((struct packed){at, at + n, false}, &c->cells))
		return SQLITE_OK;
	sqlite3_free(base->pVtab->zErrMsg);
	base->pVtab->zErrMsg = sqlite3_mprintf("%s", shape_of(base)->torn);
	return SQLITE_CORRUPT;
}

static int on_next(sqlite3_vtab_cursor *base)
{
	((struct cursor *)base)->row++;
	return SQLITE_OK;
}

static int on_end(sqlite3_vtab_cursor *base)
{
	struct cursor *c = (struct cursor *)base;

	return c->row >= c->cells.n / width(shape_of(base));
}

static int on_column(sqlite3_vtab_cursor *base, sqlite3_context *to, int column)
{
	const struct shape *shape = shape_of(base);
	struct cursor *c = (struct cursor *)base;
	const int64_t *row = c->cells.items + c->row * width(shape);

	if (column < shape->numbers)
		sqlite3_result_int64(to, row[column]);
	else if (column < columns(shape) && row[column + 1] >= 0)
		sqlite3_result_text(to, c->bytes + row[column], (int)row[column + 1],
				    SQLITE_TRANSIENT);
	return SQLITE_OK;
}

static int on_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *id)
{
	*id = (sqlite3_int64)((struct cursor *)base)->row;
	return SQLITE_OK;
}

// Without xCreate it exists only as a function.
static const sqlite3_module module = {
	.xConnect = on_connect,
	.xBestIndex = on_plan,
	.xDisconnect = on_disconnect,
	.xOpen = on_open,
	.xClose = on_close,
	.xFilter = on_filter,
	.xNext = on_next,
	.xEof = on_end,
	.xColumn = on_column,
	.xRowid = on_rowid,
};

int unpack_add(sqlite3 *db, const struct shape *shape)
{
	return sqlite3_create_module(db, shape->name, &module, (void *)shape);
}

// ---- whether bytes are whole ----

static struct packed bytes_of(sqlite3_value *v)
{
	const unsigned char *at = sqlite3_value_blob(v);

	return (struct packed){at, at ? at + sqlite3_value_bytes(v) : NULL, false};
}

static bool same_bytes(struct packed p, const struct buf *b)
{
	size_t n = (size_t)(p.end - p.at);

	return n == b->len && (n == 0 || memcmp(p.at, b->data, n) == 0);
}

static void whole_series(sqlite3_context *to, int argc, sqlite3_value **argv)
{
	struct packed p = bytes_of(argv[0]);
	struct series t = {0};
	struct buf b = {0};
	bool whole = packed_series(p, &t);

	(void)argc;
	if (whole)
		pack_series(&b, t.items, t.n);
	sqlite3_result_int(to, whole && same_bytes(p, &b));
	series_release(&t);
	buf_release(&b);
}

static void whole_outcomes(sqlite3_context *to, int argc, sqlite3_value **argv)
{
	struct packed p = bytes_of(argv[0]);
	int64_t tests = sqlite3_value_int64(argv[1]);
	struct result r = {0};
	struct buf b = {0};

	(void)argc;
	// A test takes a byte at least.
	r.tests.n = tests >= 0 && tests <= p.end - p.at ? (size_t)tests : 0;
	r.tests.items = xcalloc(r.tests.n + 1, sizeof *r.tests.items);
	bool whole = (int64_t)r.tests.n == tests && packed_outcomes(p, &r);
	if (whole)
		pack_outcomes(&b, &r);
	sqlite3_result_int(to, whole && same_bytes(p, &b));
	free(r.tests.items);
	buf_release(&b);
}

static void whole_counts(sqlite3_context *to, int argc, sqlite3_value **argv)
{
	struct packed shape = bytes_of(argv[0]), counts = bytes_of(argv[1]);
	struct hits h = {0};
	struct hits_file *f = hits_file(&h, "", 0);
	struct buf shape_again = {0}, counts_again = {0};
	uint32_t lines;
	bool whole = hitpack_read_shape(shape, f, &lines) && hitpack_read_counts(counts, f, lines);

	(void)argc;
	if (whole) {
		hitpack_shape(&shape_again, f);
		hitpack_counts(&counts_again, f);
	}
	sqlite3_result_int(to, whole && same_bytes(shape, &shape_again) &&
				       same_bytes(counts, &counts_again));
	hits_release(&h);
	buf_release(&shape_again);
	buf_release(&counts_again);
}

static int add_function(sqlite3 *db, const char *name, int argc,
			void (*call)(sqlite3_context *, int, sqlite3_value **))
{
	return sqlite3_create_function(db, name, argc, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
				       call, NULL, NULL);
}

int unpack_add_all(sqlite3 *db)
{
	int code = SQLITE_OK;

	for (size_t i = 0; i < sizeof shapes / sizeof *shapes && code == SQLITE_OK; i++)
		code = unpack_add(db, &shapes[i]);
	if (code == SQLITE_OK)
		code = add_function(db, "whole_series", 1, whole_series);
	if (code == SQLITE_OK)
		code = add_function(db, "whole_outcomes", 2, whole_outcomes);
	return code == SQLITE_OK ? add_function(db, "whole_counts", 2, whole_counts) : code;
}
