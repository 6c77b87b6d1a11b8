// SPDX-License-Identifier: MIT
// What lives longer than a run: make's flags, the history, the programs, the loop. Any number of
// runs can be carried out with it, one after another.
#ifndef CLI_CONTEXT_H
#define CLI_CONTEXT_H

#include <stdbool.h>

#include "base/fingerprint.h"
#include "base/map.h"
#include "cli/settings.h"
#include "cli/variants.h"
#include "firmo-jobs.h"
#include "framework/busted.h"
#include "framework/framework.h"
#include "jobserver/makeflags.h"
#include "sys/loop.h"
#include "sys/signals.h"
#include "sys/spawner.h"

struct err;
struct result;
struct store;
struct supervisor;

// What carries out runs one after another hears of each. Called from inside of the run.
struct spectator {
	void (*begun)(void *owner, struct supervisor *s);   // by which it can be ended
	void (*ended)(void *owner, const struct result *r); // with all that it depended on
	void (*suspended)(void *owner, bool now);           // before (true) and after a Ctrl-Z
	void *owner;
};

// The variable in which firmo-jobs --gather tells those below it the name of its run, which may be
// in no history. firmo-jobs.mk goes by it as well.
#define CONTEXT_GATHER "FIRMO_JOBS_GATHER"
// The one in which it tells them how to count coverage: CONTEXT_CALLS, CONTEXT_WIDE, or "".
#define CONTEXT_COUNTING "FIRMO_JOBS_GATHER_COVERAGE"
#define CONTEXT_CALLS    'c'
#define CONTEXT_WIDE     'w'

struct context {
	const struct settings *settings;
	struct text_style style; // of text on standard output
	bool text_to_stdout;     // it goes there, unless another report does
	struct makeflags make;
	struct spawner spawner; // of the workers
	struct loop loop;
	struct signals signals;            // while has_signals
	bool has_signals;                  // a run is carried out, or what is more than one
	const struct spectator *spectator; // or NULL
	struct store *store;               // NULL: no history
	struct commands commands;
	struct variants variants; // the settings of the files
	struct busted_settings busted;
	char *revision; // the commit that is checked out, or NULL: not known
	struct fingerprint revision_since;
	struct map told; // what was told of the files that were found
	bool has_busted; // the project has settings of busted's
	bool has_looked; // for what watching needs
	bool has_proc;
	char *library, *cwd; // for watching, once it has
};

// Reads what make says of us. Then come the settings, before anything else.
void context_open(struct context *c);
void context_set(struct context *c, const struct settings *settings);
// Forgets what comes of the settings that there were; the history, too, unless the settings to come
// have the same.
void context_forget(struct context *c, const struct settings *next);
void context_close(struct context *c);
// How many workers there will be at once, as far as can be known before: 0 if only make knows.
int context_workers(const struct context *c);
// The jobserver of make is for us, not for workers, and no input of theirs: from here on our
// environment does not have it.
void context_forget_jobserver(void);
// Has signals come as events, until it is closed.
int context_open_signals(struct context *c, struct err *err);
void context_close_signals(struct context *c);
// Opens the history, if it is not open; says what is wrong with it once, and goes on without.
// Another status than OK: the file that --db names is another program's.
enum firmo_jobs_status context_open_store(struct context *c, bool to_write);
// What a mode ends with that cannot use its history: of another program, named by --db, or else.
enum firmo_jobs_status context_refuse_store(const struct context *c, const struct err *err);
// Where damage was found in a history that was opened to be written to, a new one is begun;
// otherwise there is none from now on. Says so.
void context_lose_store(struct context *c, const struct err *err);
// Finds the programs that run the files. Says what is missing.
enum firmo_jobs_status context_find_programs(struct context *c);
// Whether workers are to be watched; says once what that lacks. library may be NULL all the same.
bool context_watches(struct context *c);
// What is preloaded for workers to be forked, or NULL: they are not to be, or it is missing, which
// is said once.
const char *context_fork_library(struct context *c);
// Whether text that goes to this file descriptor has colours.
bool context_uses_colours(const struct settings *o, int fd);

#endif
