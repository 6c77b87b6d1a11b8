// SPDX-License-Identifier: MIT
#include "plan/touched.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "model/job.h"
#include "store/snapshot.h"

// So many inputs that nobody needs are not worth to be removed.
#define USELESS_MAX 4096

// ---- inputs ----

// What does not change while we live is of no interest here.
static bool is_watchable(enum input_kind kind)
{
	return input_is_path(kind) && !input_is_remark(kind);
}

static size_t first_of(const struct touched *t, const char *name)
{
	return (size_t)(uintptr_t)map_get(&t->by_name, name);
}

static size_t find_input(const struct touched *t, enum input_kind kind, const char *name)
{
	size_t i = first_of(t, name);

	while (i && t->inputs.items[i - 1].kind != kind)
		i = t->inputs.items[i - 1].next;
	return i;
}

static void link_input(struct touched *t, size_t i)
{
	struct touched_input *in = &t->inputs.items[i];
	void **first = map_at(&t->by_name, in->name);

	in->next = (size_t)(uintptr_t)*first;
	*first = (void *)(uintptr_t)(i + 1);
}

// The place of the input; was: what it was, or NULL, where it is looked at unless it is known.
static size_t place_of(struct touched *t, enum input_kind kind, const char *name,
		       const struct fingerprint *was)
{
	size_t i = find_input(t, kind, name);

	if (i) {
		struct touched_input *in = &t->inputs.items[i - 1];
		if (was && !in->changed)
			in->was = *was;
		return i - 1;
	}
	struct touched_input in = {.kind = kind, .name = xstrdup(name)};
	in.was = was ? *was : input_fingerprint(kind, name, NULL);
	VEC_PUSH(&t->inputs, in);
	link_input(t, t->inputs.n - 1);
	return t->inputs.n - 1;
}

// ---- files ----

static struct touched_file *file_of(struct touched *t, const char *path)
{
	void **place = map_at(&t->files, path);

	if (!*place)
		*place = xcalloc(1, sizeof(struct touched_file));
	return *place;
}

static void add_place(struct touched_file *f, size_t place)
{
	f->inputs = alloc_grow(f->inputs, f->n, &f->cap, sizeof *f->inputs);
	f->inputs[f->n++] = place;
}

static struct touched_file *renew_file(struct touched *t, const char *path)
{
	struct touched_file *f = file_of(t, path);

	f->n = 0;
	f->partly = false;
	return f;
}

static void add_written(struct touched *t, const char *path)
{
	map_put(&t->written, path, t);
}

static void note_written(struct touched *t, const struct inputs *in)
{
	for (size_t i = 0; in && i < in->written.n; i++)
		add_written(t, in->written.items[i]);
}

// What the worker saw others may have changed before it was looked at again.
static struct fingerprint fingerprint_seen(const struct touched *t, const struct input *in)
{
	if (!in->seen.has_digest || digest_equal(&in->seen.digest, &in->is.digest) ||
	    touched_is_written(t, in->name))
		return in->is;
	return (struct fingerprint){.present = in->found, .digest = in->seen.digest};
}

void touched_note(struct touched *t, const char *file, const struct inputs *in, bool passed)
{
	struct touched_file *f = renew_file(t, file);

	note_written(t, in);
	for (size_t i = 0; in && i < in->list.n; i++) {
		const struct input *one = &in->list.items[i];
		if (!is_watchable(one->kind))
			continue;
		struct fingerprint was = fingerprint_seen(t, one);
		add_place(f, place_of(t, one->kind, one->name, passed ? &was : NULL));
	}
	f->partly = in && (in->blind || in->overflow);
	add_place(f, place_of(t, INPUT_PATH, file, NULL));
}

void touched_note_part(struct touched *t, const char *file, const struct inputs *in)
{
	// No more than itself.
	if (file_of(t, file)->n <= 1)
		touched_note(t, file, in, false);
	else
		note_written(t, in);
}

bool touched_knows(const struct touched *t, const char *file)
{
	const struct touched_file *f = map_get(&t->files, file);

	return f && f->n > 0;
}

void touched_depend(struct touched *t, const char *file, enum input_kind kind, const char *name)
{
	struct fingerprint now = input_fingerprint(kind, name, NULL);

	add_place(file_of(t, file), place_of(t, kind, name, &now));
}

void touched_forget(struct touched *t, const char *file)
{
	renew_file(t, file)->all = false;
}

void touched_mark(struct touched *t, const char *file)
{
	file_of(t, file)->all = true;
}

static void recall(struct touched *t, const char *file, const struct snapshot *s,
		   const struct input_states *states)
{
	struct touched_file *f = renew_file(t, file);

	for (size_t i = 0; i < s->n; i++) {
		const struct input_state *v = input_states_find(states, s->inputs[i]);
		if (v && is_watchable(v->kind))
			add_place(f, place_of(t, v->kind, v->name, &v->was));
	}
	f->partly = (s->doubts & (DOUBT_BLIND | DOUBT_OVERFLOW)) != 0;
	add_place(f, place_of(t, INPUT_PATH, file, NULL));
	for (size_t at = 0; at < s->written_bytes; at += strlen(s->written + at) + 1)
		add_written(t, s->written + at);
}

int touched_recall(struct touched *t, const struct jobs *jobs, struct store *history,
		   struct err *err)
{
	struct input_states states = {0};
	struct map snapshots = {0};
	int status = input_states_load(history, &states, err);

