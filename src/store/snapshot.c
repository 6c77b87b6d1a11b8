// SPDX-License-Identifier: MIT
#include "store/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "model/result.h"
#include "store/database.h"
#include "store/file.h"
#include "store/input_state.h"
#include "store/pack.h"
#include "store/query.h"
#include "store/range.h"
#include "store/store.h"

#define TORN_LIST "a list of inputs is torn"

// ---- what is known before ----

// Ids of states, ascending.
struct ids {
	int64_t *items;
	size_t n, cap;
};

static bool has_id(const struct ids *ids, int64_t id)
{
	return ids->n && bsearch(&id, ids->items, ids->n, sizeof id, pack_compare_ids);
}

// latest: the states that it was in when somebody last looked.
static int recall_own(struct store *s, struct inputs *in, struct ids *latest)
{
	int code = SQLITE_DONE;

	for (size_t i = 0; i < in->list.n && code == SQLITE_DONE; i++) {
		const struct input_latest *l = input_latest_of(s, &in->list.items[i], &code);
		in->list.items[i].is = l->is;
		VEC_PUSH(latest, l->id);
	}
	if (latest->n)
		qsort(latest->items, latest->n, sizeof *latest->items, pack_compare_ids);
	return code;
}

static int add_input_states(struct store *s, struct packed packed, const struct ids *own,
			    struct inputs *in)
{
	size_t n;
	int64_t *ids = packed_ids(packed, &n);
	int code = ids ? SQLITE_DONE : store_damaged(s, TORN_LIST);

	for (size_t i = 0; i < n && code == SQLITE_DONE; i++) {
		if (has_id(own, ids[i]))
			continue;
		const struct input_state *v = input_state_of(s, ids[i], &code);
		if (!v || input_is_remark(v->kind))
			continue;
		struct input input = {.kind = v->kind, .name = xstrdup(v->name), .is = v->was};
		VEC_PUSH(&in->list, input);
	}
	inputs_sort(in);
	free(ids);
	return code;
}

static int recall_last(struct store *s, struct result *r, const struct ids *own)
{
	struct query *q = query(s,
				"SELECT s.inputs FROM snapshot s JOIN file f ON f.id = s.file "
				"WHERE f.path=?",
				VALUES(TEXT(r->job->path)));
	int code = query_next(q, "B");

	if (code == SQLITE_ROW) {
		r->last_inputs = xcalloc(1, sizeof *r->last_inputs);
		code = add_input_states(s, query_bytes(q, 0), own, r->last_inputs);
	}
	return query_end(q, code);
}

// A result whose own inputs are looked at again.
static bool looks_at_own(const struct result *r)
{
	return r->inputs && r->status == FILE_PASSED;
}

void snapshot_recall(struct store *s, struct result *r)
{
	struct ids own = {0};
	// As one transaction it takes the lock of a reader once.
	int code = query_do(s, "BEGIN", NULL);

	if (code == SQLITE_DONE)
		code = input_states_refresh(s);
	if (code == SQLITE_DONE && looks_at_own(r))
		code = recall_own(s, r->inputs, &own);
	if (code == SQLITE_DONE)
		recall_last(s, r, &own);
	free(own.items);
	query_end_all(s);
	query_do(s, "COMMIT", NULL);
}

// ---- recording a snapshot ----

static unsigned doubts_of(const struct result *r)
{
	const struct inputs *in = r->inputs;

	return (in->network ? DOUBT_NETWORK : 0u) | (in->clock ? DOUBT_CLOCK : 0u) |
	       (in->blind ? DOUBT_BLIND : 0u) | (in->overflow ? DOUBT_OVERFLOW : 0u) |
	       (in->young ? DOUBT_YOUNG : 0u) | (r->attempt > 1 ? DOUBT_RETRY : 0u);
}

// The states that the result's inputs are of, as a packed list in s->gathered_ids.
static int gather(struct store *s, const struct result *r)
{
	const struct inputs *in = r->inputs;

	if (s->gathered == r)
		return SQLITE_DONE;
	buf_clear(&s->gathered_ids);
	int64_t *ids = xmalloc((in->list.n + 1) * sizeof *ids);
	int code = SQLITE_DONE;

	for (size_t i = 0; i < in->list.n && code == SQLITE_DONE; i++)
		ids[i] = input_state_put(s, &in->list.items[i], &code);
	if (code == SQLITE_DONE) {
		qsort(ids, in->list.n, sizeof *ids, pack_compare_ids);
		pack_ids(&s->gathered_ids, ids, in->list.n);
		s->gathered = r;
	}
	free(ids);
	return code;
}

