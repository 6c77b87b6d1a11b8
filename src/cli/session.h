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
#include "model/support.h"
#include "plan/forecast.h"
#include "sys/signals.h"
#include "sys/spawner.h"
#include "worker/busted.h"
#include "worker/framework.h"

struct service;
struct tokens;

// The variable in which firmo-jobs --gather tells those below it the name of its run, which may be
// in no history. firmo-jobs.mk goes by it as well.
#define SESSION_GATHER "FIRMO_JOBS_GATHER"

// How far a session has come.
enum stage { STAGE_OPENED, STAGE_PLANNED, STAGE_RUN };

struct firmo_jobs {
	enum stage stage;
	struct options options;
	struct makeflags make;
	char *workspace;               // the path of the run's temporary folder
	struct spawner spawner;        // of the workers
	struct tokens *tokens;         // while a run is planned or carried out
	struct service *service;       // what others ask for our files by, or NULL
	struct busted_settings busted; // the project's, where options.plan points to it
	struct commands commands;
	struct store *store; // NULL: no history
	struct jobs jobs;
	struct jobs reused; // those whose last pass stands
	struct jobs ran;    // those that others have run for us
	struct {
		struct jobs **items; // those of reused that were run after all; owned
		size_t n, cap;
	} fallen;
	bool wrote; // files of this run may have changed what others depend on
	char *settings_key, *library, *cwd, *slots;
	struct strings own; // absolute paths of what we write, NULL at the end
	struct jobs asked;  // those that others could ask us to run
	struct jobs left;   // those that they have left to us, as they may be support
	struct run run;
	struct loop loop;
	struct signals signals;
	struct support support; // which of the files are no tests
	struct {
		struct result **items; // those that may be such, until all is known
		size_t n, cap;
	} open;
	struct journal journal;
	struct display display;
	bool told_why_none;  // no file is to be run, and a line has said how some would be
	bool text_to_stdout; // lines are printed as files end
	bool joined;         // what is run here is a part of a run that another process reports on
};

// One line on standard error, in the program's name.
void session_warn(const char *message);
// A point in time on standard output, as a person here reads it: "2026-11-25 20:10:11".
void session_print_time(int64_t real_ns);
// The jobserver of make is for us, not for workers, and no input of theirs: from here on our
// environment does not have it.
void session_forget_jobserver(void);
// How many workers there will be at once, as far as can be known before: 0 if only make knows.
int session_workers(const struct firmo_jobs *s);
// Finds the test files and puts them into jobs. Says on standard error what is wrong, and which
// files may be tests and are not among them.
enum firmo_jobs_status session_find_files(struct firmo_jobs *s);
// There is no file to run: says why.
enum firmo_jobs_status session_no_jobs(const struct firmo_jobs *s);
// Finds the files, the programs that run them, and opens the history to write. Says what is wrong.
enum firmo_jobs_status session_look(struct firmo_jobs *s);
// Writes the rules that --rules asks for, and settles the stamps. The files and programs are found.
int session_write_rules(struct firmo_jobs *s, struct err *err);
// A name for a run that no other has. A run inside of a worker of another run is marked as a part
// of that one. The caller frees it.
char *session_run_name(void);
// Makes the pool of slots, or takes part in the jobserver that m names, until session_supervise: at
// most so many (0: by default). The run has its name.
void session_open_tokens(struct firmo_jobs *s, const struct makeflags *m, int most);
// Makes ready for results: the lines of the files, and their way to the history.
void session_open_journal(struct firmo_jobs *s);
// Sets what the options make of the run.
void session_describe_run(struct firmo_jobs *s);
// A file has ended so: notes whether it may have written what others depend on.
void session_note_writes(struct firmo_jobs *s, const struct result *r);
// What files of the run have written since this was last asked may matter to those whose passes
// were taken over. Gives back the latter, and returns those that have to be run after all; NULL:
// none. They are the session's.
const struct jobs *session_fallen(struct firmo_jobs *s);
// The journal's, of the session: prints what was recorded, and adds it to the run.
void session_announce(void *owner, struct result *const *results, size_t n);
// Runs the jobs, or serves them, as a part of the session's run, whose journal and display are
// open; support has begun. Gives the tokens back.
int session_supervise(struct firmo_jobs *s, const struct jobs *jobs, struct err *err);
// Adds what was to be run and was not.
void session_add_missing(struct firmo_jobs *s);
// Adds the passes that stand to the run.
enum firmo_jobs_status session_add_reused(struct firmo_jobs *s);
// What the run's results come to.
enum firmo_jobs_status session_outcome(const struct firmo_jobs *s);
// Finds the programs that run the files, and sets what the plan and the run need of that.
enum firmo_jobs_status session_find_programs(struct firmo_jobs *s);
// Writes the reports that are asked for. whole: the text on standard output begins with the lines
// of the files, which a run has printed as they ended.
enum firmo_jobs_status session_report(struct firmo_jobs *s, bool whole);
// Writes a report of what a mode has found, the subject, in one of the formats that it has.
typedef int session_writer(FILE *out, enum report_format format, const struct text_style *style,
			   const void *subject, struct err *err);
// Writes all that are asked for: the text to standard output, unless another report goes there.
enum firmo_jobs_status session_write(const struct firmo_jobs *s, session_writer *writer,
				     const void *subject);
// Opens the history; says what is wrong with it once, and goes on without. Another status than OK:
// the file that --db names is another program's.
enum firmo_jobs_status session_open_store(struct firmo_jobs *s, bool to_write);
// What a mode ends with that cannot use its history: of another program, named by --db, or else.
enum firmo_jobs_status session_refuse_store(const struct firmo_jobs *s, const struct err *err);
// Where damage was found in a history that was opened to be written to, a new one is begun;
// otherwise there is none from now on. Says so.
void session_lose_store(struct firmo_jobs *s, const struct err *err);

#endif
