// SPDX-License-Identifier: MIT
#include "plan/uptodate.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "model/deadline.h"
#include "model/fixture.h"
#include "model/job.h"
#include "model/job_settings.h"

static bool is_partial(const struct job *job)
{
	return job->settings && selection_is_partial(&job->settings->selection);
}

const struct snapshot *uptodate_snapshot(const struct uptodate *u, const struct job *job)
{
	const struct snapshot *part = is_partial(job) ? map_get(&u->parts, job->path) : NULL;

	return part ? part : map_get(&u->snapshots, job->path);
}

// Of the file at that path, or of all (NULL).
static int load_snapshots(struct uptodate *u, struct store *store, const char *path,
			  struct err *err)
{
	if (snapshots_load(store, path, &u->snapshots, err) < 0)
		return -1;
	return snapshots_load_parts(store, path, &u->parts, err);
}

// One file, as make rules ask for it, is not told by loading thousands.
static int load_one(struct uptodate *u, struct store *store, const struct jobs *jobs,
		    struct err *err)
{
	if (load_snapshots(u, store, jobs->items[0].path, err) < 0)
		return -1;
	const struct snapshot *s = uptodate_snapshot(u, &jobs->items[0]);
	return s ? input_states_load_of(store, s->inputs, s->n, &u->input_states, err) : 0;
}

static int load(struct uptodate *u, struct store *store, const struct jobs *jobs, struct err *err)
{
	if (jobs->n == 1)
		return load_one(u, store, jobs, err);
	if (input_states_load(store, &u->input_states, err) < 0)
		return -1;
	return load_snapshots(u, store, NULL, err);
}

int uptodate_open(struct uptodate *u, struct store *store, const struct jobs *jobs,
		  unsigned trusted, struct err *err)
{
	*u = (struct uptodate){.trusted = trusted, .counting = {.store = store}};
	if (load(u, store, jobs, err) < 0)
		return -1;
	u->current = xmalloc(u->input_states.n + 1);
	memset(u->current, -1, u->input_states.n + 1);
	u->now = xcalloc(u->input_states.n + 1, sizeof *u->now);
	return 0;
}

bool uptodate_is_open(const struct uptodate *u)
{
	return u->now;
}

void uptodate_release(struct uptodate *u)
{
	input_states_release(&u->input_states);
	snapshots_release(&u->snapshots);
	snapshots_release(&u->parts);
	free(u->current);
	free(u->now);
	counting_release(&u->counting);
	*u = (struct uptodate){0};
}

// What a setup of the run may have changed is what it was before.
static struct fingerprint look_at(const struct uptodate *u, const struct input_state *v)
{
	const struct input *seen = fixtures_find_seen(u->fixtures, v->kind, v->name);

	if (!seen)
		return input_fingerprint(v->kind, v->name, &v->was);
	struct fingerprint now = seen->is;
	now.stamp = v->was.stamp;
	return now;
}

// Whether the state is what its input is now; looked at once, however many files depend on it.
static bool is_current(struct uptodate *u, const struct input_state *v)
{
	size_t i = (size_t)(v - u->input_states.items);

	if (u->current[i] < 0) {
		u->now[i] = look_at(u, v);
		u->current[i] = fingerprint_equal(&v->was, &u->now[i]);
		u->moved += u->current[i] && !stamp_equal(&v->was.stamp, &u->now[i].stamp);
	}
	return u->current[i];
}

// What the file was when it passed; NULL: it is not told by that name.
static const struct input_state *own_state(const struct uptodate *u, const struct snapshot *s,
					   const char *path)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct input_state *v = input_states_find(&u->input_states, s->inputs[i]);
		if (v && v->kind == INPUT_PATH && strcmp(v->name, path) == 0)
			return v;
	}
	return NULL;
}

