// SPDX-License-Identifier: MIT
// firmo-jobs as a library: one session is one invocation of the program. The command line itself is
// written on these functions, and they take its words, so that everything it can do can be done
// here.
//
// Where there is no memory left, the process ends with one line on standard error and
// FIRMO_JOBS_BROKEN, its workers ended and make's tokens given back.
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

struct firmo_jobs;

// Begins a session with the words of a command line, argv[0] included, ended by NULL; they must
// stay until firmo_jobs_close. Never gives NULL in *session: where the result is not FIRMO_JOBS_OK
// the session can only be closed. Errors and warnings go to standard error. The root of the project
// becomes the current folder of the process.
enum firmo_jobs_status firmo_jobs_open(struct firmo_jobs **session, int argc, char **argv);
// Does all that the words ask for: plans, runs and reports, or carries out another mode, which
// prints to standard output.
enum firmo_jobs_status firmo_jobs_carry_out(struct firmo_jobs *session);
// Begins a run, and forgets the session's run before: finds the test files, chooses among them and
// orders them. FIRMO_JOBS_NO_TESTS if there is none. A session can have any number of runs, one
// after another. Under make -n, -t and -q nothing is planned, and FIRMO_JOBS_FAILED answers the
// last of them that some file would run.
enum firmo_jobs_status firmo_jobs_plan(struct firmo_jobs *session);
// The number of files that are planned, and their paths in the order of their start; they are the
// session's. NULL beyond the last one.
unsigned long firmo_jobs_planned(const struct firmo_jobs *session);
const char *firmo_jobs_planned_path(const struct firmo_jobs *session, unsigned long index);
// Runs what was planned: prints as files end, records in the history. Once after each
// firmo_jobs_plan: FIRMO_JOBS_USAGE otherwise. Children that the process had before are not waited
// for.
enum firmo_jobs_status firmo_jobs_run(struct firmo_jobs *session);
// Writes the reports that the words ask for. The result is that of the run, or
// FIRMO_JOBS_BROKEN if everything passed and a report could not be written.
enum firmo_jobs_status firmo_jobs_report(struct firmo_jobs *session);
// The fatal signal that ended the run early, or 0. The caller should end itself by it.
int firmo_jobs_signal(const struct firmo_jobs *session);
void firmo_jobs_close(struct firmo_jobs *session);

#ifdef __cplusplus
}
#endif

#endif
