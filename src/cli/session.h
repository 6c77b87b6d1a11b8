// SPDX-License-Identifier: MIT
// The state of one invocation, for the files of cli/ alone.
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include "base/err.h"
#include "cli/display.h"
#include "cli/journal.h"
#include "cli/options.h"
#include "jobserver/makeflags.h"
#include "model/job.h"
#include "model/run.h"
#include "plan/forecast.h"
#include "sys/signals.h"
#include "worker/framework.h"

struct tokens;

struct firmo_jobs {
	struct options options;
	struct makeflags make;
	char *workspace;       // the path of the run's temporary folder
	struct tokens *tokens; // while a run is planned or carried out
	struct commands commands;
	struct store *store; // NULL: no history
	struct jobs jobs;
	struct jobs reused; // those whose last pass stands
	char *settings_key, *library, *cwd, *state_folder;
	struct run run;
	struct loop loop;
	struct signals signals;
	struct journal journal;
	struct display display;
	bool text_to_stdout; // lines are printed as files end
};

// One line on standard error, in the program's name.
void session_warn(const char *message);
// How many workers there will be at once, as far as can be known before: 0 if only make knows.
int session_workers(const struct firmo_jobs *s);
// Finds the programs that run the files, and sets what the plan and the run need of that.
enum firmo_jobs_status session_find_programs(struct firmo_jobs *s);
// Writes the reports that are asked for. whole: the text on standard output begins with the lines
// of the files, which a run has printed as they ended.
enum firmo_jobs_status session_report(struct firmo_jobs *s, bool whole);
// Opens the history; says what is wrong with it once.
void session_open_store(struct firmo_jobs *s, bool to_write);

#endif