void uptodate_recall_heads(struct uptodate *u, struct jobs *jobs)
{
	int64_t now_ns = clock_real_ns();

	for (size_t i = 0; i < jobs->n; i++) {
		struct job *j = &jobs->items[i];
		const struct snapshot *s = map_get(&u->snapshots, j->path);
		bool knows = s && s->has_bare_head && !(s->doubts & DOUBT_YOUNG);
		const struct input_state *v = knows ? own_state(u, s, j->path) : NULL;
		if (!v || !is_current(u, v))
			continue;
		const struct stamp *stamp = &u->now[v - u->input_states.items].stamp;
		j->head.is_bare = true;
		if (!stamp_is_young(stamp, now_ns))
			j->head.stamp = *stamp;
	}
}

static const struct input_state *first_change(struct uptodate *u, const struct snapshot *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct input_state *v = input_states_find(&u->input_states, s->inputs[i]);
		if (v && !is_current(u, v))
			return v;
	}
	return NULL;
}

// A list that does not tell all of its inputs is none to rely on.
static bool is_whole(const struct uptodate *u, const struct snapshot *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (!input_states_find(&u->input_states, s->inputs[i]))
			return false;
	return s->n > 0;
}

// What cannot be asked for is not known.
static enum counting_lack lack_of(struct uptodate *u, const struct snapshot *s)
{
	struct err unused;
	int lack =
		u->counting.wish ? counting_ask(&u->counting, s->result, &unused) : COUNTING_STANDS;

	return lack < 0 ? COUNTING_NONE : (enum counting_lack)lack;
}

struct uptodate_finding uptodate_ask(struct uptodate *u, const struct job *job,
				     const struct digest *key, int64_t deadline_ns)
{
	struct uptodate_finding a = {.snapshot = uptodate_snapshot(u, job),
				     .deadline_ns = deadline_ns};

	if (file_status_is_bad(job->last))
		a.verdict = STALE_FAILED;
	else if (!a.snapshot || !is_whole(u, a.snapshot))
		a.verdict = STALE_NEW;
	else if (!digest_equal(&a.snapshot->key, key))
		a.verdict = STALE_OTHER_KEY;
	else if (!deadline_is_enough(a.snapshot->wall_ns, a.snapshot->deadline_ns, deadline_ns))
		a.verdict = STALE_DEADLINE;
	else if ((a.input_state = first_change(u, a.snapshot)) != NULL)
		a.verdict = STALE_CHANGED;
	else if ((a.doubts = a.snapshot->doubts & ~u->trusted) != 0)
		a.verdict = STALE_DOUBTED;
	else if ((a.lack = lack_of(u, a.snapshot)) != COUNTING_STANDS)
		a.verdict = STALE_UNCOUNTED;
	if (a.input_state)
		a.now = u->now[a.input_state - u->input_states.items];
	return a;
}

void uptodate_changes(struct uptodate *u, const struct snapshot *s,
		      void (*each)(const struct input_state *was, const struct fingerprint *now,
				   void *arg),
		      void *arg)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct input_state *v = input_states_find(&u->input_states, s->inputs[i]);
		if (v && !is_current(u, v))
			each(v, &u->now[v - u->input_states.items], arg);
	}
}

void uptodate_chunks(const struct uptodate *u, const struct snapshot *s,
		     void (*each)(const char *path, bool whole, void *arg), void *arg)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct input_state *v = input_states_find(&u->input_states, s->inputs[i]);
		if (v && (v->kind == INPUT_CHUNK || v->kind == INPUT_WHOLE))
			each(v->name, v->kind == INPUT_WHOLE, arg);
	}
}

void uptodate_renew(struct uptodate *u, struct store *store)
{
	int64_t now_ns = clock_real_ns();
	struct input_states moved = {0};
	struct err ignored;

	for (size_t i = 0; u->moved > 0 && i < u->input_states.n; i++) {
		struct input_state v = u->input_states.items[i];
		if (u->current[i] != 1 || stamp_equal(&v.was.stamp, &u->now[i].stamp) ||
		    stamp_is_young(&u->now[i].stamp, now_ns))
			continue;
		v.was = u->now[i];
		VEC_PUSH(&moved, v);
	}
	if (moved.n > 0)
		input_states_renew(store, &moved, &ignored);
	free(moved.items);
}
