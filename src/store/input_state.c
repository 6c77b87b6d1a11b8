// SPDX-License-Identifier: MIT
#include "store/input_state.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/map.h"
#include "store/database.h"
#include "store/pack.h"
#include "store/query.h"

// A state as the database has it.
#define INPUT_ROWS  "SELECT id, kind, name, digest, size, mtime, ctime, inode FROM input "
#define INPUT_SHAPE "IPChaaaa"

#define STAMP(stamp)                                                                               \
	NUMBER((stamp).size), NUMBER((stamp).mtime_ns), NUMBER((stamp).ctime_ns),                  \
		NUMBER((stamp).inode)

// From a digest and four columns of a stamp.
static struct fingerprint read_fingerprint(const struct query *q, int column)
{
	struct packed digest = query_bytes(q, column);
	struct fingerprint f = {.present = digest.end - digest.at == DIGEST_SIZE};

	if (f.present)
		memcpy(f.digest.bytes, digest.at, DIGEST_SIZE);
	f.stamp = (struct stamp){
		.size = query_int(q, column + 1),
		.mtime_ns = query_int(q, column + 2),
		.ctime_ns = query_int(q, column + 3),
		.inode = query_int(q, column + 4),
	};
	return f;
}

void input_states_forget(struct store *s)
{
	for (size_t i = 0; i < s->inputs.cap; i++)
		free(s->inputs.slots[i].value);
	map_release(&s->inputs);
	buf_release(&s->key);
	buf_release(&s->gathered_ids);
	s->gathered = NULL;
	for (size_t i = 0; i < s->input_states.cap; i++) {
		struct input_state *v = s->input_states.slots[i].value;
		if (v)
			free(v->name);
		free(v);
	}
	map_release(&s->input_states);
}

int input_states_refresh(struct store *s)
{
	int64_t version = 0;
	int code = query_number(s, "PRAGMA data_version", NULL, &version);

	if (version != s->data_version)
		input_states_forget(s);
	s->data_version = version;
	return code;
}

static int load_latest(struct store *s, const struct input *in, struct input_latest *l)
{
	struct query *q = query(s,
				"SELECT id, digest, size, mtime, ctime, inode FROM input "
				"WHERE kind=? AND name=? ORDER BY id DESC LIMIT 1",
				VALUES(NUMBER(in->kind), TEXT(in->name)));
	int code = query_next(q, "Ihaaaa");

	if (code == SQLITE_ROW) {
		l->id = query_int(q, 0);
		l->is = read_fingerprint(q, 1);
	}
	return query_end(q, code);
}

#define DIGEST(fingerprint)                                                                        \
	KNOWN_BYTES((fingerprint).digest.bytes, (fingerprint).present ? DIGEST_SIZE : 0)

// The stamp has moved, the content has not: the next one who asks need not read it. Where another
// process has removed the state meanwhile, its number may be that of another one.
static int renew_stamp(struct store *s, int64_t id, enum input_kind kind, const char *name,
		       const struct fingerprint *is)
{
	return query_do(
		s,
		"UPDATE input SET size=?2, mtime=?3, ctime=?4, inode=?5 "
		"WHERE id=?1 AND kind=?6 AND name=?7 AND digest IS ?8",
		VALUES(NUMBER(id), STAMP(is->stamp), NUMBER(kind), TEXT(name), DIGEST(*is)));
}

static int add_input_state(struct store *s, const struct input *in, struct input_latest *l)
{
	int code = query_do(
		s,
		"INSERT INTO input(kind, name, digest, size, mtime, ctime, inode) "
		"VALUES(?,?,?,?,?,?,?)",
		VALUES(NUMBER(in->kind), TEXT(in->name), DIGEST(l->is), STAMP(l->is.stamp)));

	l->id = sqlite3_last_insert_rowid(s->db);
	return code;
}

struct input_latest *input_latest_of(struct store *s, const struct input *in, int *code)
{
	void **place = map_at(&s->inputs, input_key(&s->key, in->kind, in->name));
	struct input_latest *l = *place;

	*code = SQLITE_DONE;
	if (!l) {
		*place = l = xcalloc(1, sizeof *l);
		*code = load_latest(s, in, l);
	}
	return l;
}