static void join_written(struct buf *b, const struct inputs *in)
{
	for (size_t i = 0; i < in->written.n; i++)
		buf_add(b, in->written.items[i], strlen(in->written.items[i]) + 1);
}

// What was found at the head when the run was planned holds for the text that the worker has had.
static int note_head(struct store *s, const struct result *r, int64_t file)
{
	const struct job_head *head = &r->job->head;
	const struct input *own = inputs_find(r->inputs, INPUT_PATH, r->job->path);
	bool is_bare = head->is_bare && own && head->stamp.ctime_ns != 0 && !r->inputs->young &&
		       stamp_equal(&own->is.stamp, &head->stamp);

	return query_do(s,
			"UPDATE file SET reading=(reading & ~?3) + ?2 WHERE id=?1 AND "
			"(reading & ?3) <> ?2",
			VALUES(NUMBER(file), NUMBER(is_bare ? FILE_HAS_BARE_HEAD : 0),
			       NUMBER(FILE_HAS_BARE_HEAD)));
}

#define PUT(table)                                                                                 \
	"INSERT OR REPLACE INTO " table "(file, result, started, key, doubts, inputs, written, "   \
	"deadline) VALUES(?,?,?,?,?,?,?,?)"
static const char put_whole[] = PUT("snapshot"), put_part[] = PUT("part");

static int put_snapshot(struct store *s, const struct result *r, int64_t file, int64_t result)
{
	const struct buf *ids = &s->gathered_ids;
	struct buf written = {0};
	int code = gather(s, r);

	join_written(&written, r->inputs);
	if (code == SQLITE_DONE)
		code = query_do(s, r->partial ? put_part : put_whole,
				VALUES(NUMBER(file), NUMBER(result), WITHIN('t', r->started_ns),
				       BYTES(r->key.bytes, DIGEST_SIZE), NUMBER(doubts_of(r)),
				       BYTES(ids->data, ids->len), BYTES(written.data, written.len),
				       WITHIN('d', r->deadline_ns)));
	buf_release(&written);
	return code == SQLITE_DONE && !r->partial ? note_head(s, r, file) : code;
}

static int retire_snapshot(struct store *s, int64_t file)
{
	static const char *const statements[] = {"UPDATE snapshot SET stands=0 WHERE file=?",
						 "DELETE FROM part WHERE file=?", NULL};

	return query_do_all(s, statements, VALUES(NUMBER(file)));
}

// Of a pass of some tests nobody has looked whether its inputs are what they were: a skip of the
// same tests ends it in either case.
static int retire_part(struct store *s, const struct result *r, int64_t file)
{
	return query_do(s, "DELETE FROM part WHERE file=? AND key=?",
			VALUES(NUMBER(file), BYTES(r->key.bytes, DIGEST_SIZE)));
}

// What an input of the last pass is now; NULL: it was not looked at.
static const struct input *now_of(const struct result *r, const struct input_state *v)
{
	const struct input *now =
		r->last_inputs ? inputs_find(r->last_inputs, v->kind, v->name) : NULL;

	return now || !r->last_inputs || !looks_at_own(r)
		       ? now
		       : inputs_find(r->inputs, v->kind, v->name);
}

// Clears *is unless the input of that state is what it was.
static int is_as_before(struct store *s, const struct result *r, int64_t id, bool *is)
{
	int code;
	const struct input_state *v = input_state_of(s, id, &code);

	if (!v || input_is_remark(v->kind))
		return code;
	const struct input *now = now_of(r, v);
	*is = *is && now && fingerprint_equal(&v->was, &now->is);
	return code;
}

#define OLD_SHAPE "BHF"

static struct query *query_old(struct store *s, int64_t file)
{
	return query(s, "SELECT inputs, key, stands FROM snapshot WHERE file=?",
		     VALUES(NUMBER(file)));
}

static bool is_bytes(const struct query *q, int column, const void *bytes, size_t n)
{
	struct packed p = query_bytes(q, column);

	return (size_t)(p.end - p.at) == n && (n == 0 || memcmp(p.at, bytes, n) == 0);
}

// Of one that is recorded a second time, in a new store, the list is gone.
static bool tells_inputs(const struct result *r)
{
	return r->status == FILE_PASSED && r->inputs && r->inputs->list.n > 0;
}

// What was known before: the row of query_old, or NULL. A pass of some of the tests, or one at
// a later attempt, says less than a valid pass.
static bool has_snapshot(const struct result *r, const struct query *old)
{
	bool valid = old && query_int(old, 2);

	return tells_inputs(r) && !(valid && (r->attempt > 1 || r->partial));
}

