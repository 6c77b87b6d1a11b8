// SPDX-License-Identifier: MIT
#include "plan/fresh.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "model/job.h"
#include "model/pace.h"

// One file, as make rules ask for it, is not told by loading thousands.
static int load_one(struct fresh *f, struct store *store, const char *path, struct err *err)
{
	if (store_load_snapshots(store, path, &f->snapshots, err) < 0)
		return -1;
	const struct snapshot *s = map_get(&f->snapshots, path);
	return s ? store_load_versions_of(store, s, &f->versions, err) : 0;
}

static int load(struct fresh *f, struct store *store, const struct jobs *jobs, struct err *err)
{
	if (jobs->n == 1)
		return load_one(f, store, jobs->items[0].path, err);
	if (store_load_versions(store, &f->versions, err) < 0)
		return -1;
	return store_load_snapshots(store, NULL, &f->snapshots, err);
}

int fresh_open(struct fresh *f, struct store *store, const struct jobs *jobs, unsigned trusted,
	       struct err *err)
{
	*f = (struct fresh){.trusted = trusted};
	if (load(f, store, jobs, err) < 0)
		return -1;
	f->current = xmalloc(f->versions.n + 1);
	memset(f->current, -1, f->versions.n + 1);
	f->now = xcalloc(f->versions.n + 1, sizeof *f->now);
	return 0;
}

void fresh_release(struct fresh *f)
{
	versions_release(&f->versions);
	snapshots_release(&f->snapshots);
	free(f->current);
	free(f->now);
	*f = (struct fresh){0};
}

static bool same_stamp(const struct fingerprint *a, const struct fingerprint *b)
{
	return memcmp(&a->stamp, &b->stamp, sizeof a->stamp) == 0;
}

// Whether the version is what its input is now; looked at once, however many files depend on it.
static bool is_current(struct fresh *f, const struct version *v)
{
	size_t i = (size_t)(v - f->versions.items);

	if (f->current[i] < 0) {
		f->now[i] = input_fingerprint(v->kind, v->name, &v->was);
		f->current[i] = fingerprint_equal(&v->was, &f->now[i]);
		f->moved += f->current[i] && !same_stamp(&v->was, &f->now[i]);
	}
	return f->current[i];
}

static const struct version *first_change(struct fresh *f, const struct snapshot *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct version *v = versions_find(&f->versions, s->inputs[i]);
		if (v && !is_current(f, v))
			return v;
	}
	return NULL;
}

// A list that does not tell all of its inputs is none to rely on.
static bool is_whole(const struct fresh *f, const struct snapshot *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (!versions_find(&f->versions, s->inputs[i]))
			return false;
	return s->n > 0;
}

struct fresh_answer fresh_ask(struct fresh *f, const struct job *job, const struct digest *key,
			      int64_t deadline_ns)
{
	struct fresh_answer a = {.snapshot = map_get(&f->snapshots, job->path),
				 .deadline_ns = deadline_ns};

	if (file_status_is_bad(job->last))
		a.verdict = FRESH_FAILED;
	else if (!a.snapshot || !is_whole(f, a.snapshot))
		a.verdict = FRESH_NEW;
	else if (!digest_equal(&a.snapshot->key, key))
		a.verdict = FRESH_OTHER_KEY;
	else if (!pace_stands(a.snapshot->wall_ns, a.snapshot->deadline_ns, deadline_ns))
		a.verdict = FRESH_HURRIED;
	else if ((a.version = first_change(f, a.snapshot)) != NULL)
		a.verdict = FRESH_CHANGED;
	else if ((a.doubts = a.snapshot->doubts & ~f->trusted) != 0)
		a.verdict = FRESH_DOUBTED;
	if (a.version)
		a.now = f->now[a.version - f->versions.items];
	return a;
}

void fresh_changes(struct fresh *f, const struct snapshot *s,
		   void (*each)(const struct version *was, const struct fingerprint *now,
				void *arg),
		   void *arg)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct version *v = versions_find(&f->versions, s->inputs[i]);
		if (v && !is_current(f, v))
			each(v, &f->now[v - f->versions.items], arg);
	}
}

void fresh_chunks(const struct fresh *f, const struct snapshot *s,
		  void (*each)(const char *path, bool whole, void *arg), void *arg)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct version *v = versions_find(&f->versions, s->inputs[i]);
		if (v && (v->kind == INPUT_CHUNK || v->kind == INPUT_WHOLE))
			each(v->name, v->kind == INPUT_WHOLE, arg);
	}
}

void fresh_renew(struct fresh *f, struct store *store)
{
	int64_t old_ns = clock_real_ns() - FINGERPRINT_YOUNG_NS;
	struct versions moved = {0};
	struct err ignored;

	for (size_t i = 0; f->moved > 0 && i < f->versions.n; i++) {
		struct version v = f->versions.items[i];
		if (f->current[i] != 1 || same_stamp(&v.was, &f->now[i]) ||
		    fingerprint_changed_after(&f->now[i], old_ns))
			continue;
		v.was = f->now[i];
		VEC_PUSH(&moved, v);
	}
	if (moved.n > 0)
		store_renew_versions(store, &moved, &ignored);
	free(moved.items);
}