	if (status == 0)
		status = snapshots_load(history, NULL, &snapshots, err);
	for (size_t i = 0; status == 0 && i < jobs->n; i++) {
		const struct snapshot *s = map_get(&snapshots, jobs->items[i].path);
		if (s && !touched_knows(t, jobs->items[i].path))
			recall(t, jobs->items[i].path, s, &states);
	}
	snapshots_release(&snapshots);
	input_states_release(&states);
	return status;
}

// ---- changes ----

bool touched_is_written(const struct touched *t, const char *path)
{
	return map_get(&t->written, path) != NULL;
}

bool touched_is_listed(const struct touched *t, const char *path)
{
	return find_input(t, INPUT_LISTING, path) != 0;
}

static bool look_at(const struct touched *t, struct touched_input *in)
{
	if (t->runs && touched_is_written(t, in->name))
		return false;
	struct fingerprint now = input_fingerprint(in->kind, in->name, &in->was);

	if (fingerprint_equal(&now, &in->was)) {
		in->was = now;
		return false;
	}
	in->was = now;
	in->changed = true;
	return true;
}

static bool is_below(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return strncmp(path, folder, n) == 0 && path[n] == '/';
}

bool touched_look(struct touched *t, const char *path, bool below)
{
	bool changed = false;

	if (path && !below) {
		for (size_t i = first_of(t, path); i; i = t->inputs.items[i - 1].next)
			changed |= look_at(t, &t->inputs.items[i - 1]);
		return changed;
	}
	for (size_t i = 0; i < t->inputs.n; i++) {
		struct touched_input *in = &t->inputs.items[i];
		if (!path || strcmp(in->name, path) == 0 || is_below(in->name, path))
			changed |= look_at(t, in);
	}
	return changed;
}

bool touched_look_from(struct touched *t, size_t from)
{
	bool changed = false;

	for (size_t i = from; i < t->inputs.n; i++)
		changed |= look_at(t, &t->inputs.items[i]);
	return changed;
}

static bool any_changed(const struct touched *t)
{
	for (size_t i = 0; i < t->inputs.n; i++)
		if (t->inputs.items[i].changed)
			return true;
	return false;
}

bool touched_is(const struct touched *t, const char *file)
{
	const struct touched_file *f = map_get(&t->files, file);

	if (!f || f->all)
		return f != NULL;
	for (size_t i = 0; i < f->n; i++)
		if (t->inputs.items[f->inputs[i]].changed)
			return true;
	return f->partly && any_changed(t);
}

void touched_settle(struct touched *t)
{
	for (size_t i = 0; i < t->inputs.n; i++)
		t->inputs.items[i].changed = false;
	for (size_t i = 0; i < t->files.cap; i++)
		if (t->files.slots[i].key)
			((struct touched_file *)t->files.slots[i].value)->all = false;
}

// ---- what is to be watched ----

void touched_each_new(struct touched *t, void (*each)(void *owner, const struct touched_input *in),
		      void *owner)
{
	while (t->told < t->inputs.n)
		each(owner, &t->inputs.items[t->told++]);
}

void touched_each_below(struct touched *t, const char *path,
			void (*each)(void *owner, const struct touched_input *in), void *owner)
{
	for (size_t i = 0; i < t->inputs.n; i++)
		if (!path || strcmp(t->inputs.items[i].name, path) == 0 ||
		    is_below(t->inputs.items[i].name, path))
			each(owner, &t->inputs.items[i]);
}

size_t touched_count(const struct touched *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->by_name.cap; i++)
		n += t->by_name.slots[i].key != NULL;
	return n;
}

static size_t note_needed(struct touched *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->inputs.n; i++)
		t->inputs.items[i].is_needed = false;
	for (size_t i = 0; i < t->files.cap; i++) {
		const struct touched_file *f = t->files.slots[i].value;
		for (size_t k = 0; f && k < f->n; k++) {
			struct touched_input *in = &t->inputs.items[f->inputs[k]];
			n += !in->is_needed;
			in->is_needed = true;
		}
	}
	return n;
}

bool touched_sweep(struct touched *t)
{
	size_t needed = note_needed(t), n = 0;

	if (t->inputs.n < 2 * needed + USELESS_MAX)
		return false;
	size_t *moved = xcalloc(t->inputs.n, sizeof *moved);
	map_release(&t->by_name);
	for (size_t i = 0; i < t->inputs.n; i++) {
		struct touched_input in = t->inputs.items[i];
		if (!in.is_needed) {
			free(in.name);
			continue;
		}
		moved[i] = n;
		t->inputs.items[n] = in;
		link_input(t, n++);
	}
	t->inputs.n = n;
	t->told = 0;
	for (size_t i = 0; i < t->files.cap; i++) {
		struct touched_file *f = t->files.slots[i].value;
		for (size_t k = 0; f && k < f->n; k++)
			f->inputs[k] = moved[f->inputs[k]];
	}
	free(moved);
	return true;
}

void touched_release(struct touched *t)
{
	for (size_t i = 0; i < t->inputs.n; i++)
		free(t->inputs.items[i].name);
	free(t->inputs.items);
	for (size_t i = 0; i < t->files.cap; i++) {
		struct touched_file *f = t->files.slots[i].value;
		if (f)
			free(f->inputs);
		free(f);
	}
	map_release(&t->by_name);
	map_release(&t->files);
	map_release(&t->written);
	*t = (struct touched){0};
}
