// SPDX-License-Identifier: MIT
// From what the user asks for to the jobs in the order of their start.
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strings.h"
#include "model/conflicts.h"
#include "model/job.h"
#include "plan/order.h"
#include "plan/uptodate.h"

struct busted_settings;
struct err;
struct selection;
struct fixtures;
struct job_settings;
struct learned;
struct locks;
struct related;
struct store;
struct support;

// What the user has said.
struct plan_settings {
	struct strings paths; // none: the usual folders, those that exist
	struct strings
		patterns; // globs: the names that tests have in a folder; none: the usual ones
	struct strings
		includes; // globs on the path, or on the last part of it if they hold no slash
	struct strings excludes;
	enum order order;
	uint64_t seed;           // of ORDER_RANDOM
	struct strings related;  // sources: only files that were seen to use one of them
	const char *related_git; // and what has changed since that revision; NULL: no such
	bool failed_only;        // files whose latest result is not a pass
	bool changed_only; // files that are not certain to pass unchanged, the failed ones included
	enum conflicts_rule conflicts; // of files that write the same path
	unsigned trusted;              // enum doubt, added up: those that do not count
};

struct plan_request {
	const struct plan_settings *settings;
	const struct strings *paths;          // theirs, or others in their place
	const struct busted_settings *busted; // the project's; NULL: none, busted's defaults hold
	bool changed_only;                    // theirs, or true in its place
	int slots;                            // how many jobs will run at once; 0: unknown
	// The settings of the job's file, for changed_only complete; reads its head where that is
	// not known to be bare. NULL, and err says what is wrong with them. only: lines ("12,40")
	// or names of the tests that are wanted.
	const struct job_settings *(*settings_of)(struct job *job, const struct selection *only,
						  void *owner, struct err *err);
	void *owner;
	const struct locks *locks;       // as in model/queue.h
	const struct fixtures *fixtures; // all, or NULL
	struct related *related;         // only files that have to do with these sources; NULL: all
	const struct counting_wish *counting; // of coverage; NULL: it is not asked for
	struct learned *learned;              // what the history tells besides: plan/learned.h
	struct uptodate *uptodate;            // of changed_only: open from plan_find to plan_order
	struct strings *folders; // gets the folders in which plan_find has looked; owned; or NULL
};

// Fills jobs (released by the caller) with the test files that the request names, in no order, and
// appends to notes (the same) lines on files that may be tests and are not among them. history:
// what
// --changed knows of files, or NULL: all are read. Fails if a path of the request, or a root in
// busted's settings, does not exist.
int plan_find(struct jobs *jobs, const struct plan_request *request, struct store *history,
	      struct strings *notes, struct err *err);
// Tells the jobs what the history knows of them.
int plan_add_past(struct jobs *jobs, struct store *history, struct err *err);
// Has jobs that write the same path keep apart, unless that is not wanted.
int plan_keep_apart(struct jobs *jobs, const struct plan_request *request, struct store *history,
		    struct err *err);
// How the job is run, see command_way; the caller frees it.
char *plan_way(const struct job *job);
// Whether the job, whose past is known, need not run. Sets its framework to that of its last pass.
struct uptodate_finding plan_ask(struct uptodate *f, struct job *j);
// Guesses the frameworks of the jobs, and marks those that the texts of others name; reused: others
// that are not run.
void plan_look_into(struct jobs *jobs, const struct jobs *reused,
		    const struct plan_request *request);
// Notes in support what the jobs have loaded whose passes were recorded a moment ago.
int plan_note_loads(struct support *support, const struct jobs *ran, struct store *history,
		    struct err *err);
// Looks into the file of the job, for its framework.
void plan_look(struct job *j, const struct plan_request *request);
// Looks into the files, learns what the history (which may be NULL) knows of them, leaves out those
// that are not related and those that --failed does not want, puts those that --changed need not
// run, and with coverage those that --failed does not want, into reused (which the caller
// releases), and the others in the order of their start, those that write what others depend on
// before these (plan/sequence.h). Fails, with all of that done without the history, if that cannot
// be read. Plans all that was found with support (unless that is NULL), and notes what those in
// reused have loaded of it.
int plan_order(struct jobs *jobs, struct jobs *reused, const struct plan_request *request,
	       struct store *history, struct support *support, struct err *err);

#endif