// Whether that pass should have come again: a skip then says that it depends on more.
static int is_refuted(struct store *s, const struct result *r, const struct query *old, bool *is)
{
	size_t n;
	int64_t *ids = packed_ids(query_bytes(old, 0), &n);
	int code = ids ? SQLITE_DONE : store_damaged(s, TORN_LIST);

	*is = is_bytes(old, 1, r->key.bytes, DIGEST_SIZE);
	for (size_t i = 0; i < n && *is && code == SQLITE_DONE; i++)
		code = is_as_before(s, r, ids[i], is);
	free(ids);
	return code;
}

// Whether what was known of the file is no reason any more not to run it.
static int is_over(struct store *s, const struct result *r, const struct query *old, bool *is)
{
	*is = file_status_is_bad(r->status);
	return r->status == FILE_SKIPPED && !r->partial && old ? is_refuted(s, r, old, is)
							       : SQLITE_DONE;
}

int snapshot_record_inputs(struct store *s, const struct result *r, int64_t file, int64_t result)
{
	struct query *q = query_old(s, file);
	bool over = false;

	if (r->status == FILE_NOTRUN)
		return SQLITE_DONE;
	int code = query_next(q, OLD_SHAPE);
	const struct query *old = code == SQLITE_ROW ? q : NULL;
	bool put = r->partial ? tells_inputs(r) : has_snapshot(r, old);
	if (code == SQLITE_ROW || code == SQLITE_DONE)
		code = is_over(s, r, old, &over);
	code = query_end(q, code);
	if (code != SQLITE_DONE)
		return code;
	if (put)
		return put_snapshot(s, r, file, result);
	if (over)
		return retire_snapshot(s, file);
	return r->partial && r->status == FILE_SKIPPED ? retire_part(s, r, file) : SQLITE_DONE;
}

// ---- whether inputs have moved ----

