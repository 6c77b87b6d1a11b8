// SPDX-License-Identifier: MIT
#include "cli/watching.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "cli/files.h"
#include "cli/project.h"
#include "cli/session.h"
#include "framework/busted.h"
#include "framework/firmo.h"
#include "model/result.h"

// What is touched and no test file: no test has such a path.
#define FOLDERS  ""
#define SETTINGS "/"

// A save is several changes: so long after the last one they are seen to, but no later than so long
// after the first. Where a run was cut short a moment ago, more of them are to come.
#define PAUSE_NS        (10 * NS_PER_MS)
#define PATIENCE_NS     (50 * NS_PER_MS)
#define CUT_PAUSE_NS    (50 * NS_PER_MS)
#define CUT_PATIENCE_NS (500 * NS_PER_MS)

// Where the system's limits leave folders out, all is looked at so often; where that takes longer
// than a part of it, more rarely.
#define POLL_NS    NS_PER_SEC
#define POLL_SHARE 50

// ---- what is heard ----

static void expect_pause(struct watching *w)
{
	int64_t now = clock_mono_ns();

	if (w->quiet.at_ns == LOOP_NEVER)
		w->first_ns = now;
	int64_t pause = now + (w->was_cut ? CUT_PAUSE_NS : PAUSE_NS);
	int64_t last = w->first_ns + (w->was_cut ? CUT_PATIENCE_NS : PATIENCE_NS);
	w->quiet.at_ns = pause < last ? pause : last;
}

static void hear(struct watching *w, const char *path)
{
	if (map_put(&w->is_heard, path, w) == NULL)
		VEC_PUSH(&w->heard, xstrdup(path));
	expect_pause(w);
}

static void watch_input(void *owner, const struct touched_input *in)
{
	struct watching *w = owner;

	changes_add(&w->changes, in->name);
	if (in->kind == INPUT_LISTING)
		changes_add_entries(&w->changes, in->name);
}

static void hear_input(void *owner, const struct touched_input *in)
{
	watch_input(owner, in);
	hear(owner, in->name);
}

static void on_change(void *owner, const char *path, bool below)
{
	struct watching *w = owner;

	if (!path) {
		w->lost_count = true;
		expect_pause(w);
	} else if (below) {
		touched_each_below(&w->touched, path, hear_input, w);
	} else if (!w->touched.runs || !touched_is_written(&w->touched, path)) {
		hear(w, path);
	}
}

static void tell_limits(struct watching *w)
{
	if (!w->changes.is_partial)
		return;
	if (!w->told_limits)
		session_warn("--watch: the system has no room to watch all files "
			     "(fs.inotify.max_user_watches, max_user_instances): they are looked "
			     "at every second instead");
	w->told_limits = true;
	if (w->poll.at_ns == LOOP_NEVER)
		w->poll.at_ns = clock_mono_ns() + POLL_NS;
}

static void watch_new(struct watching *w)
{
	touched_each_new(&w->touched, watch_input, w);
	tell_limits(w);
}

// ---- what it comes to ----

static bool any_is_touched(const struct watching *w)
{
	bool any = touched_is(&w->touched, FOLDERS) || touched_is(&w->touched, SETTINGS);

	for (size_t i = 0; i < w->found.n && !any; i++)
		any = touched_is(&w->touched, w->found.items[i].path);
	return any;
}

static bool has_listing_only(const struct watching *w, const char *path)
{
	return w->touched.runs && touched_is_listed(&w->touched, path);
}

// What a person is told of.
struct change {
	char *path;
	size_t files;
};

// A file tells more than the folder in which it has come to be.
static void name_change(struct change *c, const char *path, bool is_folder)
{
	if (!c->path || (c->files == 0 && !is_folder)) {
		free(c->path);
		c->path = xstrdup(path);
	}
	c->files += !is_folder;
}