// The state that the result's input is of, which is stored if it is new: its id.
int64_t input_state_put(struct store *s, const struct input *in, int *code)
{
	struct input_latest *l = input_latest_of(s, in, code);
	const struct fingerprint before = l->is;

	if (*code != SQLITE_DONE)
		return 0;
	l->is = in->is;
	if (l->id == 0 || !fingerprint_equal(&before, &l->is))
		*code = add_input_state(s, in, l);
	else if (memcmp(&before.stamp, &l->is.stamp, sizeof before.stamp) != 0)
		*code = renew_stamp(s, l->id, in->kind, in->name, &l->is);
	return l->id;
}

static struct input_state read_input_state(const struct query *q)
{
	return (struct input_state){
		.id = query_int(q, 0),
		.kind = (enum input_kind)query_int(q, 1),
		.name = query_copy(q, 2),
		.was = read_fingerprint(q, 3),
	};
}

#define ID_DIGITS 11 // of base 64, that an id has at most

// The id as a text, for a map: nothing else is asked for more often.
static void put_id(char key[ID_DIGITS + 1], int64_t id)
{
	uint64_t left = (uint64_t)id;
	size_t n = 0;

	do
		key[n++] = (char)('0' + (left & 63));
	while (left >>= 6);
	key[n] = '\0';
}

// The state of that id, or NULL.
const struct input_state *input_state_of(struct store *s, int64_t id, int *code)
{
	char key[ID_DIGITS + 1];
	put_id(key, id);
	struct input_state *v = map_get(&s->input_states, key);

	*code = SQLITE_DONE;
	if (!v) {
		struct query *q = query(s, INPUT_ROWS "WHERE id=?", VALUES(NUMBER(id)));
		*code = query_next(q, INPUT_SHAPE);
		if (*code == SQLITE_ROW) {
			v = xmalloc(sizeof *v);
			*v = read_input_state(q);
			map_put(&s->input_states, key, v);
			*code = SQLITE_DONE;
		} else if (*code == SQLITE_DONE) {
			*code = store_damaged(s, "an input is missing");
		}
		query_end(q, SQLITE_DONE);
	}
	return v;
}

// ---- loading ----

static int read_input_states(struct query *q, struct input_states *input_states)
{
	int code;

	while ((code = query_next(q, INPUT_SHAPE)) == SQLITE_ROW)
		VEC_PUSH(input_states, read_input_state(q));
	return code;
}

int input_states_load(struct store *s, struct input_states *input_states, struct err *err)
{
	int code = read_input_states(query(s, INPUT_ROWS "ORDER BY id", NULL), input_states);
	return code == SQLITE_DONE ? 0 : store_error(s, err);
}

int input_states_load_of(struct store *s, const int64_t *ids, size_t n,
			 struct input_states *input_states, struct err *err)
{
	int code = SQLITE_DONE;

	for (size_t i = 0; i < n && code == SQLITE_DONE; i++)
		code = read_input_states(query(s, INPUT_ROWS "WHERE id=?", VALUES(NUMBER(ids[i]))),
					 input_states);
	return code == SQLITE_DONE ? 0 : store_error(s, err);
}

static int renew_all(struct store *s, const struct input_states *input_states)
{
	int code = SQLITE_DONE;

	for (size_t i = 0; i < input_states->n && code == SQLITE_DONE; i++) {
		const struct input_state *v = &input_states->items[i];
		code = renew_stamp(s, v->id, v->kind, v->name, &v->was);
	}
	return code;
}

enum store_status input_states_renew(struct store *s, const struct input_states *input_states,
				     struct err *err)
{
	// Who only looks leaves it to others.
	if (s->mode == STORE_READ)
		return STORE_OK;
	enum store_status status = query_begin(s, err);
	return status == STORE_OK ? query_commit(s, renew_all(s, input_states), err) : status;
}

void input_states_release(struct input_states *v)
{
	for (size_t i = 0; i < v->n; i++)
		free(v->items[i].name);
	free(v->items);
	*v = (struct input_states){0};
}

static int compare_input_state(const void *id, const void *input_state)
{
	int64_t x = *(const int64_t *)id, y = ((const struct input_state *)input_state)->id;

	return (x > y) - (x < y);
}

const struct input_state *input_states_find(const struct input_states *v, int64_t id)
{
	// They are numbered one after another, but for a few that are gone.
	size_t most = v->n && id >= v->items[0].id ? (size_t)(id - v->items[0].id) + 1 : 0;

	if (most > 0 && most <= v->n && v->items[most - 1].id == id)
		return &v->items[most - 1];
	return v->n ? bsearch(&id, v->items, v->n, sizeof *v->items, compare_input_state) : NULL;
}
