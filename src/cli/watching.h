// SPDX-License-Identifier: MIT
// What --watch watches: the test files of a session, what they depend on, the settings.
#ifndef CLI_WATCHING_H
#define CLI_WATCHING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "base/strings.h"
#include "firmo-jobs.h"
#include "model/job.h"
#include "plan/touched.h"
#include "sys/changes.h"
#include "sys/loop.h"

struct firmo_jobs;
struct result;

struct watching {
	// A change touches files, or the settings; more: how many other paths have changed as well.
	// It is called when the changes have paused, or have gone on for long.
	void (*changed)(void *owner, const char *path, size_t more);
	void *owner;
	struct firmo_jobs *session;
	struct touched touched;
	struct changes changes;
	struct jobs found;      // all test files
	struct strings lined;   // those lines of FILE:LINE that are wanted of some of them; owned
	struct map lines;       // their places in it, by path
	struct strings folders; // in which they were looked for; owned
	struct strings heard;   // of which it is not known yet whether they have changed; owned
	struct map is_heard;
	bool lost_count;  // anything may have changed
	bool was_cut;     // the last run was ended early
	size_t begun;     // how many inputs were known when the run began
	int64_t first_ns; // when the first was heard of
	struct loop_timer quiet, poll;
	bool told_limits;
};

// changed, owner and session are set by the caller.
void watching_open(struct watching *w);
// Finds the test files, and marks those that are new as touched. Says what is wrong; then those
// found before stay, and it is tried again at the next change.
enum firmo_jobs_status watching_find(struct watching *w);
// Notes what the files depend on, as the history tells.
void watching_recall(struct watching *w);
// Whether a setting has changed; and forgets it.
bool watching_take_settings(struct watching *w);
// Whether test files have come or gone.
bool watching_needs_find(const struct watching *w);
// The settings have been read anew: watches what they depend on.
void watching_renew_settings(struct watching *w);
// A run begins: files that are touched and not in the session's jobs stay so.
void watching_begin(struct watching *w);
// A file of the run has ended.
void watching_note(struct watching *w, const struct result *r);
// The run has ended; was_cut: early.
void watching_end(struct watching *w, bool was_cut);
void watching_close(struct watching *w);

#endif
