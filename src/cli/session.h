// SPDX-License-Identifier: MIT
// The state of one invocation, for the files of cli/ alone: what the user has said, what lives as
// long as the session, and the run that is planned or carried out.
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include "base/err.h"
#include "cli/context.h"
#include "cli/display.h"
#include "cli/git.h"
#include "cli/journal.h"
#include "cli/live.h"
#include "cli/settings.h"
#include "framework/luacov.h"
#include "model/job.h"
#include "model/run.h"
#include "model/runners.h"
#include "model/support.h"
#include "plan/counting.h"
#include "plan/learned.h"
#include "plan/related.h"
#include "plan/uptodate.h"
#include "sys/places.h"

struct hits;
struct service;
struct tokens;

// What --coverage has found and counted, see cli/covering.h; all of it is owned.
struct covering {
	char *library, *cwd;
	const char *root; // of what is counted: cwd, or "" for all
	struct luacov_settings luacov;
	struct map tests;   // the files that are run
	struct map digests; // of the sources, path -> struct fingerprint *
	struct counting_wish wish;
	struct git_changes changes; // of --coverage-diff
	struct strings uncounted;   // those of which nothing was counted
	struct {
		struct covering_worker {
			long process;
			const struct job *job;
		} * items; // whose stats are left apart
		size_t n, cap;
	} workers;
	struct strings left; // where they are
	struct strings lost; // reused ones whose coverage is gone
	bool tells_runners;  // the report wants to know who ran the lines
	struct runners runners;
	struct hits *hits; // NULL: nothing is counted
};

// How far its run has come.
enum stage { STAGE_OPENED, STAGE_PLANNED, STAGE_RUN };

struct firmo_jobs {
	int argc;
	char **argv;
	char *start;                     // the folder in which argv was said; NULL: not known
	struct settings words;           // as the command line is read
	const struct settings *settings; // those, from then on
	struct context context;

	// The run:
	enum stage stage;
	struct plan_request request;
	struct learned learned;   // jobs point to it
	struct uptodate uptodate; // open from the search for files to their order
	struct run_means means;
	enum progress_kind progress;
	char *workspace;         // the path of its temporary folder
	struct service *service; // what others ask for our files by, or NULL
	struct jobs jobs;
	struct jobs reused; // those whose last pass is valid
	struct jobs ran;    // those that others have run for us
	struct {
		struct jobs **items; // those of reused that were run after all; owned
		size_t n, cap;
	} invalidated;
	bool has_asked;       // valid passes were run again for what they load
	bool renewed;         // a setup has given its files other variables than it did before
	bool wrote;           // files of this run may have changed what others depend on
	char *slots;          // the folder by which slots are shared out, or NULL
	struct places places; // by which locks hold among runs
	struct strings own;   // absolute paths of what we write, NULL at the end
	struct jobs asked;    // those that others could ask us to run
	struct jobs left;     // those that they have left to us, as they may be support
	struct run run;
	struct covering covering;
	struct related related; // the sources of --related
	struct support support; // which of the files are no tests
	struct {
		struct result **items; // those that may be such, until all is known
		size_t n, cap;
	} open;
	struct journal journal;
	struct display display;
	struct live live;
	bool told_why_none; // no file is to be run, and a line has said how some would be
	bool joined;        // what is run here is a part of a run that another process reports on
};

// One line on standard error, in the program's name.
void session_warn(const char *message);
// Has heard() told of each warning from now on, and of those before that nobody has heard; NULL
// ends that.
void session_listen(void (*heard)(void *owner, const char *message), void *owner);
// A point in time on standard output, as a person here reads it: "2026-11-25 20:10:11".
void session_print_time(int64_t real_ns);
// Reads all settings anew, and forgets the run that there was. Where they cannot be read, those
// before still hold.
int session_read_again(struct firmo_jobs *s, struct err *err);
// Makes ready for another run: forgets the one that there was.
void session_begin_run(struct firmo_jobs *s);

#endif
