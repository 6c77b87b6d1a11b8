// SPDX-License-Identifier: MIT
// Test processes on this machine: each in a process group of its own, with a TMPDIR, limits and a
// mark in its environment, watched by the preload library. The children of this process are reaped
// here, and those that had been there before are left to their owner.
#ifndef LAUNCH_LOCAL_H
#define LAUNCH_LOCAL_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/map.h"
#include "coverage/arena.h"
#include "jobserver/server.h"
#include "launch/environment.h"
#include "launch/fingerprints.h"
#include "launch/forkserver.h"
#include "launch/launch.h"
#include "launch/libraries.h"
#include "launch/workspace.h"
#include "sys/loop.h"
#include "sys/process.h"
#include "sys/terminal.h"
#include "trace/trace.h"

struct loop;
struct signals;
struct spawner;
struct tokens;

// How the lines that workers run are counted.
struct local_coverage {
	const char *library; // what counts; NULL: nothing is
	const char *root;    // sources below this folder are; "": all
	bool calls;          // and calls of functions
};

struct local_settings {
	bool inherits; // they have our standard input, output and error, and the terminal; one at
		       // a time
	const char *workspace; // the run's temporary folder (workspace_path), made and removed
	struct spawner *spawner;
	const char *library; // what is preloaded to watch them; NULL: they are not watched
	struct forkserver_settings fork;
	struct local_coverage coverage;
	// All processes have ended, and have left in that folder what coverage/own_stats.h gathers.
	void (*left_stats)(void *owner, const char *folder);
	void *owner;            // of it
	const char *cwd;        // the working folder, as inputs are named from there
	const char *const *own; // absolute paths, NULL at the end: neither they nor what lies below
				// are inputs
};

// A child of ours that was started before, and whose end is to be told.
struct local_guest {
	pid_t pid;                               // 0: there is none
	void (*reaped)(void *owner, int status); // it has ended, as waitpid(2) has it
	void *owner;
};

struct local {
	struct launcher launcher; // first: the interface to all of this
	const struct local_settings *settings;
	const char *run; // its unique name
	struct local_guest guest;
	struct tokens *tokens;
	struct server *server; // NULL: no tokens are lent
	struct loop *loop;
	struct signals *signals;
	struct workspace workspace;
	struct environment environment;
	int null_fd;
	struct terminal terminal; // while they inherit it
	long serial;
	const char *program; // what was looked at last
	bool watchable;      // whether it can be watched
	struct {
		struct local_process **items;
		size_t n, cap;
	} processes;
	struct {
		pid_t *items; // children that we had before, which are not ours to reap
		size_t n;
	} inherited;
	bool has_others;     // some of them are none that firmo-jobs has started
	bool unowned;        // there are children of ours that cannot be told from descendants
	struct map programs; // what is known of their files, see launch/dependence.h
	struct fingerprints fingerprints;
	struct libraries libraries;
	struct forkservers forkservers;
};

struct local_process {
	struct process process; // first
	pid_t pid;              // and its group's
	bool reaped;            // pid has been waited for
	int slot;
	const struct job_settings *settings;
	const char *file;
	struct loop_watch streams[STREAMS]; // fd -1 once closed
	struct trace trace;                 // fd -1: it is not watched, or not any more
	struct arena arena;                 // fd -1: its lines are not counted
	struct {
		char *data; // what a trace held that is closed; owned
		size_t n;
	} noted;
	struct forkserver *server; // that it was forked from, or NULL
	pid_t server_pid;
	pid_t sentry; // where it has the terminal, until it has ended: sys/sentry.h; else 0
	bool was_interrupted;
	struct loan loan; // tokens that are lent to it
	struct worker_environment environment;
};

// Makes ready; all that is given has to outlive l. tokens' watchdog is told of the processes.
int local_open(struct local *l, const struct local_settings *settings, const char *run,
	       const struct local_guest *guest, struct tokens *tokens, struct loop *loop,
	       struct signals *signals, struct err *err);
// Ends what is left of processes that could not be told apart when they were released, and removes
// the workspace.
void local_close(struct local *l);
// Has files forked by what is known of that; before the first is started.
void local_remember_forks(struct local *l, const struct forkserver_memory *memory);
// Lends tokens to the processes from now on.
void local_share_tokens(struct local *l, struct server *server);
// Has the interpreter at that path compile the shim for many processes.
void local_compile_shim(const struct local *l, const char *interpreter);
// One that has the terminal was stopped from there: so are we, and our group, with the terminal
// taken back. It goes on by SIGCONT.
void local_stop_with(struct local *l);
// Reaps what has ended, and tells of it. Fails where the system refuses to tell.
int reaper_reap(struct local *l, struct err *err);

#endif