// One number for all inputs: the sum of their parts, so that their order does not matter.
static int64_t part_of(struct store *s, const struct input *in)
{
	struct buf *b = &s->key;
	int64_t part;

	if (input_is_remark(in->kind))
		return 0;
	buf_clear(b);
	if (in->kind >= 10)
		buf_addch(b, (char)('0' + in->kind / 10));
	buf_addch(b, (char)('0' + in->kind % 10));
	buf_addch(b, in->is.present ? '+' : '-');
	buf_addstr(b, in->name);
	if (in->is.present)
		buf_add(b, in->is.digest.bytes, DIGEST_SIZE);
	struct digest d = digest_of(b->data, b->len);
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
static int64_t own_state(struct store *s, const struct result *r)
{
	int64_t state = state_of_key(&r->key);

	for (size_t i = 0; i < r->inputs->list.n; i++)
		state = pack_wrapping_sum(state, part_of(s, &r->inputs->list.items[i]));
	return state;
}

// Adds an input of the last pass to *state, as it is now. 0: it was not looked at.
static int add_part(struct store *s, const struct result *r, int64_t id, int64_t *state)
{
	int code;
	const struct input_state *v = input_state_of(s, id, &code);

	if (!v || input_is_remark(v->kind))
		return code;
	const struct input *now = now_of(r, v);
	*state = now ? pack_wrapping_sum(*state, part_of(s, now)) : 0;
	return now ? SQLITE_DONE : SQLITE_ROW;
}

// What the inputs of the last pass are now; 0: unknown.
static int old_state(struct store *s, const struct result *r, struct packed inputs, int64_t *state)
{
	size_t n;
	int64_t *ids = packed_ids(inputs, &n);
	int code = ids ? SQLITE_DONE : store_damaged(s, TORN_LIST);

	*state = state_of_key(&r->key);
	for (size_t i = 0; i < n && code == SQLITE_DONE; i++)
		code = add_part(s, r, ids[i], state);
	free(ids);
	return code == SQLITE_ROW ? SQLITE_DONE : code;
}

// Nothing has moved since the last result, which was a pass of the same inputs.
static bool is_the_same_pass(const struct query *old, const struct result *r, const struct buf *ids)
{
	return query_int(old, 2) && is_bytes(old, 0, ids->data, ids->len) &&
	       is_bytes(old, 1, r->key.bytes, DIGEST_SIZE);
}

// old is the row of the last pass.
static int judge(struct store *s, const struct result *r, const struct query *old, int64_t *state,
		 enum inputs_state *inputs)
{
	int64_t now = 0;
	bool puts = has_snapshot(r, old);
	int code = puts ? gather(s, r) : SQLITE_DONE;
	bool same =
		code == SQLITE_DONE && puts && *state && is_the_same_pass(old, r, &s->gathered_ids);

	if (code == SQLITE_DONE && !same)
		code = old_state(s, r, query_bytes(old, 0), &now);
	if (*state && (same || now))
		*inputs = same || now == *state ? INPUTS_SAME : INPUTS_MOVED;
	if (!same)
		*state = now;
	if (code == SQLITE_DONE && !same && puts)
		*state = own_state(s, r);
	return code;
}

int snapshot_judge_inputs(struct store *s, const struct result *r, int64_t file, int64_t *state,
			  enum inputs_state *inputs)
{
	struct query *old = query_old(s, file);

	*inputs = INPUTS_UNKNOWN;
	s->gathered = NULL; // of another one, which may be gone
	int code = query_next(old, OLD_SHAPE);
	if (code == SQLITE_ROW) {
		code = judge(s, r, old, state, inputs);
	} else if (code == SQLITE_DONE) {
		*state = has_snapshot(r, NULL) ? own_state(s, r) : 0;
	}
	return query_end(old, code);
}

// ---- loading ----

static void free_snapshot(struct snapshot *p)
{
	if (!p)
		return;
	free(p->inputs);
	free(p->written);
	free(p);
}

#define SNAPSHOT_ROWS(table)                                                                       \
	"SELECT f.path, s.result, s.started, s.key, s.doubts, s.inputs, s.written, r.framework, "  \
	"r.wall, s.deadline, f.reading "                                                           \
	"FROM " table " s JOIN file f ON f.id = s.file JOIN result r ON r.id = s.result "
#define SNAPSHOT_SHAPE "CITHUBBwYDQ"

// NULL if it is torn.
static struct snapshot *read_snapshot(const struct query *q)
{
	struct snapshot *p = xcalloc(1, sizeof *p);
	struct packed key = query_bytes(q, 3), written = query_bytes(q, 6);

	p->result = query_int(q, 1);
	p->started_ns = query_int(q, 2);
	memcpy(p->key.bytes, key.at, DIGEST_SIZE);
	p->framework = (enum framework)query_int(q, 7);
	p->wall_ns = query_int(q, 8);
	p->deadline_ns = query_int(q, 9);
	p->has_bare_head = query_int(q, 10) & FILE_HAS_BARE_HEAD;
	p->doubts = (unsigned)query_int(q, 4);
	p->inputs = packed_ids(query_bytes(q, 5), &p->n);
	p->written_bytes = (size_t)(written.end - written.at);
	p->written = xmalloc(p->written_bytes + 1);
	if (p->written_bytes)
		memcpy(p->written, written.at, p->written_bytes);
	if (p->inputs && (!p->written_bytes || !p->written[p->written_bytes - 1]))
		return p;
	free_snapshot(p);
	return NULL;
}

static int read_snapshots(struct store *s, struct query *q, struct map *snapshots, struct err *err)
{
	int code = SQLITE_DONE;

	while (code == SQLITE_DONE && (code = query_next(q, SNAPSHOT_SHAPE)) == SQLITE_ROW) {
		struct snapshot *p = read_snapshot(q);
		code = p ? SQLITE_DONE : store_damaged(s, TORN_LIST);
		if (p)
			free_snapshot(map_put(snapshots, query_text(q, 0), p));
	}
	return code == SQLITE_DONE ? 0 : store_error(s, err);
}

int snapshots_load(struct store *s, const char *path, struct map *snapshots, struct err *err)
{
	static const char all[] = SNAPSHOT_ROWS("snapshot") "WHERE s.stands",
			  one[] = SNAPSHOT_ROWS("snapshot") "WHERE s.stands AND f.path=?";

	return read_snapshots(s, path ? query(s, one, VALUES(TEXT(path))) : query(s, all, NULL),
			      snapshots, err);
}

int snapshots_load_parts(struct store *s, const char *path, struct map *snapshots, struct err *err)
{
	static const char all[] = SNAPSHOT_ROWS("part"),
			  one[] = SNAPSHOT_ROWS("part") "WHERE f.path=?";

	return read_snapshots(s, path ? query(s, one, VALUES(TEXT(path))) : query(s, all, NULL),
			      snapshots, err);
}

void snapshots_release(struct map *snapshots)
{
	for (size_t i = 0; i < snapshots->cap; i++)
		free_snapshot(snapshots->slots[i].value);
	map_release(snapshots);
}
