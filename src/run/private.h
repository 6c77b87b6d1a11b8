// SPDX-License-Identifier: MIT
// What supervisor.c and worker.c share.
#ifndef RUN_PRIVATE_H
#define RUN_PRIVATE_H

#include "base/err.h"
#include "base/map.h"
#include "jobserver/lender.h"
#include "run/environment.h"
#include "run/queue.h"
#include "run/room.h"
#include "run/supervisor.h"
#include "run/workspace.h"
#include "sys/loop.h"

struct slot {
	bool taken;
	int number; // as workers and reports know it
};

struct supervisor {
	struct run *run;
	struct queue queue;
	const struct run_settings *settings;
	const struct run_hooks *hooks;
	struct tokens *tokens;
	struct loop *loop;
	struct signals *signals;
	struct lender lender; // in use with settings->share_tokens
	struct workspace workspace;
	struct environment environment;
	int null_fd;
	const char *program; // what was looked at last, one of settings->commands
	bool watchable;      // whether it can be watched
	struct {
		struct worker **items;
		size_t n, cap;
	} workers;
	struct {
		struct slot *items;
		size_t n, cap;
	} slots;
	struct {
		int64_t *items; // slots of workers that have just ended: since when we have them
		size_t n, cap;
	} spare;
	long serial;
	long bad;             // files that have failed, and will not be tried again
	int64_t began_ns;     // monotonic, moved forward by the time the run was suspended
	int64_t wait_ns;      // when a file began to wait for a token, -1: none does
	bool stopping;        // start no more
	struct map programs;  // what is known of their files, see run/dependence.h
	struct map libraries; // path of a file -> whether it is the core of a framework, see
			      // find_library
	struct room room;
	bool strangers; // there are children of ours that cannot be told from descendants
	struct {
		pid_t *items; // children that we had before, which are not ours to reap
		size_t n;
	} others;
	struct err broken; // why the run cannot go on; its message is empty while it can
	bool starved;      // no process could be started: wait for a worker to end
};

// Whether what the program does can be watched.
bool supervisor_can_watch(struct supervisor *s, const char *program);
// Looks which of the lingering workers have become quiet.
void supervisor_check_quiet(struct supervisor *s);
// A worker has reached WORKER_FINISHED: decides its outcome, passes on its result, frees it.
void supervisor_on_finished(struct supervisor *s, struct worker *w);

#endif
