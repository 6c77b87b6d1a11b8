// SPDX-License-Identifier: MIT
// What --gather offers to those below its command: to run a file for them, with its own history,
// clocks and signals, while they wait, as make's rules for single files have it by --join; and to
// set up what their files need, once for all.
#ifndef CLI_SERVICE_H
#define CLI_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/map.h"
#include "run/supervisor.h"
#include "sys/loop.h"

struct err;
struct firmo_jobs;
struct fixture;
struct job;
struct result;

struct service {
	struct run_service hooks; // for supervisor_run
	struct firmo_jobs *session;
	struct supervisor *supervisor; // from its begin on
	struct map jobs;               // path -> struct job *, those that nobody has asked for yet
	char *cwd;
	struct loop_watch watch; // of who comes
	struct loop_timer again; // when the next one is let in, where the system had no room
	struct {
		struct caller **items;
		size_t n, cap;
	} clients;
	bool ended; // the command, whose pid the caller sets in hooks, with that:
	int status; // as waitpid(2) has it
};

// Listens by the name of the session's run. The session's jobs are found, and their past is known.
int service_open(struct service *v, struct firmo_jobs *session, struct err *err);
// The session's run has begun.
void service_begin(struct service *v, struct supervisor *supervisor);
// The file has been started; its result is there, and is a failure for who waits or not.
void service_started(struct service *v, const struct result *r);
void service_finished(struct service *v, const struct result *r, bool bad);
// A setup has ended: whoever waits for that goes on.
void service_set_up(struct service *v);
// Hangs up on all.
void service_close(struct service *v);

// The other side: has the service of that run run the file, and waits. An exit status, or -1 if it
// does not serve us.
int service_ask(const char *run_name, const char *path);
// The same with a fixture: it is up (FIRMO_JOBS_OK), and is torn down by that run, or its setup has
// failed.
int service_ask_fixture(const char *run_name, const struct fixture *f);

#endif