// Looks at all that was heard of. While files run, they make and remove entries of folders: which
// of these are left is seen at the end.
static void weigh(struct watching *w)
{
	struct strings heard = w->heard;
	struct change change = {0};
	bool changed = false;

	w->heard = (struct strings){0};
	map_release(&w->is_heard);
	for (size_t i = 0; i < heard.n; i++) {
		char *path = heard.items[i];
		if (has_listing_only(w, path)) {
			map_put(&w->is_heard, path, w);
			VEC_PUSH(&w->heard, xstrdup(path));
		} else if (touched_look(&w->touched, path, false)) {
			// A link may lead elsewhere by now.
			changes_add(&w->changes, path);
			name_change(&change, path, touched_is_listed(&w->touched, path));
		}
	}
	strings_free_all(&heard);
	if (w->lost_count && !w->touched.runs) {
		w->lost_count = false;
		touched_each_below(&w->touched, NULL, watch_input, w);
		changed = touched_look(&w->touched, NULL, true);
	}
	if ((changed || change.path) && any_is_touched(w))
		w->changed(w->owner, change.path, change.files > 1 ? change.files - 1 : 0);
	free(change.path);
}

static void on_quiet(struct loop_timer *t)
{
	weigh(t->owner);
}

static void on_poll(struct loop_timer *t)
{
	struct watching *w = t->owner;
	int64_t before = clock_mono_ns();

	w->lost_count = true;
	weigh(w);
	int64_t now = clock_mono_ns(), pause = (now - before) * POLL_SHARE;
	t->at_ns = now + (pause > POLL_NS ? pause : POLL_NS);
}

// ---- the test files ----

static struct map paths_of(const struct jobs *jobs)
{
	struct map paths = {0};

	for (size_t i = 0; i < jobs->n; i++)
		map_put(&paths, jobs->items[i].path, &jobs->items[i]);
	return paths;
}

// All that is touched has been seen to, but for test files that are not among these.
static void settle(struct watching *w, const struct jobs *seen_to)
{
	struct map paths = paths_of(seen_to);
	struct strings left = {0};

	if (touched_is(&w->touched, FOLDERS))
		VEC_PUSH(&left, (char *)FOLDERS);
	for (size_t i = 0; i < w->found.n; i++) {
		char *path = w->found.items[i].path;
		if (touched_is(&w->touched, path) && !map_get(&paths, path))
			VEC_PUSH(&left, path);
	}
	map_release(&paths);
	touched_settle(&w->touched);
	for (size_t i = 0; i < left.n; i++)
		touched_mark(&w->touched, left.items[i]);
	free(left.items);
}

static void release_found(struct watching *w)
{
	jobs_release(&w->found);
	w->found = (struct jobs){0};
	map_release(&w->lines);
	w->lines = (struct map){0};
	strings_free_all(&w->lined);
	w->lined = (struct strings){0};
}

// Their settings go when settings are read anew.
static void keep_lines(struct watching *w)
{
	for (size_t i = 0; i < w->found.n; i++) {
		const struct job *job = &w->found.items[i];
		if (!job->settings->selection.lines)
			continue;
		VEC_PUSH(&w->lined, xstrdup(job->settings->selection.lines));
		map_put(&w->lines, job->path, w->lined.items[w->lined.n - 1]);
	}
}

static void depend_on_folders(struct watching *w, const struct strings *folders)
{
	touched_forget(&w->touched, FOLDERS);
	for (size_t i = 0; i < folders->n; i++)
		touched_depend(&w->touched, FOLDERS, INPUT_LISTING, folders->items[i]);
	watch_new(w);
}

enum firmo_jobs_status watching_find(struct watching *w)
{
	struct firmo_jobs *s = w->session;
	struct strings folders = {0};

	settle(w, &(struct jobs){0});
	session_begin_run(s);
	s->request.folders = &folders;
	// What changes from here on is found the next time.
	enum firmo_jobs_status status = files_find(s);
	s->request.folders = NULL;
	if (status == FIRMO_JOBS_OK || w->folders.n == 0) {
		strings_free_all(&w->folders);
		w->folders = folders;
	} else {
		strings_free_all(&folders);
	}
	depend_on_folders(w, &w->folders);
	if (status != FIRMO_JOBS_OK) {
		touched_mark(&w->touched, FOLDERS);
		return status;
	}
	struct map known = paths_of(&w->found);
	for (size_t i = 0; i < s->jobs.n; i++)
		if (!map_get(&known, s->jobs.items[i].path))
			touched_mark(&w->touched, s->jobs.items[i].path);
	map_release(&known);
	release_found(w);
	w->found = s->jobs;
	s->jobs = (struct jobs){0};
	keep_lines(w);
	return FIRMO_JOBS_OK;
}

