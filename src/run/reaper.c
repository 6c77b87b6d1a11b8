// SPDX-License-Identifier: MIT
#include "run/reaper.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/err.h"
#include "jobserver/tokens.h"
#include "run/private.h"
#include "run/worker.h"
#include "sys/descendants.h"

#define CHILDREN_MOST 4096 // that are looked at

bool reaper_is_command(const struct supervisor *s, pid_t pid)
{
	return s->hooks->service && s->hooks->service->command == pid;
}

void reaper_open(struct supervisor *s)
{
	pid_t *pids = xmalloc(CHILDREN_MOST * sizeof *pids);
	size_t n, kept = 0;

	descendants_children(pids, CHILDREN_MOST, &n);
	for (size_t i = 0; i < n; i++)
		if (pids[i] != tokens_keeper(s->tokens) && !reaper_is_command(s, pids[i]))
			pids[kept++] = pids[i];
	s->others.items = pids;
	s->others.n = kept;
}

void reaper_close(struct supervisor *s)
{
	free(s->others.items);
}

bool reaper_is_stranger(const struct supervisor *s, pid_t pid)
{
	for (size_t i = 0; i < s->others.n; i++)
		if (s->others.items[i] == pid)
			return true;
	return false;
}

static struct worker *find_worker(struct supervisor *s, pid_t pid)
{
	for (size_t i = 0; i < s->workers.n; i++)
		if (!s->workers.items[i]->reaped && s->workers.items[i]->pid == pid)
			return s->workers.items[i];
	return NULL;
}

// Reaps the worker if it has ended: true; w may be gone then. Looked at before: until it is reaped
// there is more to be asked about it.
static bool reap_worker(struct supervisor *s, struct worker *w)
{
	struct rusage usage;
	int status;

	worker_on_death(w);
	pid_t reaped = wait4(w->pid, &status, WNOHANG, &usage);
	if (reaped > 0)
		worker_on_exit(w, status, &usage);
	else if (reaped < 0 && errno != EINTR)
		err_set(&s->broken, errno, "wait for the workers");
	return reaped > 0;
}

// Reaps a worker or an adopted descendant, if it has ended.
static bool reap_one(struct supervisor *s, pid_t pid, bool *orphans)
{
	struct worker *w = find_worker(s, pid);

	if (w)
		return reap_worker(s, w);
	int status;
	bool reaped = waitpid(pid, &status, WNOHANG) > 0;
	if (reaped && reaper_is_command(s, pid))
		s->hooks->service->reaped(s->hooks->service->owner, status);
	*orphans |= reaped;
	return reaped;
}

// Where nothing is told, it may have ended.
static bool is_alive(pid_t pid)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == 0;
}

// Asks for each of them by itself. A worker that ends may take others from the list.
static void reap_each(struct supervisor *s, bool *orphans)
{
	pid_t *pids = xmalloc((CHILDREN_MOST + s->workers.n) * sizeof *pids);
	size_t n;

	descendants_children(pids, CHILDREN_MOST, &n);
	for (size_t i = 0; i < s->workers.n; i++)
		if (!s->workers.items[i]->reaped)
			pids[n++] = s->workers.items[i]->pid;
	for (size_t i = 0; i < n; i++)
		if (!reaper_is_stranger(s, pids[i]) && pids[i] != tokens_keeper(s->tokens) &&
		    !is_alive(pids[i]))
			reap_one(s, pids[i], orphans);
	free(pids);
}

void reaper_reap(struct supervisor *s)
{
	siginfo_t info = {0};
	bool orphans = false, more = true;
	int status = 0;

	while (more) {
		info.si_pid = 0;
		status = waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT);
		more = status == 0 && info.si_pid > 0 && !reaper_is_stranger(s, info.si_pid) &&
		       reap_one(s, info.si_pid, &orphans);
	}
	// A stranger stands in front, or nothing is told this way.
	if (status == 0 ? info.si_pid > 0 : errno != ECHILD)
		reap_each(s, &orphans);
	// An adopted descendant has gone: it may have been the last of a lingering worker.
	if (orphans)
		supervisor_check_quiet(s);
}
