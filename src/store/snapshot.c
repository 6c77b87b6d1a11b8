// SPDX-License-Identifier: MIT
#include "store/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "model/result.h"
#include "store/database.h"
#include "store/pack.h"
#include "store/range.h"
#include "store/store.h"

#define TORN_LIST "a list of inputs is torn"

// ---- versions ----

static void bind_fingerprint(sqlite3_stmt *q, int column, const struct fingerprint *f)
{
	if (f->present)
		sqlite3_bind_blob(q, column, f->digest.bytes, DIGEST_SIZE, SQLITE_TRANSIENT);
	else
		sqlite3_bind_null(q, column);
}

static void bind_stamp(sqlite3_stmt *q, int column, const struct stamp *s)
{
	sqlite3_bind_int64(q, column, s->size);
	sqlite3_bind_int64(q, column + 1, s->mtime_ns);
	sqlite3_bind_int64(q, column + 2, s->ctime_ns);
	sqlite3_bind_int64(q, column + 3, s->inode);
}

// From a digest and four columns of a stamp.
static struct fingerprint read_fingerprint(sqlite3_stmt *q, int column)
{
	struct fingerprint f = {.present = sqlite3_column_bytes(q, column) == DIGEST_SIZE};

	if (f.present)
		memcpy(f.digest.bytes, sqlite3_column_blob(q, column), DIGEST_SIZE);
	f.stamp = (struct stamp){
		.size = sqlite3_column_int64(q, column + 1),
		.mtime_ns = sqlite3_column_int64(q, column + 2),
		.ctime_ns = sqlite3_column_int64(q, column + 3),
		.inode = sqlite3_column_int64(q, column + 4),
	};
	return f;
}

// The latest version of an input, as far as it was asked for in this process.
struct latest {
	int64_t id; // 0: not stored yet
	struct fingerprint is;
};

void database_forget_inputs(struct store *s)
{
	for (size_t i = 0; i < s->inputs.cap; i++)
		free(s->inputs.slots[i].value);
	map_release(&s->inputs);
	buf_release(&s->key);
	for (size_t i = 0; i < s->versions.cap; i++) {
		struct version *v = s->versions.slots[i].value;
		if (v)
			free(v->name);
		free(v);
	}
	map_release(&s->versions);
}

static int load_latest(struct store *s, const struct input *in, struct latest *l)
{
	sqlite3_stmt *q = database_statement(s, SQL_LATEST_INPUT);

	if (!q)
		return SQLITE_ERROR;
	sqlite3_bind_int(q, 1, in->kind);
	sqlite3_bind_text(q, 2, in->name, -1, SQLITE_STATIC);
	int code = database_next(s, SQL_LATEST_INPUT);
	if (code == SQLITE_ROW) {
		l->id = sqlite3_column_int64(q, 0);
		l->is = read_fingerprint(q, 1);
		code = SQLITE_DONE;
	}
	sqlite3_reset(q);
	return code;
}

// The stamp has moved, the content has not: the next one who asks need not read it.
static int renew_stamp(struct store *s, int64_t id, const struct stamp *stamp)
{
	sqlite3_stmt *q = database_statement(s, SQL_RENEW_INPUT);

	if (!q)
		return SQLITE_ERROR;
	sqlite3_bind_int64(q, 1, id);
	bind_stamp(q, 2, stamp);
	return database_step(q);
}

static int add_version(struct store *s, const struct input *in, struct latest *l)
{
	sqlite3_stmt *q = database_statement(s, SQL_ADD_INPUT);

	if (!q)
		return SQLITE_ERROR;
	sqlite3_bind_int(q, 1, in->kind);
	sqlite3_bind_text(q, 2, in->name, -1, SQLITE_STATIC);
	bind_fingerprint(q, 3, &l->is);
	bind_stamp(q, 4, &l->is.stamp);
	int code = database_step(q);
	l->id = sqlite3_last_insert_rowid(s->db);
	return code;
}

static struct latest *latest_of(struct store *s, const struct input *in, int *code)
{
	const char *key = input_key(&s->key, in->kind, in->name);
	struct latest *l = map_get(&s->inputs, key);