// What a file that has never run depends on is itself.
static void know_all(struct watching *w)
{
	for (size_t i = 0; i < w->found.n; i++)
		if (!touched_knows(&w->touched, w->found.items[i].path))
			touched_note(&w->touched, w->found.items[i].path, NULL, false);
	watch_new(w);
}

bool watching_needs_find(const struct watching *w)
{
	return touched_is(&w->touched, FOLDERS);
}

void watching_recall(struct watching *w)
{
	struct store *store = w->session->context.store;
	struct err err;

	// A history that cannot be read is told of by the run.
	if (store)
		touched_recall(&w->touched, &w->found, store, &err);
	know_all(w);
}

// ---- the settings ----

bool watching_take_settings(struct watching *w)
{
	bool changed = touched_is(&w->touched, SETTINGS);

	if (changed)
		settle(w, &(struct jobs){0});
	return changed;
}

void watching_renew_settings(struct watching *w)
{
	char *user = project_user_path();

	touched_forget(&w->touched, SETTINGS);
	touched_depend(&w->touched, SETTINGS, INPUT_PATH, PROJECT_FILE);
	touched_depend(&w->touched, SETTINGS, INPUT_PATH, BUSTED_FILE);
	touched_depend(&w->touched, SETTINGS, INPUT_PATH, FIRMO_FILE);
	if (user)
		touched_depend(&w->touched, SETTINGS, INPUT_PATH, user);
	free(user);
	watch_new(w);
}

// ---- a run ----

void watching_begin(struct watching *w)
{
	settle(w, &w->session->jobs);
	know_all(w);
	w->touched.runs = true;
	w->begun = w->touched.inputs.n;
}

void watching_note(struct watching *w, const struct result *r)
{
	if (r->status == FILE_NOTRUN)
		touched_note_part(&w->touched, r->job->path, r->inputs);
	else
		touched_note(&w->touched, r->job->path, r->inputs, r->status == FILE_PASSED);
	watch_new(w);
}

void watching_end(struct watching *w, bool was_cut)
{
	changes_read(&w->changes);
	w->was_cut = was_cut;
	// What was not watched when a file ended.
	bool changed = touched_look_from(&w->touched, w->begun);
	w->touched.runs = false;
	if (touched_sweep(&w->touched)) {
		changes_clear(&w->changes);
		watch_new(w);
		w->lost_count = true;
	}
	if (w->heard.n > 0 || w->lost_count)
		expect_pause(w);
	if (changed && any_is_touched(w))
		w->changed(w->owner, NULL, 0);
}

// ---- its life ----

void watching_open(struct watching *w)
{
	struct loop *loop = &w->session->context.loop;
	struct err ignored;

	w->changes = (struct changes){.changed = on_change, .owner = w};
	changes_open(&w->changes, loop, &ignored);
	w->quiet = (struct loop_timer){.at_ns = LOOP_NEVER, .fire = on_quiet, .owner = w};
	w->poll = (struct loop_timer){.at_ns = LOOP_NEVER, .fire = on_poll, .owner = w};
	loop_add_timer(loop, &w->quiet);
	loop_add_timer(loop, &w->poll);
	watching_renew_settings(w);
}

void watching_close(struct watching *w)
{
	loop_remove_timer(&w->session->context.loop, &w->quiet);
	loop_remove_timer(&w->session->context.loop, &w->poll);
	changes_close(&w->changes);
	strings_free_all(&w->heard);
	strings_free_all(&w->folders);
	map_release(&w->is_heard);
	release_found(w);
	touched_release(&w->touched);
}
