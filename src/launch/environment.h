// SPDX-License-Identifier: MIT
// The environment of workers: ours, without make's jobserver, with what a worker is told.
#ifndef LAUNCH_ENVIRONMENT_H
#define LAUNCH_ENVIRONMENT_H

#include <stdbool.h>

#include "base/buf.h"
#include "sys/spawn.h"

struct job_settings;

// The variable that names the modules which a worker's shim requires before the file, in lines.
#define ENVIRONMENT_PRELOAD "FIRMO_JOBS_PRELOAD"

// Whether there are any for the files of these settings.
bool environment_preloads(const struct job_settings *s);

struct environment {
	char *makeflags; // MAKEFLAGS for workers that get a jobserver; owned
	char **base;     // what all workers share; owned
	size_t n;
	char *coverage;                // the entry that names what counts lines, or NULL; owned
	char *preload;                 // the entry for workers that are watched, or NULL; owned
	char *folder;                  // with the shim; owned
	char *shim_path;               // the value of LUA_INIT for workers with a shim; owned
	const char *lua_init_names[8]; // the LUA_INIT variables that have to name the shim, NULL at
				       // the end
	char *lua_init_values[8];      // their values as the user set them, or NULL; owned
};

// What one worker is told beyond that.
struct worker_environment {
	char **envp;                                         // NULL-terminated
	char pid[sizeof "FIRMO_JOBS_PID=" + SPAWN_PID_SIZE]; // the entry of envp that holds its pid
	char *pid_text;                                      // where in pid the number goes
	char *marker; // "FIRMO_JOBS_WORKER=...", unique to this worker
	char **owned; // the strings made for it
};

// entries: the environment to start from. shim_dir: the folder with init.lua. library: what watches
// the workers, or NULL. coverage: what counts the lines that they run, or NULL.
void environment_init(struct environment *e, char *const *entries, const char *shim_dir,
		      const char *library, const char *coverage);
// They are told of our terminal, which they have as well.
void environment_show_terminal(struct environment *e);
void environment_release(struct environment *e);

struct worker_identity {
	const char *run; // unique name of the run
	long serial;     // unique in the run
	int slot, attempt;
	const struct job_settings *settings; // of its file
	const char *tmpdir;
	const char *trace;    // the entry that names its trace, or NULL: it is not watched
	const char *shim;     // report events on fd 3, as launch->shim says; NULL: no shim
	bool is_wrapped;      // its process id is not known beforehand, as launch->is_wrapped says
	const char *words;    // launch->words
	const char *fork;     // the value of FORK_VARIABLE, of a fork server, or NULL
	const char *coverage; // the entry that names the memory to count lines in, or NULL
	bool nested;          // take tokens from the fds LOAN_READ_FD and LOAN_WRITE_FD
};

// Whether a variable of that name, of n bytes, is ours to set for each worker.
bool environment_is_own(const char *name, size_t n);
// we must stay where it is until it is released: envp points into it.
void environment_for(struct worker_environment *we, const struct environment *e,
		     const struct worker_identity *id);
void worker_environment_release(struct worker_environment *we);

#endif