	*code = SQLITE_DONE;
	if (!l) {
		l = xcalloc(1, sizeof *l);
		map_put(&s->inputs, key, l);
		*code = load_latest(s, in, l);
	}
	return l;
}

// The version that the result's input is of, which is stored if it is new: its id.
static int64_t put_version(struct store *s, const struct input *in, int *code)
{
	struct latest *l = latest_of(s, in, code);
	const struct fingerprint before = l->is;

	if (*code != SQLITE_DONE)
		return 0;
	l->is = in->is;
	if (l->id == 0 || !fingerprint_equal(&before, &l->is))
		*code = add_version(s, in, l);
	else if (memcmp(&before.stamp, &l->is.stamp, sizeof before.stamp) != 0)
		*code = renew_stamp(s, l->id, &l->is.stamp);
	return l->id;
}

static struct version read_version(sqlite3_stmt *q)
{
	return (struct version){
		.id = sqlite3_column_int64(q, 0),
		.kind = (enum input_kind)sqlite3_column_int(q, 1),
		.name = xstrdup((const char *)sqlite3_column_text(q, 2)),
		.was = read_fingerprint(q, 3),
	};
}

// The version of that id, or NULL.
static const struct version *version_of(struct store *s, int64_t id, int *code)
{
	char key[24];
	snprintf(key, sizeof key, "%lld", (long long)id);
	struct version *v = map_get(&s->versions, key);

	*code = SQLITE_DONE;
	if (!v) {
		sqlite3_stmt *q = database_statement(s, SQL_LOAD_INPUT);
		if (q)
			sqlite3_bind_int64(q, 1, id);
		*code = database_next(s, SQL_LOAD_INPUT);
		if (*code == SQLITE_ROW) {
			v = xmalloc(sizeof *v);
			*v = read_version(q);
			map_put(&s->versions, key, v);
			*code = SQLITE_DONE;
		} else if (*code == SQLITE_DONE) {
			*code = database_damaged(s, "an input is missing");
		}
		sqlite3_reset(q);
	}
	return v;
}

// ---- what is known before ----

static int recall_own(struct store *s, struct inputs *in)
{
	int code = SQLITE_DONE;

	for (size_t i = 0; i < in->list.n && code == SQLITE_DONE; i++)
		in->list.items[i].is = latest_of(s, &in->list.items[i], &code)->is;
	return code;
}

static int add_versions(struct store *s, struct packed packed, struct inputs *in)
{
	size_t n;
	int64_t *ids = unpack_ids(packed, &n);
	int code = ids ? SQLITE_DONE : database_damaged(s, TORN_LIST);

	for (size_t i = 0; i < n && code == SQLITE_DONE; i++) {
		const struct version *v = version_of(s, ids[i], &code);
		if (!v || input_is_remark(v->kind))
			continue;
		struct input input = {.kind = v->kind, .name = xstrdup(v->name), .is = v->was};
		VEC_PUSH(&in->list, input);
	}
	inputs_sort(in);
	free(ids);
	return code;
}

static int recall_last(struct store *s, struct result *r)
{
	sqlite3_stmt *q = database_statement(s, SQL_LAST_INPUTS);

	if (q)
		sqlite3_bind_text(q, 1, r->job->path, -1, SQLITE_STATIC);
	int code = database_next(s, SQL_LAST_INPUTS);
	if (code == SQLITE_ROW) {
		r->last_inputs = xcalloc(1, sizeof *r->last_inputs);
		code = add_versions(s, database_packed(q, 0), r->last_inputs);
	}
	sqlite3_reset(q);
	return code;
}

void store_recall(struct store *s, struct result *r)
{
	// As one transaction it takes the lock of a reader once.
	int code = database_step(database_statement(s, SQL_BEGIN_READING));

	if (code == SQLITE_DONE && r->inputs && r->status == FILE_PASSED)
		code = recall_own(s, r->inputs);
	if (code == SQLITE_DONE)
		recall_last(s, r);
	database_end_reading(s);
	database_step(database_statement(s, SQL_COMMIT));
}

// ---- recording a snapshot ----

