// SPDX-License-Identifier: MIT
// firmo-jobs as a library: one session is one invocation of the program. The command line itself is
// written on these functions, and they take its words, so that everything it can do can be done
// here.
//
// Not thread-safe: a session handles the signals and the children of its whole process while it
// runs.
#ifndef FIRMO_JOBS_H
#define FIRMO_JOBS_H

#ifdef __cplusplus
extern "C" {
#endif

#define FIRMO_JOBS_VERSION "0.1.0"

// Exit statuses of the program, and results of the functions below.
enum firmo_jobs_status {
	FIRMO_JOBS_OK = 0,       // everything passed, or nothing needed to run
	FIRMO_JOBS_FAILED = 1,   // a test file failed
	FIRMO_JOBS_USAGE = 2,    // wrong usage or settings
	FIRMO_JOBS_BROKEN = 3,   // the run itself could not be carried out
	FIRMO_JOBS_NO_TESTS = 4, // no test file matched, or no test was seen in them
};

enum firmo_jobs_mode {
	FIRMO_JOBS_RUN,
	FIRMO_JOBS_LIST,
	FIRMO_JOBS_ADVISE,
	FIRMO_JOBS_HISTORY,
	FIRMO_JOBS_SHOW,
	FIRMO_JOBS_WHY,
	FIRMO_JOBS_RULES,
	FIRMO_JOBS_GATHER,
	FIRMO_JOBS_PRINT_MK,
	FIRMO_JOBS_PRUNE,
	FIRMO_JOBS_EXPORT,
	FIRMO_JOBS_IMPORT,
	FIRMO_JOBS_CHECK,
	FIRMO_JOBS_HELP,
	FIRMO_JOBS_VERSION_MODE,
};

struct firmo_jobs;

// Begins a session with the words of a command line, argv[0] included, ended by NULL; they must
// stay until firmo_jobs_close. *mode is what they ask for. Never gives NULL in *session: where the
// result is not FIRMO_JOBS_OK the session can only be closed. Errors and warnings go to standard
// error.
enum firmo_jobs_status firmo_jobs_open(struct firmo_jobs **session, int argc, char **argv,
				       enum firmo_jobs_mode *mode);
// Finds the test files, chooses among them and orders them. FIRMO_JOBS_NO_TESTS if there is none.
enum firmo_jobs_status firmo_jobs_plan(struct firmo_jobs *session);
// The number of files that are planned, and their paths in the order of their start; they are the
// session's. NULL beyond the last one.
unsigned long firmo_jobs_planned(const struct firmo_jobs *session);
const char *firmo_jobs_planned_path(const struct firmo_jobs *session, unsigned long index);
// Runs what was planned: prints as files end, records in the history.
enum firmo_jobs_status firmo_jobs_run(struct firmo_jobs *session);
// Writes the reports that the words ask for. The result is that of the whole session: the run's, or
// FIRMO_JOBS_BROKEN if everything passed and a report could not be written.
enum firmo_jobs_status firmo_jobs_report(struct firmo_jobs *session);
// What the other modes print to standard output. --list and --advise are of a plan.
enum firmo_jobs_status firmo_jobs_list(struct firmo_jobs *session);
enum firmo_jobs_status firmo_jobs_advise(struct firmo_jobs *session);
enum firmo_jobs_status firmo_jobs_history(struct firmo_jobs *session);
// The reports of a past run, as firmo_jobs_report wrote them.
enum firmo_jobs_status firmo_jobs_show(struct firmo_jobs *session);
// Why --changed would run the file of --why, or not.
enum firmo_jobs_status firmo_jobs_why(struct firmo_jobs *session);
// Writes make rules for the test files.
enum firmo_jobs_status firmo_jobs_rules(struct firmo_jobs *session);
// Runs the command of --gather, and reports as one run on what every firmo-jobs in it has run.
enum firmo_jobs_status firmo_jobs_gather(struct firmo_jobs *session);
// The path of firmo-jobs.mk, as make's include reads it.
enum firmo_jobs_status firmo_jobs_print_mk(struct firmo_jobs *session);
// Removes old runs from the history.
enum firmo_jobs_status firmo_jobs_prune(struct firmo_jobs *session);
// Writes a copy of the history to the file of --export.
enum firmo_jobs_status firmo_jobs_export(struct firmo_jobs *session);
// Takes over the runs of the histories of --import.
enum firmo_jobs_status firmo_jobs_import(struct firmo_jobs *session);
// Whether the history is sound, and what it holds: FIRMO_JOBS_FAILED if it is damaged.
enum firmo_jobs_status firmo_jobs_check(struct firmo_jobs *session);
enum firmo_jobs_status firmo_jobs_help(struct firmo_jobs *session);
// The fatal signal that ended the run early, or 0. The caller should end itself by it.
int firmo_jobs_signal(const struct firmo_jobs *session);
void firmo_jobs_close(struct firmo_jobs *session);

#ifdef __cplusplus
}
#endif

#endif