static unsigned doubts_of(const struct result *r)
{
	const struct inputs *in = r->inputs;

	return (in->network ? DOUBT_NETWORK : 0u) | (in->clock ? DOUBT_CLOCK : 0u) |
	       (in->blind ? DOUBT_BLIND : 0u) | (in->overflow ? DOUBT_OVERFLOW : 0u) |
	       (in->young ? DOUBT_YOUNG : 0u) | (r->attempt > 1 ? DOUBT_RETRY : 0u);
}

// The versions that the result's inputs are of, as a packed list.
static int gather(struct store *s, const struct result *r, struct buf *packed)
{
	const struct inputs *in = r->inputs;
	int64_t *ids = xmalloc((in->list.n + 1) * sizeof *ids);
	int code = SQLITE_DONE;

	for (size_t i = 0; i < in->list.n && code == SQLITE_DONE; i++)
		ids[i] = put_version(s, &in->list.items[i], &code);
	if (code == SQLITE_DONE) {
		qsort(ids, in->list.n, sizeof *ids, database_compare_ids);
		pack_ids(packed, ids, in->list.n);
	}
	free(ids);
	return code;
}

static void join_written(struct buf *b, const struct inputs *in)
{
	for (size_t i = 0; i < in->written.n; i++)
		buf_add(b, in->written.items[i], strlen(in->written.items[i]) + 1);
}

static int put_snapshot(struct store *s, const struct result *r, sqlite3_int64 file,
			sqlite3_int64 result)
{
	struct buf packed = {0}, written = {0};
	int code = gather(s, r, &packed);
	sqlite3_stmt *q = code == SQLITE_DONE ? database_statement(s, SQL_PUT_SNAPSHOT) : NULL;

	join_written(&written, r->inputs);
	if (q) {
		sqlite3_bind_int64(q, 1, file);
		sqlite3_bind_int64(q, 2, result);
		sqlite3_bind_int64(q, 3, range_nearest('t', r->started_ns));
		sqlite3_bind_blob(q, 4, r->key.bytes, DIGEST_SIZE, SQLITE_STATIC);
		sqlite3_bind_int64(q, 5, doubts_of(r));
		sqlite3_bind_blob(q, 6, packed.len ? packed.data : "", (int)packed.len,
				  SQLITE_STATIC);
		sqlite3_bind_blob(q, 7, written.len ? written.data : "", (int)written.len,
				  SQLITE_STATIC);
		sqlite3_bind_int64(q, 8, range_nearest('d', r->deadline_ns));
		code = database_step(q);
	} else if (code == SQLITE_DONE) {
		code = SQLITE_ERROR;
	}
	buf_release(&packed);
	buf_release(&written);
	return code;
}

static int retire_snapshot(struct store *s, sqlite3_int64 file)
{
	sqlite3_stmt *q = database_statement(s, SQL_RETIRE_SNAPSHOT);

	if (!q)
		return SQLITE_ERROR;
	sqlite3_bind_int64(q, 1, file);
	return database_step(q);
}

// What an input of the last pass is now; NULL: it was not looked at.
static const struct input *now_of(const struct result *r, const struct version *v)
{
	return r->last_inputs ? inputs_find(r->last_inputs, v->kind, v->name) : NULL;
}

// Clears *is unless the input of that version is what it was.
static int is_as_before(struct store *s, const struct result *r, int64_t id, bool *is)
{
	int code;
	const struct version *v = version_of(s, id, &code);

	if (!v || input_is_remark(v->kind))
		return code;
	const struct input *now = now_of(r, v);
	*is = *is && now && fingerprint_equal(&v->was, &now->is);
	return code;
}

// What was known before: the row of SQL_OLD_INPUTS, or NULL. A pass of some of the tests, or one at
// a later attempt, says less than a pass that stands. Of one that is recorded a second time, in a
// new store, the list is gone.
static bool has_snapshot(const struct result *r, sqlite3_stmt *old)
{
	bool stands = old && sqlite3_column_int(old, 2),
	     partial = old && sqlite3_column_int(old, 3);

	return r->status == FILE_PASSED && r->inputs && r->inputs->list.n > 0 &&
	       !(stands && (r->attempt > 1 || (r->partial && !partial)));
}

// Whether that pass should have come again: a skip then says that it depends on more.
static int is_refuted(struct store *s, const struct result *r, sqlite3_stmt *old, bool *is)
{
	size_t n;
	int64_t *ids = unpack_ids(database_packed(old, 0), &n);
	int code = ids ? SQLITE_DONE : database_damaged(s, TORN_LIST);

	*is = (size_t)sqlite3_column_bytes(old, 1) == DIGEST_SIZE &&
	      memcmp(sqlite3_column_blob(old, 1), r->key.bytes, DIGEST_SIZE) == 0;
	for (size_t i = 0; i < n && *is && code == SQLITE_DONE; i++)
		code = is_as_before(s, r, ids[i], is);
	free(ids);
	return code;
}

// Whether what was known of the file is no reason any more not to run it.
static int is_over(struct store *s, const struct result *r, sqlite3_stmt *old, bool *is)
{
	*is = file_status_is_bad(r->status);
	return r->status == FILE_SKIPPED && !r->partial && old ? is_refuted(s, r, old, is)
							       : SQLITE_DONE;
}

int database_record_inputs(struct store *s, const struct result *r, sqlite3_int64 file,
			   sqlite3_int64 result)
{
	sqlite3_stmt *q = database_statement(s, SQL_OLD_INPUTS);
	bool over = false;

	if (r->status == FILE_NOTRUN)
		return SQLITE_DONE;
	if (q)
		sqlite3_bind_int64(q, 1, file);
	int code = database_next(s, SQL_OLD_INPUTS);
	sqlite3_stmt *old = code == SQLITE_ROW ? q : NULL;
	bool put = has_snapshot(r, old);
	if (code == SQLITE_ROW || code == SQLITE_DONE)
		code = is_over(s, r, old, &over);
	if (q)
		sqlite3_reset(q);
	if (code != SQLITE_DONE)
		return code;
	if (put)
		return put_snapshot(s, r, file, result);
	return over ? retire_snapshot(s, file) : SQLITE_DONE;
}

// ---- whether inputs have moved ----

// One number for all inputs: the sum of their parts, so that their order does not matter.
static int64_t part_of(const struct input *in)
{
	struct buf b = {0};
	int64_t part;

	if (input_is_remark(in->kind))
		return 0;
	buf_addf(&b, "%d%c%s", in->kind, in->is.present ? '+' : '-', in->name);
	if (in->is.present)
		buf_add(&b, in->is.digest.bytes, DIGEST_SIZE);
	struct digest d = digest_of(b.data, b.len);
	buf_release(&b);
	memcpy(&part, d.bytes, sizeof part);
	return part;
}

static int64_t state_of_key(const struct digest *key)
{
	int64_t state;

	memcpy(&state, key->bytes, sizeof state);
	return state;
}

// What the inputs of the result are now.
static int64_t own_state(const struct result *r)
{
	int64_t state = state_of_key(&r->key);

	for (size_t i = 0; i < r->inputs->list.n; i++)
		state = wrapping_sum(state, part_of(&r->inputs->list.items[i]));
	return state;
}

// Adds an input of the last pass to *state, as it is now. 0: it was not looked at.
static int add_part(struct store *s, const struct result *r, int64_t id, int64_t *state)
{
	int code;
	const struct version *v = version_of(s, id, &code);

	if (!v || input_is_remark(v->kind))
		return code;
	const struct input *now = now_of(r, v);
	*state = now ? wrapping_sum(*state, part_of(now)) : 0;
	return now ? SQLITE_DONE : SQLITE_ROW;
}

// What the inputs of the last pass are now; 0: unknown.
static int old_state(struct store *s, const struct result *r, struct packed inputs, int64_t *state)
{
	size_t n;
	int64_t *ids = unpack_ids(inputs, &n);
	int code = ids ? SQLITE_DONE : database_damaged(s, TORN_LIST);

	*state = state_of_key(&r->key);
	for (size_t i = 0; i < n && code == SQLITE_DONE; i++)
		code = add_part(s, r, ids[i], state);
	free(ids);
	return code == SQLITE_ROW ? SQLITE_DONE : code;
}

// Nothing has moved since the last result, which was a pass of the same inputs.
static bool is_the_same_pass(sqlite3_stmt *old, const struct result *r, const struct buf *packed)
{
	return sqlite3_column_int(old, 2) && (size_t)sqlite3_column_bytes(old, 0) == packed->len &&
	       memcmp(sqlite3_column_blob(old, 0), packed->data, packed->len) == 0 &&
	       (size_t)sqlite3_column_bytes(old, 1) == DIGEST_SIZE &&
	       memcmp(sqlite3_column_blob(old, 1), r->key.bytes, DIGEST_SIZE) == 0;
}

// old is the row of the last pass.
static int judge(struct store *s, const struct result *r, sqlite3_stmt *old, int64_t *state,
		 enum inputs_state *inputs)
{
	struct buf packed = {0};
	int64_t now = 0;
	bool puts = has_snapshot(r, old);
	int code = puts ? gather(s, r, &packed) : SQLITE_DONE;
	bool same =
		code == SQLITE_DONE && packed.len && *state && is_the_same_pass(old, r, &packed);

	if (code == SQLITE_DONE && !same)
		code = old_state(s, r, database_packed(old, 0), &now);
	if (*state && (same || now))
		*inputs = same || now == *state ? INPUTS_SAME : INPUTS_MOVED;
	if (!same)
		*state = now;
	if (code == SQLITE_DONE && !same && puts)
		*state = own_state(r);
	buf_release(&packed);
	return code;
}

int database_judge_inputs(struct store *s, const struct result *r, sqlite3_int64 file,
			  int64_t *state, enum inputs_state *inputs)
{
	sqlite3_stmt *old = database_statement(s, SQL_OLD_INPUTS);

	*inputs = INPUTS_UNKNOWN;
	if (!old)
		return SQLITE_ERROR;
	sqlite3_bind_int64(old, 1, file);
	int code = database_next(s, SQL_OLD_INPUTS);
	if (code == SQLITE_ROW) {
		code = judge(s, r, old, state, inputs);
	} else if (code == SQLITE_DONE) {
		*state = has_snapshot(r, NULL) ? own_state(r) : 0;
	}
	sqlite3_reset(old);
	return code;
}

// ---- forgetting versions ----

// The numbers that all snapshots name, ascending, with those that several name as often.
static int used_inputs(struct store *s, struct numbers *used)
{
	sqlite3_stmt *q = database_statement(s, SQL_PACKED_INPUTS);
	int code = SQLITE_DONE;

	while (code == SQLITE_DONE && (code = database_next(s, SQL_PACKED_INPUTS)) == SQLITE_ROW) {
		size_t n;
		int64_t *ids = unpack_ids(database_packed(q, 0), &n);
		code = ids ? SQLITE_DONE : database_damaged(s, TORN_LIST);
		for (size_t i = 0; i < n; i++)
			VEC_PUSH(used, ids[i]);
		free(ids);
	}
	database_sort(used);
	return code;
}

static int unused_inputs(struct store *s, const struct numbers *used, struct numbers *unused)
{
	sqlite3_stmt *q = database_statement(s, SQL_INPUT_IDS);
	int code;

	while ((code = database_next(s, SQL_INPUT_IDS)) == SQLITE_ROW) {
		int64_t id = sqlite3_column_int64(q, 0);
		if (!database_has(used, id))
			VEC_PUSH(unused, id);
	}
	return code;
}

int database_sweep_inputs(struct store *s)
{
	struct numbers used = {0}, unused = {0};
	int code = used_inputs(s, &used);

	if (code == SQLITE_DONE)
		code = unused_inputs(s, &used, &unused);
	for (size_t i = 0; i < unused.n && code == SQLITE_DONE; i++)
		code = database_do(s, SQL_DROP_INPUT, unused.items[i]);
	database_forget_inputs(s);
	free(used.items);
	free(unused.items);
	return code;
}

// ---- loading ----

static int read_versions(struct store *s, enum statement which, struct versions *versions)
{
	sqlite3_stmt *q = s->statements[which];
	int code;

	while ((code = database_next(s, which)) == SQLITE_ROW) {
		struct version v = read_version(q);
		VEC_PUSH(versions, v);
	}
	return code;
}

int store_load_versions(struct store *s, struct versions *versions, struct err *err)
{
	database_statement(s, SQL_LOAD_INPUTS);
	int code = read_versions(s, SQL_LOAD_INPUTS, versions);
	return code == SQLITE_DONE ? 0 : database_error(s, err);
}

int store_load_versions_of(struct store *s, const struct snapshot *p, struct versions *versions,
			   struct err *err)
{
	int code = SQLITE_DONE;

	for (size_t i = 0; i < p->n && code == SQLITE_DONE; i++) {
		sqlite3_stmt *q = database_statement(s, SQL_LOAD_INPUT);
		if (q)
			sqlite3_bind_int64(q, 1, p->inputs[i]);
		code = read_versions(s, SQL_LOAD_INPUT, versions);
	}
	return code == SQLITE_DONE ? 0 : database_error(s, err);
}

static int renew_all(struct store *s, const struct versions *versions)
{
	int code = SQLITE_DONE;

	for (size_t i = 0; i < versions->n && code == SQLITE_DONE; i++)
		code = renew_stamp(s, versions->items[i].id, &versions->items[i].was.stamp);
	return code;
}

enum store_status store_renew_versions(struct store *s, const struct versions *versions,
				       struct err *err)
{
	// Who only looks leaves it to others.
	if (s->mode == STORE_READ)
		return STORE_OK;
	enum store_status status = database_begin(s, err);
	return status == STORE_OK ? database_end(s, renew_all(s, versions), err) : status;
}

void versions_release(struct versions *v)
{
	for (size_t i = 0; i < v->n; i++)
		free(v->items[i].name);
	free(v->items);
	*v = (struct versions){0};
}

static int compare_version(const void *id, const void *version)
{
	int64_t x = *(const int64_t *)id, y = ((const struct version *)version)->id;

	return (x > y) - (x < y);
}

const struct version *versions_find(const struct versions *v, int64_t id)
{
	return v->n ? bsearch(&id, v->items, v->n, sizeof *v->items, compare_version) : NULL;
}

static void free_snapshot(struct snapshot *p)
{
	if (!p)
		return;
	free(p->inputs);
	free(p->written);
	free(p);
}

// NULL if it is torn.
static struct snapshot *read_snapshot(sqlite3_stmt *q)
{
	struct snapshot *p = xcalloc(1, sizeof *p);

	p->result = sqlite3_column_int64(q, 1);
	p->started_ns = sqlite3_column_int64(q, 2);
	if (sqlite3_column_bytes(q, 3) == DIGEST_SIZE)
		memcpy(p->key.bytes, sqlite3_column_blob(q, 3), DIGEST_SIZE);
	p->framework = (enum framework)sqlite3_column_int(q, 7);
	p->wall_ns = sqlite3_column_int64(q, 8);
	p->deadline_ns = sqlite3_column_int64(q, 9);
	p->doubts = (unsigned)sqlite3_column_int64(q, 4);
	p->inputs = unpack_ids(database_packed(q, 5), &p->n);
	p->written_bytes = (size_t)sqlite3_column_bytes(q, 6);
	p->written = xmalloc(p->written_bytes + 1);
	if (p->written_bytes)
		memcpy(p->written, sqlite3_column_blob(q, 6), p->written_bytes);
	if (p->inputs && (!p->written_bytes || !p->written[p->written_bytes - 1]))
		return p;
	free_snapshot(p);
	return NULL;
}

int store_load_snapshots(struct store *s, const char *path, struct map *snapshots, struct err *err)
{
	enum statement which = path ? SQL_LOAD_SNAPSHOT : SQL_LOAD_SNAPSHOTS;
	sqlite3_stmt *q = database_statement(s, which);
	int code = SQLITE_DONE;

	if (q && path)
		sqlite3_bind_text(q, 1, path, -1, SQLITE_STATIC);
	while (code == SQLITE_DONE && (code = database_next(s, which)) == SQLITE_ROW) {
		struct snapshot *p = read_snapshot(q);
		code = p ? SQLITE_DONE : database_damaged(s, TORN_LIST);
		if (p)
			free_snapshot(
				map_put(snapshots, (const char *)sqlite3_column_text(q, 0), p));
	}
	return code == SQLITE_DONE ? 0 : database_error(s, err);
}

void snapshots_release(struct map *snapshots)
{
	for (size_t i = 0; i < snapshots->cap; i++)
		free_snapshot(snapshots->slots[i].value);
	map_release(snapshots);
}
